import pytest

from terresante.care_team import actions
from terresante.care_team.models import CareTeamParticipant
from terresante.feed import queries
from terresante.feed.access import FEED_READ
from terresante.feed.enums import FeedKind
from terresante.feed.models import FeedItem
from terresante.kernel import access, rls
from terresante.kernel.slots import facts
from tests.walls import dispatched, walls_down

pytestmark = pytest.mark.commits


def facts_read(actor, record):
    with rls.acting(actor):
        rls.open_record(record.patient_id)
        rows = list(access.list(actor, FEED_READ, FeedItem).filter(patient_id=record.patient_id))
        keys = [(row.kind, row.object_id) for row in rows]
        return {key[0]: facts[key[0]](actor, [key])[key] for key in keys}


def test_an_emergency_access_enters_the_timeline_with_its_reason(cast):
    actions.open_in_emergency(
        cast.urgentiste, cast.madeleine_record.patient_id, reason="Coma, sans témoin ni ordonnance"
    )
    dispatched()

    for reader in (cast.amar, cast.colin, cast.madeleine):
        line = facts_read(reader, cast.madeleine_record)[FeedKind.EMERGENCY_ACCESS]
        assert "Coma, sans témoin" in line.text
        assert line.source == "Camille URGENTISTE, Hôpital Saint-Martin"
    assert facts_read(cast.brun, cast.madeleine_record) == {}
    with walls_down():
        item = FeedItem.objects.get()
        assert item.is_alert
        assert item.author_id == cast.urgentiste.user_id


def test_outside_the_record_an_emergency_access_is_told_without_its_reason(cast):
    """Else the bell would count an alert that the home page does not show."""
    reason = "Coma, sans témoin ni ordonnance"
    actions.open_in_emergency(cast.urgentiste, cast.madeleine_record.patient_id, reason=reason)
    dispatched()

    with rls.acting(cast.amar):
        [item] = access.list(cast.amar, FEED_READ, FeedItem).filter(kind=FeedKind.EMERGENCY_ACCESS)
        [told] = queries.told(cast.amar, [item])
    assert not told.line.strong
    assert "dans le dossier" in told.line.text
    assert reason not in told.line.text


def test_who_joins_and_who_leaves_is_told_once(cast):
    with walls_down():
        ines = CareTeamParticipant.objects.get(practitioner_id=cast.ines.person_id)
    actions.remove_member(cast.amar, cast.madeleine_record.pk, ines.pk, reason="déménagement")
    actions.add_member(
        cast.amar,
        cast.madeleine_record.pk,
        member=actions.NewMember(practitioner_id=cast.brun.person_id),
    )
    dispatched()
    dispatched()

    told = facts_read(cast.amar, cast.madeleine_record)

    assert told[FeedKind.MEMBER_LEFT].strong == "Camille INES"
    assert told[FeedKind.MEMBER_LEFT].source == "déménagement"
    assert told[FeedKind.MEMBER_JOINED].strong == "Camille BRUN"

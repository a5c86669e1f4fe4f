import pytest
from django.urls import reverse

from terresante.accounts.models import User
from terresante.care_team.access import ACCESS_LOG_READ
from terresante.feed.models import FeedItem
from terresante.kernel import access, ports, rls
from terresante.kernel.actor import Actor
from terresante.kernel.events import restore
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.stays.access import STAY_READ
from terresante.stays.models import Encounter, EncounterMovement
from terresante.stays.tests.reports import Hospital, cancelled, movement
from tests.cast import join
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def hospital(cast):
    return Hospital(cast.madeleine_record)


def readers(cast, model=Encounter):
    """Who finds the stay through the rule, and through the row policies alone."""
    by_rule, by_policy = set(), set()
    for name, actor in cast.actors.items():
        with rls.acting(actor):
            by_rule |= {name} if access.list(actor, STAY_READ, model).exists() else set()
            by_policy |= {name} if model.objects.exists() else set()
    return by_rule, by_policy


def test_an_ordinary_stay_is_read_by_the_circle_and_by_nobody_else(cast, hospital):
    hospital.reports(movement("admission"))

    for model in (Encounter, EncounterMovement):
        by_rule, by_policy = readers(cast, model)
        assert by_rule == by_policy == {"amar", "ines", "samira", "colin", "madeleine"}


@pytest.mark.parametrize(
    "change",
    [
        {"unit_code": "6001"},
        {"care_unit_code": "6001"},
        {"ward": "6001"},
        {"unit_code": "", "unit_name": "Psychiatrie adulte"},
        {"unit_code": "7", "unit_name": "U.F. d’addictologie"},
        {"ward": "ORTHOGENIE"},
        {"unit_code": "PSY-2", "unit_name": "3E"},
        {"unit_code": "7", "unit_name": "Psycho-gériatrie"},
        {"care_unit_code": "8", "care_unit_name": "C.I.V.G."},
        {"care_unit_code": "8", "care_unit_name": "Accouchement sous X"},
        {"is_secret": True},
        {"is_legal_care": True},
    ],
)
def test_a_sensitive_stay_is_read_by_its_hospital_only_and_alerts_nobody(cast, hospital, change):
    with walls_down():
        join(cast.madeleine_record, organization_id=hospital.organization.pk)
    hospital.reports(movement("admission", **change))

    for model in (Encounter, EncounterMovement):
        by_rule, by_policy = readers(cast, model)
        assert by_rule == {"urgentiste"}
        assert by_policy - {"dpo", "identito"} == {"urgentiste"}
    with walls_down():
        assert not OutboxEvent.objects.filter(kind="StayAlerted").exists()
        assert {item.private_to_id for item in FeedItem.objects.all()} == {hospital.organization.pk}


def test_an_unknown_unit_of_a_psychiatric_hospital_is_sensitive(cast):
    hospital = Hospital(cast.madeleine_record, "Centre Sainte-Claire", is_psychiatric=True)
    hospital.reports(movement("admission", unit_code="9999"))

    assert readers(cast)[0] == set()


@pytest.mark.parametrize("change", [{}, {"care_unit_code": "4411"}])
def test_a_unit_declared_by_a_psychiatric_hospital_is_what_it_is_declared(cast, change):
    hospital = Hospital(cast.madeleine_record, "Centre Sainte-Claire", is_psychiatric=True)
    hospital.reports(movement("admission", ward="ALPHA", **change))

    assert "amar" in readers(cast)[0]


def test_an_unknown_care_unit_of_a_psychiatric_hospital_is_sensitive(cast):
    hospital = Hospital(cast.madeleine_record, "Centre Sainte-Claire", is_psychiatric=True)
    hospital.reports(movement("admission", care_unit_code="9999"))

    assert readers(cast)[0] == set()


@pytest.mark.parametrize("kind", ["admission", "transfer", "discharge"])
def test_taking_back_what_was_never_told_of_a_sensitive_unit_tells_nothing(cast, kind):
    hospital = Hospital(cast.madeleine_record, "Centre Sainte-Claire", is_psychiatric=True)
    hospital.reports(cancelled(kind, hours=1, unit_code="9999"))

    for model in (Encounter, EncounterMovement):
        assert readers(cast, model)[0] == set()
    with walls_down():
        assert not OutboxEvent.objects.filter(kind="StayAlerted").exists()


def test_a_transfer_to_a_sensitive_unit_withdraws_the_whole_stay_like_a_cancelled_admission(cast, hospital):
    hospital.reports(movement("admission"))
    hospital.reports(movement("transfer", hours=1, unit_code="6001"))

    assert readers(cast)[0] == set()
    assert readers(cast, EncounterMovement)[0] == set()
    with walls_down():
        assert not FeedItem.objects.filter(private_to=None).exists()


def test_a_stay_that_becomes_secret_leaves_the_screens_as_one_taken_back_does(client, cast, hospital):
    """Of two stays that were read this morning, one turned to psychiatry and one was a mistake: nothing tells which."""
    other = Hospital(cast.madeleine_record, "Hôpital du Canal")
    for each in (hospital, other):
        each.reports(movement("admission"))
    assert {"Saint-Martin", "Canal"} <= listed(client, cast)

    hospital.reports(movement("transfer", hours=1, unit_code="6001"))
    other.reports(cancelled("admission", hours=1))

    told = screens_told()
    assert told[0] == told[1]
    with rls.acting(Actor.job("live"), read_only=True):
        readers = ports.live_readers(told, [cast.amar, cast.brun, cast.urgentiste])
    assert readers == [{cast.amar.correlation_id}] * 2
    assert not listed(client, cast)

    hospital.reports(movement("transfer", hours=2, identifier="next", unit_code="6001"))
    assert screens_told()[2].private_to_id == hospital.organization.pk


def screens_told():
    with walls_down():
        return [
            restore(row)
            for row in OutboxEvent.objects.filter(kind="StayChanged").order_by("created_at", "id")
        ]


def listed(client, cast):
    """Which of the two hospitals a physician of the circle finds in the list of stays."""
    with walls_down():
        client.force_login(User.objects.get(pk=cast.amar.user_id))
    shown = client.get(reverse("stays:list", args=[cast.madeleine_record.pk])).content.decode()
    return {name for name in ("Saint-Martin", "Canal") if name in shown}


def test_it_stays_withdrawn_after_the_return_to_an_ordinary_unit_and_the_discharge(cast, hospital):
    hospital.reports(movement("admission"))
    hospital.reports(movement("transfer", hours=1, unit_code="6001"))
    hospital.reports(movement("transfer", hours=2, identifier="back"))
    hospital.reports(movement("discharge", hours=2.5))

    assert readers(cast)[0] == set()
    with walls_down():
        assert OutboxEvent.objects.filter(kind="StayAlerted").count() == 1


def test_a_transfer_taken_back_is_not_shown_in_the_stay_that_comes_back(cast, hospital):
    hospital.reports(movement("admission"))
    hospital.reports(movement("transfer", hours=1, unit_code="6001"))
    hospital.reports(cancelled("transfer", hours=2))

    with rls.acting(cast.amar):
        kinds = set(EncounterMovement.objects.values_list("kind", flat=True))
    assert kinds == {"admission"}


def test_a_sensitive_discharge_taken_back_alerts_nobody_and_is_counted_nowhere(cast, hospital):
    """The stay comes back to the circle; what happened in the sensitive unit does not, even taken back."""
    hospital.reports(movement("admission"))
    hospital.reports(movement("discharge", hours=1, unit_code="6001"))
    with walls_down():
        before = OutboxEvent.objects.filter(kind="StayAlerted").count()
    hospital.reports(cancelled("discharge", hours=2))

    with walls_down():
        assert OutboxEvent.objects.filter(kind="StayAlerted").count() == before
    with rls.acting(cast.amar):
        assert set(EncounterMovement.objects.values_list("kind", flat=True)) == {"admission"}
        assert set(FeedItem.objects.values_list("kind", flat=True)) == {"admission"}


def lines_of(cast, name, hospital):
    """What a reader of the access log finds of what this hospital reported."""
    actor = cast.actors[name]
    with rls.acting(actor):
        rls.open_record(cast.madeleine_record.patient_id)
        told = access.list(actor, ACCESS_LOG_READ, AuditEntry).filter(actor_name=hospital.actor.name)
        return list(told.values_list("action", flat=True))


@pytest.mark.parametrize("name", ["amar", "madeleine"])
def test_the_access_log_tells_alike_of_what_became_secret_and_of_what_was_taken_back(cast, hospital, name):
    """Each line that one left and the other did not would say which of two stays, gone from the list, is secret."""
    other = Hospital(cast.madeleine_record, "Hôpital du Canal")
    both = (hospital, other)
    for each in both:
        each.reports(movement("admission"))
    hospital.reports(movement("transfer", hours=1, unit_code="6001"))
    other.reports(cancelled("admission", hours=1))
    for each in both:
        each.reports(movement("transfer", hours=1.5, identifier="next"))
        assert lines_of(cast, name, each) == ["stay.report"], each.actor.name

    hospital.reports(cancelled("transfer", hours=2))
    other.reports(movement("admission", hours=2))
    assert [each.reports(movement("leave", hours=2.5)).is_shown for each in both] == [True, True]
    assert [len(lines_of(cast, name, each)) for each in both] == [2, 2]
    with walls_down():
        assert AuditEntry.objects.filter(action="stay.report").count() == 10


def test_what_is_reported_of_a_stay_that_left_the_circle_is_told_to_its_hospital_alone(cast, hospital):
    other = Hospital(cast.madeleine_record, "Hôpital du Canal")
    for each in (hospital, other):
        each.reports(movement("admission"))
    hospital.reports(movement("transfer", hours=1, unit_code="6001"))
    other.reports(cancelled("admission", hours=1))
    told = len(screens_told())

    for each in (hospital, other):
        each.reports(movement("leave", hours=2))

    assert [event.private_to_id for event in screens_told()[told:]] == [
        hospital.organization.pk,
        other.organization.pk,
    ]


def log_of(client, cast, name):
    client.force_login(User.objects.get(pk=cast.actors[name].user_id))
    if name == "madeleine":
        return client.get(reverse("portal:accesses")).content.decode()
    return client.get(reverse("care_team:access_log", args=[cast.madeleine_record.pk])).content.decode()


@pytest.mark.parametrize("name", ["amar", "madeleine"])
def test_the_access_log_does_not_tell_what_the_stay_keeps_secret(client, cast, name):
    """« Centre Sainte-Claire, à 9 h » in the log of the record would say all that the row hides."""
    psychiatry = Hospital(cast.madeleine_record, "Centre Sainte-Claire", is_psychiatric=True)
    ordinary = Hospital(cast.madeleine_record, "Hôpital du Canal")
    psychiatry.reports(movement("admission", unit_code="9999"))
    ordinary.reports(movement("admission"))

    told = log_of(client, cast, name)

    assert "Canal" in told
    assert "Sainte-Claire" not in told
    with walls_down():
        assert AuditEntry.objects.filter(actor_name="Centre Sainte-Claire").exists()


def test_plain_sql_in_an_open_record_does_not_tell_it_either(cast, hospital):
    hospital.reports(movement("admission", is_secret=True))

    with rls.acting(cast.amar):
        rls.open_record(cast.madeleine_record.patient_id)
        assert not AuditEntry.objects.filter(actor_name=hospital.organization.name).exists()

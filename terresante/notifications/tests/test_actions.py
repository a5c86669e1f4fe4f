import dataclasses

import pytest
from django.urls import reverse
from django.utils import timezone

from terresante.care_team import actions as circle
from terresante.care_team.enums import Basis, DataClass, TeamRole
from terresante.care_team.events import MemberJoined
from terresante.care_team.models import CareTeamParticipant, EmergencyAccess
from terresante.directory.models import PractitionerRole
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Refused
from terresante.kernel.events import Event
from terresante.kernel.ids import new_id
from terresante.kernel.models import OutboundMessage
from terresante.kernel.sealing import unseal
from terresante.notifications import actions, queries
from terresante.notifications.actions import NewPreferences
from terresante.notifications.enums import Notice
from terresante.patients.models import PatientAccount
from tests.cast import client_of, join
from tests.walls import dispatched, walls_down

pytestmark = pytest.mark.commits
JOB = Actor.job("tests")


def event(record, **limits):
    return MemberJoined(patient_id=record.patient_id, object_id=new_id(), member_id=new_id(), **limits)


def wants(actor, **wanted):
    actions.save_preferences(actor, NewPreferences(channels={}, digest_hour=18, **wanted))


def mailed():
    return sorted(OutboundMessage.objects.values_list("recipient", flat=True))


def send(told):
    with rls.acting(JOB):
        return actions.tell_readers(Notice.STAY, [told])


def opens(cast, record):
    circle.open_in_emergency(cast.urgentiste, record.patient_id, reason="Coma, sans témoin ni ordonnance")
    dispatched()


def test_the_circle_is_told_and_a_structure_only_if_it_asked(cast):
    assert send(event(cast.madeleine_record)) == 2
    assert mailed() == ["amar@example.org", "ines@example.org"]

    wants(cast.colin, own_circle=True, my_structure=True)
    wants(cast.ines, own_circle=False, my_structure=True)
    OutboundMessage.objects.all().delete()
    send(event(cast.madeleine_record))

    assert mailed() == ["amar@example.org", "colin@example.org"]


def test_the_matrix_and_the_structure_limit_who_is_told(cast):
    for actor in (cast.colin, cast.samira):
        wants(actor, own_circle=True, my_structure=True)

    send(event(cast.madeleine_record, data_class=DataClass.MEDICAL))
    assert mailed() == ["amar@example.org", "colin@example.org", "ines@example.org"]

    OutboundMessage.objects.all().delete()
    send(event(cast.madeleine_record, private_to_id=cast.colin.organization_id))
    assert mailed() == ["colin@example.org", "samira@example.org"]


def test_the_same_event_is_told_once_however_often_it_is_repeated(cast):
    told = event(cast.madeleine_record)

    send(told)
    send(told)

    assert len(mailed()) == 2


def test_nobody_learns_from_the_function_whom_a_patient_has(cast):
    for actor in (cast.amar, cast.madeleine, cast.brun):
        with rls.acting(actor):
            assert queries.users_to_tell([Event(patient_id=cast.madeleine_record.patient_id)]) == [[]]
    with rls.acting(JOB):
        assert queries.users_to_tell([Event(patient_id=cast.madeleine_record.patient_id)])[0]


def test_who_left_his_structure_or_the_circle_is_not_told(cast):
    with walls_down():
        PractitionerRole.objects.filter(practitioner_id=cast.ines.person_id).update(
            period_end="2025-12-31", period_start="2025-01-01"
        )

    send(event(cast.madeleine_record))

    assert mailed() == ["amar@example.org"]


def test_an_emergency_access_is_told_within_one_step_to_those_concerned_only(cast):
    opens(cast, cast.madeleine_record)

    assert mailed() == ["amar@example.org", "dpo@example.org", "madeleine@example.org"]


def test_a_referent_past_his_consent_is_told_of_no_emergency(cast):
    with walls_down():
        referent = join(
            cast.madeleine_record,
            practitioner_id=cast.jules.person_id,
            role=TeamRole.REFERENT,
            basis=Basis.CONSENT,
        )
    opens(cast, cast.madeleine_record)
    assert "jules@example.org" in mailed()

    with walls_down():
        CareTeamParticipant.objects.filter(pk=referent.pk).update(expires_at=timezone.now())
        EmergencyAccess.objects.all().delete()
    OutboundMessage.objects.all().delete()
    opens(cast, cast.madeleine_record)

    assert mailed() == ["amar@example.org", "dpo@example.org", "madeleine@example.org"]


def test_a_patient_without_an_account_is_told_at_his_own_address(cast):
    with walls_down():
        PatientAccount.objects.filter(patient_id=cast.madeleine_record.patient_id).delete()
        patient = cast.madeleine_record.patient
        type(patient).objects.filter(pk=patient.pk).update(email="chez-elle@example.org")

    opens(cast, cast.madeleine_record)

    assert mailed() == ["amar@example.org", "chez-elle@example.org", "dpo@example.org"]


def test_every_e_mail_is_the_same_whatever_happened_and_to_whom(cast):
    opens(cast, cast.madeleine_record)
    opens(cast, cast.leon_record)
    send(event(cast.leon_record))

    rows = list(OutboundMessage.objects.all())

    texts = {(row.subject, unseal(row.body, context="outbound").decode()) for row in rows}
    assert len(rows) > 5
    assert len(texts) == 1
    assert "LEROUX" not in str(texts).upper()


def test_preferences_are_one_s_own(cast):
    client = client_of(cast.ines)
    page = reverse("notifications:preferences")
    assert client.get(page).status_code == 200

    assert client.post(page, {"my_structure": "on", "digest_hour": "7"}).status_code == 302

    mine = queries.preferences_of(cast.ines)
    assert (mine.own_circle, mine.my_structure, mine.digest_hour) == (False, True, 7)
    assert queries.preferences_of(cast.amar).own_circle
    assert queries.preferences_of(cast.jules).own_circle
    with pytest.raises(Refused):
        wants(dataclasses.replace(cast.ines, user_id=None))


def test_an_actor_without_account_has_no_preferences_to_read(cast):
    wants(cast.ines, own_circle=False, my_structure=False)

    assert queries.preferences_of(dataclasses.replace(cast.ines, user_id=None)).own_circle

"""From an event to the messages that leave: once by person and channel, at once or later, by one text."""

import re
from datetime import datetime, time, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from simulators.sms import SimulatedSms
from terresante.accounts.models import KnownDevice, User
from terresante.care_team.events import MemberJoined, RecordShared
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Invalid
from terresante.kernel.ids import new_id
from terresante.kernel.models import OutboundMessage
from terresante.kernel.ports import bound
from terresante.kernel.sealing import unseal
from terresante.notes.events import NotePublished
from terresante.notes.handlers import tell_its_readers
from terresante.notifications import actions, telling
from terresante.notifications.actions import NewPreferences
from terresante.notifications.carrier import Services, WebPush
from terresante.notifications.choices import PARIS
from terresante.notifications.enums import Notice
from terresante.notifications.models import HeldNotice, NotificationPreference, PushSubscription
from terresante.notifications.queries import Address
from terresante.notifications.webpush import ServerKey, said
from terresante.patients.models import PatientAccount
from tests.cast import client_of
from tests.walls import walls_down

pytestmark = pytest.mark.commits
NIGHT = datetime(2026, 3, 10, 23, 15, tzinfo=PARIS)
MORNING = datetime(2026, 3, 11, 7, 0, tzinfo=PARIS)
NOBODY_S_DEVICE = "https://push.example.org/push/"


@pytest.fixture(autouse=True)
def every_channel(monkeypatch, tmp_path):
    key = ServerKey.read(said(bytes(range(1, 33))), "mailto:dpo@example.org")
    monkeypatch.setattr(bound, "push", WebPush(key, Services(("push.example.org",))))
    monkeypatch.setattr(bound, "sms", SimulatedSms(tmp_path))


def equip(actor):
    """A telephone that takes SMS, and alerts."""
    with walls_down():
        User.objects.filter(pk=actor.user_id).update(phone="+33639980001")
    device = KnownDevice.objects.create(user_id=actor.user_id, token_hash=str(new_id()))
    PushSubscription.objects.create(
        user_id=actor.user_id, device=device, endpoint=f"{NOBODY_S_DEVICE}{new_id()}", point=b"", auth=b""
    )


def wants(actor, channels=None, **others):
    told = {"digest_hour": 18, **others}
    actions.save_preferences(actor, NewPreferences(channels=channels or {}, **told))


def address(actor):
    return Address(actor.user_id, f"{actor.user_id}@example.org")


def told(notice, actors, *, key="event:1", now=None):
    with rls.acting(Actor.job("tests")):
        return telling.tell(notice, [(key, [address(actor) for actor in actors])], now=now)


def release(now):
    with rls.acting(Actor.job("tests")):
        return telling.release(now=now)


def left(channel=None):
    rows = (
        OutboundMessage.objects.all() if channel is None else OutboundMessage.objects.filter(channel=channel)
    )
    return sorted(rows.values_list("channel", flat=True))


def texts():
    return {
        (row.channel, row.subject, unseal(row.body, context="outbound").decode())
        for row in OutboundMessage.objects.all()
    }


def test_each_channel_chosen_has_its_message_and_no_other(cast):
    equip(cast.ines)
    wants(cast.ines, {"stay": ["push", "sms"], "circle": ["email"], "note": []})

    assert told(Notice.STAY, [cast.ines]) == 1
    assert left() == ["push", "sms"]
    assert told(Notice.CIRCLE, [cast.ines], key="event:2") == 1
    assert left() == ["email", "push", "sms"]
    assert told(Notice.NOTE, [cast.ines], key="event:3") == 0
    assert left() == ["email", "push", "sms"]


def test_the_same_event_is_told_once_by_each_channel_however_often_it_comes(cast):
    equip(cast.ines)
    wants(cast.ines, {"stay": ["push", "sms", "email", "digest"]})

    for _ in range(3):
        told(Notice.STAY, [cast.ines])

    assert left() == ["email", "push", "sms"]
    assert HeldNotice.objects.count() == 1


def test_what_comes_at_night_is_told_in_the_morning_by_one_message_a_channel(cast):
    equip(cast.ines)
    wants(cast.ines, {"stay": ["push", "sms", "email"]}, quiet_from=time(21), quiet_until=time(7))
    for number in range(4):
        told(Notice.STAY, [cast.ines], key=f"event:{number}", now=NIGHT)
        told(Notice.STAY, [cast.ines], key=f"event:{number}", now=NIGHT)

    assert release(MORNING - timedelta(minutes=1)) == 0
    assert left() == []
    assert release(MORNING) == 3
    assert left() == ["email", "push", "sms"]
    assert release(MORNING) == 0
    # The same event repeated after the night is still the same.
    told(Notice.STAY, [cast.ines], key="event:1", now=MORNING)
    assert release(MORNING) == 0
    told(Notice.STAY, [cast.ines], key="event:9", now=MORNING + timedelta(hours=2))
    assert release(MORNING + timedelta(hours=2)) == 3


def test_what_protects_a_person_leaves_in_the_night(cast):
    equip(cast.ines)
    wants(cast.ines, {"emergency": ["push"]}, quiet_from=time(21), quiet_until=time(7))

    told(Notice.EMERGENCY, [cast.ines], now=NIGHT)

    assert left() == ["email", "push"]
    assert not HeldNotice.objects.exists()


def test_the_summary_says_how_many_and_nothing_else(cast):
    wants(cast.ines, {"stay": ["digest"]}, digest_hour=7)
    wants(cast.amar, {"stay": ["digest"]}, digest_hour=7)
    told(Notice.STAY, [cast.ines, cast.amar], key="event:1", now=NIGHT)
    told(Notice.STAY, [cast.ines], key="event:2", now=NIGHT)

    assert release(MORNING) == 2

    bodies = sorted(body for _, _, body in texts())
    assert bodies[0].startswith("1\u00a0nouvelle information dans Terr-eSanté")
    assert bodies[1].startswith("2\u00a0nouvelles informations dans Terr-eSanté")
    assert {subject for _, subject, _ in texts()} == {"Votre résumé du jour"}


def test_every_text_is_the_same_but_for_a_number(cast):
    for actor in (cast.ines, cast.amar):
        equip(actor)
        wants(actor, {notice.value: ["push", "sms", "email", "digest"] for notice in Notice}, digest_hour=7)
    for number, notice in enumerate(Notice):
        told(notice, [cast.ines, cast.amar], key=f"event:{number}", now=NIGHT)
    release(MORNING)

    said_of_all = {(channel, subject, re.sub(r"^\d+", "N", body)) for channel, subject, body in texts()}

    assert sorted(channel for channel, _, _ in said_of_all) == ["email", "email", "push", "sms"]
    assert "LEROUX" not in str(said_of_all).upper()


def test_who_closed_his_account_or_has_no_telephone_is_not_written_to(cast):
    wants(cast.ines, {"stay": ["sms", "email"]}, quiet_from=time(21), quiet_until=time(7))
    told(Notice.STAY, [cast.ines], now=NIGHT)
    with walls_down():
        User.objects.filter(pk=cast.ines.user_id).update(is_active=False)
    wants(cast.amar, {"stay": ["sms"]})
    told(Notice.STAY, [cast.amar])

    release(MORNING)

    assert left() == []
    assert not HeldNotice.objects.filter(released_at=None).exists()


def test_rows_told_are_forgotten_after_a_week(cast):
    wants(cast.ines, {"stay": ["digest"]})
    told(Notice.STAY, [cast.ines], now=NIGHT)
    release(NIGHT + timedelta(days=1))
    told(Notice.STAY, [cast.ines], key="event:2", now=NIGHT + timedelta(days=2))

    telling.forget_released(now=NIGHT + timedelta(days=9))

    assert [row.event_key for row in HeldNotice.objects.all()] == ["event:2"]


def test_who_did_it_is_not_told(cast):
    record = cast.madeleine_record
    shared = RecordShared(patient_id=record.patient_id, object_id=record.pk, by_user_id=cast.ines.user_id)

    with rls.acting(Actor.job("tests")):
        assert actions.tell_readers(Notice.CIRCLE, [shared]) == 1

    assert OutboundMessage.objects.get().recipient == "amar@example.org"


def test_a_note_is_told_to_its_readers_and_to_the_patient_who_may_read_it(cast):
    for actor in (cast.amar, cast.ines, cast.brun, cast.madeleine):
        wants(actor, {"note": ["email"], "note_shown": ["email"]})
    about = {"patient_id": cast.madeleine_record.patient_id, "by_user_id": cast.ines.user_id}

    def recipients(**limits):
        OutboundMessage.objects.all().delete()
        with rls.acting(Actor.job("tests")):
            tell_its_readers([NotePublished(object_id=new_id(), **about, **limits)])
        return sorted(OutboundMessage.objects.values_list("recipient", flat=True))

    assert recipients() == ["amar@example.org", "madeleine@example.org"]
    assert recipients(hidden_from_patient=True) == ["amar@example.org"]
    assert recipients(private_to_id=cast.amar.organization_id) == ["amar@example.org"]
    assert recipients(private_to_id=cast.brun.organization_id) == []


def test_who_is_answered_is_told_and_only_if_he_reads_the_answer(cast):
    for actor in (cast.amar, cast.ines, cast.colin, cast.brun):
        wants(actor, {"note": [], "note_answered": ["email"]})
    about = {"patient_id": cast.madeleine_record.patient_id, "by_user_id": cast.ines.user_id}

    def recipients(answered, **limits):
        OutboundMessage.objects.all().delete()
        event = NotePublished(object_id=new_id(), answers_user_id=answered.user_id, **about, **limits)
        with rls.acting(Actor.job("tests")):
            tell_its_readers([event])
        return list(OutboundMessage.objects.values_list("recipient", flat=True))

    assert recipients(cast.amar) == ["amar@example.org"]
    assert recipients(cast.colin, private_to_id=cast.amar.organization_id) == []
    assert recipients(cast.ines) == []  # her own note
    assert recipients(cast.brun) == []  # a doctor too, of other patients


def test_a_patient_chooses_for_himself_and_keeps_what_protects_him(cast):
    client = Client()
    with walls_down():
        account = PatientAccount.objects.get(patient_id=cast.madeleine_record.patient_id).user
    client.force_login(account)
    page = reverse("notifications:preferences")
    shown = client.get(page).content.decode()
    assert "Premier accès d’un professionnel" in shown
    assert "Alertes de l’hôpital" not in shown
    assert "Pour quels patients" not in shown

    client.post(page, {"note_shown-email": "on", "digest_hour": "18", "first_access-email": ""})

    with rls.acting(Actor.job("tests")):
        kept = NotificationPreference.objects.get(user=account)
        told_of = MemberJoined(
            patient_id=cast.madeleine_record.patient_id, object_id=new_id(), member_id=new_id()
        )
        actions.tell_patients(Notice.FIRST_ACCESS, [told_of])
        actions.tell_patients(Notice.ANSWER, [told_of])
    assert kept.channels["note_shown"] == ["email"]
    assert kept.own_circle
    assert left() == ["email"]


def test_the_page_says_what_cannot_be_taken_off_and_what_quiet_hours_hold_back(cast):
    """Bad: « Toujours » under « À l’écran » as under « Courriel »: of the first, quiet hours say nothing."""
    client = client_of(cast.ines)

    shown = client.get(reverse("notifications:preferences")).content.decode()

    table = shown.split("<tbody>")[1].split("</tbody>")[0]
    rows = [re.sub(r"<[^>]+>", "|", row) for row in table.split("</tr>")[:-1]]
    assert "Toujours" not in shown
    always = [row for row in rows if "Obligatoire" in row]
    assert [row for row in rows if "même pendant les heures calmes" in row] == always != []
    assert all("Accès en urgence" in row for row in always)
    assert all("Dans vos pages" in row for row in rows if "Alertes de l’hôpital" not in row)
    assert "n’attendent pas" in shown.split('id="quiet"')[1].split("</p>")[0]


def test_quiet_hours_have_a_beginning_and_an_end(cast):
    client = client_of(cast.ines)
    page = reverse("notifications:preferences")

    for wrong in ({"quiet_from": "21:00"}, {"quiet_from": "21:00", "quiet_until": "21:00"}):
        answer = client.post(page, {"digest_hour": "18", "own_circle": "on", **wrong})
        assert answer.status_code == 422
        assert "Indiquez le début et la fin" in answer.content.decode()
    with pytest.raises(Invalid):
        wants(cast.ines, quiet_from=time(21))
    assert not NotificationPreference.objects.exists()

    right = {"digest_hour": "18", "own_circle": "on", "quiet_from": "21:00", "quiet_until": "07:00"}
    assert client.post(page, right).status_code == 302
    assert 'value="21:00"' in client.get(page).content.decode()


def test_what_the_page_does_not_show_stays_as_it_was(cast, monkeypatch):
    equip(cast.ines)
    wants(cast.ines, {"stay": ["push", "sms"], "note_shown": ["email"]})
    monkeypatch.setattr(bound, "sms", None)
    client = client_of(cast.ines)

    page = reverse("notifications:preferences")
    assert "stay-sms" not in client.get(page).content.decode()
    client.post(page, {"stay-email": "on", "digest_hour": "18", "own_circle": "on"})

    kept = NotificationPreference.objects.get(user_id=cast.ines.user_id).channels
    assert kept["stay"] == ["email", "sms"]
    assert kept["note_shown"] == ["email"]

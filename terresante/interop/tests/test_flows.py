"""What senders send, in numbers, and the alarm when one falls silent."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from terresante.interop.events import SenderSilent
from terresante.interop.flow_actions import count_hours, note_silences
from terresante.interop.flow_queries import flow_of, senders_at_work
from terresante.interop.flows import bars, delay_words, place_words, refusal_words
from terresante.interop.handlers import tell_of_silences
from terresante.interop.models import FlowHour, InboundMessage
from terresante.interop.tests import wire
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.models import AuditEntry, OutboundMessage, OutboxEvent
from tests.cast import client_of
from tests.walls import walls_down, without_keys

pytestmark = pytest.mark.commits
JOB = Actor.job("tests")


def received_long_ago(hours):
    with walls_down():
        InboundMessage.objects.update(received_at=timezone.now() - timedelta(hours=hours))


def counted(**options):
    with rls.acting(JOB):
        count_hours(**options)


def flow(admin, hospital):
    with rls.acting(admin, read_only=True):
        return flow_of(admin, hospital)


def lines(admin):
    with rls.acting(admin, read_only=True):
        return senders_at_work(admin)


def test_messages_are_counted_by_hour_and_the_count_is_the_same_again(cast, hospital, madeleine, admin):
    wire.receive(hospital, *(wire.stamped("A01", pid=madeleine, control_id=f"M{n}") for n in range(3)))
    received_long_ago(5)
    wire.receive(hospital, wire.stamped("A03", pid=madeleine, control_id="M9"), b"not a message")

    before = [line.of_the_week for line in lines(admin)]
    for _ in range(2):
        counted()
    with walls_down():
        rows = dict(FlowHour.objects.order_by("hour").values_list("message_type", "received"))
        assert FlowHour.objects.count() == 3
    after = flow(admin, hospital)

    assert rows == {"ADT": 1, "": 1}
    assert before == [5]
    assert dict(after.types) == {"ADT": 4, "illisible": 1}
    assert sum(bar.height > 1 for bar in after.hours.bars) == 2


def test_a_message_that_commits_after_its_hour_was_counted_is_counted_all_the_same(
    hospital, madeleine, admin
):
    wire.receive(hospital, wire.stamped("A01", pid=madeleine))
    counted()
    wire.receive(hospital, wire.stamped("A01", pid=madeleine, control_id="M2"))
    counted()

    assert dict(flow(admin, hospital).types) == {"ADT": 2}


def test_the_monitor_says_what_waits_what_was_refused_and_how_long_it_took(cast, hospital, madeleine, admin):
    wire.receive(hospital, wire.stamped("A01", pid=madeleine))
    wire.apply(clock=lambda: timezone.now() + timedelta(seconds=90))
    wire.receive(
        hospital,
        wire.stamped("A01", pid=madeleine, control_id="M2"),
        wire.stamped("A01", pid=madeleine, control_id="M3", zbe=None, pv1=None),
        b"not a message",
    )
    told = flow(admin, hospital)

    assert (told.line.activity.waiting, told.line.activity.refused) == (1, 2)
    assert told.line.activity.oldest_waiting_at is not None
    assert 85 < (told.line.activity.median_seconds or 0) < 95
    assert {(kind.why, kind.mark) for kind in told.errors} == {
        ("Segment absent ou mal placé : PV1", "AE 100 PV1"),
        ("Segment absent ou mal placé : MSH", "AR 100 MSH"),
    }


def test_the_screens_show_counts_and_never_a_value(cast, hospital, madeleine, admin):
    wire.receive(
        hospital,
        wire.stamped("A01", pid=madeleine, control_id="SECRET-ID", pv1=None, zbe=None),
        wire.stamped("A01", pid=madeleine, control_id="M2"),
    )
    wire.apply()
    client = client_of(admin)
    pages = [
        client.get("/administration/emetteurs/").content.decode(),
        client.get(f"/administration/emetteurs/{hospital.pk}/").content.decode(),
    ]

    assert "AE 100 PV1" in pages[1]
    for page in pages:
        assert "2\u00a0messages" in page
        for value in ("SECRET-ID", "LEROUX", "P1^", "1939"):
            assert value not in without_keys(page)


def test_the_monitor_asks_no_more_with_more_senders_and_more_messages(cast, hospital, madeleine, admin):
    client = client_of(admin)
    client.get("/administration/emetteurs/")
    with CaptureQueriesContext(connection) as few:
        client.get("/administration/emetteurs/")
    for number in range(5):
        wire.connect(f"Hôpital {number}", authority=f"75000033{number}", port=22000 + number)
    wire.receive(hospital, *(wire.stamped("A01", pid=madeleine, control_id=f"M{n}") for n in range(30)))
    with CaptureQueriesContext(connection) as many:
        client.get("/administration/emetteurs/")

    assert len(many) == len(few)


def test_each_question_of_the_monitor_goes_by_an_index(cast, hospital, admin):
    """With 20,000 messages as with 100 million: none is read row by row."""
    with walls_down(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO interop_inboundmessage (id, sender_id, control_id, content_hash, received_at, sealed_raw,"
            " message_type, trigger, identity_keys, trait_keys, state, outcome, remarks, is_control_id_reused,"
            " decided_by_name, reason, handled_at)"
            " SELECT gen_random_uuid(), %s, n::text, decode(md5(n::text), 'hex'), now() - n * interval '5 minutes', '',"
            " 'ADT', 'A01', '{}', '{}', 'applied', 'stay', '{}', false, '', '', now()"
            " FROM generate_series(1, 20000) AS n",
            [hospital.pk],
        )
        cursor.execute("ANALYZE interop_inboundmessage")
        cursor.execute(
            "SELECT proname, prosrc FROM pg_proc"
            " WHERE proname IN ('sender_activity', 'sender_hours', 'sender_errors')"
        )
        for name, body in cursor.fetchall():
            open_to_all = body.replace(
                "app_kind() = 'professional' AND app_has_duty('administrator')", "true"
            )
            cursor.execute(f"EXPLAIN {open_to_all.replace('= asked', f'= {chr(39)}{hospital.pk}{chr(39)}')}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "interop_inboundmessage" in plan, name
            assert "Seq Scan on interop_inboundmessage" not in plan, name


def silences(**options):
    with rls.acting(JOB):
        return note_silences(JOB, **options)


def test_a_silence_is_told_once_and_the_next_one_again(cast, hospital, madeleine, admin):
    wire.receive(hospital, wire.stamped("A01", pid=madeleine))
    assert silences() == 0
    received_long_ago(25)

    assert [silences(), silences()] == [1, 0]
    assert [line.is_silent for line in lines(admin)] == [True]
    wire.receive(hospital, wire.stamped("A01", pid=madeleine, control_id="M2"))
    assert [line.is_silent for line in lines(admin)] == [False]
    assert silences() == 0
    assert silences(now=timezone.now() + timedelta(hours=25)) == 1
    with walls_down():
        assert AuditEntry.objects.filter(action="sender.silent", object_id=hospital.pk).count() == 2
        assert OutboxEvent.objects.filter(kind="SenderSilent").count() == 2


def test_a_hospital_that_never_sent_anything_is_silent_from_its_registration(hospital):
    assert silences() == 0
    assert silences(now=timezone.now() + timedelta(hours=25)) == 1


@pytest.mark.parametrize("changes", [{"active": False}, {"silence_hours": 0}, {"silence_hours": 48}])
def test_no_alarm_for_who_is_suspended_or_whose_delay_says_so(hospital, changes):
    with walls_down():
        type(hospital).objects.filter(pk=hospital.pk).update(**changes)
    assert silences(now=timezone.now() + timedelta(hours=30)) == 0


def test_administrators_are_told_of_a_silence_without_a_word_of_which(cast, hospital, admin):
    assert silences(now=timezone.now() + timedelta(hours=25)) == 1
    with walls_down():
        event = OutboxEvent.objects.get(kind="SenderSilent")
        told = SenderSilent(object_id=UUID(event.payload["object_id"]))
        tell_of_silences([told])
        tell_of_silences([told])
        (letter,) = OutboundMessage.objects.all()
    assert letter.recipient == "denis@example.org"
    assert "Saint-Martin" not in letter.subject


def test_the_alarm_stands_at_the_top_of_the_monitor(cast, hospital, madeleine, admin):
    wire.receive(hospital, wire.stamped("A01", pid=madeleine))
    received_long_ago(30)
    page = client_of(admin).get("/administration/emetteurs/").content.decode()

    assert "n’a rien envoyé" in page
    assert page.index("n’a rien envoyé") < page.index("<table")


def test_numbers_are_drawn_and_said():
    drawn = bars([("lundi", 0), ("mardi", 1), ("mercredi", 400)])

    assert [bar.height for bar in drawn.bars] == [1, 2, 32]
    assert drawn.words == "401\u00a0messages, le plus : mercredi, 400\u00a0messages"
    assert bars([("lundi", 0)]).words == "aucun message"
    assert [delay_words(each) for each in (None, 0.01, 0.52, 75.0, 600.0, 7300.0, 300000.0)] == [
        "–", "moins de 0,1 s", "0,5 s", "75 s", "10 min", "2 h", "3 j",
    ]  # fmt: skip
    assert refusal_words("AE 101 PV1^1^19") == "Champ obligatoire absent : PV1-19"
    assert refusal_words("ins-key PID-3") == ""
    assert place_words("OBX^2^5") == "OBX-5 (nº 2)"

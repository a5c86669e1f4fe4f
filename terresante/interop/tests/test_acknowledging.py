"""Business acknowledgements: queued with what became of a document, carried to the hospital's own door."""

import socket
from contextlib import contextmanager

import pytest
from django.utils import timezone

from simulators.hospital.messages import Authority
from simulators.hospital.receiver import Receiver
from terresante.interop.actions import decide_patient, put_aside
from terresante.interop.carrier import MllpCarrier
from terresante.interop.flow_queries import flow_of
from terresante.interop.models import InboundMessage, SenderSystem
from terresante.interop.tests import papers, wire
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.enums import OutboundChannel
from terresante.kernel.models import AuditEntry, OutboundMessage
from terresante.kernel.outbound import deliver_waiting, queue_peer
from terresante.kernel.ports import bound
from terresante.patients.models import IdentityDomain, SourceIdentity
from tests.cast import client_of
from tests.walls import walls_down

pytestmark = pytest.mark.commits
ASKED = {"ACK_RECEPTION": "Y"}


@contextmanager
def hospitals_door(hospital, **options):
    """A listening end of the hospital, declared as its return address."""
    receiver = Receiver(**options)
    receiver.serve()
    returns_to(hospital, receiver.port)
    try:
        yield receiver
    finally:
        receiver.shutdown()
        receiver.server_close()


def returns_to(hospital, port):
    with walls_down():
        SenderSystem.objects.filter(pk=hospital.pk).update(
            return_host="127.0.0.1", return_port=port, return_tls=False
        )


def carried():
    return deliver_waiting(channels=(OutboundChannel.PEER,))


def waiting():
    with walls_down():
        return list(OutboundMessage.objects.filter(channel="peer").order_by("pk"))


def at_once():
    """Minutes later, as far as the queue and its carrier know."""
    bound.peer = MllpCarrier()
    with walls_down():
        OutboundMessage.objects.update(next_attempt_at=timezone.now())


@pytest.fixture(autouse=True)
def _carrier():
    known, bound.peer = bound.peer, MllpCarrier()
    yield
    bound.peer = known


@pytest.fixture
def known(cast, madeleine):
    return papers.whose(cast.madeleine_record)


def send(hospital, person, *, number="1", told=ASKED):
    raw = papers.oru(person, papers.letter(person, number), control_id=f"D{number}", told=told)
    codes = wire.receive(hospital, raw)
    wire.apply()
    return codes


def test_a_document_filed_is_acknowledged_to_the_hospital_once(hospital, known):
    with hospitals_door(hospital) as door:
        assert send(hospital, known) == ["AA"]
        assert (carried(), carried()) == (1, 0)
        (told,) = door.received

    assert (told.about, told.answer) == ("D1", "Y")
    (row,) = waiting()
    assert (row.state, bytes(row.body)) == ("sent", b"")


def test_nothing_is_sent_back_to_who_did_not_ask_or_said_nowhere(hospital, known):
    send(hospital, known)
    with hospitals_door(hospital) as door:
        send(hospital, known, number="2", told={"ACK_RECEPTION": "N"})
        assert carried() == 0
        assert door.received == []
    assert waiting() == []


def test_a_document_that_nobody_s_record_takes_says_so_in_the_words_of_an_opposition(cast, hospital, known):
    stranger = papers.whose(cast.leon_record, ipp="P9", birth_name="INCONNU", birth_date="1960-01-01")
    with hospitals_door(hospital) as door:
        send(hospital, stranger)
        carried()
        (told,) = door.received

    assert (told.answer, told.reason) == ("N", "Aucun dossier de coordination ne reçoit ce document.")


def test_a_doubt_is_acknowledged_when_the_desk_has_decided_and_not_before(cast, hospital):
    twin = papers.whose(cast.madeleine_record, ipp="P7", given="MADELINE")
    with hospitals_door(hospital) as door:
        send(hospital, twin)
        assert wire.states() == [("doubtful", "close")]
        assert carried() == 0
        with walls_down():
            message = InboundMessage.objects.get()
        decide_patient(cast.identito, message.pk, patient_id=cast.madeleine_record.patient_id)
        wire.apply()
        carried()
        assert [told.answer for told in door.received] == ["Y"]


def test_a_document_put_aside_is_told_as_such(cast, hospital):
    twin = papers.whose(cast.madeleine_record, ipp="P7", given="MADELINE")
    with hospitals_door(hospital) as door:
        send(hospital, twin)
        with walls_down():
            message = InboundMessage.objects.get()
        put_aside(cast.identito, message.pk, reason="Erreur de saisie")
        carried()
        (told,) = door.received

    assert told.answer == "N"
    assert told.reason.startswith("La cellule d’identitovigilance")


def test_a_filing_that_is_rolled_back_acknowledges_nothing(hospital, known, monkeypatch):
    returns_to(hospital, 1)
    monkeypatch.setattr("terresante.interop.jobs.release_unmatched", _broken)
    with pytest.raises(RuntimeError):
        send(hospital, known)

    assert waiting() == []
    assert papers.filed() == []


def _broken(_keys):
    raise RuntimeError


def test_an_acknowledgement_repeated_after_a_crash_has_the_same_id(hospital, known):
    """The answer of the hospital was lost: it receives the same message again, and knows it."""
    answers, seen = iter(["", "AA"]), []

    def judge(told):
        seen.append(told)
        return next(answers)

    with hospitals_door(hospital, judge=judge) as door:
        send(hospital, known)
        assert carried() == 0
        at_once()
        assert carried() == 1
        assert len(door.received) == 1

    assert len({told.control_id for told in seen}) == 1


def test_a_hospital_that_does_not_answer_keeps_no_other_waiting(hospital, known, cast):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    returns_to(hospital, closed)
    send(hospital, known)
    other = wire.connect("Clinique", authority="750000333", port=21002)
    with walls_down():
        domain = IdentityDomain.objects.get(senders=other)
        SourceIdentity.objects.create(domain=domain, value="C1", patient_id=cast.madeleine_record.patient_id)
    person = papers.whose(cast.madeleine_record, ipp="C1", authority=Authority("CLINIQUE", "750000333", "N"))
    with hospitals_door(other) as door:
        send(other, person, number="2")
        assert carried() == 1
        assert [told.about for told in door.received] == ["D2"]
    first = waiting()[0]
    assert (first.state, first.attempts) == ("waiting", 1)


def test_what_the_hospital_rejects_is_abandoned_and_shown(cast, hospital, known):
    with hospitals_door(hospital, judge=lambda _: "AR"):
        send(hospital, known)
        assert carried() == 0
    (row,) = waiting()
    assert row.state == "abandoned"
    with rls.acting(Actor.job("tests")):
        assert flow_of(Actor.job("tests"), hospital).not_returned == 1


def pressed(admin, hospital):
    return client_of(admin).post(f"/administration/emetteurs/{hospital.pk}/", {"again": "1"})


def test_what_was_abandoned_is_sent_again_from_the_monitor_under_the_same_id(hospital, known, admin):
    seen, answers = [], iter(["AR", "AA"])

    def judge(told):
        seen.append(told)
        return next(answers)

    with hospitals_door(hospital, judge=judge):
        send(hospital, known)
        assert carried() == 0
        page = client_of(admin).get(f"/administration/emetteurs/{hospital.pk}/").content.decode()
        assert "Renvoyer 1\u00a0accusé métier" in page
        assert pressed(admin, hospital).status_code == 302
        assert pressed(admin, hospital).status_code == 409
        at_once()
        assert carried() == 1

    first, second = seen
    assert first == second
    assert [(row.state, bytes(row.body)) for row in waiting()] == [("sent", b"")]
    with walls_down():
        trail = AuditEntry.objects.get(detail__done="acknowledged_again")
    assert (trail.object_id, trail.user_id, trail.detail["messages"]) == (hospital.pk, admin.user_id, 1)


def test_what_was_given_up_after_its_tries_is_sent_again_too(hospital, known, admin):
    returns_to(hospital, 1)
    send(hospital, known)
    with walls_down():
        OutboundMessage.objects.update(attempts=11)
    assert carried() == 0
    assert [row.state for row in waiting()] == ["abandoned"]

    assert pressed(admin, hospital).status_code == 302

    with hospitals_door(hospital) as door:
        at_once()
        assert carried() == 1
        assert [told.about for told in door.received] == ["D1"]


def test_the_refusal_of_a_document_filed_since_is_not_sent_again(cast, hospital, admin):
    stranger = papers.whose(cast.madeleine_record, ipp="P7", given="MADELINE")
    with hospitals_door(hospital, judge=lambda _: "AR"):
        send(hospital, stranger)
        with walls_down():
            message = InboundMessage.objects.get()
        key = f"zam:{message.pk}"
        queue_peer(peer=str(hospital.pk), text="x", dedupe_key=f"{key}:no")
        queue_peer(peer=str(hospital.pk), text="x", dedupe_key=f"{key}:yes")
        with walls_down():
            OutboundMessage.objects.filter(dedupe_key=f"{key}:no").update(state="abandoned")

    assert pressed(admin, hospital).status_code == 409


def test_nobody_but_an_administrator_has_them_sent_again(cast, hospital, known):
    with hospitals_door(hospital, judge=lambda _: "AR"):
        send(hospital, known)
        carried()

    for actor in (cast.identito, cast.amar):
        assert pressed(actor, hospital).status_code in (403, 404)
    assert [row.state for row in waiting()] == ["abandoned"]


def test_an_acknowledgement_that_comes_in_is_accepted_counted_and_without_effect(hospital):
    zam = (
        b"MSH|^~\\&|PFI|X|TERR-ESANTE|T|202106060933||ZAM^Z03^ZAM_Z01|019|P|2.6|||||FRA|UNICODE UTF-8\r"
        b"EVN||20211005152908\rOBX|1|CWE|ACK_LECTURE_MSS^x^AckMetierZAM|015|Y^^y||||||F\r"
    )
    assert wire.receive(hospital, zam, zam) == ["AA", "AA"]
    wire.apply()

    assert wire.states() == [("ignored", "business_ack")]

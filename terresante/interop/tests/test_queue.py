import pytest

from terresante.interop.models import InboundMessage
from terresante.interop.tests import wire
from terresante.kernel.actor import Actor
from terresante.kernel.models import AuditEntry
from terresante.patients.actions import register_identity
from terresante.patients.desk_actions import traits_of
from terresante.patients.models import CareRecord, Patient
from terresante.stays.models import Encounter
from tests.cast import login
from tests.walls import dispatched, walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def message(cast):
    """Somebody who looks like Madeleine, from a hospital that does not know her yet."""
    hospital = wire.connect()
    wire.receive(hospital, wire.stamped("A01", pid=wire.person(cast.madeleine_record)))
    wire.apply()
    with walls_down():
        return InboundMessage.objects.get()


def test_nobody_but_the_identity_desk_sees_the_queue(cast, client, message):
    for name in ("amar", "dpo", "samira"):
        assert login(client, getattr(cast, name)).get("/a-verifier/").status_code == 403
        assert client.get(f"/a-verifier/{message.pk}/").status_code == 404
        assert client.post(f"/a-verifier/{message.pk}/personne/").status_code == 404


def test_the_desk_compares_and_every_look_is_traced(cast, client, message):
    desk = login(client, cast.identito)

    assert "Un patient ressemble" in desk.get("/a-verifier/").content.decode()
    shown = desk.get(f"/a-verifier/{message.pk}/").content.decode()

    assert "LEROUX" in shown
    assert "Cardio" not in shown
    with walls_down():
        assert AuditEntry.objects.filter(
            action="identity.compare", patient_id=cast.madeleine_record.patient_id, object_id=message.pk
        ).exists()


def test_a_message_id_used_for_two_contents_is_said_to_the_desk(cast, client, message):
    with walls_down():
        sender = message.sender
    other = wire.person(cast.madeleine_record, f3="P7^^^HOPITAL-T&750000222&N^PI")
    wire.receive(sender, wire.stamped("A03", pid=other))
    wire.apply()

    assert wire.states() == [("doubtful", "close")] * 2
    shown = login(client, cast.identito).get("/a-verifier/").content.decode()
    assert shown.count("(MSH-10) déjà employé par cet émetteur") == 1


def test_the_desk_links_and_the_message_is_played_again(cast, client, message):
    desk = login(client, cast.identito)
    answer = desk.post(
        f"/a-verifier/{message.pk}/patient/", {"patient": str(cast.madeleine_record.patient_id)}
    )
    wire.apply()

    assert answer.status_code == 302
    assert wire.states() == [("applied", "stay")]


def test_the_desk_links_only_whom_the_page_offered(cast, client, message):
    answer = login(client, cast.identito).post(
        f"/a-verifier/{message.pk}/patient/", {"patient": str(cast.leon_record.patient_id)}
    )

    assert answer.status_code == 422
    assert wire.states() == [("doubtful", "close")]


def test_nobody_is_remembered_for_the_next_message(cast, client, message):
    login(client, cast.identito).post(f"/a-verifier/{message.pk}/personne/")
    wire.apply()
    with walls_down():
        sender = message.sender
    wire.receive(sender, wire.stamped("A03", pid=wire.person(cast.madeleine_record), control_id="M2"))
    wire.apply()

    assert wire.states() == [("no_candidate", "no_record")] * 2


def test_a_message_is_put_aside_with_a_reason_and_lets_the_later_ones_go(cast, client, message):
    with walls_down():
        sender = message.sender
    wire.receive(sender, wire.stamped("A60", pid=wire.person(cast.madeleine_record), control_id="M2"))
    wire.apply()
    desk = login(client, cast.identito)

    assert desk.post(f"/a-verifier/{message.pk}/ecarter/", {"reason": ""}).status_code == 422
    assert (
        desk.post(f"/a-verifier/{message.pk}/ecarter/", {"reason": "Essai de l’hôpital"}).status_code == 302
    )
    wire.apply()

    assert [state for state, _ in wire.states()] == ["put_aside", "ignored"]
    with walls_down():
        assert Patient.objects.count() == 2


@pytest.fixture
def merge_of_two(cast):
    """The hospital says that its P1 and P2 are one person: they are two patients here."""
    hospital = wire.connect()
    wire.know(cast.madeleine_record, hospital, "P1")
    with walls_down():
        known = Patient.objects.get(pk=cast.madeleine_record.patient_id)
    twice = register_identity(Actor.job("tests"), traits=traits_of(known))
    with walls_down():
        record = CareRecord.objects.create(patient_id=twice, holder_id=cast.amar.organization_id)
    wire.know(record, hospital, "P2")
    pid = wire.person(cast.madeleine_record)
    mrg = "MRG|P2^^^HOPITAL-T&750000222&N^PI"
    wire.receive(hospital, wire.stamped("A40", mrg, pid=pid, pv1=None, zbe=None))
    wire.receive(hospital, wire.stamped("A01", pid=pid, control_id="M2"))
    wire.apply()
    return record


def test_a_hospital_s_merge_of_two_patients_is_decided_by_the_desk_then_played_again(
    cast, client, merge_of_two
):
    assert wire.states() == [("doubtful", "two_patients"), ("held", "")]
    desk = login(client, cast.identito)
    with walls_down():
        waiting = InboundMessage.objects.get(state="doubtful")
    shown = desk.get(f"/a-verifier/{waiting.pk}/").content.decode()
    kept, dead = cast.madeleine_record.patient_id, merge_of_two.patient_id
    link = shown.split("/identites/comparer/")[1].split('"')[0]

    assert set(link.strip("/").split("/")) == {str(kept), str(dead)}
    merged = desk.post(
        f"/identites/comparer/{link}fusionner/", {"surviving": str(kept), "reason": "Fusion de l’hôpital"}
    )
    assert merged.status_code == 302
    dispatched()
    wire.apply()

    assert wire.states() == [("applied", "identifier_replaced"), ("applied", "stay")]
    with walls_down():
        assert Encounter.objects.get().patient_id == kept

import pytest

from terresante.accounts.models import User
from terresante.interop.models import InboundMessage
from terresante.interop.tests import wire
from terresante.kernel.models import AuditEntry
from terresante.patients.models import Patient
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def message(cast):
    """Somebody who looks like Madeleine, from a hospital that does not know her yet."""
    hospital = wire.connect()
    wire.receive(hospital, wire.stamped("A01", pid=wire.person(cast.madeleine_record)))
    wire.apply()
    with walls_down():
        return InboundMessage.objects.get()


def page(client, actor):
    with walls_down():
        client.force_login(User.objects.get(pk=actor.user_id))
    return client


def test_nobody_but_the_identity_desk_sees_the_queue(cast, client, message):
    for name in ("amar", "dpo", "samira"):
        assert page(client, getattr(cast, name)).get("/a-verifier/").status_code == 403
        assert client.get(f"/a-verifier/{message.pk}/").status_code == 404
        assert client.post(f"/a-verifier/{message.pk}/personne/").status_code == 404


def test_the_desk_compares_and_every_look_is_traced(cast, client, message):
    desk = page(client, cast.identito)

    assert "Un patient ressemble" in desk.get("/a-verifier/").content.decode()
    shown = desk.get(f"/a-verifier/{message.pk}/").content.decode()

    assert "LEROUX" in shown
    assert "Cardio" not in shown
    with walls_down():
        assert AuditEntry.objects.filter(
            action="identity.compare", patient_id=cast.madeleine_record.patient_id, object_id=message.pk
        ).exists()


def test_the_desk_links_and_the_message_is_played_again(cast, client, message):
    desk = page(client, cast.identito)
    answer = desk.post(
        f"/a-verifier/{message.pk}/patient/", {"patient": str(cast.madeleine_record.patient_id)}
    )
    wire.apply()

    assert answer.status_code == 302
    assert wire.states() == [("applied", "stay")]


def test_the_desk_links_only_whom_the_page_offered(cast, client, message):
    answer = page(client, cast.identito).post(
        f"/a-verifier/{message.pk}/patient/", {"patient": str(cast.leon_record.patient_id)}
    )

    assert answer.status_code == 422
    assert wire.states() == [("doubtful", "close")]


def test_nobody_is_remembered_for_the_next_message(cast, client, message):
    page(client, cast.identito).post(f"/a-verifier/{message.pk}/personne/")
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
    desk = page(client, cast.identito)

    assert desk.post(f"/a-verifier/{message.pk}/ecarter/", {"reason": ""}).status_code == 422
    assert (
        desk.post(f"/a-verifier/{message.pk}/ecarter/", {"reason": "Essai de l’hôpital"}).status_code == 302
    )
    wire.apply()

    assert [state for state, _ in wire.states()] == ["put_aside", "ignored"]
    with walls_down():
        assert Patient.objects.count() == 2

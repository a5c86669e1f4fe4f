"""The message behind a case: masked, then its identity for a reason, each look in the trail."""

import pytest

from terresante.directory.enums import OrganizationKind, Profession
from terresante.interop.models import InboundMessage
from terresante.interop.tests import wire
from terresante.kernel.models import AuditEntry
from tests.cast import client_of, organization, professional
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def refused(hospital, madeleine):
    wire.receive(hospital, wire.stamped("A01", "NTE|1||Tuberculose", pid=madeleine, evn="EVN||hier"))
    with walls_down():
        return InboundMessage.objects.get()


def looks(action):
    with walls_down():
        return list(AuditEntry.objects.filter(action=action, outcome="done").values_list("detail", flat=True))


def test_nobody_but_the_identity_desk_sees_the_shape_of_a_message(cast, refused):
    with walls_down():
        place = organization("Groupement", OrganizationKind.SESAN)
        admin = professional("denis", Profession.OTHER, place, duties=["administrator"])
        helper = professional("lise", Profession.OTHER, place, duties=["support_agent"])
    for actor in (cast.amar, cast.brun, cast.dpo, admin, helper):
        client = client_of(actor)
        assert client.get(f"/a-verifier/{refused.pk}/message/").status_code in (403, 404)
        answer = client.post(f"/a-verifier/{refused.pk}/message/identite/", {"why": "refusal"})
        assert answer.status_code in (403, 404)
    assert looks("message.unmask") == []


def test_a_message_that_was_applied_is_shown_to_nobody(cast, hospital, madeleine):
    wire.receive(hospital, wire.stamped("A01", pid=madeleine))
    wire.apply()
    with walls_down():
        message = InboundMessage.objects.get(state="applied")
    client = client_of(cast.identito)

    assert client.get(f"/a-verifier/{message.pk}/message/").status_code == 404
    answer = client.post(f"/a-verifier/{message.pk}/message/identite/", {"why": "refusal"})
    assert answer.status_code == 404


def test_who_also_answers_for_the_support_desk_reads_the_shape_alone(cast, refused):
    with walls_down():
        place = organization("Groupement", OrganizationKind.SESAN)
        both = professional("lise", Profession.OTHER, place, duties=["support_agent", "identity_officer"])
    client = client_of(both)

    page = client.get(f"/a-verifier/{refused.pk}/message/").content.decode()
    assert "Lire l’identité" not in page
    answer = client.post(f"/a-verifier/{refused.pk}/message/identite/", {"why": "refusal"})
    assert answer.status_code == 403


def test_the_shape_says_where_it_is_wrong_and_nothing_else(cast, refused):
    page = client_of(cast.identito).get(f"/a-verifier/{refused.pk}/message/").content.decode()

    assert "EVN-2" in page and "AE 102 EVN^1^2" in page
    for value in ("LEROUX", "hier", "Tuberculose", "P1^"):
        assert value not in page
    assert len(looks("message.verify")) == 1


def test_the_identity_is_shown_for_a_reason_and_each_look_leaves_its_row(cast, refused):
    client = client_of(cast.identito)
    assert client.post(f"/a-verifier/{refused.pk}/message/identite/", {"why": "curiosity"}).status_code == 422
    assert looks("message.unmask") == []

    for _ in range(2):
        page = client.post(f"/a-verifier/{refused.pk}/message/identite/", {"why": "refusal"}).content.decode()

    assert "LEROUX" in page and "hier" in page
    assert "Tuberculose" not in page
    assert [detail["why"] for detail in looks("message.unmask")] == ["refusal", "refusal"]


def test_what_is_no_message_has_no_shape(cast, hospital):
    wire.receive(hospital, b"GET / HTTP/1.1")
    with walls_down():
        message = InboundMessage.objects.get()

    page = client_of(cast.identito).get(f"/a-verifier/{message.pk}/message/").content.decode()

    assert "pas un message HL7 v2" in page

"""A message tried from the screen: the answer of the door, what would be done, and nothing kept."""

import pytest
from django.utils import timezone

from terresante.directory.enums import OrganizationKind, Profession
from terresante.interop.hl7v2.sample import SAMPLES, sample
from terresante.interop.models import InboundMessage, SenderSystem
from terresante.interop.tests import papers, wire
from terresante.interop.trying import try_message
from terresante.kernel.models import AuditEntry
from terresante.patients.models import IdentityDomain
from tests.cast import client_of, organization, professional
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def test_the_trial_answers_as_the_door_does_message_by_message(cast, hospital, madeleine):
    """The same bytes, tried then really sent: the same code."""
    person = papers.whose(cast.madeleine_record)
    texts = [
        wire.stamped("A01", pid=madeleine),
        wire.stamped("A01", pid=madeleine, control_id="M2", pv1=None),
        wire.stamped("A03", pid=madeleine.replace("750000222", "1.2.250.1.999.5"), control_id="M3"),
        papers.oru(person, papers.letter(person), control_id="D1"),
        papers.oru(person, b"Un texte sans CDA", control_id="D2"),
        b"GET / HTTP/1.1",
    ]
    with walls_down():
        IdentityDomain.objects.create(authority="1.2.250.1.999.5", name="Un autre")
    tried = [try_message(hospital, text.decode()).code for text in texts]

    assert tried == ["AA", "AE", "AR", "AA", "AE", "AR"]
    assert wire.receive(hospital, *texts) == tried


def test_a_trial_keeps_nothing_and_looks_for_nobody(cast, hospital, madeleine, admin):
    client = client_of(admin)
    page = client.post(
        f"/administration/emetteurs/{hospital.pk}/essai/",
        {"message": wire.stamped("A01", pid=madeleine).decode().replace("\r", "\n")},
    ).content.decode()

    assert "Accepté" in page and "Admission" in page
    assert "l’essai ne la cherche pas" in page
    with walls_down():
        assert not InboundMessage.objects.exists()
        (row,) = AuditEntry.objects.filter(action="sender.try")
    assert row.detail["answer"] == "AA"
    assert "LEROUX" not in str(row.detail)


@pytest.mark.parametrize("event", SAMPLES)
def test_each_sample_is_accepted_and_says_what_it_would_do(hospital, event):
    trial = try_message(hospital, sample(event, authority=wire.AUTHORITY, at=timezone.now()))

    assert (trial.code, trial.refusal) == ("AA", None)
    assert trial.would and not trial.remarks


def test_an_authority_that_nobody_has_would_be_welcome_and_stays_nobody_s(hospital):
    trial = try_message(hospital, sample("A01", authority="1.2.250.1.999.8", at=timezone.now()))

    assert trial.code == "AA"
    assert trial.would[0].startswith("L’autorité 1.2.250.1.999.8 deviendrait")
    assert not IdentityDomain.objects.filter(authority="1.2.250.1.999.8").exists()


def test_what_the_sender_may_not_send_is_rejected_in_a_trial_too(hospital):
    with walls_down():
        SenderSystem.objects.filter(pk=hospital.pk).update(triggers=["A03"])
        hospital.refresh_from_db()

    assert try_message(hospital, sample("A01", authority=wire.AUTHORITY, at=timezone.now())).code == "AR"


def test_nobody_else_tries_a_message(cast, hospital, madeleine):
    with walls_down():
        place = organization("Clinique", OrganizationKind.PRIVATE_HOSPITAL)
        local = professional("nadia", Profession.OTHER, place, duties=["local_administrator"])
    for actor in (local, cast.identito, cast.amar):
        client = client_of(actor)
        address = f"/administration/emetteurs/{hospital.pk}/essai/"
        assert client.get(address).status_code == 403
        assert client.post(address, {"message": "MSH"}).status_code == 403


def test_a_document_that_asks_an_acknowledgement_says_where_it_would_go(cast, hospital, madeleine):
    person = papers.whose(cast.madeleine_record)
    text = papers.oru(person, papers.letter(person), told={"ACK_RECEPTION": "Y", "MASQUE_PS": "Y"}).decode()

    trial = try_message(hospital, text)

    assert "masqué" in trial.would[0]
    assert trial.would[-1].startswith("Il demande un accusé métier : sans adresse de retour")

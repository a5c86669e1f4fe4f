"""Documents that a hospital sends: refused with their reason, or waiting for whom they are about; who is told."""

from dataclasses import replace

import pytest

from simulators.clamd.daemon import EICAR, running
from simulators.hospital.documents import Author
from terresante.care_team.actions import record_choice
from terresante.care_team.enums import ConsentKind
from terresante.directory.models import Practitioner
from terresante.documents.events import DocumentFiled
from terresante.documents.handlers import tell_its_readers
from terresante.interop.cda.tests import letters
from terresante.interop.mllp.intake import answer, received
from terresante.interop.models import InboundMessage
from terresante.interop.tests import papers, wire
from terresante.kernel import ports, rls
from terresante.kernel.actor import Actor
from terresante.kernel.events import restore
from terresante.kernel.files.antivirus import Clamd
from terresante.kernel.models import AuditEntry, OutboundMessage, OutboxEvent
from terresante.patients.enums import IdentityStatus
from terresante.patients.models import Patient, SourceIdentity
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits

RPPS = "99900000015"
INS, OID = "239049402800109", "1.2.250.1.213.1.4.8"


@pytest.fixture
def claire(cast, hospital, madeleine):
    """Known to the hospital under P1."""
    return papers.whose(cast.madeleine_record)


def send(sender, *raws):
    codes = wire.receive(sender, *raws)
    wire.apply()
    return codes


def sentence_of(sender, raw):
    """The ERR segment of the answer: condition, place, sentence."""
    item = received(str(sender.pk), raw)
    (outcome,) = wire.store().store([item])
    said = answer(item, outcome).decode()
    error = next((line for line in said.split("\r") if line.startswith("ERR")), "")
    return said.split("\r")[1].split("|")[1], error.split("|")


REFUSED = {
    "a sentence that stands for a document": (
        lambda person: papers.oru(person, b"Document medical au format CDA niveau 1"),
        "102",
        "ni un CDA ni un PDF",
    ),
    "what is no base64": (
        lambda person: papers.oru(person, papers.letter(person)).replace(b"^Base64^PD94", b"^Base64^P*94"),
        "102",
        "base64",
    ),
    "no document": (
        lambda person: papers.oru(person).replace(b"OBX", b"NTE"),
        "101",
        "aucun document",
    ),
    "another person in the document": (
        lambda person: papers.oru(person, papers.letter(replace(person, ipp="P2"))),
        "102",
        "n’est pas celui du document",
    ),
    "the number of this person, and the traits of another": (
        lambda person: papers.oru(
            person, papers.letter(replace(person, birth_name="AUTRE", birth_date="1950-01-01"))
        ),
        "102",
        "n’est pas celui du document",
    ),
    "an entity": (
        lambda person: papers.oru(
            person, b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>' + papers.letter(person)[60:]
        ),
        "102",
        "DTD",
    ),
    "a PDF that runs": (
        lambda person: papers.oru(
            person, papers.letter(person, pdf=letters.PDF + b"<</OpenAction<</S/JavaScript/JS(a)>>>>")
        ),
        "102",
        "programme",
    ),
    "a type whose readers are narrower than ours": (
        lambda person: papers.oru(person, papers.letter(person, code="68599-0")),
        "103",
        "68599-0",
    ),
    "no name of its own": (
        lambda person: papers.mdm(person, "T02", letters.PDF, subtype="PDF"),
        "101",
        "identifiant unique du document",
    ),
}


@pytest.mark.parametrize(("message", "condition", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_filed_is_answered_ae_with_its_reason_and_kept_raw(
    hospital, claire, message, condition, words
):
    raw = message(claire)

    code, error = sentence_of(hospital, raw)
    wire.apply()

    assert (code, error[3].split("^")[0]) == ("AE", condition)
    assert words in error[8]
    assert papers.filed() == [] and papers.kept_files() == (0, 0)
    with walls_down():
        row = InboundMessage.objects.get()
        assert (row.state, len(row.sealed_raw) > len(raw)) == ("refused", True)


def test_an_event_that_carries_no_document_is_rejected(hospital, claire):
    code, error = sentence_of(hospital, papers.mdm(claire, "T08", papers.letter(claire)))

    assert (code, error[3].split("^")[0]) == ("AR", "201")


def test_who_has_no_record_leaves_no_file_and_his_document_waits(cast, hospital, claire):
    stranger = replace(claire, ipp="P9", birth_name="INCONNU", birth_date="1990-01-01")

    assert send(hospital, papers.oru(stranger, papers.letter(stranger))) == ["AA"]

    assert wire.states() == [("no_candidate", "no_record")]
    assert papers.filed() == [] and papers.kept_files() == (0, 0)


def test_a_document_that_waited_is_filed_when_its_number_is_known(cast, hospital):
    """The number stands in the document only, as laboratories write it."""
    person = papers.whose(cast.madeleine_record, ipp="P7", birth_date="1901-01-01", birth_name="AUTRE")
    raw = papers.oru(person, papers.letter(person))
    send(hospital, raw)
    assert wire.states() == [("no_candidate", "no_record")]

    wire.know(cast.madeleine_record, hospital, "P7")
    true = papers.whose(cast.madeleine_record, ipp="P7")
    send(hospital, papers.oru(true, papers.letter(true, "5"), control_id="D2"))
    wire.apply()

    # The first one contradicts the person its number is now: somebody must look.
    assert wire.states() == [("doubtful", "contradiction"), ("applied", "document_filed")]


def test_a_person_who_resembles_waits_for_the_identity_desk(cast, hospital):
    person = papers.whose(cast.madeleine_record, ipp="P4")

    send(hospital, papers.oru(person, papers.letter(person)))

    assert wire.states() == [("doubtful", "close")]
    assert papers.filed() == [] and papers.kept_files() == (0, 0)


def test_the_identity_desk_sees_whom_a_document_is_about(cast, client, hospital):
    person = papers.whose(cast.madeleine_record, ipp="P4")
    send(hospital, papers.oru(person, papers.letter(person)))
    with walls_down():
        login(client, cast.identito)
        waiting = InboundMessage.objects.get()

    page = client.get(f"/a-verifier/{waiting.pk}/").content.decode()

    assert "compte rendu transmis" in page.lower()
    assert "LEROUX" in page
    assert "Paracétamol" not in page


def test_an_opposition_leaves_neither_document_nor_file(cast, hospital, claire):
    record_choice(cast.amar, cast.madeleine_record.pk, kind=ConsentKind.OPPOSITION_RECORD, proof="courrier")

    assert send(hospital, papers.oru(claire, papers.letter(claire))) == ["AA"]

    assert wire.states() == [("opposed", "opposed")]
    assert papers.filed() == [] and papers.kept_files() == (0, 0)
    with walls_down():
        row = InboundMessage.objects.get()
        assert (bytes(row.sealed_raw), row.control_id) == (b"", "")


def test_a_document_never_changes_who_somebody_is(cast, hospital, claire):
    other = replace(claire, birth_place="75056")
    with walls_down():
        before = SourceIdentity.objects.count()

    send(hospital, papers.oru(other, papers.letter(other)))

    with walls_down():
        patient = (
            type(cast.madeleine_record).objects.select_related("patient").get(pk=cast.madeleine_record.pk)
        )
        assert patient.patient.birth_place_code == claire.birth_place
        assert SourceIdentity.objects.count() == before


def test_an_infected_document_is_refused_and_nothing_of_it_is_kept(hospital, claire, monkeypatch):
    with running() as address:
        monkeypatch.setattr(ports.bound, "antivirus", Clamd(address))
        send(hospital, papers.oru(claire, papers.letter(claire, title=EICAR.decode("latin-1"))))
        send(hospital, papers.oru(claire, papers.letter(claire, "2"), control_id="D2"))

    assert wire.states() == [("refused", "infected"), ("applied", "document_filed")]
    assert papers.kept_files() == (1, 0)
    with walls_down():
        assert AuditEntry.objects.get(outcome="refused").detail["virus"] == "Eicar-Test-Signature"


def test_a_silent_antivirus_makes_documents_wait_and_nothing_else(hospital, claire, monkeypatch):
    monkeypatch.setattr(ports.bound, "antivirus", Clamd("127.0.0.1:1"))
    send(hospital, papers.oru(claire, papers.letter(claire)))
    assert wire.states() == [("received", "")]

    monkeypatch.setattr(ports.bound, "antivirus", None)
    wire.apply()

    assert wire.states() == [("applied", "document_filed")]


def by_matricule_alone(person, number="1", **changes):
    """As Ségur laboratories write it: no number of a structure, neither in PID-3 nor in the document."""
    raw = papers.letter(person, number).replace(b'<id root="750000222" extension="P1"/>', b"")
    assert b"750000222" not in raw
    return papers.oru(person, raw, **changes).replace(b"P1^^^HOPITAL-T&750000222&N^PI~", b"")


def test_a_person_named_by_her_matricule_alone_is_found_then_known(cast, hospital):
    with walls_down():
        Patient.objects.filter(pk=cast.madeleine_record.patient_id).update(
            ins=INS, ins_oid=OID, identity_status=IdentityStatus.QUALIFIED
        )
    person = papers.whose(cast.madeleine_record, ins=INS, ins_oid=OID)

    assert send(hospital, by_matricule_alone(person)) == ["AA"]
    send(hospital, by_matricule_alone(person, "2", control_id="D2"))

    assert wire.states() == [("applied", "document_filed")] * 2
    with walls_down():
        (number,) = SourceIdentity.objects.filter(patient_id=cast.madeleine_record.patient_id)
    # Kept as a digest: a number of this hospital that gives nobody the matricule.
    assert number.domain.authority == wire.AUTHORITY and INS not in number.value


def test_a_matricule_alone_that_nobody_has_waits(cast, hospital):
    person = papers.whose(cast.madeleine_record, ins=INS, ins_oid=OID)

    send(hospital, by_matricule_alone(person))

    assert wire.states() == [("doubtful", "close")]


def written_to():
    """By e-mail, once the filing is told."""
    with walls_down():
        row = OutboxEvent.objects.get(kind="DocumentFiled")
    with rls.acting(Actor.job("tests")):
        event = restore(row)
        assert isinstance(event, DocumentFiled)
        tell_its_readers([event])
        return list(OutboundMessage.objects.filter(channel="email").values_list("recipient", flat=True))


@pytest.mark.parametrize(("who", "is_told"), [("amar", True), ("brun", False)])
def test_a_recipient_of_the_circle_is_told_and_another_physician_is_not(cast, hospital, claire, who, is_told):
    """Nobody else of the circle asked to be told of documents."""
    actor = getattr(cast, who)
    with walls_down():
        Practitioner.objects.filter(pk=actor.person_id).update(rpps=RPPS, idnps=f"8{RPPS}")
    to = Author(RPPS, "Camille", "AMAR", "Cabinet des Lilas", "770000028")

    send(hospital, papers.oru(claire, papers.letter(claire, recipients=(to,))))

    assert written_to() == ([f"{who}@example.org"] if is_told else [])


def test_a_recipient_is_told_nothing_of_what_he_may_not_read(cast, hospital, claire):
    with walls_down():
        Practitioner.objects.filter(pk=cast.amar.person_id).update(rpps=RPPS, idnps=f"8{RPPS}")
    to = Author(RPPS, "Camille", "AMAR", "Cabinet des Lilas", "770000028")

    send(hospital, papers.oru(claire, papers.letter(claire, recipients=(to,)), told={"MASQUE_PS": "Y"}))

    (document,) = papers.filed()
    assert document.private_to_id is not None
    assert written_to() == []

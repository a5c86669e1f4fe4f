"""Documents that a hospital sends: filed, replaced, taken back, or refused with their reason (CI-SIS; INTEROP.md 5)."""

import pytest

from simulators.hospital.messages import Authority
from terresante.care_team.queries import open_record
from terresante.documents.access import DOCUMENT_OPEN, DOCUMENT_READ
from terresante.documents.models import DocumentReference
from terresante.feed.models import FeedItem
from terresante.interop.cda.tests import letters
from terresante.interop.hl7v2.tests.messages import PV1
from terresante.interop.models import InboundMessage
from terresante.interop.tests import papers, wire
from terresante.kernel import access, rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import NotFound
from terresante.kernel.models import AuditEntry
from terresante.terminology.actions import load_set
from terresante.terminology.tests import lists
from tests.walls import walls_down

pytestmark = pytest.mark.commits

INS, OID = "239049402800109", "1.2.250.1.213.1.4.8"


@pytest.fixture
def claire(cast, hospital, madeleine):
    """Known to the hospital under P1."""
    return papers.whose(cast.madeleine_record)


def send(sender, *raws):
    codes = wire.receive(sender, *raws)
    wire.apply()
    return codes


def reads(actor, record, document):
    with rls.acting(actor):
        try:
            open_record(actor, record.pk)
            return access.get(actor, DOCUMENT_READ, DocumentReference, document.pk) is not None
        except NotFound:
            return False


def test_a_letter_is_filed_with_what_its_cda_says(cast, hospital, claire):
    raw = papers.letter(claire, title="Lettre de liaison à la sortie de cardiologie")

    assert send(hospital, papers.oru(claire, raw, code="11490-0")) == ["AA"]

    assert wire.states() == [("applied", "document_filed")]
    (document,) = papers.filed()
    assert document.patient_id == cast.madeleine_record.patient_id
    assert (document.type, document.data_class) == ("11490-0", "medical")
    assert document.title == "Lettre de liaison à la sortie de cardiologie"
    assert document.written_by == "Dr Paul MARTEL, Hôpital Saint-Martin"
    assert (document.author_id, document.organization_id) == (None, hospital.organization_id)
    assert document.author_name == "Hôpital Saint-Martin"
    assert document.dated_on == letters.AT.date()
    assert (document.media_type, document.sender_identifier) == ("text/xml", "1.2.250.1.999.9.1")
    assert papers.content(document) == raw


def test_the_circle_reads_it_and_hears_of_it_in_the_feed(cast, hospital, claire):
    send(hospital, papers.oru(claire, papers.letter(claire)))
    (document,) = papers.filed()

    assert reads(cast.amar, cast.madeleine_record, document)
    assert reads(cast.madeleine, cast.madeleine_record, document)
    # A physician of another circle, who has his own patients.
    assert not reads(cast.brun, cast.madeleine_record, document)
    with walls_down():
        told = FeedItem.objects.get(object_id=document.pk)
        trail = AuditEntry.objects.get(action="document.write", outcome="done")
    assert (told.kind, told.patient_id) == ("document", document.patient_id)
    assert (trail.actor_kind, trail.actor_name) == ("gateway", "Hôpital Saint-Martin")


def test_a_pdf_is_filed_under_the_identifier_of_its_message(hospital, claire):
    raw = papers.mdm(claire, "T02", letters.PDF, subtype="PDF", identifier="1.2.3.4^PDF1", code="18748-4")

    assert send(hospital, raw.replace(b"1.2.3.4^PDF1", b"PDF1^^1.2.3.4^ISO")) == ["AA"]

    (document,) = papers.filed()
    assert (document.type, document.media_type, document.title) == (
        "18748-4",
        "application/pdf",
        "CR d'imagerie médicale",
    )
    assert papers.content(document) == letters.PDF


def test_of_two_forms_of_a_report_the_structured_one_is_filed(hospital, claire):
    flat = papers.letter(claire, "2", passages=(), pdf=letters.PDF)

    send(hospital, papers.oru(claire, flat, papers.letter(claire, "3")))

    assert [document.sender_identifier for document in papers.filed()] == ["1.2.250.1.999.9.3"]


REPLACING = {
    "T10 and its CDA": lambda person: papers.mdm(
        person, "T10", papers.letter(person, "2", replaces="1.2.250.1.999.9.1"), control_id="D2"
    ),
    "T10 and TXA-13": lambda person: papers.mdm(
        person, "T10", papers.letter(person, "2"), replaces="1.2.250.1.999.9.1", control_id="D2"
    ),
    "ORU and OBX-11 C": lambda person: papers.oru(
        person,
        papers.letter(person, "2", replaces="1.2.250.1.999.9.1"),
        status="C",
        control_id="D2",
    ),
    "the next of its chain of versions": lambda person: papers.oru(
        person, papers.letter(person, "2", set_id="1.2.250.1.999.9.1", version=2), control_id="D2"
    ),
    "a new one that says what it replaces": lambda person: papers.oru(
        person, papers.letter(person, "2", replaces="1.2.250.1.999.9.1"), control_id="D2"
    ),
}


@pytest.mark.parametrize("message", REPLACING.values(), ids=REPLACING)
def test_a_new_version_takes_the_place_of_the_one_it_names(hospital, claire, message):
    assert send(hospital, papers.oru(claire, papers.letter(claire)), message(claire)) == ["AA", "AA"]
    wire.apply()

    before, after = papers.filed()
    assert (before.status, after.status) == ("superseded", "current")
    assert (after.set_id, after.version, after.replaces_id) == (before.set_id, 2, before.pk)
    assert wire.states()[1] == ("applied", "document_replaced")


def test_a_version_of_a_document_that_never_came_is_filed_as_it_is(hospital, claire):
    send(hospital, papers.mdm(claire, "T10", papers.letter(claire, "2", replaces="9.9.9")))

    assert [(each.version, each.status) for each in papers.filed()] == [(1, "current")]


DELETING = {
    "T04": lambda person: papers.mdm(person, "T04", papers.letter(person), control_id="D2"),
    "T04 and TXA-12 alone": lambda person: papers.mdm(
        person, "T04", b"", subtype="", identifier="1.2.250.1.999.9.1", control_id="D2"
    ),
    "T04 and TXA-13": lambda person: papers.mdm(
        person, "T04", papers.letter(person, "8"), replaces="1.2.250.1.999.9.1", control_id="D2"
    ),
    "ORU and OBX-11 D": lambda person: papers.oru(person, papers.letter(person), status="D", control_id="D2"),
}


@pytest.mark.parametrize("message", DELETING.values(), ids=DELETING)
def test_a_document_is_taken_back_by_who_sent_it(hospital, claire, message):
    assert send(hospital, papers.oru(claire, papers.letter(claire)), message(claire)) == ["AA", "AA"]
    wire.apply()

    (document,) = papers.filed()
    assert wire.states()[1] == ("applied", "document_withdrawn")
    assert (document.status, document.withdrawn_by_name) == ("entered-in-error", "Hôpital Saint-Martin")
    with walls_down():
        assert not FeedItem.objects.filter(object_id=document.pk).exists()


def test_what_another_hospital_sent_is_neither_replaced_nor_taken_back(cast, hospital, claire):
    """The other one knows the same person under a number of its own, and has its own documents."""
    other = wire.connect("Clinique des Lilas", authority="770000333", port=21002)
    wire.know(cast.madeleine_record, other)
    theirs = papers.whose(cast.madeleine_record, authority=Authority("LILAS", "770000333", "N"))
    send(hospital, papers.oru(claire, papers.letter(claire)))

    send(
        other,
        papers.mdm(theirs, "T04", papers.letter(theirs)),
        papers.mdm(theirs, "T10", papers.letter(theirs, "2", replaces="1.2.250.1.999.9.1"), control_id="D2"),
    )
    wire.apply()

    mine, new = papers.filed()
    assert (mine.status, new.version) == ("current", 1)
    assert wire.states()[1] == ("ignored", "document_unknown")


def test_what_a_person_filed_is_none_of_the_business_of_a_wire(cast, hospital, claire):
    send(hospital, papers.oru(claire, papers.letter(claire)))
    with walls_down():
        DocumentReference.objects.update(author_id=cast.amar.person_id, sender_identifier="")

    send(hospital, papers.mdm(claire, "T04", papers.letter(claire), control_id="D2"))

    assert wire.states()[1] == ("ignored", "document_unknown")


@pytest.mark.parametrize(
    ("told", "limits"),
    [
        ({}, (False, False, False)),
        ({"INVISIBLE_PATIENT": "Y", "MASQUE_PS": "N"}, (False, True, True)),
        ({"INVISIBLE_REP_LEGAUX": "Y"}, (False, False, True)),
        ({"INVISIBLE_REPRESENTANTS_LEGAUX": "Y"}, (False, False, True)),
        ({"CONNEXION_SECRETE": "Y"}, (False, False, True)),
        ({"MASQUE_PS": "Y"}, (True, False, False)),
    ],
)
def test_the_sender_says_who_does_not_see_it(hospital, claire, told, limits):
    send(hospital, papers.mdm(claire, "T02", papers.letter(claire), told=told))

    (document,) = papers.filed()
    is_private = document.private_to_id == hospital.organization_id
    assert (is_private, document.hidden_from_patient, document.hidden_from_representative) == limits


@pytest.mark.parametrize("code", ["R", "V"])
def test_a_restricted_cda_stays_in_its_structure(cast, hospital, claire, code):
    send(hospital, papers.oru(claire, papers.letter(claire, confidentiality=code)))

    (document,) = papers.filed()
    assert document.private_to_id == hospital.organization_id
    assert not reads(cast.amar, cast.madeleine_record, document)


def test_what_the_patient_must_not_see_yet_she_does_not(cast, hospital, claire):
    send(hospital, papers.oru(claire, papers.letter(claire), told={"INVISIBLE_PATIENT": "Y"}))
    (document,) = papers.filed()

    assert reads(cast.amar, cast.madeleine_record, document)
    assert not reads(cast.madeleine, cast.madeleine_record, document)


def test_a_psychiatric_structure_keeps_its_document_to_its_sector(cast, claire):
    asylum = wire.connect("EPSM des Saules", authority="770000444", port=21003, is_psychiatric=True)
    wire.know(cast.madeleine_record, asylum)
    theirs = papers.whose(cast.madeleine_record, authority=Authority("EPSM", "770000444", "N"))

    send(asylum, papers.oru(theirs, papers.letter(theirs)))

    (document,) = papers.filed()
    assert (document.sector, document.restricted_to_id) == ("psychiatry", asylum.organization_id)
    assert not reads(cast.amar, cast.madeleine_record, document)


def test_the_same_message_again_is_acknowledged_and_filed_once(hospital, claire):
    raw = papers.oru(claire, papers.letter(claire))

    assert send(hospital, raw) + send(hospital, raw) == ["AA", "AA"]

    assert len(papers.filed()) == 1
    assert papers.kept_files() == (1, 0)


def test_a_document_already_sent_comes_in_once_whatever_message_brings_it(hospital, claire):
    send(hospital, papers.oru(claire, papers.letter(claire)))
    send(hospital, papers.oru(claire, papers.letter(claire), control_id="D2"))
    send(hospital, papers.mdm(claire, "T04", papers.letter(claire), control_id="D3"))
    send(hospital, papers.oru(claire, papers.letter(claire), control_id="D4"))

    assert [each.status for each in papers.filed()] == ["entered-in-error"]
    assert [outcome for _, outcome in wire.states()] == [
        "document_filed",
        "document_known",
        "document_withdrawn",
        "document_known",
    ]


def test_another_document_under_a_name_already_given_is_refused_and_not_taken_for_the_first(hospital, claire):
    """Sent as new (OBX-11 F), it says that it corrects nothing: the one in the record must not be thought to be it."""
    send(hospital, papers.oru(claire, papers.letter(claire, title="Lettre")))
    other = papers.letter(claire, title="Autre lettre")

    assert send(hospital, papers.oru(claire, other, control_id="D2")) == ["AA"]
    send(hospital, papers.oru(claire, other, control_id="D3", status="C"))

    assert wire.states() == [
        ("applied", "document_filed"),
        ("refused", "other_content"),
        ("applied", "document_replaced"),
    ]
    assert [(each.title, each.status) for each in papers.filed()] == [
        ("Lettre", "superseded"),
        ("Autre lettre", "current"),
    ]


def report(person, content, control_id, **changes):
    """A paper of biology, known by the number of its request."""
    return papers.oru(person, content, control_id=control_id, subtype="PDF", **changes)


def test_a_paper_corrected_under_its_own_number_takes_the_place_of_the_one_before(hospital, claire):
    first, corrected, again = letters.PDF, letters.PDF + b"% corrected", letters.PDF + b"% again"
    send(hospital, report(claire, first, "D1"))
    send(hospital, report(claire, corrected, "D2", status="C"))
    send(hospital, report(claire, first, "D3"))
    send(hospital, report(claire, again, "D4", status="D"))
    send(hospital, report(claire, again, "D5"))

    before, after = papers.filed()
    assert (before.status, after.status) == ("entered-in-error", "entered-in-error")
    assert (after.set_id, after.version, papers.content(after)) == (before.set_id, 2, corrected)
    assert [outcome for _, outcome in wire.states()] == [
        "document_filed",
        "document_replaced",
        "document_known",
        "document_withdrawn",
        "document_known",
    ]


@pytest.mark.parametrize("spelling", ["MODIF_CONF_CODE", "MODIF_CONFIDENTIALITYCODE"])
def test_a_document_sent_again_to_be_read_by_others_is(cast, hospital, claire, spelling):
    """First kept from the patient, until she was told."""
    send(hospital, papers.oru(claire, papers.letter(claire), told={"INVISIBLE_PATIENT": "Y"}))
    shown = {"INVISIBLE_PATIENT": "N", spelling: "Y"}
    send(hospital, papers.oru(claire, papers.letter(claire), told=shown, control_id="D2"))
    send(hospital, papers.oru(claire, papers.letter(claire), told=shown, control_id="D3"))

    before, after = papers.filed()
    assert [(each.status, each.hidden_from_patient) for each in (before, after)] == [
        ("superseded", True),
        ("current", False),
    ]
    assert reads(cast.madeleine, cast.madeleine_record, after)
    assert not reads(cast.madeleine, cast.madeleine_record, before)
    assert not reads(cast.brun, cast.madeleine_record, after)
    assert [outcome for _, outcome in wire.states()][1:] == ["document_replaced", "document_known"]


@pytest.mark.parametrize(
    ("told", "kept_from"),
    [
        ({"INVISIBLE_PATIENT": "Y"}, {"madeleine"}),
        ({"MASQUE_PS": "Y"}, {"amar", "ines", "madeleine"}),
    ],
)
@pytest.mark.parametrize("act", ["visibility", "replaced"])
def test_what_its_sender_hides_since_is_read_in_no_version_before(
    cast, hospital, claire, told, kept_from, act
):
    first = papers.letter(claire)
    send(hospital, papers.oru(claire, first))
    if act == "visibility":
        send(hospital, papers.oru(claire, first, told=told | {"MODIF_CONF_CODE": "Y"}, control_id="D2"))
    else:
        next_ = papers.letter(claire, "2", replaces="1.2.250.1.999.9.1")
        send(hospital, papers.mdm(claire, "T10", next_, told=told, control_id="D2"))

    before, after = papers.filed()
    assert (before.status, after.status, after.set_id) == ("superseded", "current", before.set_id)
    for name in ("amar", "ines", "madeleine"):
        may = name not in kept_from
        for version in (before, after):
            assert reads(cast.actors[name], cast.madeleine_record, version) is may, (name, version.version)
    with walls_down():
        facts = FeedItem.objects.filter(object_id__in=[before.pk, after.pk])
        assert {one.hidden_from_patient for one in facts} == {"INVISIBLE_PATIENT" in told}
        assert {one.private_to_id for one in facts} == {after.private_to_id}


def test_what_is_taken_back_is_opened_in_no_version_before(cast, hospital, claire):
    """It may be of somebody else: corrected, then deleted, its first words stayed."""
    send(hospital, papers.oru(claire, papers.letter(claire)))
    next_ = papers.letter(claire, "2", replaces="1.2.250.1.999.9.1")
    send(hospital, papers.mdm(claire, "T10", next_, control_id="D2"))
    send(hospital, papers.mdm(claire, "T04", next_, control_id="D3"))

    before, after = papers.filed()
    assert (
        before.withdrawn_reason == after.withdrawn_reason == "Retiré par la structure qui l’avait transmis."
    )
    for name in ("amar", "ines", "madeleine"):
        with rls.acting(cast.actors[name]):
            open_record(cast.actors[name], cast.madeleine_record.pk)
            opened = access.list(cast.actors[name], DOCUMENT_OPEN, DocumentReference)
            assert not opened.filter(pk__in=[before.pk, after.pk]).exists()
    with walls_down():
        assert not FeedItem.objects.filter(object_id__in=[before.pk, after.pk]).exists()


def test_the_letter_of_a_secret_stay_is_read_by_nobody_who_does_not_know_of_the_stay(
    cast, hospital, claire, madeleine
):
    """The sender asks nothing of the letter itself: PV1-19 says which stay it tells of."""
    parts = PV1.split("|")
    parts[16] = "Y"
    stay = wire.stamped("A01", pid=madeleine, pv1="|".join(parts))
    letter = papers.mdm(claire, "T02", papers.letter(claire)).replace(b"PV1|1|N", PV1.encode())

    assert send(hospital, stay, letter) == ["AA", "AA"]
    wire.apply()

    (document,) = papers.filed()
    assert document.private_to_id == hospital.organization_id
    assert not reads(cast.amar, cast.madeleine_record, document)


def test_the_letter_of_an_ordinary_stay_is_the_circle_s(cast, hospital, claire, madeleine):
    letter = papers.mdm(claire, "T02", papers.letter(claire)).replace(b"PV1|1|N", PV1.encode())

    send(hospital, wire.stamped("A01", pid=madeleine), letter)
    wire.apply()

    assert reads(cast.amar, cast.madeleine_record, papers.filed()[0])


def test_a_code_outside_its_list_is_said_on_the_message_and_never_loses_the_document(cast, hospital, claire):
    doctor = lists.svs(("G15_10/SM05", "Cardiologue"))
    load_set(Actor.job("tests"), content=doctor, file_name="j01.xml")

    send(hospital, papers.oru(claire, papers.letter(claire)))

    assert wire.states() == [("applied", "document_filed")]
    with walls_down():
        assert "code-not-listed J01-XDSAUTHORSPECIALTY" in InboundMessage.objects.get().remarks

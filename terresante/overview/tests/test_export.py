"""A copy of the whole record: what each one's pages show him, and nothing else."""

import io
import json
import tracemalloc
import zipfile
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha1, sha256
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.utils import timezone
from fhir.resources.R4B.bundle import Bundle

from terresante.care_team import actions as circle
from terresante.care_team.enums import Confidentiality, DataClass
from terresante.care_team.models import CareTeamParticipant
from terresante.documents.actions import withdraw_document
from terresante.documents.enums import DocumentType
from terresante.documents.models import DocumentReference
from terresante.documents.own_actions import OwnDocument, file_own_document
from terresante.documents.tests.factories import filed, received
from terresante.health_record.actions import judge_line
from terresante.health_record.enums import MeasureCode, Verification
from terresante.health_record.models import AllergyIntolerance
from terresante.health_record.said import SaidMeasure
from terresante.health_record.tests.factories import added, allergy, declared, each_kind
from terresante.kernel.errors import Invalid, NotFound, Refused
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry, StoredFile
from terresante.notes.actions import amend_note, withdraw_media
from terresante.notes.models import Note
from terresante.notes.tests.factories import published, with_photos
from terresante.overview import actions
from terresante.overview.enums import ExportForm, ExportReason
from terresante.overview.export import Export
from terresante.overview.paper import printed
from terresante.patients.enums import IdentityStatus
from terresante.patients.models import Patient
from terresante.stays.tests.reports import Hospital, movement
from tests.cast import login
from tests.walls import walls_down

pytestmark = [pytest.mark.commits, pytest.mark.usefixtures("files_of_the_test")]
READERS = ("amar", "ines", "colin", "madeleine")


def url(record, rest="copie/"):
    return f"/dossiers/{record.pk}/{rest}"


def taken_out(client, actor, record, form="fhir") -> bytes:
    login(client, actor)
    answer = client.post(url(record), {"form": form, "reason": "request"})
    assert answer.status_code == 200, actor.name
    return b"".join(answer.streaming_content)


def opened(content: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(files.pop("bundle.json")), files


def of(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def settle(cast) -> None:
    """At every level, of every class, with photographs, an answer, a correction, and what was withdrawn."""
    record = cast.madeleine_record
    for data_class, author in (
        (DataClass.MEDICAL, cast.amar),
        (DataClass.CARE, cast.ines),
        (DataClass.SOCIAL, cast.colin),
    ):
        for level in (
            Confidentiality.MYSELF,
            Confidentiality.STRUCTURE,
            Confidentiality.CIRCLE,
            Confidentiality.CIRCLE_AND_PATIENT,
        ):
            note = published(author, record, f"{data_class} {level}", data_class=data_class, level=level)
            published(author, record, "réponse", data_class=data_class, in_reply_to_id=note.pk)
    for level in (Confidentiality.MYSELF, Confidentiality.CIRCLE, Confidentiality.CIRCLE_AND_PATIENT):
        filed(cast.amar, record, f"Document {level}", level=level)
    withdraw_document(
        cast.amar, record.pk, filed(cast.amar, record, "Par erreur").pk, reason="autre personne"
    )
    with walls_down():
        letter = DocumentReference.objects.get(title=f"Document {Confidentiality.CIRCLE_AND_PATIENT}")
        sent = {"author": None, "author_name": "", "author_role": "", "sender_identifier": "2.999.1"}
        _copy(letter, title="Envoyé par l’hôpital", set_id=new_id(), **sent).save(force_insert=True)
    note = with_photos(cast.amar, record, "Deux photos", number=2)
    withdraw_media(cast.amar, record.pk, note.pk, note.media.all()[0].pk)
    amend_note(cast.amar, record.pk, note.pk, text="Corrigée", seen=None)


def test_a_copy_that_is_fetched_slowly_keeps_no_connection(client, cast):
    settle(cast)
    login(client, cast.amar)

    answer = client.post(url(cast.madeleine_record), {"form": "fhir", "reason": "request"})

    assert {connection.connection is not None for _ in answer.streaming_content} == {False}


@pytest.mark.parametrize("reader", READERS)
def test_the_copy_holds_exactly_what_the_pages_of_its_reader_show(client, cast, reader):
    settle(cast)
    bundle, files = opened(taken_out(client, cast.actors[reader], cast.madeleine_record))

    written = {row["id"] for row in of(bundle, "DocumentReference")}
    with walls_down():
        notes, documents = list(Note.objects.all()), list(DocumentReference.objects.all())
    for rows, place in ((notes, "notes"), (documents, "documents")):
        for row in rows:
            page = client.get(url(cast.madeleine_record, f"{place}/{row.pk}/"))
            assert (str(row.pk) in written) == (page.status_code == 200), (reader, row)
    for row in documents:
        got = client.get(url(cast.madeleine_record, f"documents/{row.pk}/telecharger/")).status_code == 200
        assert any(sha256(content).hexdigest() == row.sha256 for content in files.values()) == got
    paper = json.dumps(printed(Export(cast.actors[reader], cast.madeleine_record.pk)), ensure_ascii=False)
    for row in notes:
        if row.text != "réponse":
            assert (row.text in paper) == (str(row.pk) in written), (reader, row.text)
    for row in documents:
        assert (row.title in paper) == (str(row.pk) in written)


def test_the_copy_of_a_circle_names_only_the_members_its_reader_sees(client, cast):
    bundle, _ = opened(taken_out(client, cast.ines, cast.madeleine_record))
    page = client.get(url(cast.madeleine_record, "cercle/")).content.decode()
    (team,) = of(bundle, "CareTeam")
    names = [one["member"]["display"].split()[-1] for one in team["participant"]]
    assert names and all(name in page for name in names)


@pytest.mark.parametrize("reader", READERS)
def test_the_bundle_is_one_of_r4_and_its_references_are_in_it(client, cast, reader):
    """R4B differs from R4 in none of these resources (hl7.org/fhir/R4B/history.html)."""
    settle(cast)
    bundle, files = opened(taken_out(client, cast.actors[reader], cast.madeleine_record))

    Bundle.model_validate(bundle)
    names = {entry["fullUrl"] for entry in bundle["entry"]}
    assert len(names) == len(bundle["entry"])
    text = json.dumps(bundle)
    told = {part.split('"')[0] for part in text.split('"reference": "')[1:]}
    assert told and told <= names
    attached = [
        content["attachment"] for row in of(bundle, "DocumentReference") for content in row["content"]
    ]
    assert {one["url"] for one in attached if "url" in one} == set(files) - {"LISEZ-MOI.txt"}
    for one in attached:
        if "url" in one:
            content = files[one["url"]]
            assert (
                one["size"] == len(content)
                and b64decode(one["hash"]) == sha1(content, usedforsecurity=False).digest()
            )


def test_a_note_keeps_its_words_its_correction_its_answer_and_its_photographs(client, cast):
    settle(cast)
    bundle, _ = opened(taken_out(client, cast.amar, cast.madeleine_record))
    rows = {row["id"]: row for row in of(bundle, "DocumentReference")}
    (note,) = (row for row in rows.values() if row.get("docStatus") == "amended")
    words, gone, photo = (one["attachment"] for one in note["content"])
    assert b64decode(words["data"]).decode() == "Corrigée" and "url" not in gone and photo["url"]
    (earlier,) = (one["target"]["reference"][-36:] for one in note["relatesTo"])
    assert rows[earlier]["status"] == "superseded"
    assert b64decode(rows[earlier]["content"][0]["attachment"]["data"]).decode() == "Deux photos"
    told = {
        (key, one["target"]["reference"][-36:])
        for key, row in rows.items()
        for one in row.get("relatesTo", [])
        if one["code"] == "appends"
    }
    with walls_down():
        answers = Note.objects.exclude(in_reply_to=None).values_list("pk", "in_reply_to_id")
        every = {(str(key), str(answered)) for key, answered in answers}
    assert told and told == {(key, answered) for key, answered in every if {key, answered} <= set(rows)}


def test_an_answer_to_what_one_does_not_read_answers_nothing(client, cast):
    secret = published(cast.amar, cast.madeleine_record, "à soi", level=Confidentiality.MYSELF)
    published(cast.amar, cast.madeleine_record, "suite", in_reply_to_id=secret.pk)
    content = taken_out(client, cast.ines, cast.madeleine_record)
    bundle, _ = opened(content)
    (row,) = of(bundle, "DocumentReference")
    assert "relatesTo" not in row and str(secret.pk) not in json.dumps(bundle)


def test_the_national_number_goes_out_of_a_qualified_identity_alone(client, cast):
    number = {"ins": "258047808705112", "ins_oid": "1.2.250.1.213.1.4.10"}
    for status, told in ((IdentityStatus.VALIDATED, False), (IdentityStatus.QUALIFIED, True)):
        with walls_down():
            Patient.objects.filter(pk=cast.madeleine_record.patient_id).update(
                identity_status=status, **number
            )
        bundle, _ = opened(taken_out(client, cast.amar, cast.madeleine_record))
        (person,) = of(bundle, "Patient")
        assert ("identifier" in person) == told and (number["ins"] in json.dumps(bundle)) == told


def test_who_is_elsewhere_left_or_came_in_an_emergency_takes_nothing_out(client, cast):
    login(client, cast.brun)
    assert client.get(url(cast.madeleine_record)).status_code == 404
    assert client.post(url(cast.madeleine_record), {"form": "fhir", "reason": "request"}).status_code == 404
    taken_out(client, cast.brun, cast.leon_record)
    reason = "inconsciente, traitement inconnu"
    circle.open_in_emergency(cast.brun, cast.madeleine_record.patient_id, reason=reason)
    login(client, cast.brun)
    assert client.get(url(cast.madeleine_record, "notes/")).status_code == 200
    for form in ("fhir", "pdf"):
        answer = client.post(url(cast.madeleine_record), {"form": form, "reason": "request"})
        assert answer.status_code == 403
    with walls_down():
        done = AuditEntry.objects.filter(action="record.export", outcome="done")
        assert not done.filter(patient_id=cast.madeleine_record.patient_id).exists()


def test_a_professional_says_why_and_the_trail_keeps_it(client, cast):
    login(client, cast.ines)
    answer = client.post(url(cast.madeleine_record), {"form": "pdf"})
    assert answer.status_code == 422 and "Dites pourquoi" in answer.content.decode()
    with pytest.raises(Invalid):
        actions.take_out(cast.ines, cast.madeleine_record.pk, form=ExportForm.FHIR)
    taken_out(client, cast.ines, cast.madeleine_record)
    taken_out(client, cast.madeleine, cast.madeleine_record)
    with walls_down():
        lines = AuditEntry.objects.filter(
            action="record.export", outcome="done", object_type="patients.carerecord"
        )
        said = {line.user_id: line.detail for line in lines if line.detail}
    login(client, cast.madeleine)
    assert "a sorti une copie de votre dossier" in client.get("/mon-dossier/acces/").content.decode()
    assert said[cast.ines.user_id] == {"form": "fhir", "reason": "request"}
    assert said[cast.madeleine.user_id] == {"form": "fhir", "reason": "own"}


def test_an_access_that_ends_while_the_copy_leaves_cuts_it(cast):
    for number in range(3):
        published(cast.amar, cast.madeleine_record, f"Note {number}")
    filed(cast.amar, cast.madeleine_record)
    pieces = actions.take_out(
        cast.ines, cast.madeleine_record.pk, form=ExportForm.FHIR, reason=ExportReason.REQUEST
    )
    next(pieces)
    with walls_down():
        member = CareTeamParticipant.objects.get(
            record=cast.madeleine_record, practitioner_id=cast.ines.person_id
        )
    circle.remove_member(cast.amar, cast.madeleine_record.pk, member.pk)
    with pytest.raises((NotFound, Refused)):
        list(pieces)


def test_no_transaction_is_open_while_a_piece_waits_to_be_sent(cast):
    published(cast.amar, cast.madeleine_record)
    filed(cast.amar, cast.madeleine_record)
    pieces = actions.take_out(
        cast.amar, cast.madeleine_record.pk, form=ExportForm.FHIR, reason=ExportReason.MOVE
    )
    assert all(not connection.in_atomic_block for _ in pieces)


def test_a_file_that_is_lost_is_said_and_the_rest_goes_out(client, cast):
    filed(cast.amar, cast.madeleine_record, "Perdu")
    kept = filed(cast.amar, cast.madeleine_record, "Gardé")
    with walls_down():
        lost = DocumentReference.objects.get(title="Perdu")
        storages["files"].delete(StoredFile.objects.get(pk=lost.file_id).name)
    _, files = opened(taken_out(client, cast.amar, cast.madeleine_record))
    assert "documents/0001-perdu.pdf.illisible.txt" in files
    assert sha256(files["documents/0002-garde.pdf"]).hexdigest() == kept.sha256


def test_a_large_record_goes_out_in_flat_memory(cast):
    record = cast.madeleine_record
    published(cast.amar, record, "x" * 5000)
    with walls_down():
        first = Note.objects.get()
        Note.objects.bulk_create(
            [_copy(first) for _ in range(1500)],
        )
    export = Export(cast.amar, record.pk)
    size = sum(len(piece) for piece in export.bundle([]))
    tracemalloc.start()
    for _ in export.archive():
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 9_000_000 and peak < 4_000_000


def _copy(row: Any, **changes: Any) -> Any:
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    if "author" in changes:
        del values["author_id"]
    return type(row)(**{**values, "id": new_id(), **changes})


def test_the_pdf_is_a_pdf_with_all_of_it(client, cast):
    settle(cast)
    content = taken_out(client, cast.amar, cast.madeleine_record, "pdf")
    assert content.startswith(b"%PDF-") and b"pdfaid" in content


def test_the_person_finds_it_in_her_space(client, cast):
    login(client, cast.madeleine)
    page = client.get("/mon-dossier/copie/").content.decode()
    assert page.count(f'action="{url(cast.madeleine_record)}"') == 2
    login(client, cast.amar)
    assert client.get("/mon-dossier/copie/").status_code == 403


def test_the_health_goes_out_as_its_resources_with_who_said_it_and_as_far_as_each_reads_it(client, cast):
    record = cast.madeleine_record
    for said in each_kind():
        added(cast.amar, record, said)
    pressure = SaidMeasure(
        code=MeasureCode.BLOOD_PRESSURE,
        value=Decimal(128),
        low_value=Decimal(75),
        effective_at=timezone.now(),
    )
    added(cast.ines, record, pressure)
    added(cast.amar, record, allergy("Iode"), level=Confidentiality.MYSELF)
    declared(cast.madeleine, record, allergy("Arachide"))
    mistaken = added(cast.amar, record, allergy("Latex"))
    judge_line(
        cast.amar,
        record.pk,
        mistaken.pk,
        model=AllergyIntolerance,
        verdict=Verification.ENTERED_IN_ERROR,
        reason="Autre patient",
    )

    bundle, _ = opened(taken_out(client, cast.ines, record))

    Bundle.model_validate(bundle)
    allergies = {one["code"]["text"]: one for one in of(bundle, "AllergyIntolerance")}
    assert set(allergies) == {"Pénicilline", "Arachide", "Latex"}
    status = {name: one["verificationStatus"]["coding"][0]["code"] for name, one in sorted(allergies.items())}
    assert status == {"Pénicilline": "confirmed", "Arachide": "unconfirmed", "Latex": "entered-in-error"}
    assert "clinicalStatus" not in allergies["Latex"] and allergies["Arachide"]["asserter"]["reference"]
    measured = {one["code"]["coding"][0]["code"]: one for one in of(bundle, "Observation")}
    assert measured["29463-7"]["valueQuantity"]["code"] == "kg"
    assert [part["valueQuantity"]["value"] for part in measured["85354-9"]["component"]] == [128, 75]
    assert len(of(bundle, "Condition")) == len(of(bundle, "Immunization")) == len(of(bundle, "Consent")) == 1
    paper = json.dumps(printed(Export(cast.ines, record.pk)), ensure_ascii=False)
    assert "Pénicilline" in paper and "128/75" in paper and "Iode" not in paper
    bundle, _ = opened(taken_out(client, cast.colin, record))
    assert {one["code"]["text"] for one in of(bundle, "AllergyIntolerance")} == set(allergies)


def test_who_reads_no_medical_data_takes_out_none_of_the_health(client, cast):
    for said in each_kind():
        added(cast.amar, cast.madeleine_record, said)

    bundle, _ = opened(taken_out(client, cast.samira, cast.madeleine_record))

    kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert not kinds & {"AllergyIntolerance", "Condition", "Immunization", "Consent", "Observation"}


def test_what_she_filed_herself_is_signed_by_her_name_in_the_copy(client, cast):
    document = OwnDocument(
        received=received(cast.madeleine),
        type=DocumentType.OWN_IMAGING,
        title="Mon scanner",
        dated_on=timezone.localdate(),
        kept=False,
    )
    file_own_document(cast.madeleine, cast.madeleine_record.pk, document=document)

    for reader in (cast.madeleine, cast.amar):
        bundle, files = opened(taken_out(client, reader, cast.madeleine_record))
        Bundle.model_validate(bundle)
        (own,) = of(bundle, "DocumentReference")
        assert cast.madeleine.name in own["author"][0]["display"] and "custodian" not in own
        assert any(name.startswith("documents/") for name in files)


def test_the_paper_says_who_wrote_as_the_screens_do(cast):
    record, role = cast.madeleine_record, cast.amar.role_label.lower()
    published(cast.amar, record, level=Confidentiality.CIRCLE_AND_PATIENT)
    added(cast.amar, record, allergy("Iode"))
    declared(cast.madeleine, record, allergy("Arachide"))

    told, hers = (printed(Export(reader, record.pk)) for reader in (cast.amar, cast.madeleine))

    assert told["foot"].startswith(f"Sortie par {cast.amar.name}, {role}, {cast.amar.organization_name}. ")
    assert hers["foot"].startswith(f"Sortie par {cast.madeleine.name}. ")
    assert told["notes"][0]["title"] == f"{cast.amar.name}, {role}, {cast.amar.organization_name}"
    said = {one["title"].partition(" : ")[2]: one["meta"] for one in told["health"]}
    assert f"dit par {cast.amar.name}, {role} ·" in said["Iode"]
    assert "dit par la personne ·" in said["Arachide"]


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (None, "depuis le 3\u00a0mars 2026"),
        (4, "le 3\u00a0mars 2026"),
        (48, "du 3\u00a0mars 2026 au 5\u00a0mars 2026"),
    ],
)
def test_the_paper_says_the_days_of_a_stay(cast, hours, said):
    hospital, began = Hospital(cast.madeleine_record), datetime(2026, 3, 3, 9, tzinfo=UTC)
    moved = [("admission", began)] + ([("discharge", began + timedelta(hours=hours))] if hours else [])
    for kind, at in moved:
        hospital.reports(movement(kind, occurred_at=at, recorded_at=at), now=at)

    (stay,) = printed(Export(cast.amar, cast.madeleine_record.pk))["stays"]

    assert stay["meta"].endswith(said) and ("du" in stay["meta"].split()) == (hours == 48)

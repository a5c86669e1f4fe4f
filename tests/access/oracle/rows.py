"""How a row with limits is made, for each model that has them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.care_plans.enums import PROGRAMME_CLASSES
from terresante.care_plans.models import Inclusion, PlannedStep
from terresante.care_plans.tests.factories import row_in_programme, row_of_step
from terresante.care_team.enums import DataClass
from terresante.directory.models import Practitioner
from terresante.documents.enums import CLASS_OF
from terresante.documents.models import DocumentReference
from terresante.feed.enums import FeedKind
from terresante.feed.models import FeedItem
from terresante.health_record.access import MODELS
from terresante.health_record.enums import OfferedKind
from terresante.health_record.models import HealthLine, OfferedLine
from terresante.health_record.offers import sameness, told
from terresante.health_record.said import SaidTreatment
from terresante.health_record.tests.factories import row_of
from terresante.kernel.files import vault
from terresante.kernel.ids import new_id
from terresante.notes.enums import NOTE_CLASSES, MediaKind
from terresante.notes.models import Note, NoteMedia
from terresante.patients.models import CareRecord, IdentityDomain, Patient, SourceIdentity
from terresante.questionnaires.enums import PATHWAY_CLASSES
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.questionnaires.tests.factories import stored_response
from terresante.results.models import DiagnosticReport, LabObservation
from terresante.stays.enums import EncounterStatus, MovementKind
from terresante.stays.models import Encounter, EncounterMovement
from terresante.telemonitoring.models import FollowUp
from terresante.telemonitoring.tests.factories import stored_follow_up


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a row about a patient carries, in the platform's own keys."""

    patient_id: UUID
    record_id: UUID
    data_class: str
    private_to_id: UUID | None
    hidden: bool
    hidden_from_relatives: bool = False
    private_to_person_id: UUID | None = None
    sector: str = ""
    restricted_to_id: UUID | None = None
    author: Practitioner
    organization_id: UUID
    row: int
    marker: str

    @property
    def kept(self) -> dict[str, Any]:
        return {
            "private_to_id": self.private_to_id,
            "private_to_person_id": self.private_to_person_id,
            "hidden_from_patient": self.hidden,
            "hidden_from_representative": self.hidden_from_relatives,
            "data_class": self.data_class,
            "sector": self.sector,
            "restricted_to_id": self.restricted_to_id,
        }


def fact(limits: Limits) -> FeedItem:
    return FeedItem.objects.create(
        patient_id=limits.patient_id,
        kind=FeedKind.values[0],
        object_id=new_id(),
        occurred_at=timezone.now(),
        **limits.kept,
    )


def note(limits: Limits) -> Note | None:
    if limits.data_class not in NOTE_CLASSES:
        return None
    written = Note.objects.create(
        patient_id=limits.patient_id,
        record_id=limits.record_id,
        author=limits.author,
        author_name="Camille",
        author_role="Médecin",
        organization_id=limits.organization_id,
        organization_name="Structure",
        text=limits.marker,
        written_at=timezone.now(),
        **limits.kept,
    )
    photo(written, limits.marker)
    return written


def photo(written: Note, words: str) -> NoteMedia:
    """Of a note, with a file that is there to be given."""
    file = vault.register()
    stored = vault.put(file, BytesIO(words.encode()))
    vault.keep(file.pk)
    return NoteMedia.objects.create(
        patient_id=written.patient_id,
        note=written,
        number=1,
        kind=MediaKind.PHOTO,
        alt=words,
        file=file,
        small=file,
        media_type="image/jpeg",
        size=stored.size,
        small_size=stored.size,
        sha256=stored.sha256,
        sha1=stored.sha1,
        width=8,
        height=8,
    )


def document(limits: Limits) -> DocumentReference | None:
    """Of some type of that class, with a file that is there to be given."""
    kind = next((kind for kind, name in CLASS_OF.items() if name == limits.data_class), None)
    if kind is None:
        return None
    file = vault.register()
    stored = vault.put(file, BytesIO(limits.marker.encode()))
    vault.keep(file.pk)
    key = new_id()
    filed = DocumentReference.objects.create(
        id=key,
        set_id=key,
        patient_id=limits.patient_id,
        record_id=limits.record_id,
        type=kind,
        title=limits.marker,
        dated_on=timezone.localdate(),
        author=limits.author,
        author_name="Camille",
        author_role="Médecin",
        organization_id=limits.organization_id,
        organization_name="Structure",
        file=file,
        file_name="essai.txt",
        media_type="text/plain",
        size=stored.size,
        sha256=stored.sha256,
        sha1=stored.sha1,
        **limits.kept,
    )
    offer(filed, limits.marker)
    return filed


def offer(document: DocumentReference, words: str) -> OfferedLine:
    """Of a document, as one that was received makes it."""
    said = SaidTreatment(drug=words)
    return OfferedLine.objects.create(
        patient_id=document.patient_id,
        record_id=document.record_id,
        document=document,
        kind=OfferedKind.TREATMENT,
        said=told(said),
        sameness=sameness(said),
        number=1,
    )


def health(model: type[HealthLine]) -> Callable[[Limits], HealthLine | None]:
    """A line of health, whose class is medical and no other."""

    def line(limits: Limits) -> HealthLine | None:
        if limits.data_class != DataClass.MEDICAL:
            return None
        key = new_id()
        return model._default_manager.create(
            id=key,
            set_id=key,
            patient_id=limits.patient_id,
            record_id=limits.record_id,
            author=limits.author,
            organization_id=limits.organization_id,
            **row_of(model, limits.marker),
            **limits.kept,
        )

    return line


def report(limits: Limits) -> DiagnosticReport | None:
    """As it comes without a document, with its one result; what a document adds to it is tried in interop's tests."""
    if limits.data_class != DataClass.MEDICAL:
        return None
    filed = DiagnosticReport.objects.create(
        patient_id=limits.patient_id,
        record_id=limits.record_id,
        organization_id=limits.organization_id,
        organization_name="Structure",
        laboratory=limits.marker,
        effective_at=timezone.now(),
        sender_identifier=str(limits.row),
        chapters="Biochimie",
        total=1,
        out_of_range=0,
        **limits.kept,
    )
    LabObservation.objects.create(
        patient_id=limits.patient_id,
        record_id=limits.record_id,
        report=filed,
        position=1,
        label=limits.marker,
        analyte=f"loinc {limits.row}",
        text="98",
        effective_at=timezone.now(),
    )
    return filed


def response(limits: Limits) -> QuestionnaireResponse | None:
    """A form that a professional filled in; its pathway's class is of no consequence, the row's own is."""
    if limits.data_class not in PATHWAY_CLASSES:
        return None
    return stored_response(
        limits.patient_id,
        limits.record_id,
        author=limits.author,
        organization_id=limits.organization_id,
        respondent_name=limits.marker,
        **limits.kept,
    )


def inclusion(limits: Limits) -> Inclusion | None:
    """In a programme of its own, with what hangs on it."""
    if limits.data_class not in PROGRAMME_CLASSES:
        return None
    return row_in_programme(
        Patient.objects.get(pk=limits.patient_id),
        CareRecord.objects.get(pk=limits.record_id),
        organization_id=limits.organization_id,
        author=limits.author,
        title=limits.marker,
        reference=_reference(limits),
        **limits.kept,
    )


def follow_up(limits: Limits) -> FollowUp | None:
    if limits.data_class not in PATHWAY_CLASSES:
        return None
    return stored_follow_up(limits.patient_id, limits.record_id, limits.organization_id, **limits.kept)


def planned_step(limits: Limits) -> PlannedStep | None:
    """Of the inclusion that the same row has just made."""
    included = Inclusion.objects.filter(reference=_reference(limits)).first()
    return row_of_step(included, limits.marker, **limits.kept) if included else None


def _reference(limits: Limits) -> str:
    """Several worlds may stand in the database."""
    return f"{limits.record_id.hex[-8:]}{limits.row % 10_000}"


def stay(limits: Limits) -> Encounter:
    return Encounter.objects.create(
        patient_id=limits.patient_id,
        record_id=limits.record_id,
        source_identity=_identity_of_nobody(limits.patient_id),
        organization_id=limits.organization_id,
        visit_number=str(limits.row),
        status=EncounterStatus.FINISHED,
        started_at=timezone.now() - timedelta(days=2),
        ended_at=timezone.now() - timedelta(days=1),
        unit_name=limits.marker,
        **limits.kept,
    )


def movement(limits: Limits) -> EncounterMovement:
    """Of the stay that the same row has just made."""
    return EncounterMovement.objects.create(
        encounter=Encounter.objects.get(organization_id=limits.organization_id, visit_number=str(limits.row)),
        patient_id=limits.patient_id,
        identifier=new_id().hex,
        family="stay",
        kind=MovementKind.values[0],
        trigger="A01",
        occurred_at=timezone.now(),
        recorded_at=timezone.now(),
        unit_name=limits.marker,
        message_id=new_id(),
        **limits.kept,
    )


def _identity_of_nobody(patient_id: UUID) -> SourceIdentity:
    """In a domain of no structure: it opens the record to no gateway."""
    domain, _ = IdentityDomain.objects.get_or_create(authority="urn:oid:1.2.3", defaults={"name": "IPP"})
    return SourceIdentity.objects.create(domain=domain, value=new_id().hex, patient_id=patient_id)


# How a row with limits is made, for each model that has them; a test says which one is missing.
ROWS: dict[str, Callable[[Limits], Any]] = {
    "feed.FeedItem": fact,
    "notes.Note": note,
    "documents.DocumentReference": document,
    **{model._meta.label: health(model) for model in MODELS},
    "results.DiagnosticReport": report,
    "questionnaires.QuestionnaireResponse": response,
    "telemonitoring.FollowUp": follow_up,
    "care_plans.Inclusion": inclusion,
    "care_plans.PlannedStep": planned_step,
    "stays.Encounter": stay,
    "stays.EncounterMovement": movement,
}

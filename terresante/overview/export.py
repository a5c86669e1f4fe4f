"""A whole record taken out, as far as who takes it reads it: each row is asked by the rule that shows it on a page.

It is read while it is sent, in short transactions: nothing waits for a slow network, memory holds one batch, and an
access that ends meanwhile cuts the file.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.text import slugify

from terresante.care_plans.access import INCLUSION_READ
from terresante.care_plans.models import Inclusion, PlannedStep
from terresante.care_team.models import CareTeamParticipant
from terresante.care_team.queries import OpenRecord, circle_of, open_record, relatives_of
from terresante.documents.access import DOCUMENT_DOWNLOAD, DOCUMENT_READ
from terresante.documents.models import DocumentReference
from terresante.health_record.access import HEALTH_READ, MODELS
from terresante.health_record.models import HealthLine
from terresante.home_care.models import HomeAccess
from terresante.home_care.queries import access_in_force, lines_of
from terresante.kernel import access, rls
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.condition import among
from terresante.kernel.errors import NotFound
from terresante.kernel.files import vault
from terresante.kernel.files.kinds import EXTENSIONS, FileKind
from terresante.kernel.files.sounds import ENDS, SoundKind
from terresante.kernel.files.zipping import Member, zipped
from terresante.kernel.ui.wording import lowered
from terresante.notes.access import NOTE_MEDIA_DOWNLOAD, NOTE_READ
from terresante.notes.models import Note, NoteMedia, NoteVersion
from terresante.notes.queries import media_of
from terresante.overview import fhir, fhir_forms, fhir_health, fhir_plans, fhir_results
from terresante.overview.access import RECORD_EXPORT
from terresante.overview.fhir import Resource
from terresante.patients.models import RelatedPerson
from terresante.questionnaires.access import RESPONSE_READ
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.results.access import RESULT_READ
from terresante.results.enums import ResultKind
from terresante.results.models import DiagnosticReport, LabObservation
from terresante.stays.access import STAY_READ
from terresante.stays.models import Encounter

_BATCH = 100
_LOST = "Ce fichier n’est plus lisible sur le serveur : signalez-le à l’administrateur de la plateforme.\n"
M = TypeVar("M", bound=Model)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Whose:
    """Of whom it is, and around her, as this reader sees it."""

    opened: OpenRecord
    members: list[CareTeamParticipant]
    relatives: list[RelatedPerson]


@dataclass(frozen=True, slots=True)
class NoteTold:
    """A note with what its page shows; `answers` is the note it answers, when the reader reads that one."""

    note: Note
    media: tuple[NoteMedia, ...]
    versions: tuple[NoteVersion, ...]
    answers: UUID | None


@dataclass(frozen=True, slots=True)
class _File:
    """What stands beside the bundle; asked again, by its own rule, when its turn comes."""

    path: str
    of: type[DocumentReference] | type[NoteMedia]
    key: UUID
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Export:
    """One record for one reader. Raises NotFound or Refused, at any moment, once he may no longer take it out."""

    actor: Actor
    record_id: UUID
    at: datetime = field(default_factory=timezone.now)

    def whose(self) -> Whose:
        with self._reading() as opened:
            patient_id = opened.patient.pk
            _ = opened.tells_holder  # asked here, where the record is open
            return Whose(
                opened,
                list(circle_of(self.actor, patient_id)),
                list(relatives_of(self.actor, patient_id)),
            )

    def home(self) -> HomeAccess | None:
        with self._reading() as opened:
            return access_in_force(self.actor, opened.patient.pk)

    def stays(self) -> Iterator[Encounter]:
        return self._batches(STAY_READ, Encounter, "started_at", lambda rows: rows, "organization")

    def health(self) -> Iterator[HealthLine]:
        """Of each kind, the versions in force."""
        for model in MODELS:
            yield from self._batches(HEALTH_READ, model, "recorded_at", _in_force)

    def reports(self) -> Iterator[tuple[DiagnosticReport, list[LabObservation]]]:
        """Those in force, each with its results."""
        return self._batches(RESULT_READ, DiagnosticReport, "recorded_at", self._with_results, "document")

    def forms(self) -> Iterator[QuestionnaireResponse]:
        """Those that were sent."""
        return self._batches(RESPONSE_READ, QuestionnaireResponse, "authored_at", _sent)

    def programmes(self) -> Iterator[tuple[Inclusion, list[PlannedStep]]]:
        """Each with those of its steps that are read."""
        related = ("programme__organization",)
        return self._batches(INCLUSION_READ, Inclusion, "included_on", self._with_steps, *related)

    def notes(self) -> Iterator[NoteTold]:
        return self._batches(NOTE_READ, Note, "written_at", self._with_what_hangs, "author", "organization")

    def documents(self) -> Iterator[DocumentReference]:
        related = ("author", "organization")
        return self._batches(DOCUMENT_READ, DocumentReference, "recorded_at", lambda rows: rows, *related)

    def archive(self) -> Iterator[bytes]:
        """A zip: a word of explanation, `bundle.json` (FHIR R4, collection), then the files it names."""
        return zipped(self._members())

    def bundle(self, files: list[_File]) -> Iterator[bytes]:
        """Adds to `files` what stands beside it."""
        stamp = timezone.localtime(self.at).isoformat(timespec="seconds")
        head = json.dumps({"resourceType": "Bundle", "type": "collection", "timestamp": stamp})
        yield f'{head[:-1]}, "entry": ['.encode()
        separator = "\n"
        for resource in self._resources(files):
            entry = {"fullUrl": fhir.urn(UUID(resource["id"])), "resource": resource}
            yield (separator + json.dumps(entry, ensure_ascii=False)).encode()
            separator = ",\n"
        yield b"\n]}\n"

    @contextmanager
    def _reading(self) -> Iterator[OpenRecord]:
        """And keeps no connection while what was read goes out to a slow network."""
        try:
            with rls.acting(self.actor, read_only=True):
                yield open_record(self.actor, self.record_id, action=RECORD_EXPORT)
        finally:
            rls.let_go()

    def _batches(
        self,
        act: Action,
        model: type[M],
        order: str,
        told: Callable[[list[M]], Iterable[T]],
        *related: str,
    ) -> Iterator[T]:
        """Keys first, then their rows, each time by the rule: between two batches no transaction is open."""

        def asked(opened: OpenRecord) -> QuerySet[M]:
            rows = access.list(self.actor, act, model).filter(patient_id=opened.patient.pk)
            return rows.order_by(order, "pk")

        with self._reading() as opened:
            keys: list[UUID] = list(asked(opened).values_list("pk", flat=True))
        for some in _by(_BATCH, keys):
            with self._reading() as opened:
                rows = list(asked(opened).filter(among("id", some)).select_related(*related))
                found = list(told(rows))
            yield from found

    def _with_what_hangs(self, notes: list[Note]) -> Iterator[NoteTold]:
        patient_id, keys = notes[0].patient_id, [note.pk for note in notes]
        media = media_of(self.actor, patient_id, keys)
        versions: dict[UUID, tuple[NoteVersion, ...]] = {}
        earlier = access.list(self.actor, NOTE_READ, NoteVersion).filter(
            among("note_id", keys), patient_id=patient_id
        )
        for version in earlier.order_by("note_id", "number"):
            versions[version.note_id] = (*versions.get(version.note_id, ()), version)
        asked = [note.in_reply_to_id for note in notes if note.in_reply_to_id]
        read = access.list(self.actor, NOTE_READ, Note).filter(among("id", asked), patient_id=patient_id)
        answered = set(read.values_list("pk", flat=True))
        for note in notes:
            answers = note.in_reply_to_id if note.in_reply_to_id in answered else None
            yield NoteTold(note, media.get(note.pk, ()), versions.get(note.pk, ()), answers)

    def _with_results(
        self, reports: list[DiagnosticReport]
    ) -> Iterator[tuple[DiagnosticReport, list[LabObservation]]]:
        shown = [row for row in reports if row.is_shown and (row.document is None or row.document.is_current)]
        rows = access.list(self.actor, RESULT_READ, LabObservation).filter(
            among("report_id", [row.pk for row in shown])
        )
        # What a report recalls is a result of another one.
        rows = rows.exclude(kind=ResultKind.EARLIER)
        found: dict[UUID, list[LabObservation]] = {}
        for row in rows.select_related("report").order_by("position"):
            found.setdefault(row.report_id, []).append(row)
        yield from ((row, found.get(row.pk, [])) for row in shown)

    def _with_steps(self, inclusions: list[Inclusion]) -> Iterator[tuple[Inclusion, list[PlannedStep]]]:
        keys = [one.pk for one in inclusions]
        rows = access.list(self.actor, INCLUSION_READ, PlannedStep).filter(among("inclusion_id", keys))
        found: dict[UUID, list[PlannedStep]] = {}
        for step in rows.select_related("responsible").order_by("round", "position", "pk"):
            found.setdefault(step.inclusion_id, []).append(step)
        yield from ((one, found.get(one.pk, [])) for one in inclusions)

    def _resources(self, files: list[_File]) -> Iterator[Resource]:
        whose = self.whose()
        record, patient = whose.opened.record, whose.opened.patient
        holder = record.holder if whose.opened.tells_holder else None
        yield fhir.person(patient, whose.relatives)
        yield fhir.care_team(record, patient, whose.members, holder)
        home = self.home()
        if home is not None and (lines := lines_of(home)):
            yield fhir.home(home, patient, [f"{line.label} : {line.value}" for line in lines])
        yield from map(fhir.encounter, self.stays())
        yield from map(fhir_health.health_line, self.health())
        for report, results in self.reports():
            yield fhir_results.with_results(fhir_results.report(report), results)
            yield from map(fhir_results.result, results)
        yield from map(fhir_forms.response, self.forms())
        for inclusion, steps in self.programmes():
            yield from fhir_plans.resources(inclusion, steps)
        for told in self.notes():
            media = {one: _kept(files, _file_of_note(told.note, one)) for one in told.media}
            yield fhir.note(told.note, media, told.versions, answers=told.answers)
            yield from (fhir.earlier_note(version, told.note) for version in told.versions)
        for number, filed in enumerate(self.documents(), start=1):
            yield fhir.document(filed, _kept(files, _file_of_document(filed, number)))

    def _members(self) -> Iterator[Member]:
        files: list[_File] = []
        yield Member("LISEZ-MOI.txt", [_explained(self.actor, self.at).encode()], self.at, is_packed=True)
        yield Member("bundle.json", self.bundle(files), self.at, is_packed=True)
        for file in files:
            yield self._member(file)

    def _member(self, file: _File) -> Member:
        act = DOCUMENT_DOWNLOAD if file.of is DocumentReference else NOTE_MEDIA_DOWNLOAD
        with self._reading():
            row: Any = access.get(self.actor, act, file.of, file.key, related=("file",))
        try:
            return Member(file.path, vault.read(row.file, size=file.size), file.at)
        except NotFound:
            return Member(f"{file.path}.illisible.txt", [_LOST.encode()], file.at)


def _in_force(rows: list[HealthLine]) -> list[HealthLine]:
    return [row for row in rows if row.is_current]


def _sent(rows: list[QuestionnaireResponse]) -> list[QuestionnaireResponse]:
    return [row for row in rows if row.is_completed]


def _by(size: int, keys: list[UUID]) -> Iterator[list[UUID]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def _kept(files: list[_File], file: _File | None) -> str:
    if file is None:
        return ""
    files.append(file)
    return file.path


def _file_of_note(note: Note, media: NoteMedia) -> _File | None:
    if media.withdrawn_at is not None:
        return None
    day = timezone.localdate(note.written_at)
    path = f"notes/{day:%Y-%m-%d}-{note.pk.hex[-8:]}-{media.number}.{_end(media.media_type)}"
    return _File(path, NoteMedia, media.pk, media.size, media.recorded_at)


def _file_of_document(filed: DocumentReference, number: int) -> _File | None:
    if filed.is_withdrawn:
        return None
    title = slugify(filed.title)[:60] or "document"
    path = f"documents/{number:04}-{title}.{_end(filed.media_type)}"
    return _File(path, DocumentReference, filed.pk, filed.size, filed.recorded_at)


def _end(kind: str) -> str:
    return EXTENSIONS[FileKind(kind)][0] if kind in FileKind.values else ENDS[SoundKind(kind)]


def signed_by(actor: Actor) -> str:
    """« Dr Alice Georges, médecin, MSP du Parc »; of her own record, the name of the person alone."""
    role = "" if actor.kind == ActorKind.PATIENT else lowered(actor.role_label)
    return ", ".join(part for part in (actor.name, role, actor.organization_name) if part)


def _explained(actor: Actor, at: datetime) -> str:
    return _WORDS.format(at=timezone.localtime(at), signed=signed_by(actor))


_WORDS = """Dossier de coordination Terr-eSanté
Sorti le {at:%d/%m/%Y à %H:%M} par {signed}.

bundle.json    ce que cette personne lit du dossier, en FHIR R4 (identité, cercle, accès au domicile,
               séjours, santé, résultats, formulaires, programmes, notes, documents)
documents/     les fichiers des documents, sauf ceux qui ont été retirés
notes/         les photos et les messages vocaux joints aux notes

Ce que le dossier garde pour d’autres n’y est pas. Données de santé : secret professionnel (article L. 1110-4 du code de
la santé publique). Gardez ce fichier en lieu sûr, et effacez-le quand il ne sert plus.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet

from terresante.care_team.access import writes_class
from terresante.care_team.enums import DataClass
from terresante.care_team.queries.audience import Draft
from terresante.feed import queries as feed
from terresante.feed.enums import FeedKind
from terresante.kernel import access, compiled
from terresante.kernel.access import Reader
from terresante.kernel.actor import Actor
from terresante.kernel.ui import wording
from terresante.kernel.ui.frame import AudiencePanel, PersonRow
from terresante.notes.access import NOTE_READ
from terresante.notes.enums import NOTE_CLASSES
from terresante.notes.models import Note
from terresante.patients.enums import Sex
from terresante.patients.models import Patient

PER_PAGE = 20
# Beyond these a note is folded after its beginning.
FOLDED_FROM = 700
BEGINNING = 400
EXCERPT = 180
# Said whoever is in the circle: to say it only when somebody is kept from view would tell of him.
_END = (
    "Chaque lecture est tracée. Une note enregistrée reste au dossier avec votre signature. Un suivi que la personne"
    " garde pour elle (psychiatrie, addictologie) n’est pas nommé ici."
)


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note as it is listed; `rest` is what stands folded after the beginning of a long one."""

    note: Note
    is_unread: bool
    is_mine: bool
    beginning: str
    rest: str
    month: str = ""

    @property
    def excerpt(self) -> str:
        text = self.note.text
        return text if len(text) <= EXCERPT else f"{text[: EXCERPT - 1]}…"


@dataclass(frozen=True, slots=True)
class NotePage:
    lines: list[NoteLine]
    number: int
    total: int
    unread: int
    has_next: bool

    @property
    def first(self) -> int:
        return (self.number - 1) * PER_PAGE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1


def notes_of(actor: Actor, patient_id: UUID) -> QuerySet[Note]:
    """The latest first; the key only separates notes of one instant."""
    return access.list(actor, NOTE_READ, Note).filter(patient_id=patient_id).order_by("-written_at", "pk")


def note_page(actor: Actor, patient_id: UUID, *, only_unread: bool = False, number: int = 1) -> NotePage:
    """A page beyond the last one is the last one."""
    notes = notes_of(actor, patient_id)
    waiting = feed.unread(actor).filter(patient_id=patient_id, kind=FeedKind.NOTE)
    if only_unread:
        notes = notes.filter(pk__in=waiting.values("object_id"))
    page = Paginator(notes, PER_PAGE).get_page(number)
    return NotePage(
        lines=_lines(actor, _with_marks(actor, page.object_list)),
        number=page.number,
        total=page.paginator.count,
        unread=waiting.count(),
        has_next=page.has_next(),
    )


def recent_notes(actor: Actor, patient_id: UUID, *, most: int = 3) -> list[NoteLine]:
    return _lines(actor, _recent(actor, patient_id, most))


@compiled.rows
def _recent(actor: Actor, patient_id: UUID, most: int) -> QuerySet[Note]:
    return _with_marks(actor, notes_of(actor, patient_id)[:most])


def classes_written_by(actor: Actor) -> list[DataClass]:
    return [name for name in NOTE_CLASSES if writes_class(actor, name)]


def audience_panel(patient: Patient, draft: Draft) -> AudiencePanel:
    """« Qui verra ceci ? » in the words of the screen."""
    readers = access.audience(draft)
    relatives = [reader for reader in readers if reader.is_relative]
    members = [reader for reader in readers if reader.key != patient.pk and not reader.is_relative]
    seeing = sum(reader.reads for reader in members)
    head = f"{wording.count(seeing, 'membre', 'membres')} sur {len(members)}"
    others = ["la patiente" if patient.sex == Sex.FEMALE else "le patient"] * any(
        reader.reads for reader in readers if reader.key == patient.pk
    )
    if told := sum(reader.reads for reader in relatives):
        others.append(wording.count(told, "proche", "proches"))
    if others:
        head += f", et {' et '.join(others)}"
    return AudiencePanel(
        head_count=head,
        seen=tuple(_person(reader, patient) for reader in readers if reader.reads),
        hidden=tuple(_person(reader, patient) for reader in readers if not reader.reads),
        has_relatives=bool(relatives),
        end=_END,
    )


def _person(reader: Reader, patient: Patient) -> PersonRow:
    acts_for_person = reader.is_relative or reader.key == patient.pk
    shape = "organisation" if reader.is_group else "relative" if acts_for_person else "person"
    return PersonRow(
        name=reader.name,
        role=" · ".join(part for part in (reader.role, reader.reason) if part),
        initials=wording.initials(reader.name),
        shape=shape,
    )


def _with_marks(actor: Actor, notes: Any) -> QuerySet[Note]:
    told = feed.unread(actor).filter(
        patient_id=OuterRef("patient_id"), kind=FeedKind.NOTE, object_id=OuterRef("pk")
    )
    return notes.annotate(is_unread=Exists(told))  # type: ignore[no-any-return]  # a page of a queryset is one


def _lines(actor: Actor, notes: Iterable[Any]) -> list[NoteLine]:
    lines, month = [], ""
    for note in notes:
        beginning, rest = _folded(note.text)
        own_month = wording.month_title(note.written_at)
        lines.append(
            NoteLine(
                note=note,
                is_unread=note.is_unread,
                is_mine=note.author_id == actor.person_id,
                beginning=beginning,
                rest=rest,
                month=own_month if own_month != month else "",
            )
        )
        month = own_month
    return lines


def _folded(text: str) -> tuple[str, str]:
    """Cut between two words; a text without spaces is cut where it must be."""
    if len(text) <= FOLDED_FROM:
        return text, ""
    cut = max(text.rfind(" ", 0, BEGINNING), text.rfind("\n", 0, BEGINNING))
    cut = cut if cut > BEGINNING // 2 else BEGINNING
    return text[:cut], text[cut:]

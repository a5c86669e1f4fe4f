import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchHeadline, SearchVector
from django.core.paginator import Page as Pages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet

from terresante.care_team.access import writes_class
from terresante.care_team.enums import DataClass
from terresante.care_team.queries import panel
from terresante.care_team.queries.audience import Draft
from terresante.feed import queries as feed
from terresante.feed.enums import FeedKind
from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor
from terresante.kernel.condition import among
from terresante.kernel.ui import wording
from terresante.kernel.ui.frame import AudiencePanel
from terresante.kernel.ui.paging import most_counted
from terresante.kernel.words import FRENCH, said
from terresante.kernel.words import sought as words_sought
from terresante.notes.access import NOTE_READ, NOTE_STAR
from terresante.notes.enums import NOTE_CLASSES, NoteView
from terresante.notes.models import Note, NoteFavourite, NoteMedia, NoteVersion
from terresante.patients.models import Patient

PER_PAGE = 20
# Beyond these a note is folded after its beginning.
FOLDED_FROM = 700
BEGINNING = 400
EXCERPT = 180
# Around the words found: characters that nobody types.
_START, _STOP = "\x02", "\x03"
# Said whoever is in the circle: to say it only when somebody is kept from view would tell of him.
_END = (
    "Chaque lecture est tracée. Une note enregistrée reste au dossier avec votre signature. Un suivi que la personne"
    " garde pour elle (psychiatrie, addictologie) n’est pas nommé ici."
)


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note as it is listed; `rest` is what stands folded after the beginning of a long one; `found`, instead of both,
    the words that a search looked for (True) among those around them.
    """

    note: Note
    is_unread: bool
    is_mine: bool
    beginning: str
    rest: str
    month: str = ""
    is_starred: bool = False
    # The note it answers, when the reader reads that one too.
    answered: Note | None = None
    media: tuple[NoteMedia, ...] = ()
    found: tuple[tuple[str, bool], ...] = ()

    @property
    def excerpt(self) -> str:
        text = self.note.text
        return text if len(text) <= EXCERPT else f"{text[: EXCERPT - 1]}…"


@dataclass(frozen=True, slots=True)
class NotePage:
    """`total` is counted to `most`, where that is given."""

    lines: list[NoteLine]
    page: Pages[Any]
    total: int
    most: int | None
    unread: int


def notes_of(actor: Actor, patient_id: UUID) -> QuerySet[Note]:
    """The latest first; the key only separates notes of one instant."""
    return access.list(actor, NOTE_READ, Note, patient_id=patient_id).order_by("-written_at", "pk")


def note_page(
    actor: Actor, patient_id: UUID, *, view: NoteView = NoteView.RECENT, words: str = "", number: int = 1
) -> NotePage:
    """`words` are looked for in the text, all of them, whatever their accents and endings.

    A page beyond the last one is the last one. A search is counted whole, for it says how many notes it found.
    """
    sought = words_sought(words) if words else None
    # Of a long record a thousand may wait: their keys are asked by the tab that shows them alone.
    waiting = feed.unread_objects(actor, patient_id, FeedKind.NOTE) if view == NoteView.UNREAD else []
    most = None if words else most_counted(number, PER_PAGE)
    total = _how_many(actor, patient_id, view, sought, waiting, most)
    page = Paginator(range(total), PER_PAGE).get_page(number)
    notes = _listed(actor, patient_id, view, sought, waiting, page.number)
    return NotePage(
        lines=_illustrated(actor, patient_id, _answering(actor, patient_id, _lines(actor, notes))),
        page=page,
        total=total,
        most=most,
        unread=len(waiting)
        if view == NoteView.UNREAD
        else feed.unread_number(actor, patient_id, FeedKind.NOTE),
    )


@compiled.number
def _how_many(
    actor: Actor, patient_id: UUID, view: NoteView, sought: str | None, waiting: list[UUID], most: int | None
) -> QuerySet[Note]:
    return _chosen(actor, patient_id, view, sought, waiting).order_by()[:most]


@compiled.rows
def _listed(
    actor: Actor,
    patient_id: UUID,
    view: NoteView,
    sought: str | None,
    waiting: list[UUID],
    number: int,
) -> QuerySet[Note]:
    starred = Exists(_stars(actor, patient_id).filter(note_id=OuterRef("pk")))
    notes = _chosen(actor, patient_id, view, sought, waiting)
    notes = notes.annotate(is_starred=starred, is_unread=_is_told(actor, patient_id))
    notes = notes if sought is None else _with_words_around(notes, sought)
    return notes[(number - 1) * PER_PAGE : number * PER_PAGE]


def _chosen(
    actor: Actor, patient_id: UUID, view: NoteView, sought: str | None, waiting: list[UUID]
) -> QuerySet[Note]:
    """Those of a tab; of a search, those that say every word, each of which begins one of theirs."""
    notes = notes_of(actor, patient_id)
    if view == NoteView.UNREAD:
        notes = notes.filter(among("pk", waiting))
    if view == NoteView.FAVOURITES:
        notes = notes.filter(pk__in=_stars(actor, patient_id).values("note_id"))
    if sought is None:
        return notes
    return notes.alias(words=SearchVector("text", config=FRENCH)).filter(words=said(sought))


def _stars(actor: Actor, patient_id: UUID) -> QuerySet[NoteFavourite]:
    return access.list(actor, NOTE_STAR, NoteFavourite, patient_id=patient_id)


def recent_notes(actor: Actor, patient_id: UUID, *, most: int = 3) -> list[NoteLine]:
    return _lines(actor, _recent(actor, patient_id, most))


@compiled.rows
def _recent(actor: Actor, patient_id: UUID, most: int) -> QuerySet[Note]:
    return notes_of(actor, patient_id).annotate(is_unread=_is_told(actor, patient_id))[:most]


def _is_told(actor: Actor, patient_id: UUID) -> Exists:
    return Exists(feed.unread(actor, patient_id).filter(kind=FeedKind.NOTE, object_id=OuterRef("pk")))


def is_starred(actor: Actor, note: Note) -> bool:
    return access.list(actor, NOTE_STAR, NoteFavourite).filter(patient_id=note.patient_id, note=note).exists()


def versions_of(actor: Actor, note: Note) -> QuerySet[NoteVersion]:
    """What it said before each correction, the latest first."""
    earlier = access.list(actor, NOTE_READ, NoteVersion)
    return earlier.filter(patient_id=note.patient_id, note=note).order_by("-number")


def media_of(actor: Actor, patient_id: UUID, notes: Collection[UUID]) -> dict[UUID, tuple[NoteMedia, ...]]:
    """Photographs and recordings of these notes, withdrawn ones too, in the order of each."""
    found: dict[UUID, tuple[NoteMedia, ...]] = {}
    for row in _joined(actor, patient_id, list(notes)):
        found[row.note_id] = (*found.get(row.note_id, ()), row)
    return found


@compiled.rows
def _joined(actor: Actor, patient_id: UUID, notes: list[UUID]) -> QuerySet[NoteMedia]:
    rows = access.list(actor, NOTE_READ, NoteMedia, patient_id=patient_id)
    return rows.filter(among("note_id", notes)).order_by("note_id", "number")


def answers_to(actor: Actor, note: Note) -> QuerySet[Note]:
    """Those the actor reads, in the order they were written."""
    return notes_of(actor, note.patient_id).filter(in_reply_to=note).order_by("written_at", "pk")


def answered_by(actor: Actor, note: Note) -> Note | None:
    """The note it answers; None too when the actor does not read that one."""
    return note_answered(actor, note.patient_id, str(note.in_reply_to_id or ""))


def note_answered(actor: Actor, patient_id: UUID, key: str) -> Note | None:
    """The note of this patient that a text names, if the actor reads it."""
    try:
        return notes_of(actor, patient_id).filter(pk=UUID(key)).first()
    except ValueError:
        return None


def classes_written_by(actor: Actor) -> list[DataClass]:
    return [name for name in NOTE_CLASSES if writes_class(actor, name)]


def audience_panel(patient: Patient, draft: Draft) -> AudiencePanel:
    """« Qui verra ceci ? » in the words of the screen."""
    return panel.audience_panel(patient, draft, of="la note", end=_END)


def readers_said(patient: Patient, draft: Draft) -> str:
    """Of a note that has just been written."""
    return f"Note enregistrée. Peuvent la lire : {audience_panel(patient, draft).head_count}."


def _with_words_around(notes: QuerySet[Note], sought: str) -> QuerySet[Note]:
    around = SearchHeadline(
        "text",
        said(sought),
        config=FRENCH,
        start_sel=_START,
        stop_sel=_STOP,
        max_words=40,
        min_words=20,
        max_fragments=2,
        fragment_delimiter=" … ",
    )
    return notes.annotate(around=around)


def _answering(actor: Actor, patient_id: UUID, lines: list[NoteLine]) -> list[NoteLine]:
    """With the notes they answer, in one question for the whole page."""
    keys = {line.note.in_reply_to_id for line in lines if line.note.in_reply_to_id}
    if not keys:
        return lines
    answered: dict[UUID | None, Note] = {note.pk: note for note in _named(actor, patient_id, list(keys))}
    return [replace(line, answered=answered.get(line.note.in_reply_to_id)) for line in lines]


@compiled.rows
def _named(actor: Actor, patient_id: UUID, keys: list[UUID]) -> QuerySet[Note]:
    return notes_of(actor, patient_id).filter(among("pk", keys))


def _illustrated(actor: Actor, patient_id: UUID, lines: list[NoteLine]) -> list[NoteLine]:
    """With what is joined to them, in one question for the whole page."""
    media = media_of(actor, patient_id, [line.note.pk for line in lines])
    return [replace(line, media=media.get(line.note.pk, ())) for line in lines] if media else lines


def _marked(around: str) -> tuple[tuple[str, bool], ...]:
    parts = re.split(f"({_START}[^{_STOP}]*{_STOP})", around)
    return tuple((part.strip(_START + _STOP), part.startswith(_START)) for part in parts if part)


def _lines(actor: Actor, notes: Sequence[Any]) -> list[NoteLine]:
    lines = []
    months = wording.month_titles(note.written_at for note in notes)
    for note, month in zip(notes, months, strict=True):
        beginning, rest = _folded(note.text)
        lines.append(
            NoteLine(
                note=note,
                is_unread=note.is_unread,
                is_mine=note.author_id == actor.person_id,
                beginning=beginning,
                rest=rest,
                month=month,
                is_starred=getattr(note, "is_starred", False),
                found=_marked(getattr(note, "around", "")),
            )
        )
    return lines


def _folded(text: str) -> tuple[str, str]:
    """Cut between two words; a text without spaces is cut where it must be."""
    if len(text) <= FOLDED_FROM:
        return text, ""
    cut = max(text.rfind(" ", 0, BEGINNING), text.rfind("\n", 0, BEGINNING))
    cut = cut if cut > BEGINNING // 2 else BEGINNING
    return text[:cut], text[cut:]

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from terresante.care_team.access import writes_class
from terresante.care_team.enums import Confidentiality, DataClass
from terresante.care_team.queries import covers, open_record
from terresante.care_team.queries.limits import (
    kept_inside,
    level_by_default,
    level_of,
    limits_of,
    limits_on,
    sector_of,
)
from terresante.feed.actions import Fact, limit_again, tell, withdraw
from terresante.feed.enums import FeedKind
from terresante.kernel import access, audit, together
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import emit
from terresante.notes.access import (
    NOTE_AMEND,
    NOTE_LIMIT,
    NOTE_MEDIA_WITHDRAW,
    NOTE_READ,
    NOTE_STAR,
    NOTE_WRITE,
)
from terresante.notes.enums import NOTE_CLASSES, NOTE_MAX_LENGTH
from terresante.notes.events import NoteAmended, NoteLimited, NotePublished
from terresante.notes.joining import NewMedia, check_number, is_joined_alike, join
from terresante.notes.models import Note, NoteFavourite, NoteMedia
from terresante.patients.models import CareRecord

# A phone may stay offline for a while, and its clock be a little fast.
OLDEST = timedelta(days=30)
FAST_CLOCK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNote:
    """`id` is the client's; without `written_at` the note is written now; without `level`, at its author's default.

    `in_reply_to_id`: a note of the same record that the author reads. `media`: files already put away.
    """

    id: UUID
    data_class: DataClass
    text: str
    in_reply_to_id: UUID | None = None
    written_at: datetime | None = None
    level: Confidentiality | None = None
    hidden_from_representative: bool = False
    media: tuple[NewMedia, ...] = ()


@action
def publish_note(actor: Actor, record_id: UUID, *, note: NewNote) -> Note:
    """The same note sent twice is stored once and answered alike.

    Raises Refused for a class the author does not write, Invalid for a text or a time, NotFound for an answer to a note
    that he does not read, Conflict for an id that already names anything else, whether or not the actor may see it.
    """
    record = open_record(actor, record_id, action=NOTE_WRITE).record
    if note.data_class not in NOTE_CLASSES or not writes_class(actor, note.data_class):
        raise Refused(f"Votre profession n’écrit pas de note « {note.data_class.label} ».")
    if not covers(actor, record.patient_id, note.data_class):
        raise Refused(
            f"La personne n’a pas consenti pour « {note.data_class.label} » : choisissez une autre catégorie."
        )
    answered = None
    if note.in_reply_to_id is not None:
        answered = _of_record(
            record, access.get(actor, NOTE_READ, Note, note.in_reply_to_id, related=("author",))
        )
    check_number(note.media)
    row = _row(actor, record, note)
    # The id is taken, perhaps by a row that the actor may not see: a primary key ignores the row policies.
    if not together.insert([row], or_ignore=True):
        row = _already_sent(row, note)
        audit.record(actor, NOTE_WRITE, patient_id=row.patient_id, about=row, detail={"sent_again": True})
        return row
    joined = {"media": len(join(row, note.media))} if note.media else {}
    _tell(actor, row, answers_user_id=answered.author.user_id if answered else None)
    audit.record(
        actor,
        NOTE_WRITE,
        patient_id=row.patient_id,
        about=row,
        detail={"class": note.data_class.value, **joined, **limits_on(row).in_trail},
    )
    return row


@action
def change_limits(actor: Actor, record_id: UUID, note_id: UUID, *, level: Confidentiality) -> Note:
    """Its author lets others read a note, or fewer: at once, and traced with what he had chosen before.

    Those who begin to read it find it unread. Raises Refused for anybody but the author, or a level that is not his,
    Conflict for the level it has.
    """
    record = open_record(actor, record_id, action=NOTE_WRITE).record
    note = _of_record(record, access.get(actor, NOTE_LIMIT, Note, note_id, lock=True))
    before, was = level_of(note), limits_on(note)
    if level == before:
        raise Conflict("La note se lit déjà ainsi : choisissez un autre niveau.")
    limits = replace(
        kept_inside(limits_of(actor, level, note.sector or sector_of(actor)), record),
        hidden_from_representative=note.hidden_from_representative,
    )
    changed = {**asdict(limits), "limits_changed_at": timezone.now()}
    Note.objects.filter(pk=note.pk).update(**changed)
    for name, value in changed.items():
        setattr(note, name, value)
    _tell_again(actor, note, before)
    levels = list(Confidentiality)
    # The audit row has the narrower of the two limits: nobody who could not read the note learns of it there.
    kept = min((levels.index(before), was), (levels.index(level), limits), key=lambda one: one[0])[1].in_trail
    audit.record(
        actor,
        NOTE_LIMIT,
        patient_id=note.patient_id,
        about=note,
        detail={"from": before.value, "to": level.value, **kept},
    )
    return note


@action
def amend_note(actor: Actor, record_id: UUID, note_id: UUID, *, text: str, seen: datetime | None) -> Note:
    """Its author corrects its words: the database keeps the earlier ones, readers find the note unread.

    `seen`: its `amended_at` as the author read it. Raises Refused for anybody but the author, Invalid for the text,
    Conflict when the note was corrected meanwhile. The same words sent twice change nothing more.
    """
    record = open_record(actor, record_id, action=NOTE_WRITE).record
    note = _of_record(record, access.get(actor, NOTE_AMEND, Note, note_id, lock=True))
    words = _checked_text(text)
    if changed := words != note.text:
        if note.amended_at != seen:
            raise Conflict("Cette note a été corrigée entre-temps : relisez-la, puis recommencez.")
        Note.objects.filter(pk=note.pk).update(text=words)
        note.refresh_from_db(fields=["text", "amended_at"])
        withdraw(note.patient_id, note.pk)
        tell(actor, _fact(note))
        emit(actor, NoteAmended(**note.told()))
    audit.record(
        actor,
        NOTE_AMEND,
        patient_id=note.patient_id,
        about=note,
        detail={"changed": changed, **limits_on(note).in_trail},
    )
    return note


@action
def withdraw_media(actor: Actor, record_id: UUID, note_id: UUID, media_id: UUID) -> NoteMedia:
    """Its author takes back a photograph or a recording: nobody opens it any more; that it was there stays said.

    Raises Refused for anybody else, Conflict for what is withdrawn already.
    """
    record = open_record(actor, record_id, action=NOTE_WRITE).record
    media = access.get(actor, NOTE_READ, NoteMedia, media_id, related=("note",))
    note = _of_record(record, media.note)
    if note.pk != note_id:
        raise NotFound
    if media.withdrawn_at is not None:
        raise Conflict("C’est déjà retiré : rechargez la page.")
    media = access.get(actor, NOTE_MEDIA_WITHDRAW, NoteMedia, media_id, lock=True)
    media.withdrawn_at = timezone.now()
    NoteMedia.objects.filter(pk=media.pk, patient_id=media.patient_id).update(withdrawn_at=media.withdrawn_at)
    emit(actor, NoteAmended(**note.told()))
    audit.record(
        actor,
        NOTE_MEDIA_WITHDRAW,
        patient_id=note.patient_id,
        about=note,
        detail={"number": media.number, **limits_on(note).in_trail},
    )
    return media


@action
def star_note(actor: Actor, record_id: UUID, note_id: UUID, *, starred: bool) -> Note:
    """For the actor alone; asked twice, it is done once."""
    record = open_record(actor, record_id, action=NOTE_READ).record
    note = _of_record(record, access.get(actor, NOTE_READ, Note, note_id))
    own = {"user_id": actor.user_id, "patient_id": note.patient_id, "note": note}
    if starred:
        NoteFavourite.objects.bulk_create([NoteFavourite(**own)], ignore_conflicts=True)
    else:
        NoteFavourite.objects.filter(**own).delete()
    audit.record(
        actor,
        NOTE_STAR,
        patient_id=note.patient_id,
        about=note,
        detail={"starred": starred, **limits_on(note).in_trail},
    )
    return note


def _of_record(record: CareRecord, note: Note) -> Note:
    if note.record_id != record.pk:
        raise NotFound
    return note


def _tell_again(actor: Actor, note: Note, before: Confidentiality) -> None:
    """Unread again for those who begin to read it; not when the patient alone does, who has no unread marks."""
    levels = list(Confidentiality)
    level = level_of(note)
    among_circle = {before, level} == {Confidentiality.CIRCLE, Confidentiality.CIRCLE_AND_PATIENT}
    if levels.index(level) > levels.index(before) and not among_circle:
        withdraw(note.patient_id, note.pk)
        _tell(actor, note)
    else:
        limit_again(note.patient_id, _fact(note))
        emit(actor, NoteLimited(**note.told()))


def _row(actor: Actor, record: CareRecord, note: NewNote) -> Note:
    if actor.person_id is None or actor.organization_id is None:
        raise Refused("Seul un professionnel rattaché à une structure écrit une note.")
    sector = sector_of(actor)
    limits = replace(
        limits_of(actor, note.level or level_by_default(sector), sector),
        hidden_from_representative=note.hidden_from_representative,
    )
    return Note(
        id=note.id,
        patient=record.patient,
        record=record,
        author_id=actor.person_id,
        author_name=actor.name,
        author_role=actor.role_label,
        organization_id=actor.organization_id,
        organization_name=actor.organization_name,
        data_class=note.data_class,
        text=_checked_text(note.text),
        in_reply_to_id=note.in_reply_to_id,
        written_at=_checked_time(note.written_at),
        **asdict(kept_inside(limits, record)),
    )


def _checked_text(text: str) -> str:
    written = text.replace("\r\n", "\n").strip()
    if not written:
        raise Invalid("La note est vide.", fields={"text": "Écrivez la note avant de l’enregistrer."})
    if len(written) > NOTE_MAX_LENGTH:
        sentence = (
            f"La note compte {len(written)} caractères, pour {NOTE_MAX_LENGTH} au plus : "
            "raccourcissez-la ou partagez-la en plusieurs notes."
        )
        raise Invalid("La note est trop longue.", fields={"text": sentence})
    if "\x00" in written:
        raise Invalid(
            "La note ne peut pas être enregistrée.",
            fields={"text": "Le texte collé contient un caractère nul : recollez-le sans mise en forme."},
        )
    return written


def _checked_time(written_at: datetime | None) -> datetime:
    now = timezone.now()
    if written_at is None:
        return now
    if written_at > now + FAST_CLOCK:
        raise Invalid("La note est datée du futur : réglez l’heure de l’appareil, puis renvoyez-la.")
    if written_at < now - OLDEST:
        raise Invalid(f"La note a été écrite il y a plus de {OLDEST.days} jours : écrivez-la de nouveau.")
    return min(written_at, now)


def _already_sent(row: Note, note: NewNote) -> Note:
    as_sent = Q(text=row.text, amended_at=None) | Q(versions__number=1, versions__text=row.text)
    known = Note.objects.filter(
        as_sent,
        pk=row.pk,
        author_id=row.author_id,
        patient_id=row.patient_id,
        data_class=row.data_class,
        in_reply_to_id=row.in_reply_to_id,
        **asdict(limits_on(row)),
    ).first()
    is_same = known is not None and is_joined_alike(known, note.media)
    if known is None or not is_same or not _is_same_time(known, note.written_at):
        raise Conflict(
            "Cette note n’a pas pu être enregistrée : rechargez la page, puis envoyez-la de nouveau."
        )
    return known


def _is_same_time(known: Note, written_at: datetime | None) -> bool:
    """A time ahead of ours was stored as the moment of recording: the note sent again still bears the former."""
    return written_at is None or written_at == known.written_at or written_at > known.recorded_at


def _tell(actor: Actor, row: Note, *, answers_user_id: UUID | None = None) -> None:
    tell(actor, _fact(row))
    emit(actor, NotePublished(**row.told(), by_user_id=actor.user_id, answers_user_id=answers_user_id))


def _fact(row: Note) -> Fact:
    return Fact(kind=FeedKind.NOTE, occurred_at=row.written_at, **row.told())

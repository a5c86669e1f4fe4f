from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from terresante.care_team.access import writes_class
from terresante.care_team.enums import DataClass
from terresante.care_team.queries import open_record
from terresante.feed.actions import Fact, tell
from terresante.feed.enums import FeedKind
from terresante.kernel import audit, together
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.kernel.events import emit
from terresante.notes.access import NOTE_WRITE
from terresante.notes.enums import NOTE_CLASSES, NOTE_MAX_LENGTH
from terresante.notes.events import NotePublished
from terresante.notes.models import Note
from terresante.patients.models import CareRecord

# A phone may stay offline for a while, and its clock be a little fast.
OLDEST = timedelta(days=30)
FAST_CLOCK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNote:
    """`id` is the client's; without `written_at` the note is written now."""

    id: UUID
    data_class: DataClass
    text: str
    written_at: datetime | None = None
    for_my_structure: bool = False
    hidden_from_patient: bool = False
    hidden_from_representative: bool = False


@action
def publish_note(actor: Actor, record_id: UUID, *, note: NewNote) -> Note:
    """The same note sent twice is stored once and answered alike.

    Raises Refused for a class the author does not write, Invalid for a text or a time, Conflict for an id that
    already names anything else, whether or not the actor may see it.
    """
    record = open_record(actor, record_id, action=NOTE_WRITE).record
    if note.data_class not in NOTE_CLASSES or not writes_class(actor, note.data_class):
        raise Refused(f"Votre profession n’écrit pas de note « {note.data_class.label} ».")
    row = _row(actor, record, note)
    # Taken, by a row that the actor may see or not: the key holds beneath the row policies.
    if not together.insert([row], or_ignore=True):
        row = _already_sent(row, written_at=note.written_at)
        audit.record(actor, NOTE_WRITE, patient_id=row.patient_id, about=row, detail={"sent_again": True})
        return row
    _tell(actor, row)
    audit.record(
        actor, NOTE_WRITE, patient_id=row.patient_id, about=row, detail={"class": note.data_class.value}
    )
    return row


def _row(actor: Actor, record: CareRecord, note: NewNote) -> Note:
    if actor.person_id is None or actor.organization_id is None:
        raise Refused("Seul un professionnel rattaché à une structure écrit une note.")
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
        written_at=_checked_time(note.written_at),
        private_to_id=actor.organization_id if note.for_my_structure else None,
        hidden_from_patient=note.hidden_from_patient,
        hidden_from_representative=note.hidden_from_representative,
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


def _already_sent(row: Note, *, written_at: datetime | None) -> Note:
    known = Note.objects.filter(
        pk=row.pk,
        author_id=row.author_id,
        patient_id=row.patient_id,
        text=row.text,
        data_class=row.data_class,
        private_to_id=row.private_to_id,
        hidden_from_patient=row.hidden_from_patient,
        hidden_from_representative=row.hidden_from_representative,
    ).first()
    # A clock that was fast was brought back to the moment of recording.
    if known is None or not (written_at in (None, known.written_at) or written_at > known.recorded_at):
        raise Conflict(
            "Cette note n’a pas pu être enregistrée : rechargez la page, puis envoyez-la de nouveau."
        )
    return known


def _tell(actor: Actor, row: Note) -> None:
    data_class = DataClass(row.data_class)
    tell(
        actor,
        Fact(
            patient_id=row.patient_id,
            kind=FeedKind.NOTE,
            object_id=row.pk,
            occurred_at=row.written_at,
            data_class=data_class,
            private_to_id=row.private_to_id,
            hidden_from_patient=row.hidden_from_patient,
            hidden_from_representative=row.hidden_from_representative,
        ),
    )
    emit(
        actor,
        NotePublished(
            patient_id=row.patient_id,
            object_id=row.pk,
            private_to_id=row.private_to_id,
            hidden_from_patient=row.hidden_from_patient,
            hidden_from_representative=row.hidden_from_representative,
            data_class=data_class.value,
        ),
    )

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from terresante.care_team.enums import Confidentiality, DataClass
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.notes.actions import NewNote, publish_note
from terresante.notes.models import Note
from terresante.patients.models import CareRecord


def new_note(
    text: str = "Essoufflée au moindre effort",
    *,
    data_class: DataClass = DataClass.CARE,
    id: UUID | None = None,
    written_at: datetime | None = None,
    level: Confidentiality | None = None,
    hidden_from_representative: bool = False,
    in_reply_to_id: UUID | None = None,
) -> NewNote:
    return NewNote(
        id=id or new_id(),
        data_class=data_class,
        text=text,
        written_at=written_at,
        level=level,
        hidden_from_representative=hidden_from_representative,
        in_reply_to_id=in_reply_to_id,
    )


def published(author: Actor, record: CareRecord, text: str = "Essoufflée", **choices) -> Note:
    return publish_note(author, record.pk, note=new_note(text, **choices))


def ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)

from datetime import datetime, timedelta
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from terresante.care_team.enums import Confidentiality, DataClass
from terresante.kernel.actor import Actor
from terresante.kernel.files.receiving import receive_photo
from terresante.kernel.ids import new_id
from terresante.kernel.tests.test_pictures import camera_jpeg
from terresante.notes.access import NOTE_WRITE
from terresante.notes.actions import NewNote, publish_note
from terresante.notes.joining import NewMedia
from terresante.notes.models import Note
from terresante.patients.models import CareRecord
from tests.walls import walls_down


def new_note(
    text: str = "Essoufflée au moindre effort",
    *,
    data_class: DataClass = DataClass.CARE,
    id: UUID | None = None,
    written_at: datetime | None = None,
    level: Confidentiality | None = None,
    hidden_from_representative: bool = False,
    in_reply_to_id: UUID | None = None,
    media: tuple[NewMedia, ...] = (),
) -> NewNote:
    return NewNote(
        id=id or new_id(),
        data_class=data_class,
        text=text,
        written_at=written_at,
        level=level,
        hidden_from_representative=hidden_from_representative,
        in_reply_to_id=in_reply_to_id,
        media=media,
    )


def published(author: Actor, record: CareRecord, text: str = "Essoufflée", **choices) -> Note:
    return publish_note(author, record.pk, note=new_note(text, **choices))


def joined_photo(author: Actor, *, seed: int = 1, alt: str = "") -> NewMedia:
    """Received as a browser sends it; another picture for another seed."""
    content = camera_jpeg(size=(40 + seed, 30))
    sent = SimpleUploadedFile("photo.jpg", content, content_type="image/jpeg")
    return NewMedia.photo(receive_photo(author, sent, for_action=NOTE_WRITE), alt)


def with_photos(
    author: Actor, record: CareRecord, text: str = "Escarre", *, number: int = 1, seed: int = 1, **choices
) -> Note:
    media = tuple(joined_photo(author, seed=seed + n) for n in range(number))
    note = publish_note(author, record.pk, note=new_note(text, media=media, **choices))
    with walls_down():
        return Note.objects.prefetch_related("media").get(pk=note.pk)


def ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)

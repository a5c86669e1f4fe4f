"""What is joined to a note: photographs, and its author's voice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from terresante.kernel.errors import Invalid
from terresante.kernel.files import vault
from terresante.kernel.files.kinds import FileKind
from terresante.kernel.files.receiving import ReceivedPhoto, ReceivedSound
from terresante.kernel.files.vault import Stored
from terresante.kernel.ui.wording import one_line
from terresante.notes.enums import ALT_MAX_LENGTH, MOST_PHOTOS, MediaKind
from terresante.notes.models import Note, NoteMedia


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMedia:
    """A file already put away; `alt` says what a photograph shows, '' when its author did not say."""

    kind: MediaKind
    stored: Stored
    media_type: str
    alt: str = ""
    small: Stored | None = None
    width: int = 0
    height: int = 0
    seconds: int = 0

    @classmethod
    def photo(cls, received: ReceivedPhoto, alt: str = "") -> Self:
        return cls(
            kind=MediaKind.PHOTO,
            stored=received.large,
            media_type=FileKind.JPEG,
            alt=_checked_alt(alt),
            small=received.small,
            width=received.width,
            height=received.height,
        )

    @classmethod
    def voice(cls, received: ReceivedSound) -> Self:
        return cls(
            kind=MediaKind.VOICE,
            stored=received.stored,
            media_type=received.kind,
            seconds=received.seconds,
        )


def check_number(media: Sequence[NewMedia]) -> None:
    """Raises Invalid, on the field of the photographs."""
    if sum(one.kind == MediaKind.PHOTO for one in media) > MOST_PHOTOS:
        sentence = f"Joignez {MOST_PHOTOS} photos au plus : partagez les autres en plusieurs notes."
        raise Invalid("Il y a trop de photos.", fields={"photos": sentence})


def join(note: Note, media: Sequence[NewMedia]) -> list[NoteMedia]:
    """Keeps the files and writes their rows, numbered in the order given. Raises Conflict for a file already kept."""
    rows = []
    for number, one in enumerate(media, start=1):
        vault.keep(one.stored.file_id)
        if one.small is not None:
            vault.keep(one.small.file_id)
        rows.append(_row(note, number, one))
    return NoteMedia.objects.bulk_create(rows)


def is_joined_alike(note: Note, media: Sequence[NewMedia]) -> bool:
    """Whether the note has these very files in this order, those withdrawn since included."""
    joined = NoteMedia.objects.filter(patient_id=note.patient_id, note=note).order_by("number")
    return list(joined.values_list("kind", "alt", "sha256")) == [
        (one.kind.value, one.alt, one.stored.sha256) for one in media
    ]


def _row(note: Note, number: int, media: NewMedia) -> NoteMedia:
    return NoteMedia(
        patient_id=note.patient_id,
        note=note,
        number=number,
        kind=media.kind,
        alt=media.alt,
        file_id=media.stored.file_id,
        media_type=media.media_type,
        size=media.stored.size,
        sha256=media.stored.sha256,
        sha1=media.stored.sha1,
        small_id=media.small.file_id if media.small else None,
        small_size=media.small.size if media.small else 0,
        width=media.width,
        height=media.height,
        seconds=media.seconds,
    )


def _checked_alt(alt: str) -> str:
    said = one_line(alt)
    if len(said) > ALT_MAX_LENGTH:
        sentence = f"Décrivez la photo en {ALT_MAX_LENGTH} caractères au plus."
        raise Invalid("La description d’une photo est trop longue.", fields={"photos": sentence})
    return said

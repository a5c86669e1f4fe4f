"""What the people of the stories photograph and say, received as from their telephones."""

from io import BytesIO

from django.core.files.uploadedfile import InMemoryUploadedFile

from simulators.region.pictures import message, photograph
from terresante.kernel.actor import Actor
from terresante.kernel.files.receiving import receive_photo, receive_sound
from terresante.notes.access import NOTE_WRITE
from terresante.notes.joining import NewMedia


def join_to_note(author: Actor, form: str, words: str) -> NewMedia:
    if form == "voice":
        return NewMedia.voice(receive_sound(author, _sent(message(), "message.webm"), for_action=NOTE_WRITE))
    return NewMedia.photo(
        receive_photo(author, _sent(photograph(form), f"{form}.jpg"), for_action=NOTE_WRITE), words
    )


def _sent(content: bytes, name: str) -> InMemoryUploadedFile:
    return InMemoryUploadedFile(BytesIO(content), "media", name, None, len(content), None)

"""What the people of the stories photograph, received as from their telephones."""

from io import BytesIO

from django.core.files.uploadedfile import InMemoryUploadedFile

from simulators.region.pictures import photograph
from terresante.kernel.actor import Actor
from terresante.kernel.files.receiving import receive_photo
from terresante.notes.access import NOTE_WRITE
from terresante.notes.joining import NewMedia


def join_to_note(author: Actor, form: str, words: str) -> NewMedia:
    content = photograph(form)
    sent = InMemoryUploadedFile(BytesIO(content), "photos", f"{form}.jpg", None, len(content), None)
    return NewMedia.photo(receive_photo(author, sent, for_action=NOTE_WRITE), words)

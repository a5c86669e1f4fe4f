from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from terresante.documents.access import DOCUMENT_WRITE
from terresante.documents.actions import NewDocument, file_document
from terresante.documents.enums import DocumentType
from terresante.documents.models import DocumentReference
from terresante.kernel.actor import Actor
from terresante.kernel.files.receiving import Received, receive
from terresante.kernel.ids import new_id
from terresante.patients.models import CareRecord
from tests.walls import walls_down


def pdf(words: str = "") -> bytes:
    """Another one each time: the same file is not filed twice."""
    return f"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n% {words or new_id()}\n%%EOF".encode()


def sent_file(content: bytes | None = None, name: str = "courrier.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, pdf() if content is None else content, content_type="application/pdf")


def received(actor: Actor, content: bytes | None = None, name: str = "courrier.pdf") -> Received:
    return receive(actor, sent_file(content, name), for_action=DOCUMENT_WRITE)


def new_document(actor: Actor, title: str = "Lettre du cardiologue", **choices) -> NewDocument:
    content = choices.pop("content", None)
    defaults = {"type": DocumentType.TRANSFER_NOTE, "dated_on": timezone.localdate()}
    return NewDocument(received=received(actor, content), title=title, **{**defaults, **choices})


def filed(
    author: Actor, record: CareRecord, title: str = "Lettre du cardiologue", **choices
) -> DocumentReference:
    return file_document(author, record.pk, document=new_document(author, title, **choices))


def form(**changes):
    return {
        "type": DocumentType.TRANSFER_NOTE.value,
        "title": "Lettre",
        "dated_on": date.today().isoformat(),  # noqa: DTZ011 -- what a browser of this machine sends
        "written_by": "",
        "level": "shared",
        "relatives_see": "yes",
        **changes,
    }


def png() -> bytes:
    head = b"\x00\x00\x00\x02\x00\x00\x00\x02\x08\x00\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\x0dIHDR" + head + bytes(4)


def url(record: CareRecord, rest: str = "") -> str:
    return f"/dossiers/{record.pk}/documents/{rest}"


def filed_rows() -> list[DocumentReference]:
    with walls_down():
        return list(DocumentReference.objects.order_by("title"))

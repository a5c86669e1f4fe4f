"""« Retour à domicile »: one page for who takes over, read each time from the letter itself."""

from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from terresante.care_team.queries import OpenRecord, open_record, read_record
from terresante.documents.access import DOCUMENT_OPEN, DOCUMENT_READ
from terresante.documents.models import DocumentReference
from terresante.documents.queries import KINDS
from terresante.documents.reading import discharge_of
from terresante.feed.actions import mark_objects_read
from terresante.kernel import access, audit
from terresante.kernel.errors import NotFound
from terresante.kernel.ids import key_of
from terresante.kernel.screens import Request, reads, record_page
from terresante.overview import discharge_queries


@reads(DOCUMENT_READ)
def show_latest(request: Request, record_id: UUID) -> HttpResponse:
    """The latest letter, or that of the stay that `sejour` names."""
    opened = read_record(request.actor, record_id, action=DOCUMENT_READ)
    asked = key_of(request.GET.get("sejour", ""))
    letters = discharge_queries.letters(request.actor, opened.patient.pk)
    letter = letters[0] if letters else None
    if asked is not None:
        letter = discharge_queries.letter_of_stay(request.actor, opened.patient.pk, asked)
    return _page(request, opened, letter, letters, of_stay=asked is not None)


@reads(DOCUMENT_OPEN)
def show_letter(request: Request, record_id: UUID, document_id: UUID) -> HttpResponse:
    opened = open_record(request.actor, record_id, action=DOCUMENT_READ)
    letter = access.get(request.actor, DOCUMENT_OPEN, DocumentReference, document_id, related=("file",))
    if letter.record_id != opened.record.pk or not letter.is_discharge:
        raise NotFound
    return _page(request, opened, letter, discharge_queries.letters(request.actor, opened.patient.pk))


def _page(
    request: Request,
    opened: OpenRecord,
    letter: DocumentReference | None,
    letters: list[DocumentReference],
    *,
    of_stay: bool = False,
) -> HttpResponse:
    shown: dict[str, Any] = {
        "letter": letter,
        "others": [one for one in letters if letter is None or one.pk != letter.pk],
        "of_stay": of_stay,
        "discharge": None,
    }
    if letter is not None:
        discharge = discharge_of(letter)
        _trace(request, opened, letter)
        if discharge is not None and not discharge.is_empty:
            shown["discharge"] = discharge
            shown["compared"] = discharge_queries.compared(request.actor, opened.patient.pk, discharge)
    return record_page(request, "overview/discharge.html", opened, shown, tab="discharge", main_action=None)


def _trace(request: Request, opened: OpenRecord, letter: DocumentReference) -> None:
    """What the letter says was read: it leaves the same line as its own page."""
    audit.note_read(
        DOCUMENT_OPEN, patient_id=opened.patient.pk, about=letter, purpose=opened.purpose(request.actor)
    )
    for kind in KINDS:
        mark = partial(mark_objects_read, request.actor, opened.patient.pk, kind, [letter.pk])
        request.after_read.append(mark)

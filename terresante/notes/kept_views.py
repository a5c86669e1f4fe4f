"""Notes sent by their page, which keeps them on the device while there is no network (islands/kept-notes.ts)."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from terresante.care_team.queries import open_record
from terresante.kernel.errors import Conflict, DomainError, Invalid
from terresante.kernel.screens import Request, reads, writes
from terresante.notes import actions
from terresante.notes.access import NOTE_WRITE
from terresante.notes.actions import FAST_CLOCK, OLDEST
from terresante.notes.forms import NoteForm
from terresante.notes.kept import check_principal, kept_for
from terresante.notes.media_views import Joined, receive_media
from terresante.notes.queries import readers_said


@reads(NOTE_WRITE)
def show_key(request: Request) -> HttpResponse:
    return JsonResponse(kept_for(request.actor))


@require_POST
@writes(NOTE_WRITE, before=receive_media)
def send_note(request: Request, record_id: UUID) -> HttpResponse:
    """Publishes as the form of the page does. `later` is posted by another page than the one that wrote: no toast."""
    try:
        check_principal(request.actor, request.POST.get("principal", ""))
    except Conflict as error:
        return _refused(error)
    open_record(request.actor, record_id, action=NOTE_WRITE)
    form, joined = NoteForm(request.actor, request.POST), request.prepared or Joined()
    if joined.refusals or not form.is_valid():
        sentences = [*joined.refusals, *(str(error) for errors in form.errors.values() for error in errors)]
        return _refused(Invalid(" ".join(sentences)))
    note = replace(form.note(joined.media), written_at=_authored(request.POST.get("authored", "")))
    try:
        written = actions.publish_note(request.actor, record_id, note=note)
    except (Invalid, Conflict) as error:
        return _refused(error)
    if "later" not in request.POST:
        messages.success(request, readers_said(written.patient, form.draft(written.patient_id)))
    return JsonResponse({"url": reverse("notes:list", args=[record_id])})


def _refused(error: DomainError) -> HttpResponse:
    return JsonResponse({"sentence": error.sentence}, status=error.status)


def _authored(said: str) -> datetime | None:
    """When the device says that it was written; None, which means now, for an impossible moment."""
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    now = timezone.now()
    return at if at.tzinfo and now - OLDEST <= at <= now + FAST_CLOCK else None

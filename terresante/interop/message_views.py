"""The message behind a case, segment by segment: its shape, and for a reason its identity; never what it carries."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from terresante.interop.access import MESSAGE_UNMASK, MESSAGE_VERIFY
from terresante.interop.actions import unmask
from terresante.interop.enums import LookReason
from terresante.interop.flows import refusal_words
from terresante.interop.forms import UnmaskForm
from terresante.interop.models import InboundMessage
from terresante.interop.queries import shape_of_message
from terresante.kernel import access, audit
from terresante.kernel.errors import Invalid
from terresante.kernel.screens import Request, reads, writes


@require_safe
@reads(MESSAGE_VERIFY)
def show_structure(request: Request, message_id: UUID) -> HttpResponse:
    message = access.get(
        request.actor, MESSAGE_VERIFY, InboundMessage, message_id, related=("sender__organization",)
    )
    audit.note_read(MESSAGE_VERIFY, about=message)
    return _page(request, message, UnmaskForm(), shown=False)


@require_POST
@writes(MESSAGE_UNMASK)
def show_identity(request: Request, message_id: UUID) -> HttpResponse:
    """Shown once, by the answer to the reason given: each look asks again, and leaves its row."""
    access.get(request.actor, MESSAGE_UNMASK, InboundMessage, message_id)
    form = UnmaskForm(request.POST)
    if not form.is_valid():
        raise Invalid("Dites pourquoi vous regardez le contenu.")
    message = unmask(request.actor, message_id, why=LookReason(form.cleaned_data["why"]))
    return _page(request, message, form, shown=True)


def _page(request: Request, message: InboundMessage, form: UnmaskForm, *, shown: bool) -> HttpResponse:
    mark = message.remarks[0] if message.remarks else ""
    context = {
        "message": message,
        "shape": shape_of_message(message, shown=shown),
        "reason": refusal_words(mark),
        "mark": mark,
        "shown": shown,
        "form": form,
        "may_unmask": access.permits(request.actor, MESSAGE_UNMASK, message),
    }
    return render(request, "interop/message.html", context)

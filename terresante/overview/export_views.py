"""A copy of the whole record, sent while it is read."""

from uuid import UUID

from django import forms
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone

from terresante.care_team.access import decides_for_patient
from terresante.care_team.queries import read_record
from terresante.kernel.screens import Answer, Request, record_page, writes
from terresante.kernel.ui.forms import form_status
from terresante.overview import actions
from terresante.overview.access import RECORD_EXPORT
from terresante.overview.enums import ExportForm, ExportReason

_KINDS = {ExportForm.PDF: ("application/pdf", "pdf"), ExportForm.FHIR: ("application/zip", "zip")}


class TakeOutForm(forms.Form):
    """A person gives no reason for a copy of her own record (RGPD, articles 15 and 20)."""

    reason = forms.ChoiceField(
        label="Pourquoi ?",
        choices=ExportReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Dites pourquoi vous sortez une copie du dossier."},
    )
    form = forms.ChoiceField(
        label="Sous quelle forme ?",
        choices=ExportForm.choices,
        widget=forms.RadioSelect,
        initial=ExportForm.PDF.value,
        error_messages={"required": "Choisissez la forme de la copie."},
    )

    def __init__(self, *args: object, needs_reason: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        if not needs_reason:
            del self.fields["reason"]


@writes(RECORD_EXPORT)
def take_out(request: Request, record_id: UUID) -> Answer:
    """GET says what goes out; POST sends it. The file has nobody's name: it stays in a list of downloads."""
    needs_reason = not decides_for_patient(request.actor)
    form = TakeOutForm(request.POST or None, needs_reason=needs_reason)
    if request.method == "POST" and form.is_valid():
        return _sent(request, record_id, form)
    opened = read_record(request.actor, record_id, action=RECORD_EXPORT)
    return record_page(
        request, "overview/export.html", opened, {"form": form}, tab="copy", status=form_status(form)
    )


def _sent(request: Request, record_id: UUID, form: TakeOutForm) -> HttpResponse | StreamingHttpResponse:
    chosen, reason = ExportForm(form.cleaned_data["form"]), form.cleaned_data.get("reason")
    pieces = actions.take_out(
        request.actor, record_id, form=chosen, reason=ExportReason(reason) if reason else None
    )
    kind, end = _KINDS[chosen]
    answer = StreamingHttpResponse(pieces, content_type=kind)
    name = f"dossier-{timezone.localdate():%Y-%m-%d}.{end}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer

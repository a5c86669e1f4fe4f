"""« À intégrer »: what received documents say, beside what the record says already."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from terresante.care_team.queries import open_record, read_record
from terresante.health_record import offered_actions, offered_queries
from terresante.health_record.access import HEALTH_INTEGRATE, HEALTH_PUT_ASIDE, HEALTH_READ, HEALTH_WRITE
from terresante.health_record.forms import AsideForm
from terresante.health_record.models import OfferedLine
from terresante.kernel import access
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.ids import asked_key
from terresante.kernel.screens import Request, reads, record_page, writes


@reads(HEALTH_READ)
def show_waiting(request: Request, record_id: UUID) -> HttpResponse:
    return _page(request, record_id)


def _page(
    request: Request, record_id: UUID, *, wrong: UUID | None = None, form: AsideForm | None = None
) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=HEALTH_READ)
    waiting = offered_queries.waiting(request.actor, opened.patient.pk)
    shown = {
        "waiting": waiting,
        "total": offered_queries.count_waiting(request.actor, opened.patient.pk),
        "settled": offered_queries.settled(request.actor, opened.patient.pk),
        "settles": access.permits(request.actor, HEALTH_WRITE, opened.record),
        "form": form or AsideForm(),
        "wrong": wrong,
    }
    return record_page(
        request,
        "health_record/waiting.html",
        opened,
        shown,
        tab="health",
        status=422 if form is not None else 200,
    )


@writes(HEALTH_INTEGRATE)
def integrate(request: Request, record_id: UUID, offer_id: UUID) -> HttpResponse:
    if request.method == "POST":
        said = request.POST.get("line", "")
        line_id = asked_key(said) if said else None
        try:
            line = offered_actions.integrate_offer(request.actor, record_id, offer_id, line_id=line_id)
        except Conflict as error:
            messages.warning(request, error.sentence)
        else:
            messages.success(
                request, f"« {line.label} » est au dossier, signé par vous ; le document reste sa source."
            )
    return redirect("health_record:waiting", record_id)


@writes(HEALTH_PUT_ASIDE)
def put_aside(request: Request, record_id: UUID, offer_id: UUID) -> HttpResponse:
    if request.method != "POST":
        return redirect("health_record:waiting", record_id)
    record = open_record(request.actor, record_id, action=HEALTH_WRITE).record
    if access.get(request.actor, HEALTH_PUT_ASIDE, OfferedLine, offer_id).record_id != record.pk:
        raise NotFound
    form = AsideForm(request.POST)
    if not form.is_valid():
        return _page(request, record_id, wrong=offer_id, form=form)
    try:
        offered_actions.put_offer_aside(
            request.actor, record_id, offer_id, reason=form.cleaned_data["reason"]
        )
    except Conflict as error:
        messages.warning(request, error.sentence)
    except Invalid as error:
        messages.warning(request, error.sentence)
    else:
        messages.success(request, "C’est écarté : le motif reste lisible sous la liste.")
    return redirect("health_record:waiting", record_id)

"""The support desk's pages: professionals, their accounts, its own log of requests. No patient."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from terresante.accounts.access import ACCOUNT_ASSIST, ACCOUNT_OPEN
from terresante.directory.access import SUPPORT_DESK, require_support_agent
from terresante.directory.actions import support as actions
from terresante.directory.actions.desk import known_address
from terresante.directory.enums import RequestChannel, RequestKind
from terresante.directory.forms import RequestForm, SearchForm
from terresante.directory.models import Practitioner
from terresante.directory.queries import search_practitioners
from terresante.directory.queries.desk import requests_served
from terresante.directory.queries.registration import masked
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.screens import Request, reads, writes
from terresante.kernel.ui.forms import form_status, show_error


@require_safe
@reads(SUPPORT_DESK)
def desk(request: Request) -> HttpResponse:
    require_support_agent(request.actor)
    return render(request, "directory/support.html", {"served": requests_served(request.actor)})


@require_safe
@reads(SUPPORT_DESK)
def find(request: Request) -> HttpResponse:
    require_support_agent(request.actor)
    form = SearchForm(request.GET)
    criteria = form.cleaned_data if form.is_valid() else {}
    asked = any(criteria.values())
    found = search_practitioners(request.actor, text=criteria.get("nom", "")) if asked else []
    return render(request, "directory/support_find.html", {"form": form, "found": found, "asked": asked})


@require_safe
@reads(SUPPORT_DESK)
def serve(request: Request, practitioner_id: UUID) -> HttpResponse:
    require_support_agent(request.actor)
    return _served(request, _professional(practitioner_id), _fresh_form())


@require_POST
@writes(ACCOUNT_OPEN)
def open_account(request: Request, practitioner_id: UUID) -> HttpResponse:
    require_support_agent(request.actor)
    who, form = _professional(practitioner_id), RequestForm(request.POST)
    if form.is_valid():
        try:
            actions.open_account_asked(request.actor, asked=_asked(form, practitioner_id))
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, f"Le compte de {who.full_name} est ouvert : un lien lui est envoyé.")
            return redirect("directory:support")
    return _served(request, who, form)


@require_POST
@writes(ACCOUNT_ASSIST)
def assist(request: Request, practitioner_id: UUID) -> HttpResponse:
    require_support_agent(request.actor)
    who, form, kind = _professional(practitioner_id), RequestForm(request.POST), request.POST.get("kind", "")
    if form.is_valid() and kind in (RequestKind.LOGIN_MAIL, RequestKind.UNLOCK, RequestKind.SESSIONS):
        try:
            actions.help_in(request.actor, asked=_asked(form, practitioner_id), kind=RequestKind(kind))
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, f"Pour {who.full_name} : {RequestKind(kind).label}.")
            return redirect("directory:support")
    return _served(request, who, form)


def _professional(practitioner_id: UUID) -> Practitioner:
    who = Practitioner.objects.filter(pk=practitioner_id, active=True).select_related("user").first()
    if who is None:
        raise NotFound
    return who


def _fresh_form() -> RequestForm:
    return RequestForm(initial={"requested_on": timezone.localdate(), "channel": RequestChannel.PHONE})


def _asked(form: RequestForm, practitioner_id: UUID) -> actions.Asked:
    return actions.Asked(
        practitioner_id=practitioner_id,
        channel=RequestChannel(form.cleaned_data["channel"]),
        requested_on=form.cleaned_data["requested_on"],
    )


def _served(request: Request, who: Practitioner, form: RequestForm) -> HttpResponse:
    user = who.user
    context = {
        "who": who,
        "account": user,
        "address": masked(user.email if user else known_address(who)),
        "form": form,
    }
    return render(request, "directory/support_serve.html", context, status=form_status(form))

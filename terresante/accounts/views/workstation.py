"""A shared workstation: its lock page, and what its lock asks. Public: nobody is behind a locked session."""

from urllib.parse import urlencode

from django.contrib.auth import logout as close_session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from terresante.accounts import sessions
from terresante.accounts.actions import workstation as actions
from terresante.accounts.actions.login import begin_login
from terresante.accounts.federation.providers import ways_in
from terresante.accounts.forms import LoginForm, UnlockForm
from terresante.accounts.hashing import Busy
from terresante.accounts.models import Session, User
from terresante.accounts.views.arrival import arrive, door
from terresante.accounts.views.door import after_password
from terresante.accounts.views.source import source_of
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.screens import next_page, public


@public(reason="Page d’un poste verrouillé : le déverrouiller, ou changer d’utilisateur")
@require_safe
def locked(request: HttpRequest) -> HttpResponse:
    if not sessions.is_locked(request.session):
        return (
            arrive(request, next_page(request))
            if request.user.is_authenticated
            else redirect("accounts:login")
        )
    return _locked_page(request, UnlockForm(), LoginForm(prefix="other"))


@public(reason="Verrouillage de sa propre session sur un poste partagé")
@require_POST
def lock(request: HttpRequest) -> HttpResponse:
    opened = _shared(request)
    if opened is None:
        return redirect("accounts:login")
    actions.lock(*opened)
    return redirect(f"{reverse('accounts:locked')}?{urlencode({'next': next_page(request)})}")


@public(reason="Déverrouillage par le mot de passe de la session")
@require_POST
def unlock(request: HttpRequest) -> HttpResponse:
    opened, form = _shared(request), UnlockForm(request.POST)
    if opened is None:
        return _told(request, 401) or redirect("accounts:login")
    if form.is_valid():
        try:
            actions.unlock(*opened, password=form.cleaned_data["password"])
            return _told(request, 204) or redirect(next_page(request) or "overview:home")
        except Conflict:
            close_session(request)
            return _told(request, 401) or redirect("accounts:login")
        except Busy as error:
            form.add_error("password", error.sentence)
            return _told(request, 503) or _locked_page(request, form, LoginForm(prefix="other"))
        except Invalid as error:
            form.add_error("password", error.sentence)
    return _told(request, 422) or _locked_page(request, form, LoginForm(prefix="other"))


@public(reason="Changement d’utilisateur d’un poste verrouillé, en une étape")
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    form = LoginForm(request.POST, prefix="other")
    if form.is_valid():
        try:
            passed = begin_login(**form.cleaned_data, source=source_of(request))
        except Invalid as error:
            form.add_error(None, error.sentence)
        else:
            return after_password(request, passed)
    if _shared(request) is None:
        return redirect("accounts:login")
    return _locked_page(request, UnlockForm(), form)


@public(reason="Quelqu’un est devant ce poste : réponse sans contenu")
@require_POST
def presence(request: HttpRequest) -> HttpResponse:
    """The middleware has written it, unless the session is locked."""
    return HttpResponse(status=204 if _shared(request) and not sessions.is_locked(request.session) else 401)


def _shared(request: HttpRequest) -> tuple[Session, User] | None:
    row = sessions.shared_row(request.session)
    return (row, request.user) if row is not None and request.user.is_authenticated else None


def _told(request: HttpRequest, status: int) -> HttpResponse | None:
    """For the lock that covers a page: it keeps the page, and what was being written on it."""
    return HttpResponse(status=status) if request.headers.get("X-Lock") else None


def _locked_page(request: HttpRequest, form: UnlockForm, other: LoginForm) -> HttpResponse:
    user = request.user if request.user.is_authenticated else None
    context = {
        "form": form,
        "other": other,
        "next": next_page(request),
        "name": user.name if user else "",
        "has_password": user is None or user.has_usable_password(),
        "ways": ways_in(),
    }
    return door(request, "accounts/locked.html", context, form.errors or other.errors)

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_POST, require_safe

from terresante.accounts import passkeys
from terresante.accounts.access import PASSKEY_ADD, PASSKEY_END
from terresante.accounts.actions import passkeys as actions
from terresante.accounts.actions.login import TRIES_OF_A_NETWORK
from terresante.accounts.enums import LoginWay
from terresante.accounts.forms import LoginForm
from terresante.accounts.passkeys import Unproven
from terresante.accounts.queries import account_of
from terresante.accounts.tries import refuse_beyond
from terresante.accounts.views.arrival import NEXT, arrive, enter
from terresante.accounts.views.door import login_page
from terresante.accounts.views.security import account_page, asks_again
from terresante.accounts.views.source import site_of, source_of
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.screens import Request, next_page, public, writes

_NEW, _LOGIN = "new_passkey", "passkey_login"


@public(reason="Défi d’une connexion par clé d’accès")
@require_safe
def passkey_options(request: HttpRequest) -> HttpResponse:
    site = site_of(request)
    if site is None:
        raise NotFound
    refuse_beyond(TRIES_OF_A_NETWORK, f"passkey {source_of(request).network}")
    options, request.session[_LOGIN] = passkeys.ask_proof(site)
    response = HttpResponse(options, content_type="application/json")
    add_never_cache_headers(response)
    return response


@public(reason="Connexion par clé d’accès, en une étape")
@require_POST
def passkey_login(request: HttpRequest) -> HttpResponse:
    site, state = site_of(request), request.session.pop(_LOGIN, None)
    after = next_page(request)
    try:
        if site is None or state is None:
            raise Invalid(actions.NOT_PROVEN)
        user = actions.log_in_by_passkey(site, state, request.POST.get("answer", ""))
    except Invalid as error:
        return login_page(request, LoginForm(), passkey_refused=error.sentence)
    return enter(request, user, by=LoginWay.PASSKEY, after=after)


@writes(PASSKEY_ADD)
def new_passkey(request: Request) -> HttpResponse:
    if asking := asks_again(request):
        return asking
    refused = _added(request) if request.method == "POST" else ""
    if request.method == "POST" and not refused:
        messages.success(request, "Votre clé d’accès est créée : elle suffit à vos prochaines connexions.")
        return redirect("accounts:security")
    return _creation_page(request, "accounts/passkey_new.html", refused=refused)


@writes(PASSKEY_ADD)
def passkey_offer(request: Request) -> HttpResponse:
    """Once, after a login: quicker from now on, or later."""
    refused = ""
    if "later" in request.POST:
        actions.put_passkey_off(request.actor)
    elif asking := asks_again(request):
        return asking
    elif request.method == "POST":
        refused = _added(request)
    if request.method == "POST" and not refused:
        return arrive(request, str(request.session.pop(NEXT, "")))
    return _creation_page(request, "accounts/passkey_offer.html", refused=refused)


@writes(PASSKEY_END)
@require_POST
def end_passkey(request: Request, key_id: UUID) -> HttpResponse:
    if asking := asks_again(request):
        return asking
    actions.end_passkey(request.actor, key_id)
    messages.success(request, "La clé d’accès est retirée. Supprimez-la aussi de votre appareil.")
    return redirect("accounts:security")


def _added(request: Request) -> str:
    """'' once the key is kept, else what to say."""
    site, state = site_of(request), request.session.pop(_NEW, None)
    try:
        if site is None or state is None:
            raise Unproven("no challenge")
        key = passkeys.read_new_key(site, state, request.POST.get("answer", ""))
        actions.add_passkey(request.actor, key, words=source_of(request).words)
    except Unproven:
        return "La clé d’accès n’a pas pu être créée. Recommencez."
    except Conflict as error:
        return error.sentence
    return ""


def _creation_page(request: Request, template: str, *, refused: str) -> HttpResponse:
    site, user, options = site_of(request), account_of(request.actor), ""
    if site is not None:
        known = [bytes(each) for each in user.passkeys.values_list("credential_id", flat=True)]
        options, request.session[_NEW] = passkeys.ask_new_key(
            site, user_id=user.pk, login=user.login, name=user.name, known=known
        )
    context = {"options": options, "refused": refused, "localhost": _at_localhost(request)}
    return account_page(request, template, context, wrong=refused)


def _at_localhost(request: HttpRequest) -> str:
    """Where the same page of a demonstration takes a passkey."""
    port = request.get_port()
    return f"http://localhost:{port}{reverse('accounts:new_passkey')}" if settings.DEMO else ""

from ipaddress import ip_address, ip_network
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login as open_session
from django.contrib.auth import logout as close_session
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from terresante.accounts import actions
from terresante.accounts.access import LOGIN, LOGOUT
from terresante.accounts.forms import CodeForm, LoginForm
from terresante.accounts.models import LoginChallenge, User
from terresante.accounts.queries import challenge_waiting, mailbox
from terresante.kernel import audit, rls
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Invalid, NotFound
from terresante.kernel.ports import actor_behind
from terresante.kernel.screens import next_page, public

_CHALLENGE = "login_challenge"
# Of the password that was right: it may have been changed while the code was waited for.
_PROVED = "login_proved"
_NEXT = "login_next"


@public(reason="Première étape de la connexion")
def login(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return _arrival(request, next_page(request))
    form = LoginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            challenge = actions.begin_login(**form.cleaned_data, network=_network(request))
        except Invalid as error:
            form.add_error(None, error.sentence)
        else:
            _remember(request, challenge)
            return redirect("accounts:code")
    return _door(request, "accounts/login.html", {"form": form, "next": next_page(request)}, form.errors)


@public(reason="Seconde étape de la connexion")
def code(request: HttpRequest) -> HttpResponse:
    challenge = _waiting(request)
    if challenge is None:
        return redirect("accounts:login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = actions.finish_login(challenge, code=form.cleaned_data["code"], network=_network(request))
            return _enter(request, user)
        except Invalid as error:
            form.add_error("code", error.sentence)
    return _door(request, "accounts/code.html", _code_page(challenge, form), form.errors)


@public(reason="Un autre code pour la même connexion")
@require_POST
def code_again(request: HttpRequest) -> HttpResponse:
    challenge = _waiting(request)
    if challenge is None or not challenge.code_hash:
        return redirect("accounts:login")
    try:
        actions.send_again(challenge, network=_network(request))
    except Invalid as error:
        return _door(
            request,
            "accounts/code.html",
            {**_code_page(challenge, CodeForm()), "refused": error.sentence},
            True,
        )
    return redirect("accounts:code")


@public(reason="Fermeture de sa propre session")
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    actor = actor_behind(request)
    if actor is not None:
        _trace(actor, LOGOUT)
    close_session(request)
    response = HttpResponseRedirect(f"{reverse('accounts:login')}?au-revoir")
    # What the browser kept of the session goes too, the offline store included (DESIGN.md 8).
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


@public(reason="Boîte aux lettres d’une démonstration, sans destinataire réel ; absente ailleurs")
@require_safe
def demonstration_mailbox(request: HttpRequest) -> HttpResponse:
    if not settings.DEMO or not _is_this_machine(request):
        raise NotFound
    response = render(request, "accounts/mailbox.html", {"messages_received": mailbox()})
    add_never_cache_headers(response)
    return response


def _door(request: HttpRequest, template: str, context: dict[str, object], wrong: object) -> HttpResponse:
    response = render(request, template, context, status=422 if wrong else 200)
    add_never_cache_headers(response)
    return response


def _code_page(challenge: LoginChallenge, form: CodeForm) -> dict[str, object]:
    name, _, host = challenge.user.email.partition("@")
    return {"form": form, "by_email": bool(challenge.code_hash), "address": f"{name[:1]}…@{host}"}


def _remember(request: HttpRequest, challenge: LoginChallenge) -> None:
    request.session.cycle_key()
    request.session[_CHALLENGE] = str(challenge.pk)
    request.session[_PROVED] = challenge.user.get_session_auth_hash()
    request.session[_NEXT] = next_page(request)


def _waiting(request: HttpRequest) -> LoginChallenge | None:
    key = request.session.get(_CHALLENGE)
    challenge = challenge_waiting(UUID(key)) if key else None
    if challenge is None:
        return None
    proved = str(request.session.get(_PROVED, ""))
    return challenge if constant_time_compare(challenge.user.get_session_auth_hash(), proved) else None


def _enter(request: HttpRequest, user: User) -> HttpResponse:
    for name in (_CHALLENGE, _PROVED):
        request.session.pop(name, None)
    after = str(request.session.pop(_NEXT, ""))
    open_session(request, user)
    actor = actor_behind(request)
    _trace(actor or actions.at_the_door(user), LOGIN)
    return _arrival(request, after)


def _arrival(request: HttpRequest, after: str) -> HttpResponse:
    """Patients to their pages; professionals by the choice of a structure, which passes on when there is only one."""
    actor = actor_behind(request)
    if actor is None:
        return _door(request, "accounts/nobody.html", {}, False)
    if actor.kind == ActorKind.PATIENT:
        return redirect(after or "portal:home")
    query = f"?{urlencode({'next': after})}" if after else ""
    return redirect(f"{reverse('overview:situation')}{query}")


def _trace(actor: Actor, done: Action) -> None:
    with rls.acting(actor):
        audit.record(actor, done)


def _is_this_machine(request: HttpRequest) -> bool:
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _network(request: HttpRequest) -> str:
    """The caller's network: /24 in IPv4, /64 in IPv6, what one subscriber usually has."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        # The last entry is our own proxy's; the others are the caller's say.
        address = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or address
    try:
        version = ip_address(address).version
    except ValueError:
        return "unknown"
    return str(ip_network(f"{address}/{24 if version == 4 else 64}", strict=False))

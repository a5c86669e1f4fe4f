"""From a right proof to an open session: the browser is remembered, the login traced, the person led to his pages."""

import time
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import login as open_session
from django.contrib.auth import logout as close_session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import urlencode

from terresante.accounts import sessions
from terresante.accounts.access import LOGIN
from terresante.accounts.actions.devices import remember_device, say_goodbye
from terresante.accounts.actions.login import at_the_door
from terresante.accounts.enums import PROVED_ELSEWHERE, DeviceChoice, LoginWay
from terresante.accounts.models import User
from terresante.accounts.views.source import keep_source, site_of, source_of
from terresante.kernel import audit, rls
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.ports import actor_behind

CHALLENGE, NEXT, PROVED = "login_challenge", "login_next", "proved_at"


def enter(
    request: HttpRequest,
    user: User,
    *,
    by: LoginWay,
    choice: DeviceChoice | None = None,
    after: str = "",
    kept: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Opens the session under a new key, with what it keeps; what was in the browser for another account is gone."""
    after = after or str(request.session.get(NEXT, ""))
    device, source = remember_device(user, source_of(request), choice)
    leave(request)
    request.session.flush()
    open_session(request, user)
    request.session[PROVED] = time.time()
    request.session[sessions.DEVICE_KEY] = str(device.pk)
    request.session[sessions.WORDS_KEY] = source.words
    request.session[sessions.SHARED_KEY] = device.is_shared
    request.session[sessions.WAY_KEY] = str(by)
    request.session.update(kept or {})
    trace(
        actor_behind(request) or at_the_door(user),
        LOGIN,
        by=str(by),
        device=str(device.pk),
        trust=str(choice or ""),
    )
    response = (by not in PROVED_ELSEWHERE and _offered(request, user, after)) or arrive(request, after)
    keep_source(response, source)
    return response


def leave(request: HttpRequest) -> None:
    """Whoever was there before on a shared workstation: his session ends when the next one's password is right."""
    if request.user.is_authenticated:
        device = str(request.session.get(sessions.DEVICE_KEY, ""))
        say_goodbye(at_the_door(request.user), device=device, by="switch")
        close_session(request)


def _offered(request: HttpRequest, user: User, after: str) -> HttpResponse | None:
    """The page that offers a passkey, once, where one can be made and to somebody who has pages."""
    possible = site_of(request) is not None and not request.session[sessions.SHARED_KEY]
    if not possible or user.passkey_offered_at or user.passkeys.exists() or actor_behind(request) is None:
        return None
    request.session[NEXT] = after
    return redirect("accounts:passkey_offer")


def arrive(request: HttpRequest, after: str) -> HttpResponse:
    """Patients to their pages; professionals by the choice of a structure, which passes on when there is only one."""
    actor = actor_behind(request)
    if actor is None:
        return door(request, "accounts/nobody.html", {"way": sessions.way_of(request.session)}, False)
    if actor.kind != ActorKind.PROFESSIONAL:
        return redirect(after or "portal:home")
    query = f"?{urlencode({'next': after})}" if after else ""
    return redirect(f"{reverse('overview:situation')}{query}")


def door(request: HttpRequest, template: str, context: dict[str, object], wrong: object) -> HttpResponse:
    response = render(request, template, context, status=422 if wrong else 200)
    add_never_cache_headers(response)
    return response


def trace(actor: Actor, done: Action, **detail: str) -> None:
    with rls.acting(actor):
        audit.record(actor, done, detail=detail)

"""« Mon compte », rubrique « Sécurité »: what protects an account, changed by its owner."""

import time
from collections.abc import Mapping
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from terresante.accounts.access import (
    DEVICE_FORGET,
    IDENTITY_CONFIRM,
    PASSWORD_CHANGE,
    SECURITY_READ,
    SESSION_END,
)
from terresante.accounts.actions import devices, factors
from terresante.accounts.actions.devices import remember_device
from terresante.accounts.enums import PROVED_ELSEWHERE, LoginWay
from terresante.accounts.forms import OwnPasswordForm, PasswordForm
from terresante.accounts.queries import account_of, security_of
from terresante.accounts.sessions import DEVICE_KEY, way_of
from terresante.accounts.views.arrival import PROVED
from terresante.accounts.views.source import keep_source, source_of
from terresante.kernel import audit
from terresante.kernel.actor import ActorKind
from terresante.kernel.ports import sms_is_bound
from terresante.kernel.screens import Request, next_page, reads, writes

# A password given within that time opens the changes of second factors (OWASP ASVS 3.7).
PROOF_SECONDS = 15 * 60


@reads(SECURITY_READ)
def security(request: Request) -> HttpResponse:
    return account_page(
        request,
        "accounts/security.html",
        {
            "security": security_of(request.actor),
            "here": request.session.session_key,
            "sms": sms_is_bound(),
            "proved_by": _proof_of(request).label,
        },
    )


@writes(SESSION_END)
@require_POST
def end_session(request: Request, handle: UUID) -> HttpResponse:
    devices.end_session(request.actor, handle)
    messages.success(request, "La session est fermée.")
    return redirect("accounts:security")


@writes(SESSION_END)
@require_POST
def end_other_sessions(request: Request) -> HttpResponse:
    devices.end_other_sessions(request.actor, but=str(request.session.session_key))
    messages.success(request, "Toutes les autres sessions sont fermées, les autres appareils oubliés.")
    return redirect("accounts:security")


@writes(DEVICE_FORGET)
@require_POST
def forget_device(request: Request, device_id: UUID) -> HttpResponse:
    devices.forget_device(request.actor, device_id)
    messages.success(request, "L’appareil est oublié : un code y sera demandé.")
    return redirect("accounts:security")


def _checked_password(request: Request) -> PasswordForm:
    form = PasswordForm(request.POST, user=account_of(request.actor))
    form.is_valid()
    return form


@writes(PASSWORD_CHANGE, before=_checked_password)
def password(request: Request) -> HttpResponse:
    form = request.prepared
    if form is None or not form.is_valid():
        form = form or PasswordForm(None, user=account_of(request.actor))
        return account_page(request, "accounts/password.html", {"form": form}, wrong=form.errors)
    key = str(request.session.session_key)
    request.session.pop(DEVICE_KEY, None)
    user = factors.change_password(request.actor, new_hash=form.new_hash, session_key=key)
    update_session_auth_hash(request, user)
    device, source = remember_device(user, source_of(request), None)
    request.session[DEVICE_KEY] = str(device.pk)
    messages.success(request, "Votre mot de passe est changé ; les autres sessions sont fermées.")
    response = redirect("accounts:security")
    keep_source(response, source)
    return response


def _confirmed(request: Request) -> OwnPasswordForm:
    form = OwnPasswordForm(request.POST, user=account_of(request.actor))
    form.is_valid()
    return form


@writes(IDENTITY_CONFIRM, before=_confirmed)
def confirm(request: Request) -> HttpResponse:
    form = request.prepared
    if form is None or not form.is_valid():
        form = form or OwnPasswordForm(None, user=account_of(request.actor))
        context = {"form": form, "next": next_page(request)}
        return account_page(request, "accounts/confirm.html", context, wrong=form.errors)
    audit.record(request.actor, IDENTITY_CONFIRM)
    request.session[PROVED] = time.time()
    return redirect(next_page(request) or "accounts:security")


def asks_again(request: Request) -> HttpResponse | None:
    """The page that asks the password, or who vouches for an account without one, unless it was given a moment ago."""
    if time.time() - float(request.session.get(PROVED, 0)) < PROOF_SECONDS:
        return None
    after = request.path if request.method == "GET" else reverse("accounts:security")
    if account_of(request.actor).has_usable_password():
        return redirect(f"{reverse('accounts:confirm')}?{urlencode({'next': after})}")
    return redirect(f"{reverse(f'accounts:{_proof_of(request)}')}?{urlencode({'encore': '', 'next': after})}")


def _proof_of(request: Request) -> LoginWay:
    """Who vouches again for an account without a password."""
    way = way_of(request.session)
    if way in PROVED_ELSEWHERE:
        return LoginWay(way)
    return LoginWay.FRANCE_CONNECT if request.actor.kind == ActorKind.PATIENT else LoginWay.PSC


def account_page(
    request: Request, template: str, context: Mapping[str, object], *, wrong: object = None
) -> HttpResponse:
    layout = "desk.html" if request.actor.kind == ActorKind.PROFESSIONAL else "portal.html"
    return render(request, template, {"layout": layout, **context}, status=422 if wrong else 200)

"""Second factors of an account: an application, a telephone, codes on paper."""

from uuid import UUID

import segno
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from terresante.accounts import codes
from terresante.accounts.access import PHONE_SET, RECOVERY_CODES_MAKE, SECOND_FACTOR_END, SECOND_FACTOR_SET
from terresante.accounts.actions import factors as actions
from terresante.accounts.enums import ChallengePurpose
from terresante.accounts.forms import PhoneForm
from terresante.accounts.models import LoginChallenge
from terresante.accounts.queries import account_of, challenge_waiting
from terresante.accounts.views.security import account_page, asks_again
from terresante.kernel.errors import Invalid, NotFound
from terresante.kernel.ports import sms_is_bound
from terresante.kernel.screens import Request, writes
from terresante.kernel.sealing import seal, unseal
from terresante.kernel.ui.forms import DigitsForm

_SEED, _PHONE = "new_seed", "phone_challenge"


@writes(SECOND_FACTOR_SET)
def application(request: Request) -> HttpResponse:
    if asking := asks_again(request):
        return asking
    seed, form = _seed_waiting(request), DigitsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_own_application(request.actor, seed=seed, code=form.cleaned_data["code"])
        except Invalid as error:
            form.add_error("code", error.sentence)
        else:
            del request.session[_SEED]
            messages.success(request, "Votre application d’authentification est enregistrée.")
            return redirect("accounts:security")
    return _application_page(request, seed, form)


@writes(SECOND_FACTOR_END)
@require_POST
def end_application(request: Request) -> HttpResponse:
    if asking := asks_again(request):
        return asking
    actions.end_own_application(request.actor)
    messages.success(request, "L’application est retirée.")
    return redirect("accounts:security")


@writes(PHONE_SET)
def phone(request: Request) -> HttpResponse:
    if not sms_is_bound():
        raise NotFound
    if asking := asks_again(request):
        return asking
    form = PhoneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            challenge = actions.send_phone_code(request.actor, number=form.cleaned_data["number"])
        except Invalid as error:
            form.add_error("number", error.sentence)
        else:
            request.session[_PHONE] = str(challenge.pk)
            return redirect("accounts:phone_code")
    return account_page(request, "accounts/phone.html", {"form": form}, wrong=form.errors)


def _checked_phone(request: Request) -> DigitsForm:
    form, challenge = DigitsForm(request.POST), _phone_waiting(request)
    if form.is_valid() and challenge is not None:
        try:
            actions.check_phone_code(challenge, form.cleaned_data["code"])
        except Invalid as error:
            form.add_error("code", error.sentence)
    return form


@writes(PHONE_SET, before=_checked_phone)
def phone_code(request: Request) -> HttpResponse:
    challenge = _phone_waiting(request)
    if challenge is None:
        return redirect("accounts:phone")
    form = request.prepared or DigitsForm()
    if form.is_bound and form.is_valid():
        actions.set_phone(request.actor, number=challenge.new_phone)
        messages.success(request, "Vos codes peuvent arriver par SMS.")
        return redirect("accounts:security")
    context = {"form": form, "number": challenge.new_phone}
    return account_page(request, "accounts/phone_code.html", context, wrong=form.errors)


@writes(PHONE_SET)
@require_POST
def end_phone(request: Request) -> HttpResponse:
    if asking := asks_again(request):
        return asking
    actions.set_phone(request.actor, number="")
    messages.success(request, "Le téléphone est retiré.")
    return redirect("accounts:security")


@writes(RECOVERY_CODES_MAKE)
@require_POST
def recovery_codes(request: Request) -> HttpResponse:
    if asking := asks_again(request):
        return asking
    made = actions.make_recovery_codes(request.actor)
    return account_page(request, "accounts/recovery_codes.html", {"codes": made, "copied": "\n".join(made)})


def _seed_waiting(request: Request) -> str:
    """The same until its first code: another QR at each mistake would never be confirmed."""
    kept = request.session.get(_SEED)
    if kept:
        return unseal(bytes.fromhex(kept), context="totp-waiting").decode()
    seed = codes.new_seed()
    request.session[_SEED] = seal(seed.encode(), context="totp-waiting").hex()
    return seed


def _application_page(request: Request, seed: str, form: DigitsForm) -> HttpResponse:
    address = codes.totp_address(seed, login=account_of(request.actor).login)
    drawn = segno.make(address, error="m").svg_data_uri(scale=5, border=3)
    groups = " ".join(seed[at : at + 4] for at in range(0, len(seed), 4))
    context = {"form": form, "qr": drawn, "seed": groups}
    return account_page(request, "accounts/application.html", context, wrong=form.errors)


def _phone_waiting(request: Request) -> LoginChallenge | None:
    key = request.session.get(_PHONE)
    waiting = challenge_waiting(UUID(key), ChallengePurpose.PHONE) if key else None
    return waiting if waiting is not None and waiting.user_id == request.actor.user_id else None

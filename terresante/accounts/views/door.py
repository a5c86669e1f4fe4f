from uuid import UUID

from django.conf import settings
from django.contrib.auth import logout as close_session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from terresante.accounts.actions import login as actions
from terresante.accounts.actions.devices import say_goodbye
from terresante.accounts.enums import CodeChannel, DeviceChoice, LoginWay
from terresante.accounts.federation.providers import ways_in
from terresante.accounts.forms import CodeForm, LoginForm, RecoveryCodeForm
from terresante.accounts.models import LoginChallenge, User
from terresante.accounts.queries import challenge_waiting, channels_of
from terresante.accounts.sessions import DEVICE_KEY, is_locked
from terresante.accounts.views.arrival import CHALLENGE, NEXT, arrive, door, enter, leave
from terresante.accounts.views.federation import provider_logout
from terresante.accounts.views.source import site_of, source_of
from terresante.kernel.errors import Invalid
from terresante.kernel.ports import actor_behind
from terresante.kernel.screens import next_page, public

# Of the password that was right: it may have been changed while the code was waited for.
_PASSWORD = "login_proved"  # noqa: S105 -- a key of the session


@public(reason="Première étape de la connexion")
def login(request: HttpRequest) -> HttpResponse:
    if is_locked(request.session):
        return redirect(f"{reverse('accounts:locked')}?{urlencode({'next': next_page(request)})}")
    if request.user.is_authenticated:
        return arrive(request, next_page(request))
    form = LoginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            passed = actions.begin_login(**form.cleaned_data, source=source_of(request))
        except Invalid as error:
            form.add_error(None, error.sentence)
        else:
            return after_password(request, passed)
    return login_page(request, form)


@public(reason="Seconde étape de la connexion")
def code(request: HttpRequest) -> HttpResponse:
    challenge = waiting(request)
    if challenge is None:
        return redirect("accounts:login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        choice = DeviceChoice(form.cleaned_data["device"])
        try:
            user = actions.finish_login(challenge, code=form.cleaned_data["code"], source=source_of(request))
            return enter(request, user, by=LoginWay.CODE, choice=choice)
        except Invalid as error:
            form.add_error("code", error.sentence)
    return _code_page(request, challenge, form)


@public(reason="Un autre code pour la même connexion")
@require_POST
def code_again(request: HttpRequest) -> HttpResponse:
    challenge = waiting(request)
    if challenge is None or not challenge.code_hash:
        return redirect("accounts:login")
    try:
        actions.send_again(challenge, source=source_of(request))
    except Invalid as error:
        return _code_page(request, challenge, CodeForm(), refused=error.sentence)
    return redirect("accounts:code")


@public(reason="Le code de la même connexion, reçu autrement")
@require_POST
def code_otherwise(request: HttpRequest) -> HttpResponse:
    challenge = waiting(request)
    wanted = request.POST.get("channel", "")
    if challenge is None or wanted not in CodeChannel.values:
        return redirect("accounts:login")
    try:
        actions.change_channel(challenge, CodeChannel(wanted), source=source_of(request))
    except Invalid as error:
        return _code_page(request, challenge, CodeForm(), refused=error.sentence)
    return redirect("accounts:code")


@public(reason="Seconde étape de la connexion, par un code de secours")
def code_of_paper(request: HttpRequest) -> HttpResponse:
    challenge = waiting(request)
    if challenge is None:
        return redirect("accounts:login")
    form = RecoveryCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = actions.finish_with_paper(
                challenge, code=form.cleaned_data["code"], source=source_of(request)
            )
            return enter(request, user, by=LoginWay.RECOVERY_CODE)
        except Invalid as error:
            form.add_error("code", error.sentence)
    return door(request, "accounts/code_of_paper.html", {"form": form}, form.errors)


@public(reason="Fermeture de sa propre session")
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    actor = actor_behind(request)
    if actor is not None:
        say_goodbye(actor, device=str(request.session.get(DEVICE_KEY, "")))
    elsewhere = provider_logout(request)
    close_session(request)
    if elsewhere:
        # A page, not a redirection: the policy of the page one came from lets forms lead to our own origin only.
        response = door(request, "accounts/logged_out.html", {"elsewhere": elsewhere}, False)
    else:
        response = redirect(f"{reverse('accounts:login')}?au-revoir")
    # What the browser kept of the session goes too, the offline store included (DESIGN.md 8). Its cookie is deleted by
    # name: « cookies » would also forget that this device is trusted.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def login_page(request: HttpRequest, form: LoginForm, *, passkey_refused: str = "") -> HttpResponse:
    context = {
        "form": form,
        "next": next_page(request),
        "passkeys": site_of(request) is not None,
        "passkey_refused": passkey_refused,
        "ways": ways_in(),
        "register": resolve_url(settings.REGISTER_URL),
    }
    return door(request, "accounts/login.html", context, form.errors or passkey_refused)


def after_password(request: HttpRequest, passed: LoginChallenge | User) -> HttpResponse:
    if isinstance(passed, User):
        return enter(request, passed, by=LoginWay.TRUSTED_DEVICE, after=next_page(request))
    leave(request)
    request.session.cycle_key()
    request.session[CHALLENGE] = str(passed.pk)
    request.session[_PASSWORD] = passed.user.get_session_auth_hash()
    request.session[NEXT] = next_page(request)
    return redirect("accounts:code")


def waiting(request: HttpRequest) -> LoginChallenge | None:
    key = request.session.get(CHALLENGE)
    challenge = challenge_waiting(UUID(key)) if key else None
    if challenge is None:
        return None
    proved = str(request.session.get(_PASSWORD, ""))
    return challenge if constant_time_compare(challenge.user.get_session_auth_hash(), proved) else None


def _code_page(
    request: HttpRequest, challenge: LoginChallenge, form: CodeForm, *, refused: str = ""
) -> HttpResponse:
    context = {
        "form": form,
        "channel": challenge.channel,
        "sent_to": _hidden_recipient(challenge),
        "others": [way for way in channels_of(challenge.user) if way != challenge.channel],
        "refused": refused,
    }
    return door(request, "accounts/code.html", context, form.errors or refused)


def _hidden_recipient(challenge: LoginChallenge) -> str:
    """Enough for the owner to know which one, not for another to learn it."""
    if challenge.channel == CodeChannel.SMS:
        return f"•• •• •• {challenge.user.phone[-4:-2]} {challenge.user.phone[-2:]}"
    name, _, host = challenge.user.email.partition("@")
    return f"{name[:1]}…@{host}"

"""Ways back in, for somebody who is not logged in. The token leaves the address at once: addresses are kept."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from terresante.accounts.actions import recovery as actions
from terresante.accounts.enums import PASSWORD_LINKS, LinkPurpose
from terresante.accounts.forms import ForgottenForm, NewPasswordForm
from terresante.accounts.models import RecoveryLink
from terresante.accounts.views.arrival import door
from terresante.accounts.views.door import waiting
from terresante.accounts.views.source import source_of
from terresante.kernel.errors import Invalid
from terresante.kernel.screens import public

_TOKEN = "recovery_token"  # noqa: S105 -- a key of the session


@public(reason="Mot de passe oublié : demander un lien par courriel")
def forgotten(request: HttpRequest) -> HttpResponse:
    form = ForgottenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.ask_new_password(login=form.cleaned_data["login"], source=source_of(request))
            return door(request, "accounts/link_sent.html", {}, False)
        except Invalid as error:
            form.add_error(None, error.sentence)
    return door(request, "accounts/forgotten.html", {"form": form}, form.errors)


@public(reason="Second facteur perdu, après le mot de passe : demander un lien par courriel")
@require_POST
def lost_factor(request: HttpRequest) -> HttpResponse:
    challenge = waiting(request)
    if challenge is None:
        return redirect("accounts:login")
    actions.ask_new_factor(challenge)
    return door(request, "accounts/link_sent.html", {}, False)


@public(reason="Lien reçu par courriel ; l’ouvrir ne le dépense pas")
@require_safe
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Mail filters open links before their reader does: only the form that follows spends it."""
    found = actions.link_waiting(token)
    if found is None:
        return door(request, "accounts/link_over.html", {"sentence": actions.LINK_OVER}, True)
    request.session.cycle_key()
    request.session[_TOKEN] = token
    to = "recover_password" if found.purpose in PASSWORD_LINKS else "recover_factor"
    return redirect(f"accounts:{to}")


@public(reason="Nouveau mot de passe, par le lien reçu")
def recover_password(request: HttpRequest) -> HttpResponse:
    found = _waiting(request, PASSWORD_LINKS)
    if found is None:
        return door(request, "accounts/link_over.html", {"sentence": actions.LINK_OVER}, True)
    form = NewPasswordForm(request.POST or None, user=found.user)
    if request.method == "POST" and form.is_valid():
        actions.recover_password(str(request.session.pop(_TOKEN)), new_hash=form.new_hash)
        return door(request, "accounts/recovered.html", {}, False)
    return door(request, "accounts/new_password.html", {"form": form}, form.errors)


@public(reason="Retour aux codes par courriel, par le lien reçu")
def recover_factor(request: HttpRequest) -> HttpResponse:
    if _waiting(request, frozenset({LinkPurpose.SECOND_FACTOR})) is None:
        return door(request, "accounts/link_over.html", {"sentence": actions.LINK_OVER}, True)
    if request.method == "POST":
        actions.recover_second_factor(str(request.session.pop(_TOKEN)))
        return door(request, "accounts/recovered.html", {}, False)
    return door(request, "accounts/lost_factor.html", {}, False)


def _waiting(request: HttpRequest, purposes: frozenset[LinkPurpose]) -> RecoveryLink | None:
    found = actions.link_waiting(str(request.session.get(_TOKEN, "")))
    return found if found is not None and found.purpose in purposes else None

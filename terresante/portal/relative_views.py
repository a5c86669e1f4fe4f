"""A relative's way in: given by the patient from his pages, opened by the relative with the link and the code."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from terresante.accounts.actions.login import at_the_door
from terresante.accounts.actions.opening import create_account
from terresante.accounts.models import User
from terresante.accounts.queries import account_called
from terresante.care_team.access import DELEGATION_CLAIM, OWN_DELEGATION_EDIT, OWN_RELATIVE_EDIT
from terresante.care_team.actions import relatives as relative_actions
from terresante.care_team.actions.relatives import Invited, answer_invitation
from terresante.directory.queries import work_situations
from terresante.kernel import access, audit, rls
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.screens import Request, public, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.kernel.ui.translation import later
from terresante.patients.models import RelatedPerson
from terresante.portal.forms import CarerForm, GivenCodeForm, InvitedForm, OwnRelativeForm
from terresante.portal.queries import founded_record_id, read_own_record

_TOKEN = "invitation_token"  # noqa: S105 -- a key of the session
_NOT_VALID = later(
    "Ce lien ou ce code n’est pas valable. Relisez le code. "
    "Après cinq erreurs ou quatorze jours, demandez un autre accès à la personne qui vous l’a donné."
)


@writes(OWN_RELATIVE_EDIT)
def relative(request: Request, relative_id: UUID | None = None) -> HttpResponse:
    """Adds a relative, or corrects what is said of him."""
    record_id = founded_record_id(request.actor)
    form = OwnRelativeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        relative_actions.save_relative(
            request.actor, record_id, relative=form.relative(), relative_id=relative_id
        )
        messages.success(request, gettext("C’est enregistré."))
        return redirect("portal:circle")
    read_own_record(request.actor)
    if relative_id is not None:
        known = access.get(request.actor, OWN_RELATIVE_EDIT, RelatedPerson, relative_id)
        if not form.is_bound:
            form = OwnRelativeForm(initial={name: getattr(known, name) for name in form.fields})
    return render(
        request,
        "portal/relative.html",
        {"form": form, "is_new": relative_id is None},
        status=form_status(form),
    )


@writes(OWN_DELEGATION_EDIT)
def carer(request: Request, relative_id: UUID) -> HttpResponse:
    """The patient lets a relative read; the code is shown once."""
    record_id = founded_record_id(request.actor)
    read_own_record(request.actor)
    person = access.get(request.actor, OWN_RELATIVE_EDIT, RelatedPerson, relative_id)
    form = CarerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = relative_actions.record_delegation(
                request.actor, record_id, relative_id, delegation=form.delegation()
            )
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            return render(request, "portal/code_to_give.html", {"invitation": invitation, "person": person})
    return render(request, "portal/carer.html", {"form": form, "person": person}, status=form_status(form))


@writes(OWN_DELEGATION_EDIT)
def withdraw_carer(request: Request, delegation_id: UUID) -> HttpResponse:
    if request.method == "POST":
        relative_actions.withdraw_delegation(request.actor, founded_record_id(request.actor), delegation_id)
        messages.success(request, gettext("C’est fait : cette personne ne lit plus rien."))
    return redirect("portal:circle")


@public(reason="Accès donné à un proche : le lien reçu par courriel ; l’ouvrir ne le dépense pas")
@require_safe
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The same for every link, good or bad: only the form that follows says something, and asks the code first."""
    request.session[_TOKEN] = token[:100]
    return redirect("portal:claim")


@public(reason="Accès donné à un proche : le code remis en main propre")
def claim(request: HttpRequest) -> HttpResponse:
    token = str(request.session.get(_TOKEN, ""))
    user = request.user if isinstance(request.user, User) else None
    form = GivenCodeForm(request.POST or None) if user else _form_of_newcomer(request, token)
    if request.method == "POST" and form.is_valid():
        opened = _claimed(request, token, form, user)
        if opened is not None:
            return opened
    context = {"form": form, "known": user, "again": reverse("portal:invitation", args=[token or "-"])}
    return render(request, "portal/claim.html", context, status=form_status(form))


def _form_of_newcomer(request: HttpRequest, token: str) -> InvitedForm:
    """The address of the invitation is known once its code is right: the password is then checked against it."""
    code = request.POST.get("given_code", "")
    invited = answer_invitation(token=token, code=code) if code else None
    form = InvitedForm(request.POST or None, user=User(login=invited.email if invited else "@"))
    if code and invited is None:
        form.add_error("given_code", _NOT_VALID)
    elif invited is not None and account_called(invited.email) is not None:
        form.add_error(None, gettext("Vous avez déjà un compte à cette adresse : connectez-vous d’abord."))
    return form


def _claimed(
    request: HttpRequest, token: str, form: GivenCodeForm | InvitedForm, user: User | None
) -> HttpResponse | None:
    code = str(form.cleaned_data["given_code"])
    if user is not None and work_situations(user.pk):
        form.add_error(
            None,
            gettext(
                "Ce compte est celui d’un professionnel : déconnectez-vous, puis ouvrez de nouveau le lien."
            ),
        )
        return None
    account = user or _new_account(form, token, code)
    invited = answer_invitation(token=token, code=code, user_id=account.pk) if account else None
    if account is None or invited is None:
        form.add_error("given_code", _NOT_VALID)
        return None
    _trace(account, invited)
    request.session.pop(_TOKEN, None)
    if user is not None:
        messages.success(request, gettext("Votre accès est ouvert."))
        return redirect("overview:home")
    return render(request, "portal/claimed.html", {"email": account.email})


def _new_account(form: GivenCodeForm | InvitedForm, token: str, code: str) -> User | None:
    invited = answer_invitation(token=token, code=code)
    if invited is None:
        return None
    return create_account(
        at_the_door(None),
        login=invited.email,
        name=invited.name,
        email=invited.email,
        password=str(form.cleaned_data["new"]),
    )


def _trace(account: User, invited: Invited) -> None:
    actor = at_the_door(account)
    with rls.acting(actor):
        detail = {"delegation": str(invited.delegation_id)}
        audit.record(actor, DELEGATION_CLAIM, patient_id=invited.patient_id, detail=detail)

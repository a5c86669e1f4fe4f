"""Back office: the accounts of professionals."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from terresante.accounts.access import ACCOUNT_ASSIST, ACCOUNT_LIST, ACCOUNT_MANAGE
from terresante.accounts.actions import administration as actions
from terresante.accounts.enums import IdentityCheck
from terresante.directory.access import require_administration
from terresante.directory.forms import FactorForm, ReasonForm
from terresante.directory.queries.desk import account_sheet, accounts_page
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.screens import Request, reads, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.kernel.ui.paging import shown_page


@require_safe
@reads(ACCOUNT_LIST)
def accounts(request: Request) -> HttpResponse:
    require_administration(request.actor)
    words = request.GET.get("q", "")[:100]
    page = accounts_page(request.actor, words=words, number=request.GET.get("page"))
    context = {"accounts": page, "page": shown_page(page, "comptes", q=words), "words": words}
    return render(request, "directory/accounts.html", context)


@require_safe
@reads(ACCOUNT_LIST)
def account(request: Request, user_id: UUID) -> HttpResponse:
    require_administration(request.actor)
    context = {"sheet": account_sheet(request.actor, user_id)}
    return render(request, "directory/account.html", context)


@writes(ACCOUNT_MANAGE)
def close(request: Request, user_id: UUID) -> HttpResponse:
    return _with_reason(request, user_id, "Fermer le compte", actions.close_account)


@writes(ACCOUNT_MANAGE)
def reopen(request: Request, user_id: UUID) -> HttpResponse:
    return _with_reason(request, user_id, "Rouvrir le compte", actions.reopen_account)


@writes(ACCOUNT_MANAGE)
def reset_factor(request: Request, user_id: UUID) -> HttpResponse:
    def reset(actor: Actor, user_id: UUID, *, reason: str, identity_check: str) -> None:
        check = IdentityCheck(identity_check)
        actions.reset_second_factor(actor, user_id, reason=reason, identity_check=check)

    return _with_reason(request, user_id, "Réinitialiser le second facteur", reset, form_class=FactorForm)


@require_POST
@writes(ACCOUNT_ASSIST)
def end_sessions(request: Request, user_id: UUID) -> HttpResponse:
    actions.end_all_sessions(request.actor, user_id)
    messages.success(request, "Les sessions sont fermées, les appareils oubliés.")
    return redirect("directory:account", user_id)


@require_POST
@writes(ACCOUNT_ASSIST)
def unlock(request: Request, user_id: UUID) -> HttpResponse:
    actions.unlock_account(request.actor, user_id)
    messages.success(request, "Le compte est débloqué : la personne peut essayer de nouveau.")
    return redirect("directory:account", user_id)


@require_POST
@writes(ACCOUNT_ASSIST)
def login_mail(request: Request, user_id: UUID) -> HttpResponse:
    actions.send_login_mail(request.actor, user_id)
    messages.success(request, "Un lien est parti à l’adresse du compte.")
    return redirect("directory:account", user_id)


def _with_reason(
    request: Request,
    user_id: UUID,
    title: str,
    act: Callable[..., None],
    *,
    form_class: type[ReasonForm] = ReasonForm,
) -> HttpResponse:
    require_administration(request.actor)
    sheet = account_sheet(request.actor, user_id)
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            act(request.actor, user_id, **form.cleaned_data)
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, "C’est fait, et le titulaire du compte en est averti par courriel.")
            return redirect("directory:account", user_id)
    context = {"sheet": sheet, "form": form, "title": title}
    return render(request, "directory/account_act.html", context, status=form_status(form))

"""Back office: structures, who works there, with which duties, and their units."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from terresante.accounts.access import ACCOUNT_OPEN
from terresante.directory.access import (
    DUTIES_GIVE,
    MEMBERS_MANAGE,
    MEMBERS_READ,
    UNITS_MANAGE,
    is_administrator,
    require_administration,
)
from terresante.directory.actions import desk as actions
from terresante.directory.enums import UnitSensitivity
from terresante.directory.forms import (
    AccountForm,
    DutiesForm,
    EndForm,
    MemberForm,
    NewMemberForm,
    SearchForm,
    UnitForm,
)
from terresante.directory.models import Organization, Practitioner, Unit
from terresante.directory.queries import search_practitioners
from terresante.directory.queries.desk import (
    duty_choices,
    gives_duties,
    role_to_manage,
    structure_sheet,
    structures_page,
)
from terresante.kernel import access
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.screens import Request, reads, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.kernel.ui.paging import shown_page


@require_safe
@reads(MEMBERS_READ)
def structures(request: Request) -> HttpResponse:
    require_administration(request.actor)
    words = request.GET.get("q", "")[:100]
    page = structures_page(request.actor, words=words, number=request.GET.get("page"))
    context = {"structures": page, "page": shown_page(page, "structures", q=words), "words": words}
    return render(request, "directory/structures.html", context)


@require_safe
@reads(MEMBERS_READ)
def structure(request: Request, organization_id: UUID) -> HttpResponse:
    require_administration(request.actor)
    sheet = structure_sheet(request.actor, organization_id, number=request.GET.get("page"))
    context = {
        "sheet": sheet,
        "page": shown_page(sheet.members, "membres"),
        "sensitivities": UnitSensitivity.choices,
        "unit_form": UnitForm(),
    }
    return render(request, "directory/structure.html", context)


@require_safe
@reads(MEMBERS_MANAGE)
def find_member(request: Request, organization_id: UUID) -> HttpResponse:
    """In the whole directory: who will work here often works elsewhere already."""
    place = access.get(request.actor, MEMBERS_MANAGE, Organization, organization_id)
    form = SearchForm(request.GET)
    asked = form.is_valid() and any(form.cleaned_data.values())
    found = search_practitioners(request.actor, text=form.cleaned_data.get("nom", "")) if asked else []
    context = {"organization": place, "form": form, "found": found, "asked": asked}
    return render(request, "directory/member_find.html", context)


@writes(MEMBERS_MANAGE)
def add_member(request: Request, organization_id: UUID, practitioner_id: UUID) -> HttpResponse:
    place = access.get(request.actor, MEMBERS_MANAGE, Organization, organization_id)
    who = Practitioner.objects.filter(pk=practitioner_id, active=True).first()
    if who is None:
        raise NotFound
    form = MemberForm(request.POST or None, initial={"start": timezone.localdate()})
    return _added(request, place, form, who=who)


@writes(MEMBERS_MANAGE)
def new_member(request: Request, organization_id: UUID) -> HttpResponse:
    place = access.get(request.actor, MEMBERS_MANAGE, Organization, organization_id)
    form = NewMemberForm(
        request.POST or None,
        initial={"start": timezone.localdate()},
        all_professions=is_administrator(request.actor),
    )
    return _added(request, place, form, who=None)


@writes(MEMBERS_MANAGE)
def end_member(request: Request, role_id: UUID) -> HttpResponse:
    role = role_to_manage(request.actor, role_id)
    form = EndForm(request.POST or None, initial={"on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        try:
            actions.end_membership(request.actor, role_id, on=form.cleaned_data["on"])
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, f"La fonction de {role.practitioner.full_name} prend fin.")
            return redirect("directory:structure", role.organization_id)
    return _member_form(request, "directory/member_end.html", form, role=role)


@writes(DUTIES_GIVE)
def duties(request: Request, role_id: UUID) -> HttpResponse:
    role = role_to_manage(request.actor, role_id)
    if not gives_duties(request.actor, role):
        access.get(request.actor, DUTIES_GIVE, type(role), role_id)
    offered = duty_choices(request.actor)
    form = DutiesForm(request.POST or None, offered=offered, initial={"duties": role.duties})
    if request.method == "POST" and form.is_valid():
        kept = set(role.duties) - {code for code, _ in offered}
        try:
            actions.set_duties(request.actor, role_id, duties={*form.cleaned_data["duties"], *kept})
        except Conflict as error:
            show_error(form, error)
        else:
            messages.success(
                request, "Les fonctions sont changées ; le délégué à la protection des données est prévenu."
            )
            return redirect("directory:structure", role.organization_id)
    return _member_form(request, "directory/member_duties.html", form, role=role)


@writes(ACCOUNT_OPEN)
def open_account(request: Request, practitioner_id: UUID) -> HttpResponse:
    require_administration(request.actor)
    who = access.get(request.actor, ACCOUNT_OPEN, Practitioner, practitioner_id)
    chooses = actions.chooses_address(request.actor, who)
    known = actions.known_address(who)
    form = (
        AccountForm(request.POST or None, initial={"email": known})
        if chooses
        else forms.Form(request.POST or None)
    )
    if request.method == "POST" and form.is_valid():
        try:
            user = actions.open_account_for(
                request.actor, practitioner_id, email=form.cleaned_data.get("email", "")
            )
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(
                request, "Le compte est ouvert : un lien est parti pour choisir le mot de passe."
            )
            return redirect("directory:account", user.pk)
    context = {"who": who, "form": form, "known": known, "chooses": chooses}
    return render(request, "directory/account_open.html", context, status=form_status(form))


@require_POST
@writes(UNITS_MANAGE)
def add_unit(request: Request, organization_id: UUID) -> HttpResponse:
    access.get(request.actor, UNITS_MANAGE, Organization, organization_id)
    form = UnitForm(request.POST)
    if not form.is_valid():
        raise Invalid("Indiquez le code et le nom de l’unité.")
    told = {**form.cleaned_data, "sensitivity": UnitSensitivity(form.cleaned_data["sensitivity"])}
    actions.add_unit(request.actor, organization_id=organization_id, **told)
    messages.success(request, "L’unité est ajoutée.")
    return redirect("directory:structure", organization_id)


@require_POST
@writes(UNITS_MANAGE)
def unit_sensitivity(request: Request, unit_id: UUID) -> HttpResponse:
    access.get(request.actor, UNITS_MANAGE, Unit, unit_id)
    wanted = request.POST.get("sensitivity", "")
    if wanted not in UnitSensitivity.values:
        raise Invalid("Choisissez une sensibilité de la liste.")
    unit = actions.set_sensitivity(request.actor, unit_id, sensitivity=UnitSensitivity(wanted))
    messages.success(request, f"L’unité {unit.name} est maintenant : {unit.get_sensitivity_display()}.")
    return redirect("directory:structure", unit.organization_id)


def _added(
    request: Request, place: Organization, form: MemberForm, *, who: Practitioner | None
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        entry = actions.MemberEntry(
            organization_id=place.pk, practitioner_id=who.pk if who else None, **form.cleaned_data
        )
        try:
            role = actions.add_to_structure(request.actor, entry=entry)
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, f"{role.practitioner.full_name} travaille dans cette structure.")
            return redirect("directory:structure", place.pk)
    return _member_form(request, "directory/member_add.html", form, organization=place, who=who)


def _member_form(request: Request, template: str, form: forms.Form, **context: object) -> HttpResponse:
    return render(request, template, {"form": form, **context}, status=form_status(form))

"""The page of one identity: what proves it, what raises it, what corrects it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from terresante.directory.enums import Duty
from terresante.kernel import access, audit
from terresante.kernel.errors import Invalid, NotFound, Refused
from terresante.kernel.screens import Request, reads, writes
from terresante.kernel.ui.forms import show_error
from terresante.kernel.ui.frame import Comparison
from terresante.kernel.ui.frame import Pair as ShownPair
from terresante.patients import desk_actions as actions
from terresante.patients import desk_queries as queries
from terresante.patients import forms
from terresante.patients.access import (
    IDENTITY_CLEAR_DEATH,
    IDENTITY_CORRECT,
    IDENTITY_FLAG,
    IDENTITY_READ,
    IDENTITY_SEARCH,
    IDENTITY_VERIFY,
)
from terresante.patients.actions import register_identity
from terresante.patients.enums import ProofDocument
from terresante.patients.identity_rules import Attribute
from terresante.patients.models import Patient
from terresante.patients.moved_views import live_strips
from terresante.patients.queries import (
    has_died,
    matricule_for_exchange,
    namesakes,
    record_of,
    surviving_identity,
)
from terresante.patients.traits import Traits, read_birth_date

DESK = Duty.IDENTITY_OFFICER


def require_desk(request: Request) -> None:
    if not request.actor.has_duty(DESK):
        raise Refused("Cette page est celle de la cellule d’identitovigilance.")


@reads(IDENTITY_SEARCH)
def search(request: Request) -> HttpResponse:
    """Asked by POST: no name and no matricule stands in an address."""
    require_desk(request)
    form = forms.IdentitySearchForm(request.POST or None)
    found: list[Patient] = []
    if form.is_valid():
        found = _found(request, form)
        for patient in found:
            audit.note_read(IDENTITY_SEARCH, patient_id=patient.pk, about=patient)
    warned = namesakes(patient.pk for patient in found)
    context = {
        "form": form,
        "found": [(patient, warned.get(patient.pk, "")) for patient in found],
        "asked": form.is_bound,
        "most": queries.MOST_FOUND,
    }
    return render(request, "patients/search.html", context)


@writes(IDENTITY_SEARCH)
def new_identity(request: Request) -> HttpResponse:
    """Five traits; what looks like them is shown before one more identity is made."""
    require_desk(request)
    form = forms.TraitsForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "patients/new.html", {"form": form}, status=422 if form.errors else 200)
    alike = queries.resembling(queries.sides_of(form.traits))
    if alike and "distinct" not in request.POST:
        for one in alike:
            audit.note_read(IDENTITY_SEARCH, patient_id=one.patient_id)
        warned = namesakes(one.patient_id for one in alike)
        shown = [(one, warned.get(one.patient_id, "")) for one in alike]
        return render(request, "patients/new.html", {"form": form, "alike": shown})
    return redirect("patients:identity", register_identity(request.actor, traits=form.traits))


@require_safe
@reads(IDENTITY_READ)
def show_identity(request: Request, patient_id: UUID) -> HttpResponse:
    if not request.actor.has_duty(DESK) and (goes_on := surviving_identity(patient_id)):
        return redirect("patients:identity", goes_on)
    return identity_page(request, patient_id)


@require_POST
@writes(IDENTITY_VERIFY)
def show_document(request: Request, patient_id: UUID) -> HttpResponse:
    form = forms.DocumentForm(request.POST)
    if form.is_valid():
        try:
            document = ProofDocument(form.cleaned_data["document"])
            actions.check_document(request.actor, patient_id, document=document)
        except Invalid as error:
            show_error(form, error)
        else:
            messages.success(request, "La pièce d’identité est enregistrée.")
            return redirect("patients:identity", patient_id)
    return identity_page(request, patient_id, document_form=form)


@writes(IDENTITY_CORRECT)
def correct(request: Request, patient_id: UUID) -> HttpResponse:
    patient = access.get(request.actor, IDENTITY_CORRECT, Patient, patient_id)
    form = forms.CorrectionForm(request.POST or None, initial=forms.typed(patient))
    if request.method == "POST" and form.is_valid():
        try:
            actions.correct_identity(
                request.actor,
                patient_id,
                traits=form.traits,
                document=form.cleaned_data["document"],
                reason=form.cleaned_data["reason"],
            )
        except Invalid as error:
            show_error(form, error)
        else:
            messages.success(request, "L’identité est corrigée.")
            return redirect("patients:identity", patient_id)
    audit.note_read(IDENTITY_READ, patient_id=patient_id, about=patient)
    context = {"form": form, "patient": patient}
    return render(request, "patients/correct.html", context, status=422 if form.errors else 200)


@require_POST
@writes(IDENTITY_FLAG)
def flag(request: Request, patient_id: UUID) -> HttpResponse:
    form = forms.AttributesForm(request.POST)
    if form.is_valid():
        try:
            reason = form.cleaned_data["reason"]
            actions.flag_identity(request.actor, patient_id, attributes=form.chosen, reason=reason)
        except Invalid as error:
            show_error(form, error)
        else:
            messages.success(request, "Les attributs sont enregistrés.")
            return redirect("patients:identity", patient_id)
    return identity_page(request, patient_id, flag_form=form)


def _found(request: Request, form: forms.IdentitySearchForm) -> list[Patient]:
    asked = form.cleaned_data
    if asked["ipp"]:
        return list(queries.by_local_number(request.actor, asked["ipp"].strip()))
    try:
        born = read_birth_date(asked["naissance"])
    except ValueError:
        form.add_error("naissance", "Cette date de naissance n’existe pas.")
        return []
    if not asked["ins"] and len(asked["nom"].strip()) < 2:
        form.add_error("nom", "Donnez au moins deux lettres, un matricule ou un identifiant.")
        return []
    day = born.day if born else None
    return list(
        queries.found_identities(request.actor, text=asked["nom"], born=day, ins=asked["ins"].strip())
    )


def identity_page(
    request: Request,
    patient_id: UUID,
    *,
    returned: Traits | None = None,
    document_form: forms.DocumentForm | None = None,
    flag_form: forms.AttributesForm | None = None,
    death_form: forms.DeathForm | None = None,
) -> HttpResponse:
    actor = request.actor
    patient = (
        access.list(actor, IDENTITY_READ, Patient).select_related("merged_into").filter(pk=patient_id).first()
    )
    if patient is None:
        raise NotFound
    audit.note_read(IDENTITY_READ, patient_id=patient.pk, about=patient)
    is_desk = actor.has_duty(DESK)
    alike = (
        queries.resembling(queries.sides_of(patient), apart=patient.pk)
        if is_desk and not patient.merged_into_id
        else []
    )
    apart = queries.told_apart(patient.pk, [one.patient_id for one in alike]) if alike else set()
    wrong = any(form and form.errors for form in (document_form, flag_form, death_form))
    context = {
        "patient": patient,
        "live_strips": live_strips(actor, patient),
        "born": forms.written_date(patient.birth_date, patient.lunar_birth_date),
        "travels": matricule_for_exchange(patient) is not None,
        "may": access.permitted(
            actor, patient, IDENTITY_VERIFY, IDENTITY_CORRECT, IDENTITY_FLAG, IDENTITY_CLEAR_DEATH
        ),
        "verify": IDENTITY_VERIFY,
        "correct": IDENTITY_CORRECT,
        "flag": IDENTITY_FLAG,
        "clear_death": IDENTITY_CLEAR_DEATH,
        "has_died": has_died(patient),
        "is_desk": is_desk,
        "record_id": None if is_desk else record_of(patient.pk),
        "history": queries.history_of(actor, patient.pk),
        "calls": queries.calls_of(actor, patient.pk)[:20],
        "numbers": queries.local_numbers(actor, patient.pk),
        "merges": queries.merges_of(actor, patient.pk) if is_desk else [],
        "alike": [one for one in alike if one.patient_id not in apart],
        "comparison": _returned(patient, returned) if returned else None,
        "document_form": document_form or forms.DocumentForm(),
        "flag_form": flag_form or _flags(patient),
        "death_form": death_form or forms.DeathForm(),
    }
    return render(request, "patients/identity.html", context, status=422 if wrong else 200)


def _flags(patient: Patient) -> forms.AttributesForm:
    standing = {
        Attribute.HOMONYM: patient.is_homonym,
        Attribute.DOUBTFUL: patient.is_doubtful,
        Attribute.FICTITIOUS: patient.is_fictitious,
    }
    return forms.AttributesForm(initial={"attributes": [name for name, said in standing.items() if said]})


def _returned(patient: Patient, returned: Traits) -> Comparison:
    born = forms.written_date(returned.birth_date) if returned.birth_date else ""
    lines = (
        ("Nom de naissance", patient.birth_name, returned.birth_name),
        ("Prénoms de naissance", patient.birth_given_names, returned.birth_given_names),
        ("Date de naissance", forms.written_date(patient.birth_date), born),
        ("Sexe", patient.sex, returned.sex),
        ("Lieu de naissance (code)", patient.birth_place_code, returned.birth_place_code),
    )
    pairs = tuple(ShownPair(label=label, old=old, new=new) for label, old, new in lines)
    return Comparison(old_title="Identité enregistrée", new_title="Rendue par INSi", pairs=pairs)

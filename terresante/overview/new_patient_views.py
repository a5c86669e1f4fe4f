"""Somebody is added: who looks alike, then a record, closed until the person is informed."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from terresante.care_team.access import RECORD_CREATE, RECORD_SHARE
from terresante.care_team.actions import (
    EMERGENCY_PROFESSIONS,
    create_kept_record,
    create_record,
    share_record,
    supports,
)
from terresante.care_team.forms import ConsentForm
from terresante.care_team.queries import read_record, why_not_founded
from terresante.care_team.regime import needs_consent
from terresante.directory.queries import search_communes
from terresante.kernel.actor import ActorKind
from terresante.kernel.errors import Invalid, Refused
from terresante.kernel.screens import Request, public, reads, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.kernel.ui.frame import Comparison, Pair
from terresante.overview import desk_queries as queries
from terresante.overview import search_queries
from terresante.overview.forms import InformationForm, PatientForm, place_label
from terresante.patients.enums import IdentityStatus, InformationSupport, Sex
from terresante.patients.identity_rules import normalised_name
from terresante.patients.models import CareRecord
from terresante.patients.queries import namesakes
from terresante.patients.traits import Traits


@writes(RECORD_CREATE)
def new_patient(request: Request) -> HttpResponse:
    if request.actor.kind != ActorKind.PROFESSIONAL:
        raise Refused("Seul un professionnel rattaché à une structure crée un dossier.")
    form = PatientForm(request.POST or None)
    if request.method != "POST" or not form.is_valid() or "edit" in request.POST:
        status = 422 if form.errors and "edit" not in request.POST else 200
        return render(request, "overview/new_patient.html", {"form": form}, status=status)
    alike = search_queries.look_alikes(request.actor, form.traits)
    known = next((one for one in alike if str(one.patient_id) == request.POST.get("known")), None)
    asks = "create" in request.POST and (not alike or "distinct" in request.POST)
    if known is None and not asks and "kept" not in request.POST:
        return render(request, "overview/check_patient.html", checked_identity(request, form, alike))
    consent = ConsentForm(request.POST if needs_consent() else None)
    try:
        record = _founded(request, form, known.patient_id if known else None, consent)
    except Invalid as error:
        show_error(consent, error)
        checked = checked_identity(request, form, alike, consent)
        return render(request, "overview/check_patient.html", checked, status=error.status)
    if record.kept_by_id is not None:
        return redirect(queries.record_url(record.pk))
    return redirect("overview:information", record.pk)


def _founded(request: Request, form: PatientForm, known: UUID | None, consent: ConsentForm) -> CareRecord:
    """« kept »: the non-shared record of a support structure, always under an identity of its own."""
    given = consent.given() if consent.is_bound and consent.is_valid() else None
    if "kept" in request.POST:
        return create_kept_record(request.actor, traits=form.traits, contacts=form.contacts, consent=given)
    return create_record(
        request.actor, traits=form.traits, contacts=form.contacts, patient_id=known, consent=given
    )


@public(reason="Communes et pays du code officiel géographique : une liste publique, sans patient")
def birth_places(request: HttpRequest) -> HttpResponse:
    places = search_communes(request.GET.get("birth_place", "")[:100], limit=8)
    return render(
        request, "overview/_birth_places.html", {"places": [place_label(place) for place in places]}
    )


@writes(RECORD_SHARE)
def information(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=RECORD_SHARE)
    if opened.record.kept_by_id is not None:
        return redirect("care_team:share_kept", record_id)
    today = timezone.localdate()
    form = InformationForm(request.POST or None, initial={"given_on": today})
    consent = ConsentForm(request.POST or None if needs_consent() else None, initial={"consented_at": today})
    if request.method == "POST" and form.is_valid():
        try:
            _informed(request, record_id, form, consent)
        except Invalid as error:
            show_error(consent, error)
        else:
            return redirect(queries.record_url(record_id))
    context = {
        "opened": opened,
        "form": form,
        "consent": consent if needs_consent() else None,
        "record_url": queries.record_url(record_id),
    }
    return render(request, "overview/information.html", context, status=form_status(form, consent))


def _informed(request: Request, record_id: UUID, form: InformationForm, consent: ConsentForm) -> None:
    noon = timezone.make_aware(datetime.combine(form.cleaned_data["given_on"], time(12)))
    share_record(
        request.actor,
        record_id,
        support=InformationSupport(form.cleaned_data["support"]),
        given_at=min(noon, timezone.now()),
        consent=consent.given() if consent.is_bound and consent.is_valid() else None,
    )


@reads(RECORD_SHARE)
def notice(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=RECORD_SHARE)
    holder = opened.record.holder
    return render(
        request, "overview/notice.html", {"opened": opened, "holder": holder, "now": timezone.now()}
    )


def checked_identity(
    request: Request,
    form: PatientForm,
    alike: list[search_queries.LookAlike],
    consent: ConsentForm | None = None,
) -> dict[str, Any]:
    warned = namesakes([one.patient_id for one in alike]) if alike else {}
    return {
        "form": form,
        "traits": _pairs(form.traits),
        "alike": [
            {
                "person": one,
                "comparison": _comparison(form.traits, one),
                "status": IdentityStatus(one.identity_status).label,
                "warning": warned.get(one.patient_id, ""),
                "url": queries.record_url(one.record_id) if one.is_mine and one.record_id else "",
                "opposes": not one.record_id
                and why_not_founded(one.patient_id, form.traits, named_only=True) == "opposed",
            }
            for one in alike
        ],
        "must_confirm": "create" in request.POST,
        "opens": request.actor.role in EMERGENCY_PROFESSIONS,
        "consent": (consent or ConsentForm(initial={"consented_at": timezone.localdate()}))
        if needs_consent()
        else None,
        "keeps": supports(request.actor),
    }


def _pairs(traits: Traits) -> list[tuple[str, str]]:
    born = traits.birth_date
    shown = [
        ("Nom de naissance", traits.birth_name.upper()),
        ("Prénoms de naissance", traits.birth_given_names),
        ("Date de naissance", f"{born:%d/%m/%Y}" if born and not traits.lunar_birth_date else _lunar(traits)),
        ("Sexe", Sex(traits.sex).label),
        ("Lieu de naissance", f"{traits.birth_place_name} ({traits.birth_place_code})"),
    ]
    return [*shown, ("Nom utilisé", traits.used_name)] if traits.used_name else shown


def _lunar(traits: Traits) -> str:
    year, month, _ = traits.lunar_birth_date.split("-")
    return f"{month}/{year}, jour inconnu" if month != "00" else f"{year}, jour et mois inconnus"


def _comparison(traits: Traits, known: search_queries.LookAlike) -> Comparison:
    entered = dict(_pairs(traits))
    stored = {
        "Nom de naissance": known.birth_name,
        "Prénoms de naissance": known.given_names,
        "Date de naissance": f"{known.birth_date:%d/%m/%Y}",
        "Sexe": Sex(known.sex).label,
        "Lieu de naissance": known.birth_place_name,
    }
    typed = {**entered, "Lieu de naissance": traits.birth_place_name}
    typed["Prénoms de naissance"] = normalised_name(traits.birth_given_names)
    typed["Nom de naissance"] = normalised_name(traits.birth_name)
    pairs = tuple(Pair(label=label, old=value, new=typed[label]) for label, value in stored.items())
    return Comparison(old_title="Personne connue", new_title="Votre saisie", pairs=pairs)

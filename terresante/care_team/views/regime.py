"""Pages of the legal regime: what the person chose, the kept record, the rights of each profession."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from terresante.care_team import actions, matrix, queries
from terresante.care_team.access import (
    CONSENT_EDIT,
    CONSENTS_TO_ASK,
    RECORD_SHARE,
)
from terresante.care_team.enums import DataClass, RoleGroup
from terresante.care_team.forms import ConsentForm, ProofForm, RightForm, SharingForm
from terresante.care_team.models import Consent
from terresante.care_team.queries import regime as asked
from terresante.care_team.regime import REGIME, needs_consent
from terresante.kernel import access, switches
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.screens import Request, reads, record_page, writes
from terresante.kernel.switch_changes import SWITCH_CHANGE, change, history, require_administrator
from terresante.kernel.ui.forms import form_status, offer, show_error
from terresante.patients.enums import InformationSupport

_MOST_CHANGES = 30


@writes(CONSENT_EDIT)
def sharing_consent(request: Request, record_id: UUID) -> HttpResponse:
    form = ConsentForm(request.POST or None, initial={"consented_at": timezone.localdate()})
    if form.is_bound and form.is_valid():
        try:
            actions.record_sharing_consent(request.actor, record_id, consent=form.given())
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(
                request, "Le consentement est enregistré : le cercle peut accueillir de nouveaux membres."
            )
            return redirect("care_team:choices", record_id)
    opened = queries.read_record(request.actor, record_id, action=CONSENT_EDIT)
    return record_page(
        request,
        "care_team/sharing_consent.html",
        opened,
        {"form": form},
        tab="circle",
        status=form_status(form),
    )


@writes(CONSENT_EDIT)
def inform_later(request: Request, record_id: UUID, choice_id: UUID) -> HttpResponse:
    form = ProofForm(request.POST or None)
    form.fields["proof"].label = "Comment la personne a été informée"
    if form.is_bound and form.is_valid():
        try:
            actions.inform_later(request.actor, record_id, choice_id, proof=form.cleaned_data["proof"])
        except Invalid as error:
            show_error(form, error)
        else:
            messages.success(request, "L’information est enregistrée.")
            return redirect("care_team:choices", record_id)
    opened = queries.read_record(request.actor, record_id, action=CONSENT_EDIT)
    choice = access.get(request.actor, CONSENT_EDIT, Consent, choice_id)
    if choice.patient_id != opened.patient.pk or choice.inform_by is None or choice.informed_at is not None:
        raise NotFound
    context = {"form": form, "choice": choice}
    return record_page(
        request, "care_team/inform_later.html", opened, context, tab="circle", status=form_status(form)
    )


@reads(CONSENTS_TO_ASK)
def to_ask(request: Request) -> HttpResponse:
    """What the law still asks of my patients: consents under the regime of 2019, information owed after an urgency."""
    page = asked.records_without_consent(request.actor, request.GET.get("page")) if needs_consent() else None
    context = {
        "needs_consent": needs_consent(),
        "page": page,
        "persons": asked.persons_to_inform(request.actor),
        "today": timezone.localdate(),
    }
    return render(request, "care_team/to_ask.html", context)


@writes(RECORD_SHARE)
def share_kept(request: Request, record_id: UUID) -> HttpResponse:
    """« Ouvrir au partage » of a record that only its support structure knows of."""
    opened = queries.read_record(request.actor, record_id, action=RECORD_SHARE)
    if opened.record.kept_by is None:
        raise Conflict("Ce dossier n’est plus réservé à une structure.")
    form = _sharing_form(request)
    if form.is_bound and form.is_valid():
        try:
            actions.share_record(
                request.actor,
                record_id,
                support=InformationSupport(form.cleaned_data["support"]),
                given_at=form.moment,
                given_by_id=UUID(form.cleaned_data["given_by"]),
                consent=form.given() if needs_consent() else None,
            )
        except Invalid as error:
            show_error(form, error)
        else:
            messages.success(request, "Le dossier est ouvert au partage ; sa structure en est prévenue.")
            return redirect("care_team:circle", record_id)
    context = {
        "form": form,
        "needs_consent": needs_consent(),
        "staff": len(asked.colleagues(request.actor)),
        "consent_fields": [form[name] for name in ConsentForm.base_fields],
    }
    return record_page(
        request, "care_team/share_kept.html", opened, context, tab="circle", status=form_status(form)
    )


def _sharing_form(request: Request) -> SharingForm:
    today = timezone.localdate()
    me = str(request.actor.person_id)
    form = SharingForm(
        request.POST or None, initial={"given_on": today, "consented_at": today, "given_by": me}
    )
    people = asked.colleagues(request.actor)
    offer(form, "given_by", [(str(one.pk), one.full_name) for one in people])
    return form


@reads(SWITCH_CHANGE)
def rights(request: Request) -> HttpResponse:
    """The matrix in force, the legal regime, and the last changes of either."""
    require_administrator(request.actor)
    rows = [
        {"group": group, "cells": [_cell(group, data_class) for data_class in DataClass]}
        for group in RoleGroup
    ]
    codes = [each.code for each in switches.declared() if each.group in (matrix.GRID, REGIME.group)]
    context = {
        "classes": DataClass,
        "rows": rows,
        "regime": REGIME,
        "regime_words": REGIME.words(switches.value(REGIME.code)),
        "changes": _told(request, *codes),
    }
    return render(request, "care_team/rights.html", context)


def _cell(group: RoleGroup, data_class: DataClass) -> dict[str, Any]:
    known = switches.switch(matrix.code_of(group, data_class))
    value = switches.value(known.code)
    return {
        "group": group,
        "data_class": data_class,
        "words": known.words(value),
        "value": value,
        "changed": value != known.default,
        "fixed": len(known.choices) == 1,
    }


@writes(SWITCH_CHANGE)
def change_right(request: Request, group: str, data_class: str) -> HttpResponse:
    require_administrator(request.actor)
    try:
        whose, what = RoleGroup(group), DataClass(data_class)
    except ValueError as error:
        raise NotFound from error
    known = switches.switch(matrix.code_of(whose, what))
    title = f"{whose.label} : {what.label.lower()}"
    professions = ", ".join(matrix.professions_of(whose))
    return _change(request, known, title=title, lead=professions, limit=known.help)


@writes(SWITCH_CHANGE)
def change_regime(request: Request) -> HttpResponse:
    require_administrator(request.actor)
    return _change(request, REGIME, title=REGIME.label, lead=REGIME.help, limit="")


def _change(request: Request, known: switches.Switch, *, title: str, lead: str, limit: str) -> HttpResponse:
    value = switches.value(known.code)
    form = RightForm(request.POST or None, initial={"value": value})
    offer(form, "value", known.choices)
    form.fields["value"].label = "Régime" if known is REGIME else "Droit"
    if form.is_bound and form.is_valid():
        try:
            change(request.actor, known.code, form.cleaned_data["value"], form.cleaned_data["reason"])
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(
                request, "Le changement est enregistré : il s’applique dès la prochaine page de chacun."
            )
            return redirect("care_team:rights")
    context = {
        "form": form,
        "title": title,
        "lead": lead,
        "limit": limit,
        "default": known.words(known.default),
        "in_force": known.words(value),
        "fixed": len(known.choices) == 1,
        "changes": _told(request, known.code),
    }
    return render(request, "care_team/change_right.html", context, status=form_status(form))


def _told(request: Request, *codes: str) -> list[dict[str, Any]]:
    by_code = {each.code: each for each in switches.declared()}
    return [
        {"row": row, "label": by_code[row.code].label, "words": by_code[row.code].words(row.value)}
        for row in history(request.actor, *codes)[:_MOST_CHANGES]
        if row.code in by_code
    ]

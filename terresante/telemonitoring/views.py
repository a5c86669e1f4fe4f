from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from terresante.care_team.enums import DataClass
from terresante.care_team.queries import OpenRecord, read_record
from terresante.kernel import access
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.ports import MainAction
from terresante.kernel.screens import Request, reads, record_page, writes
from terresante.kernel.ui import wording
from terresante.kernel.ui.forms import form_status, show_error
from terresante.questionnaires import pathway as engine
from terresante.questionnaires import queries as questionnaires
from terresante.questionnaires.filling import raw_of, sections
from terresante.questionnaires.models import PathwayVersion
from terresante.telemonitoring import actions, queries
from terresante.telemonitoring.access import (
    CONTACT_WRITE,
    FOLLOW_UP_END,
    FOLLOW_UP_ENROL,
    FOLLOW_UP_MANAGE,
    FOLLOW_UP_READ,
    LINK_MAKE,
)
from terresante.telemonitoring.contacts import actions as contact_actions
from terresante.telemonitoring.course import actions as course_actions
from terresante.telemonitoring.course import date_actions, link_actions
from terresante.telemonitoring.course import queries as course_queries
from terresante.telemonitoring.course.link_views import TAB, follow_up_of, secrets_page
from terresante.telemonitoring.enums import EndReason, Respondent
from terresante.telemonitoring.forms import (
    AdaptForm,
    AnchorForm,
    CarerForm,
    EndForm,
    EnrolForm,
    LinkForm,
    SuspendForm,
)
from terresante.telemonitoring.models import FollowUp


@reads(FOLLOW_UP_READ)
def list_follow_ups(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=FOLLOW_UP_READ)
    found = queries.shown_of(request.actor, opened.patient.pk)
    running = [one for one in found if not one.follow_up.is_ended]
    context = {"running": running, "ended": [one for one in found if one.follow_up.is_ended]}
    return record_page(
        request,
        "telemonitoring/list.html",
        opened,
        context,
        tab=TAB,
        main_action=_enrol_action(request, opened),
    )


@reads(FOLLOW_UP_READ)
def show_follow_up(request: Request, record_id: UUID, follow_up_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=FOLLOW_UP_READ)
    follow_up = follow_up_of(request, opened, FOLLOW_UP_READ, follow_up_id)
    allowed = access.permitted(
        request.actor, follow_up, FOLLOW_UP_MANAGE, FOLLOW_UP_END, LINK_MAKE, CONTACT_WRITE
    )
    link = queries.link_of(request.actor, follow_up)
    waiting = queries.expected_of(request.actor, follow_up)
    to_fill = queries.to_fill_here(waiting, follow_up)
    context = {
        "one": queries.shown(follow_up),
        "follow_up": follow_up,
        "curve": queries.curve(follow_up),
        "answers": queries.answers_of(request.actor, follow_up),
        "expected": [one for one in waiting if one.pk not in {due.pk for due, _ in to_fill}],
        "to_fill": to_fill,
        "link": link,
        "sent_to": wording.phone(link.sent_to) if link else "",
        "contacts": queries.contacts_of(request.actor, follow_up),
        "manages": FOLLOW_UP_MANAGE in allowed and not follow_up.is_ended,
        "ends": FOLLOW_UP_END in allowed and not follow_up.is_ended,
        "links": LINK_MAKE in allowed and not follow_up.is_ended,
        "adds_contacts": CONTACT_WRITE in allowed and not follow_up.is_ended,
        "forms": questionnaires.pathway_of(follow_up.version_id).forms,
        "later": _later(follow_up),
        **_of_the_person(request, follow_up),
        "carer_form": _carer_form(request, follow_up),
        "link_form": LinkForm(initial={"phone": wording.phone(follow_up.phone_of_respondent)}),
    }
    return record_page(request, "telemonitoring/one.html", opened, context, tab=TAB)


def _later(follow_up: FollowUp) -> list[tuple[str, str, date | None]]:
    """(name, label, date when it is known) of what the pathway counts from beside its first date."""
    known = {name: date.fromisoformat(on) for name, on in follow_up.later_anchors.items() if on}
    labels = questionnaires.pathway_of(follow_up.version_id).later_anchors
    return [(name, label, known.get(name)) for name, label in labels.items()]


def _of_the_person(request: Request, follow_up: FollowUp) -> dict[str, Any]:
    """What was confirmed; her own thresholds, who set each, what is wrong with one; whether anything may be adapted."""
    pathway = questionnaires.pathway_of(follow_up.version_id)
    thresholds = queries.thresholds_of(pathway)
    return {
        "criteria": [(one, one in follow_up.criteria) for one in pathway.meant.criteria],
        "own": course_queries.told_of(request.actor, follow_up, thresholds),
        "adapts": bool(thresholds or pathway.statuses),
    }


def _carer_form(request: Request, follow_up: FollowUp) -> CarerForm | None:
    carers = link_actions.carers_of(request.actor, follow_up.patient_id)
    if not carers:
        return None
    return CarerForm(carers=carers, initial={"carer": str(follow_up.carer_id or "")})


@writes(FOLLOW_UP_ENROL)
def enrol(request: Request, record_id: UUID) -> HttpResponse:
    """Without a pathway, they are offered. POST with `recompute` shows the schedule and who will read again."""
    opened = read_record(request.actor, record_id, action=FOLLOW_UP_ENROL)
    offered = queries.offered_to(request.actor, opened.patient)
    asked = request.POST.get("parcours") or request.GET.get("parcours", "")
    chosen = next((one for one in offered if str(one.version.pk) == asked), None)
    if chosen is None:
        context = {"offered": offered, "contact": request.GET.get("contact", "")}
        return record_page(request, "telemonitoring/choose.html", opened, context, tab=TAB)
    page = _EnrolPage(request, opened, chosen)
    if request.method == "POST" and "recompute" not in request.POST and page.is_valid():
        try:
            enrolled = page.enrol()
        except (Invalid, Conflict) as error:
            show_error(page.form, error)
        else:
            return _enrolled(request, opened, enrolled)
    return page.answer()


class _EnrolPage:
    """The form of one pathway, its inclusion questionnaire, and what they make."""

    def __init__(self, request: Request, opened: OpenRecord, chosen: queries.Offered) -> None:
        self.request, self.opened, self.chosen = request, opened, chosen
        self.pathway = chosen.pathway
        self.cells = queries.cells_open_to(request.actor)
        self.inclusion = self.pathway.forms.get(self.pathway.enrolment_questionnaire)
        contact = request.GET.get("contact", "")
        is_of_contact = bool(contact) or "contact" in self.pathway.code
        self.form = EnrolForm(
            request.POST or None,
            initial={"contact": contact},
            pathway=self.pathway,
            cells=self.cells,
            contacts=queries.contacts_waiting(request.actor) if is_of_contact else (),
            thresholds=queries.thresholds_of(self.pathway),
            patient=opened.patient,
            outside=chosen.unsuited,
        )
        # Asked once: a date of the questionnaire that is the date of reference itself.
        self.same = self._same_as_anchor()
        anchor = request.POST.get("anchor_on", "")
        self.raw = {**raw_of(dict(request.POST.lists())), **{name: [anchor] for name in self.same}}
        self.answers: engine.Answers = {}
        self.problems: list[engine.Problem] = []
        if self.inclusion is not None and request.method == "POST":
            self.answers, self.problems = engine.parse(self.inclusion, self.raw)

    def is_valid(self) -> bool:
        if self.inclusion is not None:
            self.problems = [*self.problems, *engine.problems(self.inclusion, self.answers)]
        return self.form.is_valid() and not self.problems

    def enrol(self) -> actions.Enrolled:
        inclusion = self.answers if self.inclusion is not None else None
        wanted = self.form.follow_up(self.chosen.version.pk, inclusion)
        record_id = self.opened.record.pk
        contact_id = self.form.contact_id
        if contact_id is not None:
            return contact_actions.enrol_contact(self.request.actor, record_id, contact_id, wanted)
        return actions.enrol(self.request.actor, record_id, wanted)

    def answer(self) -> HttpResponse:
        if "recompute" in self.request.POST:
            self.form.errors.clear()
            self.problems = []
        version: PathwayVersion = self.chosen.version
        anchor = self.form["anchor_on"].value()
        wrong = bool(self.form.is_bound and self.form.errors) or bool(self.problems)
        context = {
            "form": self.form,
            "chosen": self.chosen,
            "cells": self.cells,
            "twins": queries.likely_twins(self.request.actor, self.opened.patient.pk, version),
            "sections": self._sections(),
            "preview": queries.preview_of(self.pathway, _day(anchor)),
            "audience": queries.audience_panel(
                self.request.actor, self.opened.patient, DataClass(version.pathway.data_class)
            ),
            "problems": self.problems,
        }
        return record_page(
            self.request,
            "telemonitoring/enrol.html",
            self.opened,
            context,
            tab=TAB,
            status=Invalid.status if wrong else 200,
        )

    def _sections(self) -> Any:
        if self.inclusion is None:
            return ()
        found = sections(self.inclusion, raw=self.raw, answers=self.answers, problems=self.problems)
        return [
            replace(one, asked=tuple(each for each in one.asked if each.question.link_id not in self.same))
            for one in found
        ]

    def _same_as_anchor(self) -> set[str]:
        questions = self.inclusion.questions if self.inclusion is not None else ()
        label = self.pathway.anchor_label
        return {one.link_id for one in questions if one.kind == "date" and one.text == label}


@writes(FOLLOW_UP_MANAGE)
def move_anchor(request: Request, record_id: UUID, follow_up_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=FOLLOW_UP_MANAGE)
    follow_up = follow_up_of(request, opened, FOLLOW_UP_MANAGE, follow_up_id)
    pathway = questionnaires.pathway_of(follow_up.version_id)
    later = request.GET.get("repere", "")
    if later and later not in pathway.later_anchors:
        raise NotFound
    known = follow_up.later_anchors.get(later) if later else follow_up.anchor_on
    label = pathway.later_anchors[later] if later else pathway.anchor_label
    form = AnchorForm(request.POST or None, label=label, initial={"anchor_on": known})
    if request.method == "POST" and form.is_valid():
        move = partial(date_actions.set_later_anchor, name=later) if later else date_actions.move_anchor
        try:
            move(request.actor, record_id, follow_up_id, **form.cleaned_data)
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(
                request,
                "La date est enregistrée. Ce qui n’était pas rempli a ses nouvelles dates ; la personne est prévenue.",
            )
            return redirect("telemonitoring:one", record_id, follow_up_id)
    return _form_page(request, "telemonitoring/move.html", opened, follow_up, form)


@writes(FOLLOW_UP_MANAGE)
def adapt(request: Request, record_id: UUID, follow_up_id: UUID) -> HttpResponse:
    """The status of the person and her own thresholds; where her pathway has neither, there is no page."""
    opened = read_record(request.actor, record_id, action=FOLLOW_UP_MANAGE)
    follow_up = follow_up_of(request, opened, FOLLOW_UP_MANAGE, follow_up_id)
    pathway = questionnaires.pathway_of(follow_up.version_id)
    thresholds = queries.thresholds_of(pathway)
    if not thresholds and not pathway.statuses:
        raise NotFound
    form = AdaptForm(
        request.POST or None,
        pathway=pathway,
        thresholds=thresholds,
        follow_up=follow_up,
        told=course_queries.last_changes(request.actor, follow_up, thresholds),
    )
    if request.method == "POST" and form.is_valid():
        course_actions.adapt(request.actor, record_id, follow_up_id, **form.said())
        messages.success(request, "C’est enregistré : les prochaines réponses seront lues ainsi.")
        return redirect("telemonitoring:one", record_id, follow_up_id)
    return _form_page(request, "telemonitoring/adapt.html", opened, follow_up, form)


@writes(FOLLOW_UP_END)
def end(request: Request, record_id: UUID, follow_up_id: UUID) -> HttpResponse:
    form = EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        course_actions.end(
            request.actor,
            record_id,
            follow_up_id,
            reason=EndReason(form.cleaned_data["reason"]),
            words=form.cleaned_data["words"],
        )
        messages.success(
            request, "Le télésuivi est terminé. Le lien ne répond plus, plus rien n’est demandé."
        )
        return (
            redirect("overview:home")
            if _has_left(request, record_id)
            else redirect("telemonitoring:list", record_id)
        )
    opened = read_record(request.actor, record_id, action=FOLLOW_UP_MANAGE)
    follow_up = follow_up_of(request, opened, FOLLOW_UP_END, follow_up_id)
    return _form_page(request, "telemonitoring/end.html", opened, follow_up, form)


def _has_left(request: Request, record_id: UUID) -> bool:
    """The actor read the record only as a member of the cell, and no longer does."""
    try:
        read_record(request.actor, record_id, action=FOLLOW_UP_READ)
    except (NotFound, Refused):
        return True
    return False


@writes(FOLLOW_UP_MANAGE)
def suspend(request: Request, record_id: UUID, follow_up_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=FOLLOW_UP_MANAGE)
    follow_up = follow_up_of(request, opened, FOLLOW_UP_MANAGE, follow_up_id)
    form = SuspendForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            course_actions.suspend(request.actor, record_id, follow_up_id, **form.cleaned_data)
        except Invalid as error:
            show_error(form, error)
        else:
            messages.success(request, "Le télésuivi est suspendu : plus rien n’est demandé à la personne.")
            return redirect("telemonitoring:one", record_id, follow_up_id)
    return _form_page(request, "telemonitoring/suspend.html", opened, follow_up, form)


@require_POST
@writes(FOLLOW_UP_MANAGE)
def resume(request: Request, record_id: UUID, follow_up_id: UUID) -> HttpResponse:
    course_actions.resume(request.actor, record_id, follow_up_id)
    messages.success(request, "Le télésuivi reprend à la prochaine date prévue.")
    return redirect("telemonitoring:one", record_id, follow_up_id)


def _form_page(
    request: Request, template: str, opened: OpenRecord, follow_up: FollowUp, form: forms.Form
) -> HttpResponse:
    context = {"form": form, "follow_up": follow_up, "one": queries.shown(follow_up)}
    return record_page(request, template, opened, context, tab=TAB, status=form_status(form))


def _enrolled(request: Request, opened: OpenRecord, enrolled: actions.Enrolled) -> HttpResponse:
    follow_up = enrolled.follow_up
    if enrolled.secrets is None:
        if follow_up.respondent == Respondent.OPERATOR:
            messages.success(request, "Le télésuivi commence : l’équipe appelle et remplit avec la personne.")
        return redirect("telemonitoring:one", opened.record.pk, follow_up.pk)
    again = follow_up_of(request, opened, FOLLOW_UP_READ, follow_up.pk)
    return secrets_page(request, opened, again, enrolled.secrets)


def _enrol_action(request: Request, opened: OpenRecord) -> MainAction | None:
    if not access.permits(request.actor, FOLLOW_UP_ENROL, opened.record):
        return None
    url = reverse("telemonitoring:enrol", args=[opened.record.pk])
    return MainAction("Commencer un télésuivi", url=url, icon="plus")


def _day(value: Any) -> Any:
    parsed = forms.DateField(required=False)
    try:
        return parsed.clean(value) or parsed.clean(str(value))
    except forms.ValidationError:
        return timezone.localdate()

"""The course of a follow-up: its dates move, it stops for a while, it ends; who answers gets another link."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, Min, Q, QuerySet
from django.db.models.functions import Least
from django.utils import timezone

from terresante.care_team.actions import remove_member
from terresante.care_team.actions.periods import change_period
from terresante.care_team.queries import open_record, relatives_with_access
from terresante.care_team.queries.limits import limits_on, name_in_circle
from terresante.kernel import access, audit, rls, sql
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import emit
from terresante.patients.enums import DelegationBasis
from terresante.patients.models import CareRecord
from terresante.questionnaires import pathway as engine
from terresante.questionnaires import queries as questionnaires
from terresante.questionnaires.enums import ResponseColour
from terresante.telemonitoring import schedule
from terresante.telemonitoring.access import FOLLOW_UP_END, FOLLOW_UP_MANAGE, LINK_MAKE
from terresante.telemonitoring.actions import (
    FURTHEST,
    changed,
    check_anchor,
    end_of,
    expect,
    expected_of,
    refuse,
    told,
    why_there,
    wrong_thresholds,
)
from terresante.telemonitoring.alerts import raising
from terresante.telemonitoring.alerts.enums import AlertOutcome
from terresante.telemonitoring.answering import links
from terresante.telemonitoring.course import thresholds
from terresante.telemonitoring.enums import (
    ENDS_AFTER,
    LINK_LASTS,
    EndReason,
    ExpectedState,
    FollowUpState,
    Respondent,
)
from terresante.telemonitoring.events import FollowUpEnded, FollowUpMoved
from terresante.telemonitoring.models import AnswerLink, Expected, FollowUp
from terresante.telemonitoring.phones import international

# Of one transaction.
_TOGETHER = 200
_OVER = "SELECT * FROM follow_ups_over(%s, %s)"
_RESUMING = "SELECT * FROM follow_ups_resuming(%s, %s)"
# What a follow-up says of its pause.
_PAUSE = ("suspended_at", "suspended_by_name", "suspend_words", "resumes_on")
_FIRST_COLOUR = Least("grey_at", "orange_at", "red_at")


@action
def move_anchor(actor: Actor, record_id: UUID, follow_up_id: UUID, *, anchor_on: date) -> FollowUp:
    """The date of reference is another: what is not answered is expected at its new dates, what was answered stays.

    Raises Invalid, Conflict when it is that date already, or the follow-up is over.
    """
    record, follow_up = _managed(actor, record_id, follow_up_id)
    if anchor_on == follow_up.anchor_on:
        raise Conflict("C’est déjà la date de ce télésuivi.")
    check_anchor(anchor_on)
    pathway = questionnaires.pathway_of(follow_up.version_id)
    follow_up.anchor_on = anchor_on
    planned = _planned(follow_up, pathway)
    _cancel(follow_up)
    expected = expect(follow_up, schedule.still_to_come(planned, _done(follow_up), now=timezone.now()))
    follow_up.silence_colour, follow_up.late = "", False
    _show_answers_alone(follow_up)
    follow_up.next_due_at = min((one.opens_at for one in expected), default=None)
    follow_up.save(
        update_fields=[
            "anchor_on",
            "silence_colour",
            "late",
            "colour",
            "colour_since",
            "reason",
            "next_due_at",
        ]
    )
    _stay_until(actor, record, follow_up, end_of(expected, follow_up))
    _say_changed(actor, follow_up, "moved")
    emit(actor, FollowUpMoved(**told(follow_up), by_user_id=actor.user_id))
    return follow_up


@action
def set_later_anchor(
    actor: Actor, record_id: UUID, follow_up_id: UUID, *, name: str, anchor_on: date
) -> FollowUp:
    """A date that was not known at enrolment: what counts from it is expected, what stops there is no more.

    Raises NotFound for a date that the pathway does not have; Invalid and Conflict as `move_anchor`.
    """
    record, follow_up = _managed(actor, record_id, follow_up_id)
    pathway = questionnaires.pathway_of(follow_up.version_id)
    if name not in pathway.later_anchors:
        raise NotFound
    if follow_up.later_anchors.get(name) == anchor_on.isoformat():
        raise Conflict("C’est déjà la date de ce télésuivi.")
    check_anchor(anchor_on)
    follow_up.later_anchors = {**follow_up.later_anchors, name: anchor_on.isoformat()}
    counted = {step.name for step in pathway.schedule if step.anchor == name}
    stopped = {step.name for step in pathway.schedule if step.until == name}
    _cancel(follow_up, steps=counted | stopped)
    planned = [one for one in _planned(follow_up, pathway) if one.step in counted | stopped]
    expect(follow_up, schedule.still_to_come(planned, _done(follow_up), now=timezone.now()))
    expected = list(_waiting(follow_up))
    follow_up.next_due_at = min((one.opens_at for one in expected), default=None)
    follow_up.save(update_fields=["later_anchors", "next_due_at"])
    _stay_until(actor, record, follow_up, end_of(expected, follow_up))
    _say_changed(actor, follow_up, "moved")
    emit(actor, FollowUpMoved(**told(follow_up), by_user_id=actor.user_id))
    return follow_up


def _planned(follow_up: FollowUp, pathway: engine.Pathway) -> list[engine.Occurrence]:
    later = {name: date.fromisoformat(on) for name, on in follow_up.later_anchors.items() if on}
    return engine.due(pathway, follow_up.anchor_on, timezone.localdate(follow_up.enrolled_at), later)


def _done(follow_up: FollowUp) -> list[schedule.Done]:
    answered = expected_of(follow_up).filter(state=ExpectedState.ANSWERED)
    return [schedule.Done(step, opens_at) for step, opens_at in answered.values_list("step", "opens_at")]


@action
def adapt(
    actor: Actor, record_id: UUID, follow_up_id: UUID, *, status: str, personal: Mapping[str, Decimal]
) -> FollowUp:
    """Another status of the person, or other thresholds of hers: answers to come are weighed with them; those that came
    keep their colour. Raises Invalid for a status that the pathway does not have, a threshold that makes no sense.
    """
    _, follow_up = _managed(actor, record_id, follow_up_id)
    pathway = questionnaires.pathway_of(follow_up.version_id)
    listed = status in (pathway.statuses or ("",))
    wrong = {} if listed else {"status": "Choisissez un statut de la liste."}
    refuse({**wrong, **wrong_thresholds(pathway, personal)})
    before, follow_up.status = follow_up.personal, status
    follow_up.personal = {name: float(value) for name, value in personal.items()}
    follow_up.save(update_fields=["status", "personal"])
    own = thresholds.keep(actor, follow_up, before=before)
    _say_changed(actor, follow_up, "adapted", **({"thresholds": own} if own else {}))
    return follow_up


@action
def suspend(
    actor: Actor, record_id: UUID, follow_up_id: UUID, *, words: str, resumes_on: date | None = None
) -> FollowUp:
    """Nothing is asked, and no silence is signalled, until it goes on: by itself on `resumes_on`, if that is known.

    Raises Invalid without a reason, or for a day that is not to come; Conflict when it is suspended already.
    """
    _, follow_up = _managed(actor, record_id, follow_up_id)
    if follow_up.is_suspended:
        raise Conflict("Ce télésuivi est déjà suspendu.")
    _check_pause(words, resumes_on)
    _waiting(follow_up).update(next_reminder_at=None, next_colour_at=None)
    follow_up.state, follow_up.suspended_at = FollowUpState.SUSPENDED, timezone.now()
    follow_up.suspended_by_name = name_in_circle(actor, follow_up.sector)
    follow_up.resumes_on = resumes_on
    follow_up.suspend_words = " ".join(words.split())[:300]
    follow_up.save(update_fields=["state", *_PAUSE])
    raising.close_with(follow_up, AlertOutcome.RESOLVED, "Le télésuivi est suspendu.", by=actor)
    _say_changed(actor, follow_up, "suspended")
    return follow_up


@action
def resume(actor: Actor, record_id: UUID, follow_up_id: UUID) -> FollowUp:
    """What should have been answered meanwhile is nobody's silence."""
    _, follow_up = _managed(actor, record_id, follow_up_id)
    if follow_up.is_active:
        raise Conflict("Ce télésuivi est déjà en cours.")
    _resume(actor, follow_up)
    return follow_up


@action
def resume_what_is_due(actor: Actor, day: date) -> int:
    """What was suspended until this day, for a job; returns how many."""
    ongoing = [row for row in _held(_RESUMING, day) if row.is_suspended]
    for row in ongoing:
        rls.open_record(row.patient_id)
        _resume(actor, row)
    audit.record(actor, FOLLOW_UP_MANAGE, detail={"count": len(ongoing)})
    return len(ongoing)


def _resume(actor: Actor, follow_up: FollowUp) -> None:
    now = timezone.now()
    _waiting(follow_up).filter(opens_at__lte=now).update(state=ExpectedState.CANCELLED)
    # Nothing of it is past: what comes first of each is that of its schedule.
    _waiting(follow_up).update(next_reminder_at=F("opens_at"), next_colour_at=_FIRST_COLOUR)
    follow_up.state, follow_up.silence_colour, follow_up.late = FollowUpState.ACTIVE, "", False
    _show_answers_alone(follow_up)
    follow_up.next_due_at = _waiting(follow_up).aggregate(first=Min("opens_at"))["first"]
    _no_more_paused(follow_up)
    shown = ("silence_colour", "late", "colour", "colour_since", "reason", "next_due_at")
    follow_up.save(update_fields=["state", *shown, *_PAUSE])
    _say_changed(actor, follow_up, "resumed")


def _check_pause(words: str, resumes_on: date | None) -> None:
    wrong = {}
    if not words.strip():
        wrong["words"] = "Écrivez pourquoi : vos collègues et la cellule le liront."
    if resumes_on is not None and not timedelta(0) < resumes_on - timezone.localdate() <= FURTHEST:
        wrong["resumes_on"] = "Choisissez un jour à venir, dans l’année, ou laissez vide."
    refuse(wrong)


def _no_more_paused(follow_up: FollowUp) -> None:
    follow_up.suspended_at = follow_up.resumes_on = None
    follow_up.suspended_by_name = follow_up.suspend_words = ""


@action
def end(actor: Actor, record_id: UUID, follow_up_id: UUID, *, reason: EndReason, words: str = "") -> FollowUp:
    """Nothing more is asked, the link answers nobody, and the cell leaves the circle that this follow-up brought it in.

    A late answer is kept in the record. The last member of a circle stays in it: somebody answers for a record.
    """
    record, follow_up = _managed(actor, record_id, follow_up_id, what=FOLLOW_UP_END)
    _end(actor, follow_up, reason, words, name_in_circle(actor, follow_up.sector))
    _leave(actor, record, follow_up)
    return follow_up


@action
def make_link(
    actor: Actor, record_id: UUID, follow_up_id: UUID, *, phone: str | None = None
) -> links.Secrets:
    """Another link and another code; the earlier ones open nothing more. `phone`: of who answers, when it changed."""
    _, follow_up = _managed(actor, record_id, follow_up_id, what=LINK_MAKE)
    if phone is not None:
        follow_up.phone_of_respondent = international(phone)
    if follow_up.respondent == Respondent.OPERATOR:
        follow_up.respondent = Respondent.PATIENT
    follow_up.save(update_fields=["phone_of_respondent", "respondent"])
    end_at = end_of(list(expected_of(follow_up).exclude(state=ExpectedState.CANCELLED)), follow_up)
    secrets = links.make(actor, follow_up, expires_at=min(end_at, timezone.now() + LINK_LASTS))
    kept = limits_on(follow_up).in_trail
    audit.record(actor, LINK_MAKE, patient_id=follow_up.patient_id, about=secrets.link, detail=kept)
    emit(actor, changed(follow_up))
    return secrets


@action
def name_carer(actor: Actor, record_id: UUID, follow_up_id: UUID, *, carer_id: UUID | None) -> FollowUp:
    """The relative who answers from his own account; None: nobody any more. He reads no more of the record for it.

    Raises Invalid for who is no relative of the person with an access in force.
    """
    record, follow_up = _managed(actor, record_id, follow_up_id)
    named = dict(carers_of(actor, record.patient_id))
    if carer_id is not None and carer_id not in named:
        raise Invalid("Choisissez un proche à qui la personne a donné un accès.")
    follow_up.carer_id, follow_up.carer_name = carer_id, named[carer_id] if carer_id else ""
    follow_up.respondent = Respondent.CARER if carer_id else Respondent.PATIENT
    follow_up.save(update_fields=["carer_id", "carer_name", "respondent"])
    detail = {"carer": str(carer_id or ""), **limits_on(follow_up).in_trail}
    audit.record(actor, FOLLOW_UP_MANAGE, patient_id=follow_up.patient_id, about=follow_up, detail=detail)
    emit(actor, changed(follow_up))
    return follow_up


def carers_of(actor: Actor, patient_id: UUID) -> list[tuple[UUID, str]]:
    """Whom the cell may name: the carers of the person whose access holds."""
    return [
        (one.person.pk, one.person.name)
        for one in relatives_with_access(actor, patient_id)
        if one.delegation is not None
        and one.delegation.basis == DelegationBasis.CARER
        and one.delegation.state == "open"
    ]


@action
def revoke_link(actor: Actor, record_id: UUID, follow_up_id: UUID) -> None:
    """Raises Conflict when none is open."""
    _, follow_up = _managed(actor, record_id, follow_up_id, what=LINK_MAKE)
    if not _revoke(follow_up):
        raise Conflict("Aucun lien n’est ouvert pour ce télésuivi.")
    kept = {"revoked": True, **limits_on(follow_up).in_trail}
    audit.record(actor, LINK_MAKE, patient_id=follow_up.patient_id, about=follow_up, detail=kept)
    emit(actor, changed(follow_up))


@action
def end_what_is_over(actor: Actor, now: datetime) -> int:
    """A week after their last date, for a job; returns how many. The cell’s period in the circle has its own end."""
    ended = [row for row in _held(_OVER, now - ENDS_AFTER) if not row.is_ended]
    for row in ended:
        rls.open_record(row.patient_id)
        _end(actor, row, EndReason.TERM, "", "")
    audit.record(actor, FOLLOW_UP_END, detail={"count": len(ended)})
    return len(ended)


def _held(statement: str, moment: date) -> list[FollowUp]:
    """Locks the follow-ups that the function `statement` finds, of every patient. `moment` may be a datetime, which is
    a date too.
    """
    found = sql.rows(statement, moment, _TOGETHER)
    rls.open_records({patient_id for _, patient_id in found})
    rows = FollowUp.objects.select_for_update(of=("self",)).filter(pk__in=[key for key, _ in found])
    return list(rows.order_by("pk"))


def _stay_until(actor: Actor, record: CareRecord, follow_up: FollowUp, until: datetime) -> None:
    """New dates may go beyond the period of the cell in the circle, and beyond the link."""
    open_link = AnswerLink.objects.filter(
        follow_up_id=follow_up.pk, patient_id=follow_up.patient_id, revoked_at=None
    )
    open_link.filter(expires_at__lt=until).update(expires_at=min(until, timezone.now() + LINK_LASTS))
    period = follow_up.membership
    if period is not None and period.ended_at is None and (period.expires_at or until) < until:
        change_period(actor, record.pk, period.pk, starts_at=None, ends_at=until, why=why_there(period))


def _leave(actor: Actor, record: CareRecord, follow_up: FollowUp) -> None:
    """Unless another follow-up of this structure goes on: it then holds the period."""
    if follow_up.membership_id is None:
        return
    going_on = FollowUp.objects.filter(
        ~Q(state=FollowUpState.ENDED),
        patient_id=follow_up.patient_id,
        cell__organization_id=follow_up.cell.organization_id,
    ).exclude(pk=follow_up.pk)
    if going_on.exists():
        heir = going_on.order_by("enrolled_at", "pk")[:1]
        FollowUp.objects.filter(pk__in=heir.values("pk"), patient_id=follow_up.patient_id).update(
            membership_id=follow_up.membership_id
        )
        return
    try:
        remove_member(actor, record.pk, follow_up.membership_id, reason="fin du télésuivi")
    except (Conflict, NotFound, Refused):
        # Out already, or the last one, who answers for the record until somebody takes over.
        return


def _managed(
    actor: Actor, record_id: UUID, follow_up_id: UUID, *, what: Action = FOLLOW_UP_MANAGE
) -> tuple[CareRecord, FollowUp]:
    """Raises Conflict for one that is over."""
    record = open_record(actor, record_id, action=FOLLOW_UP_MANAGE).record
    follow_up = access.get(actor, what, FollowUp, follow_up_id, lock=True)
    if follow_up.record_id != record.pk:
        raise NotFound
    if follow_up.is_ended:
        raise Conflict(
            "Ce télésuivi est terminé : pour suivre de nouveau la personne, commencez-en un autre."
        )
    return record, follow_up


def _end(actor: Actor, follow_up: FollowUp, reason: EndReason, words: str, by_name: str) -> None:
    now = timezone.now()
    _cancel(follow_up)
    _revoke(follow_up)
    follow_up.state, follow_up.ended_at, follow_up.ended_by_name = FollowUpState.ENDED, now, by_name
    follow_up.end_reason, follow_up.end_words = reason, " ".join(words.split())[:300]
    follow_up.next_due_at, follow_up.taken_by_id, follow_up.taken_at = None, None, None
    _no_more_paused(follow_up)
    follow_up.save(
        update_fields=[
            "state",
            "ended_at",
            "ended_by_name",
            "end_reason",
            "end_words",
            "next_due_at",
            "taken_by_id",
            "taken_at",
            *_PAUSE,
        ]
    )
    gone = reason == EndReason.HOSPITALISED
    outcome = AlertOutcome.HOSPITALISED if gone else AlertOutcome.RESOLVED
    raising.close_with(follow_up, outcome, f"Fin du télésuivi : {EndReason(reason).label.lower()}.", by=actor)
    kept = {"reason": reason, **limits_on(follow_up).in_trail}
    audit.record(actor, FOLLOW_UP_END, patient_id=follow_up.patient_id, about=follow_up, detail=kept)
    emit(actor, FollowUpEnded(**told(follow_up), by_user_id=actor.user_id))


def _waiting(follow_up: FollowUp) -> QuerySet[Expected]:
    return expected_of(follow_up).filter(state=ExpectedState.WAITING)


def _cancel(follow_up: FollowUp, *, steps: Collection[str] | None = None) -> None:
    waiting = _waiting(follow_up)
    rows = waiting if steps is None else waiting.filter(step__in=steps)
    rows.update(state=ExpectedState.CANCELLED, next_reminder_at=None, next_colour_at=None)


def _revoke(follow_up: FollowUp) -> int:
    links_open = AnswerLink.objects.filter(
        follow_up_id=follow_up.pk, patient_id=follow_up.patient_id, revoked_at=None
    )
    return links_open.update(revoked_at=timezone.now())


def _show_answers_alone(follow_up: FollowUp) -> None:
    """Of what was silence, nothing is left."""
    colour = follow_up.answer_colour or ResponseColour.GREY.value
    if follow_up.reason.get("kind") == "silence":
        follow_up.reason = {}
    if follow_up.colour != colour:
        follow_up.colour, follow_up.colour_since = colour, timezone.now()


def _say_changed(actor: Actor, follow_up: FollowUp, what: str, **more: Any) -> None:
    kept = {"step": what, **more, **limits_on(follow_up).in_trail}
    audit.record(actor, FOLLOW_UP_MANAGE, patient_id=follow_up.patient_id, about=follow_up, detail=kept)
    emit(actor, changed(follow_up))

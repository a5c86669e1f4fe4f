"""A follow-up is adapted, stops for a while, ends."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Min, Q
from django.db.models.functions import Least
from django.utils import timezone

from terresante.care_team.actions import remove_member
from terresante.care_team.queries.limits import limits_on, name_in_circle
from terresante.kernel import audit, rls, sql
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, NotFound, Refused
from terresante.kernel.events import emit
from terresante.patients.models import CareRecord
from terresante.questionnaires import queries as questionnaires
from terresante.telemonitoring.access import FOLLOW_UP_END, FOLLOW_UP_MANAGE
from terresante.telemonitoring.actions import FURTHEST, refuse, told, wrong_thresholds
from terresante.telemonitoring.alerts import raising
from terresante.telemonitoring.alerts.enums import AlertOutcome
from terresante.telemonitoring.answering import links
from terresante.telemonitoring.course import thresholds
from terresante.telemonitoring.course.managing import (
    SHOWN,
    cancel,
    managed,
    say_changed,
    show_answers_alone,
    waiting,
)
from terresante.telemonitoring.enums import ENDS_AFTER, EndReason, ExpectedState, FollowUpState
from terresante.telemonitoring.events import FollowUpEnded
from terresante.telemonitoring.models import FollowUp

# Of one transaction.
_TOGETHER = 200
_OVER = "SELECT * FROM follow_ups_over(%s, %s)"
_RESUMING = "SELECT * FROM follow_ups_resuming(%s, %s)"
# What a follow-up says of its pause.
_PAUSE = ("suspended_at", "suspended_by_name", "suspend_words", "resumes_on")
_FIRST_COLOUR = Least("grey_at", "orange_at", "red_at")


@action
def adapt(
    actor: Actor, record_id: UUID, follow_up_id: UUID, *, status: str, personal: Mapping[str, Decimal]
) -> FollowUp:
    """Another status of the person, or other thresholds of hers: answers to come are weighed with them; those that came
    keep their colour. Raises Invalid for a status that the pathway does not have, a threshold that makes no sense.
    """
    _, follow_up = managed(actor, record_id, follow_up_id)
    pathway = questionnaires.pathway_of(follow_up.version_id)
    listed = status in (pathway.statuses or ("",))
    wrong = {} if listed else {"status": "Choisissez un statut de la liste."}
    refuse({**wrong, **wrong_thresholds(pathway, personal)})
    before, follow_up.status = follow_up.personal, status
    follow_up.personal = {name: float(value) for name, value in personal.items()}
    follow_up.save(update_fields=["status", "personal"])
    own = thresholds.keep(actor, follow_up, before=before)
    say_changed(actor, follow_up, "adapted", **({"thresholds": own} if own else {}))
    return follow_up


@action
def suspend(
    actor: Actor, record_id: UUID, follow_up_id: UUID, *, words: str, resumes_on: date | None = None
) -> FollowUp:
    """Nothing is asked, and no silence is signalled, until it goes on: by itself on `resumes_on`, if that is known.

    Raises Invalid without a reason, or for a day that is not to come; Conflict when it is suspended already.
    """
    _, follow_up = managed(actor, record_id, follow_up_id)
    if follow_up.is_suspended:
        raise Conflict("Ce télésuivi est déjà suspendu.")
    _check_pause(words, resumes_on)
    waiting(follow_up).update(next_reminder_at=None, next_colour_at=None)
    follow_up.state, follow_up.suspended_at = FollowUpState.SUSPENDED, timezone.now()
    follow_up.suspended_by_name = name_in_circle(actor, follow_up.sector)
    follow_up.resumes_on = resumes_on
    follow_up.suspend_words = " ".join(words.split())[:300]
    follow_up.save(update_fields=["state", *_PAUSE])
    raising.close_with(follow_up, AlertOutcome.RESOLVED, "Le télésuivi est suspendu.", by=actor)
    say_changed(actor, follow_up, "suspended")
    return follow_up


@action
def resume(actor: Actor, record_id: UUID, follow_up_id: UUID) -> FollowUp:
    """What should have been answered meanwhile is nobody's silence."""
    _, follow_up = managed(actor, record_id, follow_up_id)
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
    waiting(follow_up).filter(opens_at__lte=now).update(state=ExpectedState.CANCELLED)
    # Nothing of it is past: what comes first of each is that of its schedule.
    waiting(follow_up).update(next_reminder_at=F("opens_at"), next_colour_at=_FIRST_COLOUR)
    follow_up.state = FollowUpState.ACTIVE
    show_answers_alone(follow_up)
    follow_up.next_due_at = waiting(follow_up).aggregate(first=Min("opens_at"))["first"]
    _no_more_paused(follow_up)
    follow_up.save(update_fields=["state", *SHOWN, "next_due_at", *_PAUSE])
    say_changed(actor, follow_up, "resumed")


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
    record, follow_up = managed(actor, record_id, follow_up_id, what=FOLLOW_UP_END)
    _end(actor, follow_up, reason, words, name_in_circle(actor, follow_up.sector))
    _leave(actor, record, follow_up)
    return follow_up


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


def _end(actor: Actor, follow_up: FollowUp, reason: EndReason, words: str, by_name: str) -> None:
    now = timezone.now()
    cancel(follow_up)
    links.open_of(follow_up).update(revoked_at=now)
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

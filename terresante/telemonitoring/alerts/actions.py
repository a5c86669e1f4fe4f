"""What an operator does with an alert. Its follow-up is locked first: of two who press at once, one wins."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.care_team.queries import open_record
from terresante.care_team.queries.limits import limits_on
from terresante.kernel import access, audit
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.kernel.events import emit
from terresante.kernel.ui.wording import clock
from terresante.telemonitoring.access import FOLLOW_UP_READ
from terresante.telemonitoring.alerts.access import ALERT_CALL, ALERT_CLOSE, ALERT_PASS, ALERT_TAKE
from terresante.telemonitoring.alerts.enums import AlertLevel, AlertOutcome, AlertState, CallResult
from terresante.telemonitoring.alerts.life import climbs_after, close, give_back, silent
from terresante.telemonitoring.alerts.models import REASON_MAX_LENGTH
from terresante.telemonitoring.alerts.notices import call_up
from terresante.telemonitoring.board import alert_columns
from terresante.telemonitoring.enums import ExpectedState
from terresante.telemonitoring.events import AlertClosed, AlertTaken
from terresante.telemonitoring.models import Alert, Call, Expected, FollowUp

_NOTHING = "Rien n’attend pour cette personne : sa dernière réponse est verte, ou l’alerte est déjà close."


@action
def take_alert(actor: Actor, follow_up_id: UUID) -> Alert:
    """Locks it for the actor, for the minutes that its cell says; again, for as long from now.

    A silence that alarms nobody yet is taken too. Raises Conflict for what a colleague holds, saying who and since
    when, and where there is nothing to take.
    """
    follow_up = _watched(actor, follow_up_id, ALERT_TAKE)
    now = timezone.now()
    alert = _open_alert(follow_up) or _silence_taken(follow_up, now)
    _check_lock(actor, alert, now)
    if alert.state == AlertState.NEW:
        alert.state = AlertState.TAKEN
    _hold(actor, alert, follow_up, now)
    _written(actor, ALERT_TAKE, alert)
    emit(actor, AlertTaken(**_told(actor, alert, follow_up)))
    return alert


@action
def release_alert(actor: Actor, follow_up_id: UUID) -> Alert:
    """Gives it back to the whole cell. Raises Conflict for who does not hold it."""
    follow_up = _watched(actor, follow_up_id, ALERT_TAKE)
    alert = _existing(follow_up)
    if alert.taken_by_id != actor.user_id:
        raise Conflict("Vous ne tenez pas cette alerte : il n’y a rien à rendre.")
    give_back(alert, follow_up, timezone.now())
    _written(actor, ALERT_TAKE, alert, detail={"released": True})
    return alert


@action
def record_call(actor: Actor, follow_up_id: UUID, *, result: CallResult, note: str = "") -> Call:
    """A try to reach the person; an open alert is then the caller's. Raises Conflict for what a colleague holds."""
    follow_up = _watched(actor, follow_up_id, ALERT_CALL)
    now = timezone.now()
    alert = _open_alert(follow_up)
    if alert is not None:
        _check_lock(actor, alert, now)
        alert.state, alert.calls_made = AlertState.CALLED, alert.calls_made + 1
        alert.first_call_at = alert.first_call_at or now
        _hold(actor, alert, follow_up, now)
    call = Call.objects.create(
        follow_up=follow_up,
        patient_id=follow_up.patient_id,
        record_id=follow_up.record_id,
        alert=alert,
        at=now,
        by_id=_account(actor),
        by_name=actor.name,
        result=result,
        note=" ".join(note.split())[:REASON_MAX_LENGTH],
    )
    FollowUp.objects.filter(pk=follow_up.pk).update(last_call_at=now)
    if alert is not None:
        alert.save()
    alert_columns.show([follow_up.pk])
    alert_columns.tell_changed(actor, [follow_up.pk])
    audit.record(
        actor,
        ALERT_CALL,
        patient_id=follow_up.patient_id,
        about=call,
        detail={"result": result.value, **limits_on(follow_up).in_trail},
    )
    return call


@action
def pass_to_physician(actor: Actor, follow_up_id: UUID) -> Alert:
    """The physician of the cell is called up, and anybody of the cell may take it in the meantime.

    Raises Conflict where the cell names none, and for what a colleague holds.
    """
    follow_up = _watched(actor, follow_up_id, ALERT_PASS)
    now = timezone.now()
    alert = _existing(follow_up)
    _check_lock(actor, alert, now)
    if follow_up.cell.physician_id is None:
        raise Conflict("La cellule n’a pas nommé de médecin : appelez l’astreinte, ou le médecin traitant.")
    give_back(alert, follow_up, now)
    alert.level = AlertLevel.PHYSICIAN
    if alert.climbs_at is not None:
        alert.climbs_at = now + climbs_after(follow_up)
    call_up(alert, follow_up.cell)
    _written(actor, ALERT_PASS, alert)
    return alert


@action
def close_alert(actor: Actor, follow_up_id: UUID, *, outcome: AlertOutcome, reason: str) -> Alert:
    """What was done, and why: both are asked of everybody. Raises Invalid without a reason, Conflict for what a
    colleague holds.
    """
    follow_up = _watched(actor, follow_up_id, ALERT_CLOSE)
    now = timezone.now()
    alert = _existing(follow_up)
    _check_lock(actor, alert, now)
    words = " ".join(reason.split())
    if not words:
        sentence = "Dites en quelques mots ce qui a été décidé : l’alerte se clôt avec son motif."
        raise Invalid(sentence, fields={"reason": "Motif manquant."})
    if len(words) > REASON_MAX_LENGTH:
        raise Invalid(f"Le motif dépasse {REASON_MAX_LENGTH} caractères : raccourcissez-le.")
    close(alert, outcome, words, now)
    alert.closed_by_id, alert.closed_by_name = actor.user_id, actor.name
    _written(actor, ALERT_CLOSE, alert, detail={"outcome": outcome.value})
    emit(actor, AlertClosed(**_told(actor, alert, follow_up)))
    return alert


def _watched(actor: Actor, follow_up_id: UUID, asked: Action) -> FollowUp:
    """Raises NotFound for a follow-up of another circle, Refused for who watches none of its cell."""
    follow_up = access.get(actor, asked, FollowUp, follow_up_id, lock=True, related=("cell",))
    open_record(actor, follow_up.record_id, action=FOLLOW_UP_READ)
    if follow_up.is_ended:
        raise Conflict("Ce télésuivi est terminé : rien n’y est plus à faire.")
    return follow_up


def _account(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise Refused("Un appel se note sous le nom de qui l’a passé : connectez-vous.")
    return actor.user_id


def _open_alert(follow_up: FollowUp) -> Alert | None:
    return Alert.objects.filter(follow_up=follow_up).exclude(state=AlertState.CLOSED).first()


def _existing(follow_up: FollowUp) -> Alert:
    alert = _open_alert(follow_up)
    if alert is None:
        raise Conflict(_NOTHING)
    return alert


def _silence_taken(follow_up: FollowUp, now: datetime) -> Alert:
    waiting = Expected.objects.filter(follow_up=follow_up, state=ExpectedState.WAITING).exclude(silence="")
    expected = waiting.order_by("-opens_at").first()
    if expected is None:
        raise Conflict(_NOTHING)
    return silent(follow_up, expected, expected.silence, now)


def _check_lock(actor: Actor, alert: Alert, now: datetime) -> None:
    if alert.taken_by_id in (None, actor.user_id) or alert.taken_until is None or alert.taken_until <= now:
        return
    since = clock(alert.taken_at) if alert.taken_at else ""
    raise Conflict(f"{alert.taken_by_name} a pris cette alerte à {since}. Voyez avec cette personne.")


def _hold(actor: Actor, alert: Alert, follow_up: FollowUp, now: datetime) -> None:
    if alert.taken_by_id != actor.user_id:
        alert.taken_by_id, alert.taken_by_name, alert.taken_at = actor.user_id, actor.name, now
    alert.first_taken_at = alert.first_taken_at or now
    alert.taken_until = now + timedelta(minutes=follow_up.cell.lock_minutes)


def _written(actor: Actor, done: Action, alert: Alert, *, detail: dict[str, Any] | None = None) -> None:
    alert.save()
    alert_columns.show([alert.follow_up_id])
    alert_columns.tell_changed(actor, [alert.follow_up_id])
    kept = {**(detail or {}), **limits_on(alert.follow_up).in_trail}
    audit.record(actor, done, patient_id=alert.patient_id, about=alert, detail=kept)


def _told(actor: Actor, alert: Alert, follow_up: FollowUp) -> dict[str, Any]:
    return {
        "patient_id": alert.patient_id,
        "object_id": alert.pk,
        "follow_up_id": alert.follow_up_id,
        "by_user_id": actor.user_id,
        **follow_up.limits(),
    }

"""Alerts as answers, silences and the clock make them. Everything here may run twice; a job or a handler calls it.

One alert at most is open for a follow-up. The follow-up is locked first, always, so that an answer, a deadline and an
operator never open, raise and close the same one at once.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from terresante.care_team.queries.limits import limits_on, name_in_circle
from terresante.kernel import audit, rls, sql, together
from terresante.kernel.actor import Actor
from terresante.kernel.events import emit
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.telemonitoring.alerts.access import ALERT_CLIMB, ALERT_OPEN
from terresante.telemonitoring.alerts.enums import SEVERITY, AlertKind, AlertLevel, AlertOutcome, AlertState
from terresante.telemonitoring.alerts.life import (
    after,
    climbs_after,
    close,
    give_back,
    next_level,
    silent,
    wait,
    worsen_silence,
)
from terresante.telemonitoring.alerts.notices import call_up
from terresante.telemonitoring.board import alert_columns
from terresante.telemonitoring.events import AlertClosed, AlertOpened
from terresante.telemonitoring.models import Alert, Expected, FollowUp

# Alerts looked at in one round of the clock.
_AT_ONCE = 1000


def open_for_answers(answered: Sequence[tuple[FollowUp, QuestionnaireResponse]]) -> None:
    """In the order in which they came, once the board has their columns; the caller has opened their records.

    The worst colour wins. A first abnormal measure waits to be measured again; measured again and normal, it closes.
    """
    follow_ups = _locked({follow_up.pk for follow_up, _ in answered})
    known = _alerts_of(follow_ups)
    opened: list[Alert] = []
    changed: dict[UUID, Alert] = {}
    for follow_up, response in answered:
        alerts = known.setdefault(follow_up.pk, [])
        alert = after(follow_ups[follow_up.pk], response, alerts)
        if alert is not None and alert not in alerts:
            alerts.insert(0, alert)
            opened.append(alert)
        elif alert is not None and alert not in opened:
            changed[alert.pk] = alert
    _write(opened, list(changed.values()), shown=[key for key, alerts in known.items() if alerts])


def open_for_silences(waiting: Sequence[Expected], colour: str, *, now: datetime | None = None) -> int:
    """Opens alerts for orange or red silences, in the transaction that coloured them; returns how many.

    Of each expected answer, only its three keys are read. An alert that somebody closed for the same silence is not
    opened again: he has heard the person.
    """
    moment = now or timezone.now()
    rls.open_records({one.patient_id for one in waiting})
    follow_ups = _locked({one.follow_up_id for one in waiting})
    known = _alerts_of(follow_ups)
    opened: list[Alert] = []
    changed: list[Alert] = []
    for expected in waiting:
        alerts, follow_up = known.setdefault(expected.follow_up_id, []), follow_ups[expected.follow_up_id]
        alert = next((one for one in alerts if one.is_open), None)
        if alert is None and all(one.expected_id != expected.pk for one in alerts):
            opened.append(silent(follow_up, expected, colour, moment))
            alerts.insert(0, opened[-1])
        elif alert is not None and SEVERITY[colour] > SEVERITY[alert.colour]:
            worsen_silence(alert, follow_up, expected.pk, colour, moment)
            changed.append(alert)
    _write(opened, [one for one in changed if one not in opened])
    return len(opened)


def close_with(follow_up: FollowUp, outcome: AlertOutcome, reason: str, *, by: Actor) -> None:
    """The follow-up stops, and what was open with it; its row is locked, its record open."""
    alert = Alert.objects.filter(follow_up=follow_up).exclude(state=AlertState.CLOSED).first()
    if alert is None:
        return
    close(alert, outcome, reason, timezone.now())
    alert.closed_by_id = by.user_id
    alert.closed_by_name = name_in_circle(by, follow_up.sector) if by.user_id else ""
    alert.save()
    alert_columns.show([follow_up.pk])
    emit(
        by,
        AlertClosed(
            patient_id=alert.patient_id,
            object_id=alert.pk,
            follow_up_id=follow_up.pk,
            by_user_id=by.user_id,
            **follow_up.limits(),
        ),
    )


def stand_unconfirmed(now: datetime) -> int:
    """First abnormal values that nobody measured again in time stand red; how many."""
    follow_ups, alerts = _due(now)
    standing = [one for one in alerts if one.confirm_until is not None and one.confirm_until <= now]
    for alert in standing:
        alert.kind, alert.confirm_until = AlertKind.ANSWER, None
        wait(alert, follow_ups[alert.follow_up_id], now)
    _write([], standing, told=True)
    return len(standing)


def climb(now: datetime) -> int:
    """Gives back what was taken and left, then sends higher every red that nobody took; how many moved."""
    follow_ups, alerts = _due(now)
    moved = [one for one in alerts if _gives_back(one, now) or _climbs(one, now)]
    for alert in moved:
        follow_up = follow_ups[alert.follow_up_id]
        if _gives_back(alert, now):
            give_back(alert, follow_up, now)
        else:
            _go_higher(alert, follow_up, now)
    _write([], moved, told=True)
    return len(moved)


def _gives_back(alert: Alert, now: datetime) -> bool:
    return alert.taken_until is not None and alert.taken_until <= now


def _climbs(alert: Alert, now: datetime) -> bool:
    return alert.state == AlertState.NEW and alert.climbs_at is not None and alert.climbs_at <= now


def _go_higher(alert: Alert, follow_up: FollowUp, now: datetime) -> None:
    alert.level = next_level(alert, follow_up.cell, now)
    alert.climbs_at = None if alert.level == AlertLevel.ON_CALL else now + climbs_after(follow_up)
    call_up(alert, follow_up.cell)
    detail = {"to": str(alert.level), **limits_on(follow_up).in_trail}
    audit.record(_actor(), ALERT_CLIMB, patient_id=alert.patient_id, about=alert, detail=detail)


def _due(now: datetime) -> tuple[dict[UUID, FollowUp], list[Alert]]:
    """Alerts whose time has come and the follow-ups they belong to: these are locked first, then the alerts are read
    again.
    """
    rows = sql.rows("SELECT alert_id, follow_up_id, patient_id FROM alerts_due(%s, %s)", now, _AT_ONCE)
    if not rows:
        return {}, []
    rls.open_records({patient_id for _, _, patient_id in rows})
    follow_ups = _locked({follow_up_id for _, follow_up_id, _ in rows})
    alerts = Alert.objects.filter(pk__in=[key for key, _, _ in rows]).order_by("opened_at")
    return follow_ups, [alert for alert in alerts if alert.is_open]


def _locked(keys: Collection[UUID]) -> dict[UUID, FollowUp]:
    """In the order of their keys, so that two batches wait for each other and never cross."""
    rows = FollowUp.objects.select_related("cell__second_level", "cell__physician").filter(pk__in=keys)
    return {row.pk: row for row in rows.order_by("pk").select_for_update(of=("self",))}


def _alerts_of(follow_ups: Collection[UUID]) -> dict[UUID, list[Alert]]:
    """Open or closed, the latest first: an answer whose alert was closed opens no second one."""
    found: dict[UUID, list[Alert]] = {}
    for alert in Alert.objects.filter(follow_up_id__in=follow_ups).order_by("-opened_at"):
        found.setdefault(alert.follow_up_id, []).append(alert)
    return found


def _write(
    opened: Sequence[Alert], changed: Sequence[Alert], *, shown: Sequence[UUID] = (), told: bool = False
) -> None:
    """`shown`: other follow-ups whose row of the board must be written again; `told`: emit their change too, which no
    other code does.
    """
    together.insert(opened)
    together.update(changed)
    keys = {*shown, *(alert.follow_up_id for alert in (*opened, *changed))}
    if keys:
        alert_columns.show(keys)
    if told:
        alert_columns.tell_changed(_actor(), keys)
    for alert in opened:
        kept = limits_on(alert.follow_up).in_trail
        detail = {"colour": str(alert.colour), "kind": str(alert.kind), **kept}
        audit.record(_actor(), ALERT_OPEN, patient_id=alert.patient_id, about=alert, detail=detail)
        emit(_actor(), _opening(alert))


def _opening(alert: Alert) -> AlertOpened:
    return AlertOpened(
        patient_id=alert.patient_id,
        object_id=alert.pk,
        follow_up_id=alert.follow_up_id,
        colour=str(alert.colour),
        **alert.follow_up.limits(),
    )


def _actor() -> Actor:
    return Actor.job("telemonitoring")

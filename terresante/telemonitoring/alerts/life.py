"""What one answer, one silence, one hour or one person makes of one alert. Nothing is written here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from terresante.questionnaires.models import QuestionnaireResponse
from terresante.questionnaires.queries import pathway_of
from terresante.telemonitoring.alerts.enums import SEVERITY, AlertKind, AlertLevel, AlertOutcome, AlertState
from terresante.telemonitoring.cells.hours import is_open
from terresante.telemonitoring.models import Alert, Cell, Expected, FollowUp

_URGENT = ("orange", "red")
_ANSWERED = "Réponse reçue."
_NORMAL_AGAIN = "Nouvelle mesure normale."


def give_back(alert: Alert, follow_up: FollowUp, now: datetime) -> None:
    """Anybody of the cell may take it; it waits from now on."""
    alert.state, alert.taken_by_id, alert.taken_by_name = AlertState.NEW, None, ""
    alert.taken_at = alert.taken_until = None
    wait(alert, follow_up, now)


def close(alert: Alert, outcome: AlertOutcome, reason: str, now: datetime) -> None:
    alert.state, alert.outcome, alert.reason, alert.closed_at = AlertState.CLOSED, outcome, reason, now
    alert.climbs_at = alert.confirm_until = alert.taken_until = None


def silent(follow_up: FollowUp, expected: Expected, colour: str, now: datetime) -> Alert:
    """An answer that did not come."""
    alert = _new(follow_up, form=expected.form or str(follow_up.reason.get("form", "")), now=now)
    alert.kind, alert.expected_id, alert.colour = AlertKind.NO_ANSWER, expected.pk, colour
    wait(alert, follow_up, now)
    return alert


def wait(alert: Alert, follow_up: FollowUp, now: datetime) -> None:
    """From now on, at the first level: red climbs, at once when nobody of the cell is there to see it."""
    alert.waits_since, alert.level, alert.climbs_at = now, AlertLevel.OPERATOR, None
    if alert.colour == "red" and not alert.is_to_confirm:
        alert.climbs_at = now + climbs_after(follow_up) if is_open(follow_up.cell, now) else now


def after(follow_up: FollowUp, response: QuestionnaireResponse, alerts: Sequence[Alert]) -> Alert | None:
    """The alert that this answer opens or changes, if any."""
    if any(str(response.pk) in one.response_ids for one in alerts):
        return None
    alert = next((one for one in alerts if one.is_open), None)
    if response.colour not in _URGENT:
        return None if alert is None else _calmed(alert, response)
    if alert is not None:
        return _joined(alert, follow_up, response)
    alert = _new(follow_up, form=response.form, now=response.received_at)
    _says(alert, follow_up, response)
    alert.first_fired = alert.fired
    return alert


def _new(follow_up: FollowUp, *, form: str, now: datetime) -> Alert:
    return Alert(
        follow_up=follow_up,
        patient_id=follow_up.patient_id,
        record_id=follow_up.record_id,
        version_id=follow_up.version_id,
        form=form,
        opened_at=now,
        waits_since=now,
    )


def _says(alert: Alert, follow_up: FollowUp, response: QuestionnaireResponse) -> None:
    """The alert now shows this answer, and waits again from the beginning."""
    _keeps(alert, response)
    alert.colour, alert.fired, alert.form = response.colour, response.fired, response.form
    alert.version_id, alert.answered_at = response.version_id, response.authored_at
    alert.kind, alert.confirm_until = AlertKind.ANSWER, None
    if response.to_confirm:
        confirm = timedelta(minutes=pathway_of(follow_up.version_id).delays.confirm)
        alert.kind, alert.confirm_until = AlertKind.CONFIRMATION, response.received_at + confirm
    wait(alert, follow_up, response.received_at)


def _keeps(alert: Alert, response: QuestionnaireResponse) -> None:
    alert.response_ids = [*alert.response_ids, str(response.pk)]


def _joined(alert: Alert, follow_up: FollowUp, response: QuestionnaireResponse) -> Alert:
    """The alert shows this answer if it is worse, or if it needs no confirmation and the value before it did."""
    worse = alert.kind == AlertKind.NO_ANSWER or SEVERITY[response.colour] > SEVERITY[alert.colour]
    if worse or (alert.is_to_confirm and not response.to_confirm):
        _says(alert, follow_up, response)
        alert.first_fired = alert.first_fired or alert.fired
    else:
        _keeps(alert, response)
    return alert


def _calmed(alert: Alert, response: QuestionnaireResponse) -> Alert | None:
    """An alert that nobody took closes by itself, with its reason; whoever took it is shown the answer and closes it
    himself.
    """
    was_silent = alert.kind == AlertKind.NO_ANSWER
    measured = (
        alert.is_to_confirm and alert.answered_at is not None and response.authored_at > alert.answered_at
    )
    if not was_silent and not (measured and response.form == alert.form):
        return None
    _keeps(alert, response)
    if alert.state == AlertState.NEW:
        close(alert, AlertOutcome.RESOLVED, _ANSWERED if was_silent else _NORMAL_AGAIN, response.received_at)
    else:
        alert.colour, alert.confirm_until = response.colour, None
    return alert


def worsen_silence(alert: Alert, follow_up: FollowUp, expected_id: UUID, colour: str, now: datetime) -> None:
    alert.kind, alert.colour, alert.expected_id = AlertKind.NO_ANSWER, colour, expected_id
    wait(alert, follow_up, now)


def climbs_after(follow_up: FollowUp) -> timedelta:
    return timedelta(minutes=pathway_of(follow_up.version_id).delays.take_red)


def next_level(alert: Alert, cell: Cell, now: datetime) -> AlertLevel:
    """The next one whom the cell has; the on-call number when it is closed, and when there is nobody else."""
    if not is_open(cell, now):
        return AlertLevel.ON_CALL
    there = {AlertLevel.SECOND: cell.second_level_id, AlertLevel.PHYSICIAN: cell.physician_id}
    levels = list(AlertLevel)
    higher = levels[levels.index(AlertLevel(alert.level)) + 1 :]
    return next((one for one in higher if there.get(one) is not None), AlertLevel.ON_CALL)

"""What a telephone keeps to answer without network: questions, simple rules and hours of the days to come; no name."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from terresante.kernel.ui import wording
from terresante.questionnaires import pathway as engine
from terresante.questionnaires import queries as questionnaires
from terresante.telemonitoring.answering.asking import KEPT_AHEAD, Due, closes_at
from terresante.telemonitoring.answering.standing import Standing, State
from terresante.telemonitoring.cells import hours
from terresante.telemonitoring.models import Cell


def made(due: Sequence[Due], stands: Sequence[Standing], *, permit: str) -> dict[str, Any]:
    """As `frontend/islands/offline-store.ts` reads it. What comes next is in `expected`; what stopped, in `stopped`."""
    now = timezone.now()
    forms: dict[str, Any] = {}
    for one in due:
        pathway = questionnaires.pathway_of(one.follow_up.version_id)
        forms[_key(one)] = engine.offline(pathway, one.expected.form, personal=one.follow_up.personal)
    follow_ups = [*(one.follow_up for one in due), *(one.follow_up for one in stands)]
    cell = follow_ups[0].cell if follow_ups else None
    return {
        "permit": permit,
        "forms": forms,
        "expected": [_expected(one) for one in due],
        "stopped": [_stopped(one) for one in stands if one.state in (State.PAUSED, State.ENDED)],
        "hours": _spans(cell) if cell else [],
        "phone": cell.phone if cell else "",
        "until": (now + KEPT_AHEAD).isoformat(),
    }


def _key(one: Due) -> str:
    """Thresholds are of one person and one follow-up."""
    return f"{one.follow_up.pk}/{one.expected.form}"


def _expected(one: Due) -> dict[str, str]:
    return {
        "occurrence": str(one.expected.pk),
        "form": _key(one),
        "title": one.title,
        "opens": one.expected.opens_at.isoformat(),
        "closes": closes_at(one.expected).isoformat(),
    }


def _stopped(one: Standing) -> dict[str, str]:
    return {
        "title": one.title,
        "state": one.state.value,
        "since": wording.long_date(one.since) if one.since else "",
        "until": wording.long_date(one.until) if one.until else "",
    }


def _spans(cell: Cell) -> list[dict[str, str]]:
    """When somebody is there, in the days to come."""
    spans, at, end = [], timezone.now(), timezone.now() + KEPT_AHEAD
    while (opens := hours.next_opening(cell, at)) is not None and opens < end:
        closes = hours.closing(cell, opens) or end
        spans.append({"opens": opens.isoformat(), "closes": closes.isoformat()})
        at = closes
    return spans

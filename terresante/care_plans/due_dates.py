"""When each step of an inclusion is due, pure: what was done, moved or put aside is kept, the rest follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from terresante.care_plans.definition import PlannedAct


@dataclass(frozen=True, slots=True)
class Known:
    """Of a step that is no longer to be computed: the day it was done, chosen, or due when it was put aside."""

    on: date


def due_dates(
    steps: tuple[PlannedAct, ...], start: date, known: Mapping[str, Known] | None = None
) -> dict[str, date]:
    """By key; a step counted from one that is not among `steps` is counted from `start`. Steps have no cycle."""
    fixed, by_key = known or {}, {step.key: step for step in steps}
    found: dict[str, date] = {}

    def due(key: str) -> date:
        if key not in found:
            step = by_key[key]
            origin = due(step.after) if step.after in by_key else start
            found[key] = fixed[key].on if key in fixed else origin + timedelta(days=step.delay)
        return found[key]

    return {step.key: due(step.key) for step in steps}

"""When each step of an inclusion is due, pure: what was done, moved or put aside is kept, the rest follows."""

from collections.abc import Mapping
from datetime import date, timedelta

from terresante.care_plans.definition import PlannedAct


def due_dates(
    steps: tuple[PlannedAct, ...], start: date, fixed: Mapping[str, date] | None = None
) -> dict[str, date]:
    """By key; a step counted from one that is not among `steps` is counted from `start`. Steps have no cycle.

    `fixed`: the day a step was done or somebody chose, or when it was due when it was put aside.
    """
    known, by_key = fixed or {}, {step.key: step for step in steps}
    found: dict[str, date] = {}

    def due(key: str) -> date:
        if key not in found:
            step = by_key[key]
            origin = due(step.after) if step.after in by_key else start
            found[key] = known.get(key) or origin + timedelta(days=step.delay)
        return found[key]

    return {step.key: due(step.key) for step in steps}

"""A draft tried on past answers: what each day would have looked like, who would have changed colour."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from terresante.questionnaires.pathway.assessing import Assessment, assess
from terresante.questionnaires.pathway.keeping import from_json
from terresante.questionnaires.pathway.model import Colour, Past, Pathway
from terresante.questionnaires.pathway.timing import PARIS

# Outcomes of an alert that a person needed: to miss one of these is to miss a patient.
SERIOUS = frozenset(("physician", "teleconsultation", "samu", "hospitalised"))
FALSE_ALARM = "false_alarm"
MOST_HISTORY = 60


@dataclass(frozen=True, slots=True)
class PastAnswer:
    """`answers` and `baseline` as kept (`to_json`) or typed; `outcome` of its alert, "" when there was none."""

    follow_up: str
    at: datetime
    form: str
    answers: Mapping[str, Any]
    baseline: Mapping[str, Any]
    outcome: str = ""
    personal: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Day:
    """How many answers took each colour, that day in Paris."""

    day: date
    old: Mapping[Colour, int]
    new: Mapping[Colour, int]


@dataclass(frozen=True, slots=True)
class Change:
    follow_up: str
    at: datetime
    form: str
    old: Colour
    new: Colour

    @property
    def is_worse(self) -> bool:
        return self.new.rank > self.old.rank


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """`serious`: answers whose outcome was serious; `caught`: those of them that were orange or red."""

    serious: int
    caught: int
    alerts: int
    false_alarms: int

    @property
    def rate(self) -> Decimal | None:
        """0 to 1; None when nothing serious happened."""
        return Decimal(self.caught) / self.serious if self.serious else None

    @property
    def false_share(self) -> Decimal | None:
        return Decimal(self.false_alarms) / self.alerts if self.alerts else None


@dataclass(frozen=True, slots=True)
class Replay:
    answers: int
    days: tuple[Day, ...]
    changed: tuple[Change, ...]
    old: Sensitivity
    new: Sensitivity


def replay(old: Pathway, new: Pathway, past: Sequence[PastAnswer]) -> Replay:
    """An answer to a form that a version no longer has is grey in that version. `at` are aware."""
    in_order = sorted(past, key=lambda one: (one.follow_up, one.at))
    colours = list(zip(in_order, _assessed(old, in_order), _assessed(new, in_order), strict=True))
    days: dict[date, tuple[Counter[Colour], Counter[Colour]]] = defaultdict(lambda: (Counter(), Counter()))
    changed = []
    for answer, before, after in colours:
        counted = days[answer.at.astimezone(PARIS).date()]
        counted[0][_colour(before)] += 1
        counted[1][_colour(after)] += 1
        if _colour(before) is not _colour(after):
            changed.append(
                Change(
                    follow_up=answer.follow_up,
                    at=answer.at,
                    form=answer.form,
                    old=_colour(before),
                    new=_colour(after),
                )
            )
    return Replay(
        answers=len(in_order),
        days=tuple(Day(day, dict(counts[0]), dict(counts[1])) for day, counts in sorted(days.items())),
        changed=tuple(sorted(changed, key=lambda one: (one.at, one.follow_up))),
        old=_sensitivity([(answer.outcome, _colour(before)) for answer, before, _ in colours]),
        new=_sensitivity([(answer.outcome, _colour(after)) for answer, _, after in colours]),
    )


def _assessed(pathway: Pathway, in_order: Sequence[PastAnswer]) -> list[Assessment | None]:
    results: list[Assessment | None] = []
    history: list[Past] = []
    follow_up: str | None = None
    for answer in in_order:
        if answer.follow_up != follow_up:
            history, follow_up = [], answer.follow_up
        form = pathway.forms.get(answer.form)
        if form is None:
            results.append(None)
            continue
        answers = from_json(form, answer.answers)
        results.append(
            assess(
                pathway,
                form.name,
                answers,
                at=answer.at,
                history=history,
                baseline=answer.baseline,
                personal=answer.personal,
            )
        )
        history = [*history[-MOST_HISTORY:], Past(answer.at, form.name, answers)]
    return results


def _colour(assessment: Assessment | None) -> Colour:
    return assessment.colour if assessment else Colour.GREY


def _sensitivity(outcomes: Sequence[tuple[str, Colour]]) -> Sensitivity:
    alerts = [outcome for outcome, colour in outcomes if colour in (Colour.ORANGE, Colour.RED)]
    return Sensitivity(
        serious=sum(outcome in SERIOUS for outcome, _ in outcomes),
        caught=sum(outcome in SERIOUS for outcome in alerts),
        alerts=len(alerts),
        false_alarms=alerts.count(FALSE_ALARM),
    )

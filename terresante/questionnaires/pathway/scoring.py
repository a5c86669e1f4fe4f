"""Scores of the answers to one form, each point explained."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from terresante.questionnaires.pathway import fhirpath
from terresante.questionnaires.pathway.enabling import shown
from terresante.questionnaires.pathway.model import Answers, Colour, Form, Pathway, Question, Score


class PartResult(NamedTuple):
    label: str
    points: Decimal | None
    maximum: Decimal | None


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """`value` None: unknown, because an item it needs is not answered or the calculation failed (`failed`)."""

    id: str
    title: str
    value: Decimal | None
    maximum: Decimal | None
    band: str
    colour: Colour | None
    formula: int
    parts: tuple[PartResult, ...] = ()
    failed: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "value": _plain(self.value),
            "maximum": _plain(self.maximum),
            "band": self.band,
            "colour": self.colour.value if self.colour else None,
            "formula": self.formula,
            "parts": [[part.label, _plain(part.points), _plain(part.maximum)] for part in self.parts],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ScoreResult":
        return cls(
            id=data["id"],
            title=data["title"],
            value=_decimal(data["value"]),
            maximum=_decimal(data["maximum"]),
            band=data["band"],
            colour=Colour(data["colour"]) if data["colour"] else None,
            formula=data["formula"],
            parts=tuple(
                PartResult(label, _decimal(points), _decimal(maximum))
                for label, points, maximum in data["parts"]
            ),
        )


def _plain(value: Decimal | None) -> int | float | None:
    return None if value is None else int(value) if value == int(value) else float(value)


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def scores(pathway: Pathway, form: Form, answers: Answers) -> tuple[ScoreResult, ...]:
    """In the order of the file. A score that another one uses is computed first, whatever their order."""
    wanted = pathway.scores_of(form.name)
    if not wanted:
        return ()
    visible = shown(form, answers)
    names = {question.link_id for question in visible}
    answers = {link_id: value for link_id, value in answers.items() if link_id in names}
    resource = fhirpath.resource_of(form, answers)
    results: dict[str, ScoreResult] = {}
    for score in ordered(wanted) if len(wanted) > 1 else wanted:
        results[score.id] = _result(score, visible, answers, resource, results)
    return tuple(results[score.id] for score in wanted)


def ordered(wanted: tuple[Score, ...]) -> list[Score]:
    """Each after those it uses; those of a cycle come last, in the order of the file."""
    done: list[Score] = []
    left = list(wanted)
    names = {score.id for score in wanted}
    while left:
        known = {score.id for score in done}
        ready = [score for score in left if not (set(uses(score)) & names) - known]
        if not ready:
            return done + left
        done += ready
        left = [score for score in left if score not in ready]
    return done


def expressions(score: Score) -> Iterator[fhirpath.Expression]:
    """Those that compile."""
    for text in [score.expression] if score.expression else [part.expression for part in score.parts]:
        try:
            yield fhirpath.compiled(text)
        except fhirpath.ExpressionError:
            continue


def uses(score: Score) -> list[str]:
    return [name for expression in expressions(score) for name in expression.variables]


def _result(
    score: Score,
    visible: list[Question],
    answers: Answers,
    resource: Mapping[str, Any],
    before: Mapping[str, ScoreResult],
) -> ScoreResult:
    parts: tuple[PartResult, ...] = ()
    value: Decimal | None = None
    failed = ""
    if score.missing == "zero" or not unanswered(score, visible, answers, before):
        variables = {name: result.value for name, result in before.items()}
        if score.missing == "zero":
            variables = {name: value or Decimal(0) for name, value in variables.items()}
        try:
            if score.expression:
                value = points(score.expression, None, resource, variables, score.missing)
            else:
                parts = tuple(
                    PartResult(
                        part.label,
                        points(part.expression, part.maximum, resource, variables, score.missing),
                        part.maximum,
                    )
                    for part in score.parts
                )
                known = [part.points for part in parts if part.points is not None]
                value = sum(known, Decimal(0)) if len(known) == len(parts) else None
        except fhirpath.ExpressionError as error:
            value, failed = None, str(error)
    band = score.band(value) if value is not None else None
    return ScoreResult(
        id=score.id,
        title=score.title,
        value=value,
        maximum=score.maximum,
        band=band.label if band else "",
        colour=band.colour if band else None,
        formula=score.formula,
        parts=parts,
        failed=failed,
    )


def points(
    text: str,
    maximum: Decimal | None,
    resource: Mapping[str, Any],
    variables: Mapping[str, Any],
    missing: str,
) -> Decimal | None:
    """True is worth the maximum of its part, or 1. Raises ExpressionError."""
    found = fhirpath.compiled(text).evaluate(resource, variables)
    if found is None:
        return Decimal(0) if missing == "zero" else None
    if isinstance(found, bool):
        return (maximum or Decimal(1)) if found else Decimal(0)
    if isinstance(found, str):
        try:
            return Decimal(found)
        except ArithmeticError:
            raise fhirpath.ExpressionError(f"le calcul donne « {found[:40]} » au lieu d’un nombre.") from None
    return found


def unanswered(
    score: Score, visible: list[Question], answers: Answers, before: Mapping[str, ScoreResult]
) -> list[str]:
    """What the score needs and has not: questions shown and left empty, unknown scores."""
    found: list[str] = []
    for expression in expressions(score):
        found += [name for name in expression.variables if name in before and before[name].value is None]
        found += [
            question.link_id
            for question in visible
            if is_needed(question, expression) and question.link_id not in answers
        ]
    return found


def is_needed(question: Question, expression: fhirpath.Expression) -> bool:
    """Several choices may all be left unticked: that is an answer."""
    if not question.is_answered or (question.repeats and not question.required):
        return False
    if expression.link_ids or expression.prefixes:
        return question.link_id in expression.link_ids or question.link_id.startswith(
            expression.prefixes or ("\0",)
        )
    if expression.variables:
        return False
    return any(option.points is not None for option in question.options)

"""One answer, whole, and beside another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.kernel.ui import wording
from terresante.kernel.ui.chart import Chart, Value, drawn
from terresante.kernel.ui.frame import Comparison, Pair
from terresante.questionnaires import filling, queries
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.access import RESPONSE_READ
from terresante.questionnaires.enums import PathwayKind, ResponseStatus
from terresante.questionnaires.models import PathwaySignature, QuestionnaireResponse
from terresante.questionnaires.record_queries import ScoreShown, level_of, scores_of

# Of one form, for its curve and for what it may be compared with.
MOST_COMPARED = 40


@dataclass(frozen=True, slots=True)
class Curve:
    """A score over the answers to one form."""

    title: str
    chart: Chart
    top: str
    bottom: str
    values: tuple[tuple[QuestionnaireResponse, str], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One answer, whole, as its page shows it."""

    response: QuestionnaireResponse
    pathway: engine.Pathway
    title: str
    sections: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    scores: tuple[ScoreShown, ...]
    fired: tuple[engine.Fired, ...]
    curves: tuple[Curve, ...]
    signatures: tuple[PathwaySignature, ...]
    before: QuestionnaireResponse | None
    replaced_by: QuestionnaireResponse | None

    @property
    def level(self) -> str:
        return level_of(self.response)

    @property
    def computed(self) -> list[ScoreShown]:
        return [one for one in self.scores if one.value]

    @property
    def missing(self) -> list[str]:
        return [one.title for one in self.scores if not one.value]

    @property
    def suggests(self) -> bool:
        """Rules that fired are problems to consider, where nothing is followed day by day."""
        return self.pathway.kind in (PathwayKind.ASSESSMENT, PathwayKind.SHEET)


def sheet_of(actor: Actor, row: QuestionnaireResponse) -> Sheet:
    pathway = queries.pathway_of(row.version_id)
    others = compared_with(actor, row)
    return Sheet(
        response=row,
        pathway=pathway,
        title=queries.title_of(row),
        sections=answers_by_section(pathway, row),
        scores=scores_of(row),
        fired=tuple(engine.Fired.from_json(said) for said in row.fired),
        curves=_curves(row, others),
        signatures=signed_by(row.version_id),
        before=next((one for one in others if one.authored_at < row.authored_at), None),
        replaced_by=_replacement(actor, row),
    )


def _replacement(actor: Actor, row: QuestionnaireResponse) -> QuestionnaireResponse | None:
    rows = access.list(actor, RESPONSE_READ, QuestionnaireResponse, patient_id=row.patient_id)
    return rows.filter(replaces_id=row.pk).first()


def signed_by(version_id: UUID) -> tuple[PathwaySignature, ...]:
    """The structures that answer for its thresholds."""
    return tuple(PathwaySignature.objects.filter(version_id=version_id).order_by("signed_at")[:20])


def answers_by_section(
    pathway: engine.Pathway, row: QuestionnaireResponse
) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """In the order of the form: the title of a section, then each question with its answer in words."""
    form = pathway.forms.get(row.form)
    if form is None:
        return ()
    answers = engine.from_json(form, row.answers)
    found: dict[str, list[tuple[str, str]]] = {}
    for question in form.questions:
        if question.link_id in answers:
            said = filling.worded(question, answers[question.link_id])
            found.setdefault(question.section, []).append((question.text, said))
    return tuple((section, tuple(pairs)) for section, pairs in found.items())


def compared_with(actor: Actor, row: QuestionnaireResponse) -> list[QuestionnaireResponse]:
    """The other answers to the same form of the same pathway, those before first, the nearest first."""
    rows = (
        queries.answers_of(actor, row.patient_id, row.form)
        .filter(status=ResponseStatus.COMPLETED, version__pathway_id=row.version.pathway_id)
        .exclude(pk__in=[key for key in (row.pk, row.replaces_id) if key is not None])
    )
    found = list(rows[:MOST_COMPARED])
    return [one for one in found if one.authored_at < row.authored_at] + [
        one for one in found if one.authored_at >= row.authored_at
    ]


def comparison(old: QuestionnaireResponse, new: QuestionnaireResponse) -> Comparison:
    """Question by question, then the scores; the form may be of two versions."""
    pairs = [*_paired(_worded(old), _worded(new)), *_paired(_valued(old), _valued(new))]
    return Comparison(
        old_title=wording.long_date(old.authored_at),
        new_title=wording.long_date(new.authored_at),
        pairs=tuple(pairs),
    )


def _paired(old: dict[str, tuple[str, str]], new: dict[str, tuple[str, str]]) -> list[Pair]:
    labels = {
        **{key: label for key, (label, _) in old.items()},
        **{key: label for key, (label, _) in new.items()},
    }
    none = ("", "")
    return [
        Pair(label=label, old=old.get(key, none)[1], new=new.get(key, none)[1])
        for key, label in labels.items()
    ]


def _worded(row: QuestionnaireResponse) -> dict[str, tuple[str, str]]:
    form = queries.pathway_of(row.version_id).forms.get(row.form)
    if form is None:
        return {}
    answers = engine.from_json(form, row.answers)
    return {
        question.link_id: (question.text, filling.worded(question, answers[question.link_id]))
        for question in form.questions
        if question.link_id in answers
    }


def _valued(row: QuestionnaireResponse) -> dict[str, tuple[str, str]]:
    return {
        f"score:{one.title}": (one.title, f"{one.value} / {one.maximum}" if one.maximum else one.value)
        for one in scores_of(row)
        if one.value
    }


def _curves(row: QuestionnaireResponse, others: Sequence[QuestionnaireResponse]) -> tuple[Curve, ...]:
    """Of each score that two answers at least have; one formula apart from another would be two curves."""
    every = sorted([row, *others], key=lambda one: one.authored_at)
    said: dict[tuple[str, int], list[tuple[QuestionnaireResponse, engine.ScoreResult]]] = {}
    for one in every:
        for result in (engine.ScoreResult.from_json(kept) for kept in one.scores):
            if result.value is not None:
                said.setdefault((result.id, result.formula), []).append((one, result))
    mine = {
        (result.id, result.formula) for result in (engine.ScoreResult.from_json(kept) for kept in row.scores)
    }
    return tuple(curve for key, found in said.items() if key in mine and (curve := _curve(found)) is not None)


def _curve(found: Sequence[tuple[QuestionnaireResponse, engine.ScoreResult]]) -> Curve | None:
    values = [
        Value(one.authored_at, said.value, is_outside=said.colour == engine.Colour.RED)
        for one, said in found
        if said.value is not None
    ]
    chart = drawn(values)
    if chart is None:
        return None
    told: list[Any] = [
        (one, filling.number(said.value)) for one, said in reversed(found) if said.value is not None
    ]
    return Curve(
        title=found[-1][1].title,
        chart=chart,
        top=filling.number(chart.top),
        bottom=filling.number(chart.bottom),
        values=tuple(told),
    )

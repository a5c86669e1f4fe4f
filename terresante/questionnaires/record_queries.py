"""What the pages of a record show of its forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.paginator import Page as Pages
from django.core.paginator import Paginator
from django.db.models import Count, F

from terresante.care_team.access import writes_class
from terresante.care_team.enums import DataClass
from terresante.care_team.queries import OpenRecord
from terresante.care_team.queries.limits import limits_on, limits_unasked
from terresante.care_team.queries.panel import audience_panel
from terresante.feed import queries as feed
from terresante.feed.enums import FeedKind
from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.kernel.ui import wording
from terresante.kernel.ui.frame import AudiencePanel
from terresante.questionnaires import filling, queries
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.access import RESPONSE_WRITE
from terresante.questionnaires.enums import ResponseColour, ResponseStatus
from terresante.questionnaires.models import PathwayVersion, QuestionnaireResponse

PER_PAGE = 20
_MOST_SCORES = 3
LEVELS = {
    ResponseColour.RED: "red",
    ResponseColour.ORANGE: "orange",
    ResponseColour.GREEN: "green",
}


@dataclass(frozen=True, slots=True)
class ScoreShown:
    """A score of an answer, with each of its points; `value` is None when an answer it needs is missing."""

    title: str
    value: str
    maximum: str
    band: str
    level: str
    formula: int
    parts: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class ResponseLine:
    response: QuestionnaireResponse
    title: str
    is_unread: bool
    is_mine: bool
    month: str

    @property
    def level(self) -> str:
        return level_of(self.response)

    @property
    def scores(self) -> list[ScoreShown]:
        """Those that were computed, the first few: its page has them all."""
        return [one for one in scores_of(self.response) if one.value][:_MOST_SCORES]


@dataclass(frozen=True, slots=True)
class PathwayCount:
    code: str
    title: str
    number: int


@dataclass(frozen=True, slots=True)
class ResponsePage:
    lines: list[ResponseLine]
    pathways: list[PathwayCount]
    page: Pages[Any]


def response_page(actor: Actor, patient_id: UUID, *, code: str = "", number: int = 1) -> ResponsePage:
    """Of one pathway, or of all; a page beyond the last one is the last one."""
    rows = queries.answers_of(actor, patient_id)
    pathways = _pathways(actor, patient_id)
    if code:
        rows = rows.filter(version__pathway__code=code)
    total = sum(one.number for one in pathways if code in ("", one.code))
    page = Paginator(range(total), PER_PAGE).get_page(number)
    waiting = set(feed.unread_objects(actor, patient_id, FeedKind.QUESTIONNAIRE))
    start = (page.number - 1) * PER_PAGE
    return ResponsePage(
        lines=_lines(actor, list(rows[start : start + PER_PAGE]), waiting),
        pathways=pathways,
        page=page,
    )


def _pathways(actor: Actor, patient_id: UUID) -> list[PathwayCount]:
    counted = (
        queries.answers_of(actor, patient_id)
        .order_by()
        .values(code=F("version__pathway__code"), title=F("version__pathway__title"))
        .annotate(number=Count("pk"))
        .order_by("title")
    )
    return [PathwayCount(**one) for one in counted]


def _lines(actor: Actor, rows: Sequence[QuestionnaireResponse], waiting: set[UUID]) -> list[ResponseLine]:
    months = wording.month_titles(row.authored_at for row in rows)
    return [
        ResponseLine(
            response=row,
            title=queries.title_of(row),
            is_unread=row.pk in waiting,
            is_mine=row.user_id is not None and row.user_id == actor.user_id,
            month=month,
        )
        for row, month in zip(rows, months, strict=True)
    ]


def level_of(row: QuestionnaireResponse) -> str:
    """Nothing for a form that no rule looks at: it would be green whatever was answered."""
    if not row.is_completed or not queries.pathway_of(row.version_id).rules_of(row.form):
        return ""
    return LEVELS.get(ResponseColour(row.colour), "")


def scores_of(row: QuestionnaireResponse) -> tuple[ScoreShown, ...]:
    return tuple(_score(engine.ScoreResult.from_json(said)) for said in row.scores)


def _score(said: engine.ScoreResult) -> ScoreShown:
    return ScoreShown(
        title=said.title,
        value="" if said.value is None else filling.number(said.value),
        maximum="" if said.maximum is None else filling.number(said.maximum),
        band=said.band,
        level=LEVELS.get(ResponseColour(said.colour), "") if said.colour else "",
        formula=said.formula,
        parts=tuple(_part(part.label, part.points, part.maximum) for part in said.parts),
    )


def _part(label: str, points: Decimal | None, most: Decimal | None) -> tuple[str, str, str]:
    return (
        label,
        "" if points is None else filling.number(points),
        "" if most is None else filling.number(most),
    )


def forms_open_to(actor: Actor) -> list[tuple[PathwayVersion, list[engine.Form]]]:
    """The forms of each pathway offered now whose class this professional writes."""
    return [
        (version, list(queries.pathway_of(version.pk).forms.values()))
        for version in queries.published()
        if writes_class(actor, DataClass(version.pathway.data_class))
    ]


_END = (
    "Chaque lecture est tracée. Un formulaire enregistré reste au dossier avec votre signature ; une correction garde"
    " ce qui était répondu."
)


def panel_of(
    actor: Actor, opened: OpenRecord, pathway: engine.Pathway, *, replaces: QuestionnaireResponse | None
) -> AudiencePanel:
    """« Qui verra ceci ? » before a form is sent; a correction goes no further than what it corrects."""
    limits = limits_on(replaces) if replaces else limits_unasked(actor, opened.record)
    draft = limits.draft(actor, opened.patient.pk, DataClass(pathway.data_class))
    return audience_panel(opened.patient, draft, of="ce formulaire", end=_END)


def begun(actor: Actor, patient_id: UUID, version_id: UUID, form: str) -> QuestionnaireResponse | None:
    """What this actor began and did not send."""
    rows = access.list(actor, RESPONSE_WRITE, QuestionnaireResponse, patient_id=patient_id)
    return rows.filter(version_id=version_id, form=form).order_by("-authored_at").first()


def before(
    actor: Actor,
    patient_id: UUID,
    version_id: UUID,
    form: engine.Form,
    *,
    without: QuestionnaireResponse | None,
) -> filling.Before | None:
    """The last answers to this form of this pathway, whatever the version."""
    rows = queries.answers_of(actor, patient_id, form.name).filter(
        status=ResponseStatus.COMPLETED, version__pathway__versions=version_id
    )
    if without is not None:
        rows = rows.filter(authored_at__lt=without.authored_at)
    row = rows.first()
    past = None if row is None else queries.as_past(row)
    return None if past is None else filling.Before(past.at, past.answers)

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor
from terresante.kernel.errors import NotFound
from terresante.patients.enums import Sex
from terresante.patients.models import Patient
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.access import RESPONSE_READ
from terresante.questionnaires.enums import PathwayKind, ResponseStatus, VersionStatus
from terresante.questionnaires.models import PathwayVersion, QuestionnaireResponse

# How far back rules look: the longest window of a rule, and a follow-up that answers four times a day for a month.
HISTORY = timedelta(days=60)
_MOST_HISTORY = 240


def published(kind: PathwayKind | None = None) -> QuerySet[PathwayVersion]:
    """The versions that are offered now, by title. No patient data: nobody is asked who he is."""
    versions = PathwayVersion.objects.filter(status=VersionStatus.PUBLISHED, pathway__is_active=True)
    if kind is not None:
        versions = versions.filter(pathway__kind=kind)
    return versions.select_related("pathway").order_by("pathway__title", "pk")


def version(pk: UUID) -> PathwayVersion:
    """Raises NotFound."""
    found = PathwayVersion.objects.select_related("pathway").filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def pathway_of(version_id: UUID) -> engine.Pathway:
    """What a version says, read once a process when it is published. Raises NotFound, and PathwayError for a draft."""
    try:
        return _unchanging(version_id).pathway
    except _Draft as draft:
        return engine.read(draft.version.files)


def unsuited(pathway: engine.Pathway, patient: Patient) -> str:
    """Why a pathway was not made for this person, or why nobody can tell: a sentence; "" when it was."""
    born, today = patient.birth_date, timezone.localdate()
    # The first of what is known: she was born that day at the earliest, at the end of that year at the latest.
    latest = born.replace(month=12, day=31) if patient.lunar_birth_date else born
    sex = {Sex.FEMALE: "female", Sex.MALE: "male"}.get(Sex(patient.sex), "")
    person = engine.Person(_years(latest, today), _years(born, today), sex)
    return engine.unsuited(pathway.meant, person)


def _years(born: date, today: date) -> int:
    return max(today.year - born.year - ((today.month, today.day) < (born.month, born.day)), 0)


@dataclass(frozen=True, slots=True)
class Unchanging:
    """A version that was published: its files, read, and the pathway they are of. It is never a draft again."""

    pathway_id: UUID
    pathway: engine.Pathway


def unchanging(version_id: UUID) -> Unchanging:
    """Raises NotFound, for a draft too: nobody answers to it."""
    try:
        return _unchanging(version_id)
    except _Draft:
        raise NotFound from None


class _Draft(Exception):
    def __init__(self, version: PathwayVersion) -> None:
        self.version = version


@lru_cache(maxsize=256)
def _unchanging(version_id: UUID) -> Unchanging:
    found = version(version_id)
    if found.is_draft:
        raise _Draft(found)
    return Unchanging(found.pathway_id, found.read())


def answers_of(
    actor: Actor, patient_id: UUID, form: str | None = None, follow_up_id: UUID | None = None
) -> QuerySet[QuestionnaireResponse]:
    """Those this actor reads, replaced ones left out, the latest first, without the files of their version."""
    rows = access.list(actor, RESPONSE_READ, QuestionnaireResponse, patient_id=patient_id)
    later = QuestionnaireResponse.objects.filter(replaces=OuterRef("pk"), patient_id=OuterRef("patient_id"))
    rows = rows.filter(~Exists(later)).exclude(status=ResponseStatus.STOPPED)
    if form is not None:
        rows = rows.filter(form=form)
    if follow_up_id is not None:
        rows = rows.filter(follow_up_id=follow_up_id)
    return (
        rows.select_related("version__pathway")
        .defer("version__files")
        .order_by("-authored_at", "-received_at", "pk")
    )


class Said(NamedTuple):
    """What an earlier answer says to the rules, and to whoever answers the same questionnaire again."""

    pk: UUID
    occurrence_id: UUID | None
    authored_at: datetime
    received_at: datetime
    to_confirm: bool
    version_id: UUID
    form: str
    answers: dict[str, Any]


_OF_SAID = tuple(Said.__annotations__)


def said_lately(
    actor: Actor, patient_id: UUID, pathway_id: UUID, *, until: datetime, follow_up_id: UUID | None = None
) -> list[Said]:
    """Completed answers to one pathway, of the follow-up when there is one, from `HISTORY` before; the latest first."""
    return [Said(*row) for row in _said(actor, patient_id, pathway_id, follow_up_id, until - HISTORY)]


@compiled.rows
def _said(
    actor: Actor, patient_id: UUID, pathway_id: UUID, follow_up_id: UUID | None, since: datetime
) -> QuerySet[QuestionnaireResponse, tuple[Any, ...]]:
    rows = answers_of(actor, patient_id, follow_up_id=follow_up_id).filter(
        version__pathway_id=pathway_id, status=ResponseStatus.COMPLETED, authored_at__gt=since
    )
    told: QuerySet[QuestionnaireResponse, tuple[Any, ...]] = rows.values_list(*_OF_SAID)
    return told[:_MOST_HISTORY]


def history(
    said: Sequence[Said], *, before: datetime, without: Collection[UUID | None] = ()
) -> list[engine.Past]:
    """As the rules look back, up to that moment. `without`: keys that do not count, an answer that is corrected."""
    counted = (one for one in said if one.authored_at <= before and one.pk not in without)
    return [past for one in counted if (past := as_past(one)) is not None]


def as_past(row: QuestionnaireResponse | Said) -> engine.Past | None:
    """As the engine reads it; nothing for a form that its version has not."""
    form = pathway_of(row.version_id).forms.get(row.form)
    if form is None:
        return None
    return engine.Past(at=row.authored_at, form=row.form, answers=engine.from_json(form, row.answers))


def known(said: Mapping[str, Any]) -> dict[str, engine.AnswerValue]:
    """Values at enrolment and thresholds of a person, as rows keep them."""
    return {name: _known(value) for name, value in said.items() if value is not None}


def _known(value: Any) -> engine.AnswerValue:
    if isinstance(value, float):
        return Decimal(str(value))
    return tuple(str(one) for one in value) if isinstance(value, list) else cast(engine.AnswerValue, value)


def title_of(row: QuestionnaireResponse) -> str:
    """Of the form, as its version names it."""
    form = pathway_of(row.version_id).forms.get(row.form)
    return form.title if form is not None else row.form

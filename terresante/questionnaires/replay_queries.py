"""A draft weighed on what was answered before: numbers for who administers, names for who reads the record."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.utils import timezone

from terresante.kernel import access, sql
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict
from terresante.kernel.ui import wording
from terresante.questionnaires import filling
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.access import PATHWAY_REPLAY, RESPONSE_READ
from terresante.questionnaires.enums import ResponseStatus, VersionStatus
from terresante.questionnaires.models import PathwayVersion, QuestionnaireResponse

MOST = 4000
SINCE = timedelta(days=90)
_MOST_NAMED = 200
_Place = tuple[str, datetime, str]
_ASKED = """
SELECT answer, follow_up, at, form, answers, baseline, personal, outcome FROM pathway_answers(%s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class DayShown:
    """How many alerts, that day, by each version: red, then orange."""

    day: date
    old_red: int
    old_orange: int
    new_red: int
    new_orange: int


@dataclass(frozen=True, slots=True)
class Replayed:
    version: PathwayVersion
    compared: PathwayVersion
    replay: engine.Replay
    # Of the answers that change colour, those that this actor reads himself, with what each becomes.
    named: tuple[tuple[QuestionnaireResponse, engine.Change], ...]

    @property
    def is_cut(self) -> bool:
        return self.replay.answers >= MOST

    @property
    def worse(self) -> int:
        return sum(one.is_worse for one in self.replay.changed)

    @property
    def better(self) -> int:
        return len(self.replay.changed) - self.worse

    @property
    def days(self) -> list[DayShown]:
        red, orange = engine.Colour.RED, engine.Colour.ORANGE
        return [
            DayShown(
                one.day,
                one.old.get(red, 0),
                one.old.get(orange, 0),
                one.new.get(red, 0),
                one.new.get(orange, 0),
            )
            for one in reversed(self.replay.days)
        ]

    @property
    def sides(self) -> tuple[tuple[PathwayVersion, engine.Sensitivity, str, str], ...]:
        """Each version, what it catches, its sensitivity and its share of false alarms as percentages."""
        both = ((self.compared, self.replay.old), (self.version, self.replay.new))
        return tuple((version, one, _percent(one.rate), _percent(one.false_share)) for version, one in both)


def replayed(actor: Actor, version_id: UUID) -> Replayed:
    """Against the version that is offered, else the one it comes from.

    Raises NotFound, Refused, Conflict for a draft that cannot be read or has nothing to be compared with.
    """
    version = access.get(actor, PATHWAY_REPLAY, PathwayVersion, version_id, related=("pathway", "based_on"))
    compared = _compared(version)
    try:
        new = version.read()
    except engine.PathwayError as error:
        raise Conflict("Ce brouillon a des erreurs : corrigez-les avant de le rejouer.") from error
    digests, past = _past(version)
    replay = engine.replay(compared.read(), new, past)
    changed = {digests[one.follow_up, one.at, one.form]: one for one in replay.changed}
    return Replayed(version, compared, replay, _named(actor, compared, changed))


def _percent(share: Decimal | None) -> str:
    return "" if share is None else f"{filling.number(round(100 * share))}{wording.NBSP}%"


def _compared(version: PathwayVersion) -> PathwayVersion:
    current = PathwayVersion.objects.filter(
        pathway_id=version.pathway_id, status=VersionStatus.PUBLISHED
    ).first()
    found = current or version.based_on
    if found is None or found.is_draft:
        raise Conflict("Ce parcours n’a jamais été publié : aucune réponse passée ne peut être rejouée.")
    return found


def _past(version: PathwayVersion) -> tuple[dict[_Place, str], list[engine.PastAnswer]]:
    """With the digest of each answer's key, by what the engine says of a change."""
    rows = sql.rows(_ASKED, version.pk, timezone.now() - SINCE, MOST)
    digests: dict[_Place, str] = {}
    past = []
    for answer, follow_up, at, form, answers, baseline, personal, outcome in rows:
        digests[follow_up, at, form] = answer
        past.append(
            engine.PastAnswer(follow_up, at, form, _read(answers), _read(baseline), outcome, _read(personal))
        )
    return digests, past


def _read(value: Any) -> dict[str, Any]:
    """A raw cursor leaves JSON as text."""
    return cast(dict[str, Any], json.loads(value) if isinstance(value, str) else value)


def _named(
    actor: Actor, compared: PathwayVersion, changed: Mapping[str, engine.Change]
) -> tuple[tuple[QuestionnaireResponse, engine.Change], ...]:
    """Read in this actor's own circles, whatever he administers: the digests alone name nobody."""
    if not changed:
        return ()
    rows = access.list(actor, RESPONSE_READ, QuestionnaireResponse).filter(
        version__pathway_id=compared.pathway_id,
        status=ResponseStatus.COMPLETED,
        authored_at__gt=timezone.now() - SINCE,
    )
    found = rows.select_related("patient").order_by("-authored_at")[:_MOST_NAMED]
    told = ((row, hashlib.sha256(str(row.pk).encode()).hexdigest()) for row in found)
    return tuple((row, changed[digest]) for row, digest in told if digest in changed)

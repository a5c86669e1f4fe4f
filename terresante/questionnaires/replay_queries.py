"""A draft weighed on what was answered before: numbers for who administers, names for who reads the record."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.utils import timezone

from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict
from terresante.questionnaires import pathway as engine
from terresante.questionnaires import queries
from terresante.questionnaires.access import PATHWAY_REPLAY, RESPONSE_READ
from terresante.questionnaires.enums import ResponseStatus, VersionStatus
from terresante.questionnaires.models import PathwayVersion, QuestionnaireResponse

MOST = 4000
SINCE = timedelta(days=90)
_MOST_NAMED = 200
_ASKED = """
SELECT answer, follow_up, at, form, answers, baseline, personal, version, outcome FROM pathway_answers(%s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class Replayed:
    version: PathwayVersion
    compared: PathwayVersion
    number: int
    is_cut: bool
    replay: engine.Replay
    # Of the answers that change colour, those that this actor reads himself.
    named: tuple[QuestionnaireResponse, ...]


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
    keys, past = _past(version)
    replay = engine.replay(compared.read(), new, past)
    return Replayed(
        version=version,
        compared=compared,
        number=len(past),
        is_cut=len(past) >= MOST,
        replay=replay,
        named=_named(actor, version, {keys[one.number] for one in replay.changed}),
    )


def _compared(version: PathwayVersion) -> PathwayVersion:
    of = [version.pathway_id]
    current = PathwayVersion.objects.filter(pathway_id__in=of, status=VersionStatus.PUBLISHED).first()
    found = current or version.based_on
    if found is None:
        raise Conflict("Ce parcours n’a jamais été publié : aucune réponse passée ne peut être rejouée.")
    return found


def _past(version: PathwayVersion) -> tuple[list[str], list[engine.PastAnswer]]:
    """The oldest first, with the digest of each answer's key."""
    with connection.cursor() as cursor:
        cursor.execute(_ASKED, [version.pk, timezone.now() - SINCE, MOST])
        rows = cursor.fetchall()
    keys, past = [], []
    for answer, follow_up, at, name, answers, baseline, _personal, of, outcome in reversed(rows):
        form = queries.pathway_of(of).forms[name]
        keys.append(answer)
        past.append(
            engine.PastAnswer(
                follow_up=follow_up,
                at=at,
                form=name,
                answers=engine.from_json(form, answers),
                baseline=queries.known(baseline),
                outcome=outcome,
            )
        )
    return keys, past


def _named(actor: Actor, version: PathwayVersion, digests: set[str]) -> tuple[QuestionnaireResponse, ...]:
    """Read by this actor's own circles, whatever he administers: the digests alone name nobody."""
    if not digests:
        return ()
    rows = access.list(actor, RESPONSE_READ, QuestionnaireResponse).filter(
        version__pathway_id=version.pathway_id,
        status=ResponseStatus.COMPLETED,
        authored_at__gt=timezone.now() - SINCE,
    )
    found = rows.select_related("patient").order_by("-authored_at")[:_MOST_NAMED]
    return tuple(row for row in found if hashlib.sha256(str(row.pk).encode()).hexdigest() in digests)

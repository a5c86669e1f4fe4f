from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from terresante.care_plans.access import INCLUSION_READ
from terresante.care_plans.models import Inclusion
from terresante.feed.enums import FeedKind
from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor
from terresante.kernel.condition import among
from terresante.kernel.slots import FactKey, FactLine, fact_shown
from terresante.kernel.ui.links import link
from terresante.kernel.ui.wording import lowered


@fact_shown(FeedKind.PROGRAMME_JOINED, FeedKind.PROGRAMME_LEFT)
def inclusions_told(actor: Actor, keys: Collection[FactKey]) -> dict[FactKey, FactLine]:
    found = {one.pk: one for one in _inclusions(actor, [pk for _, pk in keys])}
    return {(kind, pk): _line(kind, found[pk]) for kind, pk in keys if pk in found}


@compiled.rows
def _inclusions(actor: Actor, keys: list[UUID]) -> QuerySet[Inclusion]:
    return access.list(actor, INCLUSION_READ, Inclusion).filter(among("pk", keys)).select_related("programme")


def _line(kind: str, inclusion: Inclusion) -> FactLine:
    joined = kind == FeedKind.PROGRAMME_JOINED
    source = ", ".join(part for part in (inclusion.author_name, lowered(inclusion.author_role)) if part)
    left = f" ({lowered(inclusion.get_left_because_display())})" if inclusion.left_because else ""
    strong = "Inclusion dans un programme" if joined else "Sortie d’un programme"
    if inclusion.programme_id is None:
        strong = "Plan d’un document suivi au parcours" if joined else "Plan d’un document clos"
    return FactLine(
        strong=strong,
        text=f" : {inclusion.title}{'' if joined else left}",
        source=source if joined else "",
        url=link("care_plans:inclusion", inclusion.record_id, inclusion.pk),
        icon="route",
    )

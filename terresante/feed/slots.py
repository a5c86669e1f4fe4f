"""How the facts of the circle read on one line; apps above show their own."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from terresante.care_team.access import CIRCLE_READ
from terresante.care_team.models import CareTeamParticipant, EmergencyAccess
from terresante.feed.enums import FeedKind
from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor
from terresante.kernel.condition import among
from terresante.kernel.slots import FactKey, FactLine, fact_shown
from terresante.kernel.ui.links import link


@fact_shown(FeedKind.MEMBER_JOINED, FeedKind.MEMBER_LEFT)
def members_told(actor: Actor, keys: Collection[FactKey]) -> dict[FactKey, FactLine]:
    members = {row.pk: row for row in _members(actor, [pk for _, pk in keys])}
    return {(kind, pk): _member(kind, members[pk]) for kind, pk in keys if pk in members}


@fact_shown(FeedKind.EMERGENCY_ACCESS)
def emergencies_opened(actor: Actor, keys: Collection[FactKey]) -> dict[FactKey, FactLine]:
    """Who opened it and why is read in the record only (its row policy): elsewhere the fact is told without."""
    opened = {row.pk: row for row in _emergencies(actor, [pk for _, pk in keys])}
    return {(kind, pk): _emergency(opened.get(pk)) for kind, pk in keys}


def _emergency(opened: EmergencyAccess | None) -> FactLine:
    if opened is None:
        return FactLine(strong="", text="motif et auteur à lire dans le dossier", icon="lock-open")
    return FactLine(
        strong="Dossier ouvert en urgence",
        text=f"\u00a0: «\u00a0{opened.reason}\u00a0»",
        source=f"{opened.practitioner.full_name}, {opened.organization}",
        icon="lock-open",
    )


@compiled.rows
def _members(actor: Actor, keys: list[UUID]) -> QuerySet[CareTeamParticipant]:
    rows = access.list(actor, CIRCLE_READ, CareTeamParticipant).filter(among("pk", keys))
    return rows.select_related("practitioner", "organization")


@compiled.rows
def _emergencies(actor: Actor, keys: list[UUID]) -> QuerySet[EmergencyAccess]:
    rows = access.list(actor, CIRCLE_READ, EmergencyAccess).filter(among("pk", keys))
    return rows.select_related("practitioner", "organization")


def _member(kind: str, member: CareTeamParticipant) -> FactLine:
    joined = kind == FeedKind.MEMBER_JOINED
    return FactLine(
        strong=member.name,
        text=" a rejoint le cercle" if joined else " a quitté le cercle",
        source=f"ajouté par {member.added_by_name}" if joined else member.ended_reason,
        url=link("care_team:circle", member.record_id),
        icon="user-plus" if joined else "user-x",
    )

"""How the facts of the circle read on one line; apps above show their own."""

from collections.abc import Collection

from django.urls import reverse

from terresante.care_team.access import CIRCLE_READ
from terresante.care_team.models import CareTeamParticipant, EmergencyAccess
from terresante.care_team.queries import full_name
from terresante.feed.enums import FeedKind
from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.kernel.slots import FactKey, FactLine, fact_shown


@fact_shown(FeedKind.MEMBER_JOINED, FeedKind.MEMBER_LEFT)
def members_told(actor: Actor, keys: Collection[FactKey]) -> dict[FactKey, FactLine]:
    rows = access.list(actor, CIRCLE_READ, CareTeamParticipant).filter(pk__in=[pk for _, pk in keys])
    members = {row.pk: row for row in rows.select_related("practitioner", "organization")}
    return {(kind, pk): _member(kind, members[pk]) for kind, pk in keys if pk in members}


@fact_shown(FeedKind.EMERGENCY_ACCESS)
def emergencies_opened(actor: Actor, keys: Collection[FactKey]) -> dict[FactKey, FactLine]:
    """Who opened it and why is read in the record only (its row policy): elsewhere the fact is told without."""
    rows = access.list(actor, CIRCLE_READ, EmergencyAccess).filter(pk__in=[pk for _, pk in keys])
    opened = {row.pk: row for row in rows.select_related("practitioner", "organization")}
    return {(kind, pk): _emergency(opened.get(pk)) for kind, pk in keys}


def _emergency(opened: EmergencyAccess | None) -> FactLine:
    if opened is None:
        return FactLine(strong="", text="motif et auteur à lire dans le dossier", icon="lock-open")
    return FactLine(
        strong="Dossier ouvert en urgence",
        text=f"\u00a0: «\u00a0{opened.reason}\u00a0»",
        source=f"{full_name(opened.practitioner)}, {opened.organization}",
        icon="lock-open",
    )


def _member(kind: str, member: CareTeamParticipant) -> FactLine:
    joined = kind == FeedKind.MEMBER_JOINED
    return FactLine(
        strong=member.name,
        text=" a rejoint le cercle" if joined else " a quitté le cercle",
        source=f"ajouté par {member.added_by_name}" if joined else member.ended_reason,
        url=reverse("care_team:circle", args=[member.record_id]),
        icon="user-plus" if joined else "user-x",
    )

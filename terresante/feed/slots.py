"""How the facts of the circle read on one line; apps above show their own."""

from collections.abc import Collection
from uuid import UUID

from django.urls import reverse

from terresante.care_team.access import CIRCLE_READ
from terresante.care_team.models import CareTeamParticipant, EmergencyAccess
from terresante.care_team.queries import full_name
from terresante.feed.enums import FeedKind
from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.kernel.slots import FactLine, fact_shown


@fact_shown(FeedKind.MEMBER_JOINED)
def members_joined(actor: Actor, ids: Collection[UUID]) -> dict[UUID, FactLine]:
    return {
        member.pk: FactLine(
            strong=member.name,
            text=" a rejoint le cercle",
            source=f"ajouté par {member.added_by_name}",
            url=reverse("care_team:circle", args=[member.record_id]),
            icon="user-plus",
        )
        for member in _members(actor, ids)
    }


@fact_shown(FeedKind.MEMBER_LEFT)
def members_left(actor: Actor, ids: Collection[UUID]) -> dict[UUID, FactLine]:
    return {
        member.pk: FactLine(
            strong=member.name,
            text=" a quitté le cercle",
            source=member.ended_reason,
            url=reverse("care_team:circle", args=[member.record_id]),
            icon="user-x",
        )
        for member in _members(actor, ids)
    }


@fact_shown(FeedKind.EMERGENCY_ACCESS)
def emergencies_opened(actor: Actor, ids: Collection[UUID]) -> dict[UUID, FactLine]:
    rows = access.list(actor, CIRCLE_READ, EmergencyAccess).filter(pk__in=ids)
    return {
        row.pk: FactLine(
            strong="Dossier ouvert en urgence",
            text=f"\u00a0: «\u00a0{row.reason}\u00a0»",
            source=f"{full_name(row.practitioner)}, {row.organization}",
            icon="lock-open",
        )
        for row in rows.select_related("practitioner", "organization")
    }


def _members(actor: Actor, ids: Collection[UUID]) -> list[CareTeamParticipant]:
    rows = access.list(actor, CIRCLE_READ, CareTeamParticipant).filter(pk__in=ids)
    return list(rows.select_related("practitioner", "organization"))

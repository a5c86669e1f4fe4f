from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from terresante.directory.access import MEMBERS_MANAGE
from terresante.directory.models import Organization, PractitionerRole
from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.telemonitoring.alerts.access import CELL_MANAGE
from terresante.telemonitoring.models import Cell

_MOST_PLACES = 200


def cells_managed(actor: Actor) -> QuerySet[Cell]:
    rows = access.list(actor, CELL_MANAGE, Cell).select_related("organization", "second_level", "physician")
    return rows.order_by("organization__name", "name")


def places_managed(actor: Actor, words: str) -> list[Organization]:
    """Where a cell may be opened, by name."""
    rows = access.list(actor, MEMBERS_MANAGE, Organization).filter(active=True)
    if words:
        rows = rows.filter(name__icontains=words)
    return list(rows.order_by("name")[:_MOST_PLACES])


def people_of(organization_id: UUID) -> list[tuple[UUID, str]]:
    """Accounts of those who work there now, by name."""
    today = timezone.localdate()
    roles = PractitionerRole.objects.filter(
        Q(period_end=None) | Q(period_end__gt=today),
        organization_id=organization_id,
        practitioner__user__isnull=False,
    ).select_related("practitioner")
    people = {
        role.practitioner.user_id: role.practitioner.full_name for role in roles if role.practitioner.user_id
    }
    return sorted(people.items(), key=lambda one: one[1])

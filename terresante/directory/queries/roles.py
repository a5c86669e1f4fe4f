"""Who works where today."""

from collections.abc import Collection
from uuid import UUID

from terresante.directory.access import open_today
from terresante.directory.enums import Profession
from terresante.directory.models import Organization, PractitionerRole


def works_at(practitioner_id: UUID, organization_id: UUID) -> bool:
    """Today, in whatever profession."""
    return is_at_work(practitioner_id, organization_id, Profession.values)


def is_at_work(practitioner_id: UUID, organization_id: UUID, professions: Collection[str]) -> bool:
    """Today, in this structure, as one of these; neither struck off nor in a closed structure."""
    return PractitionerRole.objects.filter(
        open_today(),
        practitioner_id=practitioner_id,
        organization_id=organization_id,
        profession__in=professions,
        practitioner__active=True,
        organization__active=True,
    ).exists()


def places_of(practitioner_id: UUID) -> list[Organization]:
    """Where somebody works today, by name."""
    roles = PractitionerRole.objects.filter(open_today(), practitioner_id=practitioner_id)
    places = Organization.objects.filter(active=True, pk__in=roles.values("organization_id"))
    return list(places.order_by("name", "pk"))

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from terresante.directory.models import PractitionerRole


@dataclass(frozen=True, slots=True)
class WorkSituation:
    """A professional in the structure he works for now: what an account acts as."""

    role_id: UUID
    practitioner_id: UUID
    practitioner_name: str
    organization_id: UUID
    organization_name: str
    profession: str
    profession_label: str
    duties: frozenset[str]


def work_situations(user_id: UUID) -> list[WorkSituation]:
    """The open roles of the active professional behind an account; none = no right, the same day."""
    today = timezone.localdate()
    roles = (
        PractitionerRole.objects.filter(
            practitioner__user_id=user_id,
            practitioner__active=True,
            organization__active=True,
            period_start__lte=today,
        )
        .exclude(period_end__lte=today)
        .select_related("practitioner", "organization")
        .order_by("organization__name", "pk")
    )
    return [_situation(role) for role in roles]


def _situation(role: PractitionerRole) -> WorkSituation:
    practitioner = role.practitioner
    title = f"{practitioner.title} " if practitioner.title else ""
    return WorkSituation(
        role_id=role.pk,
        practitioner_id=practitioner.pk,
        practitioner_name=f"{title}{practitioner}",
        organization_id=role.organization_id,
        organization_name=role.organization.name,
        profession=role.profession,
        profession_label=role.get_profession_display(),
        duties=frozenset(role.duties),
    )

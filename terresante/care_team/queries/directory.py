"""The directory, as it is searched while somebody is added to a circle."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from terresante.care_team.enums import TeamRole
from terresante.care_team.models import CareTeamParticipant
from terresante.directory.enums import Profession
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.directory.queries import search_organizations, search_practitioners
from terresante.kernel.actor import Actor
from terresante.kernel.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A line of the directory while somebody is added to a circle."""

    key: UUID
    is_structure: bool
    name: str
    work: str
    place: str
    is_member: bool
    profession: str = ""


def search_directory(
    actor: Actor, patient_id: UUID, *, name: str, profession: str = "", commune: str = "", most: int = 20
) -> list[Candidate]:
    """Active professionals, then structures, as the directory finds them; at most `most` of each.

    Nothing without a criterion.
    """
    place = commune.strip()
    if not (name.strip() or profession or place):
        return []
    members = set(
        CareTeamParticipant.objects.filter(patient_id=patient_id, ended_at=None).values_list(
            "member_id", flat=True
        )
    )
    asked = Profession(profession) if profession else None
    practitioners = search_practitioners(actor, text=name, profession=asked, commune=place, limit=most)
    structures = [] if asked else search_organizations(actor, text=name, commune=place, limit=most)
    return [_person(found.practitioner, found.roles, members) for found in practitioners] + [
        _structure(found, members) for found in structures
    ]


def _person(found: Practitioner, roles: Sequence[PractitionerRole], members: set[UUID]) -> Candidate:
    places = [role.organization for role in roles]
    return Candidate(
        key=found.pk,
        is_structure=False,
        name=found.full_name,
        work=found.specialty_label or found.get_profession_display(),
        place=", ".join(_located(place) for place in places[:2]),
        is_member=found.pk in members,
        profession=found.profession,
    )


def _structure(found: Organization, members: set[UUID]) -> Candidate:
    return Candidate(
        key=found.pk,
        is_structure=True,
        name=found.name,
        work=found.get_kind_display(),
        place=found.commune_name,
        is_member=found.pk in members,
    )


def _located(place: Organization) -> str:
    return f"{place.name}, {place.commune_name}" if place.commune_name else place.name


def candidate(*, practitioner_id: UUID | None = None, organization_id: UUID | None = None) -> Candidate:
    """Raises NotFound for a key the directory does not hold, or no longer as active."""
    if practitioner_id is not None:
        person = Practitioner.objects.filter(pk=practitioner_id, active=True).first()
        if person is not None:
            roles = person.roles.filter(period_end=None).select_related("organization").order_by("pk")
            return _person(person, list(roles), set())
    structure = (
        Organization.objects.filter(pk=organization_id, active=True).first() if organization_id else None
    )
    if structure is None:
        raise NotFound
    return _structure(structure, set())


def roles_open_to(chosen: Candidate) -> list[tuple[str, str]]:
    is_doctor = chosen.profession == Profession.DOCTOR
    return [(role.value, role.label) for role in TeamRole if is_doctor or role != TeamRole.ATTENDING]

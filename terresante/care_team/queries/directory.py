"""The directory, as it is searched while somebody is added to a circle."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from terresante.care_team.enums import TeamRole
from terresante.care_team.models import CareTeamParticipant
from terresante.care_team.queries import full_name
from terresante.directory.enums import Profession
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.directory.names import search_form
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
    patient_id: UUID, *, name: str, profession: str = "", commune: str = "", most: int = 20
) -> list[Candidate]:
    """Active professionals, then structures, whose names begin with the words typed; at most `most` of each."""
    words = search_form(name).split()
    place = commune.strip()
    if not words and not (profession and place):
        return []
    members = set(
        CareTeamParticipant.objects.filter(patient_id=patient_id, ended_at=None).values_list(
            "member_id", flat=True
        )
    )
    practitioners = _practitioners_named(words, profession, place)[:most]
    structures = [] if profession else _structures_named(words, place)[:most]
    return [_person(found, members) for found in practitioners] + [
        _structure(found, members) for found in structures
    ]


def _practitioners_named(words: list[str], profession: str, place: str) -> QuerySet[Practitioner]:
    found = Practitioner.objects.filter(_begins(words), active=True)
    if profession:
        found = found.filter(profession=profession)
    if place:
        located = PractitionerRole.objects.filter(
            practitioner_id=OuterRef("pk"),
            period_end=None,
            organization__commune_name__istartswith=place,
        )
        found = found.filter(Exists(located))
    roles = PractitionerRole.objects.filter(period_end=None).select_related("organization").order_by("pk")
    return found.prefetch_related(Prefetch("roles", queryset=roles)).order_by("search_name", "pk")


def _structures_named(words: list[str], place: str) -> QuerySet[Organization]:
    found = Organization.objects.filter(_begins(words), active=True)
    if place:
        found = found.filter(commune_name__istartswith=place)
    return found.order_by("search_name", "pk")


def _begins(words: list[str]) -> Q:
    """Words are [a-z0-9] after `search_form`: nothing of the query language passes."""
    if not words:
        return Q()
    asked = SearchQuery(" & ".join(f"{word}:*" for word in words), search_type="raw", config="simple")
    return Q(search_words=asked)


def _person(found: Practitioner, members: set[UUID]) -> Candidate:
    places = [role.organization for role in found.roles.all()]
    return Candidate(
        key=found.pk,
        is_structure=False,
        name=full_name(found),
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
        person = _practitioners_named([], "", "").filter(pk=practitioner_id).first()
        if person is not None:
            return _person(person, set())
    structure = (
        Organization.objects.filter(pk=organization_id, active=True).first() if organization_id else None
    )
    if structure is None:
        raise NotFound
    return _structure(structure, set())


def roles_open_to(chosen: Candidate) -> list[tuple[str, str]]:
    is_doctor = chosen.profession == Profession.DOCTOR
    return [(role.value, role.label) for role in TeamRole if is_doctor or role != TeamRole.ATTENDING]

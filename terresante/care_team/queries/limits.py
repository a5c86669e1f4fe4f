"""Who reads what somebody writes about a patient: the levels that its author chooses from, and what they limit."""

from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import QuerySet

from terresante.care_team import matrix
from terresante.care_team.enums import Confidentiality, DataClass
from terresante.care_team.models import Limited, NamedReader
from terresante.care_team.models.limits import Restricted
from terresante.care_team.queries.audience import Draft
from terresante.directory.models import PractitionerRole
from terresante.kernel import compiled
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Refused
from terresante.patients.models import CareRecord

_UNNAMED = "un professionnel de l’équipe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Who reads one row, its class apart, by the columns of `Limited`."""

    private_to_id: UUID | None = None
    private_to_person_id: UUID | None = None
    hidden_from_patient: bool = False
    hidden_from_representative: bool = False
    sector: str = ""
    restricted_to_id: UUID | None = None

    @property
    def in_trail(self) -> dict[str, str]:
        """For the detail of an audit row, which is then read by those who read what it is about."""
        kept = {
            "private_to": self.private_to_id,
            "private_to_person": self.private_to_person_id,
            "sector": self.sector,
            "restricted_to": self.restricted_to_id,
        }
        return {name: str(value) for name, value in kept.items() if value}

    def draft(self, actor: Actor, patient_id: UUID, data_class: DataClass) -> Draft:
        return Draft(
            asked_by=actor,
            patient_id=patient_id,
            data_class=data_class,
            private_to_id=self.private_to_id,
            private_to_person_id=self.private_to_person_id,
            hidden_from_patient=self.hidden_from_patient,
            hidden_from_representative=self.hidden_from_representative,
            sector=self.sector,
            restricted_to_id=self.restricted_to_id,
        )


def in_trail(row: Restricted | NamedReader) -> dict[str, str]:
    """The same, of a row that has a sector alone: that somebody of psychiatry comes or asks would tell of the care."""
    return Limits(sector=row.sector, restricted_to_id=row.restricted_to_id).in_trail


def sector_of(actor: Actor) -> str:
    """The actor's own sector, else that of the structure he acts for; '' for nearly everybody."""
    if actor.person_id is None or actor.organization_id is None:
        return ""
    role = next(iter(_roles_at(actor.person_id, actor.organization_id)), None)
    if role is None:
        return ""
    own = matrix.practitioner_sector(role.practitioner.profession, role.practitioner.specialty_label)
    return own or matrix.organization_sector(role.organization.kind, role.organization.is_psychiatric)


def name_in_circle(actor: Actor, sector: str = "") -> str:
    """How the readers of a row of this sector are told who did something to it. The circle does not know who works in
    psychiatry or addictology: he is not named. The trail names him to those who know of him.
    """
    return actor.name if sector or not sector_of(actor) else _UNNAMED


@compiled.rows
def _roles_at(practitioner_id: UUID, organization_id: UUID) -> QuerySet[PractitionerRole]:
    roles = PractitionerRole.objects.filter(practitioner_id=practitioner_id, organization_id=organization_id)
    return roles.select_related("practitioner", "organization").order_by("pk")[:1]


def levels_open_to(sector: str) -> list[Confidentiality]:
    """From nobody to everybody; the restricted one is for who works in a sector."""
    return [level for level in Confidentiality if level != Confidentiality.RESTRICTED or sector]


def level_by_default(sector: str) -> Confidentiality:
    return Confidentiality.RESTRICTED if sector else Confidentiality.CIRCLE_AND_PATIENT


def limits_of(actor: Actor, level: Confidentiality, sector: str) -> Limits:
    """Raises Refused for a level that is not open to this actor."""
    if actor.person_id is None or actor.organization_id is None:
        raise Refused("Seul un professionnel rattaché à une structure choisit qui lit ce qu’il écrit.")
    match level:
        case Confidentiality.MYSELF:
            return Limits(private_to_person_id=actor.person_id)
        case Confidentiality.STRUCTURE:
            return Limits(private_to_id=actor.organization_id)
        case Confidentiality.RESTRICTED:
            if not sector:
                raise Refused("Ce niveau est celui des soins de psychiatrie et d’addictologie.")
            return Limits(sector=sector, restricted_to_id=actor.organization_id)
        case Confidentiality.CIRCLE:
            return Limits(hidden_from_patient=True)
        case Confidentiality.CIRCLE_AND_PATIENT:
            return Limits()


def limits_unasked(actor: Actor, record: CareRecord) -> Limits:
    """Of what is written where no level is chosen: the default of the author's sector. The person has none."""
    if actor.kind != ActorKind.PROFESSIONAL or actor.person_id is None or actor.organization_id is None:
        return Limits()
    sector = sector_of(actor)
    return kept_inside(limits_of(actor, level_by_default(sector), sector), record)


def kept_inside(limits: Limits, record: CareRecord) -> Limits:
    """What is written in a record that a support structure keeps to itself goes no further than that structure."""
    if record.kept_by_id is None or limits.private_to_person_id is not None:
        return limits
    return replace(limits, private_to_id=record.kept_by_id)


def level_of(row: Limited) -> Confidentiality:
    if row.private_to_person_id is not None:
        return Confidentiality.MYSELF
    if row.private_to_id is not None:
        return Confidentiality.STRUCTURE
    if row.sector:
        return Confidentiality.RESTRICTED
    return Confidentiality.CIRCLE if row.hidden_from_patient else Confidentiality.CIRCLE_AND_PATIENT


def limits_on(row: Limited) -> Limits:
    return Limits(**{name: value for name, value in row.limits().items() if name != "data_class"})

"""Who may enter a circle, on what ground, in what role."""

from dataclasses import dataclass, field
from uuid import UUID

from terresante.care_team.enums import Basis, TeamRole
from terresante.care_team.regime import GivenConsent, check_consent
from terresante.directory.enums import Profession
from terresante.directory.models import Organization, Practitioner
from terresante.kernel.errors import Invalid

_NOT_ACTIVE = "Ce professionnel ou cette structure n’est plus en activité dans l’annuaire."
_DOCTOR_ONLY = "Seul un médecin peut être médecin traitant."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """Whom to add: a practitioner or a structure, never both."""

    practitioner_id: UUID | None = None
    organization_id: UUID | None = None
    role: TeamRole = TeamRole.MEMBER
    basis: Basis = Basis.CARE_TEAM
    # Whoever holds the role now stays as an ordinary member.
    replaces: bool = False
    # When it is the basis.
    consent: GivenConsent = field(default_factory=GivenConsent)

    @property
    def member_id(self) -> UUID | None:
        return self.practitioner_id or self.organization_id


def check_member(member: NewMember) -> None:
    if member.practitioner_id is not None and member.organization_id is None:
        _check_person(member, member.practitioner_id)
    elif member.organization_id is not None and member.practitioner_id is None:
        _check_structure(member, member.organization_id)
    else:
        raise Invalid("Choisissez un professionnel ou une structure.")


def _check_person(member: NewMember, practitioner_id: UUID) -> None:
    found = Practitioner.objects.filter(pk=practitioner_id, active=True).first()
    if found is None:
        raise Invalid(_NOT_ACTIVE)
    if member.role == TeamRole.ATTENDING and found.profession != Profession.DOCTOR:
        raise Invalid(_DOCTOR_ONLY, fields={"role": _DOCTOR_ONLY})
    if member.basis == Basis.SUPPORT:
        sentence = (
            "Une structure d’appui s’ajoute comme structure ; pour une personne, choisissez un autre titre."
        )
        raise Invalid(sentence, fields={"basis": sentence})
    if member.basis == Basis.CONSENT:
        check_consent(member.consent)


def _check_structure(member: NewMember, organization_id: UUID) -> None:
    if not Organization.objects.filter(pk=organization_id, active=True).exists():
        raise Invalid(_NOT_ACTIVE)
    if member.role == TeamRole.ATTENDING:
        raise Invalid(_DOCTOR_ONLY, fields={"role": _DOCTOR_ONLY})
    if member.basis == Basis.CONSENT:
        sentence = "Le consentement désigne un professionnel : ajoutez la personne plutôt que sa structure."
        raise Invalid(sentence, fields={"basis": sentence})

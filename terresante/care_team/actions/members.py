"""Who may enter a circle, on what ground, in what role."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from terresante.care_team import matrix
from terresante.care_team.actions.joining import Reason
from terresante.care_team.enums import Basis, TeamRole
from terresante.care_team.events import MemberJoined
from terresante.care_team.models import CareTeamParticipant
from terresante.care_team.queries.limits import sector_of
from terresante.care_team.regime import GivenConsent, check_consent, scope_of
from terresante.directory.enums import Profession
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Invalid
from terresante.kernel.events import emit
from terresante.patients.models import CareRecord

_NOT_ACTIVE = "Ce professionnel ou cette structure n’est plus en activité dans l’annuaire."
_DOCTOR_ONLY = "Seul un médecin peut être médecin traitant."
_KEPT_FROM_VIEW = (
    "Un suivi de psychiatrie ou d’addictologie n’est connu que de qui doit le connaître : il ne peut pas porter un rôle"
    " que tout le cercle voit. Choisissez « Membre de l’équipe »."
)


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
    # What « a rejoint le cercle parce que » says.
    why: Reason | None = None
    # For a time: from a day to come, until a moment. An end given to a consent is the consent's.
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    # Said to who had asked to come.
    answer: str = ""

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
    check_period(member.starts_at, member.ends_at)
    if member.role != TeamRole.MEMBER and secret_of(member)[0]:
        raise Invalid(_KEPT_FROM_VIEW, fields={"role": _KEPT_FROM_VIEW})


def check_period(starts_at: datetime | None, ends_at: datetime | None) -> None:
    """Raises Invalid for a membership that would be over, or before it begins."""
    if ends_at is not None and ends_at <= max(starts_at or timezone.now(), timezone.now()):
        sentence = "La période se termine après aujourd’hui, et après son début."
        raise Invalid(sentence, fields={"ends_on": sentence})


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


def secret_of(member: NewMember) -> tuple[str, UUID | None]:
    """The sector that keeps this presence restricted, and the structure that always knows of it; ("", None) mostly."""
    if member.organization_id is not None:
        structure = Organization.objects.get(pk=member.organization_id)
        sector = matrix.organization_sector(structure.kind, structure.is_psychiatric)
        return sector, structure.pk if sector else None
    if member.practitioner_id is None:
        raise ValueError("a member is a person or a structure")
    roles = PractitionerRole.objects.filter(practitioner_id=member.practitioner_id, period_end=None)
    places = [role.organization for role in roles.select_related("organization").order_by("pk")]
    said = [(matrix.organization_sector(place.kind, place.is_psychiatric), place.pk) for place in places]
    person = Practitioner.objects.get(pk=member.practitioner_id)
    own = matrix.practitioner_sector(person.profession, person.specialty_label)
    if own:
        of_sector = [place for sector, place in said if sector == own]
        return own, next(iter([*of_sector, *(place for _, place in said)]), None)
    # Who works elsewhere too is not given away by his name.
    return said[0] if said and all(sector for sector, _ in said) else ("", None)


def _named(actor: Actor, sector: str) -> str:
    """Somebody whom the circle does not know is not named as who brought a member into it."""
    return actor.name if sector or not sector_of(actor) else "un membre du cercle"


def join_circle(actor: Actor, record: CareRecord, member: NewMember) -> CareTeamParticipant:
    by_consent = member.basis == Basis.CONSENT
    sector, restricted_to_id = secret_of(member)
    why = member.why.checked() if member.why is not None else None
    participant = CareTeamParticipant(
        patient_id=record.patient_id,
        record_id=record.pk,
        practitioner_id=member.practitioner_id,
        organization_id=member.organization_id,
        role=member.role,
        basis=member.basis,
        scope=scope_of(member.consent) if by_consent else None,
        started_at=member.starts_at or timezone.now(),
        expires_at=member.consent.expires_at if by_consent else member.ends_at,
        reason=why.reason if why else "",
        reason_words=why.words if why else "",
        added_by_name=_named(actor, sector),
        added_by_id=actor.person_id if actor.kind == ActorKind.PROFESSIONAL else None,
        sector=sector,
        restricted_to_id=restricted_to_id,
    )
    participant.save(force_insert=True)
    emit(actor, MemberJoined(**participant.told(), by_user_id=actor.user_id))
    return participant

"""The back office: members, duties and units of structures, accounts of professionals."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.utils import timezone

from terresante.accounts.access import ACCOUNT_OPEN
from terresante.accounts.actions.administration import open_account
from terresante.accounts.models import User
from terresante.directory.access import (
    DUTIES_GIVE,
    MEMBERS_MANAGE,
    UNITS_MANAGE,
    duties_given_by,
    is_administrator,
    is_support_agent,
    open_today,
)
from terresante.directory.enums import REGISTERED, Duty, Profession, Source, UnitSensitivity
from terresante.directory.events import PrivacyActDone
from terresante.directory.models import Organization, Practitioner, PractitionerRole, Unit
from terresante.kernel import access, audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.kernel.events import emit
from terresante.kernel.ids import new_id

_REGISTERED_ONLY = (
    "Cette profession s’inscrit à un répertoire national : cherchez la personne dans l’annuaire, ou adressez-vous à "
    "l’administrateur de la plateforme."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEntry:
    """A professional of the directory (`practitioner_id`), or somebody new described here."""

    organization_id: UUID
    start: date
    # The last day; None: until somebody ends it.
    last_day: date | None = None
    practitioner_id: UUID | None = None
    family_name: str = ""
    given_name: str = ""
    profession: str = ""


@action
def add_to_structure(actor: Actor, *, entry: MemberEntry) -> PractitionerRole:
    """Raises Refused for another structure, Invalid for a date or a profession, Conflict for a role that is open."""
    place = access.get(actor, MEMBERS_MANAGE, Organization, entry.organization_id)
    if not place.active:
        raise Conflict("Cette structure est fermée.")
    if entry.last_day is not None and entry.last_day < entry.start:
        sentence = "Le dernier jour précède le premier."
        raise Invalid(sentence, fields={"last_day": sentence})
    who = _known(entry.practitioner_id) if entry.practitioner_id else _described(actor, entry)
    # Not a field of the form: what somebody may read follows his profession, which nobody chooses here.
    open_here = PractitionerRole.objects.filter(
        open_today(), practitioner=who, organization=place, profession=who.profession
    )
    if open_here.exists():
        raise Conflict(f"{who.full_name} travaille déjà dans cette structure.")
    role = PractitionerRole(
        source=Source.LOCAL,
        practitioner=who,
        organization=place,
        profession=who.profession,
        period_start=entry.start,
        period_end=date.fromordinal(entry.last_day.toordinal() + 1) if entry.last_day else None,
    )
    role.full_clean()
    role.save(force_insert=True)
    audit.record(actor, MEMBERS_MANAGE, about=role, detail={"done": "added", "organization": str(place.pk)})
    return role


@action
def end_membership(actor: Actor, role_id: UUID, *, on: date) -> PractitionerRole:
    """`on` is the first day without it: today, it closes at once, open sessions included. Raises Invalid, Conflict."""
    role = access.get(actor, MEMBERS_MANAGE, PractitionerRole, role_id, lock=True)
    if role.period_end is not None and role.period_end <= timezone.localdate():
        raise Conflict("Cette fonction est déjà terminée.")
    if on < timezone.localdate() or on < role.period_start:
        sentence = "La fin prend effet au plus tôt aujourd’hui, et après le début."
        raise Invalid(sentence, fields={"on": sentence})
    role.period_end = on
    # An import of the national directory will not open it again.
    role.local_fields = sorted({*role.local_fields, "period_end"})
    role.save()
    audit.record(actor, MEMBERS_MANAGE, about=role, detail={"done": "ended", "on": f"{on}"})
    return role


@action
def set_duties(actor: Actor, role_id: UUID, *, duties: Collection[str]) -> PractitionerRole:
    """Gives and takes only what this administrator may: no escalation. The privacy officers are told.

    Raises Refused for a duty that is not his to give, or for his own role.
    """
    role = access.get(actor, DUTIES_GIVE, PractitionerRole, role_id, lock=True)
    wanted, held = frozenset(duties) & frozenset(Duty.values), frozenset(role.duties)
    if not wanted ^ held <= duties_given_by(actor):
        raise Refused("Cette fonction ne se confie que par l’administrateur de la plateforme.")
    if wanted == held:
        raise Conflict("Rien n’est changé : ces fonctions sont déjà les siennes.")
    role.duties = sorted(wanted)
    role.save(update_fields=["duties"])
    detail = {"given": sorted(wanted - held), "taken": sorted(held - wanted)}
    audit.record(actor, DUTIES_GIVE, about=role, detail=detail)
    emit(actor, PrivacyActDone(object_id=new_id()))
    return role


@action
def set_sensitivity(actor: Actor, unit_id: UUID, *, sensitivity: UnitSensitivity) -> Unit:
    """Of the stays that come from now on; those already recorded keep theirs. The privacy officers are told."""
    unit = access.get(actor, UNITS_MANAGE, Unit, unit_id, lock=True)
    if unit.sensitivity == sensitivity:
        raise Conflict("Cette unité a déjà cette sensibilité.")
    detail = {"from": unit.sensitivity, "to": str(sensitivity)}
    unit.sensitivity = sensitivity
    unit.save(update_fields=["sensitivity"])
    audit.record(actor, UNITS_MANAGE, about=unit, detail=detail)
    emit(actor, PrivacyActDone(object_id=new_id()))
    return unit


@action
def add_unit(
    actor: Actor, *, organization_id: UUID, code: str, name: str, sensitivity: UnitSensitivity
) -> Unit:
    """`code`: as the messages of the establishment name it. Raises Conflict when it is there already."""
    place = access.get(actor, UNITS_MANAGE, Organization, organization_id)
    if Unit.objects.filter(organization=place, code=code.strip()).exists():
        raise Conflict("Une unité de cette structure porte déjà ce code.")
    unit = Unit.objects.create(
        organization=place, code=code.strip(), name=" ".join(name.split()), sensitivity=sensitivity
    )
    audit.record(actor, UNITS_MANAGE, about=unit, detail={"to": str(sensitivity)})
    return unit


@action
def open_account_for(actor: Actor, practitioner_id: UUID, *, email: str = "") -> User:
    """Its owner gets a link, and chooses his password. Raises Refused, Invalid, Conflict.

    To the directory's own address, unless the platform's administrator says another, or the person is not in a national
    directory: whoever names the address could otherwise become somebody else.
    """
    who = access.get(actor, ACCOUNT_OPEN, Practitioner, practitioner_id, lock=True)
    address = (email.strip() if chooses_address(actor, who) else "") or known_address(who)
    if not address:
        sentence = (
            "L’annuaire ne connaît aucune adresse : la personne s’inscrit elle-même, avec un justificatif."
        )
        raise Invalid(sentence, fields={"email": sentence})
    user = open_account(actor, login=address.lower(), name=str(who), email=address)
    who.user = user
    who.save(update_fields=["user"])
    audit.record(actor, ACCOUNT_OPEN, about=who, detail={"user_id": str(user.pk)})
    return user


def chooses_address(actor: Actor, who: Practitioner) -> bool:
    if is_support_agent(actor):
        return False
    return is_administrator(actor) or (who.source == Source.LOCAL and not who.rpps)


def known_address(who: Practitioner) -> str:
    """Where the directory says he reads his mail: the secure one first."""
    return who.mssante_email or who.email


def _known(practitioner_id: UUID) -> Practitioner:
    found = Practitioner.objects.select_for_update().filter(pk=practitioner_id, active=True).first()
    if found is None:
        raise Invalid("Ce professionnel n’est plus en activité dans l’annuaire.")
    return found


def _described(actor: Actor, entry: MemberEntry) -> Practitioner:
    """A structure cannot make somebody a doctor by describing him so: he would read what doctors read."""
    if entry.profession not in Profession.values:
        raise Invalid("Indiquez la profession.", fields={"profession": "Choisissez une profession."})
    if entry.profession in REGISTERED and not is_administrator(actor):
        raise Invalid(_REGISTERED_ONLY, fields={"profession": _REGISTERED_ONLY})
    if not entry.family_name.strip() or not entry.given_name.strip():
        raise Invalid("Indiquez le nom et le prénom.", fields={"family_name": "Nom et prénom à indiquer."})
    who = Practitioner(
        source=Source.LOCAL,
        family_name=entry.family_name.strip(),
        given_name=entry.given_name.strip(),
        profession=Profession(entry.profession),
    )
    who.full_clean(validate_unique=False)
    who.save(force_insert=True)
    audit.record(actor, MEMBERS_MANAGE, about=who, detail={"done": "described"})
    return who

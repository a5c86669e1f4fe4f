"""The registry of partners, and what a call of theirs opens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from terresante.accounts.models import User
from terresante.directory.models import Organization, Practitioner
from terresante.directory.queries import WorkSituation, work_situations
from terresante.interop.access import LAUNCH, PARTNER_MANAGE, require_administrator
from terresante.interop.launch import (
    BAD_SIGNATURE,
    LONGEST_LIFE,
    Launch,
    algorithm_of,
    key_id_of,
    read_launch,
)
from terresante.interop.matching import SAME_INS, Asked, Knowledge, Local, compare
from terresante.interop.models import LaunchUse, Partner, PartnerKey
from terresante.interop.queries import numbered
from terresante.kernel import access, audit, rls
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind, Channel, Purpose
from terresante.kernel.enums import Outcome
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.patients.models import IdentityDomain
from terresante.patients.traits import Traits

USED_TWICE = "Cet appel a déjà servi : rouvrez le patient depuis votre logiciel."
NOT_ACTIVE = "Ce logiciel n’est plus autorisé à ouvrir Terr-eSanté : prévenez votre administrateur."
NOBODY_KNOWN = (
    "Aucun compte de Terr-eSanté ne correspond à votre numéro RPPS dans cette structure : "
    "connectez-vous avec votre compte, ou demandez-en un."
)
SEVERAL_PLACES = (
    "Votre logiciel n’indique pas dans laquelle de vos structures vous travaillez : prévenez son éditeur."
)
FOREIGN_NUMBER = (
    "L’identifiant de ce patient n’est pas l’un de ceux que donne votre structure : prévenez son éditeur."
)
OTHER_PERSON = (
    "L’identité transmise par votre logiciel ne correspond pas à celle du dossier : rien n’a été ouvert. "
    "Vérifiez l’identité du patient dans votre logiciel, puis prévenez la cellule d’identitovigilance."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Who comes, to work where, for whom. `patient_id` is None when nobody who has a record here is that person."""

    user: User
    situation: WorkSituation
    partner: Partner
    traits: Traits
    patient_id: UUID | None


@action
def register_partner(
    actor: Actor, *, name: str, editor: str, version: str, organizations: Sequence[str]
) -> Partner:
    """`organizations`: FINESS, SIRET or identifiers of the Annuaire. Raises Refused, Invalid, Conflict."""
    require_administrator(actor)
    found = [_organization(number) for number in organizations]
    try:
        with transaction.atomic():
            partner = Partner.objects.create(
                name=name.strip(), editor=editor.strip(), version=version.strip()
            )
    except IntegrityError as error:
        raise Conflict("Un logiciel partenaire porte déjà ce nom.") from error
    partner.organizations.set(found)
    audit.record(actor, PARTNER_MANAGE, about=partner, detail={"done": "registered"})
    return partner


@action
def add_key(actor: Actor, partner_id: UUID, *, public_key: str) -> PartnerKey:
    """The keys before it stay valid until they are revoked: a partner changes them without a gap. Raises Invalid."""
    partner = access.get(actor, PARTNER_MANAGE, Partner, partner_id)
    pem = public_key.strip()
    key = PartnerKey.objects.create(
        partner=partner, public_key=pem, algorithm=algorithm_of(pem), added_by_name=actor.name
    )
    audit.record(actor, PARTNER_MANAGE, about=key, detail={"done": "key_added", "partner": str(partner.pk)})
    return key


@action
def revoke_key(actor: Actor, partner_id: UUID, key_id: UUID) -> None:
    """Calls signed with it are refused from now on."""
    partner = access.get(actor, PARTNER_MANAGE, Partner, partner_id)
    revoked = PartnerKey.objects.filter(pk=key_id, partner=partner, revoked_at=None)
    if not revoked.update(revoked_at=timezone.now()):
        raise Conflict("Cette clé est déjà révoquée.")
    audit.record(actor, PARTNER_MANAGE, about=partner, detail={"done": "key_revoked", "key": str(key_id)})


@action
def switch_partner(actor: Actor, partner_id: UUID, *, active: bool) -> None:
    partner = access.get(actor, PARTNER_MANAGE, Partner, partner_id, lock=True)
    partner.active = active
    partner.save(update_fields=["active"])
    audit.record(
        actor, PARTNER_MANAGE, about=partner, detail={"done": "switched_on" if active else "switched_off"}
    )


def accept_launch(token: str) -> Arrival:
    """Believes a call once. Raises Refused with what the person can do; a refusal of a known key leaves its row."""
    key = _key_of(token)
    try:
        return _arrival(key, token)
    except Refused:
        _record_refusal(key)
        raise


def _arrival(key: PartnerKey, token: str) -> Arrival:
    partner = key.partner
    if not partner.active or key.revoked_at is not None:
        raise Refused(NOT_ACTIVE)
    call = read_launch(
        token,
        public_key=key.public_key,
        algorithm=key.algorithm,
        issuer=str(partner.pk),
        audience=settings.BASE_URL,
        test_ins=settings.ACCEPT_TEST_INS,
    )
    now = timezone.now()
    use_once(key, call.call_id, now, LONGEST_LIFE)
    user, situation = _who(partner, call)
    return Arrival(
        user=user,
        situation=situation,
        partner=partner,
        traits=call.traits,
        patient_id=_whom(partner, call),
    )


def _key_of(token: str) -> PartnerKey:
    try:
        key_id = UUID(key_id_of(token))
    except ValueError as error:
        raise Refused(BAD_SIGNATURE) from error
    key = PartnerKey.objects.select_related("partner").filter(pk=key_id).first()
    if key is None:
        raise Refused(BAD_SIGNATURE)
    return key


def use_once(key: PartnerKey, call_id: str, now: datetime, life: timedelta) -> None:
    """Of two identical calls at once, the unique constraint lets one pass. Raises Refused for the other."""
    LaunchUse.objects.filter(kept_until__lt=now).delete()
    use = LaunchUse(
        partner=key.partner,
        call_hash=sha256(call_id.encode()).hexdigest(),
        # Twice its life: a token a little ahead of our clock is still refused the second time.
        kept_until=now + 2 * life,
    )
    try:
        with transaction.atomic():
            use.save(force_insert=True)
            Partner.objects.filter(pk=key.partner_id).update(last_called_at=now)
            PartnerKey.objects.filter(pk=key.pk).update(last_used_at=now)
    except IntegrityError as error:
        raise Refused(USED_TWICE) from error


def _who(partner: Partner, call: Launch) -> tuple[User, WorkSituation]:
    """The account behind the RPPS number, in one structure that uses this application: today's directory decides."""
    user = account_behind(call.rpps)
    if user is None:
        raise Refused(NOBODY_KNOWN)
    places = (
        partner.organizations.filter(numbered(call.structure)) if call.structure else partner.organizations
    )
    allowed = set(places.values_list("pk", flat=True))
    situations = [situation for situation in work_situations(user.pk) if situation.organization_id in allowed]
    if not situations:
        raise Refused(NOBODY_KNOWN)
    if len({situation.organization_id for situation in situations}) > 1:
        raise Refused(SEVERAL_PLACES)
    return user, situations[0]


def account_behind(rpps: str) -> User | None:
    """Of the professional who has this number, if both are active today."""
    practitioner = (
        Practitioner.objects.filter(rpps=rpps, active=True, user__is_active=True)
        .select_related("user")
        .first()
    )
    return practitioner.user if practitioner else None


def _whom(partner: Partner, call: Launch) -> UUID | None:
    """By the structure's own number, else by the INS; never opened when one trait known on both sides differs."""
    asked = Asked(_number(partner, call), call.traits)
    with rls.acting(Actor.job("launch", channel=Channel.WEB), read_only=True):
        known = Knowledge([asked])
    found = known.linked(asked.locals) or {
        patient_id for patient_id, rank in known.candidates(asked) if rank == SAME_INS
    }
    patient = known.known_person(found.pop()) if len(found) == 1 else None
    if patient is None:
        return None
    if compare(patient, call.traits).differing:
        raise Refused(OTHER_PERSON)
    return patient.pk


def _number(partner: Partner, call: Launch) -> list[Local]:
    if call.local is None:
        return []
    domain = IdentityDomain.objects.filter(
        authority=call.local.authority, organization__partners=partner
    ).first()
    if domain is None:
        raise Refused(FOREIGN_NUMBER)
    return [Local(domain, call.local.value)]


def _record_refusal(key: PartnerKey) -> None:
    """Who called and that it was refused; nothing of whom it was about."""
    caller = Actor(kind=ActorKind.GATEWAY, name=key.partner.name, purpose=Purpose.SYSTEM, channel=Channel.WEB)
    with rls.acting(caller):
        audit.record(
            caller, LAUNCH, outcome=Outcome.REFUSED, about=key, detail={"partner": str(key.partner_id)}
        )


def _organization(number: str) -> Organization:
    found = list(Organization.objects.filter(numbered(number), active=True)[:2])
    if len(found) == 1:
        return found[0]
    why = "Aucune structure en activité ne porte" if not found else "Plusieurs structures portent"
    raise Invalid("Une structure est à corriger.", fields={"organizations": f"{why} le numéro « {number} »."})

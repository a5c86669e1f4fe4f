"""The account of a professional who was proved elsewhere: by Pro Santé Connect or by his card (MISSION A1, A4).

Either is a proof of possession: a professional of the directory who has no account gets one at once, without a
password. Work situations are those that PSC says *and* the directory knows: a role it does not say any more is not
offered; one it says in a structure of the directory is opened, under the key that the next import will know it by.
"""

import secrets
from collections.abc import Sequence
from hashlib import md5
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from terresante.accounts.actions.opening import create_account
from terresante.accounts.enums import LoginWay
from terresante.accounts.federation.ports import Arrived
from terresante.accounts.federation.protocol import Proof
from terresante.accounts.federation.refusals import NotOpened
from terresante.directory import psc
from terresante.directory.access import DIRECTORY_EDIT
from terresante.directory.actions import link_account
from terresante.directory.enums import ExerciseMode, Source
from terresante.directory.identifiers import ADELI_PREFIX, RPPS_PREFIX, is_adeli, is_finess, is_rpps
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.directory.psc import SaidSituation
from terresante.directory.queries import work_situations
from terresante.kernel import access, audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, Channel

UNKNOWN = (
    "Aucun professionnel de l’annuaire ne porte votre identifiant national. S’il vient de vous être attribué, "
    "recommencez demain ; sinon, demandez votre inscription au support."
)
STRUCK_OFF = (
    "L’annuaire de santé ne vous compte plus parmi les professionnels en exercice : l’accès vous est fermé. "
    "Si c’est une erreur, signalez-la à votre ordre ou à l’autorité qui vous enregistre."
)
CLOSED = "Votre compte est fermé. Demandez au support pourquoi."


def professional_of_psc(proof: Proof) -> Arrived:
    """Raises NotOpened: unknown, struck off, or an account that was closed."""
    actor = Actor.job(str(LoginWay.PSC.label), channel=Channel.WEB)
    practitioner = _practitioner(psc.national_id(proof.claims))
    arrived = account_of_professional(actor, practitioner.pk)
    said = psc.situations(proof.claims)
    open_said_roles(actor, practitioner.pk, said=said)
    return Arrived(arrived.user, tuple(_allowed(arrived.user.pk, said)))


def professional_of_card(proof: Proof) -> Arrived:
    """A card says who, not where: every role of the directory is offered. Raises NotOpened."""
    actor = Actor.job(str(LoginWay.CPS.label), channel=Channel.WEB)
    return account_of_professional(actor, _practitioner(proof.subject).pk)


@action
def account_of_professional(actor: Actor, practitioner_id: UUID) -> Arrived:
    """His account, opened at once when he has none. Raises NotOpened when it was closed."""
    practitioner = access.get(actor, DIRECTORY_EDIT, Practitioner, practitioner_id, lock=True)
    user = practitioner.user
    if user is None:
        user = create_account(
            actor,
            # Typed by nobody: the account has no password.
            login=f"psc-{secrets.token_hex(6)}",
            name=str(practitioner),
            email=practitioner.email or practitioner.mssante_email,
            password=None,
        )
        link_account(actor, practitioner_id=practitioner.pk, user_id=user.pk)
    elif not user.is_active:
        raise NotOpened("closed", CLOSED)
    audit.record(actor, DIRECTORY_EDIT, about=practitioner, detail={"proved": str(user.pk)})
    return Arrived(user)


@action
def open_said_roles(
    actor: Actor, practitioner_id: UUID, *, said: Sequence[SaidSituation]
) -> list[PractitionerRole]:
    """Opens the roles that the directory did not know yet, in structures that it knows, but none that an administrator
    ended.
    """
    practitioner = access.get(actor, DIRECTORY_EDIT, Practitioner, practitioner_id, lock=True)
    roles = list(PractitionerRole.objects.filter(practitioner=practitioner).select_related("organization"))
    opened: list[PractitionerRole] = []
    for situation in said:
        place = _place(situation)
        role = _role(practitioner, place, situation) if place is not None else None
        if place is None or role is None or any(_knows(known, role) for known in [*roles, *opened]):
            continue
        if _stored(role):
            opened.append(role)
    detail = {"said": len(said), "opened": [str(role.pk) for role in opened]}
    audit.record(actor, DIRECTORY_EDIT, about=practitioner, detail=detail)
    return opened


def _practitioner(national_id: str) -> Practitioner:
    """Raises NotOpened."""
    number = national_id[1:]
    wanted = Q(idnps=national_id) if national_id else Q(pk=None)
    if national_id.startswith(RPPS_PREFIX) and is_rpps(number):
        wanted |= Q(rpps=number)
    if national_id.startswith(ADELI_PREFIX) and is_adeli(number):
        wanted |= Q(adeli=number)
    found = list(Practitioner.objects.filter(wanted).order_by("-active")[:2])
    # An ADELI number is not unique by constraint: two people would be nobody.
    if not found or (len(found) == 2 and found[1].active):
        raise NotOpened("unknown_professional", UNKNOWN)
    if not found[0].active:
        raise NotOpened("struck_off", STRUCK_OFF)
    return found[0]


def _allowed(user_id: UUID, said: Sequence[SaidSituation]) -> list[str]:
    """Keys of the open roles that PSC says: the same structure, by any of its numbers, and the same profession."""
    places = {organization.pk: organization for organization in Organization.objects.filter(_numbered(said))}
    return [
        str(role.role_id)
        for role in work_situations(user_id)
        if any(
            situation.profession == role.profession
            and (place := places.get(role.organization_id)) is not None
            and _is_at(situation, place)
            for situation in said
        )
    ]


def _numbered(said: Sequence[SaidSituation]) -> Q:
    return Q(finess__in=[each.finess for each in said if each.finess]) | Q(
        annuaire_id__in=[each.annuaire_id for each in said if each.annuaire_id]
    )


def _is_at(situation: SaidSituation, place: Organization) -> bool:
    by_finess = bool(situation.finess) and situation.finess == place.finess
    return by_finess or (bool(situation.annuaire_id) and situation.annuaire_id == place.annuaire_id)


def _place(situation: SaidSituation) -> Organization | None:
    """The open structure; by its FINESS when both numbers lead to different ones, as imports do."""
    found = [each for each in Organization.objects.filter(_numbered([situation])) if each.active]
    return min(found, key=lambda each: each.finess != situation.finess, default=None)


def _role(practitioner: Practitioner, place: Organization, situation: SaidSituation) -> PractitionerRole:
    return PractitionerRole(
        source=Source.ANNUAIRE,
        practitioner=practitioner,
        organization=place,
        profession=situation.profession,
        function=situation.function[:10],
        mode=situation.mode if situation.mode in ExerciseMode.values else "",
        period_start=timezone.localdate(),
        source_key=_source_key(practitioner, situation),
    )


def _source_key(practitioner: Practitioner, situation: SaidSituation) -> str:
    """What the import makes of the same activity (`loading/apply.py`): it goes on with this role, or ends it."""
    finess = situation.finess if is_finess(situation.finess) else ""
    parts = (
        practitioner.idnps or "",
        f"F{finess}" if finess else f"A{situation.annuaire_id[:40]}",
        situation.profession,
        situation.mode if situation.mode in ExerciseMode.values else "",
        situation.function[:10],
        situation.activity_kind[:10],
        situation.sector[:4],
    )
    return md5("|".join(parts).encode(), usedforsecurity=False).hexdigest()


def _knows(known: PractitionerRole, role: PractitionerRole) -> bool:
    """Open already; ended by the import of this very activity; or ended here by an administrator."""
    is_there = known.organization_id == role.organization_id and known.profession == role.profession
    today = timezone.localdate()
    is_open = known.period_end is None or known.period_end > today
    return known.source_key == role.source_key or (
        is_there and (is_open or "period_end" in known.local_fields)
    )


def _stored(role: PractitionerRole) -> bool:
    """False when another login has just written it."""
    try:
        with transaction.atomic():
            role.save(force_insert=True)
    except IntegrityError:
        return False
    return True

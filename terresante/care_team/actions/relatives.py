"""Relatives, and what lets them act in the name of a patient: recorded with its proof, given by two secrets."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from terresante.accounts.codes import link_hash, new_link, new_recovery_codes, recovery_hash
from terresante.care_team.access import (
    DELEGATION_EDIT,
    OWN_DELEGATION_EDIT,
    OWN_RELATIVE_EDIT,
    RELATIVE_EDIT,
)
from terresante.care_team.events import DelegationRecorded, RecordClosed
from terresante.care_team.queries import open_record
from terresante.kernel import access, audit, sql
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.events import emit
from terresante.kernel.ids import new_id
from terresante.kernel.outbound import queue_email
from terresante.patients.enums import (
    DelegatedScope,
    DelegationBasis,
    DelegationProof,
    ProtectionMission,
    Relationship,
)
from terresante.patients.models import Delegation, RelatedPerson

INVITED_FOR = timedelta(days=14)
# A tutelle is renewed for twenty years at most (article 442 of the Code civil).
LONGEST = timedelta(days=20 * 366)
PROOFS = {
    DelegationBasis.PARENTAL: {
        DelegationProof.FAMILY_BOOK,
        DelegationProof.BIRTH_CERTIFICATE,
        DelegationProof.JUDGMENT,
    },
    DelegationBasis.GUARDIANSHIP: {DelegationProof.JUDGMENT},
    DelegationBasis.FAMILY_HABILITATION: {DelegationProof.JUDGMENT},
    DelegationBasis.FUTURE_MANDATE: {DelegationProof.MANDATE},
    DelegationBasis.CARER: {DelegationProof.SIGNED_FORM, DelegationProof.ONLINE},
}
_DECISIONS = (DelegationProof.JUDGMENT, DelegationProof.MANDATE)
# It names nobody: an e-mail crosses networks and telephones that nobody protects.
_SUBJECT = "Une personne vous donne un accès à Terr-eSanté"
_BODY = (
    "Une personne vous donne un accès à Terr-eSanté.\n\n"
    "Pour l’ouvrir, suivez ce lien. Il est valable 14 jours :\n{url}\n\n"
    "Il faut aussi le code que l’on vous a remis en main propre ou dit de vive voix. "
    "Si vous n’attendez rien, ne faites rien : ce lien n’ouvre rien sans le code.\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRelative:
    name: str
    relationship: Relationship
    phone: str = ""
    is_trusted_person: bool = False
    is_person_to_warn: bool = False
    is_carer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelegation:
    """`court` and `judged_on` are those of the judgment, or of the visa of a mandate."""

    basis: DelegationBasis
    email: str
    proof: DelegationProof
    mission: str = ""
    scope: frozenset[DelegatedScope] = frozenset()
    valid_from: date | None = None
    valid_until: date | None = None
    court: str = ""
    judged_on: date | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """`code` is shown once, to be given by hand; the link went by e-mail."""

    delegation: Delegation
    code: str


@action
def save_relative(
    actor: Actor, record_id: UUID, *, relative: NewRelative, relative_id: UUID | None = None
) -> RelatedPerson:
    """Adds a relative, or corrects the one named. Raises Invalid without a name."""
    what = _relative_action(actor)
    patient_id = open_record(actor, record_id, action=what).patient.pk
    row = RelatedPerson(id=new_id(), patient_id=patient_id)
    if relative_id is not None:
        row = _relative_of(actor, patient_id, relative_id, what)
    row.name = " ".join(relative.name.split())[:150]
    if not row.name:
        raise Invalid("Indiquez le nom de ce proche.", fields={"name": "Indiquez son nom."})
    row.relationship, row.phone = relative.relationship, relative.phone.strip()[:20]
    row.is_trusted_person = relative.is_trusted_person
    row.is_person_to_warn = relative.is_person_to_warn
    row.is_carer = relative.is_carer
    row.save(force_insert=relative_id is None, force_update=relative_id is not None)
    audit.record(actor, what, patient_id=patient_id, about=row)
    return row


@action
def record_delegation(
    actor: Actor, record_id: UUID, relative_id: UUID, *, delegation: NewDelegation
) -> Invitation:
    """Records the access of a relative and sends him the link; the caller gives the code by hand.

    Raises Invalid for what the law does not know, Conflict when this relative has an access already.
    """
    what = _editing(actor)
    patient = open_record(actor, record_id, action=what).patient
    relative = _relative_of(actor, patient.pk, relative_id, _relative_action(actor))
    _check(actor, delegation)
    if any(one.state in ("open", "invited", "future", "restricted") for one in _open_ones(relative)):
        raise Conflict("Ce proche a déjà un accès : retirez-le d’abord pour en donner un autre.")
    token, code = new_link(), new_recovery_codes()[0]
    row = _row(actor, relative, delegation, token, code)
    row.save(force_insert=True)
    row.refresh_from_db(fields=["majority_on"])
    if row.is_of_grown_up:
        raise Invalid("Cette personne est majeure : l’autorité parentale n’ouvre plus d’accès.")
    url = f"{settings.BASE_URL}{reverse('portal:invitation', args=[token])}"
    queue_email(
        recipient=row.invited_email,
        subject=_SUBJECT,
        body=_BODY.format(url=url),
        dedupe_key=f"delegation:{row.pk}",
    )
    audit.record(actor, what, patient_id=patient.pk, about=row, detail={"basis": row.basis})
    emit(actor, DelegationRecorded(patient_id=patient.pk, object_id=row.pk, data_class="circle"))
    return Invitation(row, code)


@action
def withdraw_delegation(actor: Actor, record_id: UUID, delegation_id: UUID) -> Delegation:
    """The relative's next request is refused. The patient withdraws a carer alone: the law's are a judge's to end."""
    row = _delegation(actor, record_id, delegation_id)
    if row.withdrawn_at is not None:
        raise Conflict("Cet accès est déjà retiré.")
    row.withdrawn_at, row.withdrawn_by_name = timezone.now(), actor.name
    Delegation.objects.filter(pk=row.pk).update(
        withdrawn_at=row.withdrawn_at, withdrawn_by_name=row.withdrawn_by_name
    )
    detail = {"basis": row.basis, "step": "withdrawn"}
    audit.record(actor, _editing(actor), patient_id=row.patient_id, about=row, detail=detail)
    _close(actor, row)
    return row


@action
def restrict_parent(actor: Actor, record_id: UUID, delegation_id: UUID, *, decision: str) -> Delegation:
    """A judge's decision cuts this parent at once, and this one only; '' lifts it. Raises Invalid for anybody else."""
    row = _delegation(actor, record_id, delegation_id)
    if row.basis != DelegationBasis.PARENTAL:
        raise Invalid(
            "Une restriction judiciaire concerne l’accès d’un parent : pour un autre, retirez l’accès."
        )
    written = " ".join(decision.split())[:200]
    if (row.restricted_at is not None) == bool(written):
        raise Conflict("C’est déjà le cas.")
    row.restricted_at, row.restriction = timezone.now() if written else None, written
    Delegation.objects.filter(pk=row.pk).update(restricted_at=row.restricted_at, restriction=row.restriction)
    detail = {"basis": row.basis, "step": "restricted" if written else "restored"}
    audit.record(actor, DELEGATION_EDIT, patient_id=row.patient_id, about=row, detail=detail)
    if written:
        _close(actor, row)
    return row


def _close(actor: Actor, row: Delegation) -> None:
    """Pages that the relative has open."""
    emit(
        actor,
        RecordClosed(
            patient_id=row.patient_id,
            object_id=row.pk,
            member_id=row.related_person_id,
            account_id=row.user_id,
        ),
    )


@dataclass(frozen=True, slots=True)
class Invited:
    """Who holds both secrets of an invitation."""

    delegation_id: UUID
    patient_id: UUID
    email: str
    name: str


def answer_invitation(*, token: str, code: str, user_id: UUID | None = None) -> Invited | None:
    """None for a wrong link, a wrong code, a fifth wrong code, an old or used invitation: all alike.

    Outside any transaction: a wrong try is counted whatever follows. With an account, the access is its own.
    """
    found = sql.row(
        "SELECT * FROM answer_invitation(%s, %s, %s)", link_hash(token), _code_hash(token, code), user_id
    )
    return Invited(*found) if found else None


def _code_hash(token: str, code: str) -> str:
    """Bound to its link: a code read over a shoulder opens no other invitation."""
    return recovery_hash(UUID(bytes=bytes.fromhex(link_hash(token))[:16]), code)


def _row(
    actor: Actor, relative: RelatedPerson, delegation: NewDelegation, token: str, code: str
) -> Delegation:
    return Delegation(
        id=new_id(),
        patient_id=relative.patient_id,
        related_person=relative,
        basis=delegation.basis,
        mission=delegation.mission,
        scope=sorted(delegation.scope),
        valid_from=delegation.valid_from or timezone.localdate(),
        valid_until=delegation.valid_until,
        proof=delegation.proof,
        court=" ".join(delegation.court.split())[:120],
        judged_on=delegation.judged_on,
        recorded_by_name=actor.name,
        invited_email=delegation.email.strip().lower(),
        token_hash=link_hash(token),
        code_hash=_code_hash(token, code),
        invited_until=timezone.now() + INVITED_FOR,
    )


def _check(actor: Actor, delegation: NewDelegation) -> None:
    wrong: dict[str, str] = {}
    if actor.kind == ActorKind.PATIENT and delegation.basis != DelegationBasis.CARER:
        raise Invalid(
            "Vous pouvez donner un accès à un aidant. Les autres accès demandent une décision de justice."
        )
    if delegation.basis in Delegation.MEASURES:
        wrong |= _wrong_in_measure(delegation)
    if delegation.proof not in PROOFS[delegation.basis] or (
        actor.kind != ActorKind.PATIENT and delegation.proof == DelegationProof.ONLINE
    ):
        wrong["proof"] = "Cette pièce ne prouve pas ce titre : choisissez celle que vous avez vue."
    today = timezone.localdate()
    if delegation.proof in _DECISIONS and (delegation.judged_on is None or not delegation.court.strip()):
        wrong["judged_on"] = "Indiquez le tribunal et la date de la décision."
    elif delegation.judged_on is not None and delegation.judged_on > today:
        wrong["judged_on"] = "Cette date est dans le futur."
    begins = delegation.valid_from or today
    if delegation.valid_until is not None and not begins <= delegation.valid_until <= begins + LONGEST:
        wrong["valid_until"] = "La fin vient après le début, vingt ans plus tard au plus."
    if wrong:
        raise Invalid("Cet accès ne peut pas être enregistré ainsi.", fields=wrong)


def _wrong_in_measure(delegation: NewDelegation) -> dict[str, str]:
    """What a measure of protection lacks to open the record (DOMAIN.md 2.6)."""
    wrong = {}
    if delegation.mission not in (ProtectionMission.PERSON, ProtectionMission.BOTH):
        wrong["mission"] = (
            "Une mesure sur les biens seuls n’ouvre pas le dossier : il faut la mission « personne »."
        )
    if delegation.valid_until is None and delegation.basis != DelegationBasis.FUTURE_MANDATE:
        wrong["valid_until"] = "Le jugement fixe une fin à cette mesure : indiquez-la."
    return wrong


def _delegation(actor: Actor, record_id: UUID, delegation_id: UUID) -> Delegation:
    what = _editing(actor)
    opened = open_record(actor, record_id, action=what)
    row = access.get(actor, what, Delegation, delegation_id)
    if row.patient_id != opened.patient.pk:
        raise NotFound
    return row


def _relative_of(actor: Actor, patient_id: UUID, relative_id: UUID, what: Action) -> RelatedPerson:
    row = access.get(actor, what, RelatedPerson, relative_id, lock=True)
    if row.patient_id != patient_id:
        raise NotFound
    return row


def _open_ones(relative: RelatedPerson) -> list[Delegation]:
    return list(relative.delegations.filter(withdrawn_at=None))


def _editing(actor: Actor) -> Action:
    return OWN_DELEGATION_EDIT if actor.kind == ActorKind.PATIENT else DELEGATION_EDIT


def _relative_action(actor: Actor) -> Action:
    return OWN_RELATIVE_EDIT if actor.kind == ActorKind.PATIENT else RELATIVE_EDIT

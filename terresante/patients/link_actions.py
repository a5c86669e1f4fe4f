"""From a citizen vouched for by FranceConnect to his own record: by his five traits, else by the identity desk.

The traits are compared at each login, all of them and nothing less (INTEROP.md 2: no automatic link below that). What
the desk decided about two sides that differ holds as long as neither changes.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from terresante.accounts.actions.opening import create_account
from terresante.accounts.enums import LoginWay
from terresante.accounts.federation.ports import Arrived
from terresante.accounts.federation.protocol import Proof
from terresante.accounts.federation.refusals import WAITING_TITLE, NotOpened
from terresante.accounts.models import FederatedIdentity, User
from terresante.kernel import access, audit, rls, sql
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, Channel
from terresante.kernel.errors import Conflict
from terresante.patients.access import IDENTITY_ATTACH, IDENTITY_SEARCH
from terresante.patients.desk_actions import STRICT, checked_reason, traits_of
from terresante.patients.enums import LinkCause, LinkState
from terresante.patients.identity_rules import normalised_name
from terresante.patients.models import CareRecord, LinkRequest, Patient, PatientAccount
from terresante.patients.pivot import is_whole, read_pivot
from terresante.patients.queries import has_died, patient_behind
from terresante.patients.traits import Traits, strict_traits

WAITING = (
    "FranceConnect confirme votre identité, mais elle ne correspond pas exactement à celle d’un dossier. Votre demande "
    "est transmise à la cellule d’identitovigilance, qui vérifie qui est qui : reconnectez-vous dans quelques jours."
)
REFUSED = (
    "La cellule d’identitovigilance n’a pas pu rattacher votre compte à un dossier. Adressez-vous, avec une pièce "
    "d’identité, à la structure ou au professionnel qui vous suit."
)
CLOSED = "Votre compte est fermé. Demandez à la structure qui vous suit pourquoi."
# After that a person refused may ask again as he is.
REFUSED_FOR = timedelta(days=30)
KEPT_FOR = timedelta(days=90)
_CANDIDATES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Citizen:
    issuer: str
    subject: str
    pivot: Traits
    email: str = ""


def patient_of_franceconnect(proof: Proof) -> Arrived:
    """Raises NotOpened: who is let in by nobody yet, or no more, is shown a sentence and nothing else."""
    email = proof.claims.get("email")
    citizen = Citizen(
        issuer=proof.issuer,
        subject=proof.subject,
        pivot=read_pivot(proof.claims),
        email=email if isinstance(email, str) else "",
    )
    actor = Actor.job(str(LoginWay.FRANCE_CONNECT.label), channel=Channel.WEB)
    user, state = meet(actor, citizen)
    if user is None:
        sentence = REFUSED if state == LinkState.REFUSED else WAITING
        raise NotOpened(f"identity_{state}", sentence, title=WAITING_TITLE)
    if not user.is_active:
        raise NotOpened("closed", CLOSED)
    return Arrived(user)


@action
def meet(actor: Actor, citizen: Citizen) -> tuple[User | None, LinkState]:
    """His account, or None and what became of his request."""
    _one_at_a_time(citizen)
    known = _known(citizen)
    own = patient_behind(known.user_id) if known else None
    if known is not None and own is not None and _is_still(_opened(own[0]), citizen):
        audit.record(actor, IDENTITY_ATTACH, patient_id=own[0], detail={"step": "same"})
        return known.user, LinkState.LINKED
    decided = _decided_patient(citizen)
    found = [] if own or decided or not is_whole(citizen.pivot) else _same_traits(citizen.pivot)
    patient = decided or (found[0] if len(found) == 1 and _may_enter(found[0]) else None)
    if patient is not None:
        return _account(actor, citizen, patient, known), LinkState.LINKED
    cause = LinkCause.CHANGED if own else _cause(citizen.pivot, found)
    return None, _request(actor, citizen, cause)


@action
def attach(actor: Actor, request_id: UUID, *, patient_id: UUID, reason: str) -> LinkRequest:
    """The desk says who it is; the person's next login opens the record. Raises Conflict, Invalid without a reason."""
    request = _open_request(actor, request_id)
    patient = access.get(actor, IDENTITY_SEARCH, Patient, patient_id)
    if patient.merged_into_id is not None:
        raise Conflict("Cette identité a été fusionnée : rattachez la demande à celle qui continue.")
    request.patient, request.settled = patient, _digest(pivot_of(request), patient)
    _decide(actor, request, LinkState.LINKED, reason)
    return request


@action
def refuse(actor: Actor, request_id: UUID, *, reason: str) -> LinkRequest:
    """Raises Conflict when it was decided meanwhile, Invalid without a reason."""
    request = _open_request(actor, request_id)
    _decide(actor, request, LinkState.REFUSED, reason)
    return request


def purge_requests() -> int:
    """By a job: erases what has waited, or was refused, for three months. Identities of strangers are not kept."""
    over = LinkRequest.objects.exclude(state=LinkState.LINKED).filter(seen_at__lt=timezone.now() - KEPT_FOR)
    return over.delete()[0]


def pivot_of(request: LinkRequest) -> Traits:
    return Traits(
        birth_name=request.birth_name,
        birth_given_names=request.birth_given_names,
        birth_date=request.birth_date,
        lunar_birth_date=request.lunar_birth_date,
        sex=request.sex,
        birth_place_code=request.birth_place_code,
        used_name=request.used_name,
    )


def _one_at_a_time(citizen: Citizen) -> None:
    """Two first logins of one person at once would open two accounts."""
    sql.take_turn(f"{citizen.issuer} {citizen.subject}")


def _known(citizen: Citizen) -> FederatedIdentity | None:
    rows = FederatedIdentity.objects.select_related("user")
    return rows.filter(issuer=citizen.issuer, subject=citizen.subject).first()


def _opened(patient_id: UUID) -> Patient:
    rls.open_record(patient_id)
    return Patient.objects.get(pk=patient_id)


def _is_still(patient: Patient, citizen: Citizen) -> bool:
    """The person whose record this is: by the five traits, or as the desk decided and nothing changed since."""
    if strict_traits(traits_of(patient)) == strict_traits(citizen.pivot) and is_whole(citizen.pivot):
        return _may_enter(patient)
    return _requests(citizen).filter(state=LinkState.LINKED, settled=_digest(citizen.pivot, patient)).exists()


def _decided_patient(citizen: Citizen) -> Patient | None:
    """Whom the desk chose, for these very traits on both sides."""
    request = _requests(citizen).filter(state=LinkState.LINKED).order_by("-decided_at").first()
    if request is None or request.patient_id is None:
        return None
    patient = _opened(request.patient_id)
    return patient if request.settled == _digest(citizen.pivot, patient) else None


def _same_traits(pivot: Traits) -> list[Patient]:
    """Those with a record whose five traits are these."""
    asked = [
        "",
        normalised_name(pivot.birth_name),
        pivot.first_given_name,
        pivot.birth_date,
        pivot.sex,
        _CANDIDATES,
    ]
    keys = [
        row[0]
        for row in sql.rows(
            "SELECT patient_id FROM match_patients(%s, %s, %s, %s, %s, %s) WHERE rank = 2", *asked
        )
    ]
    return [
        patient
        for patient in map(_opened, keys)
        if strict_traits(traits_of(patient)) == strict_traits(pivot) and _has_record(patient)
    ]


def _has_record(patient: Patient) -> bool:
    rls.open_record(patient.pk)
    return CareRecord.objects.filter(patient_id=patient.pk).exists()


def _may_enter(patient: Patient) -> bool:
    is_unsure = patient.is_doubtful or patient.is_fictitious
    return not is_unsure and not has_died(patient) and patient.merged_into_id is None


def _cause(pivot: Traits, found: list[Patient]) -> LinkCause:
    if not is_whole(pivot):
        return LinkCause.INCOMPLETE
    if len(found) > 1:
        return LinkCause.SEVERAL
    return LinkCause.DOUBTFUL if found else LinkCause.NOBODY


def _account(actor: Actor, citizen: Citizen, patient: Patient, known: FederatedIdentity | None) -> User:
    """The patient's own account when he has one, else a new one, without a password."""
    rls.open_record(patient.pk)
    accounts = list(PatientAccount.objects.select_related("user").filter(patient_id=patient.pk)[:2])
    user = accounts[0].user if len(accounts) == 1 else None
    if user is None:
        user = create_account(
            actor,
            # Typed by nobody: the account has no password.
            login=f"franceconnect-{secrets.token_hex(6)}",
            name=str(patient),
            email=citizen.email,
            password=None,
        )
        PatientAccount.objects.bulk_create([PatientAccount(user=user, patient_id=patient.pk)])
    if known is None:
        FederatedIdentity.objects.create(user=user, issuer=citizen.issuer, subject=citizen.subject)
    else:
        known.user = user
        known.save(update_fields=["user"])
    audit.record(actor, IDENTITY_ATTACH, patient_id=patient.pk, about=user, detail={"step": "opened"})
    return user


def _request(actor: Actor, citizen: Citizen, cause: LinkCause) -> LinkState:
    """The state of his request: opened, still waiting, or refused a short while ago for the same traits."""
    refused = _requests(citizen).filter(state=LinkState.REFUSED, decided_at__gt=timezone.now() - REFUSED_FOR)
    if any(strict_traits(pivot_of(one)) == strict_traits(citizen.pivot) for one in refused):
        audit.record(actor, IDENTITY_ATTACH, detail={"step": "still_refused"})
        return LinkState.REFUSED
    request = _requests(citizen).filter(state=LinkState.OPEN).first() or LinkRequest(
        issuer=citizen.issuer, subject=citizen.subject
    )
    for name in STRICT:
        setattr(request, name, getattr(citizen.pivot, name))
    request.used_name, request.cause, request.seen_at = citizen.pivot.used_name, cause, timezone.now()
    request.save()
    audit.record(actor, IDENTITY_ATTACH, about=request, detail={"step": "asked", "cause": cause.value})
    return LinkState.OPEN


def _requests(citizen: Citizen) -> QuerySet[LinkRequest]:
    return LinkRequest.objects.filter(issuer=citizen.issuer, subject=citizen.subject)


def _open_request(actor: Actor, request_id: UUID) -> LinkRequest:
    found = access.get(actor, IDENTITY_ATTACH, LinkRequest, request_id)
    if found.state != LinkState.OPEN:
        raise Conflict(f"Cette demande n’attend plus de décision : elle est « {found.get_state_display()} ».")
    # Locked once it is known to be open: the policy gives nobody a decided one to change.
    return access.get(actor, IDENTITY_ATTACH, LinkRequest, request_id, lock=True)


def _decide(actor: Actor, request: LinkRequest, state: LinkState, reason: str) -> None:
    request.reason = checked_reason(reason)
    request.state, request.decided_at, request.decided_by_name = state, timezone.now(), actor.name
    request.save()
    detail = {"state": state.value, "cause": request.cause}
    audit.record(actor, IDENTITY_ATTACH, patient_id=request.patient_id, about=request, detail=detail)


def _digest(pivot: Traits, patient: Patient) -> str:
    sides = (*strict_traits(pivot), *strict_traits(traits_of(patient)), patient.pk)
    return sha256("|".join(str(side) for side in sides).encode()).hexdigest()

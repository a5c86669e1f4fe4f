"""Somebody registers himself: by the directory's own mailbox, or with a proof that an administrator examines."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from terresante.accounts.access import REGISTER
from terresante.accounts.actions.administration import open_account
from terresante.accounts.actions.registering import ask_code, register_account, tell_owner
from terresante.accounts.models import User
from terresante.directory.access import REGISTRATION_DECIDE, is_administrator, open_today
from terresante.directory.actions.desk import known_address
from terresante.directory.enums import REGISTERED, Profession, ProofKind, RegistrationState, Source
from terresante.directory.identifiers import is_rpps, practitioner_national_id
from terresante.directory.models import Organization, Practitioner, PractitionerRole, Registration
from terresante.kernel import access, audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind, Channel, Purpose
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.kernel.outbound import queue_email
from terresante.kernel.sealing import seal, unseal

LARGEST_PROOF = 5 * 1024 * 1024
# Of a proof once decided, and of a request nobody decided.
PROOF_KEPT = timedelta(days=30)
REQUEST_KEPT = timedelta(days=90)
SEALED_FOR = "registration"
_BEGINNINGS = (
    (b"%PDF-", ProofKind.PDF),
    (b"\xff\xd8\xff", ProofKind.JPEG),
    (b"\x89PNG\r\n\x1a\n", ProofKind.PNG),
)
_REASON_MIN_LENGTH = 10
_WRONG_FILE = "Choisissez un fichier PDF, JPEG ou PNG de 5 Mo au plus."
_PLATFORM_ONLY = (
    "Cette demande concerne une profession inscrite à un répertoire national : l’administrateur de la plateforme "
    "l’examine."
)
_REFUSED = (
    "Votre demande de compte Terr-eSanté n’a pas été acceptée.\n\nMotif : {reason}\n\n"
    "Vous pouvez la présenter de nouveau : {url}\n"
)
_WAITS = (
    "Votre demande de compte Terr-eSanté est enregistrée. Un administrateur examine votre justificatif ; "
    "vous recevrez sa réponse à cette adresse.\n\n"
    "Vous n’avez rien demandé ? Ne faites rien : aucun compte n’est ouvert sans cet examen.\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationEntry:
    family_name: str
    given_name: str
    profession: Profession
    number: str
    email: str
    phone: str
    organization_id: UUID


def newcomer(name: str = "Inscription") -> Actor:
    """The actor of audit rows for somebody who registers: he has no right."""
    return Actor(kind=ActorKind.GATEWAY, name=name, purpose=Purpose.SYSTEM, channel=Channel.WEB)


def send_code_to(who: Practitioner, *, network: str) -> UUID:
    """The key of a proof, whether or not it exists: who already has an account is told, alone, by e-mail.

    Raises Invalid when asked too often, or when the directory knows no address (which it publishes).
    """
    address = known_address(who)
    if not address:
        raise Invalid("L’annuaire ne connaît pas votre adresse : joignez un justificatif.")
    return ask_code(about_id=who.pk, address=address, network=network, owner=who.user)


@action
def register_by_mailbox(actor: Actor, proof_id: UUID, *, about_id: UUID, password_hash: str) -> User:
    """The account of the professional whose mailbox was proved, active at once. Raises Invalid, Conflict."""
    who = Practitioner.objects.select_for_update().filter(pk=about_id, active=True, user=None).first()
    if who is None:
        raise Conflict(
            "Cette inscription n’est plus possible : connectez-vous, ou demandez à la cellule d’appui."
        )
    user = register_account(actor, proof_id, about_id=about_id, name=str(who), password_hash=password_hash)
    who.user = user
    who.save(update_fields=["user"])
    audit.record(actor, REGISTER, about=who, detail={"by": "mailbox", "user_id": str(user.pk)})
    return user


@action
def ask_registration(actor: Actor, *, entry: RegistrationEntry, proof: bytes) -> None:
    """Waits for an administrator. Says nothing of who has an account: its owner is told, and nothing waits.

    Raises Invalid for a file that is no PDF, JPEG or PNG, or is too large.
    """
    kind = kind_of(proof)
    place = Organization.objects.filter(pk=entry.organization_id, active=True).first()
    if place is None:
        sentence = "Choisissez votre structure."
        raise Invalid(sentence, fields={"organization_id": sentence})
    known = _numbered(entry.number)
    if known is not None and known.user is not None:
        tell_owner(known.user)
        audit.record(actor, REGISTER, about=known, detail={"by": "proof", "known": True})
        return
    asked = Registration.objects.create(
        family_name=entry.family_name,
        given_name=entry.given_name,
        profession=entry.profession,
        number=entry.number,
        email=entry.email,
        phone=entry.phone,
        organization=place,
        proof_kind=kind,
        proof=seal(proof, context=SEALED_FOR),
    )
    queue_email(
        recipient=entry.email,
        subject="Votre demande de compte Terr-eSanté",
        body=_WAITS,
        dedupe_key=f"registration-waits {asked.pk}",
    )
    audit.record(actor, REGISTER, about=asked, detail={"by": "proof"})


@action
def accept_registration(actor: Actor, registration_id: UUID) -> Practitioner:
    """Links or describes the professional, his role from today, his account; he gets a link for his password.

    Raises Refused for a delegated administrator before a registered profession: what that profession reads, and whose
    circles it opens, goes beyond his structure. Raises Conflict when it is decided, or the professional has an account.
    """
    asked = _waiting(actor, registration_id)
    who = _numbered(asked.number) or _described(asked)
    if who.user is not None:
        raise Conflict("Ce professionnel a déjà un compte : refusez la demande, il en est prévenu.")
    if not who.active:
        raise Conflict("Ce professionnel n’est plus inscrit à l’annuaire.")
    who.user = open_account(actor, login=asked.email.lower(), name=str(who), email=asked.email)
    who.save(update_fields=["user"])
    _at_work(who, asked.organization)
    _decide(asked, RegistrationState.ACCEPTED, actor, practitioner=who)
    audit.record(actor, REGISTRATION_DECIDE, about=asked, detail={"to": "accepted"})
    return who


@action
def refuse_registration(actor: Actor, registration_id: UUID, *, reason: str) -> None:
    """The reason goes to the person. Raises Invalid without one."""
    asked = _waiting(actor, registration_id)
    why = " ".join(reason.split())
    if len(why) < _REASON_MIN_LENGTH:
        sentence = "Écrivez en une phrase pourquoi : la personne la reçoit par courriel."
        raise Invalid(sentence, fields={"reason": sentence})
    _decide(asked, RegistrationState.REFUSED, actor, reason=why[:300])
    queue_email(
        recipient=asked.email,
        subject="Votre demande de compte Terr-eSanté",
        body=_REFUSED.format(reason=why[:300], url=_url()),
        dedupe_key=f"registration-refused {asked.pk}",
    )
    audit.record(actor, REGISTRATION_DECIDE, about=asked, detail={"to": "refused"})


def proof_of(asked: Registration) -> bytes:
    """Of a registration fetched by access; b'' once erased."""
    return unseal(asked.proof, context=SEALED_FOR) if asked.proof else b""


def kind_of(proof: bytes) -> ProofKind:
    """By its first bytes, whatever its name says. Raises Invalid."""
    if len(proof) <= LARGEST_PROOF:
        for beginning, kind in _BEGINNINGS:
            if proof.startswith(beginning):
                return kind
    raise Invalid(_WRONG_FILE, fields={"proof": _WRONG_FILE})


def forget_registrations() -> None:
    """Proofs go a month after the decision, requests that nobody decided after three."""
    now = timezone.now()
    Registration.objects.filter(decided_at__lt=now - PROOF_KEPT).exclude(proof=b"").update(proof=b"")
    waiting = Registration.objects.filter(state=RegistrationState.WAITING)
    waiting.filter(asked_at__lt=now - REQUEST_KEPT).delete()


def is_for_the_platform(asked: Registration) -> bool:
    return bool(asked.number) or asked.profession in REGISTERED


def _waiting(actor: Actor, registration_id: UUID) -> Registration:
    asked = access.get(actor, REGISTRATION_DECIDE, Registration, registration_id, lock=True)
    if asked.state != RegistrationState.WAITING:
        raise Conflict(f"Cette demande est déjà {asked.get_state_display()}.")
    if is_for_the_platform(asked) and not is_administrator(actor):
        raise Refused(_PLATFORM_ONLY)
    return asked


def _numbered(number: str) -> Practitioner | None:
    if not number:
        return None
    known = Practitioner.objects.select_for_update(of=("self",)).select_related("user")
    return known.filter(rpps=number).first() or known.filter(adeli=number).order_by("pk").first()


def _described(asked: Registration) -> Practitioner:
    rpps = asked.number if is_rpps(asked.number) else ""
    who = Practitioner(
        source=Source.LOCAL,
        family_name=asked.family_name,
        given_name=asked.given_name,
        profession=asked.profession,
        rpps=rpps or None,
        idnps=practitioner_national_id(rpps=rpps) or None,
        adeli=asked.number if asked.number and not rpps else "",
        email=asked.email,
        phone=asked.phone,
    )
    who.save(force_insert=True)
    return who


def _at_work(who: Practitioner, place: Organization) -> None:
    open_here = PractitionerRole.objects.filter(open_today(), practitioner=who, organization=place)
    if not open_here.exists():
        PractitionerRole.objects.create(
            source=Source.LOCAL,
            practitioner=who,
            organization=place,
            profession=who.profession,
            period_start=timezone.localdate(),
        )


def _decide(
    asked: Registration,
    state: RegistrationState,
    actor: Actor,
    *,
    reason: str = "",
    practitioner: Practitioner | None = None,
) -> None:
    asked.state, asked.reason, asked.practitioner = state, reason, practitioner
    asked.decided_at, asked.decided_by_name = timezone.now(), actor.name
    asked.save(update_fields=["state", "reason", "practitioner", "decided_at", "decided_by_name"])


def _url() -> str:
    return f"{settings.BASE_URL}/inscription/"

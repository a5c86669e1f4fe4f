"""A professional who is not on the platform is asked to come: the link leads to the registration, and opens nothing."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from terresante.accounts.codes import link_hash, new_link
from terresante.care_team import matrix
from terresante.care_team.access import CIRCLE_INVITE, INVITATION_ANSWER
from terresante.care_team.actions.choices import locked_record
from terresante.care_team.actions.joining import Reason, tell_of_request
from terresante.care_team.actions.members import NewMember, secret_of
from terresante.care_team.events import MemberJoined
from terresante.care_team.models import CareTeamParticipant, CircleInvitation, JoinRequest
from terresante.care_team.models.joining import INVITED_FOR
from terresante.care_team.queries.limits import in_trail
from terresante.directory.enums import Profession
from terresante.kernel import access, audit, rls, sql
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, NotFound, Refused
from terresante.kernel.events import emit
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.kernel.outbound import queue_email

INVITED_A_DAY = 10
# It names no patient: an e-mail crosses networks that nobody protects, and the address may be another's.
_SUBJECT = "Un professionnel vous invite sur Terr-eSanté"
_BODY = (
    "{name} vous invite à rejoindre un cercle de soins sur Terr-eSanté, où les professionnels se coordonnent.\n\n"
    "Pour répondre, suivez ce lien. Il est valable 7 jours et ne sert qu’une fois :\n{url}\n\n"
    "Sans compte, vous pourrez vous inscrire ; revenez ensuite par ce même lien.\n"
    "Si vous n’attendez rien, ne faites rien : ce lien n’ouvre rien par lui-même.\n"
)
GONE = (
    "Cette invitation n’est plus valable : demandez à la personne qui vous a invité d’en envoyer une autre."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation:
    """`joins`: once registered he is in the circle; else the circle has a request of his to answer."""

    family_name: str
    given_name: str
    profession: Profession
    email: str
    joins: bool
    why: Reason


@action
def invite(actor: Actor, record_id: UUID, *, invitation: NewInvitation) -> CircleInvitation:
    """Sends the link. Nothing tells whether the address already has an account.

    Raises Refused before the record is shared and past ten in a day, Conflict when the address waits already.
    """
    record = locked_record(actor, record_id, action=CIRCLE_INVITE)
    if actor.person_id is None or actor.organization_id is None:
        raise Refused("Une invitation se fait en son nom, depuis sa structure.")
    if not record.is_shared:
        raise Refused("Informez d’abord la personne : le dossier n’est pas encore ouvert au partage.")
    why, email = invitation.why.checked(), invitation.email.strip().lower()
    _check_not_too_many(actor)
    waiting = CircleInvitation.objects.filter(
        record=record, email=email, used_at=None, withdrawn_at=None, expires_at__gt=timezone.now()
    )
    if waiting.exists():
        raise Conflict(
            "Cette adresse a déjà une invitation en attente : retirez-la pour en envoyer une autre."
        )
    token, (sector, place_id) = new_link(), _kept_from_view(actor, invitation.profession)
    row = CircleInvitation.objects.create(
        patient_id=record.patient_id,
        record=record,
        family_name=" ".join(invitation.family_name.split())[:100],
        given_name=" ".join(invitation.given_name.split())[:100],
        profession=invitation.profession,
        email=email,
        joins=invitation.joins,
        reason=why.reason,
        words=why.words,
        token_hash=link_hash(token),
        invited_by_id=actor.person_id,
        invited_by_name=actor.name,
        organization_id=actor.organization_id,
        expires_at=timezone.now() + INVITED_FOR,
        sector=sector,
        restricted_to_id=place_id,
    )
    url = f"{settings.BASE_URL}{reverse('care_team:invitation', args=[token])}"
    body = _BODY.format(name=actor.name, url=url)
    queue_email(recipient=email, subject=_SUBJECT, body=body, dedupe_key=f"invited:{row.pk}")
    audit.record(actor, CIRCLE_INVITE, patient_id=record.patient_id, about=row, detail=in_trail(row))
    return row


@action
def withdraw_invitation(actor: Actor, record_id: UUID, invitation_id: UUID) -> None:
    """Its link then leads nowhere. Raises Conflict when it was used, or has expired."""
    record = locked_record(actor, record_id, action=CIRCLE_INVITE)
    row = access.get(actor, CIRCLE_INVITE, CircleInvitation, invitation_id)
    if row.record_id != record.pk:
        raise NotFound
    if not row.is_waiting:
        raise Conflict("Cette invitation n’est plus en attente.")
    CircleInvitation.objects.filter(pk=row.pk).update(withdrawn_at=timezone.now())
    detail = {"withdrawn": True, **in_trail(row)}
    audit.record(actor, CIRCLE_INVITE, patient_id=row.patient_id, about=row, detail=detail)


@action
def answer_invitation(actor: Actor, invitation_id: UUID, *, token: str, accepts: bool) -> str:
    """'joined': he is a member; 'asked': the circle has his request; 'refused'. `token` '': by his own address.

    Raises Conflict when it is no longer valid, or not for him.
    """
    participant_id, request_id = new_id(), new_id()
    outcome = str(
        sql.value(
            "SELECT answer_circle_invitation(%s, %s, %s, %s, %s)",
            invitation_id,
            link_hash(token) if token else "",
            accepts,
            participant_id,
            request_id,
        )
    )
    if outcome == "gone":
        raise Conflict(GONE)
    request = JoinRequest.objects.filter(pk=request_id).first()
    if request is not None:
        tell_of_request(actor, INVITATION_ANSWER, request)
    elif outcome == "joined":
        _tell_joined(actor, participant_id)
    audit.record(actor, INVITATION_ANSWER, detail={"invitation": str(invitation_id), "outcome": outcome})
    return outcome


def _tell_joined(actor: Actor, participant_id: UUID) -> None:
    """The actor is a member from now on; nothing to tell of who already was."""
    joined = CareTeamParticipant.objects.filter(pk=participant_id).first()
    if joined is None or actor.person_id is None or not rls.open_record(joined.patient_id):
        return
    detail = {"joined": str(actor.person_id), "basis": joined.basis}
    audit.record(actor, INVITATION_ANSWER, patient_id=joined.patient_id, about=joined, detail=detail)
    emit(actor, MemberJoined(**joined.told(), by_user_id=actor.user_id))


def _check_not_too_many(actor: Actor) -> None:
    day = timezone.now() - timedelta(days=1)
    sent = AuditEntry.objects.filter(user_id=actor.user_id, action=CIRCLE_INVITE.code, at__gt=day)
    if sent.count() >= INVITED_A_DAY:
        raise Refused(f"Vous avez envoyé {INVITED_A_DAY} invitations en une journée : recommencez demain.")


def _kept_from_view(actor: Actor, profession: Profession) -> tuple[str, UUID | None]:
    """The sector of who is invited, else of who invites: a name on an invitation would tell of the care he gives."""
    own, place_id = secret_of(NewMember(practitioner_id=actor.person_id))
    sector = matrix.practitioner_sector(profession, "")
    return (sector, place_id if own == sector else None) if sector else (own, place_id)

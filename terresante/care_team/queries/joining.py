"""Who asks to come into a circle, and who is asked to."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now

from terresante.accounts.codes import link_hash
from terresante.care_team.access import CIRCLE_INVITE, JOIN_ASK, JOIN_READ
from terresante.care_team.enums import JoinReason, JoinState
from terresante.care_team.models import CircleInvitation, JoinRequest
from terresante.kernel import access, compiled, sql
from terresante.kernel.actor import Actor, ActorKind

MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRequest:
    """`record_id`: of a circle he is in since."""

    request: JoinRequest
    name: str
    sex: str
    birth_date: date
    record_id: UUID | None

    @property
    def is_waiting(self) -> bool:
        return self.request.is_waiting and self.record_id is None

    @property
    def state_label(self) -> str:
        if self.record_id is not None:
            return JoinState.ACCEPTED.label
        if self.request.state == JoinState.ASKED and not self.request.is_waiting:
            return JoinState.EXPIRED.label
        return self.request.get_state_display()


@compiled.rows
def requests_waiting(actor: Actor, patient_id: UUID) -> QuerySet[JoinRequest]:
    """What the circle, or the patient, has to answer, the oldest first."""
    rows = access.list(actor, JOIN_READ, JoinRequest).filter(
        patient_id=patient_id, state=JoinState.ASKED, expires_at__gt=Now()
    )
    return rows.select_related("practitioner", "organization").order_by("asked_at", "pk")[:MOST]


def own_requests(actor: Actor) -> list[OwnRequest]:
    """In two queries, the latest first: identities come from a function that answers who asked alone."""
    rows = access.list(actor, JOIN_ASK, JoinRequest).select_related("organization")
    found = {row.pk: row for row in rows.order_by("-asked_at", "pk")[:MOST]}
    return [
        OwnRequest(
            request=found[key],
            name=f"{given.title()} {name}",
            sex=sex,
            birth_date=born,
            record_id=record_id,
        )
        for key, given, name, sex, born, record_id in sql.rows("SELECT * FROM join_request_persons()")
        if key in found
    ]


def invitations_waiting(actor: Actor, patient_id: UUID) -> list[CircleInvitation]:
    rows = access.list(actor, CIRCLE_INVITE, CircleInvitation).filter(
        patient_id=patient_id, used_at=None, withdrawn_at=None, expires_at__gt=Now()
    )
    return list(rows.order_by("-invited_at", "pk")[:MOST])


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnInvitation:
    """`person`: only for whom it was sent to, by the address of his account."""

    invitation_id: UUID
    invited_by_name: str
    place: str
    reason: str
    joins: bool
    expires_at: datetime
    person: str
    birth_date: date | None


def own_invitations(actor: Actor, *, token: str = "") -> list[OwnInvitation]:
    """Those sent to the address of one's own account, and the one whose link one holds; nobody's for a patient."""
    if actor.kind != ActorKind.PROFESSIONAL:
        return []
    return [
        OwnInvitation(
            invitation_id=key,
            invited_by_name=who,
            place=place,
            reason=words if reason == JoinReason.OTHER and words else JoinReason(reason).label,
            joins=joins,
            expires_at=until,
            person=f"{given.title()} {name}" if name else "",
            birth_date=born,
        )
        for key, who, place, reason, words, joins, until, given, name, born in sql.rows(
            "SELECT * FROM my_circle_invitations(%s)", link_hash(token) if token else ""
        )
    ]

"""From when, until when, and why somebody is in a circle."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now

from terresante.care_team.access import CIRCLE_EDIT
from terresante.care_team.actions.choices import locked_record
from terresante.care_team.actions.joining import Reason
from terresante.care_team.actions.members import check_period
from terresante.care_team.enums import Basis
from terresante.care_team.models import CareTeamParticipant
from terresante.kernel import access, audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, NotFound, Refused

_WITHOUT_END = (
    "Quelqu’un répond toujours du dossier : gardez un membre sans fin prévue, ou ajoutez d’abord la personne qui"
    " prend le relais."
)


@action
def change_period(
    actor: Actor,
    record_id: UUID,
    participant_id: UUID,
    *,
    starts_at: datetime | None,
    ends_at: datetime | None,
    why: Reason | None,
) -> CareTeamParticipant:
    """What began is past and stays; the end of a member by consent is the consent's, and stays too.

    Raises Invalid for a period that would be over, Refused when nobody without an end would be left, Conflict for who
    has left.
    """
    record = locked_record(actor, record_id, action=CIRCLE_EDIT)
    member = access.get(actor, CIRCLE_EDIT, CareTeamParticipant, participant_id, lock=True)
    if member.record_id != record.pk:
        raise NotFound
    if member.ended_at is not None:
        raise Conflict("Ce membre a déjà quitté le cercle : ajoutez-le de nouveau.")
    if not member.has_begun and starts_at is not None:
        member.started_at = starts_at
    if member.basis != Basis.CONSENT:
        check_period(member.started_at, ends_at)
        member.expires_at = ends_at
        _check_somebody_stays(member)
    checked = why.checked() if why is not None else None
    member.reason = checked.reason if checked else ""
    member.reason_words = checked.words if checked else ""
    member.save(update_fields=["started_at", "expires_at", "reason", "reason_words"])
    detail = {"period": str(member.member_id), "reason": member.reason}
    audit.record(actor, CIRCLE_EDIT, patient_id=member.patient_id, about=member, detail=detail)
    return member


def _check_somebody_stays(member: CareTeamParticipant) -> None:
    if member.expires_at is None:
        return
    others = CareTeamParticipant.objects.filter(
        Q(expires_at=None), patient_id=member.patient_id, ended_at=None, started_at__lte=Now()
    )
    if not others.exclude(pk=member.pk).exists():
        raise Refused(_WITHOUT_END)

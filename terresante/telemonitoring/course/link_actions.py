"""Who answers for the person, and by which link."""

from uuid import UUID

from django.utils import timezone

from terresante.care_team.queries import relatives_with_access
from terresante.care_team.queries.limits import limits_on
from terresante.kernel import audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.events import emit
from terresante.patients.enums import DelegationBasis
from terresante.telemonitoring.access import FOLLOW_UP_MANAGE, LINK_MAKE
from terresante.telemonitoring.actions import changed, end_of, expected_of
from terresante.telemonitoring.answering import links
from terresante.telemonitoring.course.managing import managed
from terresante.telemonitoring.enums import LINK_LASTS, ExpectedState, Respondent
from terresante.telemonitoring.models import FollowUp
from terresante.telemonitoring.phones import international


@action
def make_link(
    actor: Actor, record_id: UUID, follow_up_id: UUID, *, phone: str | None = None
) -> links.Secrets:
    """Another link and another code; the earlier ones open nothing more. `phone`: of who answers, when it changed."""
    _, follow_up = managed(actor, record_id, follow_up_id, what=LINK_MAKE)
    if phone is not None:
        follow_up.phone_of_respondent = international(phone)
    if follow_up.respondent == Respondent.OPERATOR:
        follow_up.respondent = Respondent.PATIENT
    follow_up.save(update_fields=["phone_of_respondent", "respondent"])
    end_at = end_of(list(expected_of(follow_up).exclude(state=ExpectedState.CANCELLED)), follow_up)
    secrets = links.make(actor, follow_up, expires_at=min(end_at, timezone.now() + LINK_LASTS))
    kept = limits_on(follow_up).in_trail
    audit.record(actor, LINK_MAKE, patient_id=follow_up.patient_id, about=secrets.link, detail=kept)
    emit(actor, changed(follow_up))
    return secrets


@action
def name_carer(actor: Actor, record_id: UUID, follow_up_id: UUID, *, carer_id: UUID | None) -> FollowUp:
    """The relative who answers from his own account; None: nobody any more. He reads no more of the record for it.

    Raises Invalid for who is no relative of the person with an access in force.
    """
    record, follow_up = managed(actor, record_id, follow_up_id)
    named = dict(carers_of(actor, record.patient_id))
    if carer_id is not None and carer_id not in named:
        raise Invalid("Choisissez un proche à qui la personne a donné un accès.")
    follow_up.carer_id, follow_up.carer_name = carer_id, named[carer_id] if carer_id else ""
    follow_up.respondent = Respondent.CARER if carer_id else Respondent.PATIENT
    follow_up.save(update_fields=["carer_id", "carer_name", "respondent"])
    detail = {"carer": str(carer_id or ""), **limits_on(follow_up).in_trail}
    audit.record(actor, FOLLOW_UP_MANAGE, patient_id=follow_up.patient_id, about=follow_up, detail=detail)
    emit(actor, changed(follow_up))
    return follow_up


def carers_of(actor: Actor, patient_id: UUID) -> list[tuple[UUID, str]]:
    """Whom the cell may name: the carers of the person whose access holds."""
    return [
        (one.person.pk, one.person.name)
        for one in relatives_with_access(actor, patient_id)
        if one.delegation is not None
        and one.delegation.basis == DelegationBasis.CARER
        and one.delegation.state == "open"
    ]


@action
def revoke_link(actor: Actor, record_id: UUID, follow_up_id: UUID) -> None:
    """Raises Conflict when none is open."""
    _, follow_up = managed(actor, record_id, follow_up_id, what=LINK_MAKE)
    if not links.open_of(follow_up).update(revoked_at=timezone.now()):
        raise Conflict("Aucun lien n’est ouvert pour ce télésuivi.")
    kept = {"revoked": True, **limits_on(follow_up).in_trail}
    audit.record(actor, LINK_MAKE, patient_id=follow_up.patient_id, about=follow_up, detail=kept)
    emit(actor, changed(follow_up))

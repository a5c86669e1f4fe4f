"""What the law still asks of the records one follows."""

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef

from terresante.care_team.access import CIRCLE_EDIT, CIRCLE_READ
from terresante.care_team.enums import ConsentKind
from terresante.care_team.models import Consent
from terresante.directory.models import Practitioner
from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.patients.models import CareRecord

PER_PAGE = 50
_MOST = 100


def records_without_consent(actor: Actor, page: str | None) -> Page[CareRecord]:
    """Open to sharing under the information alone: nobody joins them before the person consents."""
    given = Consent.objects.filter(
        patient_id=OuterRef("patient_id"), kind=ConsentKind.CONSENT_SHARING, withdrawn_at=None
    )
    rows = (
        access.list(actor, CIRCLE_EDIT, CareRecord)
        .filter(~Exists(given), is_shared=True)
        .select_related("patient")
        .order_by("patient__match_birth_name", "patient__match_given_name", "pk")
    )
    return Paginator(rows, PER_PAGE).get_page(page)


def persons_to_inform(actor: Actor) -> list[Consent]:
    """Those who could not be asked, the most pressing first (D1110-3-4 CSP)."""
    due = access.list(actor, CIRCLE_READ, Consent).filter(
        inform_by__isnull=False, informed_at=None, withdrawn_at=None
    )
    return list(due.select_related("patient__record", "practitioner").order_by("inform_by", "pk")[:_MOST])


def colleagues(actor: Actor) -> list[Practitioner]:
    """Who works now in the structure one acts for."""
    if actor.organization_id is None:
        return []
    rows = Practitioner.objects.filter(
        roles__organization_id=actor.organization_id, roles__period_end=None, active=True
    )
    return list(rows.distinct().order_by("family_name", "given_name", "pk"))

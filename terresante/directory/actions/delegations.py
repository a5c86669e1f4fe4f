"""A physician's secretary: he says so, either of the two ends it, both are told."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from terresante.directory.access import DELEGATION_END, DELEGATION_GIVE, gives_delegations
from terresante.directory.enums import SECRETARIES
from terresante.directory.models import Delegation, Practitioner
from terresante.directory.queries.roles import is_at_work
from terresante.kernel import access, audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.kernel.outbound import queue_same_email

_GIVEN = (
    "{physician} confie son secrétariat à {secretary}, dans la structure {organization}, {dates}.\n\n"
    "{secretary} peut choisir « pour {physician} » en entrant dans Terr-eSanté. Chaque accès porte les deux noms, "
    "et l’un comme l’autre peut y mettre fin à tout moment :\n\n{url}\n"
)
_ENDED = (
    "{secretary} n’agit plus pour {physician} dans la structure {organization}.\n\n"
    "{name} y a mis fin. L’accès s’est fermé aussitôt.\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationEntry:
    secretary_id: UUID
    starts_on: date
    # The last day of it; None: until one of the two ends it.
    last_day: date | None = None


@action
def give_delegation(actor: Actor, *, entry: DelegationEntry) -> Delegation:
    """In the structure the physician works for now. Raises Refused, Invalid, or Conflict when it is given already."""
    if not gives_delegations(actor) or actor.person_id is None or actor.organization_id is None:
        raise Refused("Seul un médecin, un chirurgien-dentiste ou une sage-femme confie son secrétariat.")
    _check_dates(entry)
    if not is_at_work(entry.secretary_id, actor.organization_id, SECRETARIES):
        sentence = "Choisissez une personne du secrétariat de cette structure."
        raise Invalid(sentence, fields={"secretary_id": sentence})
    # Two sendings of one form wait for each other.
    physician = Practitioner.objects.select_for_update().get(pk=actor.person_id)
    known = Delegation.objects.filter(
        physician=physician,
        secretary_id=entry.secretary_id,
        organization_id=actor.organization_id,
        revoked_at=None,
    )
    known.filter(ends_on__lte=timezone.localdate()).update(revoked_at=timezone.now())
    if known.exists():
        raise Conflict("Cette personne agit déjà pour vous : mettez d’abord fin à la délégation en cours.")
    given = Delegation.objects.create(
        physician=physician,
        secretary_id=entry.secretary_id,
        organization_id=actor.organization_id,
        starts_on=entry.starts_on,
        ends_on=entry.last_day + timedelta(days=1) if entry.last_day else None,
    )
    audit.record(actor, DELEGATION_GIVE, about=given, detail={"secretary": str(entry.secretary_id)})
    _tell(given, "given", "Un secrétariat vous concerne", _GIVEN, dates=_dates(entry))
    return given


@action
def end_delegation(actor: Actor, delegation_id: UUID) -> Delegation:
    """At once, by the physician or by the secretary. Raises NotFound for anybody else, Conflict when it is over."""
    ended = access.get(actor, DELEGATION_END, Delegation, delegation_id, lock=True)
    if ended.revoked_at is not None:
        raise Conflict("Cette délégation est déjà terminée.")
    ended.revoked_at, ended.revoked_by_name = timezone.now(), actor.name
    ended.save(update_fields=["revoked_at", "revoked_by_name"])
    audit.record(actor, DELEGATION_END, about=ended)
    _tell(ended, "ended", "Une délégation de secrétariat est terminée", _ENDED, name=actor.name)
    return ended


def _check_dates(entry: DelegationEntry) -> None:
    if entry.starts_on < timezone.localdate():
        sentence = "La délégation commence au plus tôt aujourd’hui."
        raise Invalid(sentence, fields={"starts_on": sentence})
    if entry.last_day is not None and entry.last_day < entry.starts_on:
        sentence = "Le dernier jour précède le premier."
        raise Invalid(sentence, fields={"last_day": sentence})


def _dates(entry: DelegationEntry) -> str:
    if entry.last_day is None:
        return f"à partir du {entry.starts_on:%d/%m/%Y}"
    return f"du {entry.starts_on:%d/%m/%Y} au {entry.last_day:%d/%m/%Y} inclus"


def _tell(delegation: Delegation, what: str, subject: str, body: str, **words: str) -> None:
    physician, secretary = delegation.physician, delegation.secretary
    told = body.format(
        physician=physician.full_name,
        secretary=secretary.full_name,
        organization=delegation.organization.name,
        url=f"{settings.BASE_URL}/delegations/",
        **words,
    )
    accounts = [one.user for one in (physician, secretary) if one.user is not None]
    queue_same_email(
        {f"delegation-{what} {delegation.pk} {user.pk}": user.email for user in accounts},
        subject=subject,
        body=told,
    )

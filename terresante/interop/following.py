"""What was sent of a stay is no more read than the stay: it leaves the circle and comes back with it."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection
from django.db.models import Q

from terresante.documents.enums import ACCOUNT
from terresante.documents.received_actions import keep_with_stay as keep_documents
from terresante.kernel import rls, sql
from terresante.kernel.actor import Actor
from terresante.results.discrete_actions import keep_with_stay as keep_results
from terresante.stays.models import Encounter

_HOLD = """
SELECT pg_advisory_xact_lock(held.key) FROM (
    SELECT DISTINCT visit_key(named.organization, named.visit) AS key
    FROM unnest(%s::uuid[], %s::text[]) AS named (organization, visit) ORDER BY key) AS held
"""


def follow_stay(hospital: Actor, stay: Encounter) -> None:
    """Called in the transaction of the report that took a stay from its circle, or gave it back: what was sent of it
    before goes the same way, whether the stay became secret or was a mistake (`stays`, README, "Secret").
    """
    _keep(hospital, stay.patient_id, stay.visit_number, kept=not stay.is_shown)
    follow_accounts(hospital, [stay])


def follow_accounts(hospital: Actor, stays: Sequence[Encounter]) -> None:
    """What names these stays by their account alone (PID-18). One statement for all of them, where nothing does."""
    named = {(stay.patient_id, name) for stay in stays for name in _account_names(stay)}
    if not named:
        return
    persons, names = {patient_id for patient_id, _ in named}, {name for _, name in named}
    with rls.acting(hospital):
        rls.open_records(persons)
        sent = set(sql.rows("SELECT person, name FROM named_by_account(%s, %s)", list(persons), list(names)))
    for patient_id, name in sorted(named & sent):
        _keep(hospital, patient_id, name, kept=is_kept(hospital, patient_id, name))


def is_kept(hospital: Actor, patient_id: UUID, name: str) -> bool:
    """Whether the stay of that name is kept from the circle: a letter then is too. The stay cannot change meanwhile.

    A visit number names its stay; any other name, the stays of that account. Of several, one that is secret is enough,
    and one that was a mistake is not. The same in SQL, for merges: `is_kept_with_stay`.
    """
    if not name or hospital.organization_id is None:
        return False
    # Held already, but for a correction that does not name its stay again.
    hold_visits([(hospital.organization_id, name)])
    with rls.acting(hospital):
        rls.open_record(patient_id)
        known = (
            Encounter.objects.select_for_update(of=("self",))
            .filter(patient_id=patient_id, organization_id=hospital.organization_id)
            .filter(Q(visit_number=name) | Q(accounts__contains=[name.removeprefix(ACCOUNT)]))
            .order_by("pk")
        )
        found = list(known)
    stays = [stay for stay in found if stay.visit_number == name] or found
    is_secret = any(stay.private_to_id for stay in stays)
    return is_secret or (bool(stays) and not any(stay.is_shown for stay in stays))


def hold_visits(visits: Iterable[tuple[UUID | None, str]]) -> None:
    """Until the end of the transaction, by their structure and name: what writes a stay and what writes of it, by two
    doors in the same instant, go one after the other, and the second sees what the first has written.

    All those of a transaction at once, before its rows, in the order of their keys: no two wait for each other.
    """
    named = [visit for visit in visits if all(visit)]
    if named:
        with connection.cursor() as cursor:
            cursor.execute(_HOLD, [[each[0] for each in named], [each[1] for each in named]])


def _account_names(stay: Encounter) -> set[str]:
    """As a message names an account, and as a document that takes it for its visit does."""
    names = {name for account in stay.accounts for name in (account, f"{ACCOUNT}{account}")}
    return names - {stay.visit_number}


def _keep(hospital: Actor, patient_id: UUID, name: str, *, kept: bool) -> None:
    keep_documents(hospital, patient_id, visit_number=name, kept=kept)
    keep_results(hospital, patient_id, visit_number=name, kept=kept)

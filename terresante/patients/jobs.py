from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.utils import timezone

from terresante.kernel.actor import Actor
from terresante.kernel.jobs import scheduled
from terresante.patients.desk_queries import resembling, sides_of_row
from terresante.patients.link_actions import purge_requests
from terresante.patients.models import PotentialDuplicate

# Longer than the hour between two runs: an identity looked at twice is proposed once.
_BACK = timedelta(hours=2)
_MOST = 20_000


@scheduled("7 * * * *")
def propose_duplicates(actor: Actor) -> None:
    propose_pairs(timezone.now() - _BACK)


@scheduled("41 3 * * *")
def purge_link_requests(actor: Actor) -> None:
    purge_requests()


def propose_pairs(since: datetime) -> int:
    """Compares the identities written since with all the others; returns how many pairs are new. Called by a job."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM identities_changed_since(%s, %s)", [since, _MOST])
        changed = cursor.fetchall()
    found: dict[tuple[UUID, UUID], int] = {}
    for row in changed:
        for one in resembling(sides_of_row(row), apart=row[0]):
            first, second = sorted((row[0], one.patient_id))
            found[first, second] = one.likeness.points
    made = [
        PotentialDuplicate(patient_id=first, other_id=second, points=points)
        for (first, second), points in found.items()
    ]
    before = PotentialDuplicate.objects.count()
    PotentialDuplicate.objects.bulk_create(made, ignore_conflicts=True)
    return PotentialDuplicate.objects.count() - before

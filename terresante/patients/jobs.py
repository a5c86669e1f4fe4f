from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from terresante.kernel import rls, sql
from terresante.kernel.actor import Actor
from terresante.kernel.events import emit
from terresante.kernel.jobs import loop, scheduled
from terresante.patients.desk_actions import confirm_insi, record_insi_call, traits_of
from terresante.patients.desk_queries import resembling, sides_of_row
from terresante.patients.enums import InsiAnswer, InsiOperation
from terresante.patients.events import DuplicatesChanged
from terresante.patients.insi import teleservice
from terresante.patients.link_actions import purge_requests
from terresante.patients.merge_actions import sweep_merges
from terresante.patients.models import Patient, PotentialDuplicate
from terresante.patients.traits import Traits

# Longer than the hour between two runs: an identity looked at twice is proposed once.
_BACK = timedelta(hours=2)
_MOST = 20_000
# Identities asked about again before the loop looks once more at what is due.
_VERIFIED_TOGETHER = 50


@scheduled("7 * * * *")
def propose_duplicates(actor: Actor) -> None:
    if propose_pairs(timezone.now() - _BACK):
        emit(actor, DuplicatesChanged())


@scheduled("41 3 * * *")
def purge_link_requests(actor: Actor) -> None:
    purge_requests()


@scheduled("*/5 * * * *")
def gather_what_came_meanwhile(actor: Actor) -> None:
    sweep_merges()


@loop(idle=3600)
def ask_insi_again() -> int:
    """Every qualified identity, some years after INSi last confirmed it; nothing without a teleservice."""
    return verify_again(timezone.now()) if settings.INSI_URL else 0


def verify_again(now: datetime, *, most: int = _VERIFIED_TOGETHER) -> int:
    """How many were answered. The teleservice is waited for with no transaction open; when it does not answer, the
    rest is left as it is, due at the next run. Denied, the identity loses its matricule and its status with it, and
    the desk sees it among those to look at.
    """
    job = Actor.job("insi")
    due = _due(job, now - timedelta(days=settings.INSI_REVERIFY_DAYS), most)
    for done, (patient_id, asked) in enumerate(due.items()):
        answer = teleservice().verify(asked)
        with rls.acting(job):
            rls.open_record(patient_id)
            record_insi_call(job, patient_id, operation=InsiOperation.VERIFY, answer=answer)
            # Corrected meanwhile: the answer is about who it was.
            if answer is not InsiAnswer.UNAVAILABLE and _still(patient_id, asked):
                confirm_insi(job, patient_id, is_confirmed=answer is InsiAnswer.CONFIRMED)
        if answer is InsiAnswer.UNAVAILABLE:
            return done
    return len(due)


def _due(job: Actor, before: datetime, most: int) -> dict[UUID, Traits]:
    with rls.acting(job, read_only=True):
        keys = [
            row[0] for row in sql.rows("SELECT patient_id FROM identities_to_verify(%s, %s)", before, most)
        ]
        found: dict[UUID, Traits] = {}
        for key in keys:
            rls.open_record(key)
            found[key] = traits_of(Patient.objects.get(pk=key))
        return found


def _still(patient_id: UUID, asked: Traits) -> bool:
    return traits_of(Patient.objects.select_for_update().get(pk=patient_id)) == asked


def propose_pairs(since: datetime) -> int:
    """Compares the identities written since with all the others; returns how many pairs are new. Called by a job."""
    changed = sql.rows("SELECT * FROM identities_changed_since(%s, %s)", since, _MOST)
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

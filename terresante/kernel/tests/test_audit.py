"""No write without its row, in the same transaction; nobody changes what was written."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import ProgrammingError, connection, transaction

from terresante.kernel import access, audit, rls
from terresante.kernel.action import MissingAuditRow, action
from terresante.kernel.actor import Actor
from terresante.kernel.models import AuditEntry
from tests.walls import walls_down

pytestmark = pytest.mark.commits

DEED = access.Action("tests.deed", "Essayer")


@action
def silent(actor: Actor) -> None:
    """Does something and says nothing."""


@action
def told(actor: Actor, *, fails: bool = False) -> None:
    audit.record(actor, DEED)
    if fails:
        raise ZeroDivisionError


def test_an_action_without_a_row_is_refused_and_rolled_back():
    with pytest.raises(MissingAuditRow):
        silent(Actor.job("tests"))


def test_the_row_goes_with_the_write_and_with_its_rollback():
    told(Actor.job("tests"))
    with pytest.raises(ZeroDivisionError):
        told(Actor.job("tests"), fails=True)

    with walls_down():
        assert AuditEntry.objects.filter(action=DEED.code).count() == 1


def test_the_row_says_on_whose_behalf_it_was_done():
    told(replace(Actor.job("tests"), on_behalf_of="Dr Claire Roussel"))

    with walls_down():
        written = AuditEntry.objects.get(action=DEED.code)
    assert written.detail == {audit.FOR: "Dr Claire Roussel"}


@pytest.mark.parametrize(
    "change", ["UPDATE kernel_auditentry SET action = ''", "DELETE FROM kernel_auditentry"]
)
def test_the_application_role_cannot_change_the_trail(change):
    told(Actor.job("tests"))

    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(change)


def test_the_trail_reaches_two_years_ahead():
    assert audit.ensure_partitions() == 24


def test_a_row_beyond_every_month_is_still_kept():
    """The DEFAULT partition: the trail never stops a page because somebody forgot the months."""
    job = Actor.job("tests")
    with rls.acting(job):
        entry = AuditEntry(
            at=datetime(2099, 1, 1, tzinfo=UTC),
            action=DEED.code,
            outcome="done",
            actor_kind=job.kind,
            actor_name=job.name,
            purpose=job.purpose,
            channel=job.channel,
            correlation_id=job.correlation_id,
        )
        AuditEntry.objects.bulk_create([entry])

    with walls_down(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kernel_auditentry_default")
        assert cursor.fetchone() == (1,)


def test_a_trail_is_read_by_its_patient_and_by_who_did_it(cast):
    with rls.acting(cast.amar):
        audit.record(cast.amar, DEED, patient_id=cast.madeleine_record.patient_id)

    def read_by(actor: Actor) -> bool:
        with rls.acting(actor):
            rls.open_record(cast.madeleine_record.patient_id)
            return AuditEntry.objects.filter(action=DEED.code).exists()

    assert [
        name for name in ("amar", "ines", "madeleine", "dpo", "brun", "leon") if read_by(cast.actors[name])
    ] == [
        "amar",
        "ines",
        "madeleine",
        "dpo",
    ]

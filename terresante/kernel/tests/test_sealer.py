"""The chain finds a changed, removed or inserted row, a cut tail, a rewritten chain."""

import json

import psycopg
import pytest
from django.db import connection

from terresante.kernel import audit
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor
from terresante.kernel.sealer import Sealer
from tests.walls import wait_for_older_transactions

pytestmark = pytest.mark.commits

LOOKED = Action("test.look", "Regarder")


@pytest.fixture
def sealer(django_db_blocker, tmp_path):
    parameters = connection.get_connection_params()
    keys = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{key: parameters[key] for key in keys}, autocommit=True) as sealing:
        sealing.execute("SET ROLE terresante_sealer")
        yield Sealer(sealing, tmp_path / "heads.jsonl")


def leave_rows(number):
    for n in range(number):
        audit.record(Actor.job(f"job {n}"), LOOKED)


def sealed(sealer):
    wait_for_older_transactions()
    return sealer.seal()


def tamper(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute(statement, parameters)
        cursor.execute("SET ROLE terresante_app")


def test_batches_chain_and_verify(sealer):
    leave_rows(3)
    first = sealed(sealer)
    leave_rows(2)
    second = sealed(sealer)

    assert (first.entries, second.entries) == (3, 2)
    assert second.from_xid == first.to_xid
    assert sealed(sealer) is None
    assert sealer.verify() == []


def test_a_transaction_still_running_is_left_for_the_next_batch(sealer):
    parameters = connection.get_connection_params()
    keys = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{key: parameters[key] for key in keys}) as slow:
        slow.execute("SELECT pg_current_xact_id()")
        leave_rows(2)
        assert sealer.seal() is None
        slow.rollback()
    assert sealed(sealer).entries == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE kernel_auditentry SET actor_name = 'personne' WHERE actor_name = 'job 1'",
        "DELETE FROM kernel_auditentry WHERE actor_name = 'job 1'",
    ],
)
def test_a_changed_or_removed_row_is_found(sealer, statement):
    leave_rows(3)
    sealed(sealer)

    tamper(statement)

    assert len(sealer.verify()) == 1


def test_an_inserted_row_is_found(sealer):
    leave_rows(3)
    seal = sealed(sealer)

    tamper(
        "INSERT INTO kernel_auditentry (id, at, action, outcome, object_type, actor_kind, actor_name, actor_role,"
        " organization_name, purpose, channel, correlation_id, detail, xid)"
        " SELECT gen_random_uuid(), at, action, outcome, object_type, actor_kind, 'intrus', actor_role,"
        " organization_name, purpose, channel, correlation_id, detail, xid FROM kernel_auditentry LIMIT 1"
    )

    assert sealer.verify() == [f"le maillon {seal.number} scellait 3 lignes, il en reste 4"]


def test_a_cut_tail_is_found_by_the_heads_kept_outside(sealer):
    leave_rows(1)
    sealed(sealer)
    leave_rows(1)
    last = sealed(sealer)

    tamper("DELETE FROM kernel_auditentry WHERE xid >= %s::text::xid8", last.from_xid)
    tamper("DELETE FROM kernel_auditseal WHERE number = %s", last.number)

    assert sealer.verify() == [f"le maillon {last.number}, conservé hors de la base, n’y est plus"]


def test_a_rewritten_chain_is_found_by_the_heads_kept_outside(sealer, tmp_path):
    leave_rows(2)
    first = sealed(sealer)

    tamper("UPDATE kernel_auditentry SET actor_name = 'personne'")
    tamper("DELETE FROM kernel_auditseal")
    forger = Sealer(sealer.connection, tmp_path / "elsewhere.jsonl")
    assert sealed(forger) is not None

    assert sealer.verify() == [f"le maillon {first.number} diffère de sa copie conservée hors de la base"]
    assert json.loads(sealer.heads.read_text())["head"] == first.head


@pytest.mark.parametrize("left", ["", None])
def test_copies_taken_away_are_missed(sealer, left):
    """Bad: without the file, a chain rewritten from its beginning is whole."""
    leave_rows(1)
    sealed(sealer)
    if left is None:
        sealer.heads.unlink()
    else:
        sealer.heads.write_text(left)

    assert sealer.verify() == ["1 maillons sans copie hors de la base, le premier est le 1"]


def test_the_application_can_neither_change_nor_seal(cast):
    leave_rows(1)
    for statement in (
        "UPDATE kernel_auditentry SET actor_name = 'x'",
        "DELETE FROM kernel_auditentry",
        "TRUNCATE kernel_auditentry",
        "INSERT INTO kernel_auditseal VALUES (1, '1', '2', 0, '', '', now())",
    ):
        with pytest.raises(Exception, match="permission denied"), connection.cursor() as cursor:
            cursor.execute(statement)

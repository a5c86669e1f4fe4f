"""The chain finds a changed, removed or inserted row, a cut tail, a rewritten chain."""

from contextlib import contextmanager
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg.conninfo import make_conninfo

from terresante.kernel import audit
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor
from terresante.kernel.sealer import Sealer, _linked
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


_COPIED = """
INSERT INTO kernel_auditentry (id, at, action, outcome, object_type, actor_kind, actor_name, actor_role,
                               organization_name, purpose, channel, correlation_id, detail, xid)
SELECT gen_random_uuid(), at, action, outcome, object_type, actor_kind, %s, actor_role,
       organization_name, purpose, channel, correlation_id, detail, xid FROM kernel_auditentry LIMIT 1
"""


@contextmanager
def as_owner_of_the_trail(sealing):
    """The role that migrates: it may take its own policies away, and change what it likes."""
    tables = ("kernel_auditentry", "kernel_auditseal")
    sealing.execute("RESET ROLE")
    sealing.execute("SET ROLE terresante_owner")
    for table in tables:
        sealing.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    yield
    for table in tables:
        sealing.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    sealing.execute("SET ROLE terresante_sealer")


def rewrite_the_chain(forger):
    previous = None
    for was in forger._all():
        entries, digest = forger._digest(was.from_xid, was.to_xid)
        previous = _linked(previous, was.from_xid, was.to_xid, entries, digest)
        forger.connection.execute(
            "UPDATE kernel_auditseal SET entries = %s, digest = %s, head = %s WHERE number = %s",
            [entries, digest, previous.head, was.number],
        )


@pytest.fixture
def verify(sealer, settings):
    """What `terresante audit verify` prints, finding by finding."""
    settings.AUDIT_HEADS = str(sealer.heads)
    settings.DATABASE_SEALER_URL = make_conninfo(sealer.connection.info.dsn, **_as_sealer())

    def printed() -> list[str]:
        out = StringIO()
        try:
            call_command("audit", "verify", stdout=out)
        except CommandError as error:
            return str(error).split("\n  ")[1:]
        assert out.getvalue() == "La traçabilité est intacte.\n"
        return []

    return printed


def _as_sealer():
    parameters = connection.get_connection_params()
    password = {"password": parameters["password"]} if parameters.get("password") else {}
    return {**password, "options": "-c role=terresante_sealer"}


def test_batches_chain_and_verify(verify, sealer):
    leave_rows(3)
    first = sealed(sealer)
    leave_rows(2)
    second = sealed(sealer)

    assert (first.entries, second.entries) == (3, 2)
    assert second.from_xid == first.to_xid
    assert sealed(sealer) is None
    assert verify() == []


def test_a_transaction_still_running_is_left_for_the_next_batch(sealer):
    parameters = connection.get_connection_params()
    keys = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{key: parameters[key] for key in keys}) as slow:
        slow.execute("SELECT pg_current_xact_id()")
        leave_rows(2)
        assert sealer.seal() is None
        slow.rollback()
    assert sealed(sealer).entries == 2


def test_a_changed_row_is_found(verify, sealer):
    leave_rows(3)
    seal = sealed(sealer)

    tamper("UPDATE kernel_auditentry SET actor_name = 'personne' WHERE actor_name = 'job 1'")

    assert verify() == [f"une ligne scellée par le maillon {seal.number} a été modifiée"]


def test_a_removed_row_is_found(verify, sealer):
    leave_rows(3)
    seal = sealed(sealer)

    tamper("DELETE FROM kernel_auditentry WHERE actor_name = 'job 1'")

    assert verify() == [f"le maillon {seal.number} scellait 3 lignes, il en reste 2"]


def test_an_inserted_row_is_found(verify, sealer):
    leave_rows(3)
    seal = sealed(sealer)

    tamper(_COPIED, "intrus")

    assert verify() == [f"le maillon {seal.number} scellait 3 lignes, il en reste 4"]


def test_a_row_put_in_the_place_of_another_is_found(verify, sealer):
    """The count stays what it was."""
    leave_rows(3)
    seal = sealed(sealer)

    tamper(_COPIED, "intrus")
    tamper("DELETE FROM kernel_auditentry WHERE actor_name = 'job 1'")

    assert verify() == [f"une ligne scellée par le maillon {seal.number} a été modifiée"]


def test_a_cut_tail_is_found(verify, sealer):
    leave_rows(1)
    sealed(sealer)
    leave_rows(1)
    last = sealed(sealer)

    tamper("DELETE FROM kernel_auditentry WHERE xid >= %s::text::xid8", last.from_xid)
    tamper("DELETE FROM kernel_auditseal WHERE number = %s", last.number)

    assert verify() == [f"le maillon {last.number}, conservé hors de la base, n’y est plus"]


def test_a_full_rewrite_by_the_owner_of_the_table_is_found(verify, sealer, tmp_path):
    """Rows, digests and heads agree with one another again: only the heads kept outside remember."""
    leave_rows(2)
    first = sealed(sealer)
    leave_rows(2)
    second = sealed(sealer)

    forger = Sealer(sealer.connection, tmp_path / "elsewhere.jsonl")
    with as_owner_of_the_trail(sealer.connection):
        sealer.connection.execute("UPDATE kernel_auditentry SET actor_name = 'personne'")
        rewrite_the_chain(forger)
    assert list(forger._wrong_links(forger._all())) == list(forger._wrong_rows(forger._all())) == []

    assert verify() == [
        f"le maillon {seal.number} diffère de sa copie conservée hors de la base" for seal in (first, second)
    ]


@pytest.mark.parametrize("left", ["", None])
def test_copies_taken_away_are_missed(verify, sealer, left):
    """Bad: without the file, a chain rewritten from its beginning is whole."""
    leave_rows(1)
    sealed(sealer)
    if left is None:
        sealer.heads.unlink()
    else:
        sealer.heads.write_text(left)

    assert verify() == ["1 maillons sans copie hors de la base, le premier est le 1"]


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

import secrets

import psycopg
import pytest
from psycopg import sql

from config.local.database import prepare
from config.local.failure import Failure
from config.local.testing import test_server

ROLES = """
SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole
FROM pg_roles WHERE rolname LIKE 'terresante%' ORDER BY rolname
"""


@pytest.fixture(scope="module")
def server():
    return test_server()


@pytest.fixture
def name(server):
    chosen = f"prepared_{secrets.token_hex(6)}"
    yield chosen
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(chosen)))


@pytest.fixture
def urls(server, name):
    return prepare(server, name)


def run(url: str, statement: str):
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(statement)
        return found.fetchall() if found.description else []


def test_database_of_another_is_refused_and_left_intact(server, name):
    run(server.url(), f"CREATE DATABASE {name}")
    with pytest.raises(Failure, match=f"« {name} » existe déjà"):
        prepare(server, name)
    assert run(server.url(name), "SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'") == []


def test_preparing_twice_gives_the_same_urls(server, name, urls):
    assert prepare(server, name) == urls


def test_roles_have_no_more_rights_than_said(urls):
    assert run(urls.superuser, ROLES) == [
        # name, login, superuser, bypass of row security, create databases, create roles
        ("terresante_app", True, False, False, False, False),
        ("terresante_definer", False, False, True, False, False),
        ("terresante_owner", True, False, False, False, False),
        ("terresante_sealer", True, False, False, False, False),
    ]


def test_application_cannot_create_a_table(urls):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(urls.app, "CREATE TABLE public.mine (id int)")


def test_application_cannot_become_the_owner(urls):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(urls.app, "SET ROLE terresante_owner")


def test_sealer_sees_no_table_and_calls_no_function_by_default(urls):
    run(urls.owner, "CREATE TABLE note (id int)")
    run(urls.owner, "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    for statement in ("SELECT * FROM note", "SELECT one()"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(urls.sealer, statement)


def test_application_uses_the_tables_that_the_owner_creates(urls):
    run(urls.owner, "CREATE TABLE note (id bigserial PRIMARY KEY, body text)")
    run(urls.app, "INSERT INTO note (body) VALUES ('a')")
    assert run(urls.app, "UPDATE note SET body = 'b' RETURNING id, body") == [(1, "b")]
    run(urls.app, "DELETE FROM note")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(urls.app, "TRUNCATE note")


def test_function_given_to_the_definer_sees_past_the_policies_and_can_be_replaced(urls):
    run(urls.owner, "CREATE TABLE note (id int)")
    run(urls.owner, "INSERT INTO note VALUES (1)")
    run(urls.owner, "ALTER TABLE note ENABLE ROW LEVEL SECURITY")
    run(urls.owner, "ALTER TABLE note FORCE ROW LEVEL SECURITY")
    counting = (
        "CREATE OR REPLACE FUNCTION counted() RETURNS bigint LANGUAGE sql SECURITY DEFINER "
        "SET search_path = pg_catalog, public AS 'SELECT {} * count(*) FROM public.note'"
    )
    run(urls.owner, counting.format(1))
    run(urls.owner, "ALTER FUNCTION counted() OWNER TO terresante_definer")
    run(urls.owner, counting.format(2))
    assert run(urls.app, "SELECT counted(), (SELECT count(*) FROM note)") == [(2, 0)]
    assert run(urls.owner, "SELECT count(*) FROM note") == [(0,)]

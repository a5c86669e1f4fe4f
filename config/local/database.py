"""Roles and database of a private cluster, as deploy/ gives them to an operator."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from config.local.failure import Failure
from config.local.postgres import Server, write_private

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
MARKER = "terresante: private database, created by config.local"
LOGIN_ROLES = ("terresante_owner", "terresante_app", "terresante_sealer")
PREPARATION_LOCK = 7_403_117  # advisory lock: several test runs prepare their database on one server


@dataclass(frozen=True)
class Urls:
    app: str
    owner: str
    sealer: str
    superuser: str

    def environment(self) -> dict[str, str]:
        """What config.settings reads. The superuser is not among it."""
        return {
            "DATABASE_URL": self.app,
            "DATABASE_OWNER_URL": self.owner,
            "DATABASE_SEALER_URL": self.sealer,
        }


def prepare(server: Server, name: str) -> Urls:
    """Create what is missing of the roles and of the database. Raises Failure if the database is not ours."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [PREPARATION_LOCK])
        _prepare_roles(connection, passwords := _kept_passwords(server.state_dir))
        _create_database(connection, name)
        with psycopg.connect(server.url(name), autocommit=True) as inside:
            inside.execute(_statements("database.sql"))
            if server.has_statement_statistics:
                inside.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    owner, app, sealer = (server.url(name, user=role, password=passwords[role]) for role in LOGIN_ROLES)
    return Urls(app=app, owner=owner, sealer=sealer, superuser=server.url(name))


def copy_database(server: Server, source: str, name: str) -> None:
    """A new database of ours with the content of another, to which nobody may be connected; `prepare` then opens it."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        copied = sql.SQL("CREATE DATABASE {} OWNER terresante_owner TEMPLATE {}")
        connection.execute(copied.format(sql.Identifier(name), sql.Identifier(source)))
        _mark(connection, name)


def plan_once(server: Server, name: str) -> None:
    """Whoever connects to it plans what he prepares once, not again for each of its first five values.

    With row policies planning takes longer than running. For databases small enough for any plan to do.
    """
    with psycopg.connect(server.url(), autocommit=True) as connection:
        planned = sql.SQL("ALTER DATABASE {} SET plan_cache_mode = force_generic_plan")
        connection.execute(planned.format(sql.Identifier(name)))


def drop_database(server: Server, name: str) -> None:
    """Whoever is connected to it."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _prepare_roles(connection: psycopg.Connection, passwords: dict[str, str]) -> None:
    connection.execute(_statements("roles.sql"))
    for role, password in passwords.items():
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
        connection.execute(statement)


def _create_database(connection: psycopg.Connection, name: str) -> None:
    found = connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    if found is None:
        owned = sql.SQL("CREATE DATABASE {} OWNER terresante_owner TEMPLATE template0 ENCODING 'UTF8'")
        connection.execute(owned.format(sql.Identifier(name)))
        _mark(connection, name)
    elif found[0] != MARKER:
        raise Failure(
            f"La base « {name} » existe déjà et n’a pas été créée par cette commande : "
            "elle est laissée intacte. Choisissez un autre serveur, ou renommez cette base."
        )


def _mark(connection: psycopg.Connection, name: str) -> None:
    marked = sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(MARKER))
    connection.execute(marked)


def _statements(file: str) -> bytes:
    return (DEPLOY / file).read_bytes()


def _kept_passwords(folder: Path) -> dict[str, str]:
    path = folder / "roles.json"
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    passwords = {role: known.get(role) or secrets.token_urlsafe(24) for role in LOGIN_ROLES}
    if passwords != known:
        write_private(path, json.dumps(passwords))
    return passwords

"""From the staged lines to the directory, set by set, in the caller's transaction.

Each set is first shaped like its target in a table of its own (`directory_pending_…`), then changes what differs, adds
what is new and ends what is gone. A row whose source is local is never touched, nor is a column named in its
`local_fields`: so the same files applied twice change nothing.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

# One load at a time: `pg_advisory_xact_lock` key of the directory.
LOCK = 0x44495245

PRACTITIONER_COLUMNS = (
    "source", "rpps", "adeli", "family_name", "given_name", "title", "profession", "specialty", "specialty_label",
    "search_name", "active", "struck_off_on", "civility",
)  # fmt: skip
FINESS_COLUMNS = (
    "source", "legal_finess", "name", "short_name", "search_name", "kind", "is_psychiatric", "siret", "address",
    "postal_code", "commune_code", "commune_name", "phone", "active", "closed_on",
)  # fmt: skip
PLACE_COLUMNS = (
    "source", "legal_finess", "name", "search_name", "kind", "sector", "siret", "address", "postal_code",
    "commune_code", "commune_name", "phone", "email", "active", "closed_on",
)  # fmt: skip
ROLE_COLUMNS = ("source", "organization_id", "function_label", "phone", "email", "period_end")

PENDING_PRACTITIONERS = """
INSERT INTO directory_pending_practitioner
SELECT DISTINCT ON (a.idnps) a.practitioner_id AS id, 'annuaire' AS source, a.idnps, nullif(a.rpps, '') AS rpps,
       a.adeli, a.family_name, a.given_name, a.title, a.profession,
       coalesce(s.specialty, a.specialty) AS specialty,
       coalesce(s.specialty_label, a.specialty_label) AS specialty_label,
       a.search_name, true AS active, NULL::date AS struck_off_on, a.civility
  FROM directory_staging_activity a
  LEFT JOIN (SELECT DISTINCT ON (idnps) idnps, specialty, specialty_label
               FROM directory_staging_skill WHERE import_id = %(import)s ORDER BY idnps, line) s USING (idnps)
 WHERE a.import_id = %(import)s
 ORDER BY a.idnps, a.specialty = '', a.line
"""
PENDING_FINESS = """
INSERT INTO directory_pending_finess
SELECT organization_id AS id, 'finess' AS source, finess, legal_finess, name, short_name, search_name, kind,
       is_psychiatric, siret, address, postal_code, commune_code, commune_name, phone, is_legal_entity,
       true AS active, NULL::date AS closed_on
  FROM directory_staging_finess WHERE import_id = %(import)s
"""
# A structure of the Annuaire is known by its FINESS, else by its technical identifier.
PENDING_PLACES = """
INSERT INTO directory_pending_place
SELECT DISTINCT ON (key) organization_id AS id, false AS known, 'annuaire' AS source,
       CASE WHEN finess <> '' THEN 'F' || finess ELSE 'A' || annuaire_id END AS key,
       nullif(finess, '') AS finess, nullif(annuaire_id, '') AS annuaire_id, legal_finess,
       organization_name AS name, organization_search_name AS search_name, organization_kind AS kind, sector,
       siret, address, postal_code, commune_code, commune_name, phone, email, line,
       true AS active, NULL::date AS closed_on
  FROM directory_staging_activity
 WHERE import_id = %(import)s AND (finess <> '' OR annuaire_id <> '')
 ORDER BY key, line
"""
RECOGNISE_BY_FINESS = """
UPDATE directory_pending_place p SET id = o.id, known = true FROM directory_organization o WHERE o.finess = p.finess
"""
RECOGNISE_BY_ANNUAIRE_ID = """
UPDATE directory_pending_place p SET id = o.id, known = true
  FROM directory_organization o WHERE NOT p.known AND o.annuaire_id = p.annuaire_id
"""
# Two structures of the file may turn out to be one row: the first line describes it.
PENDING_ANNUAIRE = """
INSERT INTO directory_pending_annuaire
SELECT DISTINCT ON (p.id) p.*
  FROM directory_pending_place p LEFT JOIN directory_organization o ON o.id = p.id
 WHERE o.id IS NULL OR o.source = 'annuaire'
 ORDER BY p.id, p.line
"""
PENDING_ROLES = """
INSERT INTO directory_pending_role
SELECT DISTINCT ON (source_key) a.role_id AS id, 'annuaire' AS source, p.id AS practitioner_id,
       o.id AS organization_id, a.profession, a.function, a.function_label, a.mode, a.phone, a.email,
       md5(concat_ws('|', a.idnps, o.key, a.profession, a.mode, a.function, a.activity_kind, a.sector))
         AS source_key,
       %(today)s::date AS period_start, NULL::date AS period_end
  FROM directory_staging_activity a
  JOIN directory_practitioner p ON p.idnps = a.idnps
  JOIN directory_pending_place o
    ON o.key = CASE WHEN a.finess <> '' THEN 'F' || a.finess ELSE 'A' || a.annuaire_id END
 WHERE a.import_id = %(import)s
 ORDER BY source_key, a.line
"""
PENDING_TABLES = tuple(
    f"directory_pending_{name}" for name in ("practitioner", "finess", "place", "annuaire", "role")
)
STRIKE_OFF = """
UPDATE directory_practitioner t SET active = false, struck_off_on = %(today)s
 WHERE source = 'annuaire' AND active AND NOT 'active' = ANY(local_fields)
   AND NOT EXISTS (SELECT FROM directory_pending_practitioner s WHERE s.idnps = t.idnps)
RETURNING id, user_id
"""
# Every role of a professional struck off, also those entered here.
END_ROLES_OF_STRUCK_OFF = """
UPDATE directory_practitionerrole r SET period_end = greatest(%(today)s, period_start)
  FROM directory_practitioner p
 WHERE p.id = r.practitioner_id AND r.period_end IS NULL AND p.id = ANY(%(ids)s)
"""
END_ROLES = """
UPDATE directory_practitionerrole t SET period_end = greatest(%(today)s, period_start)
 WHERE source = 'annuaire' AND period_end IS NULL AND NOT 'period_end' = ANY(local_fields)
   AND NOT EXISTS (SELECT FROM directory_pending_role s WHERE s.source_key = t.source_key)
"""
# Only the kinds of lines that the files hold: legal entities come in a file of their own.
CLOSE_FINESS = """
UPDATE directory_organization t SET active = false, closed_on = %(today)s
 WHERE source = 'finess' AND active AND NOT 'active' = ANY(local_fields)
   AND (kind = 'legal_entity') IN (SELECT is_legal_entity FROM directory_pending_finess)
   AND NOT EXISTS (SELECT FROM directory_pending_finess s WHERE s.finess = t.finess)
"""
CLOSE_PLACES = """
UPDATE directory_organization t SET active = false, closed_on = %(today)s
 WHERE source = 'annuaire' AND active AND NOT 'active' = ANY(local_fields)
   AND NOT EXISTS (SELECT FROM directory_pending_place s WHERE s.id = t.id)
"""
ATTACH_TO_LEGAL_ENTITY = """
UPDATE directory_organization t SET part_of_id = e.id
  FROM directory_organization e
 WHERE e.finess = t.legal_finess AND e.kind = 'legal_entity' AND t.kind <> 'legal_entity' AND t.source = 'finess'
   AND NOT 'part_of_id' = ANY(t.local_fields) AND t.part_of_id IS DISTINCT FROM e.id
"""
POPULATION = """
SELECT (SELECT count(*) FROM directory_practitioner WHERE source = 'annuaire' AND active),
       (SELECT count(*) FROM directory_organization WHERE source = 'finess' AND active),
       (SELECT count(*) FROM directory_practitionerrole WHERE source = 'annuaire' AND period_end IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Population:
    """What national files had put in the directory, and is still open."""

    practitioners: int
    organizations: int
    roles: int


@dataclass(slots=True)
class Changes:
    practitioners_created: int = 0
    practitioners_changed: int = 0
    practitioners_struck_off: int = 0
    organizations_created: int = 0
    organizations_changed: int = 0
    organizations_closed: int = 0
    practices_created: int = 0
    practices_changed: int = 0
    practices_closed: int = 0
    roles_created: int = 0
    roles_changed: int = 0
    roles_ended: int = 0
    # Practitioners struck off who have an account here.
    struck_off_with_account: list[UUID] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        return {name: value for name, value in asdict(self).items() if isinstance(value, int)}


def population() -> Population:
    with connection.cursor() as cursor:
        cursor.execute(POPULATION)
        return Population(*cursor.fetchone())


def lock() -> None:
    """Held until the end of the transaction; a load of 200,000 lines may outlast the pages' statement timeout."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute("SET LOCAL statement_timeout = 0")


def apply(import_id: UUID, *, today: date) -> Changes:
    """A file without a single right line changes nothing: it strikes nobody off."""
    load = _Load(import_id, today)
    _whole_sets(True)
    if _is_staged("directory_staging_finess", import_id):
        load.finess()
    if _is_staged("directory_staging_activity", import_id):
        load.practitioners()
        load.practices()
        load.roles()
    load.forget()
    _whole_sets(False)
    return load.changes


def _whole_sets(yes: bool) -> None:
    """Whole tables are read: the planner, whose statistics date from empty tables, would else loop row by row."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off" if yes else "SET LOCAL enable_nestloop = on")


def _is_staged(table: str, import_id: UUID) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE import_id = %s)").format(sql.Identifier(table)),
            [import_id],
        )
        return bool(cursor.fetchone()[0])


class _Load:
    def __init__(self, import_id: UUID, today: date) -> None:
        self.changes = Changes()
        self._parameters: dict[str, Any] = {"import": import_id, "today": today}

    def finess(self) -> None:
        self._run(PENDING_FINESS)
        table, changes = "directory_organization", self.changes
        changes.organizations_changed = self._run(
            _change(table, "directory_pending_finess", "finess", FINESS_COLUMNS)
        )
        changes.organizations_created = self._run(
            _add(table, "directory_pending_finess", "finess", ("finess", *FINESS_COLUMNS))
        )
        changes.organizations_closed = self._run(CLOSE_FINESS)
        self._run(ATTACH_TO_LEGAL_ENTITY)

    def practitioners(self) -> None:
        self._run(PENDING_PRACTITIONERS)
        table, changes = "directory_practitioner", self.changes
        pending = "directory_pending_practitioner"
        changes.practitioners_changed = self._run(_change(table, pending, "idnps", PRACTITIONER_COLUMNS))
        changes.practitioners_created = self._run(
            _add(table, pending, "idnps", ("idnps", *PRACTITIONER_COLUMNS))
        )
        with connection.cursor() as cursor:
            cursor.execute(STRIKE_OFF, self._parameters)
            struck_off: list[tuple[UUID, UUID | None]] = cursor.fetchall()
        changes.practitioners_struck_off = len(struck_off)
        changes.struck_off_with_account = [pk for pk, user_id in struck_off if user_id is not None]
        self._parameters["ids"] = [pk for pk, _ in struck_off]

    def practices(self) -> None:
        self._run(PENDING_PLACES)
        self._run(RECOGNISE_BY_FINESS)
        self._run(RECOGNISE_BY_ANNUAIRE_ID)
        self._run(PENDING_ANNUAIRE)
        table, changes = "directory_organization", self.changes
        changes.practices_changed = self._run(
            _change(table, "directory_pending_annuaire", "id", PLACE_COLUMNS)
        )
        changes.practices_created = self._run(
            _add(table, "directory_pending_annuaire", "id", ("finess", "annuaire_id", *PLACE_COLUMNS))
        )
        # Two new structures may have claimed the same identifier: the second is recognised as the first.
        self._run(RECOGNISE_BY_ANNUAIRE_ID)
        changes.practices_closed = self._run(CLOSE_PLACES)

    def roles(self) -> None:
        self._run(PENDING_ROLES)
        table, changes = "directory_practitionerrole", self.changes
        identity = ("source_key", "practitioner_id", "profession", "function", "mode", "period_start")
        changes.roles_changed = self._run(
            _change(table, "directory_pending_role", "source_key", ROLE_COLUMNS)
        )
        changes.roles_created = self._run(
            _add(table, "directory_pending_role", "source_key", (*identity, *ROLE_COLUMNS))
        )
        changes.roles_ended = self._run(END_ROLES) + self._run(END_ROLES_OF_STRUCK_OFF)

    def forget(self) -> None:
        for table in PENDING_TABLES:
            self._run(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))

    def _run(self, statement: str | sql.Composable) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, self._parameters)
            return int(cursor.rowcount)


def _change(table: str, pending: str, key: str, columns: Sequence[str]) -> sql.Composed:
    """Rewrites the rows that differ, and only the columns that nobody corrected here."""
    new = [
        sql.SQL("CASE WHEN {} = ANY(t.local_fields) THEN t.{} ELSE s.{} END").format(
            sql.Literal(name), sql.Identifier(name), sql.Identifier(name)
        )
        for name in columns
    ]
    return sql.SQL(
        "UPDATE {table} t SET ({names}) = ROW({new}) FROM {pending} s"
        " WHERE t.{key} = s.{key} AND t.source <> 'local' AND ROW({old}) IS DISTINCT FROM ROW({new})"
    ).format(
        table=sql.Identifier(table),
        pending=sql.Identifier(pending),
        key=sql.Identifier(key),
        names=sql.SQL(", ").join(map(sql.Identifier, columns)),
        old=sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name in columns),
        new=sql.SQL(", ").join(new),
    )


# NOT NULL columns that the published files say nothing of: Django keeps no default in the database.
UNSAID = {
    "directory_organization": {"short_name": "''", "sector": "''", "email": "''", "is_psychiatric": "false"},
    "directory_practitioner": {"email": "''", "mssante_email": "''", "phone": "''"},
    "directory_practitionerrole": {"duties": "'{}'"},
}


def _add(table: str, pending: str, key: str, columns: Sequence[str]) -> sql.Composed:
    unsaid = {name: value for name, value in UNSAID[table].items() if name not in columns}
    names = ("id", *columns, "local_fields", *unsaid)
    values: list[sql.Composable] = [sql.SQL("s.{}").format(sql.Identifier(name)) for name in ("id", *columns)]
    values += [sql.SQL(value) for value in ("'{}'", *unsaid.values())]
    return sql.SQL(
        "INSERT INTO {table} ({names}) SELECT {values} FROM {pending} s"
        " WHERE NOT EXISTS (SELECT FROM {table} t WHERE t.{key} = s.{key}) ON CONFLICT DO NOTHING"
    ).format(
        table=sql.Identifier(table),
        pending=sql.Identifier(pending),
        key=sql.Identifier(key),
        names=sql.SQL(", ").join(map(sql.Identifier, names)),
        values=sql.SQL(", ").join(values),
    )

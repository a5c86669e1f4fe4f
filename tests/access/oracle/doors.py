"""Each door is asked what it lets through; what differs from the model is told in a sentence."""

from collections.abc import Generator, Iterator
from http import HTTPStatus
from random import Random
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse

from terresante.care_team.access import (
    ACCESS_LOG_READ,
    CIRCLE_EDIT,
    CIRCLE_READ,
    CONSENT_EDIT,
    RECORD_READ,
    RECORD_SHARE,
)
from terresante.care_team.enums import DataClass
from terresante.care_team.models import CareTeamParticipant
from terresante.kernel import access, ports, rls, slots
from terresante.kernel.actor import Actor
from terresante.kernel.errors import NotFound, Refused
from terresante.kernel.events import Event
from terresante.patients.models import CareRecord, Patient
from tests.access.oracle import model
from tests.access.oracle.build import Built, marker
from tests.access.oracle.model import Reader
from tests.access.oracle.rows import ROWS
from tests.walls import walls_down

_PEOPLE_AT_PAGES = 2


def differences(built: Built, chance: Random) -> Generator[str, None, None]:
    yield from built.surprises
    yield from _who_is_there(built)
    limits = _rows_of_walled_tables(built)
    for reader, actor in built.actors.items():
        if actor is None:
            continue
        for patient in range(built.world.patients):
            yield from (
                f"{reader} at patient {patient}: {found}"
                for found in _ask(built, reader, actor, patient, limits)
            )
        yield from (f"{reader}: {found}" for found in _one_by_one(built, reader, actor, chance))
    yield from _live(built)
    yield from _pages(built, chance)


def _who_is_there(built: Built) -> Iterator[str]:
    for reader, actor in built.actors.items():
        if (actor is not None) != model.works(built.world, reader):
            yield f"{reader} stands at the door: {actor is not None}"


def _ask(built: Built, reader: Reader, actor: Actor, patient: int, limits: dict) -> Iterator[str]:
    world, record = built.world, built.records[patient]
    expected = model.basis(world, reader, patient)
    with rls.acting(actor, read_only=True):
        yield from _sql(built, reader, limits, opened=None)
        basis = rls.open_record(record.patient_id)
        if basis != expected:
            yield f"open_record says {basis!r}, expected {expected!r}"
            return
        opened = patient if basis else None
        yield from _sql(built, reader, limits, opened=opened)
        yield from _lists(built, reader, actor, patient)
        yield from _counters(built, reader, actor, patient)
        with walls_down():
            yield from (f"without the policies, {found}" for found in _lists(built, reader, actor, patient))


def _sql(built: Built, reader: Reader, limits: dict, *, opened: int | None) -> Iterator[str]:
    """Plain SQL under the application role, against the part of the rules that the database holds."""
    world, moment = built.world, "before opening" if opened is None else "once open"
    reached = {
        patient
        for patient in range(world.patients)
        if patient == opened or model.reaches_unopened(world, reader, patient)
    }
    seen = _visible(list(limits), [record.patient_id for record in built.records])
    for table, rows in limits.items():
        expected = {
            key
            for key, row in rows.items()
            if row.patient in reached and model.within_limits(world, reader, row)
        }
        if seen[table] != expected:
            yield f"plain SQL on {table} {moment}: {len(seen[table])} rows, expected {len(expected)}"
    periods = {
        key
        for key, period in built.periods.items()
        if model.sees_period(world, reader, period, built.bringers[key], opened)
    }
    found = _visible(["care_team_careteamparticipant"], [record.patient_id for record in built.records])
    if found["care_team_careteamparticipant"] != periods:
        yield f"plain SQL on periods {moment}: {len(found['care_team_careteamparticipant'])}, expected {len(periods)}"


def _visible(tables: list[str], patients: list[UUID]) -> dict[str, set[UUID]]:
    parts = [
        f"SELECT '{table}', id FROM \"{table}\" WHERE {_key(table)} = ANY (%(patients)s)" for table in tables
    ]
    seen: dict[str, set[UUID]] = {table: set() for table in tables}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), {"patients": patients})
        for table, key in cursor.fetchall():
            seen[table].add(key)
    return seen


def _key(table: str) -> str:
    return "id" if table == "patients_patient" else "patient_id"


def walled_tables() -> list[str]:
    """Every table under the common policy, found in the catalogue: a new one is asked from its first day."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tablename FROM pg_policies WHERE policyname = 'reads'"
            " AND qual LIKE '%%care_team_careteamparticipant%%' AND qual LIKE '%%care_team_emergencyaccess%%'"
            " ORDER BY 1",
            [],
        )
        return [row[0] for row in cursor.fetchall()]


def _rows_of_walled_tables(built: Built) -> dict[str, dict[UUID, model.Writes]]:
    """What is really there, each row with the limits its own columns say."""
    patients = {record.patient_id: number for number, record in enumerate(built.records)}
    found: dict[str, dict[UUID, model.Writes]] = {}
    with walls_down(), connection.cursor() as cursor:
        for table in walled_tables():
            columns = {
                column.name for column in connection.introspection.get_table_description(cursor, table)
            }
            asked = ", ".join(
                name if name in columns else missing for name, missing in _LIMIT_COLUMNS.items()
            )
            cursor.execute(
                f'SELECT id, {_key(table)}, {asked} FROM "{table}" WHERE {_key(table)} = ANY (%s)',
                [list(patients)],
            )
            found[table] = {
                key: _limited(built, patients[patient], *limits)
                for key, patient, *limits in cursor.fetchall()
            }
    return found


# What stands for a column that a table has not.
_LIMIT_COLUMNS = {
    "private_to_id": "NULL::uuid",
    "hidden_from_patient": "false",
    "private_to_person_id": "NULL::uuid",
    "sector": "''",
    "restricted_to_id": "NULL::uuid",
}


def _limited(
    built: Built,
    patient: int,
    private: UUID | None,
    hidden: bool,
    person: UUID | None,
    sector: str,
    to: UUID | None,
) -> model.Writes:
    structures = {structure.pk: number for number, structure in enumerate(built.structures)}
    people = {who.pk: number for number, who in enumerate(built.people)}
    return model.Writes(
        0,
        patient,
        "",
        None if private is None else structures[private],
        hidden,
        None if person is None else people[person],
        sector,
        None if to is None else structures[to],
    )


def _lists(built: Built, reader: Reader, actor: Actor, patient: int) -> Iterator[str]:
    """access.list, model by model, in a record that may be open."""
    world, record = built.world, built.records[patient]
    reaches = model.basis(world, reader, patient) != ""
    edits = model.edits_circle(world, reader, patient)
    for action, expected in (
        (RECORD_READ, reaches),
        (CIRCLE_EDIT, edits),
        (CONSENT_EDIT, edits),
        (RECORD_SHARE, edits),
        (ACCESS_LOG_READ, model.reads_log(world, reader, patient)),
    ):
        if access.list(actor, action, CareRecord).filter(pk=record.pk).exists() != expected:
            yield f"{action.code} on the record, expected {expected}"
    if access.list(actor, RECORD_READ, Patient).filter(pk=record.patient_id).exists() != reaches:
        yield f"the identity, expected {reaches}"
    circle = reaches and model.reads_class(world, reader, model.CIRCLE)
    known = [
        key
        for key, period in built.periods.items()
        if period.patient == patient and model.knows_of(world, reader, period, built.bringers[key])
    ]
    periods = len(known) if circle else 0
    if (
        access.list(actor, CIRCLE_READ, CareTeamParticipant).filter(patient_id=record.patient_id).count()
        != periods
    ):
        yield f"the circle, expected {periods} periods"
    for label in ROWS:
        expected_rows = {
            built.rows[label, row.row]
            for row in model.rows(world)
            if row.patient == patient and (label, row.row) in built.rows and model.reads(world, reader, row)
        }
        listed = _reading_rule(label)
        seen = set(listed(actor).filter(patient_id=record.patient_id).values_list("pk", flat=True))
        if seen != expected_rows:
            yield f"the list of {label}: {len(seen)} rows, expected {len(expected_rows)}"


def _counters(built: Built, reader: Reader, actor: Actor, patient: int) -> Iterator[str]:
    """A number tells too. Each row was told as a note by nobody in particular, and nobody has read anything."""
    readable = [
        row
        for row in model.rows(built.world)
        if row.patient == patient and model.reads(built.world, reader, row)
    ]
    for tab, counter in slots.counters.items():
        counted = counter(actor, built.records[patient].patient_id) if actor.user_id else 0
        expected = len(readable) if tab == "notes" and actor.user_id else 0
        if counted != expected:
            yield f"the tab {tab} counts {counted}, {expected} may be read"


def _reading_rule(label: str):
    """The rule that says who knows of the rows of this model, found among those declared."""
    wanted = apps.get_model(label)
    codes = [
        action
        for action, ruled in access.declared_rules()
        if ruled is wanted and action.code.endswith(".read")
    ]
    return lambda actor: access.list(actor, codes[0], wanted)


def _one_by_one(built: Built, reader: Reader, actor: Actor, chance: Random) -> Iterator[str]:
    """access.get by a forged key: the object answers as the list does, and says nothing more."""
    rows = model.rows(built.world)
    for row in chance.sample(rows, min(2, len(rows))):
        for label in {label for label in ROWS if (label, row.row) in built.rows}:
            wanted = apps.get_model(label)
            rule = next(
                a for a, ruled in access.declared_rules() if ruled is wanted and a.code.endswith(".read")
            )
            expected = model.reads(built.world, reader, row)
            with rls.acting(actor, read_only=True):
                rls.open_record(built.records[row.patient].patient_id)
                try:
                    access.get(actor, rule, wanted, built.rows[label, row.row])
                    got = "read"
                except NotFound:
                    got = "not found"
                except Refused:
                    got = "refused"
            if got != ("read" if expected else "not found"):
                yield f"{label} {row.row} by its key: {got}, expected {expected}"


def _live(built: Built) -> Iterator[str]:
    """One event per row: who is told of it, all being connected at once, then each alone."""
    connected = {reader: actor for reader, actor in built.actors.items() if actor and actor.user_id}
    for row in model.rows(built.world):
        event = Event(
            patient_id=built.records[row.patient].patient_id,
            private_to_id=None if row.private_to is None else built.structures[row.private_to].pk,
            private_to_person_id=None if row.private_to_who is None else built.people[row.private_to_who].pk,
            hidden_from_patient=row.hidden,
            data_class=DataClass(row.data_class),
            sector=row.sector,
            restricted_to_id=None if row.restricted_to is None else built.structures[row.restricted_to].pk,
        )
        with rls.acting(Actor.job("live"), read_only=True):
            for reader, actor in connected.items():
                told = bool(ports.live_readers([event], [actor])[0])
                if told != model.reads(built.world, reader, row):
                    yield f"{reader} is told live of row {row.row}: {told}"
            together = ports.live_readers([event], list(connected.values()))[0]
        expected = {
            actor.correlation_id
            for reader, actor in connected.items()
            if model.reads(built.world, reader, row)
        }
        if together != expected:
            yield f"row {row.row} is told to {len(together)} streams, expected {len(expected)}"


def _pages(built: Built, chance: Random) -> Iterator[str]:
    """What stands in the pages of a few persons, as they come to their browser: the word of each row, or not."""
    people = [reader for reader, actor in built.actors.items() if actor and reader in built.users]
    for reader in chance.sample(people, min(_PEOPLE_AT_PAGES, len(people))):
        user, role_id = built.users[reader]
        client = Client()
        client.force_login(user)
        if role_id is not None:
            session = client.session
            session[ports.SITUATION_KEY] = str(role_id)
            session.save()
        for patient in range(built.world.patients):
            yield from _in_pages(built, client, reader, patient)


def _in_pages(built: Built, client: Client, reader: Reader, patient: int) -> Iterator[str]:
    rows = [row for row in model.rows(built.world) if row.patient == patient]
    may = {row.row for row in rows if model.reads(built.world, reader, row)}
    for view in ("notes:list", "stays:list", "overview:record", "overview:timeline"):
        answer = client.get(reverse(view, args=[built.records[patient].pk]))
        text = answer.content.decode()
        shown = {row.row for row in rows if any(marker(row.row, label) in text for label in ROWS)}
        if not shown <= may:
            yield f"{reader} reads {shown - may} of patient {patient} in {view}"
        if view == "notes:list" and answer.status_code == HTTPStatus.OK:
            notes = {row.row for row in rows if ("notes.Note", row.row) in built.rows} & may
            if shown != notes:
                yield f"{reader} does not read {notes - shown} of patient {patient} in {view}"
        if (model.basis(built.world, reader, patient) == "") != (answer.status_code == HTTPStatus.NOT_FOUND):
            yield f"{reader} is answered {answer.status_code} by {view} of patient {patient}"

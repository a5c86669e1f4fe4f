"""Plain SQL under the application role, against the part of the rules that the database holds (wall 2)."""

from collections.abc import Iterator
from uuid import UUID

from django.db import connection

from tests.access.oracle import model
from tests.access.oracle.build import Built
from tests.access.oracle.decisions import Compared, Door, each
from tests.access.oracle.model import Reader
from tests.walls import walls_down

Rows = dict[str, dict[UUID, model.Writes]]
_PERIODS, _GIVEN = "care_team_careteamparticipant", "patients_delegation"


def plain_sql(built: Built, reader: Reader, rows: Rows, *, opened: int | None) -> Iterator[Compared]:
    world = built.world
    reached = {
        patient
        for patient in range(world.patients)
        if patient == opened or model.reaches_unopened(world, reader, patient)
    }
    moment = "before opening" if opened is None else f"once patient {opened} is open"
    seen = _visible([*rows, _PERIODS, _GIVEN], [record.patient_id for record in built.records])
    for table, there in rows.items():
        expected = {
            key
            for key, row in there.items()
            if row.patient in reached
            and model.within_limits(world, reader, row)
            and (table not in _OF_PROFESSIONALS or reader.kind in ("professional", "job"))
            and (table not in _OF_NO_RELATIVE or reader.kind != "representative")
        }
        yield each(Door.SQL, seen[table], expected, len(there), f"{reader}: plain SQL on {table} {moment}")
    periods = {
        key
        for key, period in built.periods.items()
        if model.sees_period(world, reader, period, built.bringers[key], opened)
    }
    said = f"{reader}: plain SQL on periods {moment}"
    yield each(Door.SQL, seen[_PERIODS], periods, len(built.periods), said)
    own = {key for key, given in built.given.items() if _sees_delegation(reader, given, reached)}
    yield each(Door.SQL, seen[_GIVEN], own, len(built.given), f"{reader}: plain SQL on delegations {moment}")


def _sees_delegation(reader: Reader, given: tuple[int, int, bool], reached: set[int]) -> bool:
    """Those of the records one reaches; and his own, whomever they are for, even over."""
    relative, patient, is_his = given
    mine = reader.kind == "representative" and reader.who == relative and is_his
    return patient in reached or mine


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
            " AND qual LIKE '%%reaches_patient(%%' ORDER BY 1",
            [],
        )
        found = [row[0] for row in cursor.fetchall() if row[0] != _GIVEN]
    assert found, "no table says that it is under the common policy"
    return found


def rows_of_walled_tables(built: Built) -> Rows:
    """What is really there, each row with the limits its own columns say, or those of the row that it follows."""
    patients = {record.patient_id: number for number, record in enumerate(built.records)}
    found: Rows = {}
    with walls_down(), connection.cursor() as cursor:
        for table in walled_tables():
            limited, way = _FOLLOWED.get(table, (table, "id"))
            columns = {
                column.name for column in connection.introspection.get_table_description(cursor, limited)
            }
            asked = ", ".join(
                f"limited.{name}" if name in columns else missing for name, missing in _LIMIT_COLUMNS.items()
            )
            cursor.execute(
                f'SELECT own.id, own.{_key(table)}, {asked} FROM "{table}" AS own'
                f' JOIN "{limited}" AS limited ON limited.id = own.{way} WHERE own.{_key(table)} = ANY (%s)',
                [list(patients)],
            )
            found[table] = {
                key: _limited(built, patients[patient], *limits)
                for key, patient, *limits in cursor.fetchall()
            }
    return found


# Rows read by who reads another: its table, and the column that leads to it.
_FOLLOWED = {
    "notes_notemedia": ("notes_note", "note_id"),
    "notes_noteversion": ("notes_note", "note_id"),
    "results_labobservation": ("results_diagnosticreport", "report_id"),
    "health_record_offeredline": ("documents_documentreference", "document_id"),
    "care_plans_pathwaychange": ("care_plans_inclusion", "inclusion_id"),
    "care_plans_billablesequence": ("care_plans_inclusion", "inclusion_id"),
    "telemonitoring_alert": ("telemonitoring_followup", "follow_up_id"),
    "telemonitoring_answerlink": ("telemonitoring_followup", "follow_up_id"),
    "telemonitoring_call": ("telemonitoring_followup", "follow_up_id"),
    "telemonitoring_contact": ("telemonitoring_followup", "follow_up_id"),
    "telemonitoring_expected": ("telemonitoring_followup", "follow_up_id"),
    "telemonitoring_thresholdchange": ("telemonitoring_followup", "follow_up_id"),
}
# What a cell does about somebody, whom it shows nothing of it; nor to the software of a hospital.
_OF_PROFESSIONALS = {
    "telemonitoring_alert",
    "telemonitoring_answerlink",
    "telemonitoring_call",
    "telemonitoring_thresholdchange",
}
# Whom somebody met is told to nobody who acts for her: he may be one of them.
_OF_NO_RELATIVE = {"telemonitoring_contact"}
# What stands for a column that a table has not.
_LIMIT_COLUMNS = {
    "private_to_id": "NULL::uuid",
    "hidden_from_patient": "false",
    "hidden_from_representative": "false",
    "private_to_person_id": "NULL::uuid",
    "sector": "''",
    "restricted_to_id": "NULL::uuid",
}


def _limited(
    built: Built,
    patient: int,
    private: UUID | None,
    hidden: bool,
    unshown: bool,
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
        unshown,
        None if person is None else people[person],
        sector,
        None if to is None else structures[to],
    )

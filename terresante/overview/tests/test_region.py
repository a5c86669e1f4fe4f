"""What is found of a region costs what was looked for, however many the others are."""

import pytest
from django.db import connection
from django.db.models.functions import Now

from terresante.care_team.models import CareTeamParticipant
from terresante.directory.models import Practitioner
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.patients.models import CareRecord, Patient
from tests.walls import counted, walls_down

pytestmark = pytest.mark.commits
# Of so many colleagues, each of whom follows as many as I do.
MINE, COLLEAGUES = 25, 480
COPIED = """
INSERT INTO {table} ({columns}) SELECT {columns}
FROM (SELECT (jsonb_populate_record(one, jsonb_build_object({values}))).*
      FROM {table} AS one, generate_series(1, {number}) AS number WHERE one.id = %s) AS made
"""


def key(name, number="number"):
    return f"md5('{name}' || {number})::uuid"


def copied(row, number, **values):
    """So many more of this row, each with values of its own, in SQL."""
    said = COPIED.format(
        table=row._meta.db_table,
        columns=", ".join(field.column for field in row._meta.concrete_fields if not field.generated),
        values=", ".join(f"'{name}', {value}" for name, value in values.items()),
        number=number,
    )
    with connection.cursor() as cursor:
        cursor.execute(said, [row.pk])


def followed(member, number, *, name, by):
    """So many more in the circle of who `by` says, as `member` is, called `name` and a number."""
    patient, record = key(f"patient {name}"), key(f"record {name}")
    copied(member.patient, number, id=patient, match_birth_name=f"'{name}' || number")
    copied(member.record, number, id=record, patient_id=patient)
    copied(
        member,
        number,
        id=key(f"period {name}"),
        patient_id=patient,
        record_id=record,
        practitioner_id=by,
    )


def blocks(actor, question):
    """Of 8 kB, those that PostgreSQL looks at to answer it, once it knows the function."""
    with rls.acting(actor, read_only=True), connection.cursor() as cursor:
        cursor.execute(question)
        assert len(cursor.fetchall()) >= 1
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {question}")
        plan = cursor.fetchone()[0][0]["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def test_my_own_are_found_without_looking_at_the_region(cast):
    """Bad: walk the names of everybody until twenty of mine were met. Theirs come first."""
    with walls_down():
        member = CareTeamParticipant.objects.get(member_id=cast.brun.person_id)
        colleague = key("colleague", f"mod(number, {COLLEAGUES})")
        brun = Practitioner.objects.get(pk=cast.brun.person_id)
        copied(brun, COLLEAGUES, id=colleague, user_id="NULL")
        followed(member, MINE * COLLEAGUES, name="ABEL", by=colleague)
        followed(member, MINE, name="ZOLA", by=f"'{cast.amar.person_id}'")
        assert CareRecord.objects.count() == MINE * (COLLEAGUES + 1) + 2
    counted(Patient, CareTeamParticipant)

    # Each of mine is three blocks of an index and its row; to look at twelve thousand others would be two hundred.
    assert blocks(cast.amar, "SELECT my_followed_keys(100)") <= MINE
    assert blocks(cast.amar, "SELECT my_patient_keys(0, 20)") <= 5 * MINE


def test_what_has_just_ended_is_found_without_looking_at_what_has_not(cast):
    """Asked every few seconds: bad to go through every period of a region."""
    with walls_down():
        member = CareTeamParticipant.objects.get(member_id=cast.brun.person_id)
        # Of nobody else's: what is left of these rows would be in the way of who looks for his own.
        copied(Practitioner.objects.get(pk=cast.brun.person_id), 1, id=key("another"), user_id="NULL")
        another = key("another", "1")
        followed(member, MINE * COLLEAGUES, name="ABEL", by=another)
        later = "UPDATE care_team_careteamparticipant SET expires_at = now() + interval '1 year', reads_until = now()"
        with connection.cursor() as cursor:
            cursor.execute(f"{later} + interval '1 year' WHERE practitioner_id = {another}")
        CareTeamParticipant.objects.filter(pk=member.pk).update(expires_at=Now())
    counted(CareTeamParticipant)

    question = "SELECT object FROM ended_accesses(now() - interval '1 minute', now())"
    assert blocks(Actor.job("endings"), question) <= MINE

import pytest
from django.db import connection

from terresante.kernel.diagnosis import examine

pytestmark = pytest.mark.commits


def findings():
    return {answer.question.asks: answer.findings for answer in examine() if answer.findings}


def as_superuser(*statements):
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET ROLE terresante_app")


def test_a_fresh_deployment_is_sound():
    assert findings() == {}


@pytest.mark.parametrize(
    ("damage", "repair", "words"),
    [
        (
            "ALTER TABLE patients_carerecord NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE patients_carerecord FORCE ROW LEVEL SECURITY",
            "patients_carerecord",
        ),
        (
            "ALTER FUNCTION open_record(uuid) RESET search_path",
            "ALTER FUNCTION open_record(uuid) SET search_path = public, pg_temp",
            "open_record",
        ),
        (
            "INSERT INTO kernel_outboundmessage VALUES"
            " (gen_random_uuid(), 'a@b.fr', '', '', 'abandoned', 12, now(), now(), 'k')",
            "DELETE FROM kernel_outboundmessage",
            "1 courriels",
        ),
        (
            "INSERT INTO kernel_outboxevent (id, kind, payload, correlation_id, created_at)"
            " VALUES (gen_random_uuid(), 'X', '{}', gen_random_uuid(), now() - interval '1 hour')",
            "DELETE FROM kernel_outboxevent",
            "1 événements attendent",
        ),
    ],
)
def test_each_damage_is_named(damage, repair, words):
    as_superuser(damage)
    try:
        told = findings()
    finally:
        as_superuser(repair)

    assert len(told) == 1
    assert words in next(iter(told.values()))[0]

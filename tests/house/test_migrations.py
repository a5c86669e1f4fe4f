"""A migration never makes the platform wait: what checks every row of a table does it without a lock on it.

`ADD CONSTRAINT` reads the whole table while nobody may write in it. `NOT VALID` adds it at once, for what is written
from then on; `VALIDATE`, in a migration of its own (the lock of the first lasts as long as its transaction), reads the
rest while everybody goes on.

And the release that still runs goes on: a column added to a table that exists may be empty, or the database fills it.

Good: 0024, `AddConstraintNotValid("patient", CheckConstraint(…))`; 0025, `ValidateConstraint("patient", name)`.
Bad: `AddConstraint("patient", CheckConstraint(…))`; the two of the good example in one migration.
"""

import ast
import re

import pytest
from django.db import connection

from tests.house.tree import app_of, parsed, short, sources

MIGRATIONS = sorted(path for path in sources(migrations=True) if path.parent.name == "migrations")
# Written before the rule; one that has run is never edited.
BEFORE_THE_RULE = {
    "care_plans/0004_plans_of_documents",
    "care_team/0005_emergency_lasts_four_hours",
    "care_team/0011_choices",
    "care_team/0017_emergency_review",
    "documents/0003_received",
    "documents/0004_own_documents",
    "documents/0008_received_types",
    "documents/0009_of_a_stay",
    "feed/0003_marks_go_with_their_fact",
    "health_record/0003_offered",
    "health_record/0006_declarations",
    "patients/0010_kept_records",
    "results/0003_earlier",
    "results/0004_of_a_stay",
}
# Columns of these come without a default of the database: a release that does not know them cannot add a row.
BEFORE_THE_RULE_OF_COLUMNS = {
    "accounts/0003_sessions_and_devices",
    "accounts/0008_federation",
    "directory/0008_civility",
    "documents/0003_received",
    "interop/0005_declared_messages",
    "interop/0016_flows",
    "interop/0017_return_address",
    "interop/0023_robot_runs",
    "notifications/0007_choices",
    "patients/0023_death_without_date",
    "results/0005_orders_apart",
    "stays/0003_historic_movement",
    "telemonitoring/0004_alerts",
    "telemonitoring/0014_places",
    "telemonitoring/0016_later_anchors",
    "telemonitoring/0019_pauses",
    "telemonitoring/0020_outside",
}
_CHECKED_AT_ONCE = re.compile(
    r"ADD\s+CONSTRAINT\s+\S+\s+(?:CHECK|FOREIGN\s+KEY)(?:(?!NOT\s+VALID)[^;])*(?:;|$)", re.IGNORECASE
)


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name
    ]


def said(call: ast.Call, name: str) -> str:
    """A keyword of an operation, as written."""
    return next((ast.unparse(word.value) for word in call.keywords if word.arg == name), "").strip("'")


def checks_a_table_under_a_lock(tree: ast.Module) -> bool:
    made = {said(call, "name").lower() for call in calls(tree, "CreateModel")}
    added = [
        call
        for call in calls(tree, "AddConstraint")
        if "CheckConstraint" in said(call, "constraint") and said(call, "model_name").lower() not in made
    ]
    # A column that comes empty refers to nobody; one that comes filled is looked up, row by row.
    filled = [
        call
        for call in calls(tree, "AddField")
        if re.search(r"ForeignKey\(.*\bdefault=", said(call, "field"))
        and said(call, "model_name").lower() not in made
    ]
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return bool(added or filled or any(_CHECKED_AT_ONCE.search(text) for text in texts))


@pytest.mark.parametrize("path", MIGRATIONS, ids=short)
def test_a_constraint_on_a_table_that_exists_is_added_without_reading_it(path):
    is_old = f"{app_of(path)}/{path.stem}" in BEFORE_THE_RULE

    assert checks_a_table_under_a_lock(parsed(path)) == is_old, (
        "AddConstraintNotValid, then ValidateConstraint"
    )


@pytest.mark.parametrize("path", MIGRATIONS, ids=short)
def test_it_is_validated_by_a_migration_of_its_own(path):
    """The lock under which it is added lasts as long as its transaction."""
    tree = parsed(path)
    both = calls(tree, "AddConstraintNotValid") and calls(tree, "ValidateConstraint")

    assert not both


def stops_the_release_before(tree: ast.Module) -> bool:
    """A column that must be filled and not by the database: the release that still runs does not know it."""
    made = {said(call, "name").lower() for call in calls(tree, "CreateModel")}
    return any(
        not re.search(r"null=True|db_default=|ManyToManyField", ast.unparse(call))
        for call in calls(tree, "AddField")
        if (said(call, "model_name") or ast.unparse(call.args[0]).strip("'")).lower() not in made
    )


@pytest.mark.parametrize("path", MIGRATIONS, ids=short)
def test_a_column_added_to_a_table_is_filled_by_the_database(path):
    is_old = f"{app_of(path)}/{path.stem}" in BEFORE_THE_RULE_OF_COLUMNS

    assert stops_the_release_before(parsed(path)) == is_old, "db_default=…, or null=True"


@pytest.mark.django_db
def test_every_constraint_is_validated_in_the_end():
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE NOT convalidated")
        assert cursor.fetchall() == []


def test_the_rule_tells_a_good_example_from_the_bad_ones():
    def found(operation):
        return checks_a_table_under_a_lock(ast.parse(operation))

    check = "models.CheckConstraint(condition=x, name='c')"
    assert not found(f"AddConstraintNotValid(model_name='patient', constraint={check})")
    assert not found(f"CreateModel(name='Patient'), AddConstraint(model_name='patient', constraint={check})")
    assert not found("RunSQL('ALTER TABLE a ADD CONSTRAINT c CHECK (x) NOT VALID')")
    assert not found("AddField(model_name='a', name='b', field=models.ForeignKey(null=True, to='c'))")
    assert found(f"AddConstraint(model_name='patient', constraint={check})")
    assert found("RunSQL('ALTER TABLE a ADD CONSTRAINT c FOREIGN KEY (b) REFERENCES d')")
    assert found("AddField(model_name='a', name='b', field=models.ForeignKey(default=1, to='c'))")


def test_the_rule_of_columns_tells_a_good_example_from_the_bad_ones():
    def found(operation):
        return stops_the_release_before(ast.parse(operation))

    assert not found("AddField('a', 'b', models.TextField(db_default=''))")
    assert not found("AddField(model_name='a', name='b', field=models.TextField(null=True))")
    assert not found("CreateModel(name='A'), AddField(model_name='a', name='b', field=models.TextField())")
    assert found("AddField('a', 'b', models.TextField(default=''))")
    assert found("AddField(model_name='a', name='b', field=models.TextField(blank=True, default=''))")

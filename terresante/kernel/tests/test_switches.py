"""A setting changed by an administrator is in force everywhere within a second, and its past is kept."""

import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from terresante.interop.tests.test_kill import environment
from terresante.kernel import rls, switches
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.models import AuditEntry, SwitchChange
from terresante.kernel.switch_changes import change, history
from tests.walls import empty_tables, walls_down

pytestmark = pytest.mark.commits

ROOT = Path(__file__).resolve().parents[3]
WHY = "décidé en comité du 3 mars"
JOB = Actor.job("tests")


@pytest.fixture(autouse=True)
def _tried():
    if "tried" not in {each.code for each in switches.declared()}:
        choices = (("low", "Bas"), ("high", "Haut"))
        switches.declare("tried", label="Essai", help="Pour les tests.", default="low", choices=choices)
    yield
    del switches._declared["tried"]


@pytest.fixture
def administrator(cast):
    return replace(cast.dpo, duties=frozenset({"administrator"}))


def in_force():
    with rls.acting(JOB, read_only=True):
        return switches.value("tried")


def test_without_a_change_the_default_is_in_force():
    assert in_force() == "low" == switches.value("tried")


def test_a_change_is_in_force_and_says_who_when_and_why(administrator):
    change(administrator, "tried", "high", WHY)

    assert in_force() == "high"
    with rls.acting(administrator):
        (row,) = history(administrator, "tried")
    assert (row.value, row.reason, row.by_name) == ("high", WHY, administrator.name)
    assert (row.user_id, row.number) == (administrator.user_id, 1)
    with walls_down():
        told = AuditEntry.objects.get(action="switch.change")
    assert told.detail == {"switch": "tried", "from": "low", "to": "high"}


def test_nobody_but_an_administrator_changes_a_setting_or_reads_its_past(cast, administrator):
    change(administrator, "tried", "high", WHY)
    for actor in (cast.amar, cast.dpo, cast.identito, cast.madeleine):
        with pytest.raises(Refused):
            change(actor, "tried", "low", WHY)
        with rls.acting(actor):
            assert not history(actor).exists()

    assert in_force() == "high"


def test_sql_of_its_own_changes_no_setting(cast, administrator):
    """Who is no administrator adds nothing; nobody, the administrator included, rewrites what was said."""
    change(administrator, "tried", "high", WHY)
    forged = "INSERT INTO kernel_switchchange VALUES (gen_random_uuid(), 99, 'tried', 'low', 'x', now(), NULL, 'x', '')"
    for actor, statement in (
        (cast.amar, forged),
        (administrator, "UPDATE kernel_switchchange SET value = 'low'"),
        (administrator, "DELETE FROM kernel_switchchange"),
        (administrator, "TRUNCATE kernel_switchchange"),
    ):
        with pytest.raises(DatabaseError), rls.acting(actor), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_number_and_the_author_are_the_databases(administrator):
    with rls.acting(administrator):
        SwitchChange.objects.create(
            number=77, code="tried", value="high", reason=WHY, by_name="x", user_id=None
        )
        row = SwitchChange.objects.get()

    assert (row.number, row.user_id) == (1, administrator.user_id)


def test_what_is_unknown_empty_or_unchanged_is_refused(administrator):
    for code, value, why, error in (
        ("unknown", "high", WHY, NotFound),
        ("tried", "middle", WHY, Invalid),
        ("tried", "high", "parce que", Invalid),
        ("tried", "low", WHY, Conflict),
    ):
        with pytest.raises(error):
            change(administrator, code, value, why)

    assert in_force() == "low"


def test_what_was_rolled_back_was_never_in_force(administrator):
    with pytest.raises(ZeroDivisionError), rls.acting(administrator):
        change(administrator, "tried", "high", WHY)
        with rls.acting(JOB):
            assert switches.value("tried") == "high"
        raise ZeroDivisionError

    assert in_force() == "low"


def test_a_value_that_exists_no_more_gives_the_default_back(administrator):
    change(administrator, "tried", "high", WHY)
    switches._declared["tried"] = replace(switches.switch("tried"), choices=(("low", "Bas"),))

    assert in_force() == "low"


def test_what_a_test_gave_holds_in_no_other(administrator):
    """Neither in a transaction, where changes are numbered from one again, nor for the second it is kept outside."""
    change(administrator, "tried", "high", WHY)
    assert in_force() == "high"
    before = switches.version()

    empty_tables()

    assert switches.value("tried") == "low" == in_force()
    assert switches.version() != before


def test_a_page_asks_nothing_more_for_its_settings(administrator):
    change(administrator, "tried", "high", WHY)
    in_force()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        in_force()

    assert [query["sql"] for query in asked if "kernel_switchchange" in query["sql"]] == [
        query["sql"] for query in asked if "set_config" in query["sql"]
    ]


def test_two_changes_at_once_are_numbered_as_they_commit(administrator):
    """The second waits for the first: who has seen the higher number has seen the lower one."""
    numbers, started = [], threading.Event()

    def second():
        started.set()
        numbers.append(change(administrator, "tried", "low", WHY).pk)
        connection.close()

    change(administrator, "tried", "high", WHY)
    with rls.acting(administrator):
        switches.value("tried")
        SwitchChange.objects.create(number=0, code="other", value="1", reason=WHY, by_name="x")
        other = threading.Thread(target=second)
        other.start()
        started.wait()
        time.sleep(0.3)
        assert not numbers
    other.join()

    with rls.acting(JOB):
        assert list(SwitchChange.objects.order_by("number").values_list("code", flat=True)) == [
            "tried",
            "other",
            "tried",
        ]


WATCH = """
import sys, time, django
django.setup()
from terresante.kernel import rls, switches
from terresante.kernel.actor import Actor
switches.declare("tried", label="", help="", default="low")
inside = sys.argv[1] == "inside"
def value():
    if not inside:
        return switches.value("tried")
    with rls.acting(Actor.job("watch"), read_only=True):
        return switches.value("tried")
print(value(), flush=True)
until = time.monotonic() + 20
while value() == "low" and time.monotonic() < until:
    time.sleep(0.02)
print(value(), time.time(), flush=True)
"""


@pytest.mark.parametrize(("where", "seconds"), [("inside", 1), ("outside", 2)])
def test_another_process_follows_within_seconds(administrator, where, seconds):
    """A page of the other process follows at once; what asks outside a transaction, after a second."""
    other = subprocess.Popen(  # noqa: S603 -- our own code
        [sys.executable, "-c", WATCH, where],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    heard = other.stdout
    assert heard is not None
    try:
        assert heard.readline().split() == ["low"]
        change(administrator, "tried", "high", WHY)
        changed = time.time()
        value, at = heard.readline().split()
    finally:
        other.kill()
        other.wait()
        heard.close()

    assert value == "high"
    assert float(at) - changed < seconds

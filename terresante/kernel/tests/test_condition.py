import pytest
from django.db.models import Q

from terresante.kernel.condition import SqlCondition, at
from terresante.kernel.ids import new_id
from terresante.patients.models import CareRecord
from tests.walls import walls_down

_HELD = "{0} = %s AND {1} <> %s AND {0} IS NOT NULL"


@pytest.fixture
def keys(cast):
    return cast.madeleine_record.patient_id, cast.leon_record.patient_id


def told(condition: Q) -> set[object]:
    with walls_down():
        return set(CareRecord.objects.filter(condition).values_list("patient_id", flat=True))


def test_values_stand_where_the_condition_puts_them(keys):
    madeleine, leon = keys
    held = Q(SqlCondition(_HELD, "patient_id", "pk", values=(madeleine, new_id())))

    assert told(held) == {madeleine}
    assert told(held & Q(patient_id=leon)) == set()


def test_of_one_key_the_condition_is_the_same_and_asks_nothing_of_the_rows(keys):
    madeleine, leon = keys
    held = Q(SqlCondition("{0} = %s", "patient_id", values=(madeleine,)))

    for key in keys:
        assert told(at(held, "patient_id", key) & Q(patient_id=key)) == told(held & Q(patient_id=key))
    # Of the key alone: every row, or none.
    assert told(at(held, "patient_id", madeleine)) > {madeleine, leon} - {leon}
    assert told(at(held, "patient_id", leon)) == set()


def test_what_is_inside_and_what_is_denied_is_of_that_key_too(keys):
    madeleine, leon = keys
    inside = ~(Q(pk=new_id()) | Q(SqlCondition("{0} = %s", "patient_id", values=(madeleine,))))

    assert told(at(inside, "patient_id", leon)) >= set(keys)
    assert told(at(inside, "patient_id", madeleine)) == set()


def test_another_column_is_left_as_it_is(keys):
    held = SqlCondition("{0} = {1}", "patient_id", "pk")

    told = held.at("pk", keys[0])
    assert isinstance(told, SqlCondition)
    assert told.columns[0] == "patient_id"

from dataclasses import replace
from datetime import date

import pytest

from terresante.kernel.errors import Invalid
from terresante.patients.traits import BirthDate, Traits, check_traits, read_birth_date

TODAY = date(2026, 11, 26)
RIGHT = Traits(
    birth_name="Lefèvre",
    birth_given_names="Anne Marie",
    birth_date=date(1950, 1, 1),
    sex="F",
    birth_place_code="94028",
)


def wrong_fields(**changed):
    with pytest.raises(Invalid) as refused:
        check_traits(replace(RIGHT, **changed), today=TODAY)
    return set(refused.value.fields)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"birth_name": " "}, "birth_name"),
        ({"birth_name": "12"}, "birth_name"),
        ({"birth_given_names": ""}, "birth_given_names"),
        ({"birth_date": None}, "birth_date"),
        ({"birth_date": date(2026, 11, 27)}, "birth_date"),
        ({"birth_date": date(1895, 1, 1)}, "birth_date"),
        ({"sex": ""}, "sex"),
        ({"birth_place_code": ""}, "birth_place_code"),
        ({"birth_place_code": "A9028"}, "birth_place_code"),
        ({"birth_place_code": "2C004"}, "birth_place_code"),
    ],
)
def test_a_missing_or_impossible_trait_is_named(changed, field):
    assert wrong_fields(**changed) == {field}


@pytest.mark.parametrize("code", ["94028", "2A004", "99109", "99999"])
def test_places_of_birth(code):
    check_traits(replace(RIGHT, birth_place_code=code), today=TODAY)


@pytest.mark.parametrize(
    ("typed", "day", "lunar"),
    [
        ("1950", date(1950, 1, 1), "1950-00-00"),
        ("00/00/1950", date(1950, 1, 1), "1950-00-00"),
        ("00/07/1950", date(1950, 7, 1), "1950-07-00"),
        ("17/04/1958", date(1958, 4, 17), ""),
        ("17041958", date(1958, 4, 17), ""),
        ("1958-04-17", date(1958, 4, 17), ""),
    ],
)
def test_lunar_dates_hold_the_first(typed, day, lunar):
    read = read_birth_date(typed)

    assert read == BirthDate(day, lunar)


@pytest.mark.parametrize("typed", ["31/02/1950", "17/00/1950", "1950-13-01"])
def test_a_date_that_does_not_exist_is_refused(typed):
    with pytest.raises(ValueError):
        read_birth_date(typed)


@pytest.mark.parametrize("lunar", ["1950-00-00", "1950", "00/00/1950"])
def test_an_incomplete_date_agrees_with_the_one_kept(lunar):
    check_traits(replace(RIGHT, lunar_birth_date=lunar), today=TODAY)
    assert wrong_fields(birth_date=date(1950, 5, 1), lunar_birth_date=lunar) == {"lunar_birth_date"}


@pytest.mark.parametrize("lunar", ["1950-05-12", "jamais", "1950-00-12"])
def test_what_is_no_incomplete_date_is_refused(lunar):
    assert wrong_fields(lunar_birth_date=lunar) == {"lunar_birth_date"}

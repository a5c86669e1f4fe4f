import datetime

import pytest

from terresante.interop.hl7v2.dates import PARIS, read_birth_date, read_moment, written


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("20250311090000", "2025-03-11T09:00:00+01:00"),
        ("202507110900", "2025-07-11T09:00:00+02:00"),
        ("20250311", "2025-03-11T00:00:00+01:00"),
        ("2025", "2025-01-01T00:00:00+01:00"),
        ("20250311090000.123", "2025-03-11T09:00:00.123000+01:00"),
        ("20250311090000.1234567+0000", "2025-03-11T09:00:00.123456+00:00"),
        ("20250311090000-0430", "2025-03-11T09:00:00-04:30"),
    ],
)
def test_moments_of_any_precision(text, iso):
    found = read_moment(text)
    assert found is not None
    assert found.isoformat() == iso


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hier",
        "2025-03-11",
        "20251311",
        "20250230",
        "20250311250000",
        "20250311090000+9900",
        "00010101",
        "99991231",
        "２０２５",
    ],
)
def test_unreadable_moments(text):
    assert read_moment(text) is None


@pytest.mark.parametrize(
    ("text", "known", "value"),
    [
        ("19560214", "1956-02-14", datetime.date(1956, 2, 14)),
        ("195602", "1956-02", None),
        ("1956", "1956", None),
        ("19560200", "1956-02", None),
        ("19560000", "1956", None),
        ("19561332", "1956", None),
        ("19560231", "1956-02", None),
    ],
)
def test_birth_dates_may_be_partial_or_off_any_calendar(text, known, value):
    found = read_birth_date(text)
    assert found is not None
    assert (found.text, found.value, found.had_time) == (known, value, False)


def test_a_time_and_an_offset_never_move_a_birth_date():
    found = read_birth_date("20130109003000+1200")
    assert found is not None
    assert found.value == datetime.date(2013, 1, 9)
    assert found.had_time


def test_an_unreadable_birth_date():
    assert read_birth_date("14/02/1956") is None


def test_written_moments_carry_their_offset():
    assert written(datetime.datetime(2025, 3, 11, 9, tzinfo=PARIS)) == "20250311090000+0100"

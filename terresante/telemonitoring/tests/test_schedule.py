"""Schedules, dates that move, telephone numbers: nothing but values."""

from datetime import date, datetime, timedelta

import pytest

from terresante.kernel.errors import Invalid
from terresante.kernel.ids import new_id
from terresante.questionnaires.pathway import due, read
from terresante.questionnaires.tests.factories import files
from terresante.telemonitoring import phones, schedule
from terresante.telemonitoring.schedule import PARIS, Done
from terresante.telemonitoring.tests.factories import SCHEDULE, SURGERY

SURGERY_ON = date(2026, 12, 10)


def planned(text: str, anchor: date, *, enrolled: date = date(2026, 1, 1)):
    return due(read(files(**{"schedule.csv": text})), anchor, enrolled)


def paris(year: int, month: int, day: int, hour: int) -> datetime:
    return datetime(year, month, day, hour, tzinfo=PARIS)


def test_a_surgery_that_moves_asks_again_for_what_is_not_answered_alone():
    before = {one.step: one for one in planned(SURGERY, SURGERY_ON)}
    done = [Done("J-7", before["J-7"].opens_at)]
    moved = planned(SURGERY, SURGERY_ON + timedelta(days=5))

    left = schedule.still_to_come(moved, done, now=paris(2026, 12, 4, 10))

    assert [(one.step, one.opens_at) for one in left] == [
        ("J1", paris(2026, 12, 16, 9)),
        ("J30", paris(2027, 1, 14, 9)),
    ]


def test_of_a_daily_step_what_is_past_is_not_asked_again_and_today_is():
    moved = planned(SCHEDULE, date(2026, 12, 1))
    answered = [one for one in moved if one.opens_at.day == 4]

    left = schedule.still_to_come(
        moved, [Done(one.step, one.opens_at) for one in answered], now=paris(2026, 12, 3, 20)
    )

    assert [one.opens_at.day for one in left][:2] == [3, 5]


def test_hours_that_are_past_at_enrolment_are_nobody_s_silence():
    first = planned(SCHEDULE, date(2026, 12, 1))[:2]

    today, tomorrow = schedule.rows(
        first, patient_id=new_id(), follow_up_id=new_id(), now=paris(2026, 12, 1, 15)
    )

    assert (today.next_reminder_at, today.next_colour_at) == (None, paris(2026, 12, 1, 18))
    assert (tomorrow.next_reminder_at, tomorrow.next_colour_at) == (
        paris(2026, 12, 2, 7),
        paris(2026, 12, 2, 12),
    )


def test_seven_o_clock_stays_seven_o_clock_when_the_clocks_change():
    """Sunday 25 October 2026 has 25 hours."""
    saturday, sunday = planned(SCHEDULE, date(2026, 10, 24))[:2]

    assert [one.opens_at.hour for one in (saturday, sunday)] == [7, 7]
    assert sunday.opens_at.timestamp() - saturday.opens_at.timestamp() == 25 * 3600


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("06 39 98 12 34", "+33639981234"),
        ("06.39.98.12.34", "+33639981234"),
        ("0033 6 39 98 12 34", "+33639981234"),
        ("+33 (0)6 39 98 12 34", "+33639981234"),
        ("", ""),
    ],
)
def test_a_number_is_kept_in_the_international_form(said, kept):
    assert phones.international(said) == kept


@pytest.mark.parametrize("said", ["06 39 98", "appelez-moi", "+12", "1" * 20])
def test_what_is_no_number_is_refused_where_it_was_typed(said):
    with pytest.raises(Invalid) as refused:
        phones.international(said)
    assert "phone" in refused.value.fields

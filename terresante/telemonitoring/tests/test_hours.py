"""When a cell answers: pure, no database."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from terresante.kernel.ui.wording import NBSP, PARIS
from terresante.telemonitoring.cells.hours import check_week, closing, is_open, next_opening, opens, told

WORKING = {str(day): [["09:00", "12:30"], ["14:00", "18:00"]] for day in range(1, 6)}


@dataclass
class Cell:
    opening_hours: dict[str, list[list[str]]] = field(default_factory=lambda: WORKING)
    days_off: list[str] = field(default_factory=list)


def paris(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=PARIS)  # type: ignore[arg-type, misc]


def test_a_cell_is_open_from_its_first_minute_until_its_last_excluded():
    cell = Cell()
    assert not is_open(cell, paris(2026, 11, 27, 8, 59))
    assert is_open(cell, paris(2026, 11, 27, 9, 0))
    assert is_open(cell, paris(2026, 11, 27, 12, 29))
    assert not is_open(cell, paris(2026, 11, 27, 12, 30))
    # The same moment said in UTC.
    assert is_open(cell, datetime(2026, 11, 27, 8, 0, tzinfo=UTC))


def test_it_says_when_it_opens_next_over_a_pause_a_week_end_and_a_day_off():
    cell = Cell(days_off=["2026-11-30"])
    assert next_opening(cell, paris(2026, 11, 26, 13, 0)) == paris(2026, 11, 26, 14, 0)
    assert next_opening(cell, paris(2026, 11, 27, 18, 0)) == paris(2026, 12, 1, 9, 0)
    assert next_opening(Cell(opening_hours={}), paris(2026, 11, 27, 18, 0)) is None


def test_a_night_is_one_opening_over_two_days_and_a_cell_that_never_closes_says_so():
    night = Cell(opening_hours={"5": [["20:00", "24:00"]], "6": [["00:00", "08:00"]]})
    assert closing(night, paris(2026, 11, 27, 23, 0)) == paris(2026, 11, 28, 8, 0)
    always = Cell(opening_hours={str(day): [["00:00", "24:00"]] for day in range(1, 8)})
    assert closing(always, paris(2026, 11, 27, 23, 0)) is None
    assert told(always, paris(2026, 11, 27, 23, 0)) == "L’équipe de suivi répond jour et nuit."


def test_the_hour_that_is_repeated_in_october_is_open_twice_and_the_missing_one_of_march_never_lasts():
    early = Cell(opening_hours={"7": [["01:00", "03:00"]]})
    # 25 October 2026: 2 h comes twice, in summer time then in winter time.
    assert is_open(early, datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    assert is_open(early, datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    assert closing(early, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == datetime(
        2026, 10, 25, 2, 0, tzinfo=UTC
    )
    # 29 March 2026: from 2 h to 3 h there is nothing; open for one hour.
    assert closing(early, datetime(2026, 3, 29, 0, 30, tzinfo=UTC)) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_what_the_person_is_told_names_the_hour():
    cell = Cell()
    assert told(cell, paris(2026, 11, 27, 15, 0)) == f"L’équipe de suivi répond jusqu’à 18{NBSP}h."
    assert told(cell, paris(2026, 11, 27, 13, 0)) == f"L’équipe de suivi est fermée. Elle ouvre à 14{NBSP}h."
    assert (
        told(cell, paris(2026, 11, 26, 19, 0))
        == f"L’équipe de suivi est fermée. Elle ouvre demain à 9{NBSP}h."
    )
    assert told(cell, paris(2026, 11, 27, 19, 0)).endswith(f"Elle ouvre lundi 30{NBSP}nov. à 9{NBSP}h.")
    assert told(Cell(opening_hours={}), paris(2026, 11, 27, 19, 0)) == "L’équipe de suivi est fermée."


def test_after_words_of_its_own_only_the_next_hour_is_said():
    cell = Cell()
    assert opens(cell, paris(2026, 11, 26, 19, 0)) == f"L’équipe de suivi ouvre demain à 9{NBSP}h."
    assert opens(cell, paris(2026, 11, 27, 15, 0)) == ""
    assert opens(Cell(opening_hours={}), paris(2026, 11, 27, 19, 0)) == ""


def test_a_week_is_checked_day_by_day():
    wrong = {
        "1": [["17:00", "09:00"]],
        "2": [["09:00", "12:00"], ["11:00", "13:00"]],
        "3": [["09:00", "24:00"]],
    }
    assert [day for day, _ in check_week(wrong)] == [1, 2]

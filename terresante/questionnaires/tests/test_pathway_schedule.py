"""When a questionnaire is expected, in Paris."""

from datetime import UTC, date, datetime

import pytest

from terresante.questionnaires.pathway import bundle, check, due, files_of, from_bundle, read
from terresante.questionnaires.tests.pathways import SCHEDULE, small

HEADER = SCHEDULE.splitlines()[0]


def scheduled(*lines, anchor, enrolled=None, header=HEADER):
    pathway = read(small({"schedule.csv": "\n".join((header, *lines))}))
    return due(pathway, anchor, enrolled or date(2000, 1, 1))


def test_each_day_has_its_moments():
    occurrences = due(read(small()), date(2026, 11, 1), date(2026, 11, 1))

    assert [one.step for one in occurrences].count("matin") == 31
    assert [one.opens_at.day for one in occurrences if one.step == "soir"] == [8, 9, 10, 11]
    first = occurrences[0]
    assert first.remind_at and first.grey_at and first.orange_at and first.red_at
    assert (first.opens_at.hour, first.remind_at.hour, first.grey_at.hour) == (7, 12, 12)
    assert (first.orange_at.hour, first.red_at.hour, first.role) == (14, 18, "patient")
    assert next(one for one in occurrences if one.step == "M1").opens_at.date() == date(2026, 12, 1)


def test_what_comes_before_the_enrolment_is_left_out():
    lines = ["J-7;quotidien;D-7;D-7;09:00;;;;;patient", "J-1;quotidien;J-1;J-1;09:00;;;;;patient"]

    assert [one.step for one in scheduled(*lines, anchor=date(2026, 5, 20), enrolled=date(2026, 5, 15))] == [
        "J-1"
    ]


def test_seven_in_the_morning_is_seven_on_both_sides_of_a_change_of_hour():
    occurrences = scheduled("m;quotidien;D0;D2;07:00;;+6h;;;patient", anchor=date(2026, 10, 24))

    assert [one.opens_at.hour for one in occurrences] == [7, 7, 7]
    assert [one.opens_at.astimezone(UTC).hour for one in occurrences] == [5, 6, 6]
    assert [(one.grey_at - one.opens_at).total_seconds() for one in occurrences] == [6 * 3600] * 3


WITH_BIRTH = {
    "pathway.toml": small()["pathway.toml"].replace(
        "[anchor]\n", '[anchor]\nlater = { naissance = "Naissance" }\n'
    ),
    "schedule.csv": f"""{HEADER};anchor;until
matin;quotidien;D0;D9;07:00;;;;;patient;;naissance
apres;quotidien;D42;D42;09:00;;;D84;;professional;naissance;
""",
}


def test_what_counts_from_a_date_known_later_waits_for_it_and_what_stops_there_stops():
    pathway = read(small(WITH_BIRTH))
    began = date(2026, 3, 1)

    assert pathway.later_anchors == {"naissance": "Naissance"}
    assert [one.step for one in due(pathway, began, began)] == ["matin"] * 10
    born = due(pathway, began, began, {"naissance": date(2026, 3, 4)})
    assert [one.opens_at.day for one in born if one.step == "matin"] == [1, 2, 3, 4]
    (after,) = [one for one in born if one.step == "apres"]
    assert after.opens_at.date() == date(2026, 4, 15)
    assert after.orange_at and after.orange_at.date() == date(2026, 5, 27)


def test_a_later_date_is_written_and_exported_again_as_it_was():
    pathway = read(small(WITH_BIRTH))

    assert read(files_of(pathway)) == pathway
    assert read(from_bundle(bundle(pathway))).later_anchors == pathway.later_anchors


@pytest.mark.parametrize(
    ("changed", "line", "told", "is_warning"),
    [
        (
            {"schedule.csv": WITH_BIRTH["schedule.csv"].replace("naissance;\n", "naisance;\n")},
            3,
            "naisance",
            False,
        ),
        ({"pathway.toml": small()["pathway.toml"]}, 2, "[anchor.later]", False),
        ({"schedule.csv": SCHEDULE}, 1, "ne sert à aucune ligne", True),
    ],
)
def test_a_later_date_that_nobody_named_or_nobody_uses_is_told(changed, line, told, is_warning):
    found = [one for one in check(small({**WITH_BIRTH, **changed})) if told in one.what]

    assert (found[0].file, found[0].line, found[0].is_warning) == ("schedule.csv", line, is_warning)


def test_an_hour_that_does_not_exist_becomes_the_one_that_clocks_show():
    [occurrence] = scheduled("m;quotidien;D0;D0;02:30;;;;;patient", anchor=date(2026, 3, 29))

    assert occurrence.opens_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert occurrence.opens_at.hour == 3


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2026, 12, 15), date(2027, 1, 15)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_one(anchor, expected):
    [occurrence] = scheduled("M1;quotidien;M1;M1;09:00;;;;;professional", anchor=anchor)

    assert (occurrence.opens_at.date(), occurrence.role) == (expected, "professional")


def test_a_rhythm_may_be_of_weeks_or_of_months():
    weeks = scheduled(
        "s;quotidien;D0;D28;09:00;;;;;patient;7d", anchor=date(2026, 3, 2), header=f"{HEADER};every"
    )
    months = scheduled("m;quotidien;M0;M3;09:00;;;;;patient", anchor=date(2026, 1, 31))

    assert [one.opens_at.day for one in weeks] == [2, 9, 16, 23, 30]
    assert [one.opens_at.date().isoformat() for one in months] == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
    ]


def test_a_colour_may_come_on_another_day_or_twice_a_day():
    [surgery] = scheduled(
        "J-7;quotidien;D-7;D-7;09:00;12:00;20:00;D-5;D-3 18:00;patient", anchor=date(2026, 6, 30)
    )
    twice = scheduled("m;quotidien;D0;D0;08:00,20:00;;+2h;;;patient", anchor=date(2026, 6, 30))

    assert (surgery.orange_at.day, surgery.orange_at.hour, surgery.red_at.day, surgery.red_at.hour) == (
        25,
        9,
        27,
        18,
    )
    assert [(one.opens_at.hour, one.grey_at.hour) for one in twice] == [(8, 10), (20, 22)]

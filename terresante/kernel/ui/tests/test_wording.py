from datetime import UTC, date, datetime

import pytest

from terresante.kernel.ui import wording

NOW = datetime(2026, 11, 19, 8, 12, tzinfo=UTC)  # Thursday, 9 h 12 in Paris


def paris(year, month, day, hour=0, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=wording.PARIS)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (paris(2026, 11, 19, 8, 5), "8 h 05"),
        (paris(2026, 11, 19, 0, 0), "0 h"),
        (paris(2026, 11, 18, 8, 50), "hier 8 h 50"),
        (paris(2026, 11, 17, 18, 30), "mardi 18 h 30"),
        (paris(2026, 11, 15, 15, 0), "dimanche 15 h"),
        (paris(2026, 11, 14, 9, 0), "samedi 9 h"),
        (paris(2026, 11, 13, 9, 0), "13 nov."),
        (paris(2026, 3, 1, 9, 0), "1er mars"),
        (paris(2024, 2, 12, 9, 0), "12 févr. 2024"),
        (paris(2026, 11, 20, 9, 0), "demain 9 h"),
        (paris(2026, 11, 24, 9, 0), "mardi 24 nov. à 9 h"),
        (paris(2027, 1, 12, 9, 15), "mardi 12 janv. 2027 à 9 h 15"),
        (date(2026, 11, 19), "aujourd’hui"),
        (date(2026, 11, 18), "hier"),
        (date(2026, 11, 17), "mardi"),
        (date(2026, 11, 24), "mardi 24 nov."),
    ],
)
def test_a_moment_is_said_as_people_say_it(moment, said):
    assert wording.when(moment, now=NOW).replace(wording.NBSP, " ") == said


def test_the_day_is_the_day_in_paris_not_in_universal_time():
    late_evening = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
    assert wording.when(late_evening, now=NOW) == "0\u00a0h\u00a030"


def test_yesterday_survives_the_change_of_hour():
    sunday_evening = paris(2026, 10, 25, 20, 0)
    assert wording.when(paris(2026, 10, 24, 23, 30), now=sunday_evening) == "hier 23\u00a0h\u00a030"


def test_the_exact_wording_has_the_year():
    assert wording.exact(paris(2026, 11, 17, 18, 30)) == "mardi 17\u00a0novembre 2026 à 18\u00a0h\u00a030"
    assert wording.exact(date(2026, 5, 1)) == "vendredi 1er\u00a0mai 2026"


@pytest.mark.parametrize(
    ("birth_date", "said"),
    [
        (date(1958, 4, 17), "68 ans"),
        (date(1958, 11, 20), "67 ans"),
        (date(1958, 11, 19), "68 ans"),
        (date(2024, 11, 19), "2 ans"),
        (date(2024, 11, 20), "23 mois"),
        (date(2026, 7, 19), "4 mois"),
        (date(2026, 10, 20), "30 jours"),
        (date(2026, 10, 19), "1 mois"),
        (date(2026, 11, 7), "12 jours"),
        (date(2026, 11, 18), "1 jour"),
        (date(2026, 11, 19), "0 jour"),
        (date(2024, 2, 29), "2 ans"),
        (date(2026, 11, 20), "âge inconnu"),
        (None, "âge inconnu"),
    ],
)
def test_an_age_is_in_the_unit_of_that_age(birth_date, said):
    assert wording.age(birth_date, today=NOW.date()).replace(wording.NBSP, " ") == said


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (-3, "0 min"),
        (12, "12 min"),
        (84, "1 h 24"),
        (120, "2 h"),
        (17 * 60 + 8, "17 h"),
        (3 * 1440, "3 jours"),
    ],
)
def test_a_waiting_time_keeps_what_matters(minutes, said):
    since = datetime.fromtimestamp(NOW.timestamp() - minutes * 60, tz=UTC)
    assert wording.elapsed(since, now=NOW).replace(wording.NBSP, " ") == said


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (10, "10 min"),
        (90, "1 h 30"),
        (240, "4 h"),
        (350, "5 h 50"),
        (1440, "24 h"),
        (1500, "25 h"),
        (4320, "3 jours"),
    ],
)
def test_a_delay_is_said_to_the_minute(minutes, said):
    assert wording.lasting(minutes).replace(wording.NBSP, " ") == said


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Dr Sébastien NORBERT", "SN"),
        ("Jean-Marc DE LA TOUR", "JT"),
        ("GCS REPY", "GR"),
        ("Isidore", "IS"),
        ("", ""),
    ],
)
def test_initials_skip_titles_and_particles(name, letters):
    assert wording.initials(name) == letters


def test_zero_and_one_are_singular():
    assert [wording.count(number, "note", "notes") for number in (0, 1, 2, 1020)] == [
        "0\u00a0note",
        "1\u00a0note",
        "2\u00a0notes",
        "1\u00a0020\u00a0notes",
    ]


def test_french_spaces_become_unbreakable_and_none_is_added():
    assert (
        wording.french("Poids : 3 % « oui » http://x ? Soins · hier")
        == "Poids\u00a0: 3\u00a0% «\u00a0oui\u00a0» http://x\u00a0? Soins\u00a0· hier"
    )


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (paris(2026, 11, 19, 8, 5), "8 h 05"),
        (paris(2026, 11, 18, 8, 50), "hier 8 h 50"),
        (paris(2026, 5, 22, 14, 12), "22 mai à 14 h 12"),
        (paris(2026, 11, 24, 9, 0), "mardi 24 nov. à 9 h"),
    ],
)
def test_an_hour_that_counts_is_always_said(moment, said):
    assert wording.when_exactly(moment, now=NOW).replace(wording.NBSP, " ") == said


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 11, 19), "Aujourd’hui, 19 novembre 2026"),
        (date(2026, 11, 18), "Hier, 18 novembre 2026"),
        (date(2026, 11, 16), "Lundi 16 novembre 2026"),
    ],
)
def test_a_day_stands_above_its_lines(day, said):
    assert wording.day_title(day, now=NOW).replace(wording.NBSP, " ") == said


@pytest.mark.parametrize(("words", "said"), [("Infirmier", "infirmier"), ("DPO", "DPO"), ("", "")])
def test_a_role_inside_a_sentence_has_no_capital(words, said):
    assert wording.lowered(words) == said


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("+33639981234", "06\u00a039\u00a098\u00a012\u00a034"),
        ("06 39-98.12 34", "06\u00a039\u00a098\u00a012\u00a034"),
        ("0639981234", "06\u00a039\u00a098\u00a012\u00a034"),
        ("+3224861122", "+3224861122"),
        ("3237", "3237"),
    ],
)
def test_a_number_is_shown_as_people_write_it(kept, shown):
    assert wording.phone(kept) == shown


@pytest.mark.parametrize(
    ("kept", "called"), [("06 39.98 12 34", "tel:0639981234"), ("+33 6", "tel:+336"), ("aucun", ""), ("", "")]
)
def test_a_number_is_called_by_its_digits_alone(kept, called):
    assert wording.dialled(kept) == called

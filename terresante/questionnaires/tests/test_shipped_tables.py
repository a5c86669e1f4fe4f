"""The tables of DOMAIN.md stand here a second time: the shipped pathways colour as they say."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest

from terresante.questionnaires.pathway import assess, due, problems
from terresante.questionnaires.tests.shelf import NOW, colour, shipped, typed


@pytest.mark.parametrize(
    ("code", "form", "score", "values"),
    [  # DOMAIN.md 2.5, 2.8, 2.10: the last value of each band and the first of the next
        ("evaluation-multidimensionnelle", "evaluation", "mna-sf", [7, 8, 11, 12]),
        ("evaluation-multidimensionnelle", "evaluation", "zarit", [20, 21, 40, 41, 60, 61]),
        ("evaluation-multidimensionnelle", "evaluation", "tug", [20, "20.1"]),
        ("evaluation-multidimensionnelle", "evaluation", "algoplus", [1, 2]),
        ("covid-long", "bilan", "had-anxiete", [7, 8, 10, 11]),
        ("covid-long", "bilan", "had-depression", [7, 8, 10, 11]),
        ("covid-long", "bilan", "dn4", [3, 4]),
        ("covid-long", "bilan", "nijmegen", [23, 24]),
        ("perinatalite", "epds", "epds", [11, 12]),
        ("suivi-cancer", "bilan", "g8", [14, "14.5"]),
    ],
)
def test_a_scale_changes_band_where_the_domain_says(code, form, score, values):
    item = {"epds": "total"}.get(score, score)
    bands = []
    for value in values:
        result = assess(shipped(code), form, {item: Decimal(value), "aidant": "yes"}, at=NOW)
        bands += [one.band for one in result.scores if one.id == score]

    assert all(bands)
    assert [bands[at] == bands[at + 1] for at in range(len(bands) - 1)] == [
        at % 2 == 1 for at in range(len(bands) - 1)
    ]


def test_the_multidimensional_evaluation_has_its_nineteen_domains_and_suggests_problems():
    pathway = shipped("evaluation-multidimensionnelle")
    sections = dict.fromkeys(question.section for question in pathway.form("evaluation").questions)
    answers = typed({"mna_sf": 6, "chutes": 3, "difficultes_argent": True, "contacts": "rare"})
    found = assess(pathway, "evaluation", answers, at=NOW)

    assert len(sections) == 19
    assert sorted(one.label.partition("\u00a0: ")[2] for one in found.fired) == [
        *("chutes", "isolement", "nutrition", "précarité"),
    ]


@pytest.mark.parametrize(
    ("item", "greens", "oranges", "reds"),
    [  # DOMAIN.md 2.8
        ("temperature", [36.0, 37.0, 37.9], [38.0, 38.9, 35.5, 35.9], [39.0, 41.2, 35.4]),
        ("spo2", [96, 100], [95], [94, 80]),
        ("respiration", [12, 20], [21, 22], [23, 40]),
        ("pouls", [50, 100], [101, 120, 40, 49], [121, 39]),
        ("souffle", ["none", "usual"], ["effort"], ["rest", "talking"]),
        ("frissons", ["no"], ["yes"], ["malaise"]),
        ("malaise", ["no"], ["dizzy"], ["fall", "fainted", "confused", "drowsy"]),
        ("alimentation", ["yes"], ["difficult"], ["impossible"]),
        ("thorax", ["no"], ["mild"], ["oppressive"]),
        ("etat", ["good", "fair"], ["bad"], ["very-bad"]),
    ],
)
def test_covid_adult_follows_the_table(item, greens, oranges, reds):
    for expected, values in (("green", greens), ("orange", oranges), ("red", reds)):
        for value in values:
            assert colour("covid-adulte", "quotidien", **{item: value}) == expected, value


def test_covid_adult_compares_the_saturation_with_its_start_and_with_effort():
    assert colour("covid-adulte", "quotidien", spo2=96, baseline={"spo2": 98}) == "green"
    assert colour("covid-adulte", "quotidien", spo2=96, baseline={"spo2": 99}) == "orange"
    assert colour("covid-adulte", "quotidien", spo2=98, spo2_effort=96) == "green"
    assert colour("covid-adulte", "quotidien", spo2=98, spo2_effort=95) == "orange"


def test_the_reason_of_a_colour_quotes_the_other_measure_without_its_question_mark():
    fired = assess(shipped("covid-adulte"), "quotidien", typed({"spo2": 98, "spo2_effort": 95}), at=NOW).fired

    assert "« Que marque l’oxymètre après 40 pas »" in fired[0].threshold


@pytest.mark.parametrize("code", ["covid-adulte", "difficultes-respiratoires"])
def test_a_floor_of_the_physician_replaces_94_for_a_person_with_copd(code):
    floor = {"spo2-floor": 88}

    assert colour(code, "quotidien", spo2=91, personal=floor) == "green"
    assert colour(code, "quotidien", spo2=87, personal=floor) == "red"
    assert colour(code, "quotidien", spo2=91) == "red"


def test_only_a_red_of_a_measure_waits_for_a_second_one():
    def waits(**answers):
        return assess(shipped("covid-adulte"), "quotidien", typed(answers), at=NOW).to_confirm

    assert waits(spo2=93)
    assert waits(respiration=30)
    assert not waits(souffle="rest")
    assert not waits(spo2=93, souffle="rest"), "one red that nobody measures again is enough"


@pytest.mark.parametrize(
    ("item", "greens", "oranges", "reds"),
    [  # DOMAIN.md 2.9
        ("douleur", [0, 3], [4, 6], [7, 10]),
        ("saignement", ["none"], ["spot"], ["soaked"]),
        ("vomissements", [0], [1, 2], [3, 9]),
        ("temperature", [36.8, 37.9], [38.0, 38.4], [38.5, 40.1]),
        ("plaie", ["clean"], ["red"], ["pus"]),
        ("urines_bloquees", [False], [], [True]),
        ("mollet", [False], [], [True]),
        ("souffle", [False], [], [True]),
    ],
)
def test_surgery_follows_the_table(item, greens, oranges, reds):
    for expected, values in (("green", greens), ("orange", oranges), ("red", reds)):
        for value in values:
            assert colour("chirurgie-ambulatoire", "suites", **{item: value}) == expected, value


@pytest.mark.parametrize(
    ("points", "total", "expected"), [("22222", 10, "green"), ("22221", 9, "green"), ("22211", 8, "orange")]
)
def test_a_person_goes_home_with_nine_points_of_padss(points, total, expected):
    items = dict(zip(("signes-vitaux", "activite", "nausees", "douleur", "saignement"), points, strict=True))
    result = assess(shipped("chirurgie-ambulatoire"), "sortie", items, at=NOW)

    assert result.scores[0].value == total
    assert result.colour.value == expected


@pytest.mark.parametrize(
    ("before", "today", "expected"),
    [  # DOMAIN.md 2.10: (days ago, kg)
        ([(3, 70)], 71.9, "green"),
        ([(3, 70)], 72, "orange"),
        ([(4, 70)], 72, "green"),
        ([(7, 70)], 72.9, "green"),
        ([(7, 70)], 73, "red"),
        ([(8, 70)], 73, "green"),
        ([(7, 70), (3, 71)], 73, "red"),
        ([(1, 74)], 70, "green"),
    ],
)
def test_heart_failure_follows_the_weight(before, today, expected):
    history = [(days, {"poids": kg}) for days, kg in before]

    assert colour("insuffisance-cardiaque", "quotidien", history=history, poids=today) == expected


@pytest.mark.parametrize(
    ("moment", "target"), [("fasting", 0.95), ("before", 0.95), ("one-hour", 1.40), ("two-hours", 1.20)]
)
def test_gestational_diabetes_has_a_target_for_each_moment(moment, target):
    """DOMAIN.md 2.10: at the target she is in it; a hundredth more is above."""
    for value, above in ((target, 0), (round(target + 0.01, 2), 1)):
        answers = typed({"moment": moment, "glycemie": value})
        result = assess(shipped("diabete-gestationnel"), "releve", answers, at=NOW)
        assert result.scores[0].value == above


def test_the_third_reading_above_target_in_seven_days_alerts_whatever_the_moment():
    past = [(6, {"moment": "fasting", "glycemie": 0.96}), (1, {"moment": "one-hour", "glycemie": 1.41})]
    fine = {"moment": "two-hours", "glycemie": 1.20}

    def today(value, history):
        return colour("diabete-gestationnel", "releve", history=history, moment="two-hours", glycemie=value)

    assert today(1.21, past) == "orange"
    assert today(1.21, past[:1]) == "green"
    assert today(1.21, [(8, past[0][1]), past[1]]) == "green"
    assert today(1.21, [*past[:1], (2, fine), (3, fine), (4, fine)]) == "green"


def test_confinement_explains_each_of_its_ten_points():
    answers = dict.fromkeys(("chambre", "sanitaires", "courses", "joignable", "consignes", "mesures"), True)
    answers |= {"fragile": False, "risque-psychique": False}
    score = assess(shipped("covid-adulte"), "logement", answers, at=NOW).scores[0]
    less = assess(
        shipped("covid-adulte"), "logement", answers | {"fragile": True, "chambre": False}, at=NOW
    ).scores[0]

    assert [points for _, points, _ in score.parts] == [2, 1, 2, 1, 1, 1, 1, 1]
    assert score.value == 10
    assert less.value == 6
    assert score.formula >= 1


def test_covid_is_asked_twice_a_day_from_the_seventh_to_the_tenth_day_of_the_illness():
    """The anchor is the first symptoms; she is enrolled on the third day."""
    first = date(2026, 11, 1)
    asked = [
        one
        for one in due(shipped("covid-adulte"), first, first + timedelta(days=3))
        if one.form == "quotidien"
    ]
    per_day = Counter((one.opens_at.date() - first).days for one in asked)

    assert per_day == {day: 2 if 7 <= day <= 10 else 1 for day in range(3, 31)}
    marks = (asked[0].remind_at, asked[0].grey_at, asked[0].orange_at, asked[0].red_at)
    assert [at.hour for at in marks if at] == [12, 12, 14, 18]


def test_surgery_is_asked_about_on_its_seven_days():
    operation = date(2026, 12, 15)
    asked = due(shipped("chirurgie-ambulatoire"), operation, date(2026, 11, 27))

    assert [(one.opens_at.date() - operation).days for one in asked] == [-7, -1, 0, 1, 3, 7, 30]


@pytest.mark.parametrize(
    ("code", "form", "item", "value"),
    [
        ("covid-adulte", "quotidien", "temperature", 98.6),
        ("covid-enfant", "quotidien", "temperature", 100.4),
        ("diabete-gestationnel", "releve", "glycemie", 5.3),
        ("diabete", "semaine", "glycemie-haute", 180),
        ("insuffisance-cardiaque", "quotidien", "systolique", 12),
    ],
)
def test_a_value_in_another_unit_is_refused(code, form, item, value):
    found = problems(shipped(code).form(form), {item: Decimal(str(value))}, partial=True)

    assert [problem.link_id for problem in found] == [item]

"""Scores, the decision table and the colour of an answer."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from terresante.questionnaires.pathway import Answers, Assessment, Colour, Past, assess, read, scores, to_json
from terresante.questionnaires.tests.pathways import RULES, SCORES, small

PATHWAY = read(small())
NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
WELL: Answers = {"temperature": Decimal("36.8"), "spo2": 97, "souffle": "none"}


def coloured(changes, *, pathway=PATHWAY, **more):
    return assess(pathway, "quotidien", {**WELL, **changes}, at=NOW, **more)


def earlier(changes, **ago):
    return Past(NOW - timedelta(**ago), "quotidien", {**WELL, **changes})


def with_rule(cells, *, item="spo2"):
    """A pathway of one line, on the saturation: `green;orange;red`."""
    header = RULES.splitlines()[0]
    return read(small({"rules.csv": f"{header}\nun;quotidien;{item};{cells};yes;Une règle\n"}))


@pytest.mark.parametrize(
    ("changes", "colour"),
    [
        ({}, Colour.GREEN),
        ({"temperature": Decimal("38.0")}, Colour.ORANGE),
        ({"temperature": Decimal("38.9")}, Colour.ORANGE),
        ({"temperature": Decimal("39.0")}, Colour.RED),
        ({"temperature": Decimal("35.4")}, Colour.RED),
        ({"spo2": 95}, Colour.ORANGE),
        ({"spo2": 94, "temperature": Decimal("38.5")}, Colour.RED),
        ({"souffle": "effort"}, Colour.ORANGE),
        ({"souffle": "rest", "malaise": False}, Colour.RED),
    ],
)
def test_each_line_of_the_table_stands_alone_and_the_worst_colour_wins(changes, colour):
    assert coloured(changes).colour is colour


def test_a_colour_says_its_rule_its_value_and_its_threshold():
    red, orange = coloured({"spo2": 93, "temperature": Decimal("38.5")}).fired

    assert (red.rule, red.label, red.value, red.threshold) == (
        "spo2",
        "Saturation",
        "93\u202f%",
        "≤ 94\u202f%",
    )
    assert (orange.rule, orange.value, orange.threshold) == (
        "temperature",
        "38,5\u202f°C",
        "de 38 à 38,9\u202f°C",
    )


def test_a_value_that_no_cell_holds_is_orange_and_says_so():
    [fired] = coloured({"temperature": Decimal("37.95")}).fired

    assert (fired.colour, fired.threshold) == (Colour.ORANGE, "hors table")


def test_an_empty_green_cell_takes_all_that_is_left():
    assert coloured({}, pathway=with_rule(";95;<= 94")).colour is Colour.GREEN


def test_an_item_that_is_not_answered_fires_nothing():
    assert assess(PATHWAY, "quotidien", {}, at=NOW).colour is Colour.GREEN


def test_a_drop_is_counted_from_the_value_of_the_enrolment():
    assert coloured({"spo2": 96}, baseline={"spo2": 99}).fired[0].threshold == (
        "baisse ≥ 3\u202f% depuis la valeur de référence"
    )
    assert coloured({"spo2": 96}, baseline={"spo2": 99.0}).colour is Colour.ORANGE  # as a database keeps it
    assert coloured({"spo2": 96}, baseline={"spo2": 98}).colour is Colour.GREEN
    assert coloured({"spo2": 96}).colour is Colour.GREEN


def test_a_rise_is_counted_from_the_lowest_of_the_last_days():
    history = [earlier({"poids": Decimal("71")}, days=6), earlier({"poids": Decimal("72.5")}, days=2)]

    assert coloured({"poids": Decimal("73")}, history=history).colour is Colour.GREEN
    assert coloured({"poids": Decimal("74")}, history=history).colour is Colour.RED
    assert coloured({"poids": Decimal("74.5")}, history=history[1:]).colour is Colour.ORANGE
    assert coloured({"poids": Decimal("80")}).colour is Colour.GREEN


def test_values_of_tomorrow_and_of_other_forms_do_not_count():
    tomorrow = Past(NOW + timedelta(hours=1), "quotidien", {**WELL, "poids": Decimal(60)})
    other = Past(NOW - timedelta(hours=1), "logement", {"poids": Decimal(60)})

    assert coloured({"poids": Decimal(70)}, history=[tomorrow, other]).colour is Colour.GREEN


def test_three_times_in_seven_days_counts_this_answer_too():
    pathway = with_rule(";count < 96 >= 3 in 7d;")
    history = [earlier({"spo2": 95}, days=8), earlier({"spo2": 95}, days=3), earlier({"spo2": 97}, days=2)]

    assert coloured({"spo2": 95}, pathway=pathway, history=history).colour is Colour.GREEN
    history.append(earlier({"spo2": 90}, hours=3))
    [fired] = coloured({"spo2": 95}, pathway=pathway, history=history).fired
    assert fired.threshold == "≥ 3 fois « < 96\u202f% » en 7 jours"


def test_a_choice_can_be_counted_and_numbers_added():
    counted = with_rule(";count effort >= 2 in 3d;", item="souffle")
    added = with_rule(";sum >= 100 in 3d;", item="poids")
    history = [earlier({"souffle": "effort", "poids": Decimal(60)}, days=1)]

    assert coloured({"souffle": "effort"}, pathway=counted, history=history).colour is Colour.ORANGE
    assert coloured({"souffle": "none"}, pathway=counted, history=history).colour is Colour.GREEN
    assert coloured({"poids": Decimal(40)}, pathway=added, history=history).colour is Colour.ORANGE


def test_a_difference_is_this_item_minus_the_other():
    pathway = with_rule(";difference(temperature) >= 60;")

    assert coloured({"spo2": 97}, pathway=pathway).colour is Colour.ORANGE
    assert coloured({"spo2": 96}, pathway=pathway).colour is Colour.GREEN


def test_a_personal_threshold_replaces_those_written_beside_it():
    copd = {"floor": 88}

    assert coloured({"spo2": 91}, personal=copd).colour is Colour.GREEN
    [fired] = coloured({"spo2": 87}, personal=copd).fired
    assert (fired.colour, fired.threshold) == (Colour.RED, "< seuil personnel (88\u202f%)")
    assert coloured({"spo2": 91}).colour is Colour.RED


def test_a_red_measure_is_first_to_confirm_then_stands():
    first = coloured({"spo2": 92})
    again = coloured({"spo2": 92}, history=[earlier({"spo2": 91}, minutes=10)])
    later = coloured({"spo2": 92}, history=[earlier({"spo2": 91}, minutes=16)])
    other = coloured({"spo2": 92}, history=[earlier({"temperature": Decimal(40)}, minutes=10)])

    assert (first.colour, first.to_confirm) == (Colour.RED, True)
    assert (again.colour, again.to_confirm) == (Colour.RED, False)
    assert later.to_confirm
    assert other.to_confirm


def test_a_red_that_no_measure_explains_stands_at_once():
    assert not coloured({"spo2": 92, "souffle": "rest", "malaise": True}).to_confirm
    assert not coloured({"temperature": Decimal("38.2")}).to_confirm


def test_a_score_explains_each_point():
    [score] = scores(PATHWAY, PATHWAY.forms["logement"], {"chambre": True, "aide": "parfois"})

    assert (score.value, score.maximum) == (Decimal(3), Decimal(4))
    assert (score.band, score.formula) == ("Peut rester chez elle", 2)
    assert [(part.label, part.points) for part in score.parts] == [
        ("A sa propre chambre", Decimal(2)),
        ("Aide à la maison", Decimal(1)),
    ]


def test_a_score_that_misses_an_answer_is_unknown_unless_it_counts_zero():
    zero = read(small({"scores.toml": SCORES.replace("max = 4", 'max = 4\nmissing = "zero"')}))
    [unknown] = scores(PATHWAY, PATHWAY.forms["logement"], {"chambre": True})
    [counted] = scores(zero, zero.forms["logement"], {"chambre": True})

    assert (unknown.value, counted.value) == (None, Decimal(2))
    assert assess(PATHWAY, "logement", {"chambre": True}, at=NOW).colour is Colour.GREEN


def test_a_score_may_use_another_whatever_their_order():
    first = """
[[score]]
id = "double"
questionnaire = "logement"
title = "Le double"
expression = "%confinement * 2"
"""
    pathway = read(small({"scores.toml": first + SCORES}))

    double, confinement = scores(pathway, pathway.forms["logement"], {"chambre": True, "aide": "oui"})

    assert (double.value, confinement.value) == (Decimal(8), Decimal(4))


def test_a_rule_may_read_a_score_or_an_expression():
    assert assess(PATHWAY, "logement", {"chambre": False, "aide": "non"}, at=NOW).fired[0].value == "0 / 4"
    pathway = with_rule("true;;false", item="{item.where(linkId='spo2').answer.value > 95}")

    assert coloured({"spo2": 96}, pathway=pathway).colour is Colour.GREEN
    assert coloured({"spo2": 95}, pathway=pathway).colour is Colour.RED


def test_a_calculation_that_fails_asks_to_look_and_never_raises():
    pathway = with_rule("> 1;;", item="{item.answer.value}")

    [fired] = coloured({}, pathway=pathway).fired

    assert (fired.colour, fired.threshold) == (Colour.ORANGE, "calcul impossible")


def test_answers_as_the_database_keeps_them_are_coloured_too():
    form = PATHWAY.forms["quotidien"]
    kept = to_json(form, {**WELL, "temperature": Decimal("39.5")})

    assert isinstance(kept["temperature"], float)
    assert assess(PATHWAY, "quotidien", kept, at=NOW).colour is Colour.RED
    assert assess(PATHWAY, "quotidien", kept | {"inconnu": [1]}, at=NOW).colour is Colour.RED


def test_an_assessment_is_found_again_in_its_json():
    for assessment in (
        coloured({"spo2": 93, "temperature": Decimal("38.5")}),
        assess(PATHWAY, "logement", {"chambre": False, "aide": "non"}, at=NOW),
    ):
        assert Assessment.from_json(assessment.as_json()) == assessment

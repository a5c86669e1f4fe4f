"""Thresholds of one person: in the unit and within the bounds of their measure, in an order that has a sense."""

from decimal import Decimal

import pytest

from terresante.questionnaires.pathway import check, own_thresholds, read, wrong_personal
from terresante.questionnaires.tests.pathways import EXAMPLE_RED, RULES, daily, small
from terresante.questionnaires.tests.shelf import shipped

TWO = """\
rule;questionnaire;item;green;orange;red;remeasure;why
temperature;quotidien;temperature;;>= 38.0 | >= personal(attention);>= 39.0 | >= personal(alerte);yes;Température
"""
ADULT, CHILD = "covid-adulte", "covid-enfant"


def refused(code, **personal):
    said = {name.replace("_", "-"): Decimal(value) for name, value in personal.items()}
    return wrong_personal(shipped(code), said)


def of_two(**personal):
    pathway = read(small({"rules.csv": TWO, "examples/rouge.toml": None}))
    return wrong_personal(pathway, {name: Decimal(value) for name, value in personal.items()})


@pytest.mark.parametrize(
    ("code", "name", "value", "said"),
    [
        (
            ADULT,
            "spo2-floor",
            "5",
            "5\u202f% n’est pas un seuil possible : écrivez une valeur entre 50 et 100\u202f%.",
        ),
        (CHILD, "temperature-max", "390", "écrivez une valeur entre 30 et 45\u202f°C."),
        (
            CHILD,
            "temperature-max",
            "100.4",
            "100,4 en °F ? Si oui, écrivez 38. Sinon, un seuil entre 30 et 45\u202f°C.",
        ),
        (ADULT, "spo2-floor", "0.88", "0,88 sur 1 ? Si oui, écrivez 88."),
        (ADULT, "spo2-floor", "93.5", "est un nombre entier : écrivez un seuil sans virgule."),
        (ADULT, "spo2-floor", "-88", "n’est pas un seuil possible"),
        (ADULT, "spo2-floor", "NaN", "Écrivez un nombre"),
        (ADULT, "spo2-floor", "Infinity", "Écrivez un nombre"),
        (ADULT, "spo2-floor", "1E+9999999", "Écrivez un nombre"),
        ("diabete", "hba1c-max", "53", "entre 3 et 20\u202f%"),
        (ADULT, "spo2-floor", "50", "rien ne serait rouge, la question accepte de 50 à 100\u202f%"),
        (ADULT, "spo2-floor", "100", "rien ne serait vert : c’est déjà orange (= 100\u202f%)"),
        (CHILD, "temperature-max", "30", "aucune valeur ne serait verte"),
        (ADULT, "plancher", "88", "aucune règle ne lit personal(plancher)"),
    ],
)
def test_a_threshold_that_is_not_plausible_is_refused_with_what_to_write(code, name, value, said):
    found = wrong_personal(shipped(code), {name: Decimal(value)})

    assert list(found) == [name]
    assert said in found[name]


@pytest.mark.parametrize(
    ("code", "personal"),
    [
        (ADULT, {"spo2_floor": "88"}),
        (CHILD, {"temperature_max": "38"}),
        (CHILD, {"temperature_max": "38.5", "respiration_max": "45"}),
        ("diabete", {"hba1c_max": "8.0"}),
        (ADULT, {}),
    ],
)
def test_a_threshold_that_a_physician_sets_is_taken(code, personal):
    assert refused(code, **personal) == {}


def test_orange_comes_before_red_whichever_of_the_two_is_the_person_s():
    assert of_two(attention="37.5", alerte="38.5") == {}
    assert of_two(alerte="38.5") == {}
    for reversed_ in ({"attention": "39.5", "alerte": "38.5"}, {"attention": "39.5"}, {"attention": "39.0"}):
        found = of_two(**reversed_)
        assert list(found) == ["attention"]
        assert "rien ne serait orange : c’est déjà rouge (≥ " in found["attention"]
        assert "L’orange vient avant le rouge" in found["attention"]


def test_a_threshold_says_its_measure_its_unit_and_what_it_changes():
    [floor] = own_thresholds(shipped(ADULT))
    assert (floor.label, floor.unit, floor.bounds) == (
        "Saturation en oxygène : seuil de cette personne",
        "%",
        "entre 50 et 100\u202f%",
    )
    assert floor.does == "rouge au-dessous de ce seuil, orange à ce seuil même"
    assert floor.instead_of == "rouge ≤ 94\u202f%, orange = 95\u202f%"

    two = own_thresholds(read(small({"rules.csv": TWO, "examples/rouge.toml": None})))
    assert [one.label for one in two] == [
        "Température : rouge à ce seuil et au-dessus",
        "Température : orange à ce seuil et au-dessus",
    ]


def test_the_threshold_of_an_example_is_held_to_the_same_bounds():
    """What is imported, loaded or edited in the screen goes through its examples."""
    example = EXAMPLE_RED.replace("[expect]", "[personal]\nfloor = 5\n[expect]")

    [told] = [str(one) for one in check(small({"examples/rouge.toml": example}))]

    assert told.startswith("examples/rouge.toml:7 : 5\u202f% n’est pas un seuil possible")


def test_a_threshold_without_bounds_keeps_a_pathway_from_being_published():
    unbound = daily().replace('"url": "http://hl7.org/fhir/StructureDefinition/maxValue"', '"url": "x"')
    found = [one for one in check(small({"questionnaires/quotidien.json": unbound})) if not one.is_warning]
    assert [(one.file, one.line) for one in found] == [("rules.csv", 3)]
    assert "ajoutez minValue et maxValue à « spo2 »" in found[0].what

    computed = RULES.replace("quotidien;spo2;", "quotidien;{item.where(linkId='spo2').answer.value};")
    warned = [str(one) for one in check(small({"rules.csv": computed})) if "limites" in one.what]
    assert warned == [
        "rules.csv:3 : personal(floor) n’a pas de limites, un seuil impossible serait accepté : faites-en un score, "
        "avec son « max »."
    ]


def test_alerts_are_the_whole_cell_s_and_another_role_is_refused():
    """A file that says who takes the alerts, and is not obeyed, would be believed."""
    head = small()["pathway.toml"].replace('takes = ["cell"]', 'takes = ["physician"]')

    found = [one for one in check(small({"pathway.toml": head})) if not one.is_warning]

    assert [(one.file, one.line) for one in found] == [("pathway.toml", 20)]
    assert "elles sont à toute la cellule" in found[0].what and 'takes = ["cell"]' in found[0].what


def test_a_red_that_would_wait_for_hours_is_warned_of():
    head = (
        small()["pathway.toml"]
        .replace("confirm = 15", "confirm = 900")
        .replace("take_red = 10", "take_red = 60")
    )

    [told] = [str(one) for one in check(small({"pathway.toml": head}))]

    assert told == (
        "pathway.toml:15 : « confirm » se compte en minutes : une mesure rouge resterait « à confirmer » pendant "
        "900 minutes. Écrivez 10 ou 15."
    )

"""Answers read, refused with a sentence, kept and found again."""

from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terresante.questionnaires.pathway import from_json, parse, problems, read, shown, to_json
from terresante.questionnaires.tests.pathways import choice, number, questionnaire, small, yes_no

DAILY = read(small()).forms["quotidien"]
RIGHT = {"temperature": ["36,7"], "spo2": ["97"], "souffle": ["none"]}


def form_of(*items):
    return read(small({"questionnaires/logement.json": questionnaire(*items), "scores.toml": None, "rules.csv": None,
                       "examples/logement.toml": None})).forms["logement"]  # fmt: skip


@pytest.mark.parametrize("text", ["36,7", "36.7", " 36,7 ", "+36,70", "36,\u202f7"])
def test_a_number_is_read_with_a_comma_or_a_dot(text):
    answers, wrong = parse(DAILY, RIGHT | {"temperature": [text]})

    assert (answers["temperature"], wrong) == (Decimal("36.7"), [])


@pytest.mark.parametrize("text", ["nan", "Infinity", "1e3", "0x1F", "trente", "36,7,1", "٣٦", "9" * 40, "-"])
def test_what_is_not_a_number_is_refused_with_an_example(text):
    answers, wrong = parse(DAILY, RIGHT | {"temperature": [text]})

    assert "temperature" not in answers
    assert [(problem.link_id, problem.sentence) for problem in wrong] == [
        ("temperature", "Écrivez un nombre en chiffres, par exemple 36,7.")
    ]


def test_a_temperature_in_fahrenheit_proposes_its_conversion_and_is_not_kept():
    answers, [problem] = parse(DAILY, RIGHT | {"temperature": ["98"]})

    assert (problem.link_id, problem.proposal) == ("temperature", "36,7")
    assert "en °F ?" in problem.sentence
    assert "temperature" not in answers


def test_a_saturation_given_over_one_proposes_its_percentage():
    _, [problem] = parse(DAILY, RIGHT | {"spo2": ["0,97"]})

    assert problem.proposal == "97"


def test_an_impossible_value_is_refused_between_its_bounds():
    _, [problem] = parse(DAILY, RIGHT | {"spo2": ["940"]})

    assert (problem.proposal, problem.sentence) == (
        "",
        "940\u202f% n’est pas possible : écrivez une valeur entre 50 et 100\u202f%, ou mesurez à nouveau.",
    )


@pytest.mark.parametrize(
    ("unit", "lowest", "highest", "typed", "proposal"),
    [
        ("mmHg", 60, 260, "12", "120"),
        ("mmHg", 60, 260, "13,5", "135"),
        ("mmHg", 60, 260, "2", ""),
        ("mg/dL", 20, 600, "0,95", "95"),
        ("°F", 86, 113, "38", "100,4"),
        ("g/L", 0, 6, "95", "0,95"),
        ("cm", 50, 250, "1,72", "172"),
    ],
)
def test_a_value_in_the_unit_that_people_say_proposes_the_one_that_is_asked(
    unit, lowest, highest, typed, proposal
):
    form = form_of(number("mesure", "Mesure ?", unit, lowest, highest))

    answers, [problem] = parse(form, {"mesure": [typed]})

    assert (answers, problem.proposal) == ({}, proposal)


def test_what_is_required_is_asked_for_unless_the_form_is_still_being_filled():
    _, wrong = parse(DAILY, {})
    _, so_far = parse(DAILY, {}, partial=True)

    assert [problem.link_id for problem in wrong] == ["temperature", "spo2", "souffle"]
    assert so_far == []


def test_a_hidden_question_is_neither_asked_nor_kept():
    hidden, none = parse(DAILY, RIGHT | {"malaise": ["oui"]})
    _, [problem] = parse(DAILY, RIGHT | {"souffle": ["rest"]})
    answered, right = parse(DAILY, RIGHT | {"souffle": ["rest"], "malaise": ["non"]})

    assert ("malaise" in hidden, none) == (False, [])
    assert problem.link_id == "malaise"
    assert (answered["malaise"], right) == (False, [])
    assert "malaise" not in {question.link_id for question in shown(DAILY, hidden)}


def test_a_chain_of_conditions_hides_its_last_link_too():
    form = form_of(
        yes_no("a", "A ?"),
        yes_no("b", "B ?", enableWhen=[{"question": "a", "operator": "=", "answerBoolean": True}]),
        yes_no("c", "C ?", enableWhen=[{"question": "b", "operator": "exists", "answerBoolean": True}]),
    )

    assert [question.link_id for question in shown(form, {"a": False, "b": True})] == ["a"]
    assert [question.link_id for question in shown(form, {"a": True, "b": True})] == ["a", "b", "c"]


def test_any_of_several_conditions_is_enough_when_the_file_says_so():
    when = [
        {"question": "age", "operator": ">=", "answerInteger": 65},
        {"question": "fragile", "operator": "=", "answerBoolean": True},
    ]
    items = [number("age", "Âge ?", "ans", 0, 130, kind="integer"), yes_no("fragile", "Fragile ?")]
    for behaviour, expected in (("any", True), ("all", False)):
        form = form_of(*items, yes_no("aide", "Aide ?", enableWhen=when, enableBehavior=behaviour))

        seen = {question.link_id for question in shown(form, {"age": 70, "fragile": False})}

        assert ("aide" in seen) is expected


def test_an_answer_outside_the_options_is_refused():
    _, [problem] = parse(DAILY, RIGHT | {"souffle": ["<script>"]})

    assert problem.sentence == "Choisissez l’une des réponses proposées."


def test_two_answers_to_one_question_are_refused():
    _, [problem] = parse(DAILY, RIGHT | {"spo2": ["97", "93"]})

    assert problem.sentence == "Donnez une seule réponse."


def test_dates_hours_and_several_choices_are_read_as_people_write_them():
    form = form_of(
        {"linkId": "jour", "text": "Quel jour ?", "type": "date"},
        {"linkId": "heure", "text": "À quelle heure ?", "type": "time"},
        {"linkId": "note", "text": "Autre chose ?", "type": "text", "maxLength": 20},
        choice(
            "signes", "Quels signes ?", {"toux": ("Toux", None), "frissons": ("Frissons", None)}, repeats=True
        ),
    )
    raw = {
        "jour": ["3/12/2026"],
        "heure": ["8h30"],
        "note": [" une\nligne "],
        "signes": ["toux", "frissons", "toux"],
    }

    answers, wrong = parse(form, raw)

    assert wrong == []
    assert answers == {
        "jour": date(2026, 12, 3),
        "heure": time(8, 30),
        "note": "une\nligne",
        "signes": ("toux", "frissons"),
    }
    assert from_json(form, to_json(form, answers)) == answers
    assert [
        problem.link_id for problem in parse(form, raw | {"jour": ["31/02/2026"], "note": ["x" * 21]})[1]
    ] == [
        "jour",
        "note",
    ]


def test_answers_of_another_version_are_left_out_when_read_again():
    assert from_json(
        DAILY, {"temperature": 37.2, "disparue": 3, "souffle": ["none"], "spo2": "beaucoup"}
    ) == {"temperature": Decimal("37.2")}


def test_typed_answers_are_checked_as_posted_ones_are():
    told = problems(DAILY, {"temperature": Decimal(98), "spo2": True, "souffle": "none", "inconnu": "x"})

    assert [problem.link_id for problem in told] == ["temperature", "spo2", "inconnu"]


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["temperature", "spo2", "souffle", "malaise", "x"]),
        st.lists(st.text(max_size=40), max_size=4),
    )
)
def test_whatever_is_posted_is_kept_right_or_refused(raw):
    answers, wrong = parse(DAILY, raw)

    assert not {problem.link_id for problem in wrong} & set(answers)
    assert {problem.link_id for problem in problems(DAILY, answers)} <= {problem.link_id for problem in wrong}
    assert from_json(DAILY, to_json(DAILY, answers)) == answers

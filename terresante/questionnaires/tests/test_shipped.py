"""The shipped pathways hold, and say what DOMAIN.md says: its tables stand here a second time."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire

from terresante.questionnaires.pathway import Past, assess, check, due, folder, problems, read

SHIPPED = Path(__file__).parents[1] / "shipped"
CODES = sorted(path.name for path in SHIPPED.iterdir() if path.is_dir())
NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
# MISSION D6.
THEMATIC = {
    "evaluation-coordonnee",
    "insuffisance-cardiaque",
    "perinatalite",
    "diabete",
    "suivi-cancer",
    "covid-long",
}
# Filled when the situation asks for it, at no date.
AT_NEED = ["staff"]
# Instruments whose items nobody may copy: (pathway, form, linkId), a number.
SCORE_ONLY = [
    *(
        ("covid-long", "bilan", name)
        for name in ("had-anxiete", "had-depression", "dn4", "nijmegen", "chalder", "pcfs")
    ),
    *(
        ("evaluation-multidimensionnelle", "evaluation", name)
        for name in ("mna-sf", "mini-zarit", "mmse", "braden")
    ),
    *(("perinatalite", "epds", name) for name in ("total", "question-10")),
    *(("suivi-cancer", "bilan", "g8"), ("evaluation-multidimensionnelle", "evaluation", "algoplus")),
]


@cache
def shipped(code):
    return read(folder(SHIPPED / code))


def colour(code, form, *, history=(), baseline=None, personal=None, **answers):
    """Of these answers alone: the rest of the form is left out, as a rule looks at one item."""
    return assess(
        shipped(code),
        form,
        _values(answers),
        at=NOW,
        history=[Past(NOW - timedelta(days=days), form, _values(past)) for days, past in history],
        baseline=_values(baseline or {}),
        personal=_values(personal or {}),
    ).colour.value


def _values(answers):
    return {
        name.replace("_", "-"): Decimal(str(value)) if type(value) in (int, float) else value
        for name, value in answers.items()
    }


@pytest.mark.parametrize("code", CODES)
def test_a_shipped_pathway_has_no_mistake_and_its_examples_hold(code):
    found = [str(mistake) for mistake in check(folder(SHIPPED / code))]

    assert [told for told in found if not any(f"« {form} » n’est prévu" in told for form in AT_NEED)] == []


@pytest.mark.parametrize("code", CODES)
def test_a_shipped_pathway_shows_each_colour_and_an_impossible_value(code):
    examples = shipped(code).examples
    colours = {example.expect.get("colour") for example in examples}

    assert {"green", "orange", "red"} <= colours
    assert any(example.expect.get("problems") for example in examples)
    assert any(example.expect.get("scores") for example in examples)


@pytest.mark.parametrize("code", CODES)
def test_a_shipped_pathway_computes_a_score_and_raises_an_alert(code):
    pathway = shipped(code)

    assert pathway.code == code
    assert pathway.scores
    assert any(rule.red for rule in pathway.rules)
    assert pathway.default_thresholds, "nobody signed it"
    assert pathway.sources


def test_every_shipped_form_is_a_questionnaire_of_fhir_r4():
    forms = sorted(SHIPPED.glob("*/questionnaires/*.json"))

    assert len(forms) > len(CODES)
    for form in forms:
        Questionnaire.model_validate_json(form.read_bytes())


def test_the_six_thematic_forms_are_shipped():
    assert set(CODES) >= THEMATIC


@pytest.mark.parametrize("code", CODES)
def test_a_red_text_names_the_emergency_numbers(code):
    texts = shipped(code).texts

    assert set(texts) == {"red", "orange", "green", "before", "closed"}
    assert all(
        re.search(rf"\b{number}\b", texts[key]) for number in (15, 112) for key in ("red", "before", "closed")
    )


@pytest.mark.parametrize("code", CODES)
def test_the_person_reads_short_sentences_and_few_questions(code):
    """Level B1: one idea a sentence. A form is answered in about a minute."""
    pathway = shipped(code)
    forms = {step.questionnaire for step in pathway.schedule if step.role in ("patient", "carer")}
    told = list(pathway.texts.values())
    for name in forms:
        questions = pathway.form(name).questions
        assert len(questions) <= 14
        told += [text for question in questions for text in (question.text, question.help)]
    sentences = [sentence for text in told for sentence in re.split(r"(?<=[.?!])\s+", text)]

    assert [sentence for sentence in sentences if len(sentence.split()) > 24] == []


def test_what_is_shown_is_typeset():
    """Good: « l’hôpital », a no-break space before a question mark. Bad: a straight apostrophe."""
    wrong = [
        text
        for code in CODES
        for text in _shown(shipped(code))
        if re.search(r"'|\.\.\.|(?<!\u00a0)[?!;:%»]|«(?!\u00a0)", text)
    ]

    assert wrong == []


def _shown(pathway):
    yield from (pathway.title, pathway.summary, pathway.licence, pathway.anchor_label, *pathway.sources)
    yield from pathway.texts.values()
    yield from (rule.why for rule in pathway.rules)
    for form in pathway.forms.values():
        yield from (form.title, form.description)
        for question in form.questions:
            yield from (question.text, question.help, *(option.label for option in question.options))
    for score in pathway.scores:
        yield from (score.title, *(part.label for part in score.parts), *(band.label for band in score.bands))


def test_the_score_of_confinement_is_the_same_for_a_patient_and_a_contact():
    adult, contact = (shipped(code) for code in ("covid-adulte", "covid-contact"))
    [ours], [theirs] = (
        [score for score in one.scores if score.id == "confinement"] for one in (adult, contact)
    )

    assert adult.form("logement").questions == contact.form("logement").questions
    assert (ours.parts, ours.bands, ours.formula) == (theirs.parts, theirs.bands, theirs.formula)


@pytest.mark.parametrize(("code", "form", "link_id"), SCORE_ONLY)
def test_an_instrument_under_rights_is_a_number_and_nothing_of_its_items(code, form, link_id):
    question = shipped(code).form(form).question(link_id)

    assert question is not None
    assert question.is_number
    assert "score" in question.text or link_id == "pcfs"


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


@pytest.mark.parametrize("code", ["covid-adulte", "difficultes-respiratoires"])
def test_a_floor_of_the_physician_replaces_94_for_a_person_with_copd(code):
    floor = {"spo2-floor": 88}

    assert colour(code, "quotidien", spo2=91, personal=floor) == "green"
    assert colour(code, "quotidien", spo2=87, personal=floor) == "red"
    assert colour(code, "quotidien", spo2=91) == "red"


def test_only_a_red_of_a_measure_waits_for_a_second_one():
    def waits(**answers):
        return assess(shipped("covid-adulte"), "quotidien", _values(answers), at=NOW).to_confirm

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
        answers = _values({"moment": moment, "glycemie": value})
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

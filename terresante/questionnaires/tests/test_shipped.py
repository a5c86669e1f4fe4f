"""Each folder that comes with the platform holds: no mistake, every colour, few and short questions."""

import re

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire

from terresante.questionnaires.pathway import bundle, check, folder, from_bundle, read
from terresante.questionnaires.tests.shelf import CODES, SHIPPED, shipped

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
        for name in ("mna-sf", "mini-zarit", "zarit", "mmse", "braden", "audit-c", "mini-gds")
    ),
    ("evaluation-multidimensionnelle", "epices", "epices"),
    *(("perinatalite", "epds", name) for name in ("total", "question-10")),
    *(("suivi-cancer", "bilan", "g8"), ("evaluation-multidimensionnelle", "evaluation", "algoplus")),
]


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


@pytest.mark.parametrize("code", CODES)
def test_a_shipped_pathway_comes_back_from_fhir_as_it_left(code):
    left = shipped(code)
    back = read(from_bundle(bundle(left)))

    assert (back.rules, back.scores, back.schedule, back.texts) == (
        left.rules,
        left.scores,
        left.schedule,
        left.texts,
    )
    assert {name: form.questions for name, form in back.forms.items()} == {
        name: form.questions for name, form in left.forms.items()
    }


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


def test_nothing_is_asked_of_epices_and_mini_gds_but_their_score():
    """Their items are widely copied; nothing that was found lets them be copied (docs/why/instruments.md)."""
    pathway = shipped("evaluation-multidimensionnelle")
    asked = [one.link_id for one in pathway.form("epices").questions]
    assert asked == ["epices"]
    assert [one.link_id for one in pathway.form("evaluation").questions if "gds" in one.link_id] == [
        "mini-gds"
    ]

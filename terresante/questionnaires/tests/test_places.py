"""Each mistake of a draft leads to the field where it is corrected, or to its line in its file."""

import json

import pytest

from terresante.questionnaires import draft
from terresante.questionnaires.pathway import Mistake, check
from terresante.questionnaires.places import Places
from terresante.questionnaires.tests.factories import QUESTIONNAIRE, files


def places(sent):
    return [(one.part, one.rest) for one in map(Places(sent).of, check(sent))]


@pytest.mark.parametrize(
    ("name", "before", "after", "place"),
    [
        (draft.RULES, "36.0..37.9", "37.9..36.0", ("seuils", "#row-0-green")),
        (draft.RULES, "sommeil;quotidien;sommeil", "sommeil;quotidien;sommeill", ("seuils", "#row-1-item")),
        (
            draft.RULES,
            "remeasure;why",
            "remeasure;pourquoi",
            ("fichiers", "?fichier=rules.csv&ligne=1#content"),
        ),
        (draft.TEXTS, "Appelez le 15 ou le 112.", "Attendez.", ("textes", "#text-red")),
        ("scores.toml", "'sommeil'", "'somme'", ("scores", "#score-0-part-0-expression")),
        (
            "questionnaires/quotidien.json",
            '"text": "Comment avez-vous dormi ?"',
            '"text": ""',
            ("questions", "#quotidien:sommeil:text"),
        ),
        (
            "questionnaires/quotidien.json",
            '"question": "sommeil"',
            '"question": "dodo"',
            ("fichiers", "?fichier=questionnaires%2Fquotidien.json&ligne=52#content"),
        ),
    ],
)
def test_a_mistake_leads_to_where_it_is_corrected(name, before, after, place):
    sent = files()
    assert before in sent[name]

    assert place in places({**sent, name: sent[name].replace(before, after)})


def test_bounds_lead_to_the_bound_that_is_missing():
    form = json.loads(json.dumps(QUESTIONNAIRE))
    del form["item"][0]["extension"][2]
    sent = {**files(), "questionnaires/quotidien.json": json.dumps(form, ensure_ascii=False, indent=2)}

    assert ("questions", "#quotidien:temperature:lowest") in places(sent)


def test_lines_are_counted_past_what_is_written_on_several():
    rules = 'rule;questionnaire;item;green;orange;red;remeasure;why\n\na;q;t;;;;no;"deux\nlignes"\nb;q;t;;;;no;B\n'
    sent = {**files(), draft.RULES: rules}

    assert draft.places(sent, draft.RULES) == {3: 0, 5: 1}
    assert Places(sent).of(Mistake(draft.RULES, 5, "colonne « red » : rien")).field == "row-1-red"
    assert Places(sent).of(Mistake(draft.RULES, 4, "colonne « red » : rien")).part == "fichiers"

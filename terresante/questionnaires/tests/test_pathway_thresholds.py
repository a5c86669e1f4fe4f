"""Thresholds of a draft in forms: comparisons in words, answers to tick; what no form says stays as text."""

import pytest

from terresante.questionnaires import draft as files_of_draft
from terresante.questionnaires.editors import thresholds
from terresante.questionnaires.editors.rules import RulesEditor
from terresante.questionnaires.editors.thresholds import Condition, Threshold
from terresante.questionnaires.pathway import folder, readable
from terresante.questionnaires.tests.factories import files
from terresante.questionnaires.tests.shelf import SHIPPED
from terresante.questionnaires.tests.test_pathway_editor_forms import (
    beside,
    draft,
    kept,
    page_of,
    screen,
)

__all__ = ["draft", "screen"]
pytestmark = pytest.mark.commits
SLEEP = (("bon", "Bien"), ("mauvais", "Mal"))
ROW = {"row-0-rule": "temperature", "row-0-questionnaire": "quotidien", "row-0-item": "temperature"}


def colour(number, name, *conditions, text=""):
    """As a browser sends them."""
    parts = ("sign", "low", "high")
    sent = {
        f"row-{number}-{name}-{at}-{part}": said
        for at, one in enumerate(conditions)
        for part, said in zip(parts, one, strict=True)
    }
    return {**sent, f"row-{number}-{name}": text}


def sent_by(page_files):
    """All that the page of thresholds would send, untouched."""
    found: dict[str, str] = {}
    for group in RulesEditor(page_files, None, {}, None).groups:
        for rule in group.rules:
            found |= {field.name: field.value for _, _, field in rule.others}
            for cell in rule.colours:
                found[cell.rest.name] = cell.rest.value
                found |= {name: "1" for name, _, is_ticked in cell.answers if is_ticked}
                for one in (*cell.conditions, *([cell.spare] if cell.spare else [])):
                    found |= {field.name: field.value for field in (one.sign, one.low, one.high)}
    return found


@pytest.mark.parametrize(
    ("cell", "answers", "said"),
    [
        ("36.0..37.9", (), Threshold((Condition("..", "36,0", "37,9"),))),
        (">= 39,5 | < 35", (), Threshold((Condition(">=", "39,5"), Condition("<", "35")))),
        ("95 | = personal(spo2-floor)", (), Threshold((Condition("=", "95"),), (), "= personal(spo2-floor)")),
        ("rise >= 2 in 3d", (), Threshold((), (), "rise >= 2 in 3d")),
        ("mauvais | bon", SLEEP, Threshold((), ("bon", "mauvais"))),
        ("mauvais | peut", SLEEP, Threshold((), ("mauvais",), "peut")),
        ("", (), Threshold()),
    ],
)
def test_a_cell_is_read_as_the_fields_that_say_it(cell, answers, said):
    assert thresholds.read(cell, answers, is_compared=not answers) == said


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*/rules.csv")), ids=lambda path: path.parent.name)
def test_a_page_that_is_saved_as_it_was_opened_changes_nothing(path):
    """Of every pathway that is shipped: no zero is lost, no order is changed, nothing falls between two fields."""
    before = folder(path.parent)
    editor = RulesEditor(before, sent_by(before), {}, None)
    assert editor.mistakes() == {}
    after = editor.files(before)
    assert files_of_draft.rows(after, files_of_draft.RULES) == files_of_draft.rows(
        before, files_of_draft.RULES
    )


def test_a_physician_says_a_threshold_in_words_and_an_answer_by_ticking_it(screen, draft):
    page = page_of(screen("seuils"))
    assert ">à partir de</option>" in page and '<span class="condition-unit">°C</span>' in page
    sent = {
        **sent_by(draft.files),
        **colour(0, "red", (">=", "39,5", ""), ("<", "35,0", "")),
        **colour(0, "orange", ("..", "38", "39,4"), ("..", "35,0", "35,9")),
        "row-1-orange-code:bon": "1",
    }
    sent.pop("row-1-green-code:bon")

    assert screen("seuils", sent).status_code == 302

    rules = {rule.name: rule for rule in kept(draft).read().rules}
    assert (rules["temperature"].red, rules["temperature"].orange) == (
        ">= 39.5 | < 35.0",
        "38..39.4 | 35.0..35.9",
    )
    assert (rules["sommeil"].green, rules["sommeil"].orange) == ("", "mauvais | bon")


def test_what_no_field_says_is_written_beside_them_and_told_in_words(screen, draft):
    sent = {**sent_by(draft.files), **colour(0, "red", (">=", "39", ""), text="rise >= 2 in 3d")}
    assert screen("seuils", sent).status_code == 302

    assert next(iter(kept(draft).read().rules)).red == ">= 39 | < 35.0 | rise >= 2 in 3d"
    page = page_of(screen("seuils"))
    assert 'name="row-0-red" value="rise &gt;= 2 in 3d"' in page
    assert "hausse ≥ 2" in page.partition('id="row-0-red-mots">')[2].partition("<")[0]


@pytest.mark.parametrize(
    ("condition", "part", "sentence"),
    [
        ((">=", "", ""), "low", "Écrivez le nombre, ou retirez la comparaison."),
        ((">=", "trente-neuf", ""), "low", "« trente-neuf » n’est pas un nombre"),
        (("", "39", ""), "sign", "Choisissez la comparaison qui va avec ce nombre."),
        (("..", "38", ""), "high", "Écrivez le nombre"),
        (("..", "39", "38"), "high", "au-dessous de 39"),
        (("≈", "39", ""), "sign", "Choisissez la comparaison"),
    ],
)
def test_each_condition_is_checked_at_its_field_and_stays_as_it_was_typed(
    screen, draft, condition, part, sentence
):
    sent = {**sent_by(draft.files), **colour(0, "red", condition)}
    answered = screen("seuils", sent)
    page, name = page_of(answered), f"row-0-red-0-{part}"

    assert answered.status_code == 422
    assert sentence in beside(page, name).replace("\u00a0", " ").replace("\u202f", " ")
    assert f'<a href="#{name}">' in page and f'aria-describedby="{name}-erreur"' in page
    for field, typed in zip(("low", "high"), condition[1:], strict=True):
        assert f'name="row-0-red-0-{field}" value="{typed}"' in page
    assert kept(draft).files == draft.files


def test_an_empty_row_before_it_moves_no_mistake_to_another_criterion(screen, draft):
    rows = {key.replace("row-1-", "row-7-"): value for key, value in sent_by(draft.files).items()}
    rows = {key: value for key, value in rows.items() if not key.startswith(("row-2-", "row-3-"))}
    answered = screen("seuils", {**rows, "row-3-why": " ", **colour(7, "green", (">=", "x", ""))})
    assert answered.status_code == 422
    assert "n’est pas un nombre" in beside(page_of(answered), "row-1-green-0-low").replace("\u00a0", " ")


def test_an_empty_criterion_is_taken_away(screen, draft):
    sent = {key: value for key, value in sent_by(draft.files).items() if not key.startswith("row-1-")}
    assert screen("seuils", {**sent, "row-1-why": ""}).status_code == 302
    assert [rule.name for rule in kept(draft).read().rules] == ["temperature"]


def test_a_question_that_cannot_be_read_still_shows_what_is_written():
    broken = {**files(), "questionnaires/quotidien.json": "{"}
    read = readable(broken)
    assert read is None or not read.forms
    cells = RulesEditor(broken, None, {}, None).groups[0].rules[0].colours
    assert [cell.conditions[0].low.value for cell in cells] == ["39,0", "38,0", "36,0"]


def test_a_criterion_is_added_by_choosing_its_question_in_the_words_of_the_form(screen, draft):
    page = page_of(screen("seuils"))
    chosen = page.partition('<select id="row-2-item"')[2].partition("</select>")[0]
    # What it is about is asked first, its thresholds after; of one that is written, what changes most often.
    assert page.index('id="row-2-item"') < page.index('id="row-2-red"')
    assert page.index('id="row-0-red"') < page.index('id="row-0-item"')
    assert '<option value="" selected>Aucune</option>' in chosen
    assert f'<optgroup label="{draft.read().forms["quotidien"].title}">' in chosen
    assert '<option value="quotidien sommeil">Comment avez-vous dormi' in chosen
    assert '<option value="quotidien score:chaleur">Chaleur</option>' in chosen
    assert 'name="row-2-questionnaire"' not in page
    kept_one = page.partition('<select id="row-0-item"')[2].partition("</select>")[0]
    assert '<option value="quotidien temperature" selected>' in kept_one
    assert kept_one.count('<option value="quotidien') == chosen.count('<option value="quotidien')

    sent = {
        **sent_by(draft.files),
        "row-2-rule": "reveil",
        "row-2-item": "quotidien score:chaleur",
        "row-2-why": "Chaleur",
        **colour(2, "red", (">=", "2", "")),
    }
    assert screen("seuils", sent).status_code == 302

    (_, _, added) = kept(draft).read().rules
    assert (added.name, added.questionnaire, added.item, added.red) == (
        "reveil",
        "quotidien",
        "score:chaleur",
        ">= 2",
    )


def test_a_question_that_the_list_does_not_have_stays_as_it_is_written(screen, draft):
    sent = {**sent_by(draft.files), "row-1-item": "quotidien {1 + 1}"}
    screen("seuils", sent)

    chosen = page_of(screen("seuils")).partition('<select id="row-1-item"')[2].partition("</select>")[0]
    assert '<option value="quotidien {1 + 1}" selected>quotidien {1 + 1}</option>' in chosen
    assert files_of_draft.rows(kept(draft).files, files_of_draft.RULES)[1]["item"] == "{1 + 1}"


def test_each_criterion_to_add_has_a_name_of_its_own(draft):
    rules = [rule for group in RulesEditor(draft.files, None, {}, None).groups for rule in group.rules]
    new = [rule.title for rule in rules if rule.is_new]

    assert len(new) > 1 and new == [f"Nouveau critère {number}" for number in range(1, len(new) + 1)]

"""Pure: what a programme says, whom it takes, when its steps are due, what goes out in a file."""

from dataclasses import replace
from datetime import date

import pytest

from terresante.care_plans.definition import (
    Bounds,
    Bundle,
    Definition,
    Person,
    PlannedAct,
    cycle,
    faults,
    from_json,
    unmet,
)
from terresante.care_plans.due_dates import due_dates
from terresante.care_plans.models import Programme
from terresante.care_plans.programme_forms import GeneralForm, SequenceForm, StepForm
from terresante.care_plans.programme_queries import SequenceRow, sequences_csv

TODAY = date(2026, 11, 27)
FIRST = PlannedAct(key="e1", title="Annonce", role="physician", delay=7)
SECOND = PlannedAct(key="e2", title="Visite", role="nurse", delay=14, after="e1")
THIRD = PlannedAct(key="e3", title="Bilan", role="nurse", delay=30, after="e2")
WHOLE = Definition(
    criteria=("A été hospitalisée",),
    bounds=Bounds(age_from=18, age_to=90, sex="F", places=("94", "2A")),
    steps=(FIRST, SECOND, THIRD),
    sequences=(Bundle(key="s1", label="Entrée", steps=("e1", "e2"), fee=15050),),
)
PERSON = Person(birth_date=date(1939, 4, 2), sex="F", postal_code="94700")


def test_a_definition_is_kept_and_read_again():
    assert from_json(WHOLE.as_json()) == WHOLE
    assert faults(WHOLE) == []


def test_steps_that_wait_for_one_another_are_named():
    looped = replace(WHOLE, steps=(replace(FIRST, after="e3"), SECOND, THIRD))

    assert cycle(looped.steps) == ["e1", "e3", "e2", "e1"]
    assert "« Annonce » → « Bilan » → « Visite » → « Annonce »" in str(faults(looped)[0])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (Definition(), "n’a pas encore d’étape"),
        (replace(WHOLE, included_by=()), "Personne ne peut inclure"),
        (replace(WHOLE, bounds=Bounds(age_from=90, age_to=18)), "personne n’a cet âge"),
        (
            replace(WHOLE, steps=(replace(FIRST, role="druid"),), sequences=()),
            "Étape « Annonce » : Le rôle « druid » n’existe pas",
        ),
        (replace(WHOLE, steps=(replace(FIRST, delay=-3),), sequences=()), "à partir de 0, pas -3"),
        (replace(WHOLE, steps=(SECOND,), sequences=()), "L’étape dont elle dépend a été retirée"),
        (replace(WHOLE, sequences=(Bundle(key="s1", label="Vide", steps=(), fee=1),)), "« Vide »"),
        (
            replace(
                WHOLE, sequences=tuple(Bundle(key=k, label=k, steps=("e1",), fee=1, times=2) for k in "ab")
            ),
            "dans deux séquences répétées",
        ),
    ],
)
def test_what_a_draft_lacks_is_said_in_a_sentence(wrong, said):
    assert any(said in str(fault) for fault in faults(wrong))


@pytest.mark.parametrize(
    ("person", "ticked", "said"),
    [
        (PERSON, WHOLE.criteria, None),
        (PERSON, (), "Le critère « A été hospitalisée » n’est pas coché."),
        (replace(PERSON, birth_date=date(2008, 11, 28)), WHOLE.criteria, "la personne a 17 ans"),
        (replace(PERSON, birth_date=date(1935, 11, 27)), WHOLE.criteria, "la personne a 91 ans"),
        (replace(PERSON, birth_date=date(1935, 11, 28)), WHOLE.criteria, None),
        (replace(PERSON, sex="M"), WHOLE.criteria, "Pour les femmes."),
        (replace(PERSON, postal_code="75013"), WHOLE.criteria, "Habite dans le 94 ou le 2A : le code postal"),
        (replace(PERSON, postal_code="20137"), WHOLE.criteria, None),
        (replace(PERSON, postal_code="20600"), WHOLE.criteria, "est 20600"),
        (replace(PERSON, postal_code=""), WHOLE.criteria, "n’est pas connue"),
    ],
)
def test_a_criterion_that_is_not_met_says_which_and_why(person, ticked, said):
    found = unmet(WHOLE, person, ticked, today=TODAY)

    assert len(found) == (said is not None)
    assert said is None or said in found[0]


def test_what_was_done_or_moved_carries_along_what_follows_it():
    planned = due_dates(WHOLE.steps, date(2026, 1, 1))
    late = due_dates(WHOLE.steps, date(2026, 1, 1), {"e1": date(2026, 1, 20)})
    moved = due_dates(WHOLE.steps, date(2026, 1, 1), {"e2": date(2026, 2, 1)})

    assert planned == {"e1": date(2026, 1, 8), "e2": date(2026, 1, 22), "e3": date(2026, 2, 21)}
    assert late == {"e1": date(2026, 1, 20), "e2": date(2026, 2, 3), "e3": date(2026, 3, 5)}
    assert moved["e1"] == planned["e1"] and moved["e3"] == date(2026, 3, 3)


STEP = {"title": "Visite", "role": "nurse", "delay": "14", "after": "e1"}
SEQUENCE = {"label": "Entrée", "steps": ["e1"], "fee": "149,50", "times": "1"}


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"delay": "-3"}, "delay", "ne peut pas être négatif (-3)"),
        ({"delay": "bientôt"}, "delay", "« bientôt » n’est pas un nombre de jours"),
        ({"delay": "99999"}, "delay", "1826 jours au plus"),
        ({"role": "druid"}, "role", "Ce rôle n’existe pas"),
        ({"after": "e9"}, "after", "n’existe plus"),
        ({"title": " "}, "title", "Dites ce qu’il y a à faire"),
        ({"form": "chikungunya"}, "form", "n’est plus proposé"),
    ],
)
def test_a_step_that_is_written_wrong_says_what_to_write(changed, field, said):
    form = StepForm(STEP | changed, definition=WHOLE, titles={"diabete": "Diabète"})

    assert not form.is_valid() and said in form.errors[field][0]


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"fee": "cent euros"}, "fee", "« cent euros » n’est pas un montant"),
        ({"fee": "-15"}, "fee", "n’est pas un montant"),
        ({"fee": "1,234"}, "fee", "n’est pas un montant"),
        ({"fee": "9999999"}, "fee", "au plus"),
        ({"times": "0"}, "times", "de 1 à 24"),
        ({"steps": ["e9"]}, "steps", "n’existe plus"),
    ],
)
def test_a_sequence_that_is_written_wrong_says_what_to_write(changed, field, said):
    form = SequenceForm(SEQUENCE | changed, definition=WHOLE)

    assert not form.is_valid() and said in form.errors[field][0]


@pytest.mark.parametrize(
    ("written", "cents"), [("149,50", 14950), ("1 250 €", 125000), ("0.5", 50), ("150", 15000)]
)
def test_an_amount_is_read_as_it_is_written_in_french(written, cents):
    form = SequenceForm(SEQUENCE | {"fee": written}, definition=WHOLE)

    assert form.is_valid() and form.sequence().fee == cents


def test_the_general_page_refuses_an_age_and_a_place_that_are_none():
    sent = {
        "title": "T",
        "legal_ground": "none",
        "included_by": ["druid"],
        "age_from": "dix",
        "places": "94, Créteil",
    }
    errors = GeneralForm(sent, is_new=False).errors

    assert "n’est pas un âge" in errors["age_from"][0]
    assert "« CRÉTEIL »" in errors["places"][0]
    assert "Ce rôle n’existe pas" in errors["included_by"][0]


def test_a_file_opens_in_a_spreadsheet_and_runs_nothing():
    programme = Programme(title='=HYPERLINK("http://example.org")')
    rows = [SequenceRow("ABCDE-FGHJK", "+Forfait; d’entrée", 1, date(2026, 3, 1), 15050, 4)]

    text = sequences_csv(programme, rows)

    assert text.startswith("\ufeffRéférence;Programme;")
    assert text.splitlines()[1] == (
        'ABCDE-FGHJK;"\'=HYPERLINK(""http://example.org"")";"\'+Forfait; d’entrée";1;01/03/2026;150,50;4'
    )

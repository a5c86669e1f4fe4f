"""`check` on what a pathway waits for in vain, and on what FHIR would let one believe."""

from decimal import Decimal

import pytest

from terresante.care_team.enums import RoleGroup
from terresante.questionnaires.pathway import fhirpath, in_words, read, rules_in_words
from terresante.questionnaires.pathway.reach import ROLES
from terresante.questionnaires.tests.pathways import (
    HEAD,
    RULES,
    SCHEDULE,
    SCORES,
    choice,
    number,
    questionnaire,
    small,
    warned,
    wrong,
    yes_no,
)


def asking(*conditions, behaviour="all", of=None):
    """A form whose last question waits for the others."""
    first = of or number("age", "Âge ?", "ans", 0, 120, kind="integer")
    more = {"enableBehavior": behaviour} if len(conditions) > 1 else {}
    last = yes_no("suite", "Et ensuite ?", enableWhen=list(conditions), **more)
    return small({"questionnaires/autre.json": questionnaire(first, last)})


def when(operator, value, *, question="age", key="answerInteger"):
    return {"question": question, "operator": operator, key: value}


COUGH = choice("toux", "Toux ?", {"seche": ("Sèche", None), "grasse": ("Grasse", None)})
DRY, WET = ({"code": code} for code in ("seche", "grasse"))


@pytest.mark.parametrize(
    ("conditions", "behaviour", "of"),
    [
        ([when(">", 120)], "all", None),
        ([when("=", 130)], "all", None),
        ([when(">", 65), when("<", 60)], "all", None),
        ([when(">=", 30), when("<", 30)], "all", None),
        ([when(">", 120), when("<", 0)], "any", None),
        ([when("=", DRY, question="toux", key="answerCoding"), when("=", WET, question="toux", key="answerCoding")],
         "all", COUGH),
        ([when("exists", False, key="answerBoolean"), when("=", 3)], "all", None),
    ],
)  # fmt: skip
def test_a_question_that_nobody_ever_sees_is_warned_of(conditions, behaviour, of):
    files = asking(*conditions, behaviour=behaviour, of=of)

    assert wrong(files) == []
    assert any("« suite » ne s’affiche jamais" in told for told in warned(files))


@pytest.mark.parametrize(
    ("conditions", "behaviour", "of"),
    [
        ([when(">", 65)], "all", None),
        ([when(">=", 60), when("<=", 60)], "all", None),
        ([when(">", 60), when("<", 62)], "all", None),
        ([when(">", 65), when("<", 60)], "any", None),
        ([when("!=", 3)], "all", None),
        ([when("exists", False, key="answerBoolean")], "all", None),
        ([when("=", DRY, question="toux", key="answerCoding"), when("=", WET, question="toux", key="answerCoding")],
         "all", {**COUGH, "repeats": True}),
        ([when("<", "2026-03-01", question="jour", key="answerDate")], "all",
         {"linkId": "jour", "text": "Quand ?", "type": "date"}),
    ],
)  # fmt: skip
def test_a_question_that_somebody_may_see_is_not(conditions, behaviour, of):
    files = asking(*conditions, behaviour=behaviour, of=of)

    assert wrong(files) == []
    assert not any("ne s’affiche jamais" in told for told in warned(files))


def test_a_question_that_waits_for_a_later_one_is_warned_of():
    early = yes_no("avant", "Avant ?", enableWhen=[when("=", True, question="apres", key="answerBoolean")])

    told = warned(small({"questionnaires/autre.json": questionnaire(early, yes_no("apres", "Après ?"))}))

    assert any("« avant » dépend de « apres », qui vient après" in one for one in told)


@pytest.mark.parametrize(
    ("condition", "of", "expected"),
    [
        (
            when(">", DRY, question="toux", key="answerCoding"),
            COUGH,
            "« > » compare des nombres, des dates ou des",
        ),
        (
            when("=", "hier", question="jour", key="answerString"),
            {"linkId": "jour", "text": "Quand ?", "type": "date"},
            "une réponse d’un autre type",
        ),
    ],
)
def test_a_comparison_that_means_nothing_is_a_mistake(condition, of, expected):
    [told] = wrong(asking(condition, of=of))

    assert told.startswith("questionnaires/autre.json:") and expected in told


def test_what_fhir_lets_one_ask_and_is_not_applied_is_warned_of():
    regex = {"url": "http://hl7.org/fhir/StructureDefinition/regex", "valueString": "[a-z]+"}
    form = questionnaire(
        {"linkId": "nom", "text": "Nom ?", "type": "string", "extension": [regex], "readOnly": True},
        yes_no("a", "A ?"),
        yes_no(
            "b",
            "B ?",
            enableWhen=[
                when("=", True, question="a", key="answerBoolean"),
                when("exists", True, question="nom", key="answerBoolean"),
            ],
        ),
    )
    told = [one for one in warned(small({"questionnaires/autre.json": form})) if "autre.json" in one]

    assert [
        part in one for part, one in zip(("« regex »", "« readOnly »", "enableBehavior"), told, strict=True)
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a;quotidien;poids;;drop >= 3 from baseline;;no;A", ""),
        ("a;quotidien;spo2;;count < 40 >= 3 in 7d;;no;A", "n’arrive jamais, la question accepte de 50 à 100"),
        ("a;quotidien;spo2;;count < 60 >= 3 in 7d;;no;A", ""),
        ("a;quotidien;spo2;;difference(temperature) >= 80;;no;A", "n’arrive jamais"),
        ("a;quotidien;spo2;;difference(temperature) >= 60;;no;A", ""),
        (
            "a;quotidien;{item.where(linkId='spo2').answer.value.value};;< 90;< 95;no;A",
            "ne donne jamais orange",
        ),
        ("a;logement;score:confinement;;;>= 5;no;A", "n’arrive jamais"),
    ],
)
def test_a_rule_that_never_fires_is_warned_of(line, expected):
    told = [one for one in warned(small({"rules.csv": f"{RULES}{line}\n"})) if one.startswith("rules.csv:7")]

    assert (expected in " ".join(told)) if expected else told == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("to = 2", "to = 3", "scores.toml:1 : « confinement » : 3 est dans deux tranches"),
        ("to = 2", "to = 1", "scores.toml:1 : « confinement » : entre 1 et 3, aucune tranche"),
        ("max = 4", "max = 6", "scores.toml:1 : « confinement » : au-dessus de 4, aucune tranche"),
    ],
)
def test_a_score_that_reads_in_two_ways_or_in_none_is_warned_of(before, after, expected):
    told = warned(small({"scores.toml": SCORES.replace(before, after, 1)}))

    assert any(one.startswith(expected) for one in told), told


def test_a_move_since_the_enrolment_needs_the_enrolment_to_ask_for_it():
    head = HEAD.replace('questionnaire = "quotidien"\n', 'questionnaire = "logement"\n')

    [told] = [one for one in warned(small({"pathway.toml": head})) if "baseline" in one]

    assert told.startswith("rules.csv:3 : « from baseline » n’arrive jamais")


def test_a_line_that_another_always_outdoes_contradicts_it():
    lines = "a;quotidien;poids;;> 100;;no;A\nb;quotidien;poids;;;> 90;no;B\n"
    rules = "\n".join(one for one in RULES.splitlines() if not one.startswith("poids")) + "\n" + lines

    [told] = warned(small({"rules.csv": rules}))

    assert told.startswith("rules.csv:7 : « a » ne donne jamais orange : la ligne « b » est plus grave")


def test_roles_are_those_of_the_platform_and_a_slip_names_the_nearest():
    assert set(ROLES) == {group.value for group in RoleGroup} | {"cell"}
    slipped = HEAD.replace('"physician"', '"phisician"')

    assert wrong(small({"pathway.toml": slipped})) == [
        "pathway.toml:19 : « phisician » n’est le rôle de personne : vouliez-vous « physician » ?"
    ]
    nobody = HEAD.replace('enrols = ["physician", "nurse"]\n', "")
    assert any("personne ne peut inclure" in told for told in warned(small({"pathway.toml": nobody})))


def test_a_colour_that_the_next_question_forestalls_is_warned_of():
    schedule = SCHEDULE.replace("soir;quotidien;D7;D10;18:00;;21:00;", "soir;quotidien;D7;D10;13:00;;21:00;")

    assert warned(small({"schedule.csv": schedule})) == [
        f"schedule.csv:2 : colonne « {name} » : « soir » pose de nouveau ce questionnaire avant ce moment, qui n’arrive"
        " donc pas. Avancez-le."
        for name in ("orange", "red")
    ]


def test_who_fills_a_step_is_the_patient_a_carer_or_a_professional():
    schedule = SCHEDULE.replace(";patient", ";carer", 1).replace(";patient", ";nurse", 1)

    assert warned(small({"schedule.csv": schedule})) == [
        "schedule.csv:3 : colonne « role » : « nurse » sera lu « professional ». Écrivez patient, carer (un proche "
        "répond pour la personne) ou professional."
    ]


def test_an_unknown_variable_names_the_line_of_its_expression():
    score = '[[score]]\nid = "a"\nquestionnaire = "logement"\ntitle = "A"\nexpression = "%inconnu + 1"\n'

    [told] = wrong(small({"scores.toml": score, "rules.csv": None}))

    assert told.startswith("scores.toml:5 : la variable %inconnu n’est pas connue ici")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("item.where(linkId='poids').answer.value.value.power(2)", Decimal(4)),
        ("4.power(0.5)", Decimal(2)),
        ("(1 + 0).exp().ln().round(3)", Decimal(1)),
        ("100.log(10).round(3)", Decimal(2)),
        ("'abcdef'.substring(1, 2)", "bc"),
        ("'12'.convertsToInteger()", True),
    ],
)
def test_functions_that_scores_of_medicine_need_are_there(expression, expected):
    form = read(small({"questionnaires/f.json": questionnaire(number("poids", "P ?", "kg", 0, 9))})).forms[
        "f"
    ]
    resource = fhirpath.resource_of(form, {"poids": Decimal(2)})

    assert fhirpath.compiled(expression).evaluate(resource, {}) == expected


def test_a_table_is_said_in_words_and_what_cannot_be_read_is_left_out():
    rules = {rule.name: in_words(read(small()), rule) for rule in read(small()).rules}

    assert (rules["souffle"].asked, rules["souffle"].green) == (
        "Êtes-vous essoufflé ?",
        "Non ou Comme d’habitude",
    )
    assert rules["spo2"].orange == "= 95\u202f% ou baisse ≥ 3\u202f% depuis la valeur de référence"
    assert sorted(rules["souffle"].coded) == ["green", "orange", "red"] and not rules["temperature"].coded
    assert rules["confinement"].asked == "Score de confinement"
    draft = rules_in_words(small({"rules.csv": RULES.replace("effort", ">>"), "scores.toml": "["}))
    assert (draft["souffle"].orange, draft["souffle"].red) == ("", "Au repos")

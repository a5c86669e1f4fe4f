"""`check`: mistakes and warnings, each with its file, its line and what to do."""

import pytest

from terresante.questionnaires.pathway import check
from terresante.questionnaires.tests.pathways import (
    EXAMPLE_RED,
    RULES,
    changed,
    choice,
    number,
    questionnaire,
    small,
    warned,
    wrong,
    yes_no,
)


def test_a_right_pathway_has_nothing_to_say():
    assert check(small()) == []


@pytest.mark.parametrize(
    ("file", "before", "after", "expected"),
    [
        (
            "rules.csv",
            "quotidien;poids;",
            "quotidien;poid;",
            "rules.csv:4 : colonne « item » : « quotidien » n’a pas de « poid », vouliez-vous « poids » ?",
        ),
        (
            "rules.csv",
            "none | usual",
            "none | usuel",
            "rules.csv:5 : colonne « green » : « usuel » n’est pas une réponse : vouliez-vous « usual » ?",
        ),
        (
            "rules.csv",
            "score:confinement",
            "score:confinment",
            "rules.csv:6 : colonne « item » : pas de score « confinment » pour « logement », vouliez-vous",
        ),
        (
            "rules.csv",
            ";95 |",
            ";difference(effort) >= 3 |",
            "rules.csv:3 : colonne « orange » : difference(effort) : ce n’est pas une mesure de « quotidien »",
        ),
        (
            "rules.csv",
            "38.0..38.9",
            "fievre",
            "rules.csv:2 : colonne « orange » : « fievre » n’est pas un nombre : écrivez par exemple >= 39",
        ),
        (
            "scores.toml",
            "linkId='chambre'",
            "linkId='chambr'",
            "scores.toml:9 : le linkId « chambr » n’est pas dans « logement » : vouliez-vous « chambre » ?",
        ),
        (
            "scores.toml",
            "2, 0)",
            "%risque, 0)",
            "scores.toml:9 : la variable %risque n’est pas connue ici",
        ),
        (
            "scores.toml",
            "2, 0)",
            "%confinement, 0)",
            "scores.toml:9 : la variable %confinement n’est pas connue ici : un score ne peut pas",
        ),
        (
            "scores.toml",
            ".ordinal()",
            ".ordinal(",
            "scores.toml:13 : l’expression FHIRPath n’est pas comprise à la fin",
        ),
        (
            "scores.toml",
            ".ordinal()",
            ".code",
            "scores.toml:13 : le calcul donne « non » au lieu d’un nombre. Essayé sur des réponses complètes",
        ),
        (
            "texts.toml",
            "le 15 ou le 112 maintenant",
            "la cellule",
            "texts.toml:2 : « red » doit dire d’appeler le 15",
        ),
        (
            "texts.toml",
            "red = ",
            "#",
            "texts.toml:1 : « red » manque : écrivez ce que la personne doit faire",
        ),
        (
            "schedule.csv",
            "soir;quotidien",
            "soir;quotidienne",
            "schedule.csv:3 : colonne « questionnaire » : il n’y a pas de questionnaires/quotidienne.json",
        ),
        (
            "examples/rouge.toml",
            "spo2 = 93",
            "spo2 = 96",
            "examples/rouge.toml:7 : attendu rouge, obtenu vert (aucune règle ne se déclenche).",
        ),
        (
            "examples/rouge.toml",
            "temperature = 37.0",
            "temperature = 39.0",
            "examples/rouge.toml:8 : attendu spo2, obtenu spo2, temperature (temperature : 39\u202f°C, ≥ 39",
        ),
        (
            "examples/rouge.toml",
            "temperature = 37.0",
            "temperature = 98",
            "examples/rouge.toml:3 : « temperature » est refusé : 98 en °F ?",
        ),
        (
            "examples/rouge.toml",
            "spo2 = 93",
            "sop2 = 93",
            "examples/rouge.toml:4 : « sop2 » n’est pas une question de « quotidien » : vouliez-vous « spo2 » ?",
        ),
        (
            "examples/rouge.toml",
            '"none"',
            '"rest"',
            "examples/rouge.toml:2 : « malaise » est refusé : Répondez à cette question.",
        ),
        (
            "examples/logement.toml",
            "confinement = 4",
            "confinement = 3",
            "examples/logement.toml:8 : « confinement » : attendu 3, obtenu 4 = 2 (A sa propre chambre) + 2 (Aide",
        ),
    ],
)
def test_a_mistake_names_its_place_and_what_to_write(file, before, after, expected):
    mistakes = wrong(changed(file, before, after))

    assert any(mistake.startswith(expected) for mistake in mistakes), mistakes


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "38.0..38.9",
            "38.0..39.0",
            "rules.csv:2 : 39 est à la fois rouge et orange : la plus grave l’emporte",
        ),
        (
            ">= 39.0 |",
            ">= 46 |",
            "rules.csv:2 : colonne « red » : « ≥ 46\u202f°C » n’arrive jamais, la question",
        ),
        (";95 |", ";94 |", "rules.csv:3 : colonne « orange » : « = 94\u202f% » ne donne jamais orange"),
        ("36.0..37.9", "36.0..37.5", "rules.csv:2 : 37,6, 37,9 n’est dans aucune case : ce sera orange"),
        (
            "none | usual;",
            "none;",
            "rules.csv:5 : « usual » n’est dans aucune case : ce sera orange, « hors table »",
        ),
        (
            "rise >= 3 in 7d",
            "rise >= 300 in 7d",
            "rules.csv:4 : colonne « red » : « hausse ≥ 300\u202fkg en 7 jours »",
        ),
        ("rest;no", "rest;yes", "rules.csv:5 : remeasure = yes ne sert qu’à une mesure"),
    ],
)
def test_what_is_suspicious_is_a_warning(before, after, expected):
    files = changed("rules.csv", before, after)

    assert any(warning.startswith(expected) for warning in warned(files)), warned(files)
    assert not [mistake for mistake in wrong(files) if mistake.startswith("rules")]


def test_two_lines_that_contradict_each_other_are_named_together():
    line = "spo2-bis;quotidien;spo2;>= 92;;<= 91;no;Bis\n"

    [warning] = warned(small({"rules.csv": RULES + line}))

    assert "est vert sur une ligne et rouge sur une autre (« spo2 » et « spo2-bis »)" in warning


def test_questions_that_wait_for_each_other_are_named_in_a_circle():
    form = questionnaire(
        yes_no("a", "A ?", enableWhen=[{"question": "b", "operator": "exists", "answerBoolean": True}]),
        yes_no("b", "B ?", enableWhen=[{"question": "a", "operator": "=", "answerBoolean": True}]),
    )

    mistakes = wrong(small({"questionnaires/autre.json": form}))

    assert "ces questions s’attendent l’une l’autre" in mistakes[0]
    assert mistakes[0].startswith("questionnaires/autre.json:")


def test_scores_that_wait_for_each_other_are_named_in_a_circle():
    one = '[[score]]\nid = "{}"\nquestionnaire = "logement"\ntitle = "T"\nexpression = "%{} + 1"\n'

    mistakes = wrong(small({"scores.toml": one.format("a", "b") + one.format("b", "a"), "rules.csv": None}))

    assert mistakes == [
        "scores.toml:1 : ces scores s’attendent l’un l’autre : %a → %b → %a. Retirez l’un de ces renvois."
    ] or mistakes == [
        "scores.toml:6 : ces scores s’attendent l’un l’autre : %b → %a → %b. Retirez l’un de ces renvois."
    ]


def test_a_condition_on_a_question_or_an_answer_that_is_not_there_is_named():
    for condition, expected in (
        ({"question": "soufle", "operator": "exists", "answerBoolean": True}, "vouliez-vous « souffle » ?"),
        (
            {"question": "souffle", "operator": "=", "answerCoding": {"code": "repos"}},
            "attend la réponse « repos »",
        ),
        ({"question": "souffle", "operator": "=", "answerBoolean": True}, "d’un autre type"),
    ):
        souffle = choice("souffle", "Essoufflé ?", {"rest": ("Au repos", None)})
        form = questionnaire(souffle, yes_no("malaise", "Malaise ?", enableWhen=[condition]))

        assert expected in wrong(small({"questionnaires/autre.json": form}))[0]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            '"required": true',
            '"requierd": true',
            "la clé « requierd » n’existe pas, vouliez-vous « required » ?",
        ),
        ('"required": true', '"required": "true"', "« required » vaut true ou false, sans guillemets."),
        (
            "StructureDefinition/minValue",
            "StructureDefinition/minvalue",
            "n’est pas lue, écrivez http://hl7.org",
        ),
        (
            '"type": "quantity"',
            '"type": "quantité"',
            "le type « quantité » n’est pas lu ici, vouliez-vous « quantity » ?",
        ),
        (
            '"type": "quantity"',
            '"type": "quantity", "repeats": true',
            "seule une question « choice » accepte plusieurs",
        ),
    ],
)
def test_a_word_that_fhir_would_ignore_is_named(before, after, expected):
    mistakes = wrong(changed("questionnaires/quotidien.json", before, after))

    assert any(
        mistake.startswith("questionnaires/quotidien.json:") and expected in mistake for mistake in mistakes
    )


def test_a_pathway_without_an_example_is_refused():
    assert wrong(small({"examples/rouge.toml": None, "examples/logement.toml": None})) == [
        "pathway.toml:1 : aucun exemple : ajoutez examples/….toml, des réponses et la couleur que vous en attendez."
    ]


def test_a_measure_without_bounds_or_unit_is_a_warning():
    form = questionnaire(number("poids", "Poids ?", "kg", 1, 2, extension=[]))

    assert [
        warning.partition(" : ")[2] for warning in warned(small({"questionnaires/autre.json": form}))
    ] == [
        "« poids » n’a pas de minValue et maxValue : une valeur impossible sera acceptée.",
        "« poids » n’a pas d’unité (questionnaire-unit).",
        "le questionnaire « autre » n’est prévu à aucun moment : ajoutez une ligne si on l’attend.",
    ]


def test_an_example_that_expects_a_refusal_gets_it():
    refused = EXAMPLE_RED.partition("[expect]")[0].replace("spo2 = 93", "spo2 = 900")

    assert wrong(small({"examples/rouge.toml": refused + '[expect]\nproblems = ["spo2"]\n'})) == []
    assert wrong(small({"examples/rouge.toml": EXAMPLE_RED + 'problems = ["spo2"]\n'})) == [
        "examples/rouge.toml:10 : « spo2 » devait être refusé et il est accepté."
    ]

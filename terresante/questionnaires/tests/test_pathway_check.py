"""`check`: mistakes and warnings, each with its file, its line and what to do."""

import time

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from terresante.questionnaires.pathway import PathwayError, cell_reading, check, folder
from terresante.questionnaires.tests.pathways import (
    EXAMPLE_RED,
    RULES,
    choice,
    number,
    questionnaire,
    small,
    yes_no,
)


def told(files, *, warnings=False):
    return [str(mistake) for mistake in check(files) if mistake.is_warning is warnings]


def changed(file, before, after):
    files = small()
    assert before in files[file]
    return files | {file: files[file].replace(before, after, 1)}


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
    mistakes = told(changed(file, before, after))

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
        (
            "confinement;logement",
            "spo2-bis;quotidien;spo2;>= 92;;<= 91;no;Bis\nconfinement;logement",
            "rules.csv:6 : 95 est orange sur une ligne et vert sur une autre",
        ),
    ],
)
def test_what_is_suspicious_is_a_warning(before, after, expected):
    files = changed("rules.csv", before, after)
    if "spo2-bis" in after:
        expected = "rules.csv:6 : "

    assert any(warning.startswith(expected) for warning in told(files, warnings=True)), told(
        files, warnings=True
    )
    assert not [mistake for mistake in told(files) if mistake.startswith("rules")]


def test_two_lines_that_contradict_each_other_are_named_together():
    line = "spo2-bis;quotidien;spo2;>= 92;;<= 91;no;Bis\n"

    [warning] = told(small({"rules.csv": RULES + line}), warnings=True)

    assert "est vert sur une ligne et rouge sur une autre (« spo2 » et « spo2-bis »)" in warning


def test_questions_that_wait_for_each_other_are_named_in_a_circle():
    form = questionnaire(
        yes_no("a", "A ?", enableWhen=[{"question": "b", "operator": "exists", "answerBoolean": True}]),
        yes_no("b", "B ?", enableWhen=[{"question": "a", "operator": "=", "answerBoolean": True}]),
    )

    mistakes = told(small({"questionnaires/autre.json": form}))

    assert "ces questions s’attendent l’une l’autre" in mistakes[0]
    assert mistakes[0].startswith("questionnaires/autre.json:")


def test_scores_that_wait_for_each_other_are_named_in_a_circle():
    one = '[[score]]\nid = "{}"\nquestionnaire = "logement"\ntitle = "T"\nexpression = "%{} + 1"\n'

    mistakes = told(small({"scores.toml": one.format("a", "b") + one.format("b", "a"), "rules.csv": None}))

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

        assert expected in told(small({"questionnaires/autre.json": form}))[0]


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
    mistakes = told(changed("questionnaires/quotidien.json", before, after))

    assert any(
        mistake.startswith("questionnaires/quotidien.json:") and expected in mistake for mistake in mistakes
    )


def test_a_pathway_without_an_example_is_refused():
    assert told(small({"examples/rouge.toml": None, "examples/logement.toml": None})) == [
        "pathway.toml:1 : aucun exemple : ajoutez examples/….toml, des réponses et la couleur que vous en attendez."
    ]


def test_a_measure_without_bounds_or_unit_is_a_warning():
    form = questionnaire(number("poids", "Poids ?", "kg", 1, 2, extension=[]))

    assert [
        warning.partition(" : ")[2]
        for warning in told(small({"questionnaires/autre.json": form}), warnings=True)
    ] == [
        "« poids » n’a pas de minValue et maxValue : une valeur impossible sera acceptée.",
        "« poids » n’a pas d’unité (questionnaire-unit).",
        "le questionnaire « autre » n’est prévu à aucun moment : ajoutez une ligne si on l’attend.",
    ]


NASTY = {
    "binary": "\x00\x01\x02",
    "deep brackets": "[" * 100_000,
    "deep object": '{"item":' * 50_000,
    "long line": "a" * 900_000,
    "many lines": "x;y\n" * 200_000,
    "quotes": '"' * 99_999,
    "numbers": '{"resourceType": "Questionnaire", "title": 1e999, "item": [{"linkId": 3}]}',
    "lists": '{"resourceType": "Questionnaire", "item": {"linkId": "a"}}',
    "nulls": '{"resourceType": "Questionnaire", "title": null, "item": [null, {"linkId": "a", "type": null}]}',
    "huge number": "version = " + "9" * 5000,
    "tables": "[a]\n" * 10_000,
    "dates": "code = 2026-01-01\nscore = [1]\npatient = 3\nanswers = []\nexpect = 1",
    "rows": RULES + "a;b;c;d;e;f;g;h\n" * 20_000,
    "empty": "",
    "not numbers": "version = nan\n[[score]]\nmax = inf\n[[history]]\ndays_ago = nan\n[answers]\nspo2 = 1e-99999\n",
    "shapes": '{"resourceType": "Questionnaire", "title": "T", "item": [{"linkId": "a", "type": "choice", '
    '"answerOption": [{"valueCoding": 3}, 4], "enableWhen": 5, "extension": {"url": 1}, "item": 7}]}',
}


@pytest.mark.parametrize("name", sorted(NASTY))
@pytest.mark.parametrize("file", sorted(small()))
def test_no_file_crashes_the_check_or_holds_it(name, file):
    start = time.thread_time()

    mistakes = check(small({file: NASTY[name]}))

    assert mistakes
    assert all(mistake.line >= 1 and mistake.what for mistake in mistakes)
    assert time.thread_time() - start < 1


@pytest.mark.parametrize(
    "expression",
    [
        "-" * 3000 + "1",
        "(" * 2000 + "1" + ")" * 2000,
        "a" + ".a" * 1900,
        "1" + "+1" * 1900,
        "item" + ".select($this | $this)" * 150,
        "item.select(%resource.item.select(%resource.item))",
        "('a').matches('(a+)+$')",
        "10.power(100000000)",
        "item" + ".where(true)" * 300,
        "(1|2).aggregate($total & $total)",
        "'" + "é" * 3990,
        "item.where(linkId='chambre').answer.value / 0",
        "9" * 3900,
        "%resource",
        "{}",
        "item[999999999999999999999]",
        "1 'kg' > 2 'kg'",
        "@2026-13-45",
    ],
)
def test_no_expression_crashes_the_check_or_holds_it(expression):
    score = f"[[score]]\nid='x'\nquestionnaire='logement'\ntitle='X'\nexpression='''{expression}'''\n"
    start = time.thread_time()

    mistakes = check(small({"scores.toml": score, "rules.csv": None}))

    assert all(mistake.what for mistake in mistakes)
    assert time.thread_time() - start < 3


@settings(max_examples=150, deadline=None)
@given(
    file=st.sampled_from(sorted(small())),
    at=st.floats(0, 1),
    taken=st.integers(0, 60),
    put=st.one_of(
        st.sampled_from(["", '"', "[", "]]", "{", ";", "|", "..", "-", "%", "'", "\n", "null", "1e9", "é"]),
        st.text(max_size=8),
    ),
)
def test_a_slip_of_the_hand_in_any_file_is_told_and_never_crashes(file, at, taken, put):
    text = small()[file]
    start = int(at * len(text))

    mistakes = check(small({file: text[:start] + put + text[start + taken :]}))

    assert all(mistake.line >= 1 and mistake.what for mistake in mistakes)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_whatever_is_in_a_cell_is_read_or_explained(cell):
    try:
        cell_reading.parsed(cell, frozenset(("oui",)))
    except cell_reading.CellError as error:
        assert str(error)


def largest():
    """As large as the limits let a pathway be: each file is below what it may hold."""
    options = {f"option-{n}": (f"Réponse {n}", n) for n in range(60)}
    asks = [{"question": f"q{n}", "operator": "=", "answerCoding": {"code": "option-3"}} for n in range(15)]
    items = [
        choice(f"q{n}", "Question ?", options, required=False, **({"enableWhen": asks} if n >= 15 else {}))
        for n in range(40)
    ]
    many = " | ".join(f"option-{n}" for n in range(30))
    rows = [f"r{n};grand;q{n % 40};{many};{many};{many};no;R" for n in range(300)]
    steps = [f"s{n};grand;D{n};D{n};08:00;;;;;patient" for n in range(300)]
    parts = "".join(
        f"[[score.part]]\nlabel = 'P'\nexpression = \"item.where(linkId='q{n % 40}').answer.value.ordinal()\"\n"
        for n in range(300)
    )
    past = "[[history]]\ndays_ago = 1\n[history.answers]\nq1 = 'option-3'\n" * 5
    return {
        "questionnaires/grand.json": questionnaire(*items),
        "rules.csv": "\n".join((RULES.splitlines()[0], *rows)),
        "schedule.csv": "\n".join(("step;questionnaire;from;to;times;remind;grey;orange;red;role", *steps)),
        "scores.toml": f"[[score]]\nid='s'\nquestionnaire='grand'\ntitle='S'\nmissing='zero'\n{parts}",
        **{
            f"examples/e{n}.toml": f"questionnaire='grand'\n[answers]\nq2='option-4'\n{past}[expect]\ncolour='red'\n"
            for n in range(3)
        },
    }


def test_the_largest_pathway_is_checked_in_seconds():
    start = time.thread_time()

    mistakes = told(small(largest() | {"examples/rouge.toml": None, "examples/logement.toml": None}))

    assert mistakes == []
    assert time.thread_time() - start < 10


def write(tmp_path, files):
    root = tmp_path / "essai"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def run(path, capsys):
    code: object = 0
    try:
        call_command("pathway", "check", str(path))
    except SystemExit as end:
        code = end.code
    out, err = capsys.readouterr()
    return code, out, err


def test_the_command_says_that_a_folder_is_in_order(tmp_path, capsys):
    code, out, err = run(write(tmp_path, small()), capsys)

    assert (code, err) == (0, "")
    assert out == (
        "Suivi d’essai : en ordre, exemples compris. "
        "2 questionnaires, 1 score, 5 règles, 2 exemples, 0 avertissement.\n"
    )


def test_the_command_ends_with_one_on_a_mistake_and_with_zero_on_a_warning(tmp_path, capsys):
    wrong = run(write(tmp_path / "a", changed("rules.csv", "<= 94", "<=")), capsys)
    warned = run(write(tmp_path / "b", changed("rules.csv", "none | usual", "none")), capsys)

    assert wrong[0] == 1
    assert wrong[2].startswith("essai/rules.csv:3 : colonne « red » : « <= » : il manque un nombre.")
    assert warned[0] == 0
    assert warned[1].startswith("essai/rules.csv:5 : avertissement : « usual » n’est dans aucune case")


def test_the_command_says_in_one_sentence_what_it_cannot_read(tmp_path, capsys):
    root = write(tmp_path, small())
    (root / "rules.csv").write_bytes(b"rule;\xe9\n")

    assert run(tmp_path / "absent", capsys)[2] == (
        f"{tmp_path / 'absent'} : ce dossier n’existe pas : vérifiez son chemin.\n"
    )
    assert run(root, capsys)[2] == (
        "essai/rules.csv:1 : ce fichier n’est pas en UTF-8 : enregistrez-le en « UTF-8 ».\n"
    )


def test_a_folder_that_is_too_large_is_refused(tmp_path):
    root = write(tmp_path, small({"notes.txt": "x" * 1_000_001}))

    with pytest.raises(PathwayError, match="dépasse 1 Mo"):
        folder(root)


def test_an_example_that_expects_a_refusal_gets_it():
    refused = EXAMPLE_RED.partition("[expect]")[0].replace("spo2 = 93", "spo2 = 900")

    assert told(small({"examples/rouge.toml": refused + '[expect]\nproblems = ["spo2"]\n'})) == []
    assert told(small({"examples/rouge.toml": EXAMPLE_RED + 'problems = ["spo2"]\n'})) == [
        "examples/rouge.toml:10 : « spo2 » devait être refusé et il est accepté."
    ]

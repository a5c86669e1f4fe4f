"""A folder read: what it says, and where it is wrong."""

import ast
import time
from decimal import Decimal
from pathlib import Path

import pytest

from terresante.questionnaires.pathway import PathwayError, read
from terresante.questionnaires.pathway.tables import key_lines
from terresante.questionnaires.tests.pathways import HEAD, RULES, SCHEDULE, SCORES, small

ENGINE = Path(__file__).resolve().parents[1] / "pathway"


def mistakes_of(files):
    with pytest.raises(PathwayError) as caught:
        read(files)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_a_folder_is_read_whole():
    pathway = read(small())

    assert (pathway.code, pathway.kind, pathway.version) == ("suivi-essai", "follow-up", 1)
    assert set(pathway.forms) == {"quotidien", "logement"}
    assert pathway.delays.confirm == 15
    assert pathway.texts["red"].startswith("Appelez le 15")
    assert [score.id for score in pathway.scores] == ["confinement"]
    assert [rule.name for rule in pathway.rules] == ["temperature", "spo2", "poids", "souffle", "confinement"]


def test_a_question_keeps_its_section_unit_bounds_and_options():
    form = read(small()).forms["quotidien"]
    named = {question.link_id: question for question in form.questions}
    temperature, souffle, malaise = named["temperature"], named["souffle"], named["malaise"]

    assert (temperature.section, temperature.unit) == ("Vos mesures", "°C")
    assert (temperature.lowest, temperature.highest) == (Decimal(30), Decimal(45))
    assert [option.code for option in souffle.options] == ["none", "usual", "effort", "rest"]
    assert souffle.options[3].points == 2
    assert malaise.enable_when[0].conditions[0].value == "rest"


@pytest.mark.parametrize(
    ("file", "before", "after", "expected"),
    [
        (
            "pathway.toml",
            'kind = "follow-up"',
            'kind = "folow-up"',
            "pathway.toml:4 : « kind » ne peut pas être « folow-up »",
        ),
        (
            "pathway.toml",
            "confirm = 15",
            "confirmer = 15",
            "pathway.toml:15 : la clé « confirmer » n’existe pas ici",
        ),
        ("pathway.toml", "version = 1", "version = ", "pathway.toml:3 : cette ligne n’est pas du TOML"),
        ("scores.toml", "from = 3", 'from = "trois"', "scores.toml:16 : « from » est un nombre"),
        (
            "scores.toml",
            'questionnaire = "logement"',
            'questionnaire = "logment"',
            "scores.toml:3 : il n’y a pas de questionnaires/logment.json",
        ),
        ("rules.csv", "<= 94", "<= 94 95", "rules.csv:3 : colonne « red » : « <= 94 95 » : « 95 » est de"),
        (
            "rules.csv",
            "36.0..37.9",
            "37.9..36.0",
            "rules.csv:2 : colonne « green » : « 37.9..36.0 » : écrivez le plus petit nombre d’abord",
        ),
        (
            "rules.csv",
            "rise >= 2 in 3d",
            "rise >= 2",
            "rules.csv:4 : colonne « orange » : « rise >= 2 » : il manque « in » ou « from ».",
        ),
        ("rules.csv", "no;Poids", "Poids", "rules.csv:4 : cette ligne a 7 cases, il en faut 8"),
        (
            "rules.csv",
            "rule;questionnaire;item",
            "rule;questionnaire",
            "rules.csv:1 : la première ligne nomme les colonnes : il manque item.",
        ),
        ("schedule.csv", "D7;D10", "D10;D7", "schedule.csv:3 : colonne « to » : « D7 » vient avant « D10 »"),
        (
            "schedule.csv",
            "07:00;12:00;12:00",
            "13:00;;12:00",
            "schedule.csv:2 : colonne « grey » : ce moment vient avant l’ouverture",
        ),
        (
            "schedule.csv",
            "18:00;;21:00",
            "18h;;21:00",
            "schedule.csv:3 : colonne « times » : « 18h » n’est pas une heure",
        ),
    ],
)
def test_a_mistake_names_its_file_its_line_and_what_to_write(file, before, after, expected):
    files = small()
    assert before in files[file]
    files[file] = files[file].replace(before, after, 1)

    assert any(told.startswith(expected) for told in mistakes_of(files)), mistakes_of(files)


def test_all_mistakes_are_told_at_once():
    told = mistakes_of(
        small(
            {
                "pathway.toml": HEAD.replace("follow-up", "?"),
                "scores.toml": SCORES.replace("formula = 2", 'formula = "2"'),
                "rules.csv": RULES.replace("<= 94", "<="),
                "schedule.csv": SCHEDULE.replace("M1;logement;M1", "M1;logement;X1"),
            }
        )
    )

    assert [line.partition(":")[0] for line in told] == [
        "pathway.toml",
        "scores.toml",
        "rules.csv",
        "schedule.csv",
    ]


def test_the_same_link_id_twice_names_the_second_line():
    files = small()
    files["questionnaires/logement.json"] = files["questionnaires/logement.json"].replace(
        '"aide"', '"chambre"'
    )
    lines = files["questionnaires/logement.json"].splitlines()
    second = [number for number, line in enumerate(lines, 1) if '"linkId": "chambre"' in line][1]

    assert mistakes_of(files)[0].startswith(
        f"questionnaires/logement.json:{second} : le linkId « chambre » sert deux fois"
    )


def test_the_engine_knows_neither_django_nor_the_platform():
    """It runs in a command, in a page and in a job, and a test of it needs no database."""
    named = {
        name
        for path in ENGINE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
        )
    }

    strangers = [name for name in named if name.startswith(("django", "terresante", "config"))]
    assert all(name.startswith("terresante.questionnaires.pathway") for name in strangers)


def test_a_header_that_is_never_closed_is_read_once():
    """A line of a thousand spaces took a processor four seconds, one of ten thousand an hour."""
    began = time.process_time()
    assert key_lines("[ score ]\n[" + " " * 3000 + "x\n[[ band ]] # note") == {
        ("score", ""): 1,
        ("band#0", ""): 3,
    }
    assert time.process_time() - began < 1

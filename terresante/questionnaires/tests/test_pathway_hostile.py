"""`check` before files that nobody wrote in earnest, and before the largest."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terresante.questionnaires.pathway import cell_reading, check
from terresante.questionnaires.tests.pathways import RULES, choice, questionnaire, small, wrong

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

    mistakes = wrong(small(largest() | {"examples/rouge.toml": None, "examples/logement.toml": None}))

    assert mistakes == []
    assert time.thread_time() - start < 10

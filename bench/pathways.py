"""`python -m bench.pathways`: scores and colours a second, against plain fhirpathpy on the same answers.

No database. Plain: `fhirpathpy.evaluate`, which parses each time, and `fhirpathpy.compile` once.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import fhirpathpy

from bench.report import Figure, machine, tell
from config.local.places import var_folder
from terresante.questionnaires.pathway import (
    Answers,
    AnswerValue,
    Form,
    Past,
    Pathway,
    assess,
    folder,
    read,
    scores,
)
from terresante.questionnaires.pathway.fhirpath import resource_of
from terresante.questionnaires.pathway.scoring import expressions

SHIPPED = Path(__file__).resolve().parents[1] / "terresante" / "questionnaires" / "shipped"
_BOTH, _COMPILED, _PLAIN = "scores et couleurs", "fhirpathpy compilé", "fhirpathpy"
AT = datetime(2026, 11, 27, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Sheet:
    pathway: Pathway
    form: Form
    answers: Answers
    history: list[Past]
    texts: list[str]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.pathways")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measure")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args(arguments)
    tell(
        figures(seconds=asked.seconds, rounds=asked.rounds),
        context=machine(),
        path=var_folder() / "bench-pathways.json",
    )
    return 0


def figures(*, seconds: float, rounds: int) -> list[Figure]:
    """The best of the rounds, which alternate."""
    sheets = _sheets()
    computed = [sheet for sheet in sheets if sheet.texts]
    measures = _measures(sheets, computed)
    best: dict[str, float] = {}
    for _ in range(rounds):
        for name, (given, work) in measures.items():
            best[name] = max(best.get(name, 0), _rate(given, work, seconds / rounds))
    both = best.pop(_BOTH)
    return [
        *(Figure(name=name, value=rate, unit="/s") for name, rate in best.items()),
        *(_beside(name, both, best[name]) for name in (_COMPILED, _PLAIN)),
    ]


def _beside(name: str, rate: float, plain: float) -> Figure:
    """We score and colour; fhirpathpy computes the expressions of the scores alone."""
    return Figure(
        name=f"{_BOTH} : {name}",
        value=rate,
        unit="/s",
        baseline=plain,
        ratio=rate / plain,
        bound="≥ × 1",
        holds=rate >= plain,
    )


def _measures(
    sheets: Sequence[Sheet], computed: Sequence[Sheet]
) -> dict[str, tuple[Sequence[Sheet], Callable[[Sheet], object]]]:
    resources = {id(sheet): resource_of(sheet.form, sheet.answers) for sheet in computed}
    compiled = {text: fhirpathpy.compile(text) for sheet in computed for text in sheet.texts}
    return {
        "scores": (computed, lambda sheet: scores(sheet.pathway, sheet.form, sheet.answers)),
        _BOTH: (computed, lambda sheet: _coloured(sheet, [])),
        _COMPILED: (
            computed,
            lambda sheet: [compiled[text](resources[id(sheet)], None) for text in sheet.texts],
        ),
        _PLAIN: (
            computed,
            lambda sheet: [fhirpathpy.evaluate(resources[id(sheet)], text) for text in sheet.texts],
        ),
        "règles, tous les formulaires": (sheets, lambda sheet: _coloured(sheet, [])),
        "règles, 60 réponses avant": (sheets, lambda sheet: _coloured(sheet, sheet.history)),
    }


def _rate(sheets: Sequence[Sheet], work: Callable[[Sheet], object], seconds: float) -> float:
    """Of processor time: what else runs on the machine does not count."""
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        for sheet in sheets:
            work(sheet)
        done += len(sheets)
    return done / spent


def _coloured(sheet: Sheet, history: list[Past]) -> object:
    return assess(sheet.pathway, sheet.form.name, sheet.answers, at=AT, history=history)


def _sheets() -> list[Sheet]:
    chance = random.Random(20261127)
    found = []
    for path in sorted(SHIPPED.iterdir()):
        if not path.is_dir():
            continue
        pathway = read(folder(path))
        for form in pathway.forms.values():
            texts = [
                one.text
                for score in pathway.scores_of(form.name)
                for one in expressions(score)
                if not one.variables
            ]
            past = [
                Past(AT - timedelta(hours=12 * n), form.name, _answers(form, chance)) for n in range(1, 61)
            ]
            found.append(Sheet(pathway, form, _answers(form, chance), past, texts))
    return found


def _answers(form: Form, chance: random.Random) -> Mapping[str, AnswerValue]:
    answers: dict[str, Any] = {}
    for question in form.questions:
        if question.is_number:
            low, high = int(question.lowest or 0), int(question.highest or 100)
            value = chance.randint(low, high)
            answers[question.link_id] = value if question.kind == "integer" else Decimal(value)
        elif question.kind == "boolean":
            answers[question.link_id] = chance.random() < 0.5
        elif question.is_choice:
            codes = [option.code for option in question.options]
            answers[question.link_id] = (chance.choice(codes),) if question.repeats else chance.choice(codes)
    return answers


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

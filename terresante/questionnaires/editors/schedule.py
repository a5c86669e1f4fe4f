"""The schedule of a draft, one form a step: days as numbers, hours, reminder, and what a silence becomes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from terresante.questionnaires import draft
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.pathway_forms import NOTHING, EditedField

UNITS = {"D": "jours", "M": "mois"}
RHYTHMS = {"": "chaque jour", "d": "jours", "m": "mois"}
ROLES = {"patient": "La personne", "carer": "Un proche", "professional": "L’équipe"}
LABELS = {
    "step": "Nom de l’étape",
    "questionnaire": "Questionnaire",
    "role": "Qui le remplit",
    "from": "Premier jour",
    "to": "Dernier jour",
    "every": "Rythme : tous les",
    "times": "Heures",
    "remind": "Rappel",
    "grey": "Gris",
    "orange": "Orange",
    "red": "Rouge",
    "anchor": "Compté depuis",
    "until": "S’arrête à",
}
_COLUMNS = draft.COLUMNS[draft.SCHEDULE]
_DAYS, _MARKS = ("from", "to"), ("remind", "grey", "orange", "red")
_DAY = re.compile(r"([DJM])\s*([+-]?\d{1,4})")
_EVERY = re.compile(r"(\d{1,3})\s*([djm])")
_COUNT = re.compile(r"[+-]?\d{1,4}")
_ROW = re.compile(r"row-(\d{1,3})-")
_SPARE = 1


@dataclass(frozen=True, slots=True)
class EditedStep:
    """`said`: the step as somebody reads it who does not know its codes; "" when it cannot be read."""

    title: str
    said: str
    step: EditedField
    questionnaire: EditedField
    role: EditedField
    # (how many, of what)
    days: tuple[tuple[EditedField, EditedField], ...]
    every: tuple[EditedField, EditedField]
    times: EditedField
    marks: tuple[EditedField, ...]
    dates: tuple[EditedField, ...]
    is_open: bool


class ScheduleEditor:
    """`row-<number>-<column>`, and `…-unit` beside a number of days."""

    UNITS, RHYTHMS, ROLES = UNITS, RHYTHMS, ROLES

    def __init__(
        self,
        files: Mapping[str, str],
        sent: Mapping[str, Any] | None,
        wrong: Mapping[str, str] = NOTHING,
    ) -> None:
        self.wrong = wrong
        self.pathway = engine.readable(files)
        self.titles = {name: title or name for name, title in draft.titles(files).items()}
        self.later = dict(self.pathway.later_anchors) if self.pathway is not None else {}
        self.lines = draft.rows(files, draft.SCHEDULE) if sent is None else _sent(sent)
        self.said = _in_words(self.pathway) if sent is None else {}

    @property
    def steps(self) -> list[EditedStep]:
        blank = dict.fromkeys(_COLUMNS, "")
        every = [*self.lines, *(blank for _ in range(_SPARE))]
        return [self._step(number, line) for number, line in enumerate(every)]

    def files(self, before: Mapping[str, str]) -> dict[str, str]:
        return draft.with_rows(before, draft.SCHEDULE, self.lines)

    def _step(self, number: int, line: Mapping[str, str]) -> EditedStep:
        is_new = not any(line.values())
        name, title = line["step"], self.titles.get(line["questionnaire"], line["questionnaire"])
        fields = {column: self._field(number, column, line[column]) for column in _COLUMNS}
        return EditedStep(
            title="Ajouter une étape" if is_new else " : ".join(part for part in (name, title) if part),
            said=self.said.get(name, ""),
            step=fields["step"],
            questionnaire=fields["questionnaire"],
            role=fields["role"],
            days=tuple(self._counted(number, column, line[column]) for column in _DAYS),
            every=self._rhythm(number, line["every"]),
            times=fields["times"],
            marks=tuple(fields[column] for column in _MARKS),
            dates=tuple(fields[column] for column in ("anchor", "until")) if self.later else (),
            is_open=not is_new and any(key.startswith(f"row-{number}-") for key in self.wrong),
        )

    def _field(self, number: int, column: str, value: str, label: str = "") -> EditedField:
        name = f"row-{number}-{column}"
        return EditedField(name, label or LABELS[column], value, self.wrong.get(name, ""))

    def _counted(self, number: int, column: str, text: str) -> tuple[EditedField, EditedField]:
        """What is no count of days stays as it was typed, for its mistake to be said beside it."""
        found = _DAY.fullmatch(text)
        unit, count = (found.group(1).replace("J", "D"), found.group(2)) if found else ("D", text)
        label = f"{LABELS[column]}, en"
        return self._field(number, column, count), self._field(number, f"{column}-unit", unit, label)

    def _rhythm(self, number: int, text: str) -> tuple[EditedField, EditedField]:
        found = _EVERY.fullmatch(text)
        count, unit = (
            (found.group(1), found.group(2).replace("j", "d")) if found else (text, "d" if text else "")
        )
        return self._field(number, "every", count), self._field(number, "every-unit", unit, "Rythme, en")


def _sent(sent: Mapping[str, Any]) -> list[dict[str, str]]:
    """Lines of the file, of what was typed: a line left empty is taken away."""
    numbers = sorted({int(found[1]) for key in sent if (found := _ROW.match(key))})
    lines = [dict(_line(sent, number)) for number in numbers]
    return [line for line in lines if any(value for column, value in line.items() if column != "role")]


def _line(sent: Mapping[str, Any], number: int) -> Iterator[tuple[str, str]]:
    for column in _COLUMNS:
        value = " ".join(str(sent.get(f"row-{number}-{column}", "")).split())[:200]
        unit = str(sent.get(f"row-{number}-{column}-unit", ""))[:1]
        if column in _DAYS and unit in UNITS and _COUNT.fullmatch(value):
            value = f"{unit}{value}"
        if column == "every" and unit in RHYTHMS and _COUNT.fullmatch(value):
            value = f"{value}{unit or 'd'}"
        yield column, value


def _in_words(pathway: engine.Pathway | None) -> dict[str, str]:
    if pathway is None:
        return {}
    return {step.name: engine.step_in_words(pathway, step) for step in pathway.schedule}

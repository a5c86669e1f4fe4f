"""The decision table of a draft, folded by question: what differs from the version before is open."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from terresante.questionnaires import draft
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.editors import thresholds
from terresante.questionnaires.editors.thresholds import EditedCell, Threshold
from terresante.questionnaires.pathway.assessing import SCORE
from terresante.questionnaires.pathway.model import Question
from terresante.questionnaires.pathway_forms import EditedField, TableEditor

_COLOURS = ("red", "orange", "green")
# What a physician changes first; names that other files use, last.
_IN_ORDER = ("why", *_COLOURS, "remeasure", "item", "questionnaire", "rule")
_OF_NEW = ("item", "questionnaire", "why", "rule", "remeasure")


@dataclass(frozen=True, slots=True)
class EditedRule:
    """`said`: (level, words) of each colour that it has; `state`: what it is beside the version before.

    `is_new`: nothing is written of it yet; what it is about is asked first, its thresholds after.
    """

    title: str
    said: tuple[tuple[str, str], ...]
    colours: tuple[EditedCell, ...]
    # (column, its heading, field)
    others: tuple[tuple[str, str, EditedField], ...]
    state: str
    is_open: bool
    is_new: bool


@dataclass(frozen=True, slots=True)
class RuleGroup:
    title: str
    rules: tuple[EditedRule, ...]


class RulesEditor(TableEditor):
    """`row-<number>-<column>`, in the order of the file whatever the group; those of a colour: `thresholds`."""

    def __init__(
        self,
        files: Mapping[str, str],
        sent: Mapping[str, Any] | None,
        wrong: Mapping[str, str],
        base: Mapping[str, str] | None,
    ) -> None:
        self.kept = engine.rules_in_words(files)
        self.pathway = engine.readable(files)
        # Row → colour → as it was typed.
        self.typed: list[dict[str, Threshold]] = []
        super().__init__(files, draft.RULES, sent, wrong)
        self.base = None if base is None else {one["rule"]: one for one in draft.rows(base, draft.RULES)}

    @property
    def refused(self) -> list[tuple[EditedField, str]]:
        """(field, of what)"""
        return [
            (field, f"critère « {rule.title} »")
            for group in self.groups
            for rule in group.rules
            for cell in rule.colours
            for field in cell.refused
        ]

    def mistakes(self) -> dict[str, str]:
        """Of what was sent, by the name of its field."""
        return {
            field: sentence
            for number, typed in enumerate(self.typed)
            for colour, threshold in typed.items()
            for field, sentence in thresholds.mistakes(f"row-{number}-{colour}", threshold)
        }

    def _sent(self, sent: Mapping[str, Any]) -> list[dict[str, str]]:
        """What differs from the kept cell in its writing alone stays as it is written."""
        numbers = sorted({int(found[1]) for key in sent if (found := re.match(r"row-(\d{1,3})-", key))})
        lines = []
        for number in numbers:
            typed = {one: thresholds.sent_of(sent, f"row-{number}-{one}") for one in _COLOURS}
            line = {
                one: str(sent.get(f"row-{number}-{one}", "")).strip()[:500]
                for one in self.columns
                if one not in typed
            }
            if f"row-{number}-questionnaire" not in sent:
                line["questionnaire"], _, line["item"] = line["item"].partition(" ")
            line |= {one: self._written(line["rule"], one, typed[one]) for one in _COLOURS}
            if any(line.values()):
                lines.append(line)
                self.typed.append(typed)
        return lines

    def _written(self, rule: str, colour: str, typed: Threshold) -> str:
        said = self.kept.get(rule)
        kept = str(getattr(said.rule, colour)) if said is not None else ""
        return kept if engine.same_cell(kept, typed.text) else typed.text

    @cached_property
    def asked(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """(form, [(what the list sends: both columns, words of the question or score)]); [] of unreadable files."""
        pathway = self.pathway
        if pathway is None:
            return []
        return [
            (
                form.title,
                [
                    *((f"{form.name} {one.link_id}", one.text) for one in form.questions),
                    *((f"{form.name} {SCORE}{one.id}", one.title) for one in pathway.scores_of(form.name)),
                ],
            )
            for form in pathway.forms.values()
        ]

    def _chosen(self, number: int, line: Mapping[str, str], item: EditedField) -> EditedField:
        """The question as the list sends it; `words`: what was written there, when the list does not have it."""
        value = f"{line['questionnaire']} {line['item']}".strip()
        known = any(value == sent for _, asked in self.asked for sent, _ in asked)
        wrong = item.wrong or self.wrong.get(f"row-{number}-questionnaire", "")
        return replace(item, value=value, wrong=wrong, words="" if known else value)

    @property
    def groups(self) -> list[RuleGroup]:
        """By question, in the order in which the table first names each; what is to be added comes last."""
        found: dict[tuple[str, str], list[EditedRule]] = {}
        titles: dict[tuple[str, str], str] = {}
        for (number, cells), line in zip(self.rows, self.lines, strict=True):
            key = (line["questionnaire"], line["item"]) if any(line.values()) else ("", "")
            said = self.kept.get(line["rule"])
            asked = said.asked if said is not None and said.rule.item == line["item"] else ""
            titles.setdefault(key, asked or line["item"] or "Ajouter un critère")
            found.setdefault(key, []).append(self._rule(number - 1, line, cells))
        ordered = sorted(found, key=lambda key: key == ("", ""))
        return [RuleGroup(titles[key], tuple(found[key])) for key in ordered]

    def _rule(
        self, number: int, line: Mapping[str, str], cells: list[tuple[str, str, EditedField]]
    ) -> EditedRule:
        state, is_new = self._state(line), not any(line.values())
        written = sum(any(each.values()) for each in self.lines)
        order = _OF_NEW if is_new else _IN_ORDER
        others = sorted(
            (cell for cell in cells if cell[0] not in _COLOURS), key=lambda cell: order.index(cell[0])
        )
        if self.asked:
            others = [
                (one, heading, self._chosen(number, line, field) if one == "item" else field)
                for one, heading, field in others
                if one != "questionnaire"
            ]
        colours = tuple(self._cell(number, line, one) for one in _COLOURS)
        wrong = any(field.wrong for _, _, field in cells) or any(one.refused for one in colours)
        return EditedRule(
            title=line["why"] or line["rule"] or f"Nouveau critère {number + 1 - written}",
            said=tuple((colour, words) for colour in _COLOURS if (words := self._in_words(line, colour))),
            colours=colours,
            others=tuple(others),
            state=state,
            is_open=wrong or bool(state),
            is_new=is_new,
        )

    def _cell(self, number: int, line: Mapping[str, str], colour: str) -> EditedCell:
        question = self._question(line)
        if number < len(self.typed):
            threshold = self.typed[number][colour]
        else:
            threshold = thresholds.read(
                line[colour],
                thresholds.answers_of(question),
                is_compared=thresholds.compares(question),
            )
        heading = self.labels[self.columns.index(colour)]
        name = f"row-{number}-{colour}"
        return thresholds.edited(name, heading, threshold, question, self.wrong, self._words(line, colour))

    def _question(self, line: Mapping[str, str]) -> Question | None:
        form = self.pathway.forms.get(line["questionnaire"]) if self.pathway is not None else None
        return form.question(line["item"]) if form is not None else None

    def _in_words(self, line: Mapping[str, str], colour: str) -> str:
        """As it is kept; as it was just typed when it is something else."""
        said = self.kept.get(line["rule"])
        if said is not None and getattr(said.rule, colour) == line[colour]:
            return str(getattr(said, colour))
        return line[colour]

    def _state(self, line: Mapping[str, str]) -> str:
        if self.base is None or not any(line.values()):
            return ""
        before = self.base.get(line["rule"])
        if before is None:
            return "Nouveau"
        return "" if all(before[one] == line[one] for one in self.columns) else "Modifié"

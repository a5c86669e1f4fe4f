"""The decision table of a draft, folded by question: what differs from the version before is open."""

from collections.abc import Mapping
from dataclasses import dataclass

from terresante.questionnaires import draft
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.pathway_forms import EditedField, TableEditor

_COLOURS = ("red", "orange", "green")
# What a physician changes first; names that other files use, last.
_IN_ORDER = ("why", *_COLOURS, "remeasure", "item", "questionnaire", "rule")


@dataclass(frozen=True, slots=True)
class EditedRule:
    """`said`: (level, words) of each colour that it has; `state`: what it is beside the version before."""

    title: str
    said: tuple[tuple[str, str], ...]
    # (column, its heading, field)
    cells: tuple[tuple[str, str, EditedField], ...]
    state: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class RuleGroup:
    title: str
    rules: tuple[EditedRule, ...]


class RulesEditor(TableEditor):
    """`row-<number>-<column>`, in the order of the file whatever the group."""

    def __init__(
        self,
        files: Mapping[str, str],
        sent: Mapping[str, str] | None,
        wrong: Mapping[str, str],
        base: Mapping[str, str] | None,
    ) -> None:
        super().__init__(files, draft.RULES, sent, wrong)
        self.kept = engine.rules_in_words(files)
        self.base = None if base is None else {one["rule"]: one for one in draft.rows(base, draft.RULES)}

    @property
    def groups(self) -> list[RuleGroup]:
        """By question, in the order in which the table first names each; what is to be added comes last."""
        found: dict[tuple[str, str], list[EditedRule]] = {}
        titles: dict[tuple[str, str], str] = {}
        for (_, cells), line in zip(self.rows, self.lines, strict=True):
            key = (line["questionnaire"], line["item"]) if any(line.values()) else ("", "")
            said = self.kept.get(line["rule"])
            asked = said.asked if said is not None and said.rule.item == line["item"] else ""
            titles.setdefault(key, asked or line["item"] or "Ajouter un critère")
            found.setdefault(key, []).append(self._rule(line, cells))
        ordered = sorted(found, key=lambda key: key == ("", ""))
        return [RuleGroup(titles[key], tuple(found[key])) for key in ordered]

    def _rule(self, line: Mapping[str, str], cells: list[tuple[str, str, EditedField]]) -> EditedRule:
        state = self._state(line)
        wrong = any(field.wrong for _, _, field in cells)
        return EditedRule(
            title=line["why"] or line["rule"] or "Nouveau critère",
            said=tuple((colour, words) for colour in _COLOURS if (words := self._in_words(line, colour))),
            cells=tuple(sorted(cells, key=lambda cell: _IN_ORDER.index(cell[0]))),
            state=state,
            is_open=wrong or bool(state),
        )

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

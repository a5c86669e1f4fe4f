"""Where a mistake of a draft is corrected: the part of its editor, the field there. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from terresante.questionnaires import draft
from terresante.questionnaires.archive import ABOUT
from terresante.questionnaires.editors.framing import FRAMED
from terresante.questionnaires.editors.scores import EDITED_KEYS
from terresante.questionnaires.editors.scores import FILE as SCORED
from terresante.questionnaires.pathway import Mistake
from terresante.questionnaires.pathway.reading import TEXTS as TEXTS_SAID
from terresante.questionnaires.pathway.tables import key_lines

THRESHOLDS, SCHEDULE, TEXTS, QUESTIONS, FILES = "seuils", "calendrier", "textes", "questions", "fichiers"
FRAMING, SCORES = "cadre", "scores"
# Of a draft, what its screens edit: the address's word → its title.
PARTS = {
    FRAMING: "Cadre",
    QUESTIONS: "Questions",
    THRESHOLDS: "Seuils",
    SCORES: "Scores",
    SCHEDULE: "Calendrier",
    TEXTS: "Textes",
    FILES: "Fichiers",
}
_TABLES = {draft.RULES: THRESHOLDS, draft.SCHEDULE: SCHEDULE}
_COLUMN = re.compile(r"colonne\s«\s(\w+)\s»")
_KEY = re.compile(r"«\s(\w+)\s»")
_LINK_ID = re.compile(r'"linkId"\s*:\s*"([a-z0-9-]+)"')
_IN_SCORES = re.compile(r"score#(\d+)(?:\.(part|band)#(\d+))?")
# What the editor of questions has a field for; the rest of a question is in its file.
_OF_QUESTIONS = (("minValue", "lowest"), ("maxValue", "highest"), ("n’a pas de texte", "text"))


@dataclass(frozen=True, slots=True)
class Place:
    """`part`: of the editor; `field`: the id of what is corrected there; `asked`: what its address asks for."""

    part: str
    field: str = ""
    asked: str = ""

    @property
    def rest(self) -> str:
        """What follows the address of the part."""
        return (f"?{self.asked}" if self.asked else "") + (f"#{self.field}" if self.field else "")


class Places:
    """Of one draft, its files read once whatever the number of its mistakes."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files

    def of(self, mistake: Mistake) -> Place:
        part, found = "", ""
        if mistake.file in _TABLES:
            part, found = _TABLES[mistake.file], self._cell(mistake)
        elif mistake.file == draft.TEXTS:
            part, found = TEXTS, self._text(mistake)
        elif mistake.file == ABOUT:
            part, found = FRAMING, FRAMED.get(self._keys[ABOUT].get(mistake.line, ("", "")), "")
        elif mistake.file == SCORED:
            part, found = SCORES, self._score(mistake)
        elif mistake.file.startswith("questionnaires/"):
            part, found = QUESTIONS, self._question(mistake)
        if found:
            return Place(part, found)
        return Place(FILES, "content", urlencode({"fichier": mistake.file, "ligne": mistake.line}))

    def _cell(self, mistake: Mistake) -> str:
        number = self._rows[mistake.file].get(mistake.line)
        if number is None:
            return ""
        column = next(iter(_COLUMN.findall(mistake.what)), "")
        known = draft.COLUMNS[mistake.file]
        return f"row-{number}-{column if column in known else known[0]}"

    def _text(self, mistake: Mistake) -> str:
        said = next(iter(_KEY.findall(mistake.what)), "")
        key = said if said in TEXTS_SAID else self._texts.get(mistake.line, "")
        return f"text-{key}" if key in TEXTS_SAID else ""

    def _score(self, mistake: Mistake) -> str:
        """« score#0.part#1 », « max » → score-0-part-1-max; a header is its title, or its label."""
        table, key = self._keys[SCORED].get(mistake.line, ("", ""))
        where = _IN_SCORES.fullmatch(table)
        if where is None:
            return ""
        number, kind, place = where.groups()
        row = f"score-{number}" + (f"-{kind}-{place}" if kind else "")
        return f"{row}-{key if key in EDITED_KEYS else 'label' if kind else 'title'}"

    def _question(self, mistake: Mistake) -> str:
        field = next((field for words, field in _OF_QUESTIONS if words in mistake.what), "")
        lines = self._lines.get(mistake.file, [])
        line = lines[mistake.line - 1] if 0 < mistake.line <= len(lines) else ""
        there = _LINK_ID.search(line)
        form = mistake.file.removeprefix("questionnaires/").removesuffix(".json")
        key = f"{form}:{there.group(1)}" if there is not None else ""
        return f"{key}:{field}" if field and key in self._asked else ""

    @cached_property
    def _rows(self) -> dict[str, dict[int, int]]:
        return {name: draft.places(self.files, name) for name in _TABLES}

    @cached_property
    def _keys(self) -> dict[str, dict[int, tuple[str, str]]]:
        """Line → (table, key)"""
        return {
            name: {line: place for place, line in key_lines(self.files.get(name, "")).items()}
            for name in (ABOUT, SCORED)
        }

    @cached_property
    def _texts(self) -> dict[int, str]:
        """Line → key"""
        found = key_lines(self.files.get(draft.TEXTS, ""))
        return {line: key for (_, key), line in found.items() if key}

    @cached_property
    def _asked(self) -> set[str]:
        return {one.key for several in draft.questions(self.files).values() for one in several}

    @cached_property
    def _lines(self) -> dict[str, list[str]]:
        return {name: text.splitlines() for name, text in self.files.items()}

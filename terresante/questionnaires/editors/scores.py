"""The scores of a draft as fields, their expressions as text, and what they give with answers that one tries."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from terresante.questionnaires import archive, draft, filling
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.pathway.writing import lines
from terresante.questionnaires.pathway_forms import NOTHING, EditedField

FILE = "scores.toml"
MISSING = {"unknown": "le score est inconnu", "zero": "elle compte zéro"}
COLOURS = {"": "Sans couleur", "green": "Vert", "orange": "Orange", "red": "Rouge"}
_LABELS = {
    "id": "Nom dans les règles",
    "questionnaire": "Questionnaire",
    "title": "Titre",
    "max": "Maximum",
    "missing": "S’il manque une réponse",
    "expression": "Calcul",
    "label": "Libellé",
    "from": "De",
    "to": "À",
    "colour": "Couleur",
}
_OF_SCORE = ("id", "questionnaire", "title", "max", "missing", "expression")
_OF_PART, _OF_BAND = ("label", "expression", "max"), ("from", "to", "label", "colour")
_NUMBERS = ("max", "from", "to")
# Those that have a field.
EDITED_KEYS = frozenset((*_OF_SCORE, *_OF_PART, *_OF_BAND))
# What changes the result: another one is another formula.
_CALCULATION = ("expression", "max", "missing", "part")
_NUMBERED = re.compile(r"score-(\d{1,3})-(?:(part|band)-(\d{1,3})-)?([a-z]+)")
_SPARE = 1

Score = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EditedScore:
    number: int
    heading: str
    fields: Mapping[str, EditedField]
    parts: tuple[Mapping[str, EditedField], ...]
    bands: tuple[Mapping[str, EditedField], ...]
    removed: bool
    is_new: bool
    is_open: bool


class ScoresEditor:
    """`score-<n>-<key>`, `score-<n>-part-<m>-<key>`, `score-<n>-band-<m>-<key>`."""

    MISSING, COLOURS = MISSING, COLOURS

    def __init__(
        self,
        files: Mapping[str, str],
        sent: Mapping[str, Any] | None = None,
        wrong: Mapping[str, str] = NOTHING,
        base: Mapping[str, str] = NOTHING,
    ) -> None:
        self.sent, self.wrong = sent, wrong
        self.kept, self.base = _kept(files), {one.get("id"): one for one in _kept(base)}
        self.said = self.kept if sent is None else _sent(sent)
        self.titles = {name: title or name for name, title in draft.titles(files).items()}

    @property
    def shown(self) -> list[EditedScore]:
        return [
            self._shown(number, one) for number, one in enumerate([*self.said, *({} for _ in range(_SPARE))])
        ]

    @property
    def forms(self) -> list[tuple[str, str]]:
        """(name, title) of those that have a score, in the order of the file."""
        names = dict.fromkeys(one.get("questionnaire", "") for one in self.kept)
        return [(name, self.titles[name]) for name in names if name in self.titles]

    @property
    def refused(self) -> list[tuple[EditedField, str]]:
        """(field, of which score)"""
        return [
            (field, one.heading)
            for one in self.shown
            for row in (one.fields, *one.parts, *one.bands)
            for field in row.values()
            if field.wrong
        ]

    def mistakes(self) -> dict[str, str]:
        """Of what was sent, by the name of its field; what an expression names is for `check` to say."""
        found: dict[str, str] = {}
        for number, score in enumerate(self.said):
            if score.get("removed"):
                continue
            for name in ("id", "title", "questionnaire"):
                if not score.get(name):
                    found[f"score-{number}-{name}"] = "Remplissez ce champ, ou cochez « Retirer ce score »."
            for key, value in _typed_numbers(number, score):
                if value and draft.number_of(value) is None:
                    found[key] = f"« {value[:20]} » n’est pas un nombre : écrivez par exemple 2 ou 1,5."
        return found

    def files(self, before: Mapping[str, str]) -> dict[str, str]:
        """Of what has no mistake. The comments of the file are not kept. Raises Unreadable."""
        if before.get(FILE, "").strip() and not draft.told(before, FILE):
            raise archive.Unreadable(f"« {FILE} » ne se lit pas : corrigez-le d’abord dans « Fichiers ».")
        others = {name: text for name, text in before.items() if name != FILE}
        kept = {one.get("id"): one for one in self.kept}
        written = [
            self._text(one, kept.get(one.get("id"), {})) for one in self.said if not one.get("removed")
        ]
        return {**others, FILE: "\n".join(written)} if written else others

    def _text(self, score: Score, before: Score) -> str:
        alone: dict[str, Any] = {name: _value(name, score.get(name)) for name in _OF_SCORE}
        alone["formula"] = self._formula(score, before)
        text = "[[score]]\n" + lines(alone)
        for kind, columns in (("part", _OF_PART), ("band", _OF_BAND)):
            for row in score.get(kind, ()):
                text += f"[[score.{kind}]]\n" + lines({name: _value(name, row.get(name)) for name in columns})
        return text

    def _formula(self, score: Score, before: Score) -> int:
        """One more than in the version before as soon as the result may be another."""
        number = max(_whole(before.get("formula")), 1)
        base = self.base.get(score.get("id"))
        if base is None or _calculation(base) == _calculation(score):
            return number
        return max(number, _whole(base.get("formula")) + 1)

    def _shown(self, number: int, score: Score) -> EditedScore:
        fields = {
            name: self._field(f"score-{number}-{name}", name, score.get(name, "")) for name in _OF_SCORE
        }
        parts = self._rows(number, "part", _OF_PART, score.get("part", ()))
        bands = self._rows(number, "band", _OF_BAND, score.get("band", ()))
        begins = f"score-{number}-"
        return EditedScore(
            number=number,
            heading=score.get("title") or score.get("id") or "Ajouter un score",
            fields=fields,
            parts=parts,
            bands=bands,
            removed=bool(score.get("removed")),
            is_new=not score,
            is_open=bool(score) and any(name.startswith(begins) for name in self.wrong),
        )

    def _rows(
        self, number: int, kind: str, columns: Sequence[str], rows: Sequence[Mapping[str, str]]
    ) -> tuple[Mapping[str, EditedField], ...]:
        """One more, empty, to be filled."""
        return tuple(
            {
                name: self._field(f"score-{number}-{kind}-{place}-{name}", name, row.get(name, ""))
                for name in columns
            }
            for place, row in enumerate([*rows, {}])
        )

    def _field(self, key: str, name: str, value: str) -> EditedField:
        return EditedField(key, _LABELS[name], value, self.wrong.get(key, ""))


@dataclass(frozen=True, slots=True)
class TriedScore:
    """`value` "" when it is not known; `failed`: why it could not be computed."""

    title: str
    value: str
    maximum: str
    band: str
    parts: tuple[tuple[str, str], ...]
    failed: str


@dataclass(frozen=True, slots=True)
class Trial:
    """Answers to one form, and what its scores make of them; `results` None until somebody tried."""

    form: str
    title: str
    sections: Sequence[filling.Section]
    results: tuple[TriedScore, ...] | None


def trial(files: Mapping[str, str], form_name: str, sent: Mapping[str, Sequence[str]] | None) -> Trial | None:
    """Of a draft as it is typed; None of a form that cannot be read, or has no score."""
    pathway = engine.readable(files)
    form = pathway.forms.get(form_name) if pathway is not None else None
    if pathway is None or form is None or not pathway.scores_of(form_name):
        return None
    raw = filling.raw_of(sent or {})
    answers, problems = engine.parse(form, raw)
    # A question that no score needs may be left out.
    typed = [one for one in problems if any(raw.get(one.link_id, ()))]
    sections = filling.sections(form, raw=raw, answers=answers, problems=typed)
    results = None if sent is None else tuple(map(_tried, engine.scores(pathway, form, answers)))
    return Trial(form_name, form.title, sections, results)


def _tried(said: engine.ScoreResult) -> TriedScore:
    return TriedScore(
        title=said.title,
        value=_number(said.value),
        maximum=_number(said.maximum),
        band=said.band,
        parts=tuple((part.label, _number(part.points)) for part in said.parts),
        failed=said.failed,
    )


def _number(value: Decimal | None) -> str:
    return "" if value is None else filling.number(value)


def _kept(files: Mapping[str, str]) -> list[Score]:
    """As text, whatever the file holds: what is wrong there is for `check` to say."""
    found = draft.told(files, FILE).get("score")
    scores = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return [_as_text(one) for one in scores]


def _as_text(score: Mapping[str, Any]) -> Score:
    told: Score = {name: _said(score.get(name)) for name in (*_OF_SCORE, "formula")}
    for kind, columns in (("part", _OF_PART), ("band", _OF_BAND)):
        rows = score.get(kind)
        told[kind] = [
            {name: _said(row.get(name)) for name in columns}
            for row in (rows if isinstance(rows, list) else ())
            if isinstance(row, dict)
        ]
    return told


def _said(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value) if isinstance(value, str | bool) else str(value).replace(".", ",")


def _sent(sent: Mapping[str, Any]) -> list[Score]:
    """By their number; a score, a part or a band left empty is none."""
    numbers: dict[int, Score] = {}
    rows: dict[tuple[int, str], dict[int, dict[str, str]]] = {}
    for key in sent:
        if found := _NUMBERED.fullmatch(key):
            number, kind, place, name = int(found[1]), found[2], found[3], found[4]
            value = str(sent[key]).replace("\r\n", "\n").strip()[:4000]
            if kind:
                rows.setdefault((number, kind), {}).setdefault(int(place), {})[name] = value
            else:
                numbers.setdefault(number, {})[name] = value
    scores = []
    for number, score in sorted(numbers.items()):
        for kind, always in (("part", ()), ("band", ("colour",))):
            found_rows = [row for _, row in sorted(rows.get((number, kind), {}).items())]
            score[kind] = [
                row for row in found_rows if any(value for name, value in row.items() if name not in always)
            ]
        if any(score.get(name) for name in ("id", "title", "expression", "part", "band")):
            scores.append(score)
    return scores


def _typed_numbers(number: int, score: Score) -> Iterator[tuple[str, str]]:
    yield f"score-{number}-max", score.get("max", "")
    for kind in ("part", "band"):
        for place, row in enumerate(score.get(kind, ())):
            for name in _NUMBERS:
                if name in row:
                    yield f"score-{number}-{kind}-{place}-{name}", row[name]


def _value(name: str, typed: Any) -> str | Decimal | None:
    if not typed:
        return None
    return draft.number_of(str(typed)) if name in _NUMBERS else str(typed)


def _calculation(score: Score) -> tuple[Any, ...]:
    return tuple(score.get(name) or "" for name in _CALCULATION)


def _whole(text: Any) -> int:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else 0

"""From the files of a pathway to the fields of a screen, and back. Pure: what files mean is `pathway`'s."""

import csv
import io
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from terresante.questionnaires.archive import ABOUT, Unreadable
from terresante.questionnaires.pathway.elements import SDC, UNIT, unit_of
from terresante.questionnaires.pathway.fhir_import import free, slug
from terresante.questionnaires.pathway.tables import has_endless_key, has_endless_number
from terresante.questionnaires.pathway.writing import MORE_COLUMNS, STEP_HEADER

RULES, SCHEDULE, TEXTS = "rules.csv", "schedule.csv", "texts.toml"
COLUMNS: dict[str, tuple[str, ...]] = {
    RULES: ("rule", "questionnaire", "item", "green", "orange", "red", "remeasure", "why"),
    SCHEDULE: (*STEP_HEADER, *MORE_COLUMNS),
}
_BOUNDS = {"lowest": "minValue", "highest": "maxValue"}
_BLANK = re.compile(r"[^\S\u00a0\u202f]+")
_NUMBER = re.compile(r"[+-]?\d{1,9}(?:[.,]\d{1,6})?")


def _toml(text: str) -> dict[str, Any]:
    """{} when it cannot be read: what is wrong is for `pathway.check` to say."""
    if has_endless_key(text):
        return {}
    try:
        values = tomllib.loads(text)
        return {} if has_endless_number(values) else values
    except (ValueError, RecursionError):
        return {}


def told(files: Mapping[str, str], name: str = ABOUT) -> dict[str, Any]:
    """What a file of TOML says, {} when it cannot be read."""
    return _toml(files.get(name, ""))


def renamed(files: Mapping[str, str], code: str, title: str) -> dict[str, str]:
    """The same pathway under another code and title."""
    about = re.sub(r"(?m)^code\s*=.*$", f"code = {_quoted(code)}", files[ABOUT], count=1)
    about = re.sub(r"(?m)^title\s*=.*$", lambda _: f"title = {_quoted(title)}", about, count=1)
    return {**files, ABOUT: about}


def rows(files: Mapping[str, str], name: str) -> list[dict[str, str]]:
    """A table as a screen shows it, its known columns alone."""
    return [
        {column: (row.get(column) or "").strip() for column in COLUMNS[name]} for row in _lines(files, name)
    ]


def with_rows(files: Mapping[str, str], name: str, lines: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Lines without their first two columns are left out; columns that the screen does not know stay at the end."""
    known = COLUMNS[name]
    others = [column for column in _header(files.get(name, "")) if column and column not in known]
    before = _lines(files, name)
    kept = [line for line in lines if any(line.get(column, "").strip() for column in known)]
    if not kept:
        return {key: text for key, text in files.items() if key != name}
    written = io.StringIO()
    table = csv.writer(written, delimiter=";", lineterminator="\n")
    said = [one for one in known if one not in MORE_COLUMNS or any(line.get(one) for line in kept)]
    table.writerow([*said, *others])
    for line in kept:
        old = next((row for row in before if row.get(known[0]) == line.get(known[0])), {})
        table.writerow(
            [_one_line(line.get(column, "")) for column in said] + [old.get(one) or "" for one in others]
        )
    return {**files, name: written.getvalue()}


def places(files: Mapping[str, str], name: str) -> dict[int, int]:
    """Line of the file where a row begins → its number among `rows`; {} of a table that cannot be read."""
    reader = csv.reader(io.StringIO(files.get(name, "")), delimiter=";")
    found: dict[int, int] = {}
    begins = 1
    try:
        for cells in reader:
            if cells:
                found[begins] = len(found) - 1
            begins = reader.line_num + 1
    except csv.Error:
        return {}
    return {line: number for line, number in found.items() if number >= 0}


def _lines(files: Mapping[str, str], name: str) -> list[dict[str, str]]:
    """None of a table that cannot be read: its mistake is said elsewhere, and « Fichiers » edits it."""
    try:
        return list(csv.DictReader(io.StringIO(files.get(name, "")), delimiter=";"))
    except csv.Error:
        return []


def _header(text: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text), delimiter=";"), [])
    except csv.Error:
        return []


def _one_line(text: str) -> str:
    """Its unbreakable spaces stay: « 38,5 °C », « Qui ? »."""
    return _BLANK.sub(" ", text).strip()


def texts(files: Mapping[str, str]) -> dict[str, str]:
    """What the patient is told, by its key."""
    said = told(files, TEXTS).get("patient")
    return (
        {key: text for key, text in said.items() if isinstance(text, str)} if isinstance(said, dict) else {}
    )


def with_texts(files: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    lines = [f"{key} = {_quoted(_one_line(text))}" for key, text in said.items() if text.strip()]
    return {**files, TEXTS: "\n".join(["[patient]", *lines, ""])}


def _quoted(text: str) -> str:
    """A basic string of TOML, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question as its editor shows it; `is_measured`: it has bounds."""

    file: str
    link_id: str
    type: str
    text: str
    help: str
    required: bool
    lowest: str
    highest: str
    unit: str = ""
    # (code, label)
    options: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """Of its fields in a form; neither part has a colon."""
        return f"{self.file}:{self.link_id}"

    @property
    def is_measured(self) -> bool:
        return self.type in ("integer", "decimal", "quantity")


def questions(files: Mapping[str, str]) -> dict[str, list[AskedQuestion]]:
    """By form, in their order; a file that is no JSON is left to the mistakes that `check` says."""
    found: dict[str, list[AskedQuestion]] = {}
    for name in sorted(one for one in files if one.startswith("questionnaires/")):
        resource = _json(files[name])
        form = name.removeprefix("questionnaires/").removesuffix(".json")
        found[form] = [_question(form, item) for item in _items(resource) if _is_asked(item)]
    return found


def titles(files: Mapping[str, str]) -> dict[str, str]:
    """Of each form, as the person reads it."""
    names = [one for one in files if one.startswith("questionnaires/")]
    return {
        name.removeprefix("questionnaires/").removesuffix(".json"): str(_json(files[name]).get("title") or "")
        for name in names
    }


def with_questions(files: Mapping[str, str], edits: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """`edits`: key of a question → its new `text`, `help`, `required`, `lowest`, `highest`, `options` (code → label),
    or `removed`. Raises Unreadable.
    """
    changed = dict(files)
    for name in [one for one in files if one.startswith("questionnaires/")]:
        resource = _json(files[name])
        form = name.removeprefix("questionnaires/").removesuffix(".json")
        before = json.dumps(resource)
        for item in _items(resource):
            edit = edits.get(f"{form}:{item.get('linkId')}") if _is_asked(item) else None
            if edit is not None and not edit.get("removed"):
                _edit(item, edit)
        removed = {key for key, edit in edits.items() if edit.get("removed")}
        _without(resource, {key.partition(":")[2] for key in removed if key.startswith(f"{form}:")})
        if json.dumps(resource) != before:
            changed[name] = json.dumps(resource, ensure_ascii=False, indent=2) + "\n"
    return changed


@dataclass(frozen=True, slots=True)
class NewQuestion:
    """`type`: one of `NEW_TYPES`; `choices`: the words of each, of a choice; `unit`: of a measure."""

    text: str
    type: str
    choices: tuple[str, ...] = ()
    unit: str = ""


NEW_TYPES = {
    "boolean": "Oui ou non",
    "choice": "Un choix",
    "integer": "Un nombre entier",
    "decimal": "Un nombre à virgule",
    "string": "Quelques mots",
    "date": "Une date",
}


def with_new_question(files: Mapping[str, str], form: str, new: NewQuestion) -> dict[str, str]:
    """At the end of its form; its linkId is made of its words. Raises Unreadable for a choice without choices."""
    name = f"questionnaires/{form}.json"
    resource = _json(files.get(name, ""))
    if new.type not in NEW_TYPES or not resource:
        raise Unreadable("Choisissez ce que la nouvelle question attend.")
    choices = [" ".join(one.split()) for one in new.choices if one.strip()]
    if new.type == "choice" and len(choices) < 2:
        raise Unreadable(
            f"« {new.text[:40]} » : écrivez les réponses proposées, une par ligne, deux au moins."
        )
    taken = {str(item.get("linkId")) for item in _items(resource)}
    item: dict[str, Any] = {
        "linkId": free(slug(new.text), taken),
        "text": _one_line(new.text),
        "type": new.type,
    }
    if new.type == "choice":
        labels: dict[str, str] = {}
        for one in choices:
            labels[free(slug(one), set(labels))] = one
        item["answerOption"] = [
            {"valueCoding": {"code": code, "display": one}} for code, one in labels.items()
        ]
    if new.unit.strip() and new.type in ("integer", "decimal"):
        unit = _one_line(new.unit)
        item["extension"] = [{"url": UNIT, "valueCoding": {"code": unit, "display": unit}}]
    resource["item"] = [*_dicts(resource, "item"), item]
    return {**files, name: json.dumps(resource, ensure_ascii=False, indent=2) + "\n"}


def _without(holder: dict[str, Any], names: set[str]) -> None:
    """Wherever they stand; what a group no longer holds is for `check` to say."""
    if not names:
        return
    for item in _dicts(holder, "item"):
        _without(item, names)
    if "item" in holder:
        holder["item"] = [item for item in _dicts(holder, "item") if str(item.get("linkId")) not in names]


def _json(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _items(resource: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Flattened, in their order."""
    found = []
    for item in _dicts(resource, "item"):
        found += [item, *_items(item)]
    return found


def _dicts(holder: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Whatever else a file holds there is left to the mistakes that `check` says."""
    held = holder.get(name)
    return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []


def _is_asked(item: Mapping[str, Any]) -> bool:
    return item.get("type") not in ("group", "display")


def _question(form: str, item: Mapping[str, Any]) -> AskedQuestion:
    helped: Mapping[str, Any] = next((child for child in _dicts(item, "item") if _is_help(child)), {})
    return AskedQuestion(
        file=form,
        link_id=str(item.get("linkId", "")),
        type=str(item.get("type", "")),
        text=str(item.get("text", "")),
        help=str(helped.get("text", "")),
        required=item.get("required") is True,
        lowest=_bound(item, "minValue"),
        highest=_bound(item, "maxValue"),
        unit=unit_of(item),
        options=tuple((str(one.get("code")), str(one.get("display", ""))) for one in _codings(item)),
    )


def _codings(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = [option.get("valueCoding") for option in _dicts(item, "answerOption")]
    return [one for one in found if isinstance(one, dict)]


def _is_help(child: Mapping[str, Any]) -> bool:
    return child.get("type") == "display"


def _bound(item: Mapping[str, Any], name: str) -> str:
    for extension in _dicts(item, "extension"):
        if str(extension.get("url", "")).endswith(f"/{name}"):
            value = next((value for key, value in extension.items() if key.startswith("value")), "")
            number = value.get("value", "") if isinstance(value, dict) else value
            return str(number).replace(".", ",")
    return ""


def number_of(text: str) -> Decimal | None:
    """As it is written in French or not; None of what is no number, or has no end."""
    said = "".join(text.split()).replace("−", "-")
    return Decimal(said.replace(",", ".")) if said.isascii() and _NUMBER.fullmatch(said) else None


def _edit(item: dict[str, Any], edit: Mapping[str, Any]) -> None:
    if edit.get("text"):
        item["text"] = _one_line(str(edit["text"]))
    if edit.get("required"):
        item["required"] = True
    else:
        item.pop("required", None)
    _set_help(item, _one_line(str(edit.get("help", ""))))
    labels = edit.get("options") or {}
    for coding in _codings(item):
        if said := _one_line(str(labels.get(str(coding.get("code")), ""))):
            coding["display"] = said
    if item.get("type") in ("integer", "decimal", "quantity"):
        for field, name in _BOUNDS.items():
            if _bound(item, name) != str(edit.get(field, "")).strip():
                _set_bound(item, name, str(edit.get(field, "")).strip())


def _set_help(item: dict[str, Any], text: str) -> None:
    children = _dicts(item, "item")
    known = next((child for child in children if _is_help(child)), None)
    if known is not None and text:
        known["text"] = text
    elif known is not None:
        item["item"] = [child for child in children if child is not known]
        if not item["item"]:
            item.pop("item")
    elif text:
        code = {"system": "http://hl7.org/fhir/questionnaire-item-control", "code": "help"}
        control = {"url": f"{SDC}questionnaire-itemControl", "valueCodeableConcept": {"coding": [code]}}
        said = {
            "linkId": f"{item.get('linkId')}-aide",
            "text": text,
            "type": "display",
            "extension": [control],
        }
        item["item"] = [said, *children]


def _set_bound(item: dict[str, Any], name: str, text: str) -> None:
    others = [one for one in _dicts(item, "extension") if not str(one.get("url", "")).endswith(f"/{name}")]
    if text:
        number = number_of(text)
        if number is None:
            raise Unreadable(f"« {text[:20]} » n’est pas un nombre : corrigez cette borne.")
        whole = number == int(number)
        kind = "valueInteger" if whole and item.get("type") == "integer" else "valueDecimal"
        value: dict[str, Any] = {kind: int(number) if whole else float(number)}
        others.append({"url": f"{SDC}{name}", **value})
    if others:
        item["extension"] = others
    else:
        item.pop("extension", None)

"""From a FHIR bundle, ours or of another system, to the files of a pathway."""

import base64
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from terresante.questionnaires.pathway.elements import dicts
from terresante.questionnaires.pathway.fhir import NAME_SYSTEM
from terresante.questionnaires.pathway.folders import LARGEST_FILE, MOST_FILES
from terresante.questionnaires.pathway.meant import MACHINE, OLDEST, SEXES
from terresante.questionnaires.pathway.model import Mistake, PathwayError
from terresante.questionnaires.pathway.writing import STEP_HEADER, csv_text

# Of UCUM, and how many of ours: days, or months.
_DEEPEST, _FURTHEST = 6, 10_000
# Languages of an expression that are sentences.
_OF_PEOPLE = ("text/plain", "text/markdown")
_UNITS = {"d": ("D", 1), "wk": ("D", 7), "mo": ("M", 1), "a": ("M", 12)}


def from_bundle(data: Any) -> dict[str, str]:
    """The files of a folder. A bundle of another system gives its Questionnaires, the days that its PlanDefinition says
    of them, and a pathway.toml to complete.

    Raises PathwayError when it is no bundle, or holds no Questionnaire. What is wrong inside is for `check` to say.
    """
    resources = [
        entry["resource"]
        for entry in dicts(data.get("entry") if isinstance(data, Mapping) else None)
        if isinstance(entry.get("resource"), dict)
    ]
    if isinstance(data, Mapping) and data.get("resourceType") == "Questionnaire":
        resources = [dict(data)]
    forms = [resource for resource in resources if resource.get("resourceType") == "Questionnaire"]
    if not forms or len(forms) > MOST_FILES:
        told = "ce n’est pas un Bundle FHIR avec au moins un Questionnaire : exportez-le à nouveau."
        raise PathwayError([Mistake("bundle.json", 1, told)])
    files: dict[str, str] = {}
    urls: dict[str, str] = {}
    for form in forms:
        name = free(_name_of(form), {f.removeprefix("questionnaires/").removesuffix(".json") for f in files})
        files[f"questionnaires/{name}.json"] = (
            json.dumps(_plain_ids(form), ensure_ascii=False, indent=2) + "\n"
        )
        urls[str(form.get("url") or "").partition("|")[0]] = name
    written = _attached(resources)
    if "pathway.toml" not in written:
        plan: dict[str, Any] = next((r for r in resources if r.get("resourceType") == "PlanDefinition"), {})
        written["pathway.toml"] = _head(plan, forms[0])
        if rows := _steps(plan, urls):
            written["schedule.csv"] = csv_text((*STEP_HEADER, "every"), rows)
    return {**files, **written}


def _attached(resources: list[dict[str, Any]]) -> dict[str, str]:
    files: dict[str, str] = {}
    for library in resources:
        if library.get("resourceType") != "Library":
            continue
        for content in dicts(library.get("content")):
            name, data = content.get("title"), content.get("data")
            if not isinstance(name, str) or not isinstance(data, str) or len(data) > 2 * LARGEST_FILE:
                continue
            if not re.fullmatch(r"(?:examples/)?[a-z0-9-]{1,64}\.(?:toml|csv)", name):
                continue
            try:
                files[name] = base64.b64decode(data, validate=True).decode()
            except ValueError:
                told = "ce fichier joint n’est pas du texte UTF-8 en base64 : exportez-le à nouveau."
                raise PathwayError([Mistake(name, 1, told)]) from None
    return files


def _head(plan: Mapping[str, Any], form: Mapping[str, Any]) -> str:
    title = str(plan.get("title") or form.get("title") or "Parcours importé")[:200]
    summary = str(plan.get("description") or title)[:500]
    lines = {
        "code": slug(title),
        "title": title,
        "kind": "assessment",
        "data_class": "medical",
        "summary": summary,
    }
    meant: dict[str, str | list[str]] = {**_meant(plan)}
    if criteria := _criteria(plan):
        meant["criteria"] = criteria
    return _toml(lines) + (f"[enrolment]\n{_toml(meant)}" if meant else "")


def _toml(values: Mapping[str, str | list[str]]) -> str:
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())


def _meant(plan: Mapping[str, Any]) -> dict[str, str]:
    """Ages in years, and one sex, of its contexts of use."""
    found: dict[str, str] = {}
    for context in dicts(plan.get("useContext")):
        code = context.get("code")
        said, years = code.get("code") if isinstance(code, Mapping) else None, context.get("valueRange")
        if said == "age" and isinstance(years, Mapping):
            low, high = _years(years.get("low")), _years(years.get("high"))
            if low is not None or high is not None:
                found["ages"] = f">= {low}" if high is None else f"{low or 0}..{high}"
        chosen = context.get("valueCodeableConcept")
        codings = dicts(chosen.get("coding")) if isinstance(chosen, Mapping) else []
        if said == "gender" and (sex := next((one.get("code") for one in codings), None)) in SEXES:
            found["sex"] = str(sex)
    return found


def _criteria(plan: Mapping[str, Any]) -> list[str]:
    """What each action that is no step of its own asks of the person: conditions of what it holds, or of nothing else.

    Those of a questionnaire say when it is asked, and those within an action what follows an answer: no inclusion.
    """
    return [
        _sentence(condition.get("expression"))
        for action in dicts(plan.get("action"))
        if not _given(action)
        for condition in dicts(action.get("condition"))
        if condition.get("kind") == "applicability"
    ]


def _sentence(expression: Any) -> str:
    """Its words. Of what only a machine reads, its language too: `check` asks for a sentence at that line."""
    said: Mapping[str, Any] = expression if isinstance(expression, Mapping) else {}
    language = str(said.get("language") or "")
    words = said.get("description") or (said.get("expression") if language in _OF_PEOPLE else "")
    if not words:
        told = said.get("expression") or said.get("reference") or said.get("name") or ""
        words = f"{language or MACHINE}: {told}" if told else ""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in str(words)).split())


def _given(action: Mapping[str, Any]) -> str:
    """The canonical address of what it gives, without its version."""
    return str(action.get("definitionCanonical") or action.get("definitionUri") or "").partition("|")[0]


def _years(quantity: Any) -> int | None:
    """None of another unit, and of what is no whole age."""
    if not isinstance(quantity, Mapping) or str(quantity.get("code") or quantity.get("unit")) != "a":
        return None
    value = quantity.get("value")
    is_age = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= OLDEST
    return value if is_age else None


def _name_of(form: Mapping[str, Any]) -> str:
    for identifier in dicts(form.get("identifier")):
        if identifier.get("system") == NAME_SYSTEM:
            return slug(str(identifier.get("value")))
    return slug(str(form.get("name") or form.get("title") or form.get("id") or "questionnaire"))


def free(name: str, taken: set[str]) -> str:
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name[:36]}-{number}"
    return found


def _plain_ids(form: dict[str, Any]) -> dict[str, Any]:
    """linkIds of other systems (« 1.2 », « /55757-9 ») in our alphabet, wherever they are named."""
    form = {key: value for key, value in form.items() if key != "identifier" or not _is_ours(value)}
    if str(form.get("url", "")).startswith(NAME_SYSTEM):
        del form["url"]
    names: dict[str, str] = {}

    def renamed(value: Any) -> str:
        text = str(value)
        if text not in names:
            names[text] = free(slug(text, longest=64), set(names.values()))
        return names[text]

    def walked(value: Any, depth: int = 0) -> Any:
        if depth > 40:
            raise PathwayError([Mistake("bundle.json", 1, "les groupes s’emboîtent trop : aplatissez-les.")])
        if isinstance(value, list):
            return [walked(one, depth + 1) for one in value]
        if not isinstance(value, dict):
            return value
        return {
            key: renamed(one)
            if (key == "linkId" or (key == "question" and "operator" in value)) and isinstance(one, str)
            else walked(one, depth + 1)
            for key, one in value.items()
        }

    return dict(walked(form))


def _is_ours(identifiers: Any) -> bool:
    return any(one.get("system") == NAME_SYSTEM for one in dicts(identifiers))


def slug(text: str, *, longest: int = 40) -> str:
    folded = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:longest].strip("-") or "sans-nom"


def _steps(plan: Mapping[str, Any], urls: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Actions that give one of the Questionnaires on days counted from the start; at nine, for want of an hour."""
    rows: list[tuple[str, ...]] = []
    for action in list(_actions(plan))[:MOST_FILES]:
        canonical = _given(action)
        start, end, times, every = _moments(action)
        if not canonical or canonical not in urls or not start:
            continue
        kinds = {participant.get("type") for participant in dicts(action.get("participant"))}
        role = (
            "professional" if "practitioner" in kinds else "carer" if "related-person" in kinds else "patient"
        )
        name = free(slug(str(action.get("title") or urls[canonical])), {row[0] for row in rows})
        rows.append((name, urls[canonical], start, end or start, times, "", "", "", "", role, every))
    return rows


def _actions(holder: Mapping[str, Any], depth: int = 0) -> Iterator[dict[str, Any]]:
    """Those within others too."""
    for action in dicts(holder.get("action")) if depth < _DEEPEST else ():
        yield action
        yield from _actions(action, depth + 1)


def _moments(action: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """First and last day, hours, rhythm; "" for a day that it does not say."""
    timing = action.get("timingTiming")
    repeat = timing.get("repeat") if isinstance(timing, Mapping) else None
    if not isinstance(repeat, Mapping):
        return _day(action, "low"), _day(action, "high"), "09:00", ""
    said = repeat.get("timeOfDay")
    texts = [str(at) for at in said] if isinstance(said, list) else []
    hours = [at[:5] for at in texts if re.fullmatch(r"\d\d:\d\d(:\d\d)?", at)]
    last = _counted(repeat.get("boundsDuration"))
    every = _counted({"value": repeat.get("period", 1), "code": repeat.get("periodUnit", "d")})
    rhythm = f"{every[1:]}{every[0].lower()}" if every not in ("", "D1") else ""
    return "D0", last or "D0", ",".join(hours) or "09:00", rhythm


def _day(action: Mapping[str, Any], side: str) -> str:
    timing = action.get("timingRange")
    return _counted(timing.get(side) if isinstance(timing, Mapping) else action.get("timingDuration"))


def _counted(quantity: Any) -> str:
    """« D7 », « M3 »."""
    if not isinstance(quantity, Mapping):
        return ""
    unit, value = _UNITS.get(str(quantity.get("code") or quantity.get("unit"))), quantity.get("value")
    if (
        unit is None
        or isinstance(value, bool)
        or not isinstance(value, int | float)
        or abs(value) > _FURTHEST
    ):
        return ""
    if value != int(value):
        return ""
    return f"{unit[0]}{int(value) * unit[1]}"

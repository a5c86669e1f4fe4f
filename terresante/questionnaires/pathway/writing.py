"""A pathway as the files of a folder: what `read` reads again as the same pathway."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from terresante.questionnaires.pathway.model import Example, Pathway, Score

RULE_HEADER = ("rule", "questionnaire", "item", "green", "orange", "red", "remeasure", "why")
STEP_HEADER = ("step", "questionnaire", "from", "to", "times", "remind", "grey", "orange", "red", "role")
# A schedule may leave them out.
MORE_COLUMNS = ("every", "anchor", "until")


def files_of(pathway: Pathway) -> dict[str, str]:
    """Relative path → text. Comments of the files it was read from are not in it."""
    files = {"pathway.toml": _head(pathway)}
    for name, form in pathway.forms.items():
        files[f"questionnaires/{name}.json"] = json.dumps(form.resource, ensure_ascii=False, indent=2) + "\n"
    if pathway.scores:
        files["scores.toml"] = "\n".join(map(_score, pathway.scores))
    if pathway.rules:
        files["rules.csv"] = _rules(pathway)
    if pathway.schedule:
        files["schedule.csv"] = _schedule(pathway)
    if pathway.texts:
        files["texts.toml"] = "[patient]\n" + lines(pathway.texts)
    for example in pathway.examples:
        files[f"examples/{example.name}.toml"] = _example(example)
    return files


def _head(pathway: Pathway) -> str:
    return "".join(
        (
            lines(
                {
                    "code": pathway.code,
                    "title": pathway.title,
                    "version": pathway.version,
                    "kind": pathway.kind,
                    "data_class": pathway.data_class,
                    "summary": pathway.summary,
                    "sources": pathway.sources,
                    "default_thresholds": pathway.default_thresholds,
                    "licence": pathway.licence,
                }
            ),
            "[anchor]\n"
            + lines({"label": pathway.anchor_label, "later": dict(pathway.later_anchors) or None}),
            "[enrolment]\n"
            + lines(
                {
                    "questionnaire": pathway.enrolment_questionnaire,
                    "statuses": pathway.statuses,
                    "ages": pathway.meant.ages or None,
                    "sex": pathway.meant.sex or None,
                    "criteria": pathway.meant.criteria or None,
                }
            ),
            "[delays]\n"
            + lines(
                {
                    "confirm": pathway.delays.confirm,
                    "take_red": pathway.delays.take_red,
                    "take_orange": pathway.delays.take_orange,
                }
            ),
            "[roles]\n" + lines({"enrols": pathway.enrols, "takes": pathway.takes}),
        )
    )


def _score(score: Score) -> str:
    text = "[[score]]\n" + lines(
        {
            "id": score.id,
            "questionnaire": score.questionnaire,
            "title": score.title,
            "max": score.maximum,
            "formula": score.formula,
            "expression": score.expression or None,
            "missing": score.missing,
        }
    )
    for part in score.parts:
        text += "[[score.part]]\n" + lines(
            {"label": part.label, "expression": part.expression, "max": part.maximum}
        )
    for band in score.bands:
        text += "[[score.band]]\n" + lines(
            {
                "from": band.lowest,
                "to": band.highest,
                "label": band.label,
                "colour": band.colour.value if band.colour else None,
            }
        )
    return text


def _rules(pathway: Pathway) -> str:
    return csv_text(
        RULE_HEADER,
        (
            (
                *(rule.name, rule.questionnaire, rule.item, rule.green, rule.orange, rule.red),
                *("yes" if rule.remeasure else "no", rule.why),
            )
            for rule in pathway.rules
        ),
    )


def _schedule(pathway: Pathway) -> str:
    more = [name for name in MORE_COLUMNS if any(getattr(step, name) for step in pathway.schedule)]
    rows = (
        (
            *(step.name, step.questionnaire, step.start, step.end, step.times),
            *(step.remind, step.grey, step.orange, step.red, step.role),
            *(getattr(step, name) for name in more),
        )
        for step in pathway.schedule
    )
    return csv_text((*STEP_HEADER, *more), rows)


def csv_text(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return written.getvalue()


def _example(example: Example) -> str:
    text = lines({"questionnaire": example.questionnaire})
    text += "[answers]\n" + lines(example.answers)
    for past in example.history:
        text += (
            "[[history]]\n" + lines({"days_ago": past.days_ago}) + "[history.answers]\n" + lines(past.answers)
        )
    for name, values in (("baseline", example.baseline), ("personal", example.personal)):
        if values:
            text += f"[{name}]\n" + lines(values)
    return text + "[expect]\n" + lines(example.expect)


def lines(values: Mapping[str, Any]) -> str:
    """Keys and their values, one a line; None is left out."""
    return "".join(f"{_key(key)} = {_toml(value)}\n" for key, value in values.items() if value is not None)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return f"{value:%H:%M:%S}"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(inside)}" for key, inside in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # JSON escapes are TOML's, but for surrogate pairs (kept as they are) and DEL.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() and name.isascii() else json.dumps(name)

"""A pathway and its answers as FHIR R4; `fhir_import` is the way back.

A bundle holds the Questionnaires, a PlanDefinition (when, who, and the thresholds that one value decides, as FHIRPath
conditions) and a Library whose attachments are the other files of the folder: they are the pathway when it comes back.
"""

import base64
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from terresante.questionnaires.pathway import cell_reading, cells, timing
from terresante.questionnaires.pathway.keeping import plain
from terresante.questionnaires.pathway.model import (
    Answers,
    AnswerValue,
    Colour,
    Form,
    MeantFor,
    Pathway,
    Rule,
    Step,
)
from terresante.questionnaires.pathway.reading import codes_of
from terresante.questionnaires.pathway.writing import files_of

URN = "urn:terresante"
NAME_SYSTEM = f"{URN}:questionnaire"
COLOUR_SYSTEM = f"{URN}:colour"
CONTEXT_TYPE = "http://terminology.hl7.org/CodeSystem/usage-context-type"
UCUM = "http://unitsofmeasure.org"
LIBRARY_TYPE = "http://terminology.hl7.org/CodeSystem/library-type"
_CONTENT_TYPES = {"toml": "application/toml", "csv": "text/csv; header=present; delimiter=semicolon"}


def questionnaire_response(form: Form, answers: Answers, *, authored: datetime) -> dict[str, Any]:
    """A QuestionnaireResponse in the groups of its Questionnaire. `authored` is aware."""
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": canonical(form),
        "status": "completed",
        "authored": authored.isoformat(timespec="seconds"),
        "item": list(_response_items(form, form.resource.get("item", ()), answers)),
    }


def canonical(form: Form) -> str:
    url = form.resource.get("url")
    return url if isinstance(url, str) and url else f"{NAME_SYSTEM}:{form.name}"


def _response_items(form: Form, items: Any, answers: Answers) -> Iterator[dict[str, Any]]:
    for item in items:
        link_id = item.get("linkId")
        inside = list(_response_items(form, item.get("item", ()), answers))
        if item.get("type") == "group":
            if inside:
                yield {"linkId": link_id, "text": item.get("text", ""), "item": inside}
        elif link_id in answers:
            value = answers[link_id]
            values = value if isinstance(value, tuple) else (value,)
            given = [_response_answer(item, one) for one in values]
            if inside:
                given[0]["item"] = inside
            yield {"linkId": link_id, "text": item.get("text", ""), "answer": given}


def _response_answer(item: Mapping[str, Any], value: AnswerValue) -> dict[str, Any]:
    kind = item["type"]
    if kind in ("choice", "open-choice"):
        for option in item.get("answerOption", ()):
            coding = option.get("valueCoding")
            if coding and coding.get("code") == value:
                return {"valueCoding": coding}
            if str(option.get("valueInteger")) == value:
                return {"valueInteger": option["valueInteger"]}
        return {"valueString": value}
    written = plain(value)
    if kind == "quantity":
        units = [e["valueCoding"] for e in item.get("extension", ()) if "valueCoding" in e]
        unit = (units[0].get("display") or units[0].get("code")) if units else None
        return {"valueQuantity": {"value": written} | ({"unit": unit} if unit else {})}
    if kind == "time":
        return {"valueTime": f"{written}:00"}
    name = {"boolean": "Boolean", "integer": "Integer", "decimal": "Decimal", "date": "Date"}.get(
        kind, "String"
    )
    return {f"value{name}": written}


def bundle(pathway: Pathway) -> dict[str, Any]:
    """A Bundle of type collection."""
    resources = [plan_definition(pathway), _library(pathway)]
    for form in pathway.forms.values():
        named = {"system": NAME_SYSTEM, "value": form.name}
        required = {"status": form.resource.get("status") or "active"}
        resources.append(
            {**form.resource, **required, "id": form.name, "url": canonical(form), "identifier": [named]}
        )
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {
                "fullUrl": f"{URN}:{pathway.code}:{resource['resourceType']}:{resource['id']}",
                "resource": resource,
            }
            for resource in resources
        ],
    }


def plan_definition(pathway: Pathway) -> dict[str, Any]:
    plan: dict[str, Any] = {
        "resourceType": "PlanDefinition",
        "id": pathway.code,
        "url": f"{URN}:pathway:{pathway.code}",
        "version": str(pathway.version),
        "name": "".join(part.title() for part in pathway.code.split("-")),
        "title": pathway.title,
        "status": "active",
        "description": pathway.summary,
        "library": [f"{URN}:pathway-files:{pathway.code}"],
        "action": [*_inclusion(pathway.meant)]
        + [_step_action(pathway, step) for step in pathway.schedule]
        + [action for rule in pathway.rules if (action := _rule_action(pathway, rule))],
    }
    if contexts := [*_contexts(pathway.meant)]:
        plan["useContext"] = contexts
    if pathway.sources:
        plan["relatedArtifact"] = [{"type": "citation", "display": source} for source in pathway.sources]
    if pathway.licence:
        plan["copyright"] = pathway.licence
    return {key: value for key, value in plan.items() if value != []}


def _contexts(meant: MeantFor) -> Iterator[dict[str, Any]]:
    """Completed years, both ends included."""
    ends = (("low", meant.lowest), ("high", meant.highest))
    years = {
        end: {"value": age, "unit": "an", "system": UCUM, "code": "a"} for end, age in ends if age is not None
    }
    if years:
        yield {"code": {"system": CONTEXT_TYPE, "code": "age"}, "valueRange": years}
    if meant.sex:
        coding = {"system": "http://hl7.org/fhir/administrative-gender", "code": meant.sex}
        yield {
            "code": {"system": CONTEXT_TYPE, "code": "gender"},
            "valueCodeableConcept": {"coding": [coding]},
        }


def _inclusion(meant: MeantFor) -> Iterator[dict[str, Any]]:
    """Sentences that a professional confirms: no machine decides them."""
    if meant.criteria:
        said = [{"description": one, "language": "text/plain", "expression": one} for one in meant.criteria]
        yield {
            "title": "Inclusion",
            "condition": [{"kind": "applicability", "expression": one} for one in said],
            "participant": [{"type": "practitioner"}],
        }


def _step_action(pathway: Pathway, step: Step) -> dict[str, Any]:
    """`timingRange` counts days or months from the anchor; the hours are in the description and in schedule.csv."""
    plan = timing.planned(step)
    units = {"D": ("d", "jour"), "M": ("mo", "mois")}
    low, high = (
        {
            "value": day.count,
            "unit": units[day.unit][1],
            "system": UCUM,
            "code": units[day.unit][0],
        }
        for day in (plan.start, plan.end)
    )
    kind = {"patient": "patient", "carer": "related-person"}.get(step.role, "practitioner")
    counted = f", à partir de : {pathway.later_anchors[step.anchor]}" if step.anchor else ""
    until = f", jusqu’à : {pathway.later_anchors[step.until]}" if step.until else ""
    return {
        "title": step.name,
        "description": f"{step.times} (heure de Paris), de {step.start} à {step.end}{counted}{until}",
        "timingRange": {"low": low, "high": high},
        "participant": [{"type": kind}],
        "definitionCanonical": canonical(pathway.forms[step.questionnaire]),
    }


def _rule_action(pathway: Pathway, rule: Rule) -> dict[str, Any] | None:
    """One action a colour, under the rule. What needs earlier answers or a personal threshold is in rules.csv alone."""
    coloured = [
        {
            "title": colour.label,
            "code": [{"coding": [{"system": COLOUR_SYSTEM, "code": colour.value}]}],
            "condition": [
                {
                    "kind": "applicability",
                    "expression": {"language": "text/fhirpath", "expression": expression},
                }
            ],
        }
        for colour, cell in rule.cells
        if colour in (Colour.RED, Colour.ORANGE) and (expression := _condition(pathway, rule, cell))
    ]
    if not coloured:
        return None
    return {"title": rule.why, "description": f"vert {rule.green}, orange {rule.orange}, rouge {rule.red}",
            "groupingBehavior": "logical-group", "selectionBehavior": "at-most-one", "action": coloured}  # fmt: skip


def _condition(pathway: Pathway, rule: Rule, cell: str) -> str:
    form = pathway.forms[rule.questionnaire]
    question = form.question(rule.item)
    if question is None:
        return ""
    value = f"repeat(item).where(linkId='{rule.item}').answer.value"
    number = f"{value}.value" if question.kind == "quantity" else value
    told = []
    for one in cell_reading.parsed(cell, codes_of(rule, pathway.forms)):
        match one:
            case cells.Between(lowest, highest):
                told.append(f"({number} >= {lowest} and {number} <= {highest})")
            case cells.Compare(operator, Decimal() as threshold):
                told.append(f"({number} {operator} {threshold})")
            case cells.Code(code):
                spelt = code.replace("\\", "\\\\").replace("'", "\\'")
                chosen = f"{value}.where(code = '{spelt}').exists()"
                told.append(f"({value} = {code})" if question.kind == "boolean" else chosen)
    return " or ".join(told)


def _library(pathway: Pathway) -> dict[str, Any]:
    files = files_of(pathway)
    return {
        "resourceType": "Library",
        "id": f"{pathway.code}-files",
        "url": f"{URN}:pathway-files:{pathway.code}",
        "status": "active",
        "title": f"Fichiers du parcours {pathway.title}",
        "type": {"coding": [{"system": LIBRARY_TYPE, "code": "asset-collection"}]},
        "content": [
            {
                "contentType": _CONTENT_TYPES[name.rpartition(".")[2]],
                "title": name,
                "data": base64.b64encode(text.encode()).decode(),
            }
            for name, text in files.items()
            if not name.startswith("questionnaires/")
        ],
    }

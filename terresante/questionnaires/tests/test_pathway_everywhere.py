"""Every form shipped, on answers that nobody thought of: the server, the telephone and FHIR say the same."""

import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import fhirpathpy
import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from fhirpathpy.models import models

from terresante.questionnaires.pathway import (
    Assessment,
    Colour,
    Past,
    assess,
    folder,
    from_json,
    offline,
    parse,
    plan_definition,
    problems,
    questionnaire_response,
    read,
    shown,
    to_json,
)
from terresante.questionnaires.pathway.fhir import canonical

SHIPPED = Path(__file__).resolve().parents[1] / "shipped"
NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
R4 = models["r4"]
PATHWAYS = {path.name: read(folder(path)) for path in sorted(SHIPPED.iterdir()) if path.is_dir()}
FORMS = [(code, name) for code, pathway in PATHWAYS.items() for name in pathway.forms]


def at_random(form, chance):
    """What a person may have sent: what is asked, within its bounds, near their edges as often as not."""
    raw = {}
    for question in form.questions:
        if question.is_number:
            low, high = question.lowest or Decimal(0), question.highest or Decimal(100)
            inside = low + (high - low) * Decimal(chance.choice(["0", "0.1", "0.5", "0.8", "1"]))
            raw[question.link_id] = [str(int(inside) if question.kind == "integer" else round(inside, 2))]
        elif question.kind == "boolean":
            raw[question.link_id] = [chance.choice(["true", "false"])]
        elif question.options:
            codes = [option.code for option in question.options]
            raw[question.link_id] = (
                chance.sample(codes, chance.randint(1, len(codes)))
                if question.repeats
                else [chance.choice(codes)]
            )
        else:
            raw[question.link_id] = [
                {"date": "2026-11-01", "time": "08:30"}.get(question.kind, "Un mot d’elle")
            ]
    answers, wrong = parse(form, raw)
    assert wrong == []
    return answers


def red_by_telephone(pathway, form, answers):
    """As a telephone does with `offline`: the first colour whose tests fit, rule by rule."""
    asked = {question.link_id for question in shown(form, answers)}
    given, decided, red = to_json(form, answers), set(), set()
    for rule in json.loads(json.dumps(offline(pathway, form.name)))["rules"]:
        value = given.get(rule["item"]) if rule["item"] in asked else None
        if value is None or rule["rule"] in decided:
            continue
        if any(fits(test, value) for test in rule["tests"]):
            decided.add(rule["rule"])
            red |= {rule["rule"]} if rule["colour"] == "red" else set()
    return red


def fits(test, value):
    if "code" in test:
        said = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
        return test["code"] in said if isinstance(said, list) else test["code"] == said
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if "from" in test:
        return test["from"] <= value <= test["to"]
    number = test["number"]
    return {
        "<": value < number,
        ">": value > number,
        "<=": value <= number,
        ">=": value >= number,
        "=": value == number,
    }[test["op"]]


def red_by_fhir(pathway, form, answers):
    """By the conditions of the PlanDefinition on a standard QuestionnaireResponse."""
    response = questionnaire_response(form, answers, authored=NOW)
    assert response["questionnaire"] == canonical(form)
    red = set()

    actions = {action["title"]: action for action in plan_definition(pathway)["action"] if "action" in action}
    for rule in pathway.rules:
        for coloured in actions.get(rule.why, {}).get("action", ()):
            expression = coloured["condition"][0]["expression"]["expression"]
            if coloured["title"] == "rouge" and rule.questionnaire == form.name:
                red |= {rule.why} if fhirpathpy.evaluate(response, expression, {}, R4) == [True] else set()
    return red


@pytest.mark.parametrize(("code", "name"), FORMS)
def test_any_answer_is_coloured_kept_and_sent_the_same_everywhere(code, name):
    pathway = PATHWAYS[code]
    form = pathway.forms[name]
    chance = random.Random(f"{code} {name}")
    history: list[Past] = []
    for number in range(6):
        answers = at_random(form, chance)
        at = NOW + timedelta(hours=number)
        assessment = assess(pathway, name, answers, at=at, history=history)

        assert problems(form, answers) == []
        assert from_json(form, to_json(form, answers)) == answers
        assert Assessment.from_json(json.loads(json.dumps(assessment.as_json()))) == assessment
        alone = assess(pathway, name, answers, at=at)
        red = {
            one.rule
            for one in alone.fired
            if one.colour is Colour.RED and form.question(one.item) is not None
        }
        assert red_by_telephone(pathway, form, answers) == red
        if number == 0:
            QuestionnaireResponse.model_validate(
                json.loads(json.dumps(questionnaire_response(form, answers, authored=at)))
            )
        history.append(Past(at, name, answers))


@pytest.mark.parametrize(
    ("code", "name"), [("covid-adulte", "quotidien"), ("chirurgie-ambulatoire", "suites")]
)
def test_the_thresholds_that_fhir_carries_are_ours(code, name):
    pathway = PATHWAYS[code]
    form = pathway.forms[name]
    chance = random.Random(code)
    for _ in range(10):
        answers = at_random(form, chance)
        ours = {
            one.label
            for one in assess(pathway, name, answers, at=NOW).fired
            if one.colour is Colour.RED and form.question(one.item) is not None
        }

        assert red_by_fhir(pathway, form, answers) == ours

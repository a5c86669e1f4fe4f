import json
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.patients.models import CareRecord
from terresante.questionnaires.actions import NewResponse, answer
from terresante.questionnaires.enums import ResponseSource
from terresante.questionnaires.models import Pathway, PathwayVersion, QuestionnaireResponse
from tests.walls import walls_down

_TOML = """
code = "{code}"
title = "Suivi d’essai"
version = 1
kind = "follow-up"
data_class = "{data_class}"
summary = "Deux questions par jour, pour essayer."
sources = ["Essai"]
default_thresholds = true
[anchor]
label = "Premier jour"
[delays]
confirm = 15
take_red = 10
take_orange = 240
[roles]
enrols = ["physician", "nurse"]
takes = ["cell"]
"""
_RULES = """rule;questionnaire;item;green;orange;red;remeasure;why
temperature;quotidien;temperature;36.0..37.9;38.0..38.9 | 35.0..35.9;>= 39.0 | < 35.0;yes;Température
sommeil;quotidien;sommeil;bon;mauvais;;no;Sommeil
"""
_SCORES = """
[[score]]
id = "gene"
questionnaire = "quotidien"
title = "Score de gêne"
max = 3
formula = 2
missing = "unknown"
[[score.part]]
label = "Dort mal"
expression = "iif(item.where(linkId='sommeil').answer.value.code = 'mauvais', 1, 0)"
max = 1
[[score.part]]
label = "A de la fièvre"
expression = "iif(item.where(linkId='temperature').answer.value.value >= 38, 2, 0)"
max = 2
[[score.band]]
from = 0
to = 1
label = "Peu gênée"
[[score.band]]
from = 2
to = 3
label = "Gênée"
"""
_TEXTS = """
[patient]
red = "Appelez le 15 ou le 112."
orange = "Un soignant va vous rappeler."
green = "Tout va bien. À demain."
before = "Ce n’est pas un service d’urgence. En urgence, appelez le 15 ou le 112."
closed = "L’équipe est absente. En urgence, appelez le 15 ou le 112."
"""
_EXAMPLE = """
questionnaire = "quotidien"
[answers]
temperature = 39.2
sommeil = "bon"
[expect]
colour = "red"
rules = ["temperature"]
scores = { gene = 2 }
"""
_UNIT = {
    "url": "http://hl7.org/fhir/StructureDefinition/questionnaire-unit",
    "valueCoding": {"system": "http://unitsofmeasure.org", "code": "Cel", "display": "°C"},
}


def _bound(name: str, value: float) -> dict[str, Any]:
    return {"url": f"http://hl7.org/fhir/StructureDefinition/{name}", "valueDecimal": value}


QUESTIONNAIRE: dict[str, Any] = {
    "resourceType": "Questionnaire",
    "status": "active",
    "name": "quotidien",
    "title": "Votre état aujourd’hui",
    "item": [
        {
            "linkId": "temperature",
            "text": "Quelle est votre température ?",
            "type": "quantity",
            "required": True,
            "extension": [_UNIT, _bound("minValue", 33), _bound("maxValue", 43)],
        },
        {
            "linkId": "sommeil",
            "text": "Comment avez-vous dormi ?",
            "type": "choice",
            "required": True,
            "answerOption": [
                {"valueCoding": {"code": "bon", "display": "Bien"}},
                {"valueCoding": {"code": "mauvais", "display": "Mal"}},
            ],
        },
        {
            "linkId": "nuit",
            "text": "Qu’est-ce qui vous a réveillée ?",
            "type": "string",
            "enableWhen": [{"question": "sommeil", "operator": "=", "answerCoding": {"code": "mauvais"}}],
        },
    ],
}


def files(code: str = "essai", *, data_class: str = "medical", **others: str) -> dict[str, str]:
    """A whole pathway: one form, two rules, one score, one example."""
    return {
        "pathway.toml": _TOML.format(code=code, data_class=data_class),
        "questionnaires/quotidien.json": json.dumps(QUESTIONNAIRE, ensure_ascii=False, indent=2),
        "rules.csv": _RULES,
        "scores.toml": _SCORES,
        "texts.toml": _TEXTS,
        "examples/fievre.toml": _EXAMPLE,
        **others,
    }


def published_version(code: str = "essai", *, data_class: str = "medical", **others: str) -> PathwayVersion:
    """Behind the actions; the same one when it is already there."""
    with walls_down():
        return made_version(code, data_class=data_class, **others)


def made_version(code: str = "essai", *, data_class: str = "medical", **others: str) -> PathwayVersion:
    """As `published_version`, for who already stands behind the walls."""
    pathway, made = Pathway.objects.get_or_create(
        code=code, defaults={"title": "Suivi d’essai", "kind": "follow-up", "data_class": data_class}
    )
    if not made:
        return PathwayVersion.objects.get(pathway=pathway, status="published")
    return PathwayVersion.objects.create(
        pathway=pathway,
        number=1,
        status="published",
        files=files(code, data_class=data_class, **others),
        made_by_name="essai",
        published_at=timezone.now(),
        published_by_name="essai",
    )


def new_response(
    record: CareRecord, version: PathwayVersion, *, id: UUID | None = None, **said: Any
) -> NewResponse:
    return NewResponse(
        **{
            "id": id or new_id(),
            "record_id": record.pk,
            "version_id": version.pk,
            "form": "quotidien",
            "answers": {"temperature": 37, "sommeil": "bon"},
            "source": ResponseSource.PROFESSIONAL,
            **said,
        }
    )


def answered(actor: Actor, record: CareRecord, version: PathwayVersion, **said: Any) -> QuestionnaireResponse:
    return answer(actor, new_response(record, version, **said))


def stored_response(patient_id: UUID, record_id: UUID, **values: Any) -> QuestionnaireResponse:
    """A row of its own making, for who stands behind the walls."""
    now = timezone.now()
    return QuestionnaireResponse.objects.create(
        **{
            "patient_id": patient_id,
            "record_id": record_id,
            "version": made_version(),
            "form": "quotidien",
            "authored_at": now,
            "received_at": now,
            "source": "professional",
            "respondent_name": "Camille",
            "data_class": "medical",
            "answers": {"temperature": 37, "sommeil": "bon"},
            "colour": "green",
            **values,
        }
    )


def draft_of(version: PathwayVersion) -> PathwayVersion:
    with walls_down():
        return PathwayVersion.objects.get(pathway_id=version.pathway_id, status="draft")

"""Answers to forms as resources of FHIR R4: a QuestionnaireResponse."""

from terresante.overview.fhir import Resource, filled, instant, security_label, subject_of
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.questionnaires.queries import pathway_of


def response(row: QuestionnaireResponse) -> Resource:
    """A form that its version no longer has keeps its answers nowhere in FHIR: the resource says who and when."""
    form = pathway_of(row.version_id).forms.get(row.form)
    said: Resource = {}
    if form is not None:
        answers = engine.from_json(form, row.answers)
        said = engine.questionnaire_response(form, answers, authored=row.authored_at)
    return filled(
        resourceType="QuestionnaireResponse",
        id=str(row.pk),
        meta=filled(security=[coding for label in security_label(row) for coding in label["coding"]]),
        questionnaire=said.get("questionnaire"),
        status="amended" if row.replaces_id else "completed",
        subject=subject_of(row.patient_id),
        authored=instant(row.authored_at),
        source={"display": row.respondent_name},
        item=said.get("item"),
    )

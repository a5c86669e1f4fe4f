"""The copy of a record as pages: what `Export` tells, in the words of the screens."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from terresante.care_plans.models import Inclusion, PlannedStep
from terresante.documents.models import DocumentReference
from terresante.health_record.enums import Origin
from terresante.health_record.models import HealthLine
from terresante.home_care.queries import lines_of, source_of
from terresante.kernel import printing
from terresante.kernel.ui import wording
from terresante.notes.models import NoteMedia
from terresante.overview.export import Export, NoteTold, signed_by
from terresante.overview.queries import member_row, relative_row
from terresante.patients.models import Patient
from terresante.questionnaires.enums import ResponseColour
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.questionnaires.queries import pathway_of, title_of
from terresante.questionnaires.record_queries import scores_of
from terresante.questionnaires.sheet_queries import answers_by_section
from terresante.results.models import DiagnosticReport, LabObservation
from terresante.stays.models import Encounter

_TEMPLATE = "overview/whole_record.typ"


def paper(export: Export) -> Iterator[bytes]:
    """One piece: the words of a record, never its files. 2,000 notes take 1.6 s of processor and 230 MB."""
    data = printed(export)
    yield printing.pdf(_TEMPLATE, data, title=f"Dossier de {data['name']}")


def printed(export: Export) -> dict[str, Any]:
    """As the template takes it."""
    whose, actor = export.whose(), export.actor
    patient = whose.opened.patient
    return {
        "name": str(patient),
        "identity": _identity(patient),
        "reference": f"Copie du dossier · {_moment(export.at)}",
        "foot": f"Sortie par {signed_by(actor)}. Secret professionnel. Ce papier ne se met pas à jour.",
        "explained": f"Ce que {actor.name} lit de ce dossier. Ce que le dossier garde pour d’autres n’y est pas.",
        "people": [
            {"name": row.name, "role": row.role, "phone": row.phone}
            for row in (*map(relative_row, whose.relatives), *map(member_row, whose.members))
        ],
        "home": _home(export),
        "stays": [_stay(stay) for stay in export.stays()],
        "health": [_health(line) for line in export.health()],
        "results": [_report(report, results) for report, results in export.reports()],
        "forms": [_form(row) for row in export.forms()],
        "programmes": [_programme(inclusion, steps) for inclusion, steps in export.programmes()],
        "notes": [_note(told) for told in export.notes()],
        "documents": [_document(filed) for filed in export.documents()],
    }


def _identity(patient: Patient) -> list[str]:
    born = patient.lunar_birth_date or wording.long_date(patient.birth_date)
    place = f", {patient.birth_place_name}" if patient.birth_place_name else ""
    address = " ".join(part for part in (patient.postal_code, patient.city) if part)
    lines = (
        f"Nom de naissance : {patient.birth_name}, prénoms : {patient.birth_given_names}",
        f"Naissance : {born}{place} · sexe : {patient.get_sex_display().lower()}",
        patient.get_identity_status_display(),
        ", ".join(part for part in (patient.address_line, address) if part),
        " · ".join(part for part in (wording.phone(patient.phone), patient.email) if part),
    )
    return [line for line in lines if line]


def _home(export: Export) -> list[dict[str, str]]:
    access = export.home()
    said = [{"title": f"{line.label} : {line.value}", "meta": line.phone} for line in lines_of(access)]
    return (
        [*said[:-1], {**said[-1], "meta": _joined(said[-1]["meta"], source_of(access))}]
        if access and said
        else []
    )


def _stay(stay: Encounter) -> dict[str, str]:
    said = ""
    if stay.started_at:
        first, last = (wording.long_date(at) if at else "" for at in (stay.started_at, stay.ended_at))
        said = f"le {first}" if first == last else f"du {first} au {last}" if last else f"depuis le {first}"
    elif stay.expected_start_at:
        said = f"le {wording.long_date(stay.expected_start_at)}"
    place = ", ".join(part for part in (stay.organization.name, stay.unit_name) if part)
    return {"title": place, "meta": _joined(stay.get_status_display(), said)}


def _health(line: HealthLine) -> dict[str, str]:
    signed = _listed(line.asserted_by_name, wording.lowered(line.asserted_by_role))
    by = f"dit par {signed}" if line.origin != Origin.PATIENT else "dit par la personne"
    state = line.get_verification_status_display()
    kind = str(line._meta.verbose_name).capitalize()
    return {"title": f"{kind} : {line.label}", "meta": _joined(line.detail, by, state, line.reason)}


def _report(report: DiagnosticReport, results: list[LabObservation]) -> dict[str, Any]:
    return {
        "title": f"{report.chapters}, {wording.long_date(report.effective_at)}",
        "meta": _joined(report.laboratory, f"transmis par {report.organization_name}"),
        "lines": [_result(one) for one in results],
        "comment": report.comment,
    }


def _result(one: LabObservation) -> dict[str, str]:
    """Its range beside it, and what the laboratory says of it, in a word."""
    mark = one.mark.word if one.mark else one.interpreted
    value = f"{one.said or 'non rendu'} ({mark})" if mark else one.said or "non rendu"
    return {"label": one.label, "value": value, "range": one.said_range, "comment": one.comment}


def _form(row: QuestionnaireResponse) -> dict[str, Any]:
    answers = answers_by_section(pathway_of(row.version_id), row)
    said = [(question, answer) for _, pairs in answers for question, answer in pairs]
    scores = [f"{one.title} : {one.value}" for one in scores_of(row) if one.value]
    return {
        "title": f"{title_of(row)}, {wording.long_date(row.authored_at)}",
        "meta": _joined(
            f"rempli par {row.respondent_name}",
            row.respondent_role,
            f"couleur : {row.get_colour_display().lower()}" if row.colour != ResponseColour.GREY else "",
            *scores,
        ),
        "answers": [{"question": question, "answer": answer} for question, answer in said],
    }


def _programme(inclusion: Inclusion, steps: list[PlannedStep]) -> dict[str, Any]:
    since = f"depuis le {wording.long_date(inclusion.included_on)}"
    left = f"quitté le {wording.long_date(inclusion.left_on)}" if inclusion.left_on else ""
    return {
        "title": f"{inclusion.title}, {inclusion.organizer}",
        "meta": _joined(since, left),
        "steps": [_step(step) for step in steps],
    }


def _step(step: PlannedStep) -> str:
    who = step.responsible.full_name if step.responsible else step.get_role_display()
    if step.done_on:
        return f"{step.title} : fait le {wording.long_date(step.done_on)} par {step.done_by_name}"
    if step.is_planned:
        return f"{step.title} : prévu le {wording.long_date(step.due_on)}, {who}"
    return _joined(f"{step.title} : {step.get_state_display().lower()}", step.reason)


def _note(told: NoteTold) -> dict[str, Any]:
    note = told.note
    corrected = f"corrigée le {_moment(note.amended_at)}" if note.amended_at else ""
    return {
        "title": _listed(note.author_name, wording.lowered(note.author_role), note.organization_name),
        "meta": _joined(
            _moment(note.written_at),
            note.get_data_class_display(),
            "réponse à une autre note" if told.answers else "",
            corrected,
        ),
        "text": note.text,
        "joined": [_said(one) for one in told.media],
        "earlier": [
            {"meta": f"Avant le {_moment(version.replaced_at)}", "text": version.text}
            for version in told.versions
        ],
    }


def _said(media: NoteMedia) -> str:
    if media.withdrawn_at is not None:
        return "Photo retirée par son auteur" if media.is_photo else "Message vocal retiré par son auteur"
    return f"Photo : {media.words}" if media.is_photo else media.words


def _document(filed: DocumentReference) -> dict[str, str]:
    state = "" if filed.is_current else filed.get_status_display()
    reason = f"Retiré : {filed.withdrawn_reason}" if filed.is_withdrawn else ""
    by = f"déposé par {filed.filed_by}"
    written = f"{filed.get_type_display()} du {wording.long_date(filed.dated_on)}"
    return {
        "title": filed.title,
        "meta": _joined(
            written, filed.written_by, by, f"version {filed.version}" * (filed.version > 1), state
        ),
        "reason": reason,
    }


def _listed(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _moment(at: datetime) -> str:
    return f"{wording.long_date(at)}, {wording.clock(at)}"

"""A patient as a list shows him, drawn at once: tag after tag, twenty of them took a quarter of the page."""

from datetime import date

from django.utils.safestring import SafeString

from terresante.care_team.enums import TeamRole
from terresante.kernel.ui.links import link
from terresante.kernel.ui.templatetags.ui import html, icon, when
from terresante.kernel.ui.wording import age
from terresante.patients.models import CareRecord, Patient
from terresante.stays.queries import CurrentPlace

_ROW = (
    '<tr><th scope="row"><a href="{url}">{name}</a>{shared}{warning}</th>'
    '<td class="nowrap" data-label="Naissance">{born}</td>{city}{role}{place}</tr>'
)
_CELL = '<td{empty} data-label="{title}">{said}</td>'
_WARNING = '<span class="second-line">{icon} {words}</span>'
_MARRIED = '{name} <span class="birth-name">{born} {birth_name}</span>'
_BORN = {"M": "né", "F": "née"}
_EMPTY = html(' class="is-empty"')
_KEPT = html(' <span class="tag">Non partagé</span>')
_NOT_YET = html(' <span class="tag">Pas encore partagé</span>')


def row_html(
    record: CareRecord, *, place: CurrentPlace | None, warning: str, role_title: str, today: date
) -> SafeString:
    """`warning`: easily taken for somebody else. `role_title` names the column of roles; without it there is none."""
    patient = record.patient
    return html(
        _ROW,
        url=link("overview:record", record.pk),
        name=_name(patient),
        shared=_shared(record),
        warning=html(_WARNING, icon=icon("level-orange"), words=warning) if warning else "",
        born=f"{patient.birth_date:%d/%m/%Y} · {patient.sex} · {age(patient.birth_date, today=today)}",
        city=_cell("Commune", patient.city),
        role=_role(record, role_title) if role_title else "",
        place=_cell("En ce moment", _where(place) if place else ""),
    )


def _name(patient: Patient) -> SafeString | str:
    """As `overview/_name.html`."""
    if not patient.is_married_name:
        return str(patient)
    said = _BORN.get(patient.sex, "né(e)")
    return html(_MARRIED, name=str(patient), born=said, birth_name=patient.birth_name)


def _shared(record: CareRecord) -> SafeString | str:
    if record.kept_by_id:
        return _KEPT
    return "" if record.is_shared else _NOT_YET


def _role(record: CareRecord, title: str) -> SafeString:
    """Of somebody found by his circle (`desk_queries.records_of`)."""
    role = TeamRole(record.circle_role)  # type: ignore[attr-defined]  # annotated there
    return _cell(title, role.label, is_empty=role is TeamRole.MEMBER)


def _cell(title: str, said: str, *, is_empty: bool = False) -> SafeString:
    return html(_CELL, empty="" if said and not is_empty else _EMPTY, title=title, said=said or "—")


def _where(place: CurrentPlace) -> SafeString | str:
    if place.since is None:
        return place.text
    return html("{text}, depuis {at}", text=place.text, at=when(place.since))

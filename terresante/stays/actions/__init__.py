from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError

from terresante.directory.models import Organization, Unit
from terresante.kernel import access, audit, rls
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.together import insert, update
from terresante.patients.models import CareRecord
from terresante.stays.access import STAY_REPORT
from terresante.stays.actions.movements import reported_row
from terresante.stays.actions.reports import Change, Hospital, Report, ReportedMovement
from terresante.stays.actions.telling import bring_facts_up_to_date
from terresante.stays.course import Course, fold, is_sensitive
from terresante.stays.models import Encounter, EncounterMovement

__all__ = ["Report", "ReportedMovement", "apply_movements"]


@action
def apply_movements(actor: Actor, reports: Sequence[Report], *, now: datetime) -> list[Encounter]:
    """Writes what a hospital reports, at most one movement of each person, and brings the stays, their limits and
    their facts up to date: the same few statements for one report as for hundreds, written whole or not at all.

    Raises NotFound when this hospital knows no such person or there is no record, Invalid without a visit number,
    Conflict when the number is another person's. Locks the stays.
    """
    if actor.organization_id is None:
        raise NotFound
    records = _records_reported_to(actor, [report.patient_id for report in reports])
    hospital = _hospital(actor.organization_id, reports)
    known = _known_stays(actor.organization_id, reports)
    changes = [_change(actor, records[report.patient_id], hospital, known, report) for report in reports]
    _write(changes)
    bring_facts_up_to_date(changes, now=now)
    for change in changes:
        _trace(change)
        change.encounter.has_turned = change.has_turned
    return [change.encounter for change in changes]


def _records_reported_to(actor: Actor, patient_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The rows open first: until then a gateway sees nobody, and the rule of access would refuse everybody."""
    if len(set(patient_ids)) != len(patient_ids):
        raise ValueError("one report of each person at a time: the second would not see the first")
    opened = rls.open_records(patient_ids)
    found = access.list(actor, STAY_REPORT, CareRecord).filter(patient_id__in=opened)
    records = dict(found.values_list("patient_id", "pk"))
    if len(records) < len(patient_ids):
        raise NotFound
    return records


def _hospital(organization_id: UUID, reports: Sequence[Report]) -> Hospital:
    codes = {code for report in reports for code in report.movement.unit_codes}
    units = Unit.objects.filter(organization_id=organization_id, code__in=codes) if codes else ()
    is_psychiatric = Organization.objects.filter(pk=organization_id, is_psychiatric=True).exists()
    return Hospital(organization_id, {unit.code: unit for unit in units}, is_psychiatric)


_Known = dict[tuple[UUID, str], tuple[Encounter, list[EncounterMovement]]]


def _known_stays(organization_id: UUID, reports: Sequence[Report]) -> _Known:
    """By person and visit number, each with its movements."""
    asked = {(report.patient_id, report.movement.visit_number) for report in reports}
    if any(not number for _, number in asked):
        raise Invalid("Le numéro de venue manque : le mouvement ne peut être rattaché à aucun séjour.")
    found = (
        Encounter.objects.select_for_update(of=("self",))
        .filter(
            organization_id=organization_id,
            patient_id__in=[patient_id for patient_id, _ in asked],
            visit_number__in=[number for _, number in asked],
        )
        .order_by("visit_number")
    )
    stays = {stay.pk: (stay, list[EncounterMovement]()) for stay in found}
    if stays:
        for row in EncounterMovement.objects.filter(encounter_id__in=stays):
            stays[row.encounter_id][1].append(row)
    return {(stay.patient_id, stay.visit_number): (stay, rows) for stay, rows in stays.values()}


def _change(actor: Actor, record_id: UUID, hospital: Hospital, known: _Known, report: Report) -> Change:
    movement = report.movement
    stay, told = known.get((report.patient_id, movement.visit_number), (None, []))
    encounter = stay or Encounter(
        patient_id=report.patient_id,
        record_id=record_id,
        source_identity_id=report.source_id,
        organization_id=hospital.organization_id,
        visit_number=movement.visit_number,
    )
    was_shown = stay is not None and stay.is_shown
    encounter.has_new_account = bool(movement.account) and movement.account not in encounter.accounts
    if encounter.has_new_account:
        encounter.accounts = sorted((*encounter.accounts, movement.account))
    row = reported_row(encounter, told, movement, hospital)
    course = fold(told if row in told else [*told, row])
    _set_state(encounter, course)
    teller = replace(actor, correlation_id=movement.message_id)
    return Change(teller, encounter, stay is None, was_shown, told, row, movement, course)


def _write(changes: Sequence[Change]) -> None:
    """Stays before their movements; of the other movements of a stay, those whose secrecy it changed."""
    try:
        insert([change.encounter for change in changes if change.is_new])
    except IntegrityError as error:
        raise Conflict("Ce numéro de venue est déjà celui du séjour d’une autre personne.") from error
    update([change.encounter for change in changes if not change.is_new])
    added: list[EncounterMovement] = []
    changed: list[EncounterMovement] = []
    for change in changes:
        for row in change.rows:
            is_private = change.course.is_private or is_sensitive(row)
            private_to = change.encounter.organization_id if is_private else None
            is_moved = row.private_to_id != private_to
            row.private_to_id = private_to
            if row is change.row and row not in change.told:
                added.append(row)
            elif row is change.row or is_moved:
                changed.append(row)
    insert(added)
    update(changed)


def _set_state(encounter: Encounter, course: Course) -> None:
    encounter.status = course.status
    encounter.class_code = course.class_code
    encounter.started_at, encounter.ended_at = course.started_at, course.ended_at
    encounter.expected_start_at = course.expected_start_at
    encounter.expected_end_at = course.expected_end_at
    encounter.unit_code, encounter.unit_name = course.unit_code, course.unit_name
    encounter.destination, encounter.is_deceased = course.destination, course.is_deceased
    encounter.sensitivity, encounter.private_because = course.sensitivity, course.private_because
    encounter.private_to_id = encounter.organization_id if course.is_private else None


def _trace(change: Change) -> None:
    row, encounter, movement = change.row, change.encounter, change.movement
    detail = {"trigger": movement.trigger, "action": movement.action, "movement": str(row.pk)}
    if not change.is_plain:
        detail["private_to"] = str(encounter.organization_id)
    audit.record(change.actor, STAY_REPORT, patient_id=encounter.patient_id, about=encounter, detail=detail)

"""From an ADT message to what the stays and identities take: no database here."""

from dataclasses import replace
from datetime import datetime, time
from uuid import UUID

from terresante.documents.enums import ACCOUNT
from terresante.interop.hl7v2.adt_model import AdtMessage, Identity, Movement, Visit
from terresante.interop.hl7v2.dates import PARIS
from terresante.interop.hl7v2.triggers import TRIGGERS, Action, Kind
from terresante.patients.enums import IdentityStatus
from terresante.patients.identity_rules import PRODUCTION_INS_KINDS, is_proven, normalised_name, status_of
from terresante.patients.traits import UNKNOWN_PLACE, Traits
from terresante.stays.actions import ReportedMovement
from terresante.stays.enums import EncounterClass, MovementAction, MovementKind

_KINDS = {
    Kind.PREADMISSION: MovementKind.PREADMISSION,
    Kind.ADMISSION: MovementKind.ADMISSION,
    Kind.REGISTRATION: MovementKind.REGISTRATION,
    Kind.PENDING_ADMISSION: MovementKind.PENDING_ADMISSION,
    Kind.TRANSFER: MovementKind.TRANSFER,
    Kind.UNIT_CHANGE: MovementKind.TRANSFER,
    Kind.PENDING_TRANSFER: MovementKind.PENDING_TRANSFER,
    Kind.DISCHARGE: MovementKind.DISCHARGE,
    Kind.PENDING_DISCHARGE: MovementKind.PENDING_DISCHARGE,
    Kind.TO_INPATIENT: MovementKind.TO_INPATIENT,
    Kind.TO_OUTPATIENT: MovementKind.TO_OUTPATIENT,
    Kind.LEAVE: MovementKind.LEAVE,
    Kind.RETURN: MovementKind.RETURN,
    Kind.ATTENDING_CHANGE: MovementKind.ATTENDING_CHANGE,
}
_ACTIONS = {
    Action.INSERT: MovementAction.INSERT,
    Action.UPDATE: MovementAction.UPDATE,
    Action.CANCEL: MovementAction.CANCEL,
}
_ARRIVALS = (MovementKind.ADMISSION, MovementKind.REGISTRATION)
_QUIET = (EncounterClass.OUTPATIENT, EncounterClass.RECURRENT)
_EXPECTED = (MovementKind.PREADMISSION, MovementKind.PENDING_ADMISSION)
_ELSEWHERE = "autre établissement"
# ZFM-4 (PMSI), after a transfer. Psychiatry (4) is left out: where she goes would tell what for.
_TRANSFERRED_TO = {
    "1": "autre établissement, court séjour",
    "2": "soins médicaux et de réadaptation",
    "3": "soins de longue durée",
    "6": "hospitalisation à domicile",
}


def reported_movement(
    message: AdtMessage, *, message_id: UUID, received_at: datetime
) -> ReportedMovement | None:
    """None when the message carries no movement of a visit."""
    movement, visit = message.movement, message.visit
    if movement is None or visit is None:
        return None
    kind = _kind(message, movement)
    recorded_at = message.recorded_at or message.sent_at or received_at
    number = movement.identifiers[0] if movement.identifiers else None
    code, name = _unit(movement, visit)
    return ReportedMovement(
        visit_number=visit_number(message),
        account=account(message),
        action=_ACTIONS[movement.action],
        kind=kind,
        trigger=message.trigger.code,
        occurred_at=_occurred_at(message, movement, visit, kind) or recorded_at,
        recorded_at=recorded_at,
        message_id=message_id,
        identifier=number.value[:120] if number else "",
        authority=number.authority.key[:80] if number else "",
        other_names=tuple((one.authority.key[:80], one.value[:120]) for one in movement.identifiers[1:]),
        class_code=visit.patient_class if visit.patient_class in EncounterClass.values else "",
        unit_code=code[:20],
        unit_name=name[:120],
        admitted_at=None if kind in _EXPECTED else visit.admitted_at,
        expected_start_at=_expected_start(visit, kind),
        expected_end_at=_expected_end(movement, visit, kind),
        destination=destination(visit) if kind is MovementKind.DISCHARGE else "",
        is_death=message.is_death,
        is_secret=message.confidentiality.is_asked,
        is_legal_care=message.is_psychiatric,
        is_historic=movement.is_historic,
        care_unit_code=movement.care_unit.code[:20] if movement.care_unit else "",
        care_unit_name=movement.care_unit.name if movement.care_unit else "",
        ward=visit.location.ward[:20],
    )


def destination(visit: Visit) -> str:
    exit_mode, towards = visit.pmsi.exit, visit.pmsi.destination
    if exit_mode == "8":
        return {"6": "domicile, hospitalisation à domicile", "7": "établissement médico-social"}.get(
            towards, "domicile"
        )
    if exit_mode in {"0", "6", "7"}:
        return _TRANSFERRED_TO.get(towards, _ELSEWHERE)
    return ""


def received_traits(identity: Identity) -> Traits:
    """The traits as received; those missing stay empty, so that `check_traits` would refuse them."""
    name, born, place = identity.birth_name, identity.birth_date, identity.birth_place
    used = identity.used_names[0] if identity.used_names else None
    ins = identity.usable_ins
    return Traits(
        birth_name=name.family,
        birth_given_names=name.given_names or name.first_given,
        birth_date=born.value if born else None,
        sex=identity.sex,
        birth_place_code=place.code if place and place.code and not place.is_postcode else UNKNOWN_PLACE,
        birth_place_name=place.city if place else "",
        used_name=used.family if used else "",
        used_given_name=used.first_given if used else "",
        ins=ins.value if ins else "",
        ins_oid=ins.oid if ins else "",
        identity_status=_status(identity),
    )


def accepted_traits(identity: Identity, *, test_ins: bool) -> Traits:
    """As received, without a matricule this deployment does not take (INTEROP.md 2)."""
    traits, ins = received_traits(identity), identity.usable_ins
    if ins is None or test_ins or ins.kind in PRODUCTION_INS_KINDS:
        return traits
    status = status_of(is_proven=is_proven(traits.identity_status), is_returned=False)
    return replace(traits, ins="", ins_oid="", identity_status=status)


def first_given(traits: Traits) -> str:
    return normalised_name(traits.birth_given_names).split(" ")[0]


def _status(identity: Identity) -> IdentityStatus:
    """INTEROP.md 2: PID-32 says whether a document was checked, an INS in PID-3 that INSi returned the identity.

    A doubtful or fictitious identity is provisional, whatever comes with it.
    """
    if identity.is_doubted:
        return IdentityStatus.PROVISIONAL
    return status_of(is_proven="VALI" in identity.reliability, is_returned=identity.usable_ins is not None)


def _kind(message: AdtMessage, movement: Movement) -> MovementKind | None:
    if message.kind is Kind.MOVEMENT_UPDATED:
        original = TRIGGERS.get(movement.original_trigger)
        return _KINDS.get(original.kind) if original else None
    return _KINDS.get(message.kind)


def visit_number(message: AdtMessage) -> str:
    """PV1-19; else the account (PID-18), marked so that it is never taken for a visit number."""
    if message.visit is None:
        return ""
    if message.visit.number is not None:
        return message.visit.number.value[:120]
    said = account(message)
    return f"{ACCOUNT}{said}" if said else ""


def account(message: AdtMessage) -> str:
    """PID-18, as long as it stands where a document names it (`carried`)."""
    told = message.identity.account
    return told.value[: 120 - len(ACCOUNT)] if told else ""


def _occurred_at(
    message: AdtMessage, movement: Movement, visit: Visit, kind: MovementKind | None
) -> datetime | None:
    """Some senders date a movement by the night batch that exports it: the visit knows its own ends better.

    Not the start of a hospital stay: PV1-44 is then often the arrival in the emergency ward, days before.
    """
    own, start = None, movement.start
    if kind in _ARRIVALS and visit.patient_class in _QUIET:
        own = visit.admitted_at
    elif kind is MovementKind.DISCHARGE:
        own = visit.discharged_at
    if own and start and own == datetime.combine(start.astimezone(PARIS), time.min, PARIS):
        own = None  # a date alone: the movement has the hour
    return own or start or message.occurred_at


def _expected_start(visit: Visit, kind: MovementKind | None) -> datetime | None:
    return visit.expected_admission_at or (visit.admitted_at if kind in _EXPECTED else None)


def _expected_end(movement: Movement, visit: Visit, kind: MovementKind | None) -> datetime | None:
    if kind is MovementKind.PENDING_DISCHARGE:
        return movement.start or visit.expected_discharge_at
    return visit.expected_discharge_at


def _unit(movement: Movement, visit: Visit) -> tuple[str, str]:
    """(code, name) of the medical unit, else of the care unit, else of the ward of PV1-3."""
    unit = movement.medical_unit or movement.care_unit
    ward = visit.location.ward
    if unit is not None:
        return unit.code, unit.name or ("" if ward.isdigit() else ward)
    return ward, "" if ward.isdigit() else ward

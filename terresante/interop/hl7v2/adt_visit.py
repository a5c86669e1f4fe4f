"""PV1, PV2, ZBE, ZFM, ZFV and ROL: the visit, its movements, its physicians (PAM France 6.10 to 6.19)."""

from terresante.interop.hl7v2.adt_fields import (
    Oddities,
    first_identifier,
    location,
    moment,
    physicians,
    unit,
)
from terresante.interop.hl7v2.adt_model import Authority, Identifier, Movement, Physician, Pmsi, Visit
from terresante.interop.hl7v2.er7 import Message, Segment
from terresante.interop.hl7v2.triggers import TRIGGERS, Action, Trigger

_ACTIONS = {**{action.value: action for action in Action}, "DELETE": Action.CANCEL}
_CLASSES = frozenset("EIORNV")
# HL7 table 0443, provider role, as PAM France uses it.
_ROLES = {"ODRP": "regular", "AT": "attending", "AD": "admitting", "CP": "consulting", "RP": "referring"}


def read_visit(message: Message, trigger: Trigger, oddities: Oddities) -> Visit | None:
    """None for identity messages, whose PV1 is a placeholder of class N."""
    pv1 = message.segment("PV1")
    if pv1 is None or (pv1.value(2) == "N" and trigger.action is None):
        return None
    pv2 = message.segment("PV2")
    visit = Visit(
        patient_class=_patient_class(pv1, oddities),
        number=first_identifier(pv1, 19),
        location=location(pv1, 3),
        admitted_at=moment(pv1, 44, oddities),
        discharged_at=moment(pv1, 45, oddities),
        expected_admission_at=moment(pv2, 8, oddities),
        expected_discharge_at=moment(pv2, 9, oddities),
        expected_return_at=moment(pv2, 47, oddities),
        reason=_reason(pv2),
        pmsi=_pmsi(message),
        indicator=pv1.value(51),
    )
    if visit.number is None and trigger.action is not None:
        oddities.add("visit-number-missing", "PV1-19", "Le numéro de venue (PV1-19) manque.")
    return visit


def read_movement(message: Message, trigger: Trigger, oddities: Oddities) -> Movement | None:
    """None for the events that carry no movement. A missing or shifted ZBE is made up for by the trigger."""
    if trigger.action is None:
        return None
    zbe = message.segment("ZBE")
    if zbe is None:
        oddities.add("zbe-missing", "ZBE", "Le segment ZBE manque : l’action est déduite de l’événement.")
        return Movement((), trigger.action, original_trigger=_only(trigger.cancels))
    if len(message.segments("ZBE")) > 1:
        oddities.add("zbe-repeated", "ZBE", "Le segment ZBE est répété : seul le premier mouvement est lu.")
    shift = _shift(zbe, oddities)
    original = zbe.value(6 + shift)
    if original not in TRIGGERS:
        if original:
            oddities.add(
                "original-trigger", "ZBE-6", "L’événement d’origine (ZBE-6) est inconnu : il est ignoré."
            )
        original = _only(trigger.cancels)
    return Movement(
        identifiers=_movement_identifiers(zbe),
        action=_action(zbe, shift, trigger, oddities),
        start=moment(zbe, 2, oddities),
        end=moment(zbe, 3, oddities),
        is_historic=zbe.value(5 + shift) == "Y",
        original_trigger=original,
        medical_unit=unit(zbe, 7 + shift),
        care_unit=unit(zbe, 8 + shift),
        nature=zbe.value(9 + shift),
    )


def read_physicians(message: Message) -> tuple[Physician, ...]:
    """The regular physician comes best in ROL (ODRP), else in PD1-4."""
    found: list[Physician] = []
    for rol in message.segments("ROL"):
        role = _ROLES.get(rol.value(3))
        if role and rol.value(2) not in {"DE", "DC"}:  # table 0287: the role is ended
            found += physicians(rol, 4, role)
    if not any(physician.role == "regular" for physician in found):
        found += physicians(message.segment("PD1"), 4, "regular")
    pv1 = message.segment("PV1")
    for field, role in ((7, "attending"), (8, "referring"), (9, "consulting"), (17, "admitting")):
        found += physicians(pv1, field, role)
    return tuple(dict.fromkeys(found))


def is_psychiatric(message: Message) -> bool:
    """A legal mode of psychiatric care is present: ZFS, or ZFV-4, 5 and 10."""
    if message.segment("ZFS") is not None:
        return True
    zfv = message.segment("ZFV")
    return zfv is not None and any(zfv.value(field) for field in (4, 5, 10))


def _patient_class(pv1: Segment, oddities: Oddities) -> str:
    patient_class = pv1.value(2)
    if patient_class not in _CLASSES:
        oddities.add(
            "patient-class", "PV1-2", "La classe de la venue (PV1-2) manque ou est inconnue du standard."
        )
    return patient_class


def _reason(pv2: Segment | None) -> str:
    return (pv2.value(3, 2) or pv2.value(3) or pv2.value(12)) if pv2 else ""


def _pmsi(message: Message) -> Pmsi:
    zfm = message.segment("ZFM")
    return Pmsi(*(zfm.value(field) for field in range(1, 6))) if zfm else Pmsi()


def _movement_identifiers(zbe: Segment) -> tuple[Identifier, ...]:
    """EI: the authority is spread over components 2 to 4."""
    return tuple(
        Identifier(part.value(1), "", Authority(part.value(2), part.value(3), part.value(4)))
        for part in zbe.repetitions(1)
        if part.value(1)
    )


def _shift(zbe: Segment, oddities: Oddities) -> int:
    """Some senders put one field too many, or too few, before the action (official sample of a discharge)."""
    for field in (4, 5, 3, 6):
        if zbe.value(field) in _ACTIONS:
            if field != 4:
                oddities.add(
                    "zbe-shifted", "ZBE-4", f"Le segment ZBE est décalé : l’action est en ZBE-{field}."
                )
            return field - 4
    return 0


def _action(zbe: Segment, shift: int, trigger: Trigger, oddities: Oddities) -> Action:
    expected = trigger.action or Action.INSERT
    text = zbe.value(4 + shift)
    written = _ACTIONS.get(text)
    if written is None:
        oddities.add(
            "zbe-action-missing", "ZBE-4", "L’action (ZBE-4) manque : elle est déduite de l’événement."
        )
        return expected
    if text == "DELETE":
        oddities.add(
            "zbe-delete", "ZBE-4", "L’action DELETE n’existe pas dans IHE PAM : elle est lue comme CANCEL."
        )
    # PAM France 5.3.5: an A06 cancels an A07 and the reverse, and a Z99 may take back a movement that is no longer
    # the last one: there the action decides.
    if written is expected or (trigger.code in {"A06", "A07", "Z99"} and written is Action.CANCEL):
        return written
    oddities.add(
        "zbe-action", "ZBE-4", f"L’action (ZBE-4) contredit l’événement {trigger.code} : l’événement décide."
    )
    return expected


def _only(codes: tuple[str, ...]) -> str:
    return codes[0] if len(codes) == 1 else ""

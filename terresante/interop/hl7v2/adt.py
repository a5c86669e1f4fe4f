"""From a message that passed `grammar.refusal` to what it means. Nothing raises on what senders write."""

import datetime

from terresante.interop.hl7v2.adt_fields import Oddities, moment
from terresante.interop.hl7v2.adt_identity import (
    read_confidentiality,
    read_dmp_consent,
    read_identity,
    read_merge,
    read_proof,
)
from terresante.interop.hl7v2.adt_model import AdtMessage, Movement, Visit
from terresante.interop.hl7v2.adt_visit import is_psychiatric, read_movement, read_physicians, read_visit
from terresante.interop.hl7v2.er7 import Message, Segment
from terresante.interop.hl7v2.triggers import TRIGGERS, Action, Kind, Trigger

_UNKNOWN = Trigger("", Kind.UNUSED, "événement inconnu")


def read_adt(message: Message) -> AdtMessage:
    oddities = Oddities()
    header = message.segment("MSH") or _absent(message, "MSH")
    trigger = TRIGGERS.get(header.value(9, 2), _UNKNOWN)
    patients = message.segments("PID") or [_absent(message, "PID")]
    event = message.segment("EVN")
    zfd = message.segment("ZFD")
    _check_header(message, header, event, oddities)
    identity = read_identity(patients[0], zfd, oddities)
    movement = read_movement(message, trigger, oddities)
    visit = read_visit(message, trigger, oddities)
    return AdtMessage(
        control_id=header.value(10),
        trigger=trigger,
        kind=_kind(trigger, movement),
        version=header.value(12),
        sending_application=header.value(3),
        sending_facility=header.value(4),
        identity=identity,
        sent_at=moment(header, 7, oddities),
        recorded_at=moment(event, 2, oddities),
        occurred_at=moment(event, 6, oddities) or _occurrence(trigger, movement, visit),
        linked_identity=read_identity(patients[1], None, oddities) if len(patients) > 1 else None,
        merge=read_merge(message, identity, oddities),
        visit=visit,
        movement=movement,
        physicians=read_physicians(message),
        dmp_consent=read_dmp_consent(message, oddities),
        proof=read_proof(message, oddities),
        confidentiality=read_confidentiality(message, patients[0]),
        is_psychiatric=is_psychiatric(message),
        warnings=oddities.found(),
    )


def _check_header(message: Message, header: Segment, event: Segment | None, oddities: Oddities) -> None:
    if message.is_charset_doubtful:
        oddities.add(
            "charset",
            "MSH-18",
            "Le jeu de caractères (MSH-18) manque ou semble faux : les accents sont à vérifier.",
        )
    if not header.value(12):
        oddities.add(
            "version-missing", "MSH-12", "La version (MSH-12) manque : le message est lu comme du HL7 v2.5."
        )
    if event is None:
        oddities.add("evn-missing", "EVN", "Le segment EVN manque : l’heure de l’événement est déduite.")
    elif event.value(1) not in {"", header.value(9, 2)}:
        oddities.add("event-differs", "EVN-1", "EVN-1 contredit l’événement de MSH-9, qui décide.")


def _kind(trigger: Trigger, movement: Movement | None) -> Kind:
    """PAM France 5.3.5: an A07 that cancels is an A06 that did not happen, and the reverse."""
    if movement is not None and movement.action is Action.CANCEL:
        if trigger.code == "A06":
            return Kind.TO_OUTPATIENT
        if trigger.code == "A07":
            return Kind.TO_INPATIENT
    return trigger.kind


def _occurrence(trigger: Trigger, movement: Movement | None, visit: Visit | None) -> datetime.datetime | None:
    """EVN-6 is often left out: the movement, then the visit, tell when it happened."""
    if movement is not None and movement.start is not None:
        return movement.start
    if visit is None:
        return None
    return visit.discharged_at if trigger.kind is Kind.DISCHARGE else visit.admitted_at


def _absent(message: Message, name: str) -> Segment:
    return Segment(name, message.separators, message.codec)

"""Business acknowledgements (CI-SIS, « Transmission de documents CDA en HL7v2 » 2.1; INTEROP.md 5): what became of a
document, told to its sender after the transport's own acknowledgement; those that are told to us.

The volume's table (AckMetierZAM) has one code for "received by the shared repository", named after the DMP: it is the
one given here, with our own name in MSH-3 and in its label, so that nobody takes it for the national DMP's.
"""

import datetime
from dataclasses import dataclass

from terresante.interop.hl7v2 import er7
from terresante.interop.hl7v2.dates import written
from terresante.interop.hl7v2.envelope import Envelope
from terresante.interop.hl7v2.grammar import Refusal, missing_field

ASKED = "ACK_RECEPTION"
RECEIVED_CODE = "ACK_RECEPTION_DMP"
_LABEL = "Accusé de réception Terr-eSanté"
_OURS = ("TERR-ESANTE", "TERR-ESANTE")
_PROFILE = "2.1^CISIS_CDA_HL7_V2"
# What an acknowledgement may say (AckMetierZAM).
_KNOWN = frozenset(
    {"ACK_RECEPTION_DMP", "ACK_RECEPTION_MSS", "ACK_LECTURE_MSS", "LECTEUR_MSS", "DESTINATAIRE_MSS"}
)


@dataclass(frozen=True, slots=True)
class NotFiled:
    """`code` and `words` go to the sender: nothing of the person."""

    code: str
    words: str


NO_RECORD = NotFiled("NoRecord", "Aucun dossier de coordination ne reçoit ce document.")
INFECTED = NotFiled("Infected", "L’antivirus a reconnu un programme malveillant dans ce document.")
OTHER_CONTENT = NotFiled(
    "OtherContent", "Un autre document a déjà été transmis sous cet identifiant : donnez-en un nouveau."
)
SET_ASIDE = NotFiled("SetAside", "La cellule d’identitovigilance a écarté ce document.")
NOT_TAKEN = NotFiled("NotFiled", "Ce document n’a pas pu être classé.")


@dataclass(frozen=True, slots=True)
class Told:
    """One line of an acknowledgement: its code, the message it is about, what it says ('Y', 'N', or a reader)."""

    code: str
    about: str
    value: str


def asks_reception(message: er7.Message) -> bool:
    return any(
        segment.value(3) == ASKED and segment.value(5) == "Y"
        for segment in message.segments("OBX")
        if segment.value(2) in ("CE", "CWE")
    )


def business_acknowledgement(
    received: Envelope, *, control_id: str, at: datetime.datetime, not_filed: NotFiled | None = None
) -> bytes:
    """ZAM^Z01, in the separators and the character set of the message it answers. Not framed."""
    marks = received.separators
    join, part = marks.field.join, marks.component.join
    moment = written(at)
    header = [
        f"MSH{marks.field}{marks.component}{marks.repetition}{marks.escape}{marks.subcomponent}",
        *_OURS,
        received.sending_application,
        received.sending_facility,
        moment,
        "",
        part(["ZAM", "Z01", "ZAM_Z01"]),
        control_id,
        received.processing_id or "P",
        "2.6",
        *[""] * 4,
        "FRA",
        received.charset or "UNICODE UTF-8",
        "",
        "",
        _PROFILE.replace("^", marks.component),
    ]
    answer = part(["N" if not_filed else "Y", "", "expandedYes-NoIndicator"])
    about = er7.escaped(received.control_id, marks)
    lines = [
        join(header),
        join(["EVN", "", moment]),
        join(
            ["OBX", "1", "CWE", part([RECEIVED_CODE, _LABEL, "AckMetierZAM"]), about, answer, *[""] * 5, "F"]
        ),
    ]
    if not_filed is not None:
        condition = part(["207", "Application internal error", "messageErrorCondition"])
        reason = part([not_filed.code, er7.escaped(not_filed.words, marks), "L"])
        lines.append(join(["ERR", "", "", condition, "E", reason]))
    text = "".join(f"{line.translate({0x0A: ' ', 0x0D: ' '})}\r" for line in lines)
    return er7.encoded(text, received.codec)


def read_acknowledgement(message: er7.Message) -> tuple[Told, ...] | Refusal:
    """Nothing raises on what senders write."""
    told = tuple(
        Told(segment.value(3), segment.value(4), segment.value(5))
        for segment in message.segments("OBX")
        if segment.value(3) in _KNOWN
    )
    return told or missing_field("OBX", 3, "aucun code d’accusé métier (AckMetierZAM)")

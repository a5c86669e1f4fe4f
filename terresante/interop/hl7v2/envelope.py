"""What the socket needs to know of a message: whose it is, whom it speaks of, in which order to treat it."""

from dataclasses import dataclass

from terresante.interop.hl7v2 import er7
from terresante.patients.identity_rules import is_national_authority


@dataclass(frozen=True, slots=True)
class IdentityKey:
    """An IPP counts only with its authority: the same value in two establishments is two patients."""

    value: str
    authority: str


@dataclass(frozen=True, slots=True)
class Envelope:
    control_id: str = ""
    message_type: str = ""
    trigger: str = ""
    version: str = ""
    charset: str = ""
    codec: str = "utf-8"
    sending_application: str = ""
    sending_facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""
    processing_id: str = ""
    separators: er7.Separators = er7.STANDARD
    identity_keys: tuple[IdentityKey, ...] = ()


UNKNOWN = Envelope()


def envelope(raw: bytes) -> Envelope:
    """Never raises: of an unreadable message, what its header still tells."""
    try:
        return envelope_of(er7.read(raw))
    except er7.NotEr7:
        return UNKNOWN
    except er7.Undecodable:
        return envelope_of(er7.read_header(raw))


def envelope_of(message: er7.Message) -> Envelope:
    header = message.segment("MSH")
    if header is None:
        return UNKNOWN
    return Envelope(
        control_id=header.value(10),
        message_type=header.value(9),
        trigger=header.value(9, 2),
        version=header.raw(12),
        charset=message.declared_charset,
        codec=message.codec,
        sending_application=header.raw(3),
        sending_facility=header.raw(4),
        receiving_application=header.raw(5),
        receiving_facility=header.raw(6),
        processing_id=header.raw(11),
        separators=message.separators,
        identity_keys=_identity_keys(message),
    )


def _identity_keys(message: er7.Message) -> tuple[IdentityKey, ...]:
    """Every IPP of the message, those of all its patients and those it retires."""
    keys: dict[IdentityKey, None] = {}
    for name, field in (("PID", 3), ("MRG", 1)):
        for segment in message.segments(name):
            for identifier in segment.repetitions(field):
                authority = identifier.value(4, 2) or identifier.value(4)
                # MRG-1 is often sent without its type; a matricule is sometimes typed as an IPP, and is nobody's own.
                is_local = identifier.value(5) in ("PI", "") and not is_national_authority(authority)
                if is_local and identifier.value(1):
                    keys[IdentityKey(identifier.value(1), authority)] = None
    return tuple(keys)

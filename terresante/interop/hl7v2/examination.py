"""What the door and the worker both ask of raw bytes: a message that may be read further, or why not."""

from dataclasses import dataclass

from terresante.interop.hl7v2 import er7
from terresante.interop.hl7v2.carried import Carried, read_carried
from terresante.interop.hl7v2.grammar import NOT_HL7, Refusal, refusal, undecodable
from terresante.interop.hl7v2.triggers import ACKNOWLEDGEMENT_EVENTS, DOCUMENT_EVENTS
from terresante.interop.hl7v2.zam import read_acknowledgement


@dataclass(frozen=True, slots=True)
class Examined:
    """A message, and the document or results that it carries: they are long to read, and read once."""

    message: er7.Message
    carried: Carried | None = None


def examine(raw: bytes) -> er7.Message | Refusal:
    """Never raises on content. A document that cannot be filed is refused here, before it is acknowledged."""
    found = examined(raw)
    return found if isinstance(found, Refusal) else found.message


def examined(raw: bytes) -> Examined | Refusal:
    """As `examine`, for who needs what the message carries."""
    try:
        message = er7.read(raw)
    except er7.NotEr7:
        return NOT_HL7
    except er7.Undecodable as error:
        return undecodable(error)
    if found := refusal(message):
        return found
    if carries_document(message):
        carried = read_carried(message)
        return carried if isinstance(carried, Refusal) else Examined(message, carried)
    if acknowledges(message) and isinstance(told := read_acknowledgement(message), Refusal):
        return told
    return Examined(message)


def acknowledges(message: er7.Message) -> bool:
    """A business acknowledgement: it speaks of a document, and of nobody."""
    header = message.segment("MSH")
    return header is not None and header.value(9) in ACKNOWLEDGEMENT_EVENTS


def carries_document(message: er7.Message) -> bool:
    header = message.segment("MSH")
    return header is not None and header.value(9) in DOCUMENT_EVENTS

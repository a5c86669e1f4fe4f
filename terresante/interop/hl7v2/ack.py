"""Application acknowledgements (HL7 v2.5 chapter 2.9.2, original mode)."""

import datetime
import uuid

from terresante.interop.hl7v2 import er7
from terresante.interop.hl7v2.dates import PARIS, written
from terresante.interop.hl7v2.envelope import Envelope
from terresante.interop.hl7v2.grammar import CONDITIONS, Code, Refusal

_LINE_ENDS_TO_SPACES = {0x0A: " ", 0x0D: " "}


def acknowledgement(
    received: Envelope,
    *refusals: Refusal,
    control_id: str | None = None,
    at: datetime.datetime | None = None,
) -> bytes:
    """AA without refusals; otherwise the gravest of their codes. One ERR segment each. Not framed."""
    marks = received.separators
    field, component = marks.field, marks.component
    own_id = control_id or uuid.uuid4().hex[:20]  # MSH-10 holds 20 characters
    header = field.join(
        [
            f"MSH{field}{component}{marks.repetition}{marks.escape}{marks.subcomponent}",
            received.receiving_application,
            received.receiving_facility,
            received.sending_application,
            received.sending_facility,
            written(at or datetime.datetime.now(PARIS)),
            "",
            component.join(["ACK", received.trigger, "ACK"]) if received.trigger else "ACK",
            own_id,
            received.processing_id or "P",
            received.version or component.join(["2.5", "FRA", "2.11"]),
            *[""] * 5,
            received.charset,
        ]
    ).translate(_LINE_ENDS_TO_SPACES)  # an unescaped line end in a copied field would cut our own header
    code = _gravest(refusals)
    answer = field.join(["MSA", code, er7.escaped(received.control_id, marks)])
    errors = [_error_segment(refusal, marks) for refusal in refusals]
    return er7.encoded("".join(f"{line}\r" for line in [header, answer, *errors]), received.codec)


def _gravest(refusals: tuple[Refusal, ...]) -> Code:
    codes = {refusal.code for refusal in refusals}
    return next((code for code in (Code.REJECTED, Code.ERROR) if code in codes), Code.ACCEPTED)


def _error_segment(refusal: Refusal, marks: er7.Separators) -> str:
    location = refusal.location.replace("^", marks.component)
    condition = [refusal.condition, CONDITIONS[refusal.condition], "HL70357"]
    sentence = er7.escaped(refusal.sentence, marks)
    severity = "W" if refusal.code is Code.ACCEPTED else "E"
    return marks.field.join(
        ["ERR", "", location, marks.component.join(condition), severity, "", "", "", sentence]
    )

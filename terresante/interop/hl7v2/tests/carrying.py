"""Messages that carry documents, and what is read of them."""

import base64

from simulators.hospital import documents
from terresante.interop.cda.tests import letters
from terresante.interop.cda.tests.letters import AT, CLAIRE, PDF
from terresante.interop.hl7v2.carried import read_carried
from terresante.interop.hl7v2.er7 import Message
from terresante.interop.hl7v2.examination import examine
from terresante.interop.hl7v2.grammar import Refusal


def oru(*contents, **changes):
    return documents.oru(contents or (letters.structured(),), CLAIRE, control_id="D1", at=AT, **changes)


def mdm(event="T02", content=None, **changes):
    raw = letters.structured() if content is None else content
    return documents.mdm(event, raw, CLAIRE, control_id="D1", at=AT, **changes)


def carried(raw):
    found = examine(raw)
    assert isinstance(found, Message), found
    said = read_carried(found)
    assert not isinstance(said, Refusal)
    return said


def refusal(raw):
    found = examine(raw)
    assert isinstance(found, Refusal)
    return found


def with_paper(raw, code, content=PDF):
    encoded = base64.b64encode(content).decode()
    return raw + f"OBX|7|ED|{code}^x^LN||^application^PDF^Base64^{encoded}||||||F\r".encode()


def several(*contents):
    return documents.oru(contents, CLAIRE, control_id="D1", at=AT)


def filled(raw, segment, number, value):
    """The message, with this in that field of its first segment of that name."""
    lines = raw.split(b"\r")
    place = next(index for index, line in enumerate(lines) if line.startswith(segment))
    fields = lines[place].split(b"|")
    fields += [b""] * (number + 1 - len(fields))
    fields[number] = value
    return b"\r".join([*lines[:place], b"|".join(fields), *lines[place + 1 :]])

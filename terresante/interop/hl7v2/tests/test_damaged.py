"""Messages that carry documents, damaged: read, or refused with a reason; never a crash, nothing slow."""

import base64
import random
import re
import time
import zlib
from collections import Counter

import pytest

from simulators.laboratory.reports import Order, ordered
from terresante.interop.cda.tests import letters
from terresante.interop.cda.tests.letters import AT, CLAIRE, PDF
from terresante.interop.hl7v2.carried import read_carried
from terresante.interop.hl7v2.examination import examine
from terresante.interop.hl7v2.grammar import CONDITIONS, Code, Refusal
from terresante.interop.hl7v2.tests.carrying import mdm, oru
from terresante.results.tests.factories import blood, sugar

_SECONDS = 2.0  # of the processor, which a loaded machine gives to others too
WHOLE = letters.structured()
WRONG = (
    b"<!DOCTYPE a [<!ENTITY a 'aa'><!ENTITY b '&a;&a;&a;'>]><a>&b;</a>",
    # A PDF whose objects inflate to far more than they weigh.
    b"%%PDF-1.5\n1 0 obj<</Type/ObjStm/Filter/FlateDecode>>stream\n%s\nendstream\n%%%%EOF"
    % zlib.compress(b"\0" * (8 << 20)),
    b"Document medical au format CDA niveau 1",
    b"",
)


def _bits(raw, chance):
    damaged = bytearray(raw)
    for _ in range(chance.randint(1, 5)):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def _cut(raw, chance):
    return raw[: chance.randrange(1, len(raw))]


def _segment_twice(raw, chance):
    lines = raw.split(b"\r")
    line = chance.choice(lines)
    return b"\r".join([*lines[:-1], line, b""])


def _without_segment(raw, chance):
    lines = raw.split(b"\r")
    lines.pop(chance.randrange(len(lines)))
    return b"\r".join(lines)


def _field_emptied(raw, chance):
    place = chance.choice([found.start() for found in re.finditer(rb"\|", raw)])
    return raw[: place + 1] + b"|".join(raw[place + 1 :].split(b"|")[1:])


def _payload(raw, chance):
    """Another content, rightly encoded: what a sender's software may put there by mistake, or on purpose."""
    content = chance.choice(
        [
            *WRONG,
            b"<a>" * chance.choice([5, 500, 50_000]),
            PDF[: chance.randrange(4, len(PDF))],
            chance.randbytes(300),
            WHOLE[: chance.randrange(2000)],
        ]
    )
    return re.sub(rb"Base64\^[A-Za-z0-9+/=]*", b"Base64^" + base64.b64encode(content), raw, count=1)


def _base64(raw, chance):
    start = raw.find(b"Base64^") + 7 + chance.randrange(200)
    return raw[:start] + chance.choice([b"*", b"=", b"\xe9", b" ", b"~"]) + raw[start + 1 :]


MUTATIONS = (_bits, _cut, _segment_twice, _without_segment, _field_emptied, _payload, _base64)
SOURCES = (
    oru(),
    oru(letters.whole(identifier="1.2.3.9"), letters.structured()),
    oru(status="C", told={"MASQUE_PS": "Y"}),
    mdm("T10", replaces="1.2.3"),
    mdm("T04", b"", subtype="", identifier="1.2.3"),
    mdm(content=PDF, subtype="PDF", identifier="1.2.3"),
    ordered(
        CLAIRE,
        control_id="D1",
        at=AT,
        orders=(Order(number="R1", chapter=blood()), Order(number="R2", chapter=sugar(), status="C")),
    ),
)


def play(count, seed):
    chance = random.Random(seed)  # a reproducible damage
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for number in range(count):
        raw = chance.choice(SOURCES)
        for _ in range(chance.choice((1, 1, 2))):
            raw = MUTATIONS[number % len(MUTATIONS)](raw, chance) or b"\r"
        started = time.process_time()
        outcomes[outcome_of(raw)] += 1
        slowest = max(slowest, time.process_time() - started)
    assert slowest < _SECONDS
    return outcomes


def outcome_of(raw):
    found = examine(raw)
    if isinstance(found, Refusal):
        assert found.code in (Code.ERROR, Code.REJECTED) and found.condition in CONDITIONS and found.sentence
        return f"{found.code} {found.condition}"
    header = found.segment("MSH")
    if header is None or header.value(9) not in ("ORU", "MDM"):
        return "AA, no document"
    said = read_carried(found)
    assert not isinstance(said, Refusal)
    assert said.local_ids and said.names and said.type_code
    return f"AA {said.act.value}" if said.content or not said.discrete else f"AA {len(said.discrete)} orders"


def test_a_damaged_message_is_read_or_refused_with_its_reason(record_property):
    outcomes = play(1000, "seed")
    record_property("damaged", f"1000 messages : {dict(outcomes.most_common())}")

    assert {"AA new", "AA replace", "AA delete", "AA 2 orders", "AE 102", "AE 101", "AR 100"} <= set(outcomes)


@pytest.mark.long
def test_twenty_thousand_damaged_messages_are_read_or_refused(record_property):
    outcomes = play(20_000, "long seed")
    record_property("damaged", f"20000 messages : {dict(outcomes.most_common())}")

    assert {"AE 100", "AE 103", "AR 200", "AR 201"} <= set(outcomes)

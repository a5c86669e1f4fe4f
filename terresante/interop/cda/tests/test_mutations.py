"""Damaged documents: each is read, or refused with its reason; never a crash, nothing slow, nothing unsafe."""

import random
import re
import time
from collections import Counter
from dataclasses import fields

import pytest

from simulators.laboratory.reports import Report, report
from terresante.documents.reading import Part
from terresante.health_record.offers import said_again, step_again, told
from terresante.health_record.said import SaidStep
from terresante.interop.cda.body import all_sections, check_whole, content_of, paper_of, read_cda
from terresante.interop.cda.discharge import discharge_of
from terresante.interop.cda.entries import read_entries
from terresante.interop.cda.narrative import rendered
from terresante.interop.cda.parsing import DEEPEST, Flaw, NotCda
from terresante.interop.cda.results import read_results
from terresante.interop.cda.tests import coded, letters
from terresante.interop.cda.tests.letters import PDF
from terresante.interop.offering import offered_by
from terresante.kernel.errors import Invalid
from terresante.results.tests.factories import LABORATORY, URINE, blood, sugar

# A document is read within, whatever it is; of the processor, which a loaded machine gives to others too.
_SECONDS = 2.0
# Of documents of megabytes, and of what the door knows of the paper (`hl7v2.attached`): tests of their own.
_NOT_HERE = {Flaw.TOO_LARGE, Flaw.TOO_MANY, Flaw.TOO_LONG, Flaw.NOT_PDF}
_OURS = "p|div|ul|ol|li|table|caption|thead|tbody|tfoot|tr|td|th|strong|em|u|br|sub|sup|small|del|ins"
_FOREIGN = re.compile(rf"<(?!/?(?:{_OURS})[ >])")
_TAG = re.compile(rb"<[^>]+>")


def _bits(raw, chance):
    damaged = bytearray(raw)
    for _ in range(chance.randint(1, 6)):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def _cut(raw, chance):
    """Sometimes nothing is left."""
    place = chance.randrange(len(raw))
    return raw[: place if chance.randrange(50) else 0]


def _without_a_tag(raw, chance):
    tag = chance.choice(_TAG.findall(raw))
    return raw.replace(tag, b"", 1)


def _twice(raw, chance):
    start = chance.randrange(len(raw))
    piece = raw[start : start + chance.randint(1, 400)]
    return raw[:start] + piece + raw[start:]


def _element_twice(raw, chance):
    tag = chance.choice([b"author", b"title", b"recordTarget", b"section", b"effectiveTime", b"id"])
    found = re.search(rb"<%s(?: [^>]*)?/>|<%s[ >].*?</%s>" % (tag, tag, tag), raw, re.DOTALL)
    return raw.replace(found[0], found[0] * 2, 1) if found else raw


def _no_value(raw, chance):
    values = re.findall(rb'"[^"]*"', raw)
    return raw.replace(chance.choice(values), chance.choice([b'""', b'"&#9;"', b'"' + b"9" * 300 + b'"']), 1)


def _entities(raw, chance):
    doctype = b"<!DOCTYPE a [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]>"
    return raw.replace(b"<ClinicalDocument", doctype + b"<ClinicalDocument").replace(b"Asthme", b"&b;" * 50)


def _deep(raw, chance):
    depth = chance.choice([10, DEEPEST, 3000])
    return raw.replace(b"Asthme", b"<content>" * depth + b"x" + b"</content>" * depth)


def _renamed(raw, chance):
    name = chance.choice(
        [b"patientRole", b"patient>", b"structuredBody", b"nonXMLBody", b"ClinicalDocument", b"text"]
    )
    return raw.replace(name, b"x" + name)


def _together(raw, chance):
    inside = raw[raw.find(b"<ClinicalDocument") :]
    return b"<a>" + inside * chance.choice([1, 2]) + b"</a>"


def _base64(raw, chance):
    start = raw.find(b'representation="B64">') + 40
    return raw[:start] + chance.choice([b"*", b"=", b"\xc3\xa9", b"AAA"]) + raw[start + 1 :]


def _media(raw, chance):
    kinds = [b"image/tiff", b"text/rtf", b"text/plain", b"", b"application/msword"]
    return raw.replace(b"application/pdf", chance.choice(kinds), 1)


def _elsewhere(raw, chance):
    return re.sub(rb"(<nonXMLBody><text [^>]*>)[^<]*", rb'\1<reference value="x.pdf"/>', raw)


MUTATIONS = (
    _bits,
    _cut,
    _without_a_tag,
    _twice,
    _element_twice,
    _no_value,
    _entities,
    _deep,
    _base64,
    _renamed,
    _together,
    _media,
    _elsewhere,
)
REPORTS = (
    report(
        Report(
            identifier="1.2.3",
            person=letters.CLAIRE,
            laboratory=LABORATORY,
            at=letters.AT,
            chapters=(blood(), sugar(other=("0.88", "g/L")), URINE),
            comment="Asthme",
        )
    ),
)
SOURCES = (
    letters.structured(),
    letters.structured(pdf=PDF, replaces="1.2.3"),
    coded.written(),
    letters.whole(),
    letters.structured().decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    *REPORTS,
)


def outcome_of(raw):
    """What a door does of it: reads, decodes the paper, draws every section, reads the results."""
    try:
        read = read_cda(raw)
        check_whole(read.body)
        paper = paper_of(read.body)
        if paper is not None:
            content_of(paper)
    except NotCda as refusal:
        assert refusal.sentence
        return refusal.flaw.value
    html = "".join(rendered(section.narrative) for section in all_sections(read.body.sections))
    entries, discharge = read_entries(read), discharge_of(read, ())
    html += "".join(part.html for part in _parts(discharge))
    assert not _FOREIGN.search(html)
    for each in offered_by(entries):
        try:
            kept = told(each.said)
            again = step_again(kept) if isinstance(each.said, SaidStep) else said_again(each.kind, kept)
            assert type(again) is type(each.said)
        except Invalid as refusal:
            assert refusal.fields
    return "read" if read_results(read) is None else "results"


def _parts(discharge):
    shown = (getattr(discharge, field.name) for field in fields(discharge))
    return [part for part in shown if isinstance(part, Part)]


def play(count, seed):
    chance = random.Random(seed)  # a reproducible damage
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for number in range(count):
        raw = chance.choice(SOURCES)
        for _ in range(chance.choice((1, 1, 1, 2))):
            raw = MUTATIONS[number % len(MUTATIONS)](raw, chance) or b" "
        started = time.process_time()
        outcomes[outcome_of(raw)] += 1
        slowest = max(slowest, time.process_time() - started)
    assert sum(outcomes.values()) == count
    assert slowest < _SECONDS
    return outcomes


def test_a_damaged_document_is_read_or_refused_with_its_reason(record_property):
    outcomes = play(1000, "seed")
    record_property("damaged", f"1000 documents : {dict(outcomes.most_common())}")

    assert outcomes["read"] > 60 and outcomes["results"] > 20
    assert {Flaw.MALFORMED, Flaw.DOCTYPE, Flaw.TOO_DEEP, Flaw.BASE64} <= set(outcomes)


@pytest.mark.long
def test_twenty_thousand_damaged_documents_meet_every_flaw(record_property):
    outcomes = play(20_000, "long seed")
    record_property("damaged", f"20000 documents : {dict(outcomes.most_common())}")

    heard_of = {flaw.value for flaw in Flaw} - _NOT_HERE
    assert heard_of <= set(outcomes)

"""What a report of biology says, read by its structure; documents are written by the simulated laboratory."""

import re
import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from simulators.laboratory.reports import Examinations, Report, Result, report
from terresante.interop.cda.body import read_cda
from terresante.interop.cda.results import MOST_RESULTS, read_results
from terresante.interop.cda.tests import letters
from terresante.results.enums import ResultKind
from terresante.results.tests.factories import LABORATORY, URINE, blood, sugar

_VALUE = '<value xsi:type="PQ" value="98" unit="g/L"></value>'


def written(*chapters, **changes):
    told = Report(
        identifier="1.2.3",
        person=letters.CLAIRE,
        laboratory=LABORATORY,
        at=letters.AT,
        chapters=chapters or (blood(),),
    )
    return report(replace(told, **changes))


def read(raw):
    return read_results(read_cda(raw))


def test_a_result_has_its_chapter_its_value_its_range_and_its_interpretation():
    found = read(written(order="P2026-17"))

    assert (found.laboratory, found.prescription) == ("Laboratoire des Deux Rives", "P2026-17")
    assert found.effective_at == letters.AT
    first, second = found.results
    assert (first.chapter_code, first.chapter, first.battery) == ("18723-7", "Hématologie", "Hémogramme")
    assert (first.code, first.label, first.text, first.value) == ("718-7", "Hémoglobine", "98", Decimal(98))
    assert (first.unit, first.low, first.high, first.interpretation) == (
        "g/L",
        Decimal(120),
        Decimal(160),
        "L",
    )
    assert (second.text, second.value, second.interpretation) == ("6.4", Decimal("6.4"), "N")


def test_a_second_unit_goes_with_its_value():
    (result,) = read(written(sugar(other=("0.88", "g/L")))).results

    assert (result.text, result.unit, result.other_text, result.other_unit) == (
        "4.89",
        "mmol/L",
        "0.88",
        "g/L",
    )


def test_a_germ_has_its_count_and_its_antibiogram():
    aspect, germ, count, first, second = read(written(URINE)).results

    assert (aspect.text, aspect.specimen, aspect.isolate) == ("trouble", "Urine", None)
    assert (germ.kind, germ.text, germ.isolate) == (ResultKind.ISOLATE, "Escherichia coli", 1)
    assert (count.kind, count.value, count.isolate) == (ResultKind.VALUE, Decimal(100000), 1)
    assert [(each.kind, each.interpretation) for each in (first, second)] == [
        (ResultKind.SUSCEPTIBILITY, "R"),
        (ResultKind.SUSCEPTIBILITY, "S"),
    ]


def recalling(*before):
    (only,) = sugar("4.89").results
    return Examinations(code="18719-5", results=(replace(only, before=before),))


def test_what_a_report_recalls_is_an_earlier_value_with_the_date_it_had():
    then = letters.AT - timedelta(days=200)
    raw = written(recalling(("4.6", "mmol/L", then), ("0.81", "g/L", then - timedelta(days=90))))

    new, before, older = read(raw).results

    assert (new.kind, new.value, new.effective_at) == (ResultKind.VALUE, Decimal("4.89"), letters.AT)
    assert [(each.kind, each.code, each.text, each.unit, each.effective_at) for each in (before, older)] == [
        (ResultKind.EARLIER, new.code, "4.6", "mmol/L", then),
        (ResultKind.EARLIER, new.code, "0.81", "g/L", then - timedelta(days=90)),
    ]
    assert (before.label, before.chapter) == (new.label, new.chapter)


@pytest.mark.parametrize(
    ("said", "otherwise"),
    [
        (r'(typeCode="REFR">.*?)<effectiveTime value="[^"]*"/>', r"\1"),
        (r'(typeCode="REFR">.*?)code="14771-0"', r'\1code="2160-0"'),
        (r'(typeCode="REFR">.*?)<value [^>]*/>', r"\1"),
    ],
    ids=["without a date", "of another examination", "without a value"],
)
def test_an_earlier_value_that_is_not_sure_is_left_to_the_document(said, otherwise):
    raw = written(recalling(("4.6", "mmol/L", letters.AT - timedelta(days=200)))).decode()

    (only,) = read(re.sub(said, otherwise, raw, count=1, flags=re.DOTALL).encode()).results

    assert only.text == "4.89"


_IVL = '<value xsi:type="IVL_PQ">{}</value>'
_SAID = '<value xsi:type="CD"><originalText><reference value="{}"/></originalText></value>'
VALUES = {
    "an interval open below": (_IVL.format('<high value="1.0" unit="mg/L" inclusive="true"/>'), "≤\xa01.0", "mg/L"),
    "an interval open above": (_IVL.format('<low value="0.5" unit="mg/L" inclusive="false"/>'), ">\xa00.5", "mg/L"),
    "an interval": (_IVL.format('<low value="1" unit="/uL"/><high value="5" unit="/uL"/>'), "1 à 5", "/uL"),
    "a code": ('<value xsi:type="CD" code="260385009" displayName="négatif"/>', "négatif", ""),
    "a code that the narrative says": (_SAID.format("#ref"), "paille", ""),
    "a reference without its sign": (_SAID.format("ref"), "paille", ""),
    "a text": ('<value xsi:type="ST">présence de cristaux</value>', "présence de cristaux", ""),
    "a bound in a text": ('<value xsi:type="c:ED">&lt;1.0 mg/L</value>', "<\xa01.0", "mg/L"),
    "below a titre": ('<value xsi:type="ST">&lt;1/20</value>', "<1/20", ""),
    "a bound in a quantity": ('<value xsi:type="PQ" value="&lt;0.1" unit="mg/L"/>', "<\xa00.1", "mg/L"),
    "a real": ('<value xsi:type="REAL" value="2.0"/>', "2.0", ""),
    "an integer": ('<value xsi:type="INT" value="3"/>', "3", ""),
    "a titre": ('<value xsi:type="RTO"><numerator value="1"/><denominator value="160"/></value>', "1/160", ""),
    "a date": ('<value xsi:type="TS" value="20260312"/>', "12\xa0mars 2026", ""),
    "a boolean": ('<value xsi:type="BL" value="true"/>', "oui", ""),
    "no type": ('<value value="7" unit="g/L"/>', "7", "g/L"),
    "not done": ('<value xsi:type="PQ" nullFlavor="NASK"/>', "non demandé", ""),
    "unknown": ('<value xsi:type="PQ" nullFlavor="NI"/>', "", ""),
    "no number": ('<value xsi:type="PQ" value="1e999" unit="g/L"/>', "1e999", "g/L"),
    "a unit of no list": (
        '<value xsi:type="PQ" nullFlavor="OTH"><translation value="12" nullFlavor="OTH">'
        "<originalText>UI/mL</originalText></translation></value>",
        "12",
        "UI/mL",
    ),
    "nothing": ("", "", ""),
}  # fmt: skip


@pytest.mark.parametrize(("value", "text", "unit"), VALUES.values(), ids=VALUES)
def test_each_kind_of_value_is_read(value, text, unit):
    raw = written().decode().replace(_VALUE, value)
    raw = raw.replace("<text><table", '<text><content ID="ref">paille</content><table', 1)

    first = read(raw.encode()).results[0]

    assert (first.text, first.unit) == (text, unit)


def test_a_bound_is_a_number_with_its_sign():
    raw = written().decode().replace(_VALUE, VALUES["an interval open below"][0])

    first = read(raw.encode()).results[0]

    assert (first.comparator, first.value) == ("<=", Decimal("1.0"))


def test_a_local_code_and_the_words_of_the_laboratory_are_kept():
    local = (
        '<code><originalText>CRP</originalText><translation code="1234" displayName="C Réactive protéine '
        '[Masse/Volume] Sérum/Plasma ; Numérique" codeSystem="1.2.250.1.2.3.4"/></code>'
    )
    raw = written().decode()
    start = raw.index('<code code="718-7"')
    raw = raw[:start] + local + raw[raw.index("/>", start) + 2 :]

    first = read(raw.encode()).results[0]
    unnamed = read(raw.replace("<originalText>CRP</originalText>", "").encode()).results[0]

    assert (first.code, first.code_system, first.label) == ("1234", "1.2.250.1.2.3.4", "CRP")
    assert unnamed.label == "C Réactive protéine"


def test_what_a_result_refers_to_is_an_earlier_one_and_is_not_read_again():
    earlier = (
        '<entryRelationship typeCode="REFR"><observation classCode="OBS" moodCode="EVN"><code code="718-7"/>'
        '<value xsi:type="PQ" value="104" unit="g/L"/></observation></entryRelationship>'
    )
    raw = (
        written()
        .decode()
        .replace('<referenceRange typeCode="REFV">', earlier + '<referenceRange typeCode="REFV">', 1)
    )

    assert [each.text for each in read(raw.encode()).results] == ["98", "6.4"]


def test_a_range_in_another_unit_is_said_and_compared_with_nothing():
    raw = written().decode().replace('<low value="120" unit="g/L"/>', '<low value="12" unit="g/dL"/>', 1)
    raw = raw.replace('<high value="160" unit="g/L"/>', '<high value="16" unit="g/dL"/>', 1)

    first = read(raw.encode()).results[0]

    assert (first.low, first.high, first.range_text) == (None, None, "12 g/dL à 16 g/dL")


def test_comments_of_the_report_and_of_a_result_are_kept():
    noted = (
        '<entryRelationship typeCode="SUBJ"><act classCode="ACT" moodCode="EVN"><code code="48767-8"/>'
        "<text>À contrôler</text></act></entryRelationship>"
    )
    raw = written(comment="Prélèvement hémolysé.").decode()
    raw = raw.replace('<referenceRange typeCode="REFV">', noted + '<referenceRange typeCode="REFV">', 1)

    found = read(raw.encode())

    assert found.comment == "Commentaire : Prélèvement hémolysé."
    assert found.results[0].comment == "À contrôler"


def test_a_sub_chapter_is_said_inside_its_chapter():
    raw = written().decode()
    raw = raw.replace(
        "<component><section><code",
        '<component><section><code code="18719-5" displayName="Biochimie"/><component><section><code',
        1,
    )
    raw = raw.replace(
        "</section></component></structuredBody>",
        "</section></component></section></component></structuredBody>",
    )

    first = read(raw.encode()).results[0]

    assert (first.chapter, first.section) == ("Biochimie", "Hématologie")


def test_a_letter_and_a_paper_alone_have_no_results():
    assert read(letters.structured()) is None
    assert read(letters.whole()) is None


def test_references_without_end_are_followed_in_a_bounded_time():
    """Each of thousands of results points to the same long text, and to elements nested in one another."""
    raw = written(*[blood() for _ in range(900)]).decode()
    raw = raw.replace(
        "<originalText>Hémogramme</originalText>", '<originalText><reference value="#all"/></originalText>'
    )
    long = f'<content ID="all">{"<content>" * 60}{"mot " * 200_000}{"</content>" * 60}</content>'
    raw = raw.replace("<text><table", f"<text>{long}<table", 1)
    began = time.process_time()

    found = read(raw.encode())

    assert len(found.results) == 1800
    assert time.process_time() - began < 2.0


def test_beyond_a_number_of_results_the_document_is_there_to_be_read():
    many = tuple(
        Result(code=f"{number}-1", label="x", value="1", unit="g/L") for number in range(MOST_RESULTS + 5)
    )

    assert len(read(written(Examinations(code="18719-5", results=many))).results) == MOST_RESULTS

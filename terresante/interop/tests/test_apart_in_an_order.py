"""What tells results of one code apart in one report: their sub-identifier, their hour, the germ they follow from."""

import pytest

from simulators.laboratory.reports import Examinations, Order, ordered
from terresante.interop.tests import papers, wire
from terresante.interop.tests.test_discrete import send
from terresante.interop.tests.test_hostile import HOSTILE, LONG, NUL
from terresante.interop.tests.test_orders import AT
from terresante.interop.tests.test_results import HIDING, reads
from terresante.results.enums import SHOWN
from terresante.results.models import DiagnosticReport, LabObservation
from terresante.results.tests.factories import reports, results_of
from tests.walls import walls_down

pytestmark = pytest.mark.commits

HOURS = {"8": "20260409080000", "12": "20260409120000", "16": "20260409160000"}


@pytest.fixture
def claire(cast, hospital, madeleine):
    return papers.whose(cast.madeleine_record)


def oru(person, *lines, control_id):
    """These lines, below the head of a message of the laboratory."""
    nothing = Order(number="R0", chapter=Examinations(code="18719-5"))
    raw = ordered(person, control_id=control_id, at=AT, orders=(nothing,)).decode()
    head = [line for line in raw.split("\r") if line[:3] in ("MSH", "PID", "PV1")]
    return "\r".join((*head, *lines, "")).encode()


def obr(number, code="18719-5", label="Biochimie", *, more="", status="F"):
    """`more`: OBR-26 and what follows it."""
    return f"OBR|1|D1|{number}|{code}^{label}^LN|||20260409080000{'|' * 18}{status}{more}"


def sugar(value, hour="", *, status="F", sub=""):
    at = HOURS.get(hour, "")
    return f"OBX|1|NM|14771-0^Glycémie^LN|{sub}|{value}|mmol/L|||||{status}|||{at}"


def said():
    """Of the reports in force: their number and their results."""
    return {
        report.sender_identifier: [f"{row.battery} {row.text}".strip() for row in results_of(report)]
        for report in reports()
        if report.is_shown
    }


@pytest.fixture
def cycle(hospital, claire):
    send(hospital, oru(claire, obr("R1"), sugar("4.9", "8"), sugar("6.1", "12"), control_id="Z1"))
    assert said() == {"R1": ["4.9", "6.1"]}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (sugar("6.3", "12", status="C"), ["4.9", "6.3"]),
        (sugar("", "12", status="D"), ["4.9"]),
        (sugar("", "8", status="W"), ["6.1"]),
        (sugar("5.5", "16"), ["4.9", "6.1", "5.5"]),
        (sugar("", "", status="D"), []),
    ],
    ids=["corrected", "taken back", "the first taken back", "another hour", "all of that code taken back"],
)
def test_two_hours_of_one_examination_are_corrected_apart(hospital, claire, cycle, line, expected):
    send(hospital, oru(claire, obr("R1"), line, control_id="Z2"))

    assert said() == ({"R1": expected} if expected else {})


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([sugar("5.5", "16", sub="1")], ["4.9", "6.1", "5.5"]),
        ([sugar("6.1", "12", sub="1"), sugar("5.5", "16", sub="1")], ["4.9", "6.1", "5.5"]),
        ([sugar("6.3", "12", sub="1", status="C")], ["4.9", "6.3"]),
        ([sugar("", "8", sub="1", status="D")], ["6.1"]),
    ],
    ids=["another hour", "another hour beside one known", "corrected", "taken back"],
)
def test_a_sub_identifier_that_is_always_the_same_replaces_no_other_hour(hospital, claire, lines, expected):
    cycle = sugar("4.9", "8", sub="1"), sugar("6.1", "12", sub="1")
    send(hospital, oru(claire, obr("R1"), *cycle, control_id="Z1"))
    send(hospital, oru(claire, obr("R1"), *lines, control_id="Z2"))

    assert said() == {"R1": expected}


def test_an_hour_may_itself_be_corrected_where_there_is_one(hospital, claire):
    send(hospital, oru(claire, obr("R1"), sugar("4.9", "8"), control_id="Z1"))
    send(hospital, oru(claire, obr("R1"), sugar("4.9", "12", status="C"), control_id="Z2"))

    assert said() == {"R1": ["4.9"]}
    send(hospital, oru(claire, obr("R1"), sugar("6.1", "16"), control_id="Z3"))
    assert said() == {"R1": ["4.9", "6.1"]}


def culture(sub, germ, status="F"):
    return f"OBX|1|CE|6463-4^Germe^LN|{sub}|{germ}^{germ}^L||||||{status}"


def test_two_germs_of_one_code_are_told_apart_by_their_sub_identifier(hospital, claire):
    given = (culture("1", "Escherichia coli"), culture("2", "Klebsiella"))
    send(hospital, oru(claire, obr("R1", "18725-2", "Microbiologie"), *given, control_id="Z1"))
    assert said() == {"R1": ["Escherichia coli", "Klebsiella"]}

    again = culture("2", "Klebsiella pneumoniae", "C")
    send(hospital, oru(claire, obr("R1", "18725-2", "Microbiologie"), again, control_id="Z2"))

    assert said() == {"R1": ["Escherichia coli", "Klebsiella pneumoniae"]}
    send(hospital, oru(claire, obr("R1", "18725-2", "Microbiologie"), culture("1", "", "D"), control_id="Z3"))
    assert said() == {"R1": ["Klebsiella pneumoniae"]}


CULTURE = obr("R1", "18725-2", "Microbiologie")
GERMS = (culture("1", "Escherichia coli"), culture("2", "Klebsiella"))


def antibiogram(number, sub, *, parent="D1^R1", status="F"):
    """OBR-26: the germ; OBR-29: the request and the report that it stands in."""
    return obr(number, "18769-0", "Antibiogramme", more=f"|6463-4^{sub}|||{parent}", status=status)


def drug(effect, status="F"):
    return f"OBX|1|ST|18864-9^Ampicilline^LN||{effect}||||||{status}"


def with_antibiograms(person, control_id="Z1"):
    first, second = (antibiogram("A1", "1"), drug("R")), (antibiogram("A2", "2"), drug("S"))
    return oru(person, CULTURE, *GERMS, *first, *second, control_id=control_id)


WHOLE = {"R1": ["Escherichia coli", "Klebsiella", "Escherichia coli R", "Klebsiella S"]}


def test_an_antibiogram_under_its_own_number_is_read_beside_its_germ(hospital, claire):
    send(hospital, with_antibiograms(claire))

    assert said() == WHOLE
    send(hospital, with_antibiograms(claire, "Z2"))
    assert wire.states()[-1] == ("ignored", "results_known")


def test_it_may_come_days_after_its_germ_and_be_corrected_by_itself(hospital, claire):
    send(hospital, oru(claire, CULTURE, *GERMS, control_id="Z1"))
    (before,) = reports()
    send(hospital, oru(claire, antibiogram("A1", "1^E. coli"), drug("R"), control_id="Z2"))
    send(hospital, oru(claire, antibiogram("A2", "2^Klebsiella"), drug("S"), control_id="Z3"))
    assert said() == {"R1": ["Escherichia coli", "Klebsiella", "E. coli R", "Klebsiella S"]}

    send(hospital, oru(claire, antibiogram("A2", "2^Klebsiella"), drug("I", "C"), control_id="Z4"))

    assert said() == {"R1": ["Escherichia coli", "Klebsiella", "E. coli R", "Klebsiella I"]}
    now = next(report for report in reports() if report.is_shown)
    assert (now.effective_at, now.prescription) == (before.effective_at, before.prescription)
    send(hospital, oru(claire, antibiogram("A1", "1", status="X"), control_id="Z5"))
    assert said() == {"R1": ["Escherichia coli", "Klebsiella", "Klebsiella I"]}


@pytest.mark.parametrize("asked", HIDING)
def test_an_antibiogram_that_comes_alone_shows_nothing_more_of_its_report(cast, hospital, claire, asked):
    """Nor to a doctor with patients of his own."""
    hidden = f"OBX|9|CE|{asked}^x^MetaDMPMSS||Y||||||F"
    send(hospital, oru(claire, CULTURE, *GERMS, hidden, control_id="Z1"))
    send(hospital, oru(claire, antibiogram("A1", "1"), drug("R"), control_id="Z2"))

    (now,) = (report for report in reports() if report.is_shown)
    assert len(results_of(now)) == 3
    for name in ("amar", "ines", "madeleine", "brun"):
        expected = name != "brun" and name not in HIDING[asked]
        assert reads(cast.actors[name], cast.madeleine_record, now)[0] == expected, name


def test_it_is_kept_with_the_stay_of_its_report(hospital, claire):
    send(hospital, oru(claire, CULTURE, *GERMS, control_id="Z1"))
    with walls_down():
        kept = {"visit_number": "V9", "is_kept_with_stay": True, "private_to_id": hospital.organization_id}
        DiagnosticReport.objects.update(**kept)
    send(hospital, oru(claire, antibiogram("A1", "1"), drug("R"), control_id="Z2"))

    (now,) = (report for report in reports() if report.is_shown)
    assert len(results_of(now)) == 3
    assert {name: getattr(now, name) for name in kept} == kept


@pytest.mark.parametrize(
    "lines",
    [
        (obr("A1", "18769-0", "Antibiogramme", more="||||D1"), drug("R")),
        ("ORC|RE|D9|A1|||||D1^R1", obr("A1", "18769-0", "Antibiogramme"), drug("R")),
        (obr("A1", "18769-0", "Antibiogramme", more="|6463-4^1"), drug("R")),
    ],
    ids=["the request of its germ", "its parent in ORC-8", "the germ alone"],
)
def test_senders_say_where_it_belongs_in_several_places(hospital, claire, lines):
    send(hospital, oru(claire, CULTURE, culture("1", "Escherichia coli"), *lines, control_id="Z1"))

    assert list(said()) == ["R1"]
    assert len(said()["R1"]) == 2


def test_one_filed_apart_before_joins_its_germ(hospital, claire):
    send(hospital, oru(claire, CULTURE, *GERMS, control_id="Z1"))
    send(hospital, oru(claire, obr("A1", "18769-0", "Antibiogramme"), drug("R"), control_id="Z2"))
    assert set(said()) == {"R1", "A1"}

    send(hospital, oru(claire, antibiogram("A1", "1^E. coli"), drug("S", "C"), control_id="Z3"))

    assert said() == {"R1": ["Escherichia coli", "Klebsiella", "E. coli S"]}


@pytest.fixture
def filed_apart(hospital, claire):
    """Two antibiograms of the same drug at the same hour, whose sender did not say of which germs."""
    send(hospital, oru(claire, CULTURE, *GERMS, control_id="Z1"))
    for number, effect in (("A1", "R"), ("A2", "S")):
        alone = obr(number, "18769-0", "Antibiogramme")
        send(hospital, oru(claire, alone, drug(effect), control_id=f"Z{number}"))
    assert set(said()) == {"R1", "A1", "A2"}


def test_one_filed_apart_and_then_cancelled_under_its_germ_is_read_no_more(hospital, claire, filed_apart):
    cancelled = antibiogram("A1", "1", status="X")
    send(hospital, oru(claire, cancelled, control_id="Z4"))

    assert said() == {"R1": ["Escherichia coli", "Klebsiella"], "A2": ["S"]}


def test_two_filed_apart_are_not_taken_for_each_other(hospital, claire, filed_apart):
    """The first is given again; of the second, another drug alone: what it said stays."""
    more = drug("I").replace("18864-9^Ampicilline", "18928-2^Gentamicine")
    lines = (antibiogram("A1", "1^E. coli"), drug("R"), antibiogram("A2", "2^Klebsiella"), more)
    send(hospital, oru(claire, *lines, control_id="Z4"))

    assert sorted(said()["R1"]) == ["E. coli R", "Escherichia coli", "Klebsiella", "Klebsiella I", "S"]


BLOOD = obr("R2", "18725-2", "Microbiologie"), culture("1", "Staphylocoque")
NAMELESS = obr("R2"), "OBX|1|ST|^Aspect^L||trouble||||||F"


@pytest.mark.parametrize(
    ("other", "antibiogram"),
    [
        (BLOOD, obr("A1", "18769-0", "Antibiogramme", more="|6463-4^1")),
        (BLOOD, obr("A1", "18769-0", "Antibiogramme", more="|6463-4^1|||D1")),
        (BLOOD, obr("A1", "18769-0", "Antibiogramme", more="||||D1")),
        (NAMELESS, obr("A1", "18769-0", "Antibiogramme")),
    ],
    ids=[
        "the germ of two cultures",
        "that of one prescription",
        "one prescription of two",
        "nothing is said",
    ],
)
def test_one_that_may_be_of_two_orders_is_read_under_neither(hospital, claire, other, antibiogram):
    first = CULTURE, culture("1", "Escherichia coli")
    send(hospital, oru(claire, *other, *first, antibiogram, drug("R"), control_id="Z1"))

    assert said()["A1"] == ["R"]
    assert said()["R1"] == ["Escherichia coli"]


def test_the_one_order_of_a_prescription_that_has_the_germ_is_found(hospital, claire):
    whose = obr("A1", "18769-0", "Antibiogramme", more="|6463-4^2|||D1")
    lines = (*BLOOD, CULTURE, culture("2", "Escherichia coli"), whose, drug("R"))
    send(hospital, oru(claire, *lines, control_id="Z1"))

    assert said() == {"R2": ["Staphylocoque"], "R1": ["Escherichia coli", "Escherichia coli R"]}


def test_of_two_germs_that_nothing_tells_apart_neither_gives_its_name(hospital, claire):
    germs = culture("", "Escherichia coli"), culture("", "Klebsiella")
    whose = obr("A1", "18769-0", "Antibiogramme", more="|6463-4|||D1^R1")
    send(hospital, oru(claire, CULTURE, *germs, whose, drug("R"), control_id="Z1"))

    assert said() == {"R1": ["Escherichia coli Klebsiella", "Demande A1 R"]}


@pytest.mark.parametrize("parent", ["^A1", "^A2", "^R404"])
def test_one_that_names_nobody_or_itself_loses_nothing(hospital, claire, parent):
    """A1 and A2 may name each other: each result is kept, once."""
    first = (antibiogram("A1", "9", parent=parent), drug("R"))
    second = (antibiogram("A2", "9", parent="^A1"), drug("S"))
    send(hospital, oru(claire, *first, *second, control_id="Z1"))

    assert sorted(text for told in said().values() for text in told if text[-1] in "RS")
    with walls_down():
        assert sorted(LabObservation.objects.values_list("text", flat=True)) == ["R", "S"]


def test_an_examination_asked_each_day_under_one_parent_stays_a_report_of_its_own(hospital, claire):
    daily = (obr("B1", more="||||D9^R9"), sugar("4.9", "8"), obr("B2", more="||||D9^R9"), sugar("6.1", "8"))
    send(hospital, oru(claire, *daily, control_id="Z1"))

    assert said() == {"B1": ["4.9"], "B2": ["6.1"]}


@pytest.mark.parametrize("text", [HOSTILE, LONG, NUL])
def test_no_word_of_what_leads_to_a_germ_makes_it_fail(hospital, claire, text):
    """And no result of these messages is lost, nor stands twice."""
    child = obr(text, "18769-0", "Antibiogramme", more="|6463-4^1|||D1^R1")
    bodies = [
        [CULTURE, culture(text, "G"), antibiogram("A1", text), drug("R")],
        [CULTURE, culture("1", "G"), child, drug("R")],
        [CULTURE, culture("1", "G"), antibiogram("A1", "1", parent=f"{text}^{text}"), drug("R")],
        [CULTURE, culture("1", text), antibiogram("A1", "1"), drug("R")],
        [CULTURE, culture("1", "G"), antibiogram("A1", "1", status=text), drug("R")],
        [CULTURE, culture("1", "G").replace("6463-4", text), antibiogram("A1", "1"), drug("R")],
        [
            CULTURE,
            culture("1", "G").replace("6463-4^Germe^LN", f"^{text}^L"),
            antibiogram("A1", "1"),
            drug("R"),
        ],
    ]
    for number, lines in enumerate(bodies):
        mine = [line.replace("R1", f"N{number}") for line in lines]
        for again in ("a", "b"):
            send(hospital, oru(claire, *mine, control_id=f"Z{number}{again}"))

    assert {state for state, _ in wire.states()} <= {"applied", "ignored"}
    with walls_down():
        kept = LabObservation.objects.filter(report__status__in=SHOWN)
        assert kept.count() == 2 * len(bodies)
        assert kept.filter(text="R").count() == len(bodies)

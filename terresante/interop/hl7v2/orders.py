"""The orders of an ORU^R01 that gives its results one by one (HL7 v2.5, chapter 7): the OBR of one number (OBR-3) are
one report, with its own status, corrected and cancelled under that number.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils import timezone

from terresante.interop.hl7v2.dates import read_moment
from terresante.interop.hl7v2.discrete import Child, add_result, chapter_of, results_below, text_of
from terresante.interop.hl7v2.er7 import Message, Segment
from terresante.results.actions import NewReport, NewResult
from terresante.results.enums import ReportStatus
from terresante.results.merging import Place, key_of

# Of a result (OBX-11, table 0085); of an order (OBR-25, table 0123).
_WITHDRAWN, _CORRECTED, _PARTIAL = ("D", "W"), "C", frozenset("PRSI")
_CANCELLED, _UNFINISHED = "X", frozenset("OISAPR")
# Of one message: each order is a report, filed by its own statements.
MOST_RESULTS, MOST_ORDERS = 2000, 200


class TooMany(Exception):
    """More than one message may hold, whose rest would be lost; `place` is where."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


@dataclass(frozen=True, slots=True)
class Discrete:
    """The results of one order. `name` is its number (OBR-3, else OBR-2); '' when the message gives it none.

    `withdrawn` are those that the message takes back; an order that is cancelled takes back all that was under its
    number. `places` tell its results apart, in their order. `apart` are the numbers of the orders that follow from one
    of its results, and are of its report: `cancelled`, those of them that are; `is_part`, when there is nothing else.
    `chapters` and `moments` are those that the message speaks of; `place`, the rank of its first OBR.
    """

    name: str
    report: NewReport
    places: tuple[Place, ...] = ()
    apart: tuple[str, ...] = ()
    withdrawn: frozenset[Place] = frozenset()
    is_cancelled: bool = False
    cancelled: tuple[str, ...] = ()
    is_part: bool = False
    chapters: frozenset[str] = frozenset()
    moments: frozenset[datetime] = frozenset()
    place: int = 1

    @property
    def says_something(self) -> bool:
        return bool(self.report.results or self.withdrawn or self.is_cancelled or self.cancelled)


@dataclass(slots=True)
class _Order:
    """What stands below the OBR of one number, and the ORC above the first of them."""

    common: Segment | None
    place: int
    segments: list[Segment] = field(default_factory=list)
    # Those that follow from one of its results, and what is said of each.
    children: dict[str, Child] = field(default_factory=dict)
    under: dict[Segment, Child] = field(default_factory=dict)

    def takes(self, number: str, other: "_Order", child: Child) -> None:
        self.segments += other.segments
        self.children[number] = child
        self.under |= {each: child for each in other.segments if each.name == "OBR"}


def read_discrete(message: Message) -> tuple[Discrete, ...]:
    """In their order; empty for a message that gives no result one by one. Raises TooMany."""
    left = MOST_RESULTS
    found: list[Discrete] = []
    for name, order in gathered(_orders(message)).items():
        told = _read_order(message, name, order, most=left)
        left -= len(told.report.results)
        if told.says_something:
            found.append(told)
    return tuple(found)


def together(orders: Sequence[Discrete]) -> NewReport | None:
    """As one report, that of the paper which they come with; None when they give no result."""
    results = tuple(result for order in orders for result in order.report.results)
    if not results:
        return None
    statuses = {order.report.status for order in orders}
    least = (ReportStatus.PARTIAL, ReportStatus.CORRECTED, ReportStatus.FINAL)
    return replace(
        orders[0].report,
        results=results,
        comment="\n".join(order.report.comment for order in orders if order.report.comment),
        status=next(status for status in least if status in statuses),
    )


def _orders(message: Message) -> dict[str, _Order]:
    """An OBR without a number goes on with the order before it, what stands before any with the first.

    Raises TooMany.
    """
    found: dict[str, _Order] = {}
    name, common, is_new, place = "", None, False, 0
    for segment in message:
        if segment.name == "ORC":
            common, is_new = segment, True
            continue
        if segment.name == "OBR":
            name = _number(segment, common if is_new else None) or name
            is_new, place = False, place + 1
        if segment.name in ("OBR", "OBX", "NTE"):
            found.setdefault(name, _Order(common, place)).segments.append(segment)
        if len(found) > MOST_ORDERS:
            raise TooMany(f"OBR^{MOST_ORDERS + 1}")
    nameless = found.pop("", None)
    if nameless is not None:
        first = next(iter(found.values()), None)
        if first is None:
            return {"": nameless}
        first.segments[:0] = nameless.segments
    return found


# By code and sub-identifier (OBX-3, OBX-4): in which orders, and where; None where several of an order say the same.
_Results = dict[tuple[str, str], dict[str, Segment | None]]


def gathered(orders: dict[str, _Order]) -> dict[str, _Order]:
    """An order that follows from a result of another is of its report, in this message or in one before: an antibiogram
    is read beside its germ. One that names nobody, or itself, stays as it is.
    """
    found = {name: order for name, order in orders.items() if not _is_child(order)}
    results = _results_of(found)
    for name, order in orders.items():
        if name in found:
            continue
        parent = _parent(order, found, results)
        # Of one that itself follows from another nothing is made: two could name each other.
        if not parent or (parent in orders and parent not in found):
            found[name] = order
            continue
        child = _child(name, order, results.get(_above(order), {}).get(parent))
        if parent not in found:
            found[parent] = _Order(order.common, order.place)
        found[parent].takes(name, order, child)
    return found


def _request(order: _Order) -> Segment | None:
    return next((each for each in order.segments if each.name == "OBR"), None)


def _is_child(order: _Order) -> bool:
    """OBR-26 names the result that it follows from; an antibiogram follows from a germ all the same. Anything else that
    has a parent (an examination asked again each day) is a report of its own.
    """
    request = _request(order)
    return request is not None and bool(request.value(26) or chapter_of(request).is_antibiogram)


def _parent(order: _Order, found: Mapping[str, _Order], results: _Results) -> str:
    """The number of its report (OBR-29 or ORC-8, EIP: request, report), else of what has the result of OBR-26. "" when
    it may be several: read under another germ, it would have the wrong drug given.
    """
    request = _request(order)
    if request is None:
        return ""
    holding = results.get(_above(order), {})
    for segment, place in ((request, 29), (order.common, 8)):
        if segment is None:
            continue
        if report := _part_number(segment, place, 2):
            return next((name for name in found if name == report or name.endswith(f"^{report}")), report)
        asked = segment.value(place, 1)
        # A prescription may be of several orders.
        if named := [name for name, other in found.items() if asked and asked in _numbers(other)]:
            return _only(each for each in named if each in holding) or _only(named)
    return _only(holding)


def _numbers(order: _Order) -> tuple[str, ...]:
    request = _request(order)
    return (request.value(2), request.value(3)) if request else ()


def _only(names: Iterable[str]) -> str:
    found = list(names)
    return found[0] if len(found) == 1 else ""


def _part_number(segment: Segment, place: int, part: int) -> str:
    number, space = segment.value(place, part), segment.value(place, part, 2)
    return "^".join(each for each in (space, number) if each) if number else ""


def _results_of(orders: Mapping[str, _Order]) -> _Results:
    found: _Results = defaultdict(dict)
    for name, order in orders.items():
        for each in order.segments:
            place = each.value(3), each.value(4)
            if each.name == "OBX" and any(place):
                found[place][name] = None if name in found[place] else each
    return found


def _above(order: _Order) -> tuple[str, str]:
    """The result that OBR-26 names: its code, and its sub-identifier when it has one."""
    request = _request(order)
    return (request.value(26, 1), request.value(26, 2)) if request else ("", "")


def _child(name: str, order: _Order, above: Segment | None) -> Child:
    request = _request(order)
    germ = (above.value(5, 2) or above.value(5)) if above else ""
    germ = germ or (request.value(26, 3) if request else "")
    return Child(number=name, title=germ or f"Demande {name}")


def _number(request: Segment, common: Segment | None) -> str:
    """That of the report (OBR-3), else of the request (OBR-2), as OBR or the ORC of its own says them."""
    found = report_number(request, 3) or request.value(2)
    return found or (common and (report_number(common, 3) or common.value(2))) or ""


def report_number(segment: Segment, place: int) -> str:
    """EI: identifier, namespace."""
    number = segment.value(place)
    return "^".join(part for part in (segment.value(place, 2), number) if part) if number else ""


def _read_order(message: Message, name: str, order: _Order, *, most: int) -> Discrete:
    results: list[NewResult] = []
    places: list[Place] = []
    withdrawn: set[Place] = set()
    moments: set[datetime] = set()
    statuses: set[str] = set()
    for segment, result in results_below(order.segments, order.under):
        moments |= {result.effective_at} if result.effective_at else set()
        status, place = segment.value(11).upper(), _place(segment, result)
        if status in _WITHDRAWN:
            withdrawn.add(place)
            continue
        statuses.add(status)
        add_result(results, result, goes_on=segment.value(2) in ("TX", "FT"))
        places += [place] if len(places) < len(results) else []
        if len(results) > most:
            raise TooMany("OBX")
    requests = [segment for segment in order.segments if segment.name == "OBR"]
    own = {request.value(25).upper() for request in requests if request not in order.under}
    ended = {
        child.number for request, child in order.under.items() if request.value(25).upper() == _CANCELLED
    }
    chapters = [chapter_of(request) for request in requests]
    return Discrete(
        name,
        _report(message, order, results, _status(statuses, {each.value(25).upper() for each in requests})),
        places=tuple(places),
        apart=tuple(order.children),
        withdrawn=frozenset(withdrawn),
        is_cancelled=own == {_CANCELLED},
        cancelled=tuple(sorted(ended)),
        is_part=bool(requests) and not own,
        chapters=frozenset(chapter.code for chapter in chapters),
        moments=frozenset(moments | {chapter.at for chapter in chapters if chapter.at}),
        place=order.place,
    )


def _place(segment: Segment, result: NewResult) -> Place:
    status = segment.value(11).upper()
    return Place(
        key_of(result.code, result.label),
        result.chapter_code,
        result.sub_identifier,
        read_moment(segment.value(14)),
        status == _CORRECTED or status in _WITHDRAWN,
    )


def _status(results: set[str], orders: set[str]) -> ReportStatus:
    """The least certain that its results, or its order, say."""
    if results & _PARTIAL or orders & _UNFINISHED:
        return ReportStatus.PARTIAL
    return ReportStatus.CORRECTED if _CORRECTED in results | orders else ReportStatus.FINAL


def _report(message: Message, order: _Order, results: list[NewResult], status: ReportStatus) -> NewReport:
    request = next((segment for segment in order.segments if segment.name == "OBR"), None)
    header = message.segment("MSH")
    first = next((each.effective_at for each in results if each.effective_at), None)
    sent = read_moment(header.value(7)) if header else None
    observed = next((said for each in order.segments if each.name == "OBX" and (said := each.value(23))), "")
    return NewReport(
        effective_at=first or sent or timezone.now(),
        results=tuple(results),
        laboratory=observed,
        prescription=_first_of((request, 2), (order.common, 2)),
        prescriber=_name(request, 16) or _name(order.common, 12),
        comment=_comment(order.segments),
        status=status,
    )


def _comment(segments: Iterable[Segment]) -> str:
    """Notes that stand below an OBR, before its results."""
    said, is_below = [], False
    for segment in segments:
        if segment.name == "OBR":
            is_below = True
        elif segment.name == "NTE":
            said += [text_of(segment, 3)] if is_below else []
        else:
            is_below = False
    return "\n".join(each for each in said if each)


def _first_of(*places: tuple[Segment | None, int]) -> str:
    return next((said for segment, field in places if segment and (said := segment.value(field))), "")


def _name(segment: Segment | None, field: int) -> str:
    """XCN: identifier, family name, given name."""
    if segment is None:
        return ""
    return " ".join(part for part in (segment.value(field, 3), segment.value(field, 2)) if part)

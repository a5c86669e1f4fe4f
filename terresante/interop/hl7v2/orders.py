"""The orders of an ORU^R01 that gives its results one by one (HL7 v2.5, chapter 7): the OBR of one number (OBR-3) are
one report, with its own status, corrected and cancelled under that number.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils import timezone

from terresante.interop.hl7v2.dates import read_moment
from terresante.interop.hl7v2.discrete import add_result, chapter_of, key_of, results_below, text_of
from terresante.interop.hl7v2.er7 import Message, Segment
from terresante.results.actions import NewReport, NewResult
from terresante.results.enums import ReportStatus

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

    `withdrawn` are those that the message takes back, by their code (or name) and their chapter; an order that is
    cancelled takes back all that was under its number. `chapters` and `moments` are those that the message speaks of;
    `place`, the rank of its first OBR.
    """

    name: str
    report: NewReport
    withdrawn: frozenset[tuple[str, str]] = frozenset()
    is_cancelled: bool = False
    chapters: frozenset[str] = frozenset()
    moments: frozenset[datetime] = frozenset()
    place: int = 1

    @property
    def says_something(self) -> bool:
        return bool(self.report.results or self.withdrawn or self.is_cancelled)


@dataclass(slots=True)
class _Order:
    """What stands below the OBR of one number, and the ORC above the first of them."""

    common: Segment | None
    place: int
    segments: list[Segment] = field(default_factory=list)


def read_discrete(message: Message) -> tuple[Discrete, ...]:
    """In their order; empty for a message that gives no result one by one. Raises TooMany."""
    left = MOST_RESULTS
    found: list[Discrete] = []
    for name, order in _orders(message).items():
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
    withdrawn: set[tuple[str, str]] = set()
    moments: set[datetime] = set()
    statuses: set[str] = set()
    for segment, result in results_below(order.segments):
        moments |= {result.effective_at} if result.effective_at else set()
        status = segment.value(11).upper()
        if status in _WITHDRAWN:
            withdrawn.add((key_of(result), result.chapter_code))
            continue
        statuses.add(status)
        add_result(results, result)
        if len(results) > most:
            raise TooMany("OBX")
    requests = [segment for segment in order.segments if segment.name == "OBR"]
    said = {request.value(25).upper() for request in requests}
    chapters = [chapter_of(request) for request in requests]
    return Discrete(
        name,
        _report(message, order, results, _status(statuses, said)),
        frozenset(withdrawn),
        said == {_CANCELLED},
        frozenset(chapter.code for chapter in chapters),
        frozenset(moments | {chapter.at for chapter in chapters if chapter.at}),
        order.place,
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

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.paginator import Page as Pages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.utils import timezone

from terresante.documents.enums import DocumentStatus
from terresante.feed import queries as feed
from terresante.feed.enums import FeedKind
from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.kernel.condition import SqlCondition
from terresante.kernel.ui import wording
from terresante.kernel.ui.chart import Chart, Value, drawn
from terresante.results.access import RESULT_READ
from terresante.results.enums import SHOWN, ResultKind
from terresante.results.models import DiagnosticReport, LabObservation
from terresante.results.units import converted, molar_mass_of, said_number, shown_unit

PER_PAGE = 20
# Of one examination; beyond, the page says that it shows the last ones.
MOST_VALUES = 200
MOST_EXAMINATIONS = 300
MOST_COMPARED = 20
_NO_CHAPTER = "Autres examens"
# Results are of a report in force, whose document is in force too.
_IN_FORCE = Q(status__in=SHOWN) & (Q(document=None) | Q(document__status=DocumentStatus.CURRENT))
_OF_IN_FORCE = Q(report__status__in=SHOWN) & (
    Q(report__document=None) | Q(report__document__status=DocumentStatus.CURRENT)
)
_UNREAD = "coalesce({0}, {1}) = ANY (%s::uuid[])"


@dataclass(frozen=True, slots=True)
class ReportLine:
    report: DiagnosticReport
    is_unread: bool
    # The title of its month, on the first line of each.
    month: str


@dataclass(frozen=True, slots=True)
class ReportPage:
    lines: list[ReportLine]
    page: Pages[Any]


@dataclass(frozen=True, slots=True)
class Group:
    """Results that stand under one heading, inside a chapter; `isolate` is the germ they tell of."""

    title: str
    rows: Sequence[LabObservation]
    isolate: LabObservation | None = None

    @property
    def specimen(self) -> str:
        """When it is that of all of them: said once."""
        said = {row.specimen for row in self.rows}
        return said.pop() if len(said) == 1 else ""

    @property
    def is_antibiogram(self) -> bool:
        return bool(self.rows) and all(row.is_susceptibility for row in self.rows)


@dataclass(frozen=True, slots=True)
class Chapter:
    title: str
    groups: Sequence[Group]


@dataclass(frozen=True, slots=True)
class Measured:
    """One value of a series; `converted` when it was reported in another unit than the latest."""

    observation: LabObservation
    converted: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one examination, the latest first, and their curve; numbers of the curve are in `unit`."""

    label: str
    unit: str
    values: Sequence[Measured]
    chart: Chart | None
    top: str
    bottom: str
    said_range: str
    is_cut: bool

    @property
    def has_conversions(self) -> bool:
        return any(value.converted for value in self.values)


@dataclass(frozen=True, slots=True)
class Compared:
    """One examination in two reports; `difference` is empty where it is no number, or of units that do not convert."""

    label: str
    before: LabObservation
    after: LabObservation
    difference: str
    converted: str


@dataclass(frozen=True, slots=True)
class Comparison:
    before: DiagnosticReport
    after: DiagnosticReport
    pairs: Sequence[Compared]
    # Examinations of one report only.
    alone_before: int
    alone_after: int


def reports_of(actor: Actor, patient_id: UUID) -> QuerySet[DiagnosticReport]:
    """In force, the latest first."""
    rows = access.list(actor, RESULT_READ, DiagnosticReport, patient_id=patient_id).filter(_IN_FORCE)
    return rows.order_by("-effective_at", "-recorded_at", "pk")


def report_page(actor: Actor, patient_id: UUID, *, number: int = 1) -> ReportPage:
    """A page beyond the last one is the last one."""
    page = Paginator(reports_of(actor, patient_id), PER_PAGE).get_page(number)
    marked = page.object_list.annotate(is_unread=_is_unread(actor, patient_id))  # type: ignore[attr-defined]  # a queryset
    return ReportPage(lines=_lines(marked), page=page)


def _is_unread(actor: Actor, patient_id: UUID) -> SqlCondition:
    told = feed.unread_objects(actor, patient_id, FeedKind.RESULT)
    return SqlCondition(_UNREAD, "document_id", "id", values=(list(told),))


def _lines(reports: Iterable[Any]) -> list[ReportLine]:
    found = list(reports)
    months = wording.month_titles(report.effective_at for report in found)
    return [ReportLine(report, report.is_unread, month) for report, month in zip(found, months, strict=True)]


def chapters_of(actor: Actor, report: DiagnosticReport) -> list[Chapter]:
    rows = access.list(actor, RESULT_READ, LabObservation).filter(
        report_id=report.pk, patient_id=report.patient_id
    )
    return _chaptered(rows.order_by("position"))


def _chaptered(rows: Iterable[LabObservation]) -> list[Chapter]:
    """In the order of the report: a heading comes back when it is said again after another."""
    chapters: list[tuple[str, list[Group]]] = []
    germs: dict[int | None, LabObservation] = {}
    for row in rows:
        if not chapters or chapters[-1][0] != row.chapter:
            chapters.append((row.chapter, []))
        groups = chapters[-1][1]
        if row.is_earlier:
            _recall(groups, row)
            continue
        if row.is_isolate:
            germs[row.isolate] = row
            groups.append(Group("", [], row))
            continue
        title, germ = _heading(row), germs.get(row.isolate)
        last = groups[-1] if groups else None
        if last is None or last.title != title or last.isolate is not germ:
            groups.append(Group(title, [row], germ))
        else:
            groups[-1] = Group(title, [*last.rows, row], germ)
    return [Chapter(title or _NO_CHAPTER, _without_empty(groups)) for title, groups in chapters]


def _recall(groups: list[Group], earlier: LabObservation) -> None:
    """It follows the result that recalls it."""
    if groups and groups[-1].rows:
        recalling = groups[-1].rows[-1]
        recalling.earlier = (*recalling.earlier, earlier)


def _heading(row: LabObservation) -> str:
    """No heading when a section only repeats the name of its chapter."""
    named = dict.fromkeys(
        part for part in (row.section, row.battery) if part and part.casefold() != row.chapter.casefold()
    )
    return " · ".join(named)


def _without_empty(groups: list[Group]) -> list[Group]:
    """A germ whose results follow is named by their heading, and has no line; alone, it has its own."""
    told = {id(group.isolate) for group in groups if group.rows and group.isolate}
    return [group for group in groups if group.rows or id(group.isolate) not in told]


def results_shown(actor: Actor, patient_id: UUID) -> QuerySet[LabObservation]:
    return access.list(actor, RESULT_READ, LabObservation, patient_id=patient_id).filter(_OF_IN_FORCE)


def examinations_of(actor: Actor, patient_id: UUID) -> list[Chapter]:
    """The latest result of each examination, by chapter and by name."""
    rows = results_shown(actor, patient_id).filter(kind=ResultKind.VALUE).exclude(analyte="")
    latest = rows.order_by("analyte", "-effective_at", "pk").distinct("analyte")[:MOST_EXAMINATIONS]
    by_chapter: dict[str, list[LabObservation]] = {}
    for row in sorted(latest, key=lambda row: (row.chapter.casefold(), row.label.casefold())):
        by_chapter.setdefault(row.chapter or _NO_CHAPTER, []).append(row)
    return [Chapter(title, [Group("", found)]) for title, found in by_chapter.items()]


def series_of(actor: Actor, observation: LabObservation) -> Series:
    """All that was measured under the same name, in the unit of the latest number; what a report recalls is there once,
    and not at all when the record has it of its own.
    """
    rows = results_shown(actor, observation.patient_id).filter(analyte=observation.analyte)
    rows = rows.select_related("report")
    if not observation.analyte:
        rows = rows.filter(pk=observation.pk)
    found = list(rows.order_by("-effective_at", "pk")[: MOST_VALUES + 1]) or [observation]
    latest = next((row for row in found if row.value is not None), found[0])
    numbers = {row.pk: _in_unit(row, latest.unit) for row in found}
    kept = _told_once(found[:MOST_VALUES], numbers)
    chart = drawn(
        [
            Value(row.effective_at, number, row.mark is not None)
            for row in reversed(kept)
            if (number := numbers[row.pk]) is not None
        ],
        low=latest.low,
        high=latest.high,
    )
    return Series(
        label=kept[0].label,
        unit=latest.shown_unit,
        values=[Measured(row, _told_converted(row, latest.unit, numbers[row.pk])) for row in kept],
        chart=chart,
        top=_edge(chart.top, latest.unit) if chart else "",
        bottom=_edge(chart.bottom, latest.unit) if chart else "",
        said_range=latest.said_range,
        is_cut=len(found) > MOST_VALUES,
    )


def _told_once(
    rows: Sequence[LabObservation], numbers: Mapping[UUID, Decimal | None]
) -> list[LabObservation]:
    """Of one examination, the latest first. The same moment, or the same value on the same day, is one measure: some
    reports recall the day alone.
    """
    seen: set[tuple[object, ...]] = set()
    doubles: set[UUID] = set()
    for row in sorted(rows, key=lambda row: (row.is_earlier, -row.report.effective_at.timestamp())):
        day = timezone.localdate(row.effective_at)
        marks = {(row.effective_at,), (day, row.text if numbers[row.pk] is None else numbers[row.pk])}
        if row.is_earlier and seen & marks:
            doubles.add(row.pk)
        seen |= marks
    return [row for row in rows if row.pk not in doubles]


def _in_unit(row: LabObservation, unit: str) -> Decimal | None:
    if row.value is None:
        return None
    return converted(row.value, row.unit, unit, molar_mass=molar_mass_of(row.analyte))


def _told_converted(row: LabObservation, unit: str, number: Decimal | None) -> str:
    if number is None or shown_unit(row.unit) == shown_unit(unit):
        return ""
    return f"{said_number(number)}{wording.NBSP}{shown_unit(unit)}"


def _edge(value: Decimal, unit: str) -> str:
    return f"{said_number(value.normalize() + 0)}{wording.NBSP}{shown_unit(unit)}".rstrip(wording.NBSP)


def compared_with(actor: Actor, report: DiagnosticReport) -> list[DiagnosticReport]:
    """Other reports that have an examination in common with this one, the nearest before it first."""
    mine = access.list(actor, RESULT_READ, LabObservation).filter(
        report_id=report.pk, patient_id=report.patient_id, kind=ResultKind.VALUE
    )
    analytes = list(mine.exclude(analyte="").values_list("analyte", flat=True))
    theirs = LabObservation.objects.filter(patient_id=report.patient_id, analyte__in=analytes)
    others = reports_of(actor, report.patient_id).exclude(pk=report.pk)
    found = list(others.filter(pk__in=theirs.values("report_id"))[:MOST_COMPARED])
    return sorted(found, key=lambda other: _distance(report.effective_at, other.effective_at))


def _distance(here: datetime, there: datetime) -> tuple[bool, float]:
    apart = (here - there).total_seconds()
    return apart < 0, abs(apart)


def comparison(actor: Actor, one: DiagnosticReport, other: DiagnosticReport) -> Comparison:
    """The older one first, whichever was asked first."""
    before, after = sorted((one, other), key=lambda report: (report.effective_at, str(report.pk)))
    rows = access.list(actor, RESULT_READ, LabObservation).filter(
        patient_id=one.patient_id, report_id__in=[before.pk, after.pk], kind=ResultKind.VALUE
    )
    named: dict[UUID, dict[str, LabObservation]] = {before.pk: {}, after.pk: {}}
    for row in rows.exclude(analyte="").order_by("position"):
        named[row.report_id].setdefault(row.analyte, row)
    then, now = named[before.pk], named[after.pk]
    pairs = [_pair(then[analyte], row) for analyte, row in now.items() if analyte in then]
    return Comparison(before, after, pairs, len(then) - len(pairs), len(now) - len(pairs))


def _pair(before: LabObservation, after: LabObservation) -> Compared:
    number = _in_unit(before, after.unit)
    said = _told_converted(before, after.unit, number)
    if number is None or after.value is None:
        return Compared(after.label, before, after, "", said)
    apart = (after.value - number).normalize() + 0
    sign = "+" if apart > 0 else "−" if apart < 0 else ""
    shown = f"{sign}{said_number(abs(apart))}{wording.NBSP}{after.shown_unit}".rstrip(wording.NBSP)
    return Compared(after.label, before, after, shown if apart else "sans changement", said)

"""Reports that the connected laboratory sends about the person of a record, through the real door."""

from datetime import datetime, timedelta

from django.utils import timezone

from simulators.hospital.documents import Author
from simulators.laboratory.reports import Examinations, Germ, Report, Result, report
from terresante.interop.tests import papers, wire
from terresante.results.models import DiagnosticReport, LabObservation
from tests.walls import walls_down

LABORATORY = Author("10000000033", "Lise", "AUBIN", "Laboratoire des Deux Rives", "770000036")


def blood(haemoglobin: str = "98", **changes) -> Examinations:
    results = (
        Result(
            code="718-7",
            label="Hémoglobine",
            value=haemoglobin,
            unit="g/L",
            low="120",
            high="160",
            flag=_flag(haemoglobin),
        ),
        Result(
            code="6690-2", label="Leucocytes", value="6.4", unit="10*9/L", low="4.0", high="10.0", flag="N"
        ),
    )
    return Examinations(code="18723-7", battery="Hémogramme", results=results, **changes)


def _flag(haemoglobin: str) -> str:
    return "L" if float(haemoglobin) < 120 else "N"


def sugar(value: str = "4.89", unit: str = "mmol/L", *, other: tuple[str, str] = ("", "")) -> Examinations:
    code = "14771-0" if unit == "mmol/L" else "1558-6"
    return Examinations(
        code="18719-5",
        results=(Result(code=code, label="Glycémie à jeun", value=value, unit=unit, other=other),),
    )


URINE = Examinations(
    code="18725-2",
    specimen="Urine",
    results=(Result(code="5767-9", label="Aspect", value="trouble"),),
    germs=(
        Germ(
            code="112283007",
            name="Escherichia coli",
            count="100000",
            antibiotics=(
                ("18862-3", "Amoxicilline + acide clavulanique", "16", "R"),
                ("18928-2", "Gentamicine", "1", "S"),
            ),
        ),
    ),
)


def cr_bio(
    person, *chapters: Examinations, number: str = "1", at: datetime | None = None, **changes
) -> bytes:
    return report(
        Report(
            identifier=f"1.2.250.1.999.8.{number}",
            person=person,
            laboratory=LABORATORY,
            at=at or timezone.now() - timedelta(hours=3),
            chapters=chapters or (blood(),),
            **changes,
        )
    )


def sent(
    sender, person, *chapters: Examinations, number: str = "1", told=None, status="F", **changes
) -> None:
    """Received, acknowledged, applied."""
    content = cr_bio(person, *chapters, number=number, **changes)
    raw = papers.oru(person, content, control_id=f"R{number}", told=told or {}, status=status)
    assert wire.receive(sender, raw) == ["AA"]
    wire.apply()


def reports() -> list[DiagnosticReport]:
    with walls_down():
        return list(DiagnosticReport.objects.select_related("document").order_by("recorded_at"))


def results_of(report: DiagnosticReport) -> list[LabObservation]:
    with walls_down():
        return list(LabObservation.objects.filter(report=report).order_by("position"))

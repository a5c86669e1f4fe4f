"""Reports of biology over the years, from `data/results.toml`: one letter of the laboratory at each date."""

import datetime
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from simulators.region.model import FoundGerm, Moment, Section, SentLetter
from simulators.region.wording import typeset

_FILE = Path(__file__).parent / "data" / "results.toml"
_TYPE = "11502-2"
_HEAD = ("Analyse", "Résultat", "Valeurs de référence")
_CHAPTERS = {"18723-7": "Hématologie", "18719-5": "Biochimie"}
_VERDICTS = {"S": "sensible", "I": "intermédiaire", "R": "résistant"}
_Line = tuple[str, str, str, str, str, str, str]


def read_reports(story: str) -> Iterator[SentLetter]:
    for row in _read()["series"]:
        if row["story"] == story:
            for number, at in enumerate(row["at"]):
                yield _letter(row, at, tuple(_sections(row["examinations"], number)))
    for row in _read()["germs"]:
        if row["story"] == story:
            yield _letter(row, row["at"], (_germ(row),))


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def _letter(row: dict[str, Any], at: str, sections: tuple[Section, ...]) -> SentLetter:
    days, clock = at.split()
    time = datetime.time.fromisoformat(clock)
    return SentLetter(
        at=Moment(days=int(days), hour=time.hour, minute=time.minute),
        sender=row["sender"],
        type=_TYPE,
        title=typeset(row["title"]),
        by=row["by"],
        role="G15_10/SM03",
        sections=sections,
    )


def _sections(examinations: list[dict[str, Any]], number: int) -> Iterator[Section]:
    for code, title in _CHAPTERS.items():
        lines = [
            _line(each, each["values"][number])
            for each in examinations
            if each["chapter"] == code and each["values"][number]
        ]
        if lines:
            rows = tuple((line[1], f"{line[2]} {line[3]}", _range(line)) for line in lines)
            yield Section(code=code, title=title, head=_HEAD, rows=rows, results=tuple(lines))


def _line(examination: dict[str, Any], said: str) -> _Line:
    """In the unit of a date, the range of another unit says nothing."""
    value, *own = said.split()
    code, unit = own or (examination["code"], examination["unit"])
    low, high = ("", "") if own else examination["range"]
    return code, examination["label"], value, unit, low, high, _flag(value, low, high)


def _flag(value: str, low: str, high: str) -> str:
    if low and float(value) < float(low):
        return "L"
    if high and float(value) > float(high):
        return "H"
    return "N" if low or high else ""


def _range(line: _Line) -> str:
    low, high = line[4:6]
    return (
        f"{low} à {high}"
        if low and high
        else (low and f"plus de {low}") or (high and f"moins de {high}") or ""
    )


def _germ(row: dict[str, Any]) -> Section:
    drugs = tuple(tuple(each) for each in row["antibiotics"])
    counted = f"{row['name']}, {row['count']} UFC/mL"
    rows = (("Germe isolé", counted), *((name, _VERDICTS[verdict]) for _, name, _, verdict in drugs))
    return Section(
        code="18725-2",
        title="Microbiologie",
        head=("Analyse", "Résultat"),
        rows=rows,
        germ=FoundGerm(
            code=row["code"],
            name=row["name"],
            count=row["count"],
            specimen=row["specimen"],
            antibiotics=drugs,
        ),
    )

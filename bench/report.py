"""What was measured: a table on the screen, `var/bench.json` for whoever compares."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from config.local.places import say


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`baseline` was measured in the same run; `ratio` is value against it; `bound` says in words what is claimed."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    bound: str = ""
    holds: bool | None = None


def at_least(name: str, value: float, unit: str, *, aim: float) -> Figure:
    return Figure(name=name, value=value, unit=unit, bound=f"≥ {aim:g} {unit}", holds=value >= aim)


def at_most(name: str, value: float, unit: str, *, aim: float) -> Figure:
    return Figure(name=name, value=value, unit=unit, bound=f"≤ {aim:g} {unit}", holds=value <= aim)


def times_slower(name: str, rate: float, *, than: float, most: float | None = None) -> Figure:
    """Two rates of the same run, in requests a second."""
    ratio = than / rate
    return Figure(
        name=name,
        value=rate,
        unit="/s",
        baseline=than,
        ratio=ratio,
        bound=f"≤ × {most:g}" if most else "",
        holds=ratio <= most if most else None,
    )


@dataclass(frozen=True, kw_only=True)
class Report:
    """Told and written part by part: what a later part breaks is not lost with it."""

    context: str
    path: Path
    figures: list[Figure] = field(default_factory=list)

    def add(self, figures: Sequence[Figure]) -> None:
        if not self.figures:
            say(f"\n{self.context}\n")
            say(f"{'':58}{'valeur':>10} {'unité':<6}{'référence':>10}{'rapport':>9}  borne")
        self.figures.extend(figures)
        for figure in figures:
            say(_line(figure))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(
            json.dumps([asdict(figure) for figure in self.figures], ensure_ascii=False, indent=1) + "\n"
        )


def read(path: Path) -> list[Figure]:
    """What another run wrote."""
    return [Figure(**fields) for fields in json.loads(path.read_text())]


def tell(figures: Sequence[Figure], *, context: str, path: Path) -> None:
    Report(context=context, path=path).add(figures)


def _line(figure: Figure) -> str:
    baseline = f"{figure.baseline:.1f}" if figure.baseline is not None else ""
    ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else ""
    verdict = {True: "tenue", False: "NON TENUE", None: ""}[figure.holds]
    return f"{figure.name:<58}{figure.value:10.1f} {figure.unit:<6}{baseline:>10}{ratio:>9}  {figure.bound} {verdict}"


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cœurs, {memory:.0f} Go, "
        f"Python {platform.python_version()}, charge au départ {load}"
    )

"""`make bench`: the figures of docs/bench.md, on the databases of `make bench-data`.

python -m bench                  10,000 and 1 million patients
python -m bench --size bench_100k    the larger side on another database
python -m bench --intake-only          hospital messages only
python -m bench --smoke          200 patients on the server of the tests, one short round: that each part runs
"""

import argparse
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg

from bench import data, duplicates, full_record, intake, pages, pathways, telemonitoring
from bench.cluster import SIZES, SMOKE, SMOKE_PATIENTS, running
from bench.load import CLIENTS, Pace, Refused
from bench.pages import Side
from bench.readers import log_in
from bench.report import Figure, Report, machine, read
from bench.serving import Platform, make_bypassing_role, supervised
from config.local.places import say, var_folder
from config.local.postgres import Server
from config.local.supervisor import Supervisor

# What a part may stumble on: it is said, and the other parts are measured.
_BROKEN = (Refused, RuntimeError, LookupError, ValueError, OSError, psycopg.Error, subprocess.SubprocessError)
Part = tuple[str, Callable[[], list[Figure]]]


def main(arguments: Sequence[str]) -> int:
    asked = _asked(arguments)
    patients = SMOKE_PATIENTS if asked.smoke else SIZES[asked.size]
    report = Report(
        context=f"{machine()} ; {patients} patients, {patients // 5} professionnels ;"
        f" {asked.rounds} tours de {asked.seconds:g} s",
        path=asked.output or var_folder() / "bench.json",
    )
    with running(is_smoke=asked.smoke) as server, supervised() as supervisor:
        parts = (
            _intake_only(server, supervisor, asked)
            if asked.intake_only
            else _parts(server, supervisor, asked)
        )
        told = [_told(report, *part) for part in parts]
    if not asked.intake_only:
        told += [_told(report, *part) for part in _apart(asked)]
    return 0 if all(told) else 1


def _told(report: Report, name: str, part: Callable[[], list[Figure]]) -> bool:
    try:
        report.add(part())
    except _BROKEN as error:
        say(f"  {name} : non mesuré, {error}")
        return False
    return True


def _parts(server: Server, supervisor: Supervisor, asked: Namespace) -> Iterator[Part]:
    """In this order: what is measured last starts the most processes."""
    small, large = (SMOKE, SMOKE) if asked.smoke else ("bench_10k", asked.size)
    sides = {name: _side(server, supervisor, name) for name in dict.fromkeys((small, large))}
    one, other = sides[small], sides[large]
    bare_port = other.platform.pages(settings="bench.settings", kind="bare")
    pace = Pace(asked.rounds, asked.seconds, clients=2 if asked.smoke else CLIENTS)
    yield "pages", lambda: pages.figures(one, other, bare_port, pace)
    yield "dossier plein", lambda: full_record.figures(one, other, bare_port, pace)
    live_port = other.platform.live()
    other.platform.worker()
    yield "direct", lambda: pages.delivered(other, live_port, pace)
    yield "messages", lambda: _messages(other, live_port, asked)
    if asked.smoke:
        # `python -m bench.duplicates` has figures of its own.
        yield "doublons", lambda: duplicates.figures(server, SMOKE_PATIENTS, 40, duplicates.MEASURED)


def _intake_only(server: Server, supervisor: Supervisor, asked: Namespace) -> Iterator[Part]:
    """Without the pages' processes, which would wait beside it."""
    name = SMOKE if asked.smoke else asked.size
    urls = data.load(server, name, patients=SMOKE_PATIENTS if asked.smoke else SIZES[name])
    platform = Platform(name, urls, supervisor)
    live_port = platform.live()
    platform.worker()
    side = Side(platform=platform, workload=log_in(urls), port=0, port_without_walls=0)
    yield "messages", lambda: _messages(side, live_port, asked)


def _messages(side: Side, live_port: int, asked: Namespace) -> list[Figure]:
    steps = intake.STEPS[:1] if asked.smoke else intake.STEPS
    return intake.figures(side, live_port, seconds=asked.intake_seconds, steps=steps)


def _apart(asked: Namespace) -> Iterator[Part]:
    """Without the services of the parts before."""
    yield "parcours", lambda: pathways.figures(seconds=asked.seconds, rounds=asked.rounds)
    yield "télésuivi", lambda: _at_home(asked)


def _at_home(asked: Namespace) -> list[Figure]:
    """Another process, which becomes one of the platform's: here Django is only what opens sessions."""
    sizes, many = ((SMOKE_PATIENTS,), 50) if asked.smoke else (telemonitoring.SIZES, asked.answers)
    output = var_folder() / "bench-telemonitoring.json"
    argv = ["--sizes", *map(str, sizes), "--answers", str(many), "--output", str(output)]
    argv += ["--rounds", str(asked.rounds), "--seconds", str(asked.seconds), *["--smoke"] * asked.smoke]
    subprocess.run([sys.executable, "-m", "bench.telemonitoring", *argv], check=True)
    return read(output)


def _side(server: Server, supervisor: Supervisor, name: str) -> Side:
    urls = data.load(server, name, patients=SMOKE_PATIENTS if name == SMOKE else SIZES[name])
    make_bypassing_role(server)
    platform = Platform(name, urls, supervisor)
    return Side(
        platform=platform,
        workload=log_in(urls),
        port=platform.pages(),
        port_without_walls=platform.without_walls().pages(),
    )


def _asked(arguments: Sequence[str]) -> Namespace:
    asked = _parser().parse_args(arguments)
    if asked.smoke:
        asked.seconds, asked.rounds, asked.intake_seconds = 0.05, 1, 0.5
    return asked


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--intake-only", action="store_true")
    parser.add_argument("--size", choices=list(SIZES), default="bench_1m")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--intake-seconds", type=float, default=30)
    parser.add_argument(
        "--answers", type=int, default=telemonitoring.STREAMED, help="of people followed at home"
    )
    parser.add_argument("--output", type=Path)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

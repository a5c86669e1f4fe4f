"""`make bench`: the figures of docs/bench.md, on the databases of `make bench-data`.

python -m bench                  10,000 and 1 million patients
python -m bench --size bench_100k    the larger side on another database
python -m bench --intake-only          hospital messages only
python -m bench --smoke          200 patients, one short round: that everything runs
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import data, full_record, intake, pages, pathways, telemonitoring
from bench.cluster import SIZES, running
from bench.pages import Side
from bench.readers import log_in
from bench.report import Figure, Report, machine, read
from bench.serving import Platform, make_bypassing_role, supervised
from config.local.places import var_folder
from config.local.postgres import Server
from config.local.supervisor import Supervisor

SMOKE = {"bench_smoke": 200}


def main(arguments: Sequence[str]) -> int:
    asked = _parser().parse_args(arguments)
    large = "bench_smoke" if asked.smoke else asked.size
    small = "bench_smoke" if asked.smoke else "bench_10k"
    seconds, rounds = (0.3, 1) if asked.smoke else (asked.seconds, asked.rounds)
    intake_seconds = 1 if asked.smoke else asked.intake_seconds
    patients = (SIZES | SMOKE)[large]
    report = Report(
        context=f"{machine()} ; {patients} patients, {patients // 5} professionnels ; {rounds} tours de {seconds:g} s",
        path=asked.output or var_folder() / "bench.json",
    )
    with running() as server, supervised() as supervisor:
        if asked.intake_only:
            report.add(_intake(server, supervisor, large, seconds=intake_seconds))
            return 0
        for part in _parts(
            server,
            supervisor,
            small,
            large,
            rounds=rounds,
            seconds=seconds,
            intake_seconds=intake_seconds,
        ):
            report.add(part)
    report.add(pathways.figures(seconds=seconds, rounds=rounds))
    report.add(_at_home(asked.answers, is_smoke=asked.smoke, rounds=rounds, seconds=seconds))
    return 0


def _parts(
    server: Server,
    supervisor: Supervisor,
    small: str,
    large: str,
    *,
    rounds: int,
    seconds: float,
    intake_seconds: float,
) -> Iterator[list[Figure]]:
    sides = {name: _side(server, supervisor, name) for name in dict.fromkeys((small, large))}
    bare_port = sides[large].platform.pages(settings="bench.settings", kind="bare")
    yield pages.figures(sides[small], sides[large], bare_port, rounds=rounds, seconds=seconds)
    yield full_record.figures(sides[small], sides[large], bare_port, rounds=rounds, seconds=seconds)
    live_port = sides[large].platform.live()
    sides[large].platform.worker()
    yield pages.delivered(sides[large], live_port, seconds=seconds)
    yield intake.figures(sides[large], live_port, seconds=intake_seconds)


def _at_home(answers: int, *, is_smoke: bool, rounds: int, seconds: float) -> list[Figure]:
    """Another process, which becomes one of the platform's: here Django is only what opens sessions."""
    sizes, many = ((200,), 50) if is_smoke else (telemonitoring.SIZES, answers)
    output = var_folder() / "bench-telemonitoring.json"
    asked = ["--sizes", *map(str, sizes), "--answers", str(many), "--output", str(output)]
    asked += ["--rounds", str(rounds), "--seconds", str(seconds)]
    subprocess.run([sys.executable, "-m", "bench.telemonitoring", *asked], check=True)
    return read(output)


def _intake(server: Server, supervisor: Supervisor, name: str, *, seconds: float) -> list[Figure]:
    """Without the pages' processes, which would wait beside it."""
    urls = data.load(server, name, patients=(SIZES | SMOKE)[name])
    platform = Platform(name, urls, supervisor)
    live_port = platform.live()
    platform.worker()
    side = Side(platform=platform, workload=log_in(urls), port=0, port_without_walls=0)
    return intake.figures(side, live_port, seconds=seconds)


def _side(server: Server, supervisor: Supervisor, name: str) -> Side:
    urls = data.load(server, name, patients=(SIZES | SMOKE)[name])
    make_bypassing_role(server)
    platform = Platform(name, urls, supervisor)
    return Side(
        platform=platform,
        workload=log_in(urls),
        port=platform.pages(),
        port_without_walls=platform.without_walls().pages(),
    )


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

"""`make check` and `make check-long`: every step, its duration, its outcome; what is missing is a failure."""

import os
import secrets
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.local.binaries import installed_majors
from config.local.database import prepare
from config.local.failure import Failure
from config.local.places import ROOT, say, var_folder
from config.local.supervisor import interrupted_by_signals, signals_ignored
from config.local.testing import test_server

BIN = Path(sys.executable).parent
# The shell first: the engine without the windows around it, which cost two fifths of the processor of a journey.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# Who has nothing left takes from the other: both end together.
_TWO = ("-n", "2", "--dist=worksteal")
# A platform each; a file stays whole, so that who logged in once does for all of it. In their own order, longest first.
_TWO_WHOLE = ("-n", "2", "--dist=loadfile", "--no-loadscope-reorder")
BROWSER = "--browser"
UNIT, JOURNEYS = "not journey and not long", "journey and not long"
# Apart: the browser of a journey leaves its process unable to run the others.
LONG, LONG_JOURNEYS = "long and not journey", "long and journey"


@dataclass(frozen=True, eq=False)
class Step:
    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    report: Path | None = None  # JUnit file: a skipped test, or none at all, is a failure

    @property
    def log(self) -> Path:
        return _reports() / f"{self.name}.log"


@dataclass(frozen=True)
class Outcome:
    step: Step
    seconds: float
    problem: str
    output: str


def main(arguments: Sequence[str]) -> int:
    """`--long`: `make check-long`; `--browser`: install what journeys lack, as one step of another run does."""
    began = time.monotonic()
    try:
        with interrupted_by_signals():
            if BROWSER in arguments:
                say(_browser())
                return 0
            batches = _long() if "--long" in arguments else _short()
            failed = [outcome for batch in batches for outcome in _run_together(batch) if outcome.problem]
    except Failure as failure:
        sys.stderr.write(f"{failure}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    total = f"{time.monotonic() - began:.0f} s"
    if failed:
        say(f"\nÉchec ({total}) : {', '.join(outcome.step.name for outcome in failed)}.")
        return 1
    say(f"\nTout est bon ({total}).")
    return 0


def _short() -> list[Iterable[Step]]:
    """Batches run one after the other, the steps of a batch at the same time: alone, each leaves a core free."""
    return [_without_browser(), _with_browser()]


def _without_browser() -> Iterator[Step]:
    """Each starts as soon as it is named: what the last ones need is made meanwhile."""
    if not _can_install():
        _browser()
    elif _first_program(BROWSERS[:1]) is None:
        yield Step("browser", (sys.executable, "-m", "config.local.check", BROWSER))
    yield _pytest("tests", UNIT, *_TWO)
    yield _tool("format", "ruff", "format", "--check", "--quiet", ".")
    yield _tool("lint", "ruff", "check", "--quiet", ".")
    yield _tool("templates", "djlint", "--lint", "--quiet", "terresante")
    yield _tool("layers", "lint-imports", "--no-cache")
    yield _tool("types", "mypy", env=_settings())
    # As a deployment would: under the tests' settings the connection takes the application role.
    owner = {**_database(), "TERRESANTE_SECRET_KEY": secrets.token_hex()}
    yield _terresante("migrations", "makemigrations", "--check", "--dry-run", env=owner)


def _with_browser() -> Iterator[Step]:
    browser = {"TERRESANTE_BROWSER": _first_program(BROWSERS) or ""}
    yield _pytest("journeys", JOURNEYS, *_TWO_WHOLE, *naming("journey"), env=browser)


def _long() -> list[Iterable[Step]]:
    browser = {"TERRESANTE_BROWSER": _browser()}
    if shutil.which("caddy") is None:
        _install("caddy", why="Aucun Caddy, que les fichiers de deploy/ configurent")
    oldest = _oldest_major()
    old_server = {"TERRESANTE_TEST_PG": str(oldest)}
    return [
        (_pytest("long", LONG, *_TWO, *naming("long")),),
        (_pytest("long-journeys", LONG_JOURNEYS, *_TWO_WHOLE, *naming("journey"), env=browser),),
        (_pytest(f"tests-postgresql-{oldest}", UNIT, *_TWO, env=old_server),),
    ]


def naming(mark: str) -> tuple[str, ...]:
    """The test files that name this mark: a process takes ten seconds to read all the others and keep none of them."""
    folders = [ROOT / name for name in ("terresante", "config", "simulators", "tests")]
    paths = sorted(path for folder in folders for path in folder.rglob("test_*.py"))
    return tuple(str(path.relative_to(ROOT)) for path in paths if f"mark.{mark}" in path.read_text())


def _run_together(steps: Iterable[Step]) -> list[Outcome]:
    """What stops us, between two of them or later, stops those that run."""
    began = time.monotonic()
    running: dict[Step, subprocess.Popen[bytes]] = {}
    outcomes = []
    try:
        for step in steps:
            running[step] = _start(step)
        while running:
            for step in [step for step, process in running.items() if process.poll() is not None]:
                outcomes.append(_ended(step, running.pop(step).returncode, time.monotonic() - began))
                _tell(outcomes[-1])
            time.sleep(0.05)
    finally:
        with signals_ignored():
            for process in running.values():
                process.terminate()
            for process in running.values():
                process.wait()
    return outcomes


def _ended(step: Step, code: int, seconds: float) -> Outcome:
    return Outcome(
        step=step,
        seconds=seconds,
        problem=f"code {code}" if code else _gap(step.report),
        output=step.log.read_text(errors="replace"),
    )


def _start(step: Step) -> "subprocess.Popen[bytes]":
    if step.report:
        step.report.unlink(missing_ok=True)
    step.log.parent.mkdir(parents=True, exist_ok=True)
    with step.log.open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - commands written above
            step.argv,
            cwd=ROOT,
            # Compiled once, not by each of the some forty processes to come, whatever the shell wants for others.
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **step.env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _tell(outcome: Outcome) -> None:
    verdict = f"ÉCHEC ({outcome.problem})" if outcome.problem else "bon"
    say(f"{outcome.step.name:<24}{outcome.seconds:>6.1f} s  {verdict}{_told_by_pytest(outcome.output)}")
    for told in _told_by_tests(outcome.step.report):
        say(f"{'':<24}{told}")
    if outcome.problem:
        say(outcome.output.rstrip())


def _told_by_pytest(output: str) -> str:
    """The seed, to run the same order again, and the count."""
    lines = output.splitlines()
    seed = [line.removeprefix("Using ") for line in lines if line.startswith("Using --randomly-seed")]
    count = [line.strip("= ") for line in lines[-1:] if " in " in line]
    return "".join(f"  {part}" for part in (*count, *seed))


# What some tests say of themselves: the seed of the oracle, to play the same worlds again, and what it asked; what
# became of damaged messages, documents and resources.
_TELLING = {"oracle": "oracle", "damaged": "altérés"}


def _told_by_tests(report: Path | None) -> list[str]:
    if report is None or not report.exists():
        return []
    told = ElementTree.parse(report).getroot().iter("property")  # noqa: S314 - written by pytest just now
    named = [(each.get("name", ""), each.get("value", "")) for each in told]
    return [f"{_TELLING[name]} : {value}" for name, value in named if name in _TELLING]


def _gap(report: Path | None) -> str:
    if report is None:
        return ""
    suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314 - written by pytest just now
    cases = [case for suite in suites for case in suite.iter("testcase")]
    skipped = [case for case in cases for mark in case.iter("skipped") if mark.get("type") == "pytest.skip"]
    if not cases:
        return "aucun test"
    if skipped:
        return f"{len(skipped)} test(s) sauté(s), dont {skipped[0].get('name')}"
    return ""


def _tool(name: str, program: str, *arguments: str, env: Mapping[str, str] | None = None) -> Step:
    return Step(name, (str(BIN / program), *arguments), env or {})


def _terresante(name: str, *arguments: str, env: Mapping[str, str]) -> Step:
    return Step(name, (sys.executable, "-m", "config.console", *arguments), env)


def _pytest(name: str, markers: str, *arguments: str, env: Mapping[str, str] | None = None) -> Step:
    report = _reports() / f"{name}.xml"
    command = (str(BIN / "pytest"), "-q", "-m", markers, f"--junitxml={report}", *arguments)
    return Step(name, command, {**_settings(), **(env or {})}, report)


def _reports() -> Path:
    return var_folder() / "check"


def _settings() -> dict[str, str]:
    return {"TERRESANTE_TESTING": "1"}


def _database() -> dict[str, str]:
    """An empty database, for commands that look at the history of migrations."""
    return prepare(test_server(), "terresante_check").environment()


def _oldest_major() -> int:
    """The oldest PostgreSQL here, which must not be the one that all the tests already ran on."""
    if len(installed_majors()) < 2:
        _install("postgresql", why="Un second PostgreSQL, plus ancien que celui des tests, est introuvable")
    return min(installed_majors())


def _browser() -> str:
    """The shell is worth an installation where that is possible; any other of them does."""
    if _first_program(BROWSERS[:1]) is None and _can_install():
        with suppress(Failure):
            _install(BROWSERS[0], why="Pour des parcours plus courts")
    if found := _first_program(BROWSERS):
        return found
    _install("chromium", why="Aucun navigateur pour les parcours")
    if found := _first_program(BROWSERS):
        return found
    raise Failure("Chromium vient d’être installé mais reste introuvable dans PATH.")


def _first_program(names: Sequence[str]) -> str | None:
    return next((found for name in names if (found := shutil.which(name))), None)


def _can_install() -> bool:
    return shutil.which("apt-get") is not None and os.geteuid() == 0


def _install(package: str, *, why: str) -> None:
    apt = shutil.which("apt-get")
    if apt is None or not _can_install():
        raise Failure(f"{why} : installez-le (Debian : sudo apt-get install {package}), puis relancez.")
    say(f"{why} : installation de {package}…")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    patience = ("-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20")
    for command in ((*patience, "update"), (*patience, "install", "-y", "--no-install-recommends", package)):
        done = subprocess.run(  # noqa: S603 - fixed command
            [apt, "-q", *command], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["raison inconnue"])[-1]
            raise Failure(f"apt-get n’a pas pu installer {package} : {last}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

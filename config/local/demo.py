"""`terresante demo`: the whole platform, with a region in it and a simulated hospital, on 127.0.0.1 only."""

import base64
import http.client
import itertools
import json
import os
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from config.local.binaries import find_binaries
from config.local.database import Urls, prepare
from config.local.failure import Failure, told_by_service
from config.local.install import usable_node
from config.local.places import HOST, ROOT, Port, port_from, say, var_folder
from config.local.postgres import Cluster, Server, kept_major, write_private
from config.local.supervisor import Service, Supervisor, ending, interrupted_by_signals, signals_ignored

DATABASE = "terresante"
OF_ANOTHER_DATABASE = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SEALER_URL")
ANSWER_SECONDS = 5
# Written by load_demo: whom the simulated hospital knows.
HOSPITAL_PATIENTS = "demo-hospital.json"
# Whom the simulated INSi teleservice knows beside its own list.
INSI_PEOPLE = "demo-insi.csv"
# Likewise: how the simulated software of a practice signs its calls.
PRACTICE_SETTINGS = "demo-practice.json"
# Likewise: the telephones behind the simulated push service.
TELEPHONES = "demo-push.json"
# Whom the simulated Pro Santé Connect and FranceConnect know, by the name of their settings.
PROVIDERS = {"psc": "demo-psc.json", "franceconnect": "demo-franceconnect.json"}


@dataclass(frozen=True)
class Demo:
    var: Path
    pages: Port
    mllp: Port
    hospital: Port
    practice: Port
    push: Port
    insi: int = 0
    psc: int = 0
    franceconnect: int = 0

    @property
    def home(self) -> Path:
        return self.var / "demo"

    @property
    def loaded(self) -> Path:
        return self.home / "loaded"

    @property
    def answers(self) -> Port:
        """Where the simulated hospital receives what becomes of its documents."""
        return Port(self.mllp.number + 1, f"{self.mllp.variable} + 1")

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.pages.number}"


def run() -> None:
    """Returns after Ctrl-C, SIGTERM or the end of our parent. Raises Failure with one sentence."""
    began = time.monotonic()
    _refuse_another_database()
    demo = Demo(
        var=var_folder(),
        pages=port_from("TERRESANTE_PORT", default=8000),
        mllp=port_from("TERRESANTE_MLLP_PORT", default=2575),
        hospital=port_from("TERRESANTE_HOSPITAL_PORT", default=8087),
        practice=port_from("TERRESANTE_PRACTICE_PORT", default=8088),
        push=port_from("TERRESANTE_PUSH_PORT", default=8089),
        insi=free_port(),
        psc=free_port(),
        franceconnect=free_port(),
    )
    _check_distinct(demo.pages, demo.mllp, demo.answers, demo.hospital, demo.practice, demo.push)
    _check_kept(demo)
    cluster = Cluster(demo.home / "postgres", find_binaries(kept_major(demo.home / "postgres")))
    with interrupted_by_signals():
        try:
            _run(demo, cluster, began=began)
        except KeyboardInterrupt:
            say("\nArrêt de la démonstration…")
        finally:
            with signals_ignored():
                cluster.stop()
    say("La démonstration est arrêtée. Les données sont gardées ; « make demo-reset » les efface.")


def reset() -> None:
    """Delete what the demonstration wrote. Raises Failure while it runs."""
    var = var_folder()
    home = var / "demo"
    if (home / "postgres").exists():
        Cluster(home / "postgres", find_binaries(kept_major(home / "postgres"))).destroy()
    for folder in (home, var / "files", var / "mailbox"):
        if folder.exists():
            shutil.rmtree(folder)
    known = (HOSPITAL_PATIENTS, INSI_PEOPLE, PRACTICE_SETTINGS, TELEPHONES, *PROVIDERS.values())
    described = ("demo.json", "demo-accounts.json", *known)
    # The heads of a chain that is gone would accuse the next one of having been rewritten.
    for file in (var / name for name in (*described, "audit-heads.jsonl")):
        file.unlink(missing_ok=True)
    say("Les données de démonstration sont effacées ; « make demo » en recrée.")


def _refuse_another_database() -> None:
    for variable in OF_ANOTHER_DATABASE:
        if os.environ.get(variable):
            raise Failure(
                f"{variable} est définie, or la démonstration n’écrit que dans la base qu’elle a créée : "
                f"relancez sans cette variable (unset {variable})."
            )


def _check_distinct(*ports: Port) -> None:
    """Each was found free alone: the second service of a shared one would only say that it does not start."""
    for port, other in itertools.combinations(ports, 2):
        if port.number == other.number:
            raise Failure(
                f"{port.variable} et {other.variable} valent tous deux {port.number} : "
                "donnez à chacun son propre port."
            )


def _check_kept(demo: Demo) -> None:
    """The simulated hospital is known by the port of its messages: listened to on another, nobody would answer."""
    kept = demo.loaded.read_text() if demo.loaded.exists() else ""
    if kept and kept != str(demo.mllp.number):
        raise Failure(
            f"Les données gardées connaissent l’hôpital simulé par le port {kept} : relancez avec "
            f"{demo.mllp.variable}={kept}, ou effacez-les d’abord (« make demo-reset »)."
        )


def _run(demo: Demo, cluster: Cluster, *, began: float) -> None:
    server = cluster.start()
    urls = _prepared(server, cluster.log_path)
    env = {**urls.environment(), **_environment(demo)}

    def check_database() -> None:
        if cluster.died():
            raise Failure(f"PostgreSQL s’est arrêté. {ending(cluster.log_path)}")

    with Supervisor(log_dir=demo.var / "log", cwd=ROOT) as supervisor:
        supervisor.run_once(Service("migrate", _command("migrate", "--noinput"), env))
        if not demo.loaded.exists():
            say("Chargement des communes, puis d’une région de démonstration…")
            supervisor.run_once(Service("load_communes", _command("load_communes"), env))
            supervisor.run_once(Service("load_demo", _command("load_demo"), env))
            demo.loaded.write_text(str(demo.mllp.number))
        for service in _services(demo, env):
            supervisor.start(service)
        accounts = _write_description(demo)
        say(f"Prêt en {time.monotonic() - began:.0f} s.\n")
        _present(demo, accounts)
        supervisor.watch(also=check_database)


def _prepared(server: Server, log: Path) -> Urls:
    """Raises Failure when the database itself says no: a full disk comes by it, not by a file of ours."""
    try:
        return prepare(server, DATABASE)
    except psycopg.OperationalError as error:
        sentence = told_by_service(str(error)) or f"PostgreSQL n’a pas pu préparer sa base. {ending(log)}"
        raise Failure(sentence if sentence.endswith(".") else f"{sentence} (détails : {log}).") from error


def _services(demo: Demo, env: Mapping[str, str]) -> tuple[Service, ...]:
    pages = str(demo.pages.number)
    return (
        Service(
            "serve",
            _command("serve", "--with-live", "--port", pages),
            env,
            ready_check=lambda: answers(demo.pages.number, "/readyz"),
        ),
        Service("worker", _command("worker"), env),
        Service("mllp", _command("mllp"), env, ready_check=lambda: listens(demo.mllp.number)),
        # The other side of the wire: it is told where to send, and nothing about our database.
        Service("hospital", _hospital(demo), _wire(demo)),
        Service("insi", _insi(demo), _wire(demo), ready_check=lambda: answers(demo.insi, "/")),
        Service("practice", _practice(demo), _wire(demo)),
        Service("push", _push(demo), _wire(demo)),
        *(
            provider_service(name, port, base_url=demo.base_url, var=demo.var, keys=env)
            for name, port in (("psc", demo.psc), ("franceconnect", demo.franceconnect))
        ),
    )


def _hospital(demo: Demo) -> tuple[str, ...]:
    known = str(demo.var / HOSPITAL_PATIENTS)
    wire = ("--host", HOST, "--port", str(demo.mllp.number), "--page-port", str(demo.hospital.number))
    return (sys.executable, "-m", "simulators.hospital", *wire, "--patients", known)


def _insi(demo: Demo) -> tuple[str, ...]:
    people = ("--people", str(demo.var / INSI_PEOPLE)) if (demo.var / INSI_PEOPLE).exists() else ()
    return (sys.executable, "-m", "simulators.insi", "--port", str(demo.insi), *people)


def free_port() -> int:
    """Nobody opens these by hand: any port will do, but those that a system lends to whoever connects, from 32768 on:
    what is free there may be taken before a service has started.
    """
    for _ in range(1_000):
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port
    raise Failure(f"Aucun port libre sur {HOST} : fermez un programme qui en tient, puis relancez.")


def _practice(demo: Demo) -> tuple[str, ...]:
    wire = ("--platform", demo.base_url, "--page-port", str(demo.practice.number))
    return (
        sys.executable,
        "-m",
        "simulators.practice",
        *wire,
        "--settings",
        str(demo.var / PRACTICE_SETTINGS),
    )


def _push(demo: Demo) -> tuple[str, ...]:
    listed = demo.var / TELEPHONES
    devices = ("--devices", str(listed)) if listed.exists() else ()
    return (sys.executable, "-m", "simulators.push", "--port", str(demo.push.number), *devices)


def provider_environment(name: str, port: int) -> dict[str, str]:
    """What the platform is told of a simulated provider, and what that provider is told of the platform."""
    prefix = f"TERRESANTE_{name.upper()}"
    return {
        f"{prefix}_ISSUER": f"http://{HOST}:{port}",
        f"{prefix}_CLIENT": "terresante",
        f"{prefix}_SECRET": secrets.token_urlsafe(24),
    }


def provider_service(name: str, port: int, *, base_url: str, var: Path, keys: Mapping[str, str]) -> Service:
    path = {"psc": "pro-sante-connect", "franceconnect": "franceconnect"}[name]
    client = (
        keys[f"TERRESANTE_{name.upper()}_CLIENT"],
        keys[f"TERRESANTE_{name.upper()}_SECRET"],
        f"{base_url}/connexion/{path}/retour/",
        f"{base_url}/connexion/?au-revoir",
    )
    told = ("--profile", name, "--port", str(port), "--people", str(var / PROVIDERS[name]))
    program = ROOT / "simulators" / "psc" / "provider.mjs"
    return Service(
        name,
        (str(usable_node()), str(program), *told, "--client", " ".join(client)),
        ready_check=lambda: answers(port, "/"),
    )


def _command(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "config.console", *arguments)


def _wire(demo: Demo) -> dict[str, str]:
    return {
        "TERRESANTE_VAR": str(demo.var),
        "TERRESANTE_DEMO": "1",
        "TERRESANTE_MLLP_HOST": HOST,
        "TERRESANTE_MLLP_PORT": str(demo.mllp.number),
    }


def _environment(demo: Demo) -> dict[str, str]:
    return {
        **_wire(demo),
        **_kept_keys(demo.home / "keys.json"),
        "TERRESANTE_PORT": str(demo.pages.number),
        "TERRESANTE_PUSH_PORT": str(demo.push.number),
        "TERRESANTE_BASE_URL": demo.base_url,
        "TERRESANTE_HOSTS": f"{HOST} localhost",
        "TERRESANTE_INSI_URL": f"http://{HOST}:{demo.insi}",
        **provider_environment("psc", demo.psc),
        **provider_environment("franceconnect", demo.franceconnect),
    }


def _kept_keys(path: Path) -> dict[str, str]:
    """Each demonstration has its own keys, so that none is written in the code."""
    if not path.exists():
        data_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        keys = {
            "TERRESANTE_SECRET_KEY": secrets.token_urlsafe(48),
            "TERRESANTE_DATA_KEYS": f"1:{data_key}",
        }
        write_private(path, json.dumps(keys))
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def listens(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=ANSWER_SECONDS):
            return True
    except OSError:
        return False


@dataclass(frozen=True)
class DemoAccount:
    """As `load_demo` lists them in var/demo-accounts.json; `shows`: what the account is worth opening for."""

    login: str
    password: str
    totp_secret: str
    role: str
    shows: str


def _write_description(demo: Demo) -> list[DemoAccount]:
    listed = demo.var / "demo-accounts.json"
    if not listed.exists():
        raise Failure(f"{listed} manque : lancez « make demo-reset » puis « make demo ».")
    accounts = [DemoAccount(**account) for account in json.loads(listed.read_text())]
    known = demo.var / HOSPITAL_PATIENTS
    description = {
        "base_url": demo.base_url,
        "mllp": {"host": HOST, "port": demo.mllp.number},
        # Whom a message may be about: numbers (IPP) and their authority, traits.
        "hospital_patients": json.loads(known.read_text()) if known.exists() else [],
        "hospital": f"http://{HOST}:{demo.hospital.number}/",
        "practice": f"http://{HOST}:{demo.practice.number}/",
        "push": f"http://{HOST}:{demo.push.number}/",
        "accounts": [vars(account) for account in accounts],
    }
    write_private(demo.var / "demo.json", json.dumps(description, ensure_ascii=False, indent=2))
    return accounts


def _present(demo: Demo, accounts: list[DemoAccount]) -> None:
    say(f"Terr-eSanté : {demo.base_url}")
    say(f"Hôpital simulé : http://{HOST}:{demo.hospital.number}/")
    say("Pro Santé Connect et FranceConnect simulés : boutons de la page de connexion")
    say(f"Logiciel de cabinet simulé : http://{HOST}:{demo.practice.number}/")
    say(f"Téléphone simulé de c.marie (notifications) : http://{HOST}:{demo.push.number}/")
    say(f"Messages hospitaliers (HL7 v2, MLLP) : {HOST}:{demo.mllp.number}\n")
    say("Comptes de démonstration :")
    widths = [
        max((len(cell) for cell in column), default=0) for column in zip(*map(_row, accounts), strict=True)
    ]
    for account in accounts:
        cells = (cell.ljust(width) for cell, width in zip(_row(account), widths, strict=True))
        say("  " + "  ".join(cells).rstrip())
    say(f"\nTout est aussi dans {demo.var / 'demo.json'} ; journaux dans {demo.var / 'log'}.")
    say("Ctrl-C arrête tout et garde les données.")


def _row(account: DemoAccount) -> tuple[str, ...]:
    return (account.login, account.password, account.totp_secret, account.role, account.shows)

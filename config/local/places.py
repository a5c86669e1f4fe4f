"""Folders and ports of a local platform. TERRESANTE_VAR moves everything that is written."""

import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from config.local.failure import Failure

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
LAST_PORT = 65_535


def var_folder() -> Path:
    return Path(os.environ.get("TERRESANTE_VAR") or ROOT / "var").absolute()


@dataclass(frozen=True)
class Port:
    number: int
    variable: str


def port_from(variable: str, *, default: int) -> Port:
    """Raises Failure if the variable is no port, or if something listens there already."""
    written = os.environ.get(variable) or str(default)
    if not written.isdecimal() or not 0 < int(written) <= LAST_PORT:
        raise Failure(f"{variable} vaut « {written} » : donnez un numéro de port entre 1 et {LAST_PORT}.")
    port = Port(number=int(written), variable=variable)
    with socket.socket() as probe:
        # A port left in TIME_WAIT by the previous run is free; one that is listened to is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port.number))
        except PermissionError as error:
            raise Failure(
                f"Ce compte n’a pas le droit d’ouvrir le port {port.number} : choisissez-en un "
                f"au-dessus de 1024, par exemple {variable}={default}."
            ) from error
        except OSError as error:
            raise Failure(
                f"Le port {port.number} est déjà pris sur {HOST} : libérez-le, ou choisissez-en un autre, "
                f"par exemple {variable}={port.number + 10} make demo."
            ) from error
    return port


def say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()

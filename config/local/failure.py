"""Failures that a person at a terminal can act on, in one sentence."""

import errno
import shutil
from collections.abc import Sequence
from pathlib import Path

LINES_READ = 60
# One file of its journal.
LEAST_ROOM = 16 * 1024**2
AGAIN = "puis relancez la commande"
_NO_ROOM = f"Le disque est plein : libérez de la place, {AGAIN}"
_QUOTA = f"Le quota de disque est atteint : libérez de la place, {AGAIN}"
_NO_RIGHT = "Ce compte n’a pas le droit nécessaire sur ce fichier"
_OF_AN_ERROR = {
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _QUOTA,
    errno.EACCES: _NO_RIGHT,
    errno.EPERM: _NO_RIGHT,
    errno.EROFS: "Ce dossier est en lecture seule",
}
_OF_A_DISK = (
    (("No space left on device", "Check free disk space", "ENOSPC"), _NO_ROOM),
    (("Disk quota exceeded", "EDQUOT"), _QUOTA),
)
# Free when the demonstration began, taken while it loaded its region.
_OF_A_PORT = (
    (
        ("Address already in use", "address already in use", "EADDRINUSE"),
        f"Un autre programme a pris son port entre-temps : libérez-le ou choisissez-en un autre, {AGAIN}",
    ),
)
_NO_ANSWER = (
    *("NewConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ProxyError", "Connection refused"),
    *("ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "ERR_SOCKET_TIMEOUT"),
)
# What pip and npm write; the first line that matches decides.
_OF_A_REGISTRY = (
    (
        (
            "CERTIFICATE_VERIFY_FAILED",
            "SELF_SIGNED_CERT_IN_CHAIN",
            "UNABLE_TO_GET_ISSUER_CERT",
            "UNABLE_TO_VERIFY_LEAF",
        ),
        "Le certificat du registre des bibliothèques n’est pas reconnu : donnez son autorité à pip (PIP_CERT) "
        f"et à npm (NODE_EXTRA_CA_CERTS), {AGAIN}",
    ),
    (
        _NO_ANSWER,
        "Le registre des bibliothèques ne répond pas : vérifiez la connexion à Internet, ou l’adresse du registre "
        f"donnée à pip (PIP_INDEX_URL) et à npm (npm_config_registry), {AGAIN}",
    ),
    (
        ("DO NOT MATCH THE HASHES", "EINTEGRITY"),
        "Le registre a donné un fichier qui n’est pas celui attendu : rien n’est installé. "
        "Vérifiez l’adresse du registre donnée à pip (PIP_INDEX_URL) et à npm (npm_config_registry)",
    ),
    (
        ("Could not find a version that satisfies", "No matching distribution", "npm error code E404"),
        "Une bibliothèque manque dans le registre utilisé : vérifiez son adresse, donnée à pip (PIP_INDEX_URL) "
        f"et à npm (npm_config_registry), {AGAIN}",
    ),
)


class Failure(Exception):
    """An expected failure: its text is the French sentence the person at the terminal can act on."""


def of_the_machine(error: OSError) -> str | None:
    """The sentence for a full disk, a missing right…; None when the error is ours."""
    sentence = _OF_AN_ERROR.get(error.errno or 0)
    if sentence is None:
        return None
    return f"{sentence} : {error.filename}." if error.filename else f"{sentence}."


def told_by_service(log: str) -> str | None:
    """The sentence for what a program wrote before it failed, when the machine is the cause."""
    return _first((*_OF_A_DISK, *_OF_A_PORT), log)


def told_by_disk(folder: Path) -> str | None:
    """The sentence when this disk has no room for what PostgreSQL asks for at once."""
    return _NO_ROOM if shutil.disk_usage(folder).free < LEAST_ROOM else None


def told_by_installer(log: str) -> str | None:
    """The same for pip and npm, where a connection refused is the registry's."""
    return _first((*_OF_A_DISK, *_OF_A_REGISTRY), log)


def _first(causes: Sequence[tuple[Sequence[str], str]], log: str) -> str | None:
    last = "\n".join(log.splitlines()[-LINES_READ:])
    return next((sentence for signs, sentence in causes if any(sign in last for sign in signs)), None)

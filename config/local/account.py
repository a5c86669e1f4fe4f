"""PostgreSQL refuses to run as root: find an existing account that can run it, never create one."""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.local.failure import Failure

SHARED_HOME = Path("/var/lib/terresante")


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int


def unprivileged_account(owned: Path) -> Account | None:
    """The account PostgreSQL runs as; None: the current one, which is not root.

    The owner of an existing data folder keeps it, whatever accounts were added to the machine since.
    """
    if os.geteuid() != 0:
        return None
    if owned.exists() and (status := owned.stat()).st_uid != 0:
        return Account(name=str(status.st_uid), uid=status.st_uid, gid=status.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise Failure(
        "PostgreSQL refuse de tourner sous root et cette machine n’a ni compte « postgres » "
        "ni compte « nobody » : relancez la commande sous un compte ordinaire."
    )


def can_run(account: Account | None, command: list[str]) -> bool:
    """Tried rather than computed: mount options and access lists also decide."""
    program = shutil.which(command[0])
    if program is None:
        return False
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands
            [program, *command[1:]],
            cwd="/",
            capture_output=True,
            check=False,
            **as_account(account),
        )
    except OSError:
        return False
    return done.returncode == 0


def reachable_folder(folder: Path, account: Account | None) -> Path:
    """`folder`, or one kept for it under /var/lib when `account` cannot enter it (a checkout under /root)."""
    if account is None or can_run(account, ["test", "-x", str(folder)]):
        return folder
    digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    return shared_folder(digest)


def shared_folder(name: str) -> Path:
    folder = SHARED_HOME / name
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        SHARED_HOME.chmod(0o755)
    except OSError as error:
        raise Failure(
            f"Impossible de créer {folder} ({error.strerror}) : donnez ce droit, ou changez de compte."
        ) from error
    folder.chmod(0o755)
    return folder


def as_account(account: Account | None) -> dict[str, Any]:
    """Keyword arguments of subprocess.run."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}

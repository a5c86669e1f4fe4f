"""Start a child process that cannot outlive this one."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from config.local.account import Account
from config.local.failure import Failure

BOUND = Path(__file__).with_name("bound.py")


def start_bound(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    log: IO[bytes],
    death_signal: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
    cwd: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """The death signal follows the *thread* that calls this: it must live as long as the process.

    The child leads its own process group, so that a Ctrl-C in the terminal reaches only us.
    """
    program = shutil.which(argv[0], path=env.get("PATH"))
    if program is None:
        raise Failure(f"Programme introuvable : {argv[0]}.")
    uid, gid = (str(account.uid), str(account.gid)) if account else ("-", "-")
    launcher = [sys.executable, "-I", "-S", str(BOUND), str(os.getpid()), death_signal.name, uid, gid]
    return subprocess.Popen(  # noqa: S603 - the command comes from our own code
        [*launcher, program, *map(str, argv[1:])],
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        start_new_session=True,
    )

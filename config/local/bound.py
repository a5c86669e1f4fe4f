"""Run a program that receives a signal when the process that started it dies, even by SIGKILL.

    python bound.py PARENT_PID SIGNAL UID GID PROGRAM ARGUMENT...

UID and GID are `-` to keep the current account. A file run by path, not imported: the account that runs the
program may be unable to read this project, so privileges are dropped here, after Python has started.
Only Linux has the death signal; elsewhere an orphan is stopped at the next start, by its recorded pid.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    parent, death_signal, uid, gid, *program = arguments
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if sys.platform == "linux":
        # After setuid: a change of credentials clears the death signal.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.Signals[death_signal]))
        if os.getppid() != int(parent):
            sys.exit(1)
    os.execv(program[0], program)  # noqa: S606 - the command comes from our own launcher


if __name__ == "__main__":
    main(sys.argv[1:])

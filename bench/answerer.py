"""One process of those that take answers in: at a given rate, through the action, as behind a page.

python -m bench.answerer FIRST STEP COUNT RATE     persons FIRST, FIRST + STEP, …; RATE a second

Waits for a line of its input to begin. Prints `COUNT refused` when it is done: how many were not stored.
"""

import sys
import time
from collections.abc import Sequence

import django


def main(arguments: Sequence[str]) -> None:
    first, step, count = map(int, arguments[:3])
    pace = 1 / float(arguments[3])
    django.setup()
    from bench.answers import answered, version  # noqa: PLC0415 -- once set up
    from terresante.kernel.errors import DomainError  # noqa: PLC0415

    known, refused = version(), 0
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    began = time.monotonic()
    for index in range(count):
        time.sleep(max(0.0, began + index * pace - time.monotonic()))
        try:
            answered(first + index * step, known)
        except DomainError:
            refused += 1
    sys.stdout.write(f"{refused} refused\n")


if __name__ == "__main__":
    main(sys.argv[1:])

"""`make chaos N=50000 SEED=…`: a hospital sends while listener, worker and database are killed at random.

Prints the seed, what was sent, acknowledged, lost and doubled; ends with 1 unless nothing was lost and nothing doubled.
"""

import secrets
import sys

from tests.chaos.run import run


def main(arguments: list[str]) -> int:
    number = int(arguments[0]) if arguments and arguments[0] else 1500
    seed = int(arguments[1]) if len(arguments) > 1 and arguments[1] else secrets.randbelow(1_000_000)
    found = run(number, seed, say=_say)
    _say(found.words())
    return 0 if found.is_right else 1


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

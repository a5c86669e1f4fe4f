"""RPPS, ADELI, FINESS and the national identifiers built on them (INTEROP.md 3).

A wrong key is never a reason to refuse: published examples fail it. `is_…` tells the shape, `has_right_key` the key.
"""

import re

RPPS = re.compile(r"[0-9]{11}")
# Two characters of department (2A and 2B included), then seven.
ADELI = re.compile(r"[0-9][0-9AB][0-9A-Z]{7}")
# XML schema of the FINESS extraction, type `typeNumeroFiness`.
FINESS = re.compile(r"[0-9][0-9A-Z][0-9]{7}")

RPPS_PREFIX = "8"
ADELI_PREFIX = "0"


def is_rpps(value: str) -> bool:
    return RPPS.fullmatch(value) is not None


def is_adeli(value: str) -> bool:
    return ADELI.fullmatch(value) is not None


def is_finess(value: str) -> bool:
    return FINESS.fullmatch(value) is not None


def has_right_key(number: str) -> bool:
    """Luhn. A FINESS of Corsica carries a letter, for which no public rule was found: held right."""
    if not (number.isascii() and number.isdigit()):
        return number.isalnum()
    total = 0
    for position, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def with_key(digits: str) -> str:
    """The digits followed by their Luhn key."""
    return next(digits + key for key in "0123456789" if has_right_key(digits + key))


def practitioner_national_id(*, rpps: str = "", adeli: str = "") -> str:
    """IDNPS: `8` + RPPS, else `0` + ADELI, else nothing."""
    if rpps:
        return RPPS_PREFIX + rpps
    return ADELI_PREFIX + adeli if adeli else ""

"""Made-up numbers that pass their key, in ranges nobody is given."""

import datetime
from collections.abc import Iterator

# ARCEP keeps these for fiction (decision 2018-0881, annex, 2.5.12).
LANDLINE = "0199 00"
MOBILE = "0639 98"


def luhn_key(digits: str) -> str:
    total = 0
    for position, character in enumerate(reversed(digits)):
        digit = int(character) * (2 - position % 2)
        total += digit - 9 if digit > 9 else digit
    return str(-total % 10)


def rpps(number: int) -> str:
    """999…: the Annuaire Santé gives numbers that start with 1, its test cards with 8."""
    body = f"9990{number:06d}"
    return body + luhn_key(body)


def finess(department: str, number: int) -> str:
    body = f"{department}99{number:04d}"
    return body + luhn_key(body)


def ins(*, sex: str, born: datetime.date, place: str, order: int) -> str:
    """15 characters; to be sent with the OID of test numbers only."""
    body = f"{1 if sex == 'M' else 2}{born:%y%m}{place}{order:03d}"
    number = int(body.replace("2A", "19").replace("2B", "18"))
    return f"{body}{97 - number % 97:02d}"


def phones(prefix: str, *, start: int = 0) -> Iterator[str]:
    """`06 39 98 00 00`, `06 39 98 00 01`…; each once, at most 10,000."""
    for number in range(start, 10_000):
        digits = prefix.replace(" ", "") + f"{number:04d}"
        yield " ".join(digits[place : place + 2] for place in range(0, 10, 2))

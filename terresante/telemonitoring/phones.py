"""Telephone numbers as people say them, in the form that messages take. Pure."""

import re

from terresante.kernel.errors import Invalid

_WRONG = "Ce numéro n’est pas lisible : écrivez dix chiffres, comme 06 39 98 12 34, ou +33…"
_INTERNATIONAL = re.compile(r"\+[1-9]\d{7,14}")
_NATIONAL = re.compile(r"0[1-9]\d{8}")


def international(said: str, *, name: str = "phone") -> str:
    """'' for nothing. Raises Invalid, on the field `name`."""
    digits = re.sub(r"[\s.\-()\u00a0\u202f]", "", said)
    if not digits:
        return ""
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    digits = digits.replace("+330", "+33", 1) if digits.startswith("+330") else digits
    if _INTERNATIONAL.fullmatch(digits):
        return digits
    if _NATIONAL.fullmatch(digits):
        return f"+33{digits[1:]}"
    raise Invalid(_WRONG, fields={name: _WRONG})

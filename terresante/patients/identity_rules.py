"""Checks on identities that need no database: INS, RPPS, FINESS, names (INTEROP.md 2 and 3)."""

import enum
import re
import unicodedata

_LIGATURES = str.maketrans(
    {"Œ": "OE", "œ": "OE", "Æ": "AE", "æ": "AE", "ß": "SS", "’": "'", "‘": "'", "`": "'"}
)
_NOT_IN_A_NAME = re.compile(r"[^A-Z' -]+")
_SPACES = re.compile(r" {2,}")
_NIR_BODY = re.compile(r"\d{5}(\d{2}|2A|2B)\d{6}", re.ASCII)
_COG = re.compile(r"(\d{2}|2A|2B)\d{3}", re.ASCII)
_CORSICA = {"2A": "21", "2B": "22"}  # inferred from published numbers (2A0000014, 2B0000020), not from a text
_ONLY_DIGITS = re.compile(r"\d+", re.ASCII)


class InsKind(enum.StrEnum):
    NIR = "nir"
    NIA = "nia"
    TEST = "test"
    DEMO = "demo"


# Référentiel INS, list of the OIDs of the assigning authorities.
INS_OIDS = {
    "1.2.250.1.213.1.4.8": InsKind.NIR,
    "1.2.250.1.213.1.4.9": InsKind.NIA,
    "1.2.250.1.213.1.4.10": InsKind.TEST,
    "1.2.250.1.213.1.4.11": InsKind.DEMO,
}
# The withdrawn INS-C; some senders write …4.6 for it. Never an INS.
INS_C_OIDS = frozenset({"1.2.250.1.213.1.4.2", "1.2.250.1.213.1.4.6"})
# The number a child has in the social security of a parent. Never an INS.
SOCIAL_SECURITY_NUMBER_OID = "1.2.250.1.213.1.4.13"
PRODUCTION_INS_KINDS = frozenset({InsKind.NIR, InsKind.NIA})


def ins_key(body: str) -> str | None:
    """The two-digit key of a 13-character NIR or NIA, or None when the body is malformed."""
    if not _NIR_BODY.fullmatch(body):
        return None
    # Référentiel INS: in Corsica, 2A counts as 19 and 2B as 18.
    number = int(body.replace("2A", "19").replace("2B", "18") if body[5] == "2" else body)
    return f"{97 - number % 97:02d}"


def is_ins_key_valid(matricule: str) -> bool:
    return len(matricule) == 15 and ins_key(matricule[:13]) == matricule[13:]


def matricule_agrees_with_birth(matricule: str, *, year: int, month: int) -> bool:
    """A matricule may legitimately differ (month above 12): a warning, never a refusal."""
    return matricule[1:3] == f"{year % 100:02d}" and matricule[3:5] == f"{month:02d}"


def is_luhn_valid(digits: str) -> bool:
    if not _ONLY_DIGITS.fullmatch(digits):
        return False
    total = 0
    for position, character in enumerate(reversed(digits)):
        digit = int(character) * (1 + position % 2)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0


def is_rpps_valid(rpps: str) -> bool:
    """False is a warning only: the published example numbers fail the key."""
    return len(rpps) == 11 and is_luhn_valid(rpps)


def is_finess_valid(finess: str) -> bool:
    """False is a warning only: fictitious numbers fail the key. In Corsica A counts as 1 and B as 2."""
    if len(finess) != 9:
        return False
    return is_luhn_valid(_CORSICA.get(finess[:2], finess[:2]) + finess[2:])


def is_birth_place_code(code: str) -> bool:
    """An INSEE commune code, or 99xxx for a country."""
    return _COG.fullmatch(code) is not None


def normalised_name(name: str) -> str:
    """Capitals without diacritics; A-Z, space, hyphen and apostrophe only (RNIV, INS guide)."""
    spread = unicodedata.normalize("NFKD", name.translate(_LIGATURES))
    capitals = "".join(letter for letter in spread if not unicodedata.combining(letter)).upper()
    return _SPACES.sub(" ", _NOT_IN_A_NAME.sub(" ", capitals)).strip()

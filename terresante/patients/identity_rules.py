"""Checks on identities that need no database: INS, names (INTEROP.md 2 and 3)."""

import enum
import re
import unicodedata
from collections.abc import Collection
from datetime import date

from terresante.patients.enums import IdentityStatus, ProofDocument

_LIGATURES = str.maketrans(
    {"Œ": "OE", "œ": "OE", "Æ": "AE", "æ": "AE", "ß": "SS", "’": "'", "‘": "'", "`": "'"}
)
_NOT_IN_A_NAME = re.compile(r"[^A-Z' -]+")
_SPACES = re.compile(r" {2,}")
_NIR_BODY = re.compile(r"\d{5}(\d{2}|2A|2B)\d{6}", re.ASCII)
_COG = re.compile(r"(\d{2}|2A|2B)\d{3}", re.ASCII)
ADULT = 18
# RNIV: the documents that raise an identity by themselves; those of civil status do it for a child only, who often
# has no other. A driving licence, a military card or a third party's word never do.
_HIGH_TRUST = frozenset(
    {
        ProofDocument.IDENTITY_CARD,
        ProofDocument.PASSPORT,
        ProofDocument.RESIDENCE_PERMIT,
        ProofDocument.EUROPEAN_CARD,
        ProofDocument.ELECTRONIC_IDENTITY,
    }
)
_HIGH_TRUST_OF_A_CHILD = frozenset(
    {
        ProofDocument.FAMILY_BOOK,
        ProofDocument.BIRTH_EXTRACT,
        ProofDocument.BIRTH_CERTIFICATE,
        ProofDocument.MINOR_CIRCULATION,
    }
)
_STATUSES = {
    (False, False): IdentityStatus.PROVISIONAL,
    (False, True): IdentityStatus.RETRIEVED,
    (True, False): IdentityStatus.VALIDATED,
    (True, True): IdentityStatus.QUALIFIED,
}


class Attribute(enum.StrEnum):
    """RNIV: said of an identity beside its status."""

    HOMONYM = "homonym"
    DOUBTFUL = "doubtful"
    FICTITIOUS = "fictitious"


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
# Those of a person of the whole country: no hospital's own, however they are typed.
_NATIONAL = "1.2.250.1.213.1.4."
PRODUCTION_INS_KINDS = frozenset({InsKind.NIR, InsKind.NIA})


def is_national_authority(authority: str) -> bool:
    """An OID of the INS, of the INS-C or of health insurance; or their name, which some senders write alone."""
    return authority.startswith((_NATIONAL, "ASIP-SANTE-INS"))


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


def is_birth_place_code(code: str) -> bool:
    """An INSEE commune code, or 99xxx for a country."""
    return _COG.fullmatch(code) is not None


def normalised_name(name: str) -> str:
    """Capitals without diacritics; A-Z, space, hyphen and apostrophe only (RNIV, INS guide)."""
    spread = unicodedata.normalize("NFKD", name.translate(_LIGATURES))
    capitals = "".join(letter for letter in spread if not unicodedata.combining(letter)).upper()
    return _SPACES.sub(" ", _NOT_IN_A_NAME.sub(" ", capitals)).strip()


def shown_name(birth_name: str, used_name: str, birth_given_name: str, used_given_name: str) -> str:
    """« Madeleine LEROUX »: those of every day before those of the birth certificate."""
    return f"{(used_given_name or birth_given_name).title()} {used_name or birth_name}"


def status_of(*, is_proven: bool, is_returned: bool) -> IdentityStatus:
    """RNIV EXI SI 07: a document of high trust was checked; the INSi teleservice returned the identity."""
    return _STATUSES[is_proven, is_returned]


def is_proven(status: str) -> bool:
    return status in (IdentityStatus.VALIDATED, IdentityStatus.QUALIFIED)


def is_returned(status: str) -> bool:
    return status in (IdentityStatus.RETRIEVED, IdentityStatus.QUALIFIED)


def travels(status: str) -> bool:
    """Only a qualified identity takes its matricule along with data (INTEROP.md 2)."""
    return status == IdentityStatus.QUALIFIED


def wrong_attributes(attributes: Collection[Attribute], status: str) -> str:
    """Why these attributes cannot stand together or with this status; '' when they can.

    A homonym may have any status: it only asks for attention.
    """
    if Attribute.DOUBTFUL in attributes and Attribute.FICTITIOUS in attributes:
        return "Une identité fictive n’est pas douteuse : on sait qu’elle n’est à personne."
    if {Attribute.DOUBTFUL, Attribute.FICTITIOUS} & set(attributes) and status != IdentityStatus.PROVISIONAL:
        return "Une identité douteuse ou fictive reste provisoire."
    return ""


def is_high_trust(document: str, *, birth_date: date, today: date) -> bool:
    if document in _HIGH_TRUST:
        return True
    eighteenth = (birth_date.year + ADULT, birth_date.month, birth_date.day)
    return document in _HIGH_TRUST_OF_A_CHILD and (today.year, today.month, today.day) < eighteenth

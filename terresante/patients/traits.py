"""The five strict traits as they are entered or received, and their checks (INTEROP.md 2, MISSION A7)."""

import re
from dataclasses import dataclass
from datetime import date

from terresante.kernel.errors import Invalid
from terresante.patients.enums import IdentityStatus, Sex
from terresante.patients.identity_rules import is_birth_place_code, normalised_name

UNKNOWN_PLACE = "99999"
OLDEST = 130
DAY_FIRST = re.compile(r"\b(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})\b|\b(\d{2})(\d{2})(\d{4})\b", re.ASCII)
YEAR_FIRST = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b", re.ASCII)
_YEAR = re.compile(r"\b(\d{4})\b", re.ASCII)
# In letters; twice as many for all the given names together.
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    birth_name: str
    birth_given_names: str
    birth_date: date | None
    sex: str
    birth_place_code: str
    birth_place_name: str = ""
    used_name: str = ""
    used_given_name: str = ""
    lunar_birth_date: str = ""
    ins: str = ""
    ins_oid: str = ""
    identity_status: IdentityStatus = IdentityStatus.PROVISIONAL

    @property
    def first_given_name(self) -> str:
        return normalised_name(self.birth_given_names).split(" ")[0]


def strict_traits(traits: Traits) -> tuple[object, ...]:
    """What two identities have in common when their five traits are the same (INTEROP.md 2)."""
    return (
        normalised_name(traits.birth_name),
        normalised_name(traits.birth_given_names),
        traits.birth_date,
        traits.lunar_birth_date,
        traits.sex,
        traits.birth_place_code,
    )


@dataclass(frozen=True, slots=True)
class BirthDate:
    """`lunar` is what was said when the day or the month is not known: the date then holds the first."""

    day: date
    lunar: str = ""


def read_birth_date(text: str) -> BirthDate | None:
    """ "17/04/1958", "17041958", "1958-04-17"; "00/00/1950" or "1950" when day and month are unknown.

    Raises ValueError for a date that does not exist.
    """
    if found := YEAR_FIRST.search(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := DAY_FIRST.search(text):
        day, month, year = (int(part) for part in found.groups() if part is not None)
    elif found := _YEAR.search(text):
        day, month, year = 0, 0, int(found.group(1))
    else:
        return None
    if day and not month:
        raise ValueError("a day without its month")
    lunar = "" if day else f"{year:04d}-{month:02d}-00"
    return BirthDate(date(year, month or 1, day or 1), lunar)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    phone: str = ""
    email: str = ""
    address_line: str = ""
    postal_code: str = ""
    city: str = ""


def check_traits(traits: Traits, *, today: date) -> None:
    """Raises Invalid naming each field that is missing or impossible."""
    fields = {
        "birth_name": _wrong_name(traits.birth_name, missing="Indiquez le nom de naissance."),
        "birth_given_names": _wrong_name(
            traits.first_given_name, missing="Indiquez au moins le premier prénom de naissance."
        )
        or _too_long(traits.birth_given_names, most=2 * LONGEST_NAME),
        "used_name": _too_long(traits.used_name),
        "birth_date": _wrong_date(traits.birth_date, today),
        "lunar_birth_date": _wrong_lunar(traits),
        "sex": "" if traits.sex in Sex.values else "Indiquez le sexe : F, M, ou inconnu.",
        "birth_place_code": ""
        if is_birth_place_code(traits.birth_place_code)
        else f"Choisissez la commune ou le pays de naissance ; inconnu : {UNKNOWN_PLACE}.",
    }
    wrong = {name: sentence for name, sentence in fields.items() if sentence}
    if wrong:
        raise Invalid("Les cinq traits d’identité sont obligatoires.", fields=wrong)


def _wrong_name(text: str, *, missing: str) -> str:
    return _too_long(text) if normalised_name(text) else missing


def _too_long(text: str, *, most: int = LONGEST_NAME) -> str:
    """In its normalised form, where « ß » counts two."""
    return f"Ce nom dépasse {most} lettres." if len(normalised_name(text)) > most else ""


def _wrong_date(value: date | None, today: date) -> str:
    if value is None:
        return "Indiquez la date de naissance."
    if value > today:
        return "La date de naissance est dans le futur."
    return (
        "" if today.year - value.year <= OLDEST else f"La date de naissance remonte à plus de {OLDEST} ans."
    )


def _wrong_lunar(traits: Traits) -> str:
    """INSi takes the first for what is not known: the date and what was said must agree."""
    if not traits.lunar_birth_date or traits.birth_date is None:
        return ""
    try:
        said = read_birth_date(traits.lunar_birth_date)
    except ValueError:
        said = None
    agree = said is not None and said.lunar and said.day == traits.birth_date
    return "" if agree else "La date incomplète ne correspond pas à la date de naissance."

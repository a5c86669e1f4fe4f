"""The pivot identity of FranceConnect: civil status, which is four of our five traits as they are, and a place. Pure.

`family_name` is the birth name, `given_name` all given names; `birthplace` the COG code, empty for who was born abroad,
whose `birthcountry` then says where (99100 is France). `preferred_username`, the usage name, is no trait. FranceConnect
gives no matricule and qualifies nobody (INTEROP.md 9).
"""

from collections.abc import Mapping
from typing import Any

from terresante.patients.enums import Sex
from terresante.patients.identity_rules import is_birth_place_code, normalised_name
from terresante.patients.traits import LONGEST_NAME, Traits, read_birth_date

_FRANCE = "99100"
_SEXES = {"female": Sex.FEMALE, "male": Sex.MALE}


def read_pivot(claims: Mapping[str, Any]) -> Traits:
    """What could be read: a trait that is missing or wrong is empty, and `is_whole` says so."""
    try:
        born = read_birth_date(_text(claims, "birthdate")[:10])
    except ValueError:
        born = None
    return Traits(
        birth_name=_text(claims, "family_name")[:LONGEST_NAME],
        birth_given_names=_text(claims, "given_name")[: 2 * LONGEST_NAME],
        birth_date=born.day if born else None,
        lunar_birth_date=born.lunar if born else "",
        sex=_SEXES.get(_text(claims, "gender"), Sex.UNKNOWN),
        birth_place_code=_place(claims),
        used_name=_text(claims, "preferred_username")[:LONGEST_NAME],
    )


def is_whole(pivot: Traits) -> bool:
    """All five traits: some people have no given name at the civil status, and nobody is guessed."""
    return bool(
        normalised_name(pivot.birth_name)
        and pivot.first_given_name
        and pivot.birth_date is not None
        and pivot.sex != Sex.UNKNOWN
        and pivot.birth_place_code
    )


def _place(claims: Mapping[str, Any]) -> str:
    country = _text(claims, "birthcountry")
    code = _text(claims, "birthplace") if country in ("", _FRANCE) else country
    return code if is_birth_place_code(code) and code != _FRANCE else ""


def _text(claims: Mapping[str, Any], name: str) -> str:
    said = claims.get(name)
    return said.strip() if isinstance(said, str) else ""

"""What a document is the work of, and where: in words, for a specialty or a unit may tell of a restricted care."""

from collections.abc import Iterator

from terresante.directory.enums import UnitSensitivity
from terresante.directory.models import Unit
from terresante.interop.hl7v2.carried import Carried
from terresante.kernel.actor import Actor

_PHYSICIAN = "G15_10/"
# JDV_J01: a code may come without its words.
_PSYCHIATRY = "SM33 SM42 SM43 SM92 SM93 C47 C57 C58 DSM231 DEC24 G15_69".split()
_ADDICTOLOGY = "CAPA01 CAPA16 DSM200 DEC01 SST01".split()
_IN_WORDS = {
    **dict.fromkeys(_PSYCHIATRY, UnitSensitivity.PSYCHIATRY.label),
    **dict.fromkeys(_ADDICTOLOGY, UnitSensitivity.ADDICTOLOGY.label),
}


def specialty_of(actor: Actor, carried: Carried) -> str:
    """What its authors do and where the person was seen, as it is written and as its codes say it."""
    return " ".join(part for part in (*_said(carried), _declared(actor, carried.specialty)) if part)


def in_words(code: str) -> str:
    """'' for nearly every code of a specialty."""
    return _IN_WORDS.get(code.removeprefix(_PHYSICIAN), "")


def _said(carried: Carried) -> Iterator[str]:
    yield carried.specialty
    if carried.cda is None:
        return
    for each in carried.cda.header.authors:
        yield from (each.role.label, in_words(each.role.code))
    if carried.cda.header.encounter is not None:
        yield from (carried.cda.header.encounter.facility.label, carried.cda.header.encounter.facility_name)


def _declared(actor: Actor, ward: str) -> str:
    """What an administrator says of the unit of that code (PV1-3), as it decides for stays."""
    if not ward or actor.organization_id is None:
        return ""
    declared = Unit.objects.filter(organization_id=actor.organization_id, code=ward)
    unit = declared.exclude(sensitivity=UnitSensitivity.ORDINARY).first()
    return unit.get_sensitivity_display() if unit else ""

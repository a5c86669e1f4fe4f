"""Units of laboratories (UCUM): how they are said, and how one value reads in another unit. Pure.

A mass becomes an amount of substance by a molar mass: sums of the IUPAC standard atomic weights (2021); triglycerides
have no formula of their own, and laboratories take 875 g/mol. Anything else that is no plain prefix is not converted.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from terresante.terminology.enums import LOINC

_PREFIXES = {
    "k": 3,
    "": 0,
    "d": -1,
    "c": -2,
    "m": -3,
    "u": -6,
    "µ": -6,
    "n": -9,
    "p": -12,
    "f": -15,
}
_CONCENTRATION = re.compile(r"([kdcmuµnpf]?)(g|mol|\[IU\]|\[iU\]|IU|UI|U|eq)/([dcmuµn]?)L")
_COUNT = re.compile(r"(?:10[*^](\d{1,2})|(\{[^}]*\})?)/([dcmuµn]?)L")
# As laboratories write them in HL7 v2, where no list of units is imposed: « g/l », « 10^9/l », « G/L », « /mm3 ».
_LITRE = re.compile(r"/([dcmuµn]?)l$")
_CUBIC = re.compile(r"/mm(\^?3|³)$")
_SAME_AS = {
    **dict.fromkeys(("G/L", "Giga/L", "giga/L", "10e9/L", "10E9/L"), "10*9/L"),
    **dict.fromkeys(("T/L", "Tera/L", "tera/L", "10e12/L", "10E12/L"), "10*12/L"),
}
_ANNOTATION = re.compile(r"\{[^}]*\}")
_SIGNIFICANT = 3
_SHOWN = {
    "10*9/L": "G/L",
    "10*3/uL": "G/L",
    "10*12/L": "T/L",
    "10*6/uL": "T/L",
    "mL/min/{1.73_m2}": "mL/min/1,73 m²",
    "mL/min/1.73m2": "mL/min/1,73 m²",
    "m[IU]/L": "mUI/L",
    "u[IU]/mL": "µUI/mL",
    "[pH]": "",
    "Cel": "°C",
}


@dataclass(frozen=True, slots=True)
class Analyte:
    """One thing measured, whatever the unit it is reported in. `molar_mass` is in g/mol; None where none applies."""

    key: str
    codes: tuple[str, ...]
    molar_mass: Decimal | None = None


# LOINC codes of one analyte: its mass and its substance concentrations (serum or plasma, blood for haemoglobin).
ANALYTES = (
    Analyte("glucose", ("2345-7", "14749-6"), Decimal("180.156")),
    Analyte("glucose-a-jeun", ("1558-6", "14771-0", "40193-5", "53049-3"), Decimal("180.156")),
    Analyte("creatinine", ("2160-0", "14682-9"), Decimal("113.12")),
    Analyte("uree", ("3091-6", "22664-7"), Decimal("60.056")),
    Analyte("acide-urique", ("3084-1", "14933-6"), Decimal("168.11")),
    Analyte("cholesterol", ("2093-3", "14647-2"), Decimal("386.66")),
    Analyte("cholesterol-hdl", ("2085-9", "14646-4"), Decimal("386.66")),
    Analyte("cholesterol-ldl", ("13457-7", "39469-2", "2089-1", "22748-8"), Decimal("386.66")),
    Analyte("triglycerides", ("2571-8", "14927-8"), Decimal("875")),
    Analyte("calcium", ("17861-6", "2000-8"), Decimal("40.078")),
    Analyte("bilirubine", ("1975-2", "14631-6"), Decimal("584.67")),
    Analyte("hemoglobine", ("718-7", "20509-6")),
)
_BY_CODE = {code: analyte for analyte in ANALYTES for code in analyte.codes}
_BY_KEY = {analyte.key: analyte for analyte in ANALYTES}
LOINC_NAMES = frozenset({LOINC, "LN", "LOINC", "http://loinc.org"})


def analyte_key(code: str, system: str, label: str) -> str:
    """The same for the same thing in every report; '' when nothing says what it is."""
    if code and system in LOINC_NAMES:
        found = _BY_CODE.get(code)
        return found.key if found else f"loinc {code}"
    if code:
        return f"{system} {code}"[:160]
    said = " ".join(label.casefold().split())
    return f"dit {said}"[:160] if said else ""


def molar_mass_of(key: str) -> Decimal | None:
    found = _BY_KEY.get(key)
    return found.molar_mass if found else None


def converted(value: Decimal, unit: str, wanted: str, *, molar_mass: Decimal | None = None) -> Decimal | None:
    """The value in the wanted unit, to three significant digits; as it is in the same unit, None when it cannot be."""
    if unit == wanted or shown_unit(unit) == shown_unit(wanted):
        return value
    here, there = _scale(unit), _scale(wanted)
    if here is None or there is None:
        return None
    base, power = here
    wanted_base, wanted_power = there
    if base != wanted_base:
        if molar_mass is None or {base, wanted_base} != {"g", "mol"}:
            return None
        value = value / molar_mass if base == "g" else value * molar_mass
    return _rounded(value.scaleb(power - wanted_power))


def _scale(unit: str) -> tuple[str, int] | None:
    """The base unit per litre, and the power of ten."""
    unit = _CUBIC.sub("/uL", _plain(unit))
    found = _CONCENTRATION.fullmatch(unit)
    if found:
        base = "[IU]" if found[2] in ("[iU]", "IU", "UI") else found[2]
        return base, _PREFIXES[found[1]] - _PREFIXES[found[3]]
    counted = _COUNT.fullmatch(unit)
    return ("1", int(counted[1] or 0) - _PREFIXES[counted[3]]) if counted else None


def _plain(unit: str) -> str:
    """In one spelling."""
    said = _LITRE.sub(r"/\1L", unit.strip()).replace("10^", "10*")
    return _SAME_AS.get(said, said)


def _rounded(value: Decimal) -> Decimal:
    if not value:
        return Decimal(0)
    step = value.adjusted() - _SIGNIFICANT + 1
    return value.quantize(Decimal(1).scaleb(step)).normalize() + 0


def shown_unit(unit: str) -> str:
    """As a French report writes it."""
    unit = _plain(unit)
    known = _SHOWN.get(unit)
    if known is not None:
        return known
    said = _ANNOTATION.sub("", unit).strip()
    said = said.replace("[IU]", "UI").replace("[iU]", "UI").replace("10*", "10^")
    said = said.replace("mm[Hg]", "mmHg")
    parts = said.split("/")
    parts = [f"µ{part[1:]}" if len(part) > 1 and part[0] == "u" else part for part in parts]
    return "/".join(parts)


def said_number(value: Decimal) -> str:
    """« 4,89 »: without an exponent."""
    return f"{value:f}".replace(".", ",")

from decimal import Decimal

import pytest

from terresante.results.units import (
    ANALYTES,
    analyte_key,
    converted,
    molar_mass_of,
    said_number,
    shown_unit,
)

# (value, unit, wanted, analyte, what laboratories print)
CONVERSIONS = [
    ("5.5", "mmol/L", "g/L", "glucose", "0.991"),
    ("0.88", "g/L", "mmol/L", "glucose-a-jeun", "4.88"),
    ("88", "umol/L", "mg/L", "creatinine", "9.95"),
    ("10", "mg/L", "umol/L", "creatinine", "88.4"),
    ("0.60", "g/L", "mmol/L", "uree", "9.99"),
    ("1.90", "g/L", "mmol/L", "cholesterol", "4.91"),
    ("0.62", "g/L", "mmol/L", "triglycerides", "0.709"),
    ("100", "mg/L", "mmol/L", "calcium", "2.5"),
    ("13.4", "g/dL", "g/L", "hemoglobine", "134"),
    ("98", "g/L", "g/dL", "hemoglobine", "9.8"),
    ("5", "ng/mL", "ug/L", "", "5"),
    ("8200", "/uL", "10*9/L", "", "8.2"),
    ("2.5", "m[IU]/L", "u[IU]/mL", "", "2.5"),
    ("88", "umol/l", "mg/l", "creatinine", "9.95"),
    ("13.4", "g/dl", "g/L", "hemoglobine", "134"),
    ("245000", "/mm3", "G/L", "", "245"),
    ("8.2", "10^9/L", "/uL", "", "8200"),
]


@pytest.mark.parametrize(("value", "unit", "wanted", "key", "expected"), CONVERSIONS)
def test_a_value_reads_in_another_unit_as_laboratories_print_it(value, unit, wanted, key, expected):
    assert converted(Decimal(value), unit, wanted, molar_mass=molar_mass_of(key)) == Decimal(expected)


@pytest.mark.parametrize(
    ("unit", "wanted", "key"),
    [
        ("mmol/L", "g/L", ""),
        ("%", "g/L", "glucose"),
        ("g/L", "U/L", "glucose"),
        ("n’importe", "g/L", "glucose"),
    ],
)
def test_what_nothing_relates_is_not_converted(unit, wanted, key):
    assert converted(Decimal(1), unit, wanted, molar_mass=molar_mass_of(key)) is None


def test_a_value_in_its_own_unit_keeps_all_its_digits():
    assert converted(Decimal("1.950"), "m[IU]/L", "mUI/L") == Decimal("1.950")


def test_two_codes_of_one_examination_are_one_series_and_others_are_apart():
    loinc = "2.16.840.1.113883.6.1"
    assert analyte_key("2160-0", loinc, "") == analyte_key("14682-9", "LN", "") == "creatinine"
    assert analyte_key("3016-3", loinc, "TSH") == "loinc 3016-3"
    assert analyte_key("1234", "1.2.3", "CRP") != analyte_key("1234", "1.2.4", "CRP")
    assert analyte_key("", "", " CRP  us ") == analyte_key("", "", "crp us") == "dit crp us"
    assert analyte_key("", "", "") == ""
    codes = [code for analyte in ANALYTES for code in analyte.codes]
    assert len(codes) == len(set(codes))


def test_units_are_said_as_a_french_report_writes_them():
    said = [shown_unit(unit) for unit in ("umol/L", "10*9/L", "m[IU]/L", "{ratio}", "ug/mL", "mm[Hg]", "%")]
    assert said == ["µmol/L", "G/L", "mUI/L", "", "µg/mL", "mmHg", "%"]
    assert {shown_unit(unit) for unit in ("G/L", "10^9/l", "10*3/uL", "giga/L")} == {"G/L"}
    assert said_number(Decimal("4.89")) == "4,89"

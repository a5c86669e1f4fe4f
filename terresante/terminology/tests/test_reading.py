"""Files of published lists, and what only looks like one."""

import random

import pytest

from terresante.terminology.enums import Format
from terresante.terminology.reading import MOST_REMARKS, NotASet, read_set, short_name_of
from terresante.terminology.tests import lists

DOCTOR = ("G15_10/SM26", "Médecin - Médecine générale")


def test_an_svs_file_is_read_with_its_version_and_its_codes():
    found = read_set(lists.svs(DOCTOR, ("G15_60", "Infirmier")), "JDV_J01.xml")

    assert (found.identifier, found.short_name) == ("1.2.250.1.999.1", "J01-XDSAUTHORSPECIALTY")
    assert (found.format, str(found.published_on)) == (Format.SVS, "2026-01-15")
    assert [(each.code, each.label) for each in found.codes] == [DOCTOR, ("G15_60", "Infirmier")]
    assert found.rejected == ()


@pytest.mark.parametrize("expanded", [False, True])
def test_a_fhir_value_set_is_read_from_what_it_includes_or_from_its_expansion(expanded):
    found = read_set(lists.value_set(("N", "Normal"), expanded=expanded), "j08.json")

    assert (found.format, found.short_name) == (Format.VALUE_SET, "J08-XDSCONFIDENTIALITYCODE")
    assert [(each.code, each.system) for each in found.codes] == [("N", "1.2")]


def test_a_code_system_says_its_french_designation_first():
    raw = lists.code_system(("a", "First")).replace(
        b'"display": "First"',
        b'"display": "First", "designation": [{"language": "fr-FR", "value": "Premier"}]',
    )

    assert [each.label for each in read_set(raw, "tre.json").codes] == ["Premier"]


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_file_of_loinc_names_is_read(separator):
    raw = f"LOINC_NUM{separator}LONG_COMMON_NAME\n718-7{separator}Hémoglobine\n,rien\n".replace(
        ",rien", f"{separator}rien"
    )

    found = read_set(raw.encode(), "frFR18LinguisticVariant.csv")

    assert (found.short_name, found.format) == ("LOINC", Format.LOINC)
    assert [(each.code, each.label) for each in found.codes] == [("718-7", "Hémoglobine")]
    assert found.rejected == ("ligne 3 : le code ou le libellé manque",)


def test_lines_that_are_wrong_are_left_out_with_their_reason():
    twice = lists.svs(DOCTOR, ("", "Sans code"), ("G15_10/SM26", "Un autre nom"), DOCTOR, ("X" * 200, "Long"))

    found = read_set(twice, "x.xml")

    assert len(found.codes) == 1
    assert found.rejected == (
        "ligne 2 : le code ou le libellé manque",
        "ligne 3 : G15_10/SM26 est déjà là, avec un autre libellé",
        "ligne 5 : le code ou son système est trop long",
    )
    many = read_set(lists.svs(DOCTOR, *[("", "x")] * 500), "x.xml")
    assert len(many.rejected) == MOST_REMARKS


NOT_SETS = {
    "nothing": b"",
    "a sentence": b"Ceci n'est pas une nomenclature",
    "another XML": b"<html/>",
    "broken XML": lists.svs(DOCTOR)[:-30],
    "an entity": lists.svs(DOCTOR).replace(b"<Retrieve", b"<!DOCTYPE a [<!ENTITY b 'c'>]><Retrieve"),
    "broken JSON": b'{"resourceType": ',
    "a deep JSON": b'{"a":' * 100_000,
    "another resource": b'{"resourceType": "Patient"}',
    "no identifier": lists.svs(DOCTOR, oid=""),
    "no code": lists.svs(),
    "LOINC without a name": b"LOINC_NUM,COMPONENT\n718-7,x\n",
    "LOINC in another encoding": "LOINC_NUM,LONG_COMMON_NAME\n718-7,Hémoglobine\n".encode("latin-1"),
}


@pytest.mark.parametrize("raw", NOT_SETS.values(), ids=NOT_SETS)
def test_what_is_no_list_gets_a_sentence(raw):
    with pytest.raises(NotASet) as refusal:
        read_set(raw, "fichier")

    assert refusal.value.sentence.endswith(".")


def test_a_list_has_one_name_in_every_spelling():
    spellings = (
        "JDV_J07-XdsTypeCode-CISIS",
        "JDV_J07_XdsTypeCode_CISIS.tabs",
        "JDV_J07-XdsTypeCode_CISIS.xml",
        "jdv-j07-xdstypecode-cisis",
    )

    assert {short_name_of(each) for each in spellings} == {"J07-XDSTYPECODE"}


def test_a_damaged_file_is_read_or_refused_with_a_sentence():
    chance = random.Random("lists")  # a reproducible damage
    sources = (lists.svs(DOCTOR), lists.value_set(("N", "Normal")), lists.code_system(("a", "b")))
    for _ in range(400):
        raw = bytearray(chance.choice(sources))
        for _ in range(chance.randint(1, 5)):
            raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        try:
            assert read_set(bytes(raw), "x").codes
        except NotASet as refusal:
            assert refusal.sentence

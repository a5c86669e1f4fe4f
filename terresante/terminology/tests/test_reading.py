"""Files of published lists, and what only looks like one."""

import json
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


_FHIR = '<{0} xmlns="http://hl7.org/fhir"><url value="https://x.invalid/L"/><name value="JDV_J09-Essai"/>{1}</{0}>'


def test_the_xml_form_of_a_fhir_list_says_the_same():
    concepts = "".join(
        f'<concept><code value="{code}"/><display value="{code}"/><designation><language value="fr-FR"/>'
        f'<value value="Mot {code}"/></designation></concept>'
        for code in ("a", "b")
    )
    system = '<system value="urn:oid:1.2"/>'
    raw = _FHIR.format("ValueSet", f"<compose><include>{system}{concepts}</include></compose>")
    nested = f'<concept><code value="c"/><display value="C"/>{concepts}</concept>'

    found = read_set(raw.encode(), "j09.xml")
    inside = read_set(_FHIR.format("CodeSystem", nested).encode("utf-16"), "tre.xml")

    assert (found.format, found.short_name) == (Format.VALUE_SET, "J09-ESSAI")
    assert [(each.code, each.system, each.label) for each in found.codes] == [
        ("a", "1.2", "Mot a"),
        ("b", "1.2", "Mot b"),
    ]
    assert [each.code for each in inside.codes] == ["c", "a", "b"]


TABS = """<OID>;<Type fichier>;<Nom fichier>;<Description>;<URL fichier>;<Date valid>;<Date fin>;<Date MàJ>
1.2.250.1.999.1;JDV;JDV_J09-Essai-CISIS.tabs;Un essai;https://exemple.invalid;20101116000000;;20260424120000
{columns}
{lines}
"""
_FULL = "<OID>;<Code>;<Libellé adapté>;<Libellé court>;<Libellé long>;<Date valid>;<Date fin>;<Date MàJ>"


@pytest.mark.parametrize("letters", ["utf-8", "latin-1"])
@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        ("<OID>;<Code>;<Libellé>", '1.2;a;Été\n1.3;b;"Un ; deux"\n'),
        (_FULL, '1.2;a;Été;É;Été;20070725;;20160901\n1.3;b;;Un;"Un ; deux";20070725;;20160901\n'),
    ],
    ids=["a value set", "a terminology"],
)
def test_a_tabs_file_is_read_with_its_version_and_its_codes(letters, columns, lines):
    found = read_set(TABS.format(columns=columns, lines=lines).encode(letters), "x.tabs")

    assert (found.identifier, found.short_name, found.format) == ("1.2.250.1.999.1", "J09-ESSAI", Format.TABS)
    assert (str(found.published_on), found.title) == ("2026-04-24", "Un essai")
    assert [(each.code, each.system, each.label) for each in found.codes] == [
        ("a", "1.2", "Été"),
        ("b", "1.3", "Un ; deux"),
    ]


def test_the_oid_that_a_fhir_list_says_beside_its_codes_is_that_of_their_system():
    told = json.loads(lists.value_set(("N", "Normal")))
    (code,) = told["compose"]["include"][0]["concept"]
    code["designation"] = [{"use": {"code": "OID"}, "value": "urn:oid:1.9"}]

    (found,) = read_set(json.dumps(told).encode(), "x").codes

    assert (found.system, found.label) == ("1.9", "Normal")


def test_what_a_list_excludes_is_not_of_it_and_a_heading_is_no_code():
    told = json.loads(lists.value_set(("N", "Normal"), ("V", "Très restreint")))
    told["compose"]["exclude"] = [{"system": "urn:oid:1.2", "concept": [{"code": "V"}]}]
    headed = json.loads(lists.value_set(("N", "Normal"), expanded=True))
    headed["expansion"]["contains"] = [{"abstract": True, "contains": headed["expansion"]["contains"]}]

    assert [each.code for each in read_set(json.dumps(told).encode(), "x").codes] == ["N"]
    assert [each.code for each in read_set(json.dumps(headed).encode(), "x").codes] == ["N"]


def test_several_lists_answered_at_once_are_told_and_one_alone_is_read():
    one = (
        lists.svs(DOCTOR)
        .replace(b"ValueSet id", b"DescribedValueSet id")
        .replace(b"</ValueSet>", b"</DescribedValueSet>")
    )

    assert len(read_set(one, "x.xml").codes) == 1
    start, end = one.index(b"<Described"), one.index(b"</Retrieve")
    with pytest.raises(NotASet, match="2 listes"):
        read_set(one[:end] + one[start:], "x.xml")


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
    "tabs without a code": TABS.format(columns="<OID>;<Code>;<Libellé>", lines="").encode(),
    "tabs of one endless line": TABS.format(columns="<OID>;<Code>;<Libellé>", lines="x" * 200_000).encode(),
    "a head of tabs alone": b"<OID>;<Type fichier>",
    "a list by a rule": json.dumps(
        {
            **json.loads(lists.value_set(("N", "Normal"))),
            "compose": {"include": [{"system": "urn:oid:1.2", "filter": [{"property": "x"}]}]},
        }
    ).encode(),
    "an entity in UTF-16": lists.svs(DOCTOR)
    .decode()
    .replace("UTF-8", "UTF-16")
    .replace("<Retrieve", "<!DOCTYPE a><Retrieve")
    .encode("utf-16"),
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

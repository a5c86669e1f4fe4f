import base64
from datetime import date

import pytest

from terresante.interop.cda.body import all_sections, content_of, paper_of, read_cda
from terresante.interop.cda.model import Coded, InstanceId
from terresante.interop.cda.parsing import LARGEST, MOST_ELEMENTS, Flaw, NotCda, one
from terresante.interop.cda.tests import letters
from terresante.interop.cda.tests.letters import AT, PDF
from terresante.interop.cda.words import Words

BOMB = "".join(f'<!ENTITY b{n} "&b{n - 1};&b{n - 1};&b{n - 1};">' for n in range(1, 30))


def flaw_of(raw):
    with pytest.raises(NotCda) as caught:
        read_cda(raw)
    return caught.value.flaw


def changed(old, new, raw=None):
    before = letters.structured() if raw is None else raw
    after = before.replace(old.encode(), new.encode())
    assert after != before
    return after


def test_the_header_is_read():
    header = read_cda(letters.structured(set_id="1.2.250.1.999.9", version=2, replaces="1.2.3.4")).header

    assert header.identifier == InstanceId("1.2.250.1.999.9.1")
    assert header.type == Coded("11490-0", "2.16.840.1.113883.6.1", "Lettre de liaison à la sortie")
    assert (header.title, header.dated_at, header.confidentiality) == ("Lettre de liaison", AT, ("N",))
    assert (str(header.set_id), header.version, header.replaced) == (
        "1.2.250.1.999.9",
        2,
        (InstanceId("1.2.3.4"),),
    )
    assert [author.signature for author in header.authors] == ["Dr Paul MARTEL, Hôpital Saint-Martin"]
    assert header.authenticator is not None and header.authenticator.at == AT
    assert header.custodian is not None and header.custodian.organization == "Hôpital Saint-Martin"
    assert [one.ids for one in header.recipients] == [(InstanceId("1.2.250.1.71.4.2.1", "810000000025"),)]
    assert header.encounter is not None and header.encounter.period.start == AT


def test_the_patient_is_read_with_every_number_and_the_five_traits():
    patient = read_cda(letters.structured()).header.patient

    assert patient.ids == (
        InstanceId("1.2.250.1.213.1.4.10", "250027737900187"),
        InstanceId("1.2.250.1.999.1", "P1"),
    )
    assert (patient.birth_name, patient.given_names, patient.first_given) == (
        "ESSAI",
        "CLAIRE ANNE",
        "CLAIRE",
    )
    assert patient.birth_date is not None and patient.birth_date.value == date(1950, 2, 3)
    assert (patient.sex, patient.birth_place_code) == ("F", "77379")


def test_a_document_of_level_one_is_its_file():
    read = read_cda(letters.whole())
    paper = paper_of(read.body)

    assert read.body.level == 1
    assert paper is not None and content_of(paper) == PDF


def test_a_document_of_level_three_is_its_sections_and_their_order():
    read = read_cda(letters.structured(pdf=PDF))
    titles = [section.title for section in all_sections(read.body.sections)]
    paper = paper_of(read.body)

    assert read.body.level == 3
    assert titles == [
        "Motif d’hospitalisation",
        "Antécédents",
        "Traitements à la sortie",
        "Copie du document",
    ]
    assert paper is not None and content_of(paper) == PDF


def test_a_document_without_a_copy_has_no_paper():
    assert paper_of(read_cda(letters.structured()).body) is None
    assert paper_of(read_cda(letters.whole(media_type="text/rtf")).body) is None


def test_the_document_is_found_wherever_it_stands():
    inside = letters.structured().split(b"?>\n")[-1]
    sheet = b'<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform"><x:variable>%s</x:variable></x:stylesheet>'

    assert read_cda(sheet % inside).header == read_cda(letters.structured()).header


@pytest.mark.parametrize("codec", ["utf-16", "iso-8859-15"])
def test_the_character_set_is_the_one_the_document_declares(codec):
    raw = letters.structured().decode().replace("’", "'").replace("UTF-8", codec).encode(codec)

    assert read_cda(raw).header.type.label == "Lettre de liaison à la sortie"


def test_a_reference_leads_to_the_narrative():
    read = read_cda(changed("<paragraph", '<content><reference value="#m1"/></content><paragraph'))
    content = next(each for each in read.element.iter() if each.find("{*}reference") is not None)

    words = Words(read.element)

    assert words.said(content) == "Douleur & fièvre"
    assert words.said(one(read.element, "title")) == "Lettre de liaison"
    assert words.said(None) == ""


@pytest.mark.parametrize(
    ("raw", "flaw"),
    [
        (b" \n", Flaw.EMPTY),
        (b"Document medical au format CDA niveau 1", Flaw.MALFORMED),
        (b"%PDF-1.4", Flaw.MALFORMED),
        (letters.structured()[:900], Flaw.MALFORMED),
        (b"<a>" * 5000, Flaw.TOO_DEEP),
        (b"<a>" + b"<b/>" * (MOST_ELEMENTS + 70_000) + b"</a>", Flaw.TOO_MANY),
        (b"<a/>".ljust(LARGEST + 1), Flaw.TOO_LARGE),
        (b"<a xmlns='urn:hl7-org:v2'><ClinicalDocument/></a>", Flaw.NO_DOCUMENT),
        (
            b"<a>%s%s</a>" % ((letters.structured().split(b"?>\n")[-1],) * 2),
            Flaw.SEVERAL_DOCUMENTS,
        ),
        (changed('<id root="1.2.250.1.999.9.1"/>', ""), Flaw.NO_IDENTIFIER),
        (changed('code="11490-0"', 'nullFlavor="UNK"'), Flaw.NO_TYPE),
        (changed("20260312093000+0100", "hier"), Flaw.NO_DATE),
        (changed("recordTarget", "recordtarget"), Flaw.NO_PATIENT),
        (changed("structuredBody", "otherBody"), Flaw.NO_BODY),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_document_is_refused_with_its_reason(raw, flaw):
    assert flaw_of(raw) == flaw


def test_a_piece_longer_than_is_read_is_said_to_be_so_and_not_to_be_bad_xml():
    raw = changed("Asthme", "x" * 10_100_000)

    with pytest.raises(NotCda) as caught:
        read_cda(raw)

    assert (caught.value.flaw, "7,5 Mo" in caught.value.sentence) == (Flaw.TOO_LONG, True)


@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_an_entity_is_refused_whatever_the_character_set(codec):
    """Written as an attack would: nothing is expanded, read or fetched before it is refused."""
    for declared in (
        BOMB,
        '<!ENTITY b29 SYSTEM "file:///etc/hostname">',
        '<!ENTITY % p SYSTEM "http://x.invalid/">',
    ):
        text = letters.structured().decode().split("?>\n")[-1].replace("Asthme", "&b29;")
        head = f'<?xml version="1.0" encoding="{codec}"?><!DOCTYPE d [<!ENTITY b0 "a">{declared}]>'

        assert flaw_of((head + text).encode(codec)) in (Flaw.DOCTYPE, Flaw.MALFORMED)


@pytest.mark.parametrize(
    ("sent", "is_read"), [("JVBE Rg\n==", True), ("JVBERg", True), ("JV*ERg==", False), ("J", False)]
)
def test_base64_is_read_with_its_blanks_and_nothing_else(sent, is_read):
    whole = base64.b64encode(PDF).decode()
    read = read_cda(changed(whole, sent, letters.whole()))
    paper = paper_of(read.body)
    assert paper is not None
    if is_read:
        assert content_of(paper) == b"%PDF"[:4]
    else:
        with pytest.raises(NotCda) as caught:
            content_of(paper)
        assert caught.value.flaw == Flaw.BASE64


def test_a_refusal_quotes_nothing_of_the_document():
    with pytest.raises(NotCda) as caught:
        read_cda(changed("<title>", "<title"))

    assert "ligne" in caught.value.sentence
    assert "Lettre" not in caught.value.sentence

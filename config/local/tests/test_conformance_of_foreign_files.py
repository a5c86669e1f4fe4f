"""A folder may hold anything: no file of it stops the conformance, each is expected to be answered as it deserves."""

import json
import re
from io import StringIO
from zipfile import ZipFile

import pytest
from django.core.management import call_command

from simulators.conformance.papers import papers_of
from simulators.conformance.resources import published_in, sendings_of
from terresante.interop.cda.tests import letters
from terresante.interop.hl7v2.tests.messages import adt, pid

pytestmark = pytest.mark.commits

STYLESHEET = '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:n="urn:hl7-org:v3"/>'


@pytest.fixture(autouse=True)
def _files(tmp_path_factory, settings):
    location = tmp_path_factory.mktemp("files")
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {"BACKEND": backend, "OPTIONS": {"location": location}},
    }


def conformance(folder, kind):
    said = StringIO()
    call_command(f"conformance_{kind}", folder, stdout=said)
    return said.getvalue().splitlines()


def written(folder, **files):
    for name, raw in files.items():
        (folder / name.replace("__", ".")).write_bytes(raw)
    return folder


def test_an_answer_is_read_in_the_separators_of_its_message(tmp_path):
    other = adt("A28", pv1=None, zbe=None).translate(bytes.maketrans(b"|^~", b"!:*"))

    said = conformance(written(tmp_path, one__hl7=other), "in_database")

    assert said[-1] == "1 fichiers conformes."


def test_a_message_that_names_no_authority_is_refused_at_some_door(tmp_path):
    said = conformance(written(tmp_path, one__hl7=adt(pid=pid(f3="123"))), "in_database")

    assert said[-1] == "1 fichiers conformes."


def test_documents_are_read_whatever_their_form_and_what_is_none_is_left_or_refused(tmp_path):
    first = letters.structured()
    folder = written(
        tmp_path,
        a__xml=first,
        b__xml=letters.structured(title="Autre contenu, même identifiant"),
        c__XML=letters.structured(identifier="1.2.3.77"),
        d__xml=letters.structured(identifier="1.2.3.78")
        .decode()
        .replace("UTF-8", "UTF-16", 1)
        .encode("utf-16"),
        e__xml=letters.structured(identifier="1.2.3.79")[:-20],
        f__xml=letters.structured(identifier="1.2.3.80", code="EXPORT_DUI"),
        g__xml=letters.whole(identifier="1.2.3.81", pdf=b"Bonjour"),
        h__xml=STYLESHEET.replace("/>", "><!-- ClinicalDocument --></xsl:stylesheet>").encode(),
    )

    said = conformance(folder, "of_documents")

    assert [paper.name for paper in papers_of(folder)] == [f"{name}.xml" for name in "ab"] + [
        "c.XML",
        *(f"{name}.xml" for name in "defg"),
    ]
    assert said[-1] == "7 documents conformes."
    total = next(line for line in said if line.startswith("total")).split()
    assert total[:5] == ["total", "7", "4", "3", "·"]


def test_documents_of_an_archive_and_of_prefixed_names_are_read(tmp_path):
    """IHE XDM, as a mail of MSSanté carries it; and `<hl7:ClinicalDocument>`, as some write it."""
    said = letters.structured(identifier="1.2.3.91").decode().replace('xmlns="urn', 'xmlns:hl7="urn')
    folder = written(tmp_path, b__xml=re.sub(r"<(/?)(?=[A-Za-z])", r"<\1hl7:", said).encode())
    with ZipFile(folder / "IHE_XDM.ZIP", "w") as archive:
        archive.writestr("README.TXT", "ClinicalDocument urn:hl7-org:v3")
        archive.writestr("IHE_XDM/SUBSET01/METADATA.XML", "<SubmitObjectsRequest/>")
        archive.writestr("IHE_XDM/SUBSET01/DOC0001.XML", letters.structured(identifier="1.2.3.92"))

    found = conformance(folder, "of_documents")

    assert [paper.name for paper in papers_of(folder)] == [
        "IHE_XDM.ZIP/IHE_XDM/SUBSET01/DOC0001.XML",
        "b.xml",
    ]
    assert found[-1] == "2 documents conformes."


def test_a_second_message_under_an_order_completes_what_the_first_gave(tmp_path):
    """A value at another hour is one more; the value that an announced result waited for takes its place."""
    head = (
        r"MSH|^~\&|SIL|LABO|TERR|TEST|20260409140{n}00||ORU^R01^ORU_R01|H{n}|P|2.5|||||FRA|UNICODE UTF-8",
        "PID|||P1^^^HOPITAL-T&750000222&N^PI||ESSAI^CLAIRE^CLAIRE^^^^L||19560214|F|||^^^^^^BDL^^77379",
        "OBR|1||R1|58410-2^NFS^LN|||20260409080000",
    )
    obx = "OBX|{rank}|NM|{code}^x^LN||{value}|g/L|||||{status}|||20260409{hour}0000"

    def message(number, *results):
        rows = [
            obx.format(rank=rank, code=code, value=value, status=status, hour=hour)
            for rank, (code, value, status, hour) in enumerate(results, start=1)
        ]
        return "\r".join((*head, *rows)).replace("{n}", str(number)).encode()

    folder = written(
        tmp_path,
        a__hl7=message(1, ("718-7", "", "I", "06"), ("6690-2", "8.1", "P", "06")),
        b__hl7=message(2, ("718-7", "98", "F", "08"), ("6690-2", "8.2", "F", "08")),
    )

    said = conformance(folder, "of_results")

    assert [line.split()[:3] for line in said[:2]] == [["2", "sur", "2"], ["3", "sur", "3"]]


def test_results_of_words_alone_are_results_and_those_without_a_number_are_refused(tmp_path):
    head = (
        r"MSH|^~\&|SIL|LABO|TERR|TEST|20260409140000||ORU^R01^ORU_R01|{n}|P|2.5|||||FRA|UNICODE UTF-8",
        "PID|||P1^^^HOPITAL-T&750000222&N^PI||ESSAI^CLAIRE^CLAIRE^^^^L||19560214|F|||^^^^^^BDL^^77379",
        "OBR|1||{report}|630-4^ECBU^LN|||20260409080000",
        "OBX|1|CE|630-4^Germe^LN||NEG^négatif^L~NEG2^stérile^L||||||F",
    )
    raw = "\r".join(head)
    folder = written(
        tmp_path,
        a__hl7=raw.format(n="H1", report="R1").encode(),
        b__hl7=raw.format(n="H2", report="").encode(),
        c__hl7=raw.format(n="", report="R3").encode(),
    )

    said = conformance(folder, "of_results")

    assert said[-1] == "3 comptes rendus de biologie, 1 résultats conformes."


def test_resources_of_any_kind_are_sent_and_what_is_no_resource_is_not(tmp_path):
    folder = tmp_path / "fhir_frcore_patient"
    folder.mkdir()
    lot = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Basic"}}],
    }
    written(
        folder,
        a__json=json.dumps({"resourceType": "Patient", "birthDate": "1948-07"}).encode("utf-8-sig"),
        b__json=json.dumps(lot).encode(),
        c__json=b"{",
        d__json=b"[1]",
        e__json=json.dumps({"resourceType": "DocumentReference", "status": "current"}).encode(),
    )

    sent = {
        each.name.split("/")[1][0]: each.expected for each in sendings_of(published_in(tmp_path), b"%PDF-")
    }

    place = "DocumentReference.context.sourcePatientInfo"
    assert {name: (each.status, each.where) for name, each in sent.items()} == {
        "a": (422, f"{place}.name"),
        "b": (422, "Bundle.entry[0].resource"),
        "e": (422, "DocumentReference.masterIdentifier.value"),
    }

"""Resources like the published ones go through the HTTP door; another answer than the expected one is a failure."""

import json
import socket
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from simulators.conformance import resources
from simulators.hospital.messages import Authority, Person
from simulators.partner.resources import Document, document_list, document_reference, patient

pytestmark = pytest.mark.commits

PERSON = Person(
    ipp="A1",
    birth_name="ESSAI",
    given="CLAIRE ANNE",
    birth_date="1950-02-03",
    sex="F",
    birth_place="77379",
    authority=Authority("CABINET", "1.2.250.1.71.9"),
)


@pytest.fixture
def folder(tmp_path, settings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings.BASE_URL = f"http://127.0.0.1:{probe.getsockname()[1]}"
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        },
    }
    paper = Document(person=PERSON, content=b"x", identifier="1.2.3.4", type="34133-9")
    document = document_reference(paper, url="Binary/1")
    document["content"][0]["attachment"]["size"] = 345678
    document["contained"] = document["contained"][1:]
    role = {"resourceType": "PractitionerRole", "id": "role", "practitioner": {"reference": "Practitioner/1"}}
    files = {
        "fhir_pdsm_mhd/Bundle": {"resourceType": "Bundle", "type": "transaction-response", "entry": []},
        "fhir_pdsm_mhd/DocumentReference": document,
        "fhir_pdsm_mhd/List": document_list(["DocumentReference/1"], "1.2.3.5") | {"contained": [role]},
        "fhir_pdsm_mhd/Binary": {
            "resourceType": "Binary",
            "contentType": "application/pdf",
            "data": "SGVsbG8=",
        },
        "fhir_pdsm_mhd/Organization": {"resourceType": "Organization", "id": "o", "name": "Hôpital"},
        "fhir_frcore_patient/Patient": patient(PERSON),
        "fhir_frcore_patient/Patient-2": patient(Person(**{**_told(PERSON), "ipp": ""})),
    }
    for name, resource in files.items():
        path = tmp_path / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(resource))
    return tmp_path


def _told(person):
    return {name: getattr(person, name) for name in person.__slots__}


def conformance(folder):
    said = StringIO()
    call_command("conformance_of_fhir", folder, stdout=said)
    return said.getvalue()


def test_published_resources_get_the_answer_of_their_profile(folder):
    said = conformance(folder).splitlines()

    assert said[-1] == "9 envois FHIR conformes."
    assert said[-2].endswith("2 documents relus par ITI-67 et ITI-68.")
    assert said[-2].startswith("9 envois : 1 × 200, 1 × 201, 2 × 404, 1 × 405, 4 × 422")


def test_an_answer_that_is_not_the_expected_one_is_a_failure(folder, monkeypatch):
    monkeypatch.setattr(resources, "_answer_to_matricule", lambda *_: resources.Expected(201))
    with pytest.raises(CommandError, match=r"1 envoi.* sur 9"):
        conformance(folder)

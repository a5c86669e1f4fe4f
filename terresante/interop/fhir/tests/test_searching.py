"""Searches of documents and of lists (ITI-66, ITI-67); a document as its reader asks for it (ITI-68)."""

from base64 import b64decode
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from django.utils import timezone
from fhir.resources.R4B.binary import Binary

from simulators.partner.resources import document_reference
from terresante.interop.cda.tests import letters
from terresante.interop.fhir.tests import stage
from terresante.interop.fhir.tests.test_reading import HERS, found, ids, patch, replaced
from terresante.interop.fhir.tests.test_tokens import outcome
from terresante.interop.tests import papers
from terresante.kernel.models import AuditEntry
from tests.walls import walls_down

pytestmark = pytest.mark.commits

NOS = "https://mos.esante.gouv.fr/NOS/TRE_A11-IheFormatCode/FHIR/TRE-A11-IheFormatCode"
_CDA_SAYS = b"""<inFulfillmentOf><order><id root="1.2.250.1.999.4" extension="D-77"/></order></inFulfillmentOf>
<documentationOf><serviceEvent><code code="18723-7" codeSystem="2.16.840.1.113883.6.1"/></serviceEvent>
</documentationOf>"""


@pytest.fixture
def described(cast, filed):
    """Two more, of which their sender says the format, the acts and the order; and a CDA that says them itself."""
    application = stage.ready(cast)
    said = document_reference(stage.paper(cast, "4"))
    said["content"][0]["format"] = {"system": NOS, "code": "urn:ihe:lab:xd-lab:2008"}
    said["context"] |= {
        "event": [{"coding": [{"system": "urn:oid:2.16.840.1.113883.6.1", "code": "11502-2"}]}],
        "related": [{"identifier": {"system": "urn:oid:1.2.250.1.999.4", "value": "D-78"}}],
    }
    raw = papers.letter(stage.madeleine(cast), "5").replace(b"<component>", _CDA_SAYS + b"<component>", 1)
    letter = replace(stage.letter(cast, "5"), content=raw)
    sent = [application.post(each) for each in (said, document_reference(letter))]
    assert [reply.status for reply in sent] == [201, 201], [reply.told for reply in sent]
    return [reply.headers["Location"].rpartition("/")[2] for reply in sent]


def test_what_a_sender_says_of_a_document_finds_it_and_is_said_again(cast, filed, described):
    application = stage.reader(cast)
    paper, letter = described

    for event in ("11502-2", "http://loinc.org|11502-2", "urn:oid:2.16.840.1.113883.6.1|11502-2"):
        assert found(application, event=event) == [paper]
    assert found(application, event="http://loinc.org|18723-7") == [letter]
    assert set(found(application, event="18723-7,11502-2")) == {paper, letter}
    assert found(application, event="http://snomed.info/sct|11502-2") == []
    related = {"related-id": "urn:oid:1.2.250.1.999.4|D-77"}
    assert found(application, **related) == found(application, **{"related:identifier": "D-77"}) == [letter]
    assert found(application, **{"related-id": "D-78"}) == [paper]
    assert found(application, **{"related-id": "urn:oid:1.2.250.1.999.5|D-78"}) == []
    assert found(application, format=f"{NOS}|urn:ihe:lab:xd-lab:2008") == [paper]
    assert found(application, format="urn:ihe:iti:xds:2017:mimeTypeSufficient") == []
    told = application.ask("GET", f"/fhir/DocumentReference/{paper}").told
    assert told["content"][0]["format"]["code"] == "urn:ihe:lab:xd-lab:2008"
    assert told["context"]["event"][0]["coding"][0] == {"system": "http://loinc.org", "code": "11502-2"}
    assert told["context"]["related"][0]["identifier"]["value"] == "D-78"


def test_a_document_that_no_sender_described_says_that_its_type_of_file_is_enough(cast, filed):
    with walls_down():
        type(filed[0]).objects.filter(pk=filed[0].pk).update(metadata={})
    application = stage.reader(cast)

    assert found(application, format="urn:ihe:iti:xds:2017:mimeTypeSufficient") == [str(filed[0].pk)]
    told = application.ask("GET", f"/fhir/DocumentReference/{filed[0].pk}").told
    assert told["content"][0]["format"]["code"] == "urn:ihe:iti:xds:2017:mimeTypeSufficient"


def test_a_document_is_found_by_its_names_its_key_and_its_last_change(cast, filed):
    application = stage.reader(cast)
    first, second = filed[:2]
    name = first.sender_identifier

    for told in (
        f"urn:ietf:rfc:3986|urn:oid:{name}",
        f"urn:oid:{name}",
        f"urn:ietf:rfc:3986|urn:uuid:{first.set_id}",
    ):
        assert found(application, identifier=told) == [str(first.pk)], told
    assert found(application, identifier="1.2.3.404") == []
    both = {"_id": f"{first.pk},{second.pk}"}
    assert set(ids(asked(application, "DocumentReference", HERS, both))) == {str(first.pk), str(second.pk)}
    assert ids(asked(application, "DocumentReference", HERS, {"_id": "x"})) == []
    now = timezone.now().isoformat()
    assert ids(asked(application, "DocumentReference", HERS, {"_lastUpdated": f"gt{now}"})) == []
    practice = stage.ready(cast)
    assert patch(practice, replaced("/securityLabel/0/coding/0/code", "INVISIBLE_PATIENT")).status == 200
    assert ids(asked(application, "DocumentReference", HERS, {"_lastUpdated": f"ge{now}"})) == [str(first.pk)]
    kept = application.ask("GET", f"/fhir/DocumentReference/{first.pk}").told["meta"]["lastUpdated"]
    assert kept >= now[:19]


def test_the_interface_claims_the_parameters_that_it_takes_and_names_the_others(cast, filed, client):
    """Of R4 and MHD 4.0.1, those that a responder may be asked."""
    application = stage.reader(cast)
    claimed = {
        each["type"]: {one["name"]: one["type"] for one in each.get("searchParam", [])}
        for each in client.get("/fhir/metadata").json()["rest"][0]["resource"]
    }
    sample = {"date": "ge2020", "token": "x", "string": "x"}
    for kind, parameters in claimed.items():
        for name, type_ in parameters.items():
            told = {} if name == "patient.identifier" else {name: sample[type_]}
            assert asked(application, kind, HERS, told).status == 200, (kind, name)
    refused = {
        "DocumentReference": (
            "_include",
            "_revinclude",
            "_sort",
            "_summary",
            "patient",
            "related",
            "type:not",
            "contenttype",
        ),
        "List": ("designationType", "source.family", "source.given", "patient", "_include"),
    }
    for kind, names in refused.items():
        for name in names:
            reply = outcome(asked(application, kind, HERS, {name: "x"}), 400, "not-supported")
            said = reply.told["issue"][0]["diagnostics"]
            assert name in said and all(each in said for each in claimed[kind]), said


def asked(application, kind, number, parameters):
    body = urlencode({"patient.identifier": number, **parameters}).encode()
    form = "application/x-www-form-urlencoded"
    return application.ask("POST", f"/fhir/{kind}/_search", body=body, kind=form)


def test_a_list_is_found_by_its_names_and_its_key(cast, filed):
    application = stage.reader(cast)
    every = {
        each["resource"]["id"]: each["resource"]
        for each in asked(application, "List", HERS, {}).told["entry"]
    }
    for key, told in every.items():
        name = told["identifier"][0]["value"]
        for parameters in ({"identifier": f"urn:ietf:rfc:3986|{name}"}, {"_id": key}):
            (one,) = asked(application, "List", HERS, parameters).told["entry"]
            assert one["resource"]["id"] == key
    assert asked(application, "List", HERS, {"_lastUpdated": "gt2099"}).told["total"] == 0


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("application/pdf", "application/pdf"),
        ("*/*", "application/pdf"),
        ("application/*", "application/pdf"),
        ("application/fhir+json;q=0.5, application/pdf", "application/pdf"),
        ("application/fhir+json", "application/fhir+json; charset=utf-8"),
        ("application/fhir+json, */*;q=0.1", "application/fhir+json; charset=utf-8"),
        ("text/html, image/png;q=0.9", ""),
    ],
)
def test_a_binary_is_given_as_its_reader_asks(cast, filed, accept, form):
    reply = stage.reader(cast).ask("GET", f"/fhir/Binary/{filed[0].pk}", accept=accept)

    if not form:
        outcome(reply, 406, "not-supported")
        with walls_down():
            assert not AuditEntry.objects.filter(action="document.download", outcome="done").exists()
        return
    assert (reply.status, reply.headers["Content-Type"]) == (200, form)
    whole = letters.PDF + b"% 1"
    if "json" in form:
        assert (reply.told["resourceType"], reply.told["contentType"]) == ("Binary", "application/pdf")
        Binary.model_validate(reply.told)
    assert (b64decode(reply.told["data"]) if "json" in form else reply.body) == whole

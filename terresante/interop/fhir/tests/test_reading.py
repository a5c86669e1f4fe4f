"""What a professional reads through his software is what his screen shows him: no more, no less."""

import json
from dataclasses import replace
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from fhir.resources.R4B.bundle import Bundle

from simulators.partner.resources import document_reference
from terresante.accounts.models import User
from terresante.care_team.actions import record_choice
from terresante.care_team.enums import ConsentKind
from terresante.care_team.models import CareTeamParticipant
from terresante.interop.cda.tests import letters
from terresante.interop.fhir.tests import stage
from terresante.interop.fhir.tests.test_tokens import outcome
from terresante.interop.models import DocumentList
from terresante.interop.tests import papers
from terresante.kernel import rls
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.patients.enums import IdentityStatus
from terresante.patients.models import Patient
from tests.walls import walls_down

pytestmark = pytest.mark.commits

HERS = f"urn:oid:{stage.AUTHORITY}|A1"
INS, OID = "239049402800109", "1.2.250.1.213.1.4.8"


def ids(reply):
    assert reply.status == 200, reply.told
    return [entry["resource"]["id"] for entry in reply.told.get("entry", [])]


def found(application, **parameters):
    return ids(application.find("DocumentReference", **{"patient_identifier": HERS} | parameters))


def test_whatever_breaks_on_our_side_is_told_as_an_outcome(cast, monkeypatch, caplog):
    application = stage.reader(cast)
    application = replace(application, carry=stage.carried(Client(raise_request_exception=False)))
    monkeypatch.setattr("terresante.interop.fhir.reading.read_search", None)

    outcome(application.find("DocumentReference", patient_identifier=HERS), 500, "exception")

    assert "TypeError" in caplog.text and "A1" not in caplog.text


def test_her_doctor_finds_what_his_screen_shows(cast, filed):
    application = stage.reader(cast)

    assert set(found(application)) == {str(row.pk) for row in filed}
    # Her nurse works there too, and is in the circle.
    application.rpps = stage.RPPS["ines"]
    application.ask_token()
    assert set(found(application)) == {str(row.pk) for row in filed}


def test_the_trail_names_him_and_his_software(cast, filed):
    found(stage.reader(cast))

    with walls_down():
        row = AuditEntry.objects.get(action="document.read", outcome="done", actor_kind="professional")
    assert row.patient_id == cast.madeleine_record.patient_id
    assert (row.person_id, row.actor_name, row.channel) == (cast.amar.person_id, cast.amar.name, "api")
    assert row.detail["through"] == "Logiciel Cabinet des Lilas"


def test_what_is_answered_is_r4(cast, filed):
    reply = stage.reader(cast).find("DocumentReference", patient_identifier=HERS)

    Bundle.model_validate(json.loads(reply.body))
    told = {entry["resource"]["id"]: entry["resource"] for entry in reply.told["entry"]}
    first = told[str(filed[0].pk)]
    assert first["masterIdentifier"]["value"] == "urn:oid:1.2.250.1.999.7.1"
    assert (first["status"], first["type"]["coding"][0]["code"]) == ("current", "11490-0")
    assert first["category"][0]["coding"][0]["code"] == "10"
    assert first["content"][0]["attachment"]["url"].endswith(f"/fhir/Binary/{filed[0].pk}")
    assert first["contained"][0]["name"][0]["family"] == "LEROUX"
    assert first["author"] == [{"reference": "#author", "display": "Dr Anne SAULNIER"}]
    assert first["custodian"]["display"] == "Cabinet des Lilas"


def test_a_colleague_of_another_circle_finds_nobody(cast, filed):
    """Dr Brun, of the same profession, has his own software, his own practice and his own patients."""
    other = stage.reader(cast, "brun", authority="1.2.250.1.71.10")
    stage.make_known(cast, "1.2.250.1.71.10", "B7")
    nobody = other.find("DocumentReference", patient_identifier="urn:oid:1.2.250.1.71.10|Z9")

    for number in ("urn:oid:1.2.250.1.71.10|B7", HERS, f"urn:oid:{OID}|{INS}"):
        reply = other.find("DocumentReference", patient_identifier=number)
        assert reply.told["total"] == nobody.told["total"] == 0
        assert "entry" not in reply.told
    one, absent = (
        other.ask("GET", f"/fhir/{kind}/{key}")
        for kind, key in (("DocumentReference", filed[0].pk), ("DocumentReference", new_id()))
    )
    assert (one.status, one.body) == (absent.status, absent.body)
    for kind in ("Binary", "List", "DocumentReference"):
        for key in (filed[0].pk, list_key(), new_id()):
            outcome(other.ask("GET", f"/fhir/{kind}/{key}"), 404, "not-found")


def list_key():
    with walls_down():
        return DocumentList.objects.earliest("kind").pk


def test_the_bytes_are_those_that_were_filed_and_their_reading_is_traced(cast, filed):
    application = stage.reader(cast)
    reply = application.find("DocumentReference", patient_identifier=HERS, type="11490-0")
    urls = {entry["resource"]["id"]: attachment(entry) for entry in reply.told["entry"]}

    pdf = application.ask("GET", urls[str(filed[0].pk)]["url"], accept="*/*")

    assert (pdf.status, pdf.body) == (200, letters.PDF + b"% 1")
    assert pdf.headers["Content-Type"] == "application/pdf"
    assert urls[str(filed[0].pk)]["size"] == len(pdf.body)
    with walls_down():
        trail = AuditEntry.objects.get(action="document.download", outcome="done")
    assert (trail.object_id, trail.person_id) == (filed[0].pk, cast.amar.person_id)


def attachment(entry):
    return entry["resource"]["content"][0]["attachment"]


def test_each_parameter_narrows_and_an_unknown_one_is_refused(cast, filed):
    application = stage.reader(cast)
    first, second, letter, masked = (str(row.pk) for row in filed)

    assert set(found(application, type="http://loinc.org|11502-2")) == {second}
    assert set(found(application, type="11502-2,11490-0")) == {first, second, letter, masked}
    assert set(found(application, category="10", status="current")) == {first, second, letter, masked}
    assert found(application, category="42") == found(application, status="superseded") == []
    assert set(found(application, creation="lt2025-02")) == {masked}
    assert set(found(application, creation="2026-03-12")) == {first, second, letter}
    assert set(found(application, creation="ge2026")) == {first, second, letter}
    assert found(application, date="gt2099-01-01") == []
    assert set(found(application, security_label="INVISIBLE_PATIENT")) == {masked}
    assert set(found(application, facility="SA08", setting="AMBULATOIRE")) == {first, second, letter, masked}
    assert found(application, event="18723-7") == found(application, format="urn:x") == []
    body = b"patient.identifier=" + HERS.encode() + b"&author.family=martel"
    kind = "application/x-www-form-urlencoded"
    assert ids(application.ask("POST", "/fhir/DocumentReference/_search", body=body, kind=kind)) == [letter]
    for wrong in (
        {"inconnu": "1"},
        {"creation": "hier"},
        {"creation": "2026-13"},
        {"patient_identifier": ""},
    ):
        reply = application.find("DocumentReference", **{"patient_identifier": HERS} | wrong)
        assert reply.status == 400, wrong
        assert reply.told["resourceType"] == "OperationOutcome"


def test_pages_follow_each_other_and_no_address_tells_a_number(cast, filed):
    application = stage.reader(cast)
    path = f"/fhir/DocumentReference?patient.identifier={HERS}&_count=3"
    first = application.ask("GET", path.replace("|", "%7C"))
    links = {link["relation"]: link["url"] for link in first.told["link"]}

    second = application.ask("GET", links["next"])

    assert (len(ids(first)), len(ids(second)), first.told["total"]) == (3, 1, 4)
    assert set(ids(first)) | set(ids(second)) == {str(row.pk) for row in filed}
    assert [link["relation"] for link in second.told["link"]] == ["self"]
    told = [unquote(url) for url in links.values()]
    assert not any("|A1" in url or stage.AUTHORITY in url for url in told)
    # Kept by another reader, the link is worth nothing.
    other = stage.reader(cast, "brun", authority="1.2.250.1.71.10")
    assert other.ask("GET", links["next"]).status == 400


def test_a_qualified_matricule_names_her_and_another_does_not(cast, filed):
    application = stage.reader(cast)
    for status, expected in ((IdentityStatus.QUALIFIED, 4), (IdentityStatus.RETRIEVED, 0)):
        with walls_down():
            Patient.objects.filter(pk=cast.madeleine_record.patient_id).update(
                ins=INS, ins_oid=OID, identity_status=status
            )
        assert len(found(application, patient_identifier=f"urn:oid:{OID}|{INS}")) == expected


def test_a_document_is_given_without_a_connection(cast, filed):
    """Whoever downloads slowly keeps none from the others."""
    reply = stage.reader(cast).ask("GET", f"/fhir/Binary/{filed[0].pk}", accept="application/pdf")

    assert (reply.status, connection.connection) == (200, None)


def test_who_left_the_circle_or_was_opposed_finds_nothing(cast, filed):
    application = stage.reader(cast)
    binary = f"/fhir/Binary/{filed[0].pk}"
    record_choice(cast.amar, cast.madeleine_record.pk, kind=ConsentKind.OPPOSITION_RECORD, proof="courrier")

    assert found(application) == []
    outcome(application.ask("GET", binary), 404, "not-found")
    with walls_down():
        CareTeamParticipant.objects.filter(practitioner_id=cast.amar.person_id).delete()
    assert found(application) == []


def test_a_list_tells_what_was_sent_together_and_only_what_is_read(cast, filed):
    application = stage.reader(cast)

    reply = application.find("List", patient_identifier=HERS, code="submissionset")

    (found_,) = [entry["resource"] for entry in reply.told["entry"]]
    assert found_["title"] == "Suivi après la sortie"
    assert {each["item"]["reference"].rpartition("/")[2] for each in found_["entry"]} == {
        str(row.pk) for row in filed[:2]
    }
    assert application.ask("GET", f"/fhir/List/{found_['id']}").told["id"] == found_["id"]
    assert len(application.find("List", patient_identifier=HERS).told["entry"]) == 2
    assert application.find("List", patient_identifier=HERS, date="gt2099").told["total"] == 0
    # One of its documents is now the business of a structure alone, which is not his.
    with walls_down():
        hospital = cast.urgentiste.organization_id
        type(filed[0]).objects.filter(pk=filed[0].pk).update(private_to_id=hospital)
    (part,) = application.find("List", patient_identifier=HERS, code="folder").told["entry"]
    assert len(part["resource"]["entry"]) == 1
    assert "title" not in part["resource"]
    with walls_down():
        type(filed[0]).objects.filter(pk=filed[1].pk).update(private_to_id=hospital)
    assert application.find("List", patient_identifier=HERS).told["total"] == 0
    outcome(application.ask("GET", f"/fhir/List/{found_['id']}"), 404, "not-found")


def patch(application, operations, *, identifier="urn:ietf:rfc:3986|urn:oid:1.2.250.1.999.7.1", path=""):
    path = path or f"/fhir/DocumentReference?identifier={identifier.replace('|', '%7C')}"
    body = json.dumps(operations).encode()
    return application.ask("PATCH", path, body=body, kind="application/json-patch+json")


def replaced(path, value):
    return [{"op": "replace", "path": path, "value": value}]


def test_a_document_is_taken_back_by_who_sent_it(cast, filed):
    application = stage.ready(cast)

    assert patch(application, replaced("/status", "entered-in-error")).status == 200

    (row,) = [each for each in papers.filed() if each.pk == filed[0].pk]
    assert (row.status, row.withdrawn_by_name) == ("entered-in-error", "Cabinet des Lilas")
    application.rpps = stage.RPPS["amar"]
    application.ask_token()
    assert application.ask("GET", f"/fhir/Binary/{row.pk}").status in (403, 404)
    outcome(patch(application, replaced("/status", "entered-in-error")), 409, "conflict")


def test_a_document_is_hidden_from_the_person_then_shown_again(cast, filed):
    application = stage.ready(cast)
    path = f"/fhir/DocumentReference/{filed[0].pk}"

    for label, expected in (("INVISIBLE_PATIENT", True), ("N", False)):
        reply = patch(application, replaced("/securityLabel/0/coding/0/code", label), path=path)
        assert reply.status == 200, reply.told
        row = next(each for each in papers.filed() if each.pk == filed[0].pk)
        assert (row.hidden_from_patient, row.hidden_from_representative) == (expected, expected)


def test_a_document_is_hidden_from_the_person_in_its_versions_before_too(cast, filed):
    application = stage.ready(cast)
    next_ = stage.paper(cast, "9", replaces=filed[0].sender_identifier)
    assert application.post(document_reference(next_)).status == 201
    newest = next(row for row in papers.filed() if row.replaces_id == filed[0].pk)

    for label, expected in (("INVISIBLE_PATIENT", [True, True]), ("N", [True, False])):
        path = f"/fhir/DocumentReference/{newest.pk}"
        assert patch(application, replaced("/securityLabel/0/coding/0/code", label), path=path).status == 200
        versions = [row for row in papers.filed() if row.set_id == newest.set_id]
        assert [row.hidden_from_patient for row in sorted(versions, key=lambda row: row.version)] == expected


def test_nothing_else_of_a_document_changes(cast, filed):
    application = stage.ready(cast)

    outcome(patch(application, replaced("/title", "x")), 405, "not-supported")
    outcome(patch(application, replaced("/status", "superseded")), 422, "business-rule")
    outcome(patch(application, replaced("/securityLabel/0", {"code": "MASQUE_PS"})), 422, "not-supported")
    outcome(patch(application, replaced("/securityLabel/0", {"code": "X"})), 422, "code-invalid")
    outcome(patch(application, [{"op": "remove", "path": "/status"}]), 422, "not-supported")
    outcome(patch(application, {}), 400, "structure")
    archived = {"url": "https://interop.esante.gouv.fr/ig/fhir/pdsm/StructureDefinition/pdsm-ext-is-archived"}
    outcome(
        patch(application, replaced("/extension/0", archived | {"valueBoolean": True})), 422, "not-supported"
    )
    assert {row.status for row in papers.filed()} == {"current"}


def test_a_structure_changes_nothing_of_another_one(cast, filed):
    other = stage.ready(cast, "brun", authority="1.2.250.1.71.10")
    stage.make_known(cast, "1.2.250.1.71.10", "B7")
    told = [
        patch(
            other,
            replaced("/status", "entered-in-error"),
            identifier="urn:ietf:rfc:3986|urn:oid:1.2.250.1.999.7.1",
        ),
        patch(
            other, replaced("/status", "entered-in-error"), identifier="urn:ietf:rfc:3986|urn:oid:1.2.3.404"
        ),
        patch(other, replaced("/status", "entered-in-error"), path=f"/fhir/DocumentReference/{filed[0].pk}"),
        patch(other, replaced("/status", "entered-in-error"), path=f"/fhir/DocumentReference/{new_id()}"),
    ]

    assert {(reply.status, reply.body) for reply in told} == {(404, told[0].body)}
    assert {row.status for row in papers.filed()} == {"current"}


def test_whose_a_document_is_is_told_to_its_sender_alone(cast, filed):
    """By plain SQL: another structure that knows her, her own doctor, herself, a job."""
    stage.connect(cast, "brun", authority="1.2.250.1.71.10")
    stage.make_known(cast, "1.2.250.1.71.10", "B7")
    actors = {
        name: Actor(kind=ActorKind.GATEWAY, name=name, organization_id=getattr(cast, name).organization_id)
        for name in ("amar", "brun")
    }

    def told(actor, statement="sent_document_patient(NULL, ARRAY['1.2.250.1.999.7.1'])"):
        with rls.acting(actor), connection.cursor() as cursor:
            cursor.execute(f"SELECT {statement}")
            return cursor.fetchone()[0]

    assert told(actors["amar"]) == cast.madeleine_record.patient_id
    for actor in (actors["brun"], cast.amar, cast.madeleine, cast.brun, Actor.job("tests")):
        assert told(actor) is None
        assert told(actor, f"sent_document_patient('{filed[0].pk}', NULL)") is None


def test_the_person_sees_who_read_and_by_which_software(cast, filed, client):
    found(stage.reader(cast))
    with walls_down():
        client.force_login(User.objects.get(pk=cast.madeleine.user_id))

    page = client.get(reverse("portal:accesses")).content.decode()

    assert "Camille AMAR" in page
    assert "Cabinet des Lilas, par Logiciel Cabinet des Lilas" in page

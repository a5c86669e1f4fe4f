"""What an application files: all of it or nothing, once, under its structure, and only where it is sure of whom."""

import io
from dataclasses import replace
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from psycopg import errors

from simulators.clamd.daemon import EICAR, running
from simulators.hospital.messages import Authority
from simulators.partner.application import Reply
from simulators.partner.resources import bundle, document_reference
from simulators.practice.call import Settings
from simulators.practice.filing import file_report
from terresante.documents.models import DocumentReference
from terresante.feed.models import FeedItem
from terresante.interop.cda.tests import letters
from terresante.interop.fhir import submitting
from terresante.interop.fhir.tests import stage
from terresante.interop.fhir.tests.test_tokens import outcome
from terresante.interop.following import hold_visits
from terresante.interop.models import DocumentList
from terresante.interop.tests import papers
from terresante.kernel import ports, reception
from terresante.kernel.files.antivirus import Clamd
from terresante.kernel.models import AuditEntry, StoredFile
from terresante.kernel.reception import OF_SOFTWARE
from terresante.results.tests.factories import blood, cr_bio, reports, results_of
from tests.beside import Crossing
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def nothing_is_left():
    assert papers.filed() == []
    with walls_down():
        assert not StoredFile.objects.exists()
        assert not FeedItem.objects.exists()
        assert not DocumentList.objects.exists()


def key_of(reply):
    return reply.headers["Location"].rpartition("/")[2]


def test_a_pdf_is_filed_under_the_structure_with_what_comes_with_it(cast):
    application = stage.ready(cast)

    reply = application.post(document_reference(stage.paper(cast, title="Lettre du Dr Saulnier")))

    assert reply.status == 201, reply.told
    (row,) = papers.filed()
    assert key_of(reply) == str(row.pk)
    assert row.patient_id == cast.madeleine_record.patient_id
    assert (row.type, row.data_class, row.title) == ("11490-0", "medical", "Lettre du Dr Saulnier")
    assert (row.written_by, row.author_name) == ("Dr Anne SAULNIER", "Cabinet des Lilas")
    assert (row.organization_id, row.sender_identifier) == (cast.amar.organization_id, "1.2.250.1.999.7.1")
    assert (row.dated_on.isoformat(), row.media_type) == ("2026-03-12", "application/pdf")
    assert papers.content(row) == letters.PDF + b"% 1"
    with walls_down():
        trail = AuditEntry.objects.get(action="document.write", outcome="done")
        assert FeedItem.objects.get().object_id == row.pk
    assert (trail.actor_kind, trail.channel) == ("gateway", "api")
    assert trail.detail["through"] == "Logiciel Cabinet des Lilas"


def test_a_cda_is_filed_with_what_its_header_says(cast):
    reply = stage.ready(cast).post(document_reference(stage.letter(cast)))

    assert reply.status == 201, reply.told
    (row,) = papers.filed()
    assert (row.media_type, row.sender_identifier) == ("text/xml", "1.2.250.1.999.9.1")
    assert row.written_by == "Dr Paul MARTEL, Hôpital Saint-Martin"


def test_a_bundle_is_answered_in_its_order_and_files_everything(cast):
    application = stage.ready(cast)
    sent = bundle([stage.paper(cast), stage.letter(cast, "2")], folder="1.2.250.1.999.8.9")

    reply = application.post(sent)

    assert reply.status == 200, reply.told
    told = [each["response"] for each in reply.told["entry"]]
    assert [each["location"].split("/")[0] for each in told] == [
        "List",
        "DocumentReference",
        "Binary",
        "DocumentReference",
        "Binary",
        "List",
    ]
    assert {each["status"] for each in told} == {"201"}
    with walls_down():
        rows = {str(row.pk): row for row in DocumentReference.objects.all()}
        lists = {row.kind: row for row in DocumentList.objects.all()}
    assert {each["location"].split("/")[1] for each in told[1:5]} == set(rows)
    assert told[1]["location"].split("/")[1] == told[2]["location"].split("/")[1]
    for kind in ("submissionset", "folder"):
        assert {str(key) for key in lists[kind].documents} == set(rows)
        assert lists[kind].patient_id == cast.madeleine_record.patient_id


def test_the_same_sent_again_is_answered_the_same_and_filed_once(cast):
    application = stage.ready(cast)
    sent = bundle([stage.paper(cast)])
    first = application.post(sent)

    again = application.post(sent)

    assert (again.status, again.told) == (200, first.told)
    assert len(papers.filed()) == 1
    assert papers.kept_files() == (1, 0)
    one = document_reference(stage.paper(cast))
    assert key_of(application.post(one)) == str(papers.filed()[0].pk)


def test_another_content_under_a_known_name_is_a_conflict(cast):
    application = stage.ready(cast)
    application.post(document_reference(stage.paper(cast)))

    other = document_reference(stage.paper(cast, content=letters.PDF + b"% autre"))
    reply = outcome(application.post(other), 409, "duplicate")

    assert reply.expressions == ["DocumentReference.masterIdentifier"]
    assert papers.kept_files() == (1, 0)


def test_a_new_version_takes_the_place_of_the_one_it_names(cast):
    application = stage.ready(cast)
    first = key_of(application.post(document_reference(stage.paper(cast))))

    second = document_reference(stage.paper(cast, "2", replaces="1.2.250.1.999.7.1"))
    assert application.post(second).status == 201
    third = document_reference(stage.paper(cast, "3"))
    target = {"reference": f"DocumentReference/{papers.filed()[1].pk}"}
    third["relatesTo"] = [{"code": "replaces", "target": target}]
    assert application.post(third).status == 201

    rows = {row.version: row for row in papers.filed()}
    assert str(rows[1].pk) == first
    assert [rows[number].status for number in (1, 2, 3)] == ["superseded", "superseded", "current"]
    assert len({row.set_id for row in rows.values()}) == 1
    # What is replaced already is no longer replaced, and says nothing of itself.
    reply = outcome(
        application.post(document_reference(stage.paper(cast, "4", replaces="1.2.250.1.999.7.1"))),
        422,
        "not-found",
    )
    assert reply.expressions == ["DocumentReference.relatesTo[0].target"]


def test_a_structure_replaces_nothing_of_another_one(cast):
    """Another software of the same kind, whose practice knows Madeleine too."""
    application = stage.ready(cast)
    key = key_of(application.post(document_reference(stage.paper(cast))))
    other = stage.ready(cast, "brun", authority="1.2.250.1.71.10")
    stage.make_known(cast, "1.2.250.1.71.10", "B7")
    person = stage.madeleine(cast, ipp="B7", authority=Authority("CANAL", "1.2.250.1.71.10"))
    told = []
    for reference in (key, "00000000-0000-4000-8000-000000000000"):
        sent = document_reference(stage.paper(cast, "2", person=person))
        sent["relatesTo"] = [{"code": "replaces", "target": {"reference": f"DocumentReference/{reference}"}}]
        told.append(outcome(other.post(sent), 422, "not-found").told)

    assert told[0] == told[1]
    assert [row.status for row in papers.filed()] == ["current"]


LABELS = {
    ("N",): (False, False, False),
    ("MASQUE_PS",): (True, False, False),
    ("R",): (True, False, False),
    ("INVISIBLE_PATIENT",): (False, True, True),
    ("N", "INVISIBLE_REPRESENTANTS_LEGAUX"): (False, False, True),
}


@pytest.mark.parametrize(("labels", "expected"), LABELS.items(), ids=lambda value: "+".join(map(str, value)))
def test_visibility_is_that_of_its_labels(cast, labels, expected):
    assert stage.ready(cast).post(document_reference(stage.paper(cast, labels=labels))).status == 201

    (row,) = papers.filed()
    is_masked = row.private_to_id == cast.amar.organization_id
    assert (is_masked, row.hidden_from_patient, row.hidden_from_representative) == expected


def test_one_fault_refuses_the_whole_bundle(cast):
    application = stage.ready(cast)
    wrong = stage.paper(cast, "2", content=b"%PDF-1.4 /JavaScript")

    reply = application.post(bundle([stage.paper(cast), wrong]))

    assert reply.status == 422, reply.told
    assert reply.expressions == ["Bundle.entry[3].resource.content[0].attachment"]
    nothing_is_left()


def test_a_refusal_at_the_last_moment_leaves_neither_document_nor_file(cast):
    application = stage.ready(cast)
    second = stage.paper(cast, "2", replaces="1.2.250.1.999.7.404")

    reply = application.post(bundle([stage.paper(cast), second]))

    outcome(reply, 422, "not-found")
    nothing_is_left()


def test_a_bundle_speaks_of_one_person(cast):
    other = stage.madeleine(cast, birth_name="AUTRE")

    reply = stage.ready(cast).post(bundle([stage.paper(cast), stage.paper(cast, "2", person=other)]))

    outcome(reply, 422, "business-rule")
    nothing_is_left()


def test_a_cda_whose_level_is_not_known_is_refused(cast):
    sent = stage.letter(cast)
    unknown = replace(
        sent, content=sent.content.replace(b'<confidentialityCode code="N"', b'<confidentialityCode code="X"')
    )

    reply = outcome(stage.ready(cast).post(document_reference(unknown)), 422, "code-invalid")

    assert "confidentialityCode" in str(reply.told)
    nothing_is_left()


def test_a_cda_of_somebody_else_is_refused(cast):
    other = replace(
        stage.letter(cast), person=stage.madeleine(cast, birth_name="AUTRE", birth_date="1950-01-01")
    )

    reply = stage.ready(cast).post(document_reference(other))

    outcome(reply, 422, "conflict")
    nothing_is_left()


@pytest.fixture
def antivirus(monkeypatch):
    with running() as address:
        monkeypatch.setattr(ports.bound, "antivirus", Clamd(address))
        yield


def test_an_infected_document_is_refused(cast, antivirus):
    infected = stage.paper(cast, content=letters.PDF + EICAR)

    outcome(stage.ready(cast).post(document_reference(infected)), 422, "security")
    nothing_is_left()


def test_a_silent_antivirus_asks_to_come_back(cast, monkeypatch):
    monkeypatch.setattr(ports.bound, "antivirus", Clamd("127.0.0.1:9"))

    reply = outcome(stage.ready(cast).post(document_reference(stage.paper(cast))), 503, "transient")

    assert reply.headers["Retry-After"]
    nothing_is_left()


def test_a_submission_that_crosses_another_transaction_is_filed_all_the_same(cast, monkeypatch):
    """A real deadlock, in which PostgreSQL rolls the submission back: it is written again, once."""
    application = stage.ready(cast)
    with Crossing() as crossing:
        hold = hold_visits
        monkeypatch.setattr(submitting, "hold_visits", lambda visits: (hold(visits), crossing.meet()))

        reply = application.post(document_reference(stage.paper(cast)))

    assert reply.status == 201, reply.told
    assert len(papers.filed()) == 1
    with walls_down():
        assert StoredFile.objects.count() == 1


@pytest.mark.parametrize("passing", [errors.DeadlockDetected, errors.SerializationFailure, None])
def test_what_passes_asks_to_come_back(cast, monkeypatch, passing):
    """Crossed each time, or the database lost: the same submission, sent again under its identifier, is filed once."""
    application = stage.ready(cast, carry=stage.carried(Client(raise_request_exception=False)))

    def fails(visits):
        raise OperationalError("the row of Madeleine") from (passing() if passing else None)

    with monkeypatch.context() as broken:
        broken.setattr(submitting, "hold_visits", fails)
        reply = outcome(application.post(document_reference(stage.paper(cast))), 503, "transient")

    assert int(reply.headers["Retry-After"]) > 0
    assert "Madeleine" not in str(reply.told)
    nothing_is_left()
    for _ in range(2):
        assert application.post(document_reference(stage.paper(cast))).status == 201
    assert len(papers.filed()) == 1


def test_a_body_beyond_its_bound_is_not_read(cast, monkeypatch):
    application = stage.ready(cast)
    monkeypatch.setattr("terresante.interop.fhir.door.LARGEST_BODY", 1000)

    outcome(application.post(document_reference(stage.paper(cast))), 413, "too-long")


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (replace(OF_SOFTWARE, pace=10**12, patience=-1), 408, "timeout"),
        (replace(OF_SOFTWARE, each=0), 503, "transient"),
    ],
)
def test_a_body_that_comes_by_drops_or_one_too_many_is_sent_again(cast, monkeypatch, kind, status, code):
    application = stage.ready(cast)
    with monkeypatch.context() as patch:
        patch.setattr(reception, "OF_SOFTWARE", kind)
        outcome(application.post(document_reference(stage.paper(cast))), status, code)
    assert application.post(document_reference(stage.paper(cast))).status == 201


class Endless(io.RawIOBase):
    """Fifty megabytes that nobody holds; how they were read."""

    def __init__(self):
        self.left, self.largest = 50_000_000, 0

    def read(self, size=-1):
        taken = self.left if size < 0 else min(size, self.left)
        self.left, self.largest = self.left - taken, max(self.largest, taken)
        return b" " * taken


@pytest.mark.parametrize(
    ("path", "kind", "token", "status", "code"),
    [
        ("/fhir", "application/fhir+json", True, 413, "too-long"),
        ("/fhir/DocumentReference", "application/fhir+json", True, 413, "too-long"),
        ("/fhir", "application/fhir+xml", True, 415, "not-supported"),
        ("/fhir", "application/fhir+json", False, 401, "login"),
    ],
)
def test_fifty_megabytes_are_read_to_their_end_piece_by_piece_and_answered(
    cast, path, kind, token, status, code
):
    """Unread, they would break the pipe under their sender, who would lose the answer (HTTP/1.1 over a real socket)."""
    body = Endless()
    told: dict[str, Any] = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": "50000000", "wsgi.input": body}
    if token:
        told["HTTP_AUTHORIZATION"] = f"Bearer {stage.ready(cast).token}"

    answer = Client().generic("POST", path, **told)

    outcome(Reply(answer.status_code, answer.headers, answer.content), status, code)
    assert (body.left, body.largest <= 1 << 20) == (0, True)


def test_other_media_types_and_methods_are_told(cast):
    application = stage.ready(cast)

    outcome(
        application.ask("POST", "/fhir", body=b"<Bundle/>", kind="application/fhir+xml"), 415, "not-supported"
    )
    outcome(application.ask("POST", "/fhir", body=b"{}", accept="application/fhir+xml"), 406, "not-supported")
    outcome(application.ask("GET", "/fhir/List?_format=xml"), 406, "not-supported")
    reply = outcome(application.ask("DELETE", "/fhir/DocumentReference"), 405, "not-supported")
    assert reply.headers["Allow"] == "GET, HEAD, PATCH, POST"
    for body in (b"{", b"[]", b"\xff", b"[" * 5000):
        outcome(application.ask("POST", "/fhir", body=body), 400, "structure")


def test_the_interface_says_what_it_does(client):
    told = client.get("/fhir/metadata").json()
    smart = client.get("/.well-known/smart-configuration").json()

    assert (told["resourceType"], told["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    assert smart["token_endpoint"].endswith("/fhir/token")
    assert "private_key_jwt" in smart["token_endpoint_auth_methods_supported"]


def test_a_report_of_biology_fills_the_results_and_taken_back_takes_them_with_it(cast):
    application = stage.ready(cast)
    raw = cr_bio(stage.madeleine(cast), blood())
    sent = replace(
        stage.paper(cast), content=raw, kind="text/xml", type="11502-2", identifier="1.2.250.1.999.8.1"
    )

    key = key_of(application.post(document_reference(sent)))

    (report,) = reports()
    assert (str(report.document_id), report.patient_id) == (key, cast.madeleine_record.patient_id)
    assert [row.text for row in results_of(report)] == ["98", "6.4"]
    operations = b'[{"op": "replace", "path": "/status", "value": "entered-in-error"}]'
    kind = "application/json-patch+json"
    assert (
        application.ask("PATCH", f"/fhir/DocumentReference/{key}", body=operations, kind=kind).status == 200
    )
    assert [row.status for row in reports()] == ["entered-in-error"]


def test_the_simulated_practice_files_a_report(cast):
    application = stage.connect(cast)
    known = stage.madeleine(cast)
    software = Settings(
        platform=application.platform,
        issuer="",
        key_id=application.key_id,
        private_key=application.private_key,
        user="Dr Camille Amar",
        rpps="",
        patients=(),
        client_id=application.client_id,
    )
    patient = {
        "birth_name": known.birth_name,
        "birth_given_names": known.given,
        "birth_date": known.birth_date,
        "sex": known.sex,
        "birth_place_code": known.birth_place,
        "ipp": {"value": "A1", "authority": stage.AUTHORITY},
    }

    assert file_report(software, patient, carry=application.carry)[0]

    (row,) = papers.filed()
    assert (row.type, row.written_by) == ("11488-4", "Dr Camille Amar")
    stranger = patient | {"ipp": {"value": "Z9", "authority": stage.AUTHORITY}}
    is_filed, sentence = file_report(software, stranger, carry=application.carry)
    assert (is_filed, "rien n’a été déposé" in sentence) == (False, True)

"""A token is given to who proves that he is the partner's application, for one structure, for ten minutes."""

import base64
import time
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.utils import timezone
from psycopg import errors

from simulators.partner.resources import document_reference
from terresante.directory.models import PractitionerRole
from terresante.interop.fhir.tests import stage
from terresante.interop.models import ApiAccess, ApiToken, Partner, PartnerKey
from terresante.kernel import audit
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from tests.walls import walls_down

pytestmark = pytest.mark.commits

SECRET = "s" * 40
TLS = "https://api.terresante.example"


def refused(reply, error):
    assert reply.told["error"] == error, reply.told
    assert reply.headers["Cache-Control"].count("no-store") == 1
    return reply.status


def test_a_signed_assertion_gives_a_token_of_ten_minutes(cast):
    application = stage.connect(cast)

    reply = application.ask_token()

    assert reply.status == 200
    assert (reply.told["token_type"], reply.told["expires_in"]) == ("Bearer", 600)
    assert reply.told["scope"] == "ITI-65 ITI-105 PDSm-3"
    with walls_down():
        kept = ApiToken.objects.get()
        trail = AuditEntry.objects.get(action="api.connect")
    assert reply.told["access_token"] not in str(kept.__dict__)
    assert (trail.outcome, trail.actor_name, trail.detail["through"]) == (
        "done",
        "Cabinet des Lilas",
        "Logiciel Cabinet des Lilas",
    )


NOT_BELIEVED = {
    "another audience": {"aud": "https://ailleurs.example/fhir/token"},
    "another issuer": {"iss": str(new_id())},
    "another client": {"sub": str(new_id())},
    "over": {"iat": int(time.time()) - 600, "exp": int(time.time()) - 400},
    "too long": {"exp": int(time.time()) + 3600},
    "no jti": {"jti": None},
    "no date": {"iat": None},
    "a professional without number": {"ps": {"rpps": "Dr Amar"}},
    "a professional who is none": {"ps": []},
}


@pytest.mark.parametrize("changed", NOT_BELIEVED.values(), ids=NOT_BELIEVED)
def test_an_assertion_that_is_not_right_gives_nothing(cast, changed):
    application = stage.connect(cast)

    reply = application.ask_token(application.assertion(**changed))

    assert refused(reply, "invalid_client") == 401
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    with walls_down():
        assert not ApiToken.objects.exists()


def test_a_replayed_assertion_gives_nothing(cast):
    application = stage.connect(cast)
    once = application.assertion()

    assert application.ask_token(once).status == 200
    assert refused(application.ask_token(once), "invalid_client") == 401


def test_a_token_that_crosses_another_transaction_is_given_and_its_assertion_is_no_replay(cast, monkeypatch):
    application, written, record = stage.connect(cast), [], audit.record

    def crosses(*said, **more):
        record(*said, **more)
        written.append(1)
        if len(written) == 1:
            raise OperationalError("deadlock detected") from errors.DeadlockDetected()

    monkeypatch.setattr(audit, "record", crosses)

    assert application.ask_token().status == 200
    assert len(written) == 2
    with walls_down():
        assert ApiToken.objects.count() == 1
        assert [row.outcome for row in AuditEntry.objects.filter(action="api.connect")] == ["done"]


def test_a_refusal_to_give_a_token_is_an_outcome_for_who_asks_for_one(cast):
    application = stage.connect(cast)
    carry, once = application.carry, application.assertion()
    application.ask_token(once)
    application.carry = lambda method, path, headers, body: carry(
        method, path, {**headers, "Accept": "application/fhir+json"}, body
    )

    replayed = outcome(application.ask_token(once), 401, "login")
    assert replayed.headers["WWW-Authenticate"].startswith("Bearer")
    over = int(time.time()) - 600
    outcome(application.ask_token(application.assertion(iat=over, exp=over + 60)), 401, "login")
    application.scopes = ("ITI-65 ITI-999",)
    outcome(application.ask_token(), 400, "forbidden")


def test_an_unknown_key_gives_nothing_nor_does_that_of_another_partner(cast):
    application, other = stage.connect(cast), stage.connect(cast, "brun", authority="1.2.250.1.71.10")

    for key in (str(new_id()), other.key_id, "n’importe"):
        application.key_id = key
        assert refused(application.ask_token(), "invalid_client") == 401


def test_a_key_that_another_made_gives_nothing(cast):
    application = stage.connect(cast)
    application.private_key = ec.generate_private_key(ec.SECP256R1())

    assert refused(application.ask_token(), "invalid_client") == 401
    with walls_down():
        assert AuditEntry.objects.get(action="api.connect").outcome == "refused"


def test_an_unsigned_assertion_gives_nothing(cast):
    application = stage.connect(cast)
    application.private_key, application.algorithm = None, "none"

    assert refused(application.ask_token(), "invalid_client") == 401


def test_what_is_revoked_gives_nothing_and_its_tokens_are_worth_nothing(cast):
    application = stage.ready(cast)
    one = document_reference(stage.paper(cast))
    for revoke in (
        lambda: ApiAccess.objects.update(revoked_at=timezone.now()),
        lambda: Partner.objects.update(active=False),
    ):
        with walls_down():
            ApiAccess.objects.update(revoked_at=None)
            Partner.objects.update(active=True)
            revoke()
        assert application.post(one).status == 401
        assert refused(application.ask_token(), "invalid_client") == 401
    with walls_down():
        ApiAccess.objects.update(revoked_at=None)
        Partner.objects.update(active=True)
        PartnerKey.objects.update(revoked_at=timezone.now())
    assert refused(application.ask_token(), "invalid_client") == 401


def test_a_scope_that_the_access_does_not_have_is_refused(cast):
    application = stage.connect(cast, scopes=("ITI-105",))

    application.scopes = ("ITI-105", "ITI-65")
    assert refused(application.ask_token(), "invalid_scope") == 400
    application.scopes = ()
    assert application.ask_token().told["scope"] == "ITI-105"


def test_nobody_reads_without_naming_a_professional_of_the_structure(cast):
    application = stage.connect(cast, scopes=("ITI-67", "ITI-105"))
    application.scopes = ("ITI-67",)

    assert refused(application.ask_token(), "invalid_scope") == 400
    # A colleague of the same profession, who works elsewhere; and nobody at all.
    for rpps in (stage.RPPS["brun"], "99999999999"):
        application.rpps = rpps
        assert refused(application.ask_token(), "invalid_grant") == 400
    application.rpps = f"8{stage.RPPS['amar']}"
    assert application.ask_token().status == 200


def test_who_left_the_structure_this_morning_reads_nothing_this_morning(cast):
    application = stage.reader(cast)
    assert application.find("DocumentReference", patient_identifier="urn:oid:1.2.3|X").status == 200
    with walls_down():
        roles = PractitionerRole.objects.filter(practitioner_id=cast.amar.person_id)
        roles.update(period_end=timezone.localdate())

    assert application.find("DocumentReference", patient_identifier="urn:oid:1.2.3|X").status == 401
    assert refused(application.ask_token(), "invalid_grant") == 400


def test_another_grant_or_another_assertion_is_told(cast):
    application = stage.connect(cast)

    assert refused(application.ask_token(grant_type="password"), "unsupported_grant_type") == 400
    assert refused(application.ask_token(client_assertion_type="autre"), "invalid_request") == 400
    assert refused(application.ask_token("x.y.z"), "invalid_client") == 401


def outcome(reply, status, code):
    assert reply.status == status, reply.told
    assert reply.told["resourceType"] == "OperationOutcome"
    assert reply.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    assert [issue["code"] for issue in reply.told["issue"]] == [code]
    return reply


def test_without_a_token_or_with_one_that_is_over_nothing_is_answered(cast):
    application = stage.connect(cast)
    one = document_reference(stage.paper(cast))
    for token in ("", "inconnu"):
        application.token = token
        reply = outcome(application.post(one), 401, "login")
        assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]
    application.ask_token()
    with walls_down():
        ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    outcome(application.post(one), 401, "login")


def test_a_token_does_no_more_than_its_scope(cast):
    application = stage.ready(cast, scopes=("ITI-65",))

    reply = outcome(application.post(document_reference(stage.paper(cast))), 403, "forbidden")

    assert 'error="insufficient_scope"' in reply.headers["WWW-Authenticate"]
    with walls_down():
        assert AuditEntry.objects.filter(action="document.write", outcome="refused").count() == 1


def test_a_scope_taken_from_the_access_is_taken_from_its_tokens(cast):
    application = stage.ready(cast)
    with walls_down():
        ApiAccess.objects.update(scopes=["ITI-65"])

    outcome(application.post(document_reference(stage.paper(cast))), 403, "forbidden")


def test_a_certificate_gives_a_token_that_is_worth_nothing_without_it(cast, settings):
    settings.API_TLS_URL, settings.API_PROXY_SECRET = TLS, SECRET
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "api.terresante.example"]
    application = stage.connect(cast)
    der = b"0\x82certificat"
    with walls_down():
        ApiAccess.objects.update(fingerprint=stage.sha256_hex(der))
    proved: dict[str, Any] = {
        "HTTP_HOST": "api.terresante.example",
        "HTTP_X_CLIENT_CERTIFICATE": base64.b64encode(der).decode(),
        "HTTP_X_PROXY_SECRET": SECRET,
    }
    form = {"grant_type": "client_credentials", "client_id": application.client_id, "scope": "ITI-105"}
    client = Client()

    given = client.post("/fhir/token", form, **proved)

    assert given.status_code == 200, given.content
    application.token = given.json()["access_token"]
    one = document_reference(stage.paper(cast))
    # The token alone, stolen: nothing.
    outcome(application.post(one), 401, "login")
    application.carry = stage.carried(Client(**proved))
    assert application.post(one).status == 201
    # Forged headers, at the platform's own address, or without the secret; another certificate.
    for changed in (
        {"HTTP_HOST": "127.0.0.1"},
        {"HTTP_X_PROXY_SECRET": "x" * 40},
        {"HTTP_X_CLIENT_CERTIFICATE": base64.b64encode(b"autre").decode()},
        {"HTTP_X_CLIENT_CERTIFICATE": "§"},
    ):
        assert client.post("/fhir/token", form, **{**proved, **changed}).status_code == 401
        application.carry = stage.carried(Client(**{**proved, **changed}))
        outcome(application.post(one), 401, "login")


def test_a_network_that_tries_again_and_again_is_slowed(cast, monkeypatch):
    monkeypatch.setattr("terresante.interop.fhir.door._TRIES_OF_A_NETWORK", 3)
    application = stage.connect(cast)

    assert [application.ask_token().status for _ in range(5)] == [200, 200, 200, 429, 429]


def test_an_application_that_asks_without_end_is_slowed(cast, monkeypatch):
    monkeypatch.setattr("terresante.interop.fhir.door._REQUESTS_OF_AN_ACCESS", 2)
    application = stage.ready(cast)
    found = [application.ask("GET", f"/fhir/Binary/{new_id()}") for _ in range(4)]

    assert [reply.status for reply in found] == [403, 403, 429, 429]
    outcome(found[-1], 429, "throttled")


def test_what_a_stranger_sends_slowly_is_thrown_away_without_a_connection(cast):
    """His token was looked for; then he may take hours to send what nobody reads."""
    held: list[bool] = []

    class Slow(BytesIO):
        def read(self, *args):
            held.append(connection.connection is not None)
            return super().read(*args)

    sent = RequestFactory().post("/fhir/DocumentReference", b"{}", content_type="application/fhir+json")
    told = {"HTTP_AUTHORIZATION": "Bearer invented", "wsgi.input": Slow(sent.body)}
    answered: list[str] = []

    def start(status, *_):
        answered.append(status)
        return lambda _: None

    WSGIHandler()({**sent.environ, **told}, start)

    assert answered == ["401 Unauthorized"]
    assert set(held) == {False}

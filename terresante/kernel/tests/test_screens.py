"""What the decorators do around a view: who is behind it, one transaction, one row of the trail."""

from io import BytesIO

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from terresante.kernel.access import Action
from terresante.kernel.errors import NotFound
from terresante.kernel.middleware import Received
from terresante.kernel.models import AuditEntry
from terresante.kernel.ports import bound
from terresante.kernel.screens import reads, writes
from terresante.patients.models import CareRecord
from tests.walls import walls_down

pytestmark = pytest.mark.commits

PAGE = Action("tests.page", "Essayer une page")
ask = RequestFactory()


@pytest.fixture
def amar(cast, monkeypatch):
    monkeypatch.setattr(bound, "actor_behind", lambda request: cast.amar)
    return cast.amar


@pytest.fixture
def nobody(monkeypatch):
    monkeypatch.setattr(bound, "actor_behind", lambda request: None)


def trail() -> list[tuple[str, str]]:
    with walls_down():
        return list(AuditEntry.objects.filter(action=PAGE.code).values_list("action", "outcome"))


@reads(PAGE)
def page(request):
    return HttpResponse("lu")


def test_nobody_is_sent_to_the_login(nobody):
    answer = page(ask.get("/dossiers/"))

    assert answer.status_code == 302
    assert answer["Location"].startswith("/connexion/")


def test_nobody_in_a_fragment_is_told_to_go_to_the_login(nobody):
    answer = page(ask.get("/dossiers/", headers={"HX-Request": "true"}))

    assert (answer.status_code, bool(answer["HX-Redirect"])) == (401, True)


def test_a_page_that_is_read_leaves_its_row_and_stays_in_no_cache(amar):
    answer = page(ask.get("/"))

    assert trail() == [(PAGE.code, "done")]
    assert "no-store" in answer["Cache-Control"]


def test_no_row_no_page(amar, monkeypatch):
    def broken(*args, **kwargs):
        raise ConnectionError

    monkeypatch.setattr("terresante.kernel.audit.record_reads", broken)

    with pytest.raises(ConnectionError):
        page(ask.get("/"))


def test_a_page_declared_as_read_cannot_write(amar):
    @reads(PAGE)
    def sly(request):
        CareRecord.objects.update(programme="autre")
        return HttpResponse("écrit")

    with pytest.raises(Exception, match="read-only"):
        sly(ask.get("/"))


def test_a_refusal_is_kept_although_the_page_was_rolled_back(amar):
    @writes(PAGE)
    def closed(request):
        raise NotFound

    request = ask.post("/")
    request.session = SessionStore()
    answer = closed(request)

    assert answer.status_code == 404
    assert trail() == [(PAGE.code, "refused")]


def test_a_form_shown_again_after_a_mistake_leaves_a_row(amar):
    """It may show a patient as much as the first time. Bad: only GET counted as reading."""

    @writes(PAGE)
    def form(request):
        return HttpResponse("à corriger", status=422)

    form(ask.post("/"))

    assert trail() == [(PAGE.code, "done")]


def test_nothing_is_asked_of_the_database_before_a_form_is_received():
    """A slow network holds a thread, never a connection."""
    asked: list[int] = []

    class Slow(BytesIO):
        def read(self, *args):
            asked.append(len(statements))
            return super().read(*args)

    sent = ask.post("/connexion/", {"username": "a.georges"}, headers={"Cookie": f"sessionid={'a' * 32}"})
    environ = {**sent.environ, "wsgi.input": Slow(sent.body)}
    with CaptureQueriesContext(connection) as statements:
        WSGIHandler()(environ, lambda *_: lambda _: None)

    assert asked
    assert set(asked) == {0}
    assert len(statements) > 0


def test_a_file_is_given_without_a_connection(amar):
    """Who downloads slowly keeps none from the others."""

    @reads(PAGE)
    def file(request):
        return StreamingHttpResponse([b"contenu"])

    answer = file(ask.get("/"))

    assert connection.connection is None
    assert answer.getvalue() == b"contenu"


def test_somebody_who_goes_away_while_sending_breaks_nothing():
    def gone(request):
        raise AssertionError("nothing follows")

    sent = ask.post("/", b"a=", content_type="application/x-www-form-urlencoded")
    request = WSGIRequest({**sent.environ, "wsgi.input": _Gone(), "CONTENT_LENGTH": "900"})

    assert Received(gone)(request).status_code == 400


class _Gone(BytesIO):
    def read(self, *args):
        raise OSError("reset by peer")

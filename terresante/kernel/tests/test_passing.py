"""Two transactions that cross: PostgreSQL rolls one of them back, and nobody is answered that we broke."""

import pytest
from django.contrib import messages
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from psycopg import errors

from terresante.accounts.models import User
from terresante.kernel import audit, passing, rls
from terresante.kernel.access import Action
from terresante.kernel.ids import new_id
from terresante.kernel.middleware import Crossed
from terresante.kernel.models import AuditEntry
from terresante.kernel.ports import bound
from terresante.kernel.screens import writes
from tests.beside import Crossing
from tests.walls import walls_down

pytestmark = pytest.mark.commits

PAGE = Action("tests.page", "Essayer une page")


@pytest.fixture
def amar(cast, monkeypatch):
    monkeypatch.setattr(bound, "actor_behind", lambda request: cast.amar)
    return cast.amar


@pytest.fixture
def posted():
    photo = SimpleUploadedFile("plaie.png", b"photo")
    request = RequestFactory().post("/notes/", {"text": "Pansement refait.", "photo": photo})
    yield request
    request.close()


def rows():
    with walls_down():
        return AuditEntry.objects.filter(action=PAGE.code).count()


def test_a_page_that_crosses_another_transaction_is_made_again(amar, posted):
    """Twice the same form and the same photo; one row."""
    read = []
    with Crossing() as crossing:

        @writes(PAGE)
        def page(request):
            audit.record(request.actor, PAGE)
            read.append((request.POST["text"], request.FILES["photo"].read()))
            crossing.meet()
            return HttpResponse("écrit")

        answer = page(posted)

    assert (answer.status_code, answer.content.decode()) == (200, "écrit")
    assert read == [("Pansement refait.", b"photo")] * 2
    assert rows() == 1


def test_what_is_done_before_its_transaction_is_done_once(amar, posted):
    """Another system that was asked is not asked again, nor a file put away twice."""
    asked: list[object] = []

    def ask_elsewhere(request):
        asked.append(request)
        return "répondu"

    with Crossing() as crossing:

        @writes(PAGE, before=ask_elsewhere)
        def page(request):
            audit.record(request.actor, PAGE)
            crossing.meet()
            return HttpResponse(request.prepared)

        answer = page(posted)

    assert answer.content.decode() == "répondu"
    assert len(asked) == 1


def test_what_is_done_before_is_not_done_again_when_it_crosses_itself(amar, posted):
    """The other system has answered: what is written of it tries again by itself, or the page says that nothing is."""
    asked: list[object] = []

    def ask_and_write(request):
        asked.append(request)
        with rls.acting(request.actor):
            audit.record(request.actor, PAGE)
            crossing.meet()

    with Crossing() as crossing:

        @writes(PAGE, before=ask_and_write)
        def page(request):
            raise AssertionError("nothing was prepared")

        with pytest.raises(OperationalError):
            page(posted)

    assert (len(asked), rows()) == (1, 0)


def test_a_toast_of_what_was_rolled_back_is_not_shown(amar, posted):
    SessionMiddleware(lambda _: HttpResponse()).process_request(posted)
    MessageMiddleware(lambda _: HttpResponse()).process_request(posted)
    with Crossing() as crossing:

        @writes(PAGE)
        def page(request):
            audit.record(request.actor, PAGE)
            messages.success(request, "C’est écrit.")
            crossing.meet()
            return HttpResponse()

        page(posted)

    assert [str(toast) for toast in messages.get_messages(posted)] == ["C’est écrit."]


def crossed(*_, **__):
    raise OperationalError("deadlock detected: Process 1 waits for …") from errors.DeadlockDetected()


def test_one_that_crosses_each_time_says_that_nothing_is_written(client, cast, monkeypatch):
    tried: list[object] = []

    def publish(actor, record_id, *, note):
        tried.append(note)
        audit.record(actor, PAGE)
        crossed()

    monkeypatch.setattr("terresante.notes.actions.publish_note", publish)
    client.force_login(User.objects.get(pk=cast.amar.user_id))
    note = {"id": str(new_id()), "text": "Pansement refait.", "data_class": "care", "level": "circle"}
    answer = client.post(f"/dossiers/{cast.madeleine_record.pk}/notes/nouvelle/", note)

    assert len(tried) == passing.TRIES
    assert rows() == 0
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "n’a été enregistré" in answer.content.decode()
    assert "Process" not in answer.content.decode()


def test_a_lost_database_is_another_matter(amar, posted):
    """Whether it was written, nobody knows: the page of an error says to look."""
    lost = OperationalError("server closed the connection")
    tried = []

    @writes(PAGE)
    def page(request):
        tried.append(1)
        raise lost

    with pytest.raises(OperationalError):
        page(posted)

    assert len(tried) == 1
    assert Crossed(lambda _: HttpResponse()).process_exception(posted, lost) is None
    assert Crossed(lambda _: HttpResponse()).process_exception(posted, ValueError()) is None


def test_what_runs_in_a_transaction_of_its_caller_is_not_tried_again():
    tried = []

    def act():
        tried.append(1)
        crossed()

    with pytest.raises(OperationalError), transaction.atomic():
        passing.tried_again(act)

    assert len(tried) == 1

"""Bodies that come by drops: whoever sends them, the threads of other people's pages are left to them."""

import gc
import io
import threading
from contextlib import ExitStack, closing, contextmanager
from types import SimpleNamespace

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from terresante.kernel import reception
from terresante.kernel.files.kinds import LARGEST
from terresante.kernel.middleware import Received
from terresante.kernel.reception import FILE, FORM, GIVEN, NOBODY_S_FILE, OF_SOFTWARE
from tests.cast import login

pytestmark = pytest.mark.commits
FORM_TYPE = "application/x-www-form-urlencoded"
SLOW = 100


class Stairwell(io.RawIOBase):
    """A body of which nothing comes before `sent` is set."""

    def __init__(self, body=b""):
        self.sent, self.asked, self.body = threading.Event(), threading.Event(), io.BytesIO(body)

    def read(self, size=-1):
        self.asked.set()
        self.sent.wait(30)
        return self.body.read(size)


class Network(io.RawIOBase):
    """A body that comes at so many bytes a second of a clock that is its own."""

    def __init__(self, body, *, pace):
        self.body, self.pace, self.now = io.BytesIO(body), pace, 0.0

    def read(self, size=-1):
        piece = self.body.read(size)
        self.now += len(piece) / self.pace
        return piece


@pytest.fixture
def at_pace(monkeypatch):
    def of(body, *, pace):
        network = Network(body, pace=pace)
        monkeypatch.setattr(reception, "time", SimpleNamespace(monotonic=lambda: network.now))
        return network

    return of


def posted(body, length, *, content_type=FORM_TYPE, address="192.0.2.1", session="", path="/connexion/"):
    request = RequestFactory().generic(
        "POST",
        path,
        CONTENT_TYPE=content_type,
        CONTENT_LENGTH=str(length),
        REMOTE_ADDR=address,
        **{"wsgi.input": body},
    )
    if session:
        request.COOKIES["sessionid"] = session
    return request


def answered(request):
    with closing(request):
        return Received(lambda request: HttpResponse("page"))(request)


@contextmanager
def being_sent(number, length, *, addresses=("192.0.2.1",), **options):
    """So many bodies half received, each in its thread."""
    with ExitStack() as stack:
        for each in range(number):
            body = Stairwell()
            request = posted(body, length, address=addresses[each % len(addresses)], **options)
            thread = threading.Thread(target=answered, args=(request,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(body.sent.set)
            assert body.asked.wait(30)
        yield


def photograph(size):
    head = b'--edge\r\nContent-Disposition: form-data; name="photo"; filename="plaie.jpg"\r\n\r\n'
    return head + bytes(size) + b"\r\n--edge--\r\n"


MULTIPART = "multipart/form-data; boundary=edge"


@pytest.fixture
def session(cast, client):
    login(client, cast.amar)
    return client.cookies["sessionid"].value


def test_a_quarter_of_the_threads_receives_nothing(settings):
    shares = sum(kind.share for kind in (FORM, NOBODY_S_FILE, FILE, OF_SOFTWARE))
    assert shares <= 48 and settings.THREADS == 64


def test_one_network_sends_so_many_forms_at_once_and_the_others_send_theirs():
    with being_sent(FORM.each, SLOW):
        refused = answered(posted(Stairwell(), SLOW))
        other = answered(posted(io.BytesIO(b"a=b"), 3, address="198.51.100.7"))

    assert refused.status_code == 503 and refused.headers["Retry-After"] == "10"
    assert "Rien de ce que vous envoyiez n’a été enregistré" in refused.content.decode()
    assert other.status_code == 200
    assert answered(posted(io.BytesIO(b"a=b"), 3)).status_code == 200  # its places were given back


def test_forms_of_everywhere_leave_threads_to_pages():
    networks = [f"192.0.{each}.1" for each in range(8)]
    with being_sent(FORM.share, SLOW, addresses=networks):
        assert answered(posted(Stairwell(), SLOW, address="198.51.100.7")).status_code == 503
        assert answered(RequestFactory().get("/connexion/")).status_code == 200


def test_fewer_threads_have_fewer_places(settings):
    settings.THREADS = 16
    networks = [f"192.0.{each}.1" for each in range(8)]
    with being_sent(FORM.share // 4, SLOW, addresses=networks):
        assert answered(posted(Stairwell(), SLOW, address="198.51.100.7")).status_code == 503


def test_nothing_is_read_of_a_file_that_nobody_s_session_sends():
    body = Stairwell()
    for cookie in ("", "a" * 32):
        answer = answered(posted(body, LARGEST, content_type=MULTIPART, session=cookie))
        assert (answer.status_code, answer.headers["Location"]) == (302, "/connexion/")
    assert not body.asked.is_set()


def test_a_proof_is_received_of_who_has_no_account_yet():
    sent = photograph(4_000_000)
    assert answered(posted(io.BytesIO(sent), len(sent), content_type=MULTIPART)).status_code == 200


def test_one_account_sends_three_files_at_once_and_another_sends_his(cast, client, session):
    sent = photograph(3_000_000)
    own = {"content_type": MULTIPART, "session": session}
    with being_sent(FILE.each, LARGEST, **own):
        assert answered(posted(io.BytesIO(sent), len(sent), **own)).status_code == 503
        login(client, cast.brun)
        other = {"content_type": MULTIPART, "session": client.cookies["sessionid"].value}
        assert answered(posted(io.BytesIO(sent), len(sent), **other)).status_code == 200


def test_a_photograph_by_a_telephone_without_much_network_arrives_whole(session, at_pace):
    """3G at its worst, 5 MB: twenty-five minutes at 3 kB a second."""
    sent = photograph(5_000_000)
    request = posted(
        at_pace(sent, pace=3000), len(sent), content_type=MULTIPART, session=session, path="/notes/"
    )

    assert answered(request).status_code == 200
    assert request.FILES["photo"].size == 5_000_000


@pytest.mark.parametrize("form", [MULTIPART, FORM_TYPE, "application/json"])
def test_what_comes_by_drops_is_cut(form, at_pace):
    network = at_pace(photograph(40_000), pace=20)

    answer = answered(posted(network, 40_200, content_type=form))

    assert answer.status_code == 503 and "trop lentement" in answer.content.decode()
    assert network.now < 300


def test_a_form_is_read_whole_however_it_is_read():
    body = b"text=" + b"a" * 50_000
    request = posted(io.BytesIO(body), len(body))
    assert answered(request).status_code == 200
    assert len(request.POST["text"]) == 50_000 and request.body == body


def test_a_body_that_is_no_form_is_received_before_a_connection_is_taken():
    """An answer that a telephone kept: its session would be read before its body."""
    body = Stairwell(b'{"id": 1}')
    body.sent.set()
    request = posted(body, 9, content_type="application/json", path="/suivi/sans-reseau/")
    seen = []

    def page(_):
        seen.append(body.asked.is_set())
        return HttpResponse()

    Received(page)(request)
    assert seen == [True] and request.body == b'{"id": 1}'


def test_the_fhir_interface_throws_away_no_more_bodies_of_nobody_than_places(client):
    """Without a token, what is posted there is read to its end: as much as anybody's file."""
    with being_sent(NOBODY_S_FILE.each, 1_000_000, content_type=MULTIPART, addresses=("127.0.0.1",)):
        body = Stairwell()
        told = {"CONTENT_TYPE": "application/fhir+json", "CONTENT_LENGTH": "1000"}
        answer = client.generic("POST", "/fhir/", **told, **{"wsgi.input": body})
    assert answer.status_code == 401 and not body.asked.is_set()


def taken(size, taker="hers"):
    answer = StreamingHttpResponse(iter([b"a", b"b"]))
    if size:
        answer.headers["Content-Length"] = str(size)
    reception.in_turn(answer, taker)
    return answer


def test_an_account_takes_three_large_files_at_once_and_another_takes_his():
    held = [taken(LARGEST), taken(LARGEST), taken(0)]
    with pytest.raises(reception.Full):
        taken(LARGEST)
    assert [*taken(LARGEST, "his")] == [b"a", b"b"]
    assert [*taken(1_000_000)] == [b"a", b"b"]  # it is in the buffers of the network already

    assert [*held[0]] == [b"a", b"b"]  # to its end
    held[1].close()  # by whoever serves
    del held[2]  # by whoever forgot
    gc.collect()
    held = [taken(LARGEST) for _ in range(GIVEN.each)]
    for answer in held:
        answer.close()
    assert not reception._held[GIVEN, "hers"]


def test_the_page_says_so(cast, client, monkeypatch):
    monkeypatch.setattr(reception, "_BUFFERED", 0)
    login(client, cast.amar)
    address = f"/dossiers/{cast.madeleine_record.pk}/fiche-urgence/imprimer/"
    held = [client.get(address) for _ in range(GIVEN.each)]
    assert [answer.status_code for answer in held] == [200] * GIVEN.each

    refused = client.get(address)

    assert (
        refused.status_code == 409 and "Plusieurs fichiers vous parviennent déjà" in refused.content.decode()
    )
    assert "no-store" in refused.headers["Cache-Control"]
    for answer in held:
        answer.close()
    with closing(client.get(address)) as given:
        assert given.status_code == 200


def test_what_is_freed_while_somebody_takes_a_place_is_given_back():
    """By the collector, in the very thread that takes it: it waited for itself, and everybody for it."""
    reception._take(GIVEN, "hers")

    def freed_meanwhile():
        with reception._lock:
            reception._give_back(GIVEN, "hers")

    thread = threading.Thread(target=freed_meanwhile, daemon=True)
    thread.start()
    thread.join(10)

    assert not thread.is_alive()
    for answer in [taken(LARGEST) for _ in range(GIVEN.each)]:
        answer.close()
    assert not reception._held[GIVEN, "hers"]

"""A passkey opens a session by itself: of this site, of this challenge, once, and its owner verified."""

import html
import json
import re

import pytest
from django.test import Client

from terresante.accounts.models import Passkey, User
from terresante.accounts.tests.authenticator import Authenticator
from terresante.accounts.tests.steps import PASSWORD, give_code, is_in, sent_code
from terresante.kernel.models import AuditEntry, OutboundMessage
from tests.walls import walls_down

pytestmark = pytest.mark.commits

NEW = "/mon-compte/cles/nouvelle/"


def at_localhost():
    return Client(HTTP_HOST="localhost:8000")


@pytest.fixture
def owner(amar):
    client = at_localhost()
    log_in_there(client, amar)
    return client


def log_in_there(client, user):
    client.post("/connexion/", {"login": user.login, "password": PASSWORD})
    return give_code(client, sent_code())


def options_of_creation(client, path=NEW):
    page = client.get(path).content.decode()
    return json.loads(html.unescape(re.findall(r'data-passkey-options="([^"]+)"', page)[0]))


def make_key(client, key=None):
    key = key or Authenticator()
    answer = client.post(NEW, {"answer": key.create(options_of_creation(client))})
    return key, answer


def challenge(client):
    return client.get("/connexion/cle/defi/").json()


def open_with(client, key):
    return client.post("/connexion/cle/", {"answer": key.get(challenge(client))})


def test_a_key_opens_a_session_alone(owner, amar):
    key, made = make_key(owner)
    visitor = at_localhost()

    entered = open_with(visitor, key)

    assert made.headers["Location"] == "/mon-compte/securite/"
    assert entered.headers["Location"] == "/situation/"
    assert visitor.session["_auth_user_id"] == str(amar.pk)
    assert "ajouté" in OutboundMessage.objects.latest("created_at").subject
    with walls_down():
        last = AuditEntry.objects.filter(action="account.login").latest("at")
    assert last.detail["by"] == "passkey"


def test_the_answer_to_one_challenge_serves_once(owner):
    key, _ = make_key(owner)
    visitor = at_localhost()
    answer = key.get(challenge(visitor))
    assert visitor.post("/connexion/cle/", {"answer": answer}).status_code == 302
    again = at_localhost()
    challenge(again)

    assert again.post("/connexion/cle/", {"answer": answer}).status_code == 422
    assert visitor.post("/connexion/cle/", {"answer": answer}).status_code == 422
    assert not is_in(again)


def refused(owned, **changes):
    for name, value in changes.items():
        setattr(owned, name, value)
    visitor = at_localhost()
    answer = open_with(visitor, owned)
    return (
        answer.status_code == 422 and not is_in(visitor) and "n’est pas reconnue" in answer.content.decode()
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "http://localhost:9999"},
        {"origin": "https://terre-sante.example"},
        {"domain": "terre-sante.example"},
        {"verifies": False},
        {"id": b"another key, unknown"},
        {"key": Authenticator().key},
        {"count": -1},
    ],
    ids=["other port", "false site", "other domain", "not verified", "unknown", "other signature", "copied"],
)
def test_a_proof_that_does_not_hold_is_refused_with_one_sentence(owner, changes):
    key, _ = make_key(owner)
    key.count = 5
    assert open_with(at_localhost(), key).status_code == 302

    assert refused(key, **changes)
    with walls_down():
        assert AuditEntry.objects.filter(action="account.login", outcome="refused").count() == 1


def test_what_is_not_an_answer_is_refused(owner):
    make_key(owner)
    for answer in ("", "{", "[]", '{"rawId": 3}'):
        visitor = at_localhost()
        challenge(visitor)
        assert visitor.post("/connexion/cle/", {"answer": answer}).status_code == 422


def test_a_key_of_a_closed_account_opens_nothing(owner, amar):
    key, _ = make_key(owner)
    User.objects.filter(pk=amar.pk).update(is_active=False)

    assert refused(key)


def test_a_key_without_its_owner_s_verification_is_not_kept(owner):
    key = Authenticator()
    key.verifies = False
    _, answer = make_key(owner, key)

    assert answer.status_code == 422
    assert not Passkey.objects.exists()


def test_a_key_is_kept_once_and_for_one_account(owner, brun):
    key, _ = make_key(owner)
    other = at_localhost()
    log_in_there(other, brun)

    assert make_key(other, key)[1].status_code == 422
    assert Passkey.objects.count() == 1


def test_a_removed_key_opens_nothing_and_another_s_is_not_removed(owner, brun):
    key, _ = make_key(owner)
    other = at_localhost()
    log_in_there(other, brun)
    path = f"/mon-compte/cles/{Passkey.objects.get().pk}/retirer/"

    assert other.post(path).status_code == 404
    assert owner.post(path).status_code == 302
    assert refused(key)


def test_a_key_is_offered_once_after_a_login(amar):
    client = at_localhost()
    offered = log_in_there(client, amar)
    assert offered.headers["Location"] == "/mon-compte/cles/proposee/"
    assert "Plus tard" in client.get(offered.headers["Location"]).content.decode()
    assert client.post("/mon-compte/cles/proposee/", {"later": "1"}).headers["Location"] == "/situation/"

    assert log_in_there(at_localhost(), amar).headers["Location"] == "/situation/"


def test_a_key_made_where_it_is_offered_leads_on(amar):
    client, key = at_localhost(), Authenticator()
    log_in_there(client, amar)
    path = "/mon-compte/cles/proposee/"
    answer = client.post(path, {"answer": key.create(options_of_creation(client, path))})

    assert answer.headers["Location"] == "/situation/"
    assert open_with(at_localhost(), key).headers["Location"] == "/situation/"


def test_a_session_left_open_makes_no_key_where_one_was_offered(amar):
    """Whoever sits down there would come back with it for ever."""
    client, key, path = at_localhost(), Authenticator(), "/mon-compte/cles/proposee/"
    log_in_there(client, amar)
    answer = key.create(options_of_creation(client, path))
    session = client.session
    session["proved_at"] = 0
    session.save()

    for reply in (client.post(path, {"answer": answer}), client.get(path)):
        assert reply.headers["Location"].startswith("/mon-compte/confirmer/")
    assert not Passkey.objects.exists()
    assert client.post(path, {"later": "1"}).headers["Location"] == "/situation/"


def test_no_key_is_asked_at_an_address_that_browsers_refuse(amar):
    by_number = Client(HTTP_HOST="127.0.0.1:8000")

    assert by_number.get("/connexion/cle/defi/").status_code == 404
    assert "Utiliser une clé" not in by_number.get("/connexion/").content.decode()
    assert "Utiliser une clé" in at_localhost().get("/connexion/").content.decode()

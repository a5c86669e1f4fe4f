"""The workstation of a ward: locked by the server after ten minutes, opened by its owner, handed over in one step."""

import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.test import Client
from django.utils import timezone

from terresante.accounts import sessions
from terresante.accounts.actions import workstation as actions
from terresante.accounts.hashing import Busy
from terresante.accounts.models import Session, User
from terresante.accounts.tests.steps import PASSWORD, give_code, is_in, last_message, log_in, sent_code
from terresante.kernel.live import server
from terresante.kernel.models import AuditEntry
from tests.walls import walls_down

pytestmark = pytest.mark.commits

LOCKED = "/connexion/verrouillee/?next="


@pytest.fixture
def ward(client, amar):
    log_in(client, amar, "shared")
    return client


def leave_for(seconds):
    Session.objects.exclude(user=None).update(seen_at=timezone.now() - timedelta(seconds=seconds))


def where(client, path="/patients/"):
    return unquote(client.get(path, follow=True).redirect_chain[-1][0])


def unlock(client, password=PASSWORD, **extra):
    return client.post("/connexion/deverrouiller/", {"password": password, "next": "/patients/"}, **extra)


def switch(client, user, password=PASSWORD):
    return client.post("/connexion/changer/", {"other-login": user.login, "other-password": password})


def acts(code, outcome="done"):
    with walls_down():
        return AuditEntry.objects.filter(action=code, outcome=outcome).count()


def test_after_ten_minutes_nothing_is_read_and_the_same_page_comes_back(ward):
    leave_for(599)
    assert ward.get("/patients/").status_code == 200
    leave_for(600)

    assert where(ward) == f"{LOCKED}/patients/"
    assert "MADELEINE" not in ward.get("/patients/", follow=True).content.decode().upper()
    assert unlock(ward).headers["Location"] == "/patients/"
    assert ward.get("/patients/").status_code == 200
    assert acts("account.unlock") == 1


def test_coming_back_to_a_locked_page_does_not_open_it(ward):
    """Bad: the request that finds the lock counts as an act, and the next one passes."""
    leave_for(600)
    ward.get("/patients/")

    assert ward.get("/patients/").status_code == 302


def test_nothing_is_written_by_a_locked_session(ward, cast):
    leave_for(600)

    answer = ward.post("/mon-compte/sessions/fermer/")

    assert answer.headers["Location"] == "/connexion/"
    assert acts("account.session_end") == 0


def test_a_new_key_of_the_session_does_not_open_it(ward, amar):
    """Bad: Django writes the session again under another key, as seen just now."""
    ward.post("/connexion/mot-de-passe-oublie/", {"login": amar.login})
    leave_for(600)
    ward.get(re.findall(r"https?://[^/\s]+(/connexion/lien/\S+/)", last_message())[0])

    assert where(ward) == f"{LOCKED}/patients/"


def test_one_s_own_device_does_not_lock(client, amar):
    log_in(client, amar, "trusted")
    leave_for(3600)

    assert client.get("/patients/").status_code == 200


def test_what_a_page_asks_by_itself_keeps_nothing_open(ward):
    leave_for(300)
    ward.get("/patients/", HTTP_X_UNATTENDED="1")
    assert timezone.now() - Session.objects.get(user__isnull=False).seen_at > timedelta(seconds=299)

    assert ward.post("/connexion/presence/").status_code == 204
    assert timezone.now() - Session.objects.get(user__isnull=False).seen_at < timedelta(seconds=5)


def test_somebody_absent_is_not_present(ward):
    leave_for(600)

    assert ward.post("/connexion/presence/").status_code == 401
    assert Client().post("/connexion/presence/").status_code == 401


def test_the_live_stream_of_a_locked_session_ends(ward):
    cookie = f"sessionid={ward.session.session_key}".encode()
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/live",
        "headers": [(b"cookie", cookie)],
        "query_string": b"",
    }
    before = server._actor_of(scope)
    leave_for(600)

    assert before is not None
    assert server._actor_of(scope) is None


def test_a_fragment_of_a_locked_page_is_answered_with_the_door(ward):
    """Bad: the name of the door's URL in place of its address, which the browser cannot follow."""
    leave_for(600)
    answer = ward.get("/patients/", HTTP_HX_REQUEST="true")

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/connexion/")


def test_it_is_locked_by_hand(ward):
    assert ward.post("/connexion/verrouiller/", {"next": "/patients/"}).headers["Location"].startswith(LOCKED)
    assert where(ward) == f"{LOCKED}/patients/"
    assert acts("account.lock") == 1


def test_the_lock_that_covers_a_page_is_told_without_leaving_it(ward):
    leave_for(600)

    assert unlock(ward, "?", HTTP_X_LOCK="1").status_code == 422
    assert unlock(ward, HTTP_X_LOCK="1").status_code == 204
    assert ward.get("/patients/").status_code == 200


def test_a_wrong_password_opens_nothing_and_five_close_the_session(ward, amar):
    leave_for(600)
    for _ in range(actions.TRIES_OF_AN_UNLOCKING):
        assert unlock(ward, "?").status_code == 422
    closed = unlock(ward)

    assert closed.headers["Location"] == "/connexion/"
    assert not is_in(ward)
    assert (
        ward.post("/connexion/", {"login": amar.login, "password": PASSWORD}).headers["Location"]
        == "/situation/"
    )
    assert acts("account.unlock", "refused") == actions.TRIES_OF_AN_UNLOCKING + 1


def test_the_next_person_takes_the_place_in_one_step(ward, amar, brun):
    ward.post("/deconnexion/")
    log_in(ward, brun, "shared")
    ward.post("/deconnexion/")
    ward.post("/connexion/", {"login": amar.login, "password": PASSWORD})
    leave_for(600)
    ward.get("/patients/")

    taken = switch(ward, brun)

    assert taken.headers["Location"] == "/situation/"
    assert ward.session["_auth_user_id"] == str(brun.pk)
    assert not Session.objects.filter(user=amar).exists()
    assert where(ward, "/situation/") == "/"
    assert acts("account.logout") == 3


def test_who_is_new_to_the_place_gives_a_code_and_then_it_is_his(ward, amar, brun):
    leave_for(600)

    assert switch(ward, brun).headers["Location"] == "/connexion/code/"
    assert ward.get("/patients/").headers["Location"] == "/connexion/?next=/patients/"
    assert not Session.objects.filter(user=amar).exists()
    give_code(ward, sent_code(), "shared")
    assert ward.session["_auth_user_id"] == str(brun.pk)
    assert sessions.shared_row(ward.session) is not None


def test_a_wrong_password_takes_no_place(ward, brun):
    leave_for(600)

    assert switch(ward, brun, "?").status_code == 422
    assert where(ward).startswith(LOCKED)


def test_the_page_covers_itself_on_a_shared_workstation_only(ward, brun):
    mine = Client()
    log_in(mine, brun)

    shared, own = (each.get("/patients/").content.decode() for each in (ward, mine))

    assert 'data-lock-after="600"' in shared
    assert '<noscript><meta http-equiv="refresh" content="605"></noscript>' in shared
    assert "data-lock-after" not in own
    assert 'http-equiv="refresh"' not in own


def test_who_unlocks_while_too_many_log_in_is_told_so_and_keeps_the_session(ward, monkeypatch):
    leave_for(600)

    def busy(user, password):
        raise Busy("Recommencez dans quelques secondes.")

    with monkeypatch.context() as patch:
        patch.setattr(User, "check_password", busy)
        assert "Recommencez dans quelques secondes" in unlock(ward).content.decode()
        for _ in range(actions.TRIES_OF_AN_UNLOCKING):
            assert unlock(ward, HTTP_X_LOCK="1").status_code == 503
    assert unlock(ward, HTTP_X_LOCK="1").status_code == 204

"""A password is checked before anybody has proved anything: so many at once, and no connection held."""

import threading

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password
from django.db import connection
from django.urls import reverse

from terresante.accounts import hashing
from terresante.accounts.actions.factors import check_own_password
from terresante.accounts.actions.login import TRIES_OF_A_PAIR, WRONG_PASSWORD
from terresante.accounts.hashing import AT_ONCE, WAITING, Busy
from terresante.accounts.models import User
from terresante.accounts.tests.steps import PASSWORD
from terresante.kernel.errors import Invalid
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture(autouse=True)
def argon2(settings):
    settings.PASSWORD_HASHERS = ["terresante.accounts.hashing.Argon2InTurn"]


@pytest.fixture
def crowd(monkeypatch):
    """As many as may be here at once, of whom four compute."""
    computing, released = threading.Semaphore(0), threading.Event()

    def encode(self, password, salt):
        computing.release()
        released.wait(30)
        return "argon2$"

    monkeypatch.setattr(Argon2PasswordHasher, "encode", encode)
    threads = [threading.Thread(target=make_password, args=("essai",)) for _ in range(AT_ONCE + WAITING)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(AT_ONCE):
            assert computing.acquire(timeout=30)
        until_here(AT_ONCE + WAITING)
        yield computing
    finally:
        released.set()
        for thread in threads:
            thread.join()


def until_here(number):
    turn = threading.Event()
    for _ in range(3000):
        if hashing._places._value == AT_ONCE + WAITING - number:
            return
        turn.wait(0.01)
    raise AssertionError("they never came")


def test_a_crowd_computes_four_at_once_and_the_next_is_asked_to_come_back(crowd):
    with pytest.raises(Invalid, match="quelques secondes"):
        make_password("un de plus")
    assert not crowd.acquire(blocking=False)  # nobody but the four


def test_the_login_page_says_so(crowd, client):
    answer = client.post(
        reverse("accounts:login"), {"login": "personne", "password": "inventé de toutes pièces"}
    )
    assert (
        answer.status_code in (400, 422) and "Recommencez dans quelques secondes" in answer.content.decode()
    )


def test_no_connection_is_held_meanwhile_and_a_password_is_still_checked(monkeypatch):
    held, encode = [], Argon2PasswordHasher.encode

    def watched(self, password, salt):
        held.append(connection.connection is not None)
        return encode(self, password, salt)

    monkeypatch.setattr(Argon2PasswordHasher, "encode", watched)
    assert not User.objects.filter(login="personne").exists()  # takes a connection
    kept = make_password("une phrase assez longue")

    assert held == [False]
    assert kept.startswith("argon2$") and check_password("une phrase assez longue", kept)
    assert not check_password("une autre phrase", kept)


def test_who_is_asked_to_come_back_has_spent_no_try(cast, client, monkeypatch):
    with walls_down():
        user = User.objects.get(pk=cast.amar.user_id)
        user.set_password(PASSWORD)
        user.save()
    for login in (user.login, "personne"):
        with monkeypatch.context() as patch:
            patch.setattr(hashing, "_places", threading.Semaphore(0))
            for _ in range(TRIES_OF_A_PAIR + 1):
                answer = client.post(reverse("accounts:login"), {"login": login, "password": PASSWORD})
                assert hashing.TOO_BUSY in answer.content.decode()
            with pytest.raises(Busy):
                check_own_password(user, PASSWORD)
        answer = client.post(reverse("accounts:login"), {"login": login, "password": "une autre"})
        assert WRONG_PASSWORD in answer.content.decode()
    assert (
        client.post(reverse("accounts:login"), {"login": user.login, "password": PASSWORD}).status_code == 302
    )

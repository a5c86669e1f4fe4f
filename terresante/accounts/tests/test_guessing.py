"""Guessing: a stolen password, many tries, another spelling of a login; and who must not suffer from it."""

import threading
import time

import pyotp
import pytest
from django.db import connection
from django.test import Client

from terresante.accounts import tries
from terresante.accounts.actions import login as actions
from terresante.accounts.actions.opening import set_totp_seed
from terresante.accounts.models import LoginChallenge, User
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Invalid
from terresante.kernel.models import AuditEntry
from tests.walls import walls_down

pytestmark = pytest.mark.commits

PASSWORD = "des hortensias bleus"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = 1_800_000_015.0


@pytest.fixture
def user(cast, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: NOW)
    with walls_down():
        found = User.objects.get(pk=cast.ines.user_id)
        found.set_password(PASSWORD)
        found.save()
    set_totp_seed(Actor.job("tests"), found.pk, seed=SEED)
    return found


def give_password(client, login, password=PASSWORD, network="198.51.100.7"):
    return client.post("/connexion/", {"login": login, "password": password}, REMOTE_ADDR=network)


def wrong_codes(client, count, network="198.51.100.7"):
    right = {pyotp.TOTP(SEED).at(int(NOW) + 30 * step) for step in (-1, 0, 1)}
    codes = (f"{number:06d}" for number in range(10**6) if f"{number:06d}" not in right)
    return [
        client.post("/connexion/code/", {"code": next(codes)}, REMOTE_ADDR=network).status_code
        for _ in range(count)
    ]


def test_whoever_stole_the_password_does_not_try_every_code(user):
    """Bad: each new login gives five more tries, and a right password forgets how many there were."""
    tried = 0
    for _ in range(actions.TRIES_OF_A_PAIR * 3):
        client = Client()
        if give_password(client, user.login).status_code != 302:
            break
        tried += len(wrong_codes(client, actions.CODE_TRIES))

    assert tried <= actions.TRIES_OF_A_PAIR * actions.CODE_TRIES
    assert give_password(Client(), user.login, network="203.0.113.9").status_code == 302


def test_codes_tried_from_everywhere_are_slowed(user, monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    for network in range(actions.TRIES_OF_A_LOGIN // actions.CODE_TRIES):
        client = Client()
        give_password(client, user.login, network=f"10.0.{network}.1")
        wrong_codes(client, actions.CODE_TRIES, network=f"10.0.{network}.1")
    assert not slept

    client = Client()
    give_password(client, user.login)
    client.post("/connexion/code/", {"code": pyotp.TOTP(SEED).at(int(NOW))})

    assert slept == [tries.SLOWED_SECONDS]
    assert "_auth_user_id" in client.session


def test_a_login_well_finished_gives_the_tries_back(user):
    for _ in range(2):
        for _ in range(actions.TRIES_OF_A_PAIR - 1):
            give_password(Client(), user.login, "?")
        client = Client()
        give_password(client, user.login)
        client.post("/connexion/code/", {"code": pyotp.TOTP(SEED).at(int(NOW))}, REMOTE_ADDR="198.51.100.7")
        assert "_auth_user_id" in client.session
        User.objects.filter(pk=user.pk).update(totp_last_step=0)


@pytest.mark.parametrize("other", ["ınes@example.org", "ineſ@example.org", "İnes@example.org"])
def test_another_spelling_of_a_login_is_no_other_count_of_its_tries(user, other):
    """PostgreSQL's UPPER makes an i of a dotless ı: each spelling of one account would have tries of its own."""
    answer = give_password(Client(), other)

    assert actions.WRONG_PASSWORD in answer.content.decode()


@pytest.mark.parametrize("change", ["is_active", "password"])
def test_a_login_under_way_ends_with_the_account_or_its_password(user, change):
    client = Client()
    give_password(client, user.login)
    with walls_down():
        User.objects.filter(pk=user.pk).update(**{change: False if change == "is_active" else "!"})

    client.post("/connexion/code/", {"code": pyotp.TOTP(SEED).at(int(NOW))})

    assert "_auth_user_id" not in client.session
    with walls_down():
        assert not AuditEntry.objects.filter(action="account.login", outcome="done").exists()


def test_slowed_tries_do_not_hold_every_thread_of_the_pages(user, monkeypatch):
    """Sixteen tries at once from one network must not close the platform for everybody else."""
    asleep, released = threading.Semaphore(0), threading.Event()

    def sleep(seconds):
        asleep.release()
        released.wait(10)

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(tries, "_count", lambda key, window, account: (10**6, None))
    threads = [
        threading.Thread(target=tries.slow_down_beyond, args=(1, "key")) for _ in range(tries.SLOWED_AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in threads:
            assert asleep.acquire(timeout=5)
        with pytest.raises(Invalid):
            tries.slow_down_beyond(1, "key")
    finally:
        released.set()
        for thread in threads:
            thread.join()


def test_who_is_slowed_keeps_no_connection_from_the_others(user, monkeypatch):
    held: list[bool] = []
    monkeypatch.setattr(time, "sleep", lambda _: held.append(connection.connection is not None))

    for _ in range(2):
        tries.slow_down_beyond(1, "key")

    assert held == [False]


def test_a_session_ends_with_the_password_that_opened_it(user):
    client = Client()
    give_password(client, user.login)
    client.post("/connexion/code/", {"code": pyotp.TOTP(SEED).at(int(NOW))})
    assert client.get("/").status_code == 200
    with walls_down():
        user.refresh_from_db()
        user.set_password("un autre mot de passe")
        user.save()

    assert client.get("/").headers["Location"].startswith("/connexion/")


def test_the_session_of_before_the_login_is_nobody_s_afterwards(user):
    """Session fixation: the key an attacker planted in the browser opens nothing."""
    client = Client()
    session = client.session
    session.save()
    planted = session.session_key or ""
    client.cookies["sessionid"] = planted
    give_password(client, user.login)
    client.post("/connexion/code/", {"code": pyotp.TOTP(SEED).at(int(NOW))})

    thief = Client()
    thief.cookies["sessionid"] = planted
    assert thief.get("/").headers["Location"].startswith("/connexion/")
    assert LoginChallenge.objects.count() == 0

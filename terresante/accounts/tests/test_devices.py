"""A trusted device asks no code; it is bound to its account, its password, its time, and its owner may forget it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from terresante.accounts import devices
from terresante.accounts.actions import login as actions
from terresante.accounts.actions.devices import forget_device
from terresante.accounts.devices import COOKIE, device_words
from terresante.accounts.models import KnownDevice, Session, User
from terresante.accounts.tests.steps import PASSWORD, give_code, give_password, is_in, log_in, sent_code
from terresante.kernel.errors import NotFound
from terresante.kernel.models import AuditEntry, OutboundMessage
from tests.walls import walls_down

pytestmark = pytest.mark.commits

STRANGER = "198.51.100.7"
WINDOWS_CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


def leave(client):
    client.post("/deconnexion/")
    assert not is_in(client)


def test_a_trusted_device_asks_the_password_alone(client, amar):
    log_in(client, amar, "trusted")
    leave(client)

    again = give_password(client, amar)

    assert again.headers["Location"] == "/situation/"
    assert is_in(client)
    assert OutboundMessage.objects.count() == 1
    with walls_down():
        rows = AuditEntry.objects.filter(action="account.login").order_by("at")
        details = list(rows.values_list("detail", flat=True))
    assert [(each["by"], each["trust"]) for each in details] == [("code", "trusted"), ("trusted_device", "")]


def test_a_device_that_nobody_trusted_asks_a_code_again(client, amar):
    log_in(client, amar)
    leave(client)

    assert give_password(client, amar).headers["Location"] == "/connexion/code/"


def test_a_wrong_password_opens_nothing_on_a_trusted_device(client, amar):
    log_in(client, amar, "trusted")
    leave(client)

    assert give_password(client, amar, "?").status_code == 422
    assert not is_in(client)


@pytest.mark.parametrize(
    ("device", "life"), [("trusted", timedelta(days=30)), ("shared", timedelta(hours=12))]
)
def test_trust_ends_with_its_time(client, amar, device, life):
    log_in(client, amar, device)
    leave(client)
    until = KnownDevice.objects.get().trusted_until
    assert until is not None
    assert abs(until - timezone.now() - life) < timedelta(minutes=1)
    KnownDevice.objects.update(trusted_until=timezone.now() - timedelta(seconds=1))

    assert give_password(client, amar).headers["Location"] == "/connexion/code/"


def test_a_new_password_ends_every_trust(client, amar):
    log_in(client, amar, "trusted")
    leave(client)
    amar.set_password("un autre mot de passe")
    amar.save()

    assert give_password(client, amar, "un autre mot de passe").headers["Location"] == "/connexion/code/"


def test_the_trust_of_one_account_is_not_another_s(client, amar, brun):
    log_in(client, amar, "trusted")
    leave(client)

    assert give_password(client, brun).headers["Location"] == "/connexion/code/"


def test_two_persons_may_trust_the_same_browser(client, amar, brun):
    for user in (amar, brun):
        log_in(client, user, "shared")
        leave(client)

    for user in (amar, brun):
        assert give_password(client, user).headers["Location"] == "/situation/"
        leave(client)


def test_a_forgotten_device_asks_a_code_and_loses_its_session(client, amar, cast):
    log_in(client, amar, "trusted")

    with pytest.raises(NotFound):
        forget_device(cast.brun, KnownDevice.objects.get().pk)
    forget_device(cast.amar, KnownDevice.objects.get().pk)

    assert client.get("/").headers["Location"] == "/connexion/?next=/"
    assert give_password(client, amar).headers["Location"] == "/connexion/code/"


def test_the_cookie_is_signed_and_its_token_is_not_in_the_database(client, amar):
    log_in(client, amar, "trusted")
    cookie = client.cookies[COOKIE]
    (token,) = devices.read_tokens(cookie.value)

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert token not in KnownDevice.objects.get().token_hash
    assert (
        devices.read_tokens(cookie.value.replace(cookie.value[3], "x" if cookie.value[3] != "x" else "y", 1))
        == ()
    )


def test_the_cookie_of_a_device_is_the_host_s_own_with_tls(client, amar, settings):
    settings.SESSION_COOKIE_SECURE = True
    log_in(client, amar, "trusted")
    leave(client)

    assert COOKIE not in client.cookies
    cookie = client.cookies[f"__Host-{COOKIE}"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
    assert give_password(client, amar).headers["Location"] == "/situation/"


def test_a_cookie_planted_beforehand_is_not_the_one_that_is_trusted(client, amar):
    planted = devices.write_tokens(("planted",))
    client.cookies[COOKIE] = planted
    log_in(client, amar, "trusted")
    attacker = Client()
    attacker.cookies[COOKIE] = planted

    assert give_password(attacker, amar).headers["Location"] == "/connexion/code/"


def test_a_stranger_of_the_same_network_does_not_lock_a_known_device(client, amar):
    """The owner's hospital has one address; a colleague tries passwords from it. Bad: counting by network alone."""
    log_in(client, amar)
    leave(client)
    stranger = Client()
    for _ in range(actions.TRIES_OF_A_PAIR + 1):
        refused = give_password(stranger, amar, "?")

    assert "Trop d’essais" in refused.content.decode()
    assert "Trop d’essais" in give_password(stranger, amar).content.decode()
    assert give_password(client, amar).status_code == 302


def test_a_known_device_has_no_endless_tries(client, amar):
    log_in(client, amar)
    leave(client)
    for _ in range(actions.TRIES_OF_A_PAIR):
        give_password(client, amar, "?")

    assert "Trop d’essais" in give_password(client, amar).content.decode()
    assert give_password(Client(), amar, REMOTE_ADDR=STRANGER).status_code == 302


def test_whose_password_is_known_is_not_guessed_code_after_code(client, amar):
    """Five tries for a login, and any number of logins: the codes are counted too."""
    give_password(client, amar)
    for _ in range(2):
        give_password(client, amar)
        code = sent_code()
        for _ in range(5):
            give_code(client, "000000" if code != "000000" else "000001")
    give_password(client, amar)

    assert "Trop d’essais" in give_code(client, sent_code()).content.decode()


def test_a_stranger_s_codes_do_not_lock_a_known_device(client, amar, monkeypatch):
    monkeypatch.setattr(actions, "CODES_OF_A_DAY", 5)
    log_in(client, amar)
    leave(client)
    stranger = Client()
    give_password(stranger, amar, REMOTE_ADDR=STRANGER)
    for _ in range(6):
        give_code(stranger, "000000", REMOTE_ADDR=STRANGER)
    give_password(stranger, amar, REMOTE_ADDR="203.0.113.4")
    refused = give_code(stranger, sent_code(), REMOTE_ADDR="203.0.113.4")

    assert "Trop d’essais" in refused.content.decode()
    assert log_in(client, amar).headers["Location"] == "/situation/"


def test_the_owner_is_told_once_a_day_of_wrong_codes(client, amar):
    for _ in range(2):
        give_password(client, amar)
        for _ in range(5):
            give_code(client, "000000" if sent_code() != "000000" else "000001")

    subjects = list(OutboundMessage.objects.values_list("subject", flat=True))
    assert subjects.count("Des codes faux ont été essayés sur votre compte") == 1


def test_a_disabled_account_is_not_let_in_by_its_device(client, amar):
    log_in(client, amar, "trusted")
    leave(client)
    User.objects.filter(pk=amar.pk).update(is_active=False)

    assert give_password(client, amar).status_code == 422


def test_an_open_session_says_where_and_since_when(client, amar):
    client.defaults["HTTP_USER_AGENT"] = WINDOWS_CHROME
    log_in(client, amar)
    session = Session.objects.get(user=amar)

    assert session.words == KnownDevice.objects.get(sessions=session).words == "Chrome sur Windows"
    assert timezone.now() - session.seen_at < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (WINDOWS_CHROME, "Chrome sur Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge sur Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1",
            "Safari sur iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 16; Pixel 9) Chrome/140.0 Mobile Safari/537.36", "Chrome sur Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox sur Linux"),
        ("", "Appareil inconnu"),
    ],
)
def test_a_device_is_named_in_words(agent, words):
    assert device_words(agent) == words


def test_the_account_of_a_cookie_gone_too_long_is_a_stranger(monkeypatch):
    cookie = devices.write_tokens(("a",))
    monkeypatch.setattr(devices, "COOKIE_AGE", -1)

    assert devices.read_tokens(cookie) == ()
    assert PASSWORD not in cookie

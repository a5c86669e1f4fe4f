import time
from datetime import timedelta

import pyotp
import pytest
from django.utils import timezone

from terresante.accounts import tries
from terresante.accounts.actions import login as actions
from terresante.accounts.actions.opening import create_account, set_totp_seed
from terresante.accounts.models import AttemptCount, LoginChallenge, User
from terresante.accounts.tests.steps import PASSWORD, give_code, give_password, is_in, sent_code, wrong
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.models import AuditEntry, OutboundMessage
from tests.walls import walls_down

pytestmark = pytest.mark.commits

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ELSEWHERE = "198.51.100.7"


def test_a_password_then_the_code_of_the_email_open_a_session(client, amar):
    asked = give_password(client, amar)
    before = client.session.session_key

    entered = give_code(client, f" {sent_code()[:3]} {sent_code()[3:]} ")

    assert asked.headers["Location"] == "/connexion/code/"
    assert entered.headers["Location"] == "/situation/"
    assert client.session.session_key != before
    with walls_down():
        assert AuditEntry.objects.filter(action="account.login", outcome="done", user_id=amar.pk).count() == 1


def test_the_login_is_the_same_in_capitals(client, amar):
    assert (
        client.post("/connexion/", {"login": f" {amar.login.upper()} ", "password": PASSWORD}).status_code
        == 302
    )


def test_the_password_alone_opens_nothing(client, amar):
    give_password(client, amar)

    assert client.get("/").headers["Location"] == "/connexion/?next=/"


def test_nothing_in_the_database_tells_the_code(client, amar):
    give_password(client, amar)
    challenge = LoginChallenge.objects.get()
    message = OutboundMessage.objects.get()

    assert sent_code() not in challenge.code_hash
    assert sent_code().encode() not in bytes(message.body)


def test_five_wrong_codes_end_the_login(client, amar):
    give_password(client, amar)
    code = sent_code()

    answers = [give_code(client, wrong(code)) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [422] * 5
    assert "pas le bon" in answers[3].content.decode()
    assert "plus valable" in answers[4].content.decode()
    assert "plus valable" in give_code(client, code).content.decode()
    assert not is_in(client)


def test_a_code_lives_ten_minutes(client, amar):
    give_password(client, amar)
    LoginChallenge.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert give_code(client, sent_code()).headers["Location"] == "/connexion/"
    assert not is_in(client)


def test_a_code_serves_once_and_for_its_own_login_only(client, amar):
    give_password(client, amar)
    first = sent_code()
    give_password(client, amar)

    assert give_code(client, first).status_code == 422
    assert give_code(client, sent_code()).status_code == 302
    assert not LoginChallenge.objects.filter(tries__gt=0).exists()


def test_another_code_may_be_asked_after_a_minute_and_replaces_the_first(client, amar):
    give_password(client, amar)
    first = sent_code()
    too_soon = client.post("/connexion/code/renvoyer/")
    LoginChallenge.objects.update(sent_at=timezone.now() - timedelta(seconds=61))
    client.post("/connexion/code/renvoyer/")

    assert "Patientez" in too_soon.content.decode()
    assert OutboundMessage.objects.count() == 2
    assert give_code(client, first).status_code == 422
    assert give_code(client, sent_code()).status_code == 302


def test_codes_are_not_sent_without_end(client, amar):
    for _ in range(actions.SENDINGS):
        give_password(client, amar)

    assert "Trop d’essais" in give_password(client, amar).content.decode()
    assert OutboundMessage.objects.count() == actions.SENDINGS


def test_who_comes_back_all_day_is_sent_a_code_each_time(client, amar):
    for _ in range(actions.SENDINGS + 2):
        give_password(client, amar)
        assert give_code(client, sent_code()).status_code == 302
        client.logout()


@pytest.fixture
def with_application(amar):
    set_totp_seed(Actor.job("tests"), amar.pk, seed=SEED)
    return amar


def test_an_authentication_application_gives_the_code_and_no_email_leaves(client, with_application):
    give_password(client, with_application)

    assert give_code(client, pyotp.TOTP(SEED).now()).headers["Location"] == "/situation/"
    assert not OutboundMessage.objects.exists()


@pytest.mark.parametrize(("steps", "enters"), [(-2, False), (-1, True), (1, True), (3, False)])
def test_one_step_of_drift_is_forgiven(client, with_application, monkeypatch, steps, enters):
    monkeypatch.setattr(time, "time", lambda: 1_800_000_015.0)
    give_password(client, with_application)

    give_code(client, pyotp.TOTP(SEED).at(1_800_000_015 + 30 * steps))

    assert is_in(client) is enters


def test_an_application_code_is_not_replayed(client, with_application, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1_800_000_015.0)
    code = pyotp.TOTP(SEED).at(1_800_000_015)
    give_password(client, with_application)
    give_code(client, code)
    client.logout()
    give_password(client, with_application)

    assert give_code(client, code).status_code == 422
    assert not is_in(client)


def test_the_seed_is_sealed(with_application):
    with_application.refresh_from_db()

    assert SEED.encode() not in bytes(with_application.totp_seed)


def test_an_unknown_login_gets_the_answer_and_the_work_of_a_wrong_password(client, amar, monkeypatch):
    hashed: list[str] = []
    known = give_password(client, amar, "pas le bon mot de passe")
    monkeypatch.setattr(actions, "make_password", hashed.append)
    unknown = client.post("/connexion/", {"login": "personne", "password": "pas le bon mot de passe"})

    assert hashed == ["pas le bon mot de passe"]
    assert actions.WRONG_PASSWORD in known.content.decode()
    assert actions.WRONG_PASSWORD in unknown.content.decode()
    assert known.status_code == unknown.status_code == 422


@pytest.mark.parametrize("login", ["camille.amar", "amar@example.org"])
def test_too_many_tries_close_one_network_and_not_the_owner_s(client, amar, login):
    for _ in range(actions.TRIES_OF_A_PAIR):
        client.post("/connexion/", {"login": login, "password": "?"}, REMOTE_ADDR=ELSEWHERE)
    attacker = client.post("/connexion/", {"login": login, "password": PASSWORD}, REMOTE_ADDR="198.51.100.8")

    assert "Trop d’essais depuis ce réseau" in attacker.content.decode()
    assert give_password(client, amar).status_code == 302


def test_a_closed_network_opens_again_after_its_window(client, amar):
    for _ in range(actions.TRIES_OF_A_PAIR + 5):
        give_password(client, amar, "?")
    AttemptCount.objects.update(window_ends_at=timezone.now() - timedelta(seconds=1))

    assert give_password(client, amar).status_code == 302


def test_a_login_tried_from_everywhere_is_slowed_and_stays_open(client, amar, monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    for network in range(actions.TRIES_OF_A_LOGIN):
        give_password(client, amar, "?", REMOTE_ADDR=f"10.0.{network}.1")

    assert not slept
    assert give_password(client, amar).status_code == 302
    assert slept == [tries.SLOWED_SECONDS]


def test_a_disabled_account_is_answered_like_a_wrong_password(client, amar):
    User.objects.filter(pk=amar.pk).update(is_active=False)

    assert actions.WRONG_PASSWORD in give_password(client, amar).content.decode()


def test_logging_out_is_posted_and_clears_the_browser(client, amar):
    client.force_login(amar)

    assert client.get("/deconnexion/").status_code == 405
    assert is_in(client)
    left = client.post("/deconnexion/")

    assert left.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not is_in(client)


def test_the_page_after_the_login_stays_on_the_site(client, amar):
    client.post("/connexion/?next=https://ailleurs.example/", {"login": amar.login, "password": PASSWORD})

    assert give_code(client, sent_code()).headers["Location"] == "/situation/"


def test_an_account_is_opened_once_for_a_login_whatever_its_case(cast):
    job = Actor.job("tests")
    create_account(job, login="Neuf", name="N", email="n@example.org", password=PASSWORD)

    with pytest.raises(Conflict):
        create_account(job, login="neuf", name="N", email="n@example.org", password=PASSWORD)


def test_a_seed_too_short_to_be_safe_is_refused(amar):
    with pytest.raises(Invalid):
        set_totp_seed(Actor.job("tests"), amar.pk, seed="JBSWY3DP")

"""Ways back in: a link serves once, says nothing of who has an account, and never opens a session by itself."""

import re
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from terresante.accounts.actions import recovery as actions
from terresante.accounts.models import KnownDevice, Passkey, RecoveryCode, RecoveryLink, User
from terresante.accounts.tests.steps import (
    PASSWORD,
    give_code,
    give_password,
    is_in,
    last_message,
    log_in,
    sent_code,
)
from terresante.kernel.models import AuditEntry, OutboundMessage
from terresante.kernel.sealing import seal
from tests.walls import walls_down

pytestmark = pytest.mark.commits

ASK = "/connexion/mot-de-passe-oublie/"
NEW = "quatre mots sans aucun lien"


@pytest.fixture(autouse=True)
def waited(monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def ask(client, login):
    return client.post(ASK, {"login": login})


def sent_link():
    return re.findall(r"https?://[^/\s]+(/connexion/lien/\S+/)", last_message())[0]


def choose(client, new=NEW):
    return client.post("/connexion/nouveau-mot-de-passe/", {"new": new, "again": new})


def test_who_waits_for_the_answer_keeps_no_connection(client, amar, monkeypatch):
    held: list[bool] = []
    monkeypatch.setattr(time, "sleep", lambda _: held.append(connection.connection is not None))

    ask(client, amar.login)

    assert held == [False]


def test_a_forgotten_password_is_replaced_by_the_link(client, amar):
    ask(client, amar.login.upper())
    opened = client.get(sent_link())
    changed = choose(client)

    assert opened.headers["Location"] == "/connexion/nouveau-mot-de-passe/"
    assert "C’est fait" in changed.content.decode()
    assert not is_in(client)
    assert give_password(client, amar).status_code == 422
    assert give_password(client, amar, NEW).headers["Location"] == "/connexion/code/"
    with walls_down():
        done = set(AuditEntry.objects.filter(outcome="done").values_list("action", flat=True))
    assert {"account.recovery_ask", "account.password_recover"} <= done


def test_the_answer_is_the_same_whether_or_not_the_account_exists(client, amar, waited):
    known, unknown = ask(client, amar.login), ask(client, "personne")
    tokens = r'name="csrfmiddlewaretoken" value="[^"]+"|content="[^"]{64}"'

    assert re.sub(tokens, "", known.content.decode()) == re.sub(tokens, "", unknown.content.decode())
    assert known.status_code == unknown.status_code == 200
    assert OutboundMessage.objects.count() == 1
    assert len(waited) == 2
    assert all(0 < each <= actions.ANSWER_SECONDS for each in waited)


def test_a_closed_account_gets_no_link(client, amar):
    User.objects.filter(pk=amar.pk).update(is_active=False)

    assert ask(client, amar.login).status_code == 200
    assert not OutboundMessage.objects.exists()


def test_a_link_serves_once_and_its_token_is_kept_as_a_hash(client, amar):
    ask(client, amar.login)
    path = sent_link()
    client.get(path)
    choose(client)

    assert path.split("/")[-2] not in RecoveryLink.objects.get().token_hash
    assert Client().get(path).status_code == 422
    assert choose(client, "encore quatre mots choisis").status_code == 422
    amar.refresh_from_db()
    assert amar.check_password(NEW)


def test_opening_a_link_does_not_spend_it(client, amar):
    """A mail filter opens what it carries before its reader does."""
    ask(client, amar.login)
    Client().get(sent_link())
    client.get(sent_link())

    assert "C’est fait" in choose(client).content.decode()


def test_a_link_lives_thirty_minutes_also_once_opened(client, amar):
    ask(client, amar.login)
    client.get(sent_link())
    link = RecoveryLink.objects.get()
    assert abs(link.expires_at - timezone.now() - timedelta(minutes=30)) < timedelta(minutes=1)
    RecoveryLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert "plus valable" in choose(client).content.decode()
    amar.refresh_from_db()
    assert amar.check_password(PASSWORD)


def test_a_second_link_replaces_the_first(client, amar):
    ask(client, amar.login)
    first = sent_link()
    ask(client, amar.login)

    assert client.get(first).status_code == 422
    assert client.get(sent_link()).status_code == 302


def test_mailboxes_are_not_filled(client, amar):
    answers = {ask(client, amar.login).status_code for _ in range(actions.LINKS_OF_A_LOGIN + 3)}

    assert answers == {200}
    assert OutboundMessage.objects.count() == actions.LINKS_OF_A_LOGIN


def test_a_network_does_not_ask_without_end(client, amar):
    for _ in range(actions.LINKS_OF_A_NETWORK):
        ask(client, "personne")

    assert "Trop d’essais" in ask(client, "personne").content.decode()


def test_a_recovered_password_ends_sessions_and_trust(client, amar):
    phone = Client()
    log_in(phone, amar, "trusted")
    ask(client, amar.login)
    client.get(sent_link())
    choose(client)

    assert phone.get("/").headers["Location"] == "/connexion/?next=/"
    assert give_password(phone, amar, NEW).headers["Location"] == "/connexion/code/"


def test_a_weak_password_is_refused_and_the_link_stays(client, amar):
    ask(client, amar.login)
    client.get(sent_link())

    assert choose(client, "court").status_code == 422
    assert "C’est fait" in choose(client).content.decode()


@pytest.fixture
def with_everything(amar):
    amar.totp_seed, amar.phone = seal(b"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", context="totp"), "+33639980017"
    amar.save()
    Passkey.objects.create(user=amar, credential_id=b"key", credential=b"?", words="Chrome sur Linux")
    RecoveryCode.objects.create(user=amar, code_hash="a")
    KnownDevice.objects.create(user=amar, token_hash="b", words="Chrome sur Linux")
    return amar


def test_a_lost_second_factor_is_replaced_by_the_link_after_a_password(client, with_everything):
    give_password(client, with_everything)
    client.post("/connexion/code/perdu/")
    opened = client.get(sent_link())
    page = client.get(opened.headers["Location"])
    assert RecoveryCode.objects.exists()
    client.post(opened.headers["Location"])

    assert "codes par courriel" in page.content.decode()
    assert not (Passkey.objects.exists() or RecoveryCode.objects.exists() or KnownDevice.objects.exists())
    assert "par courriel" in OutboundMessage.objects.latest("created_at").subject
    give_password(client, with_everything)
    assert give_code(client, sent_code()).status_code == 302


def test_without_the_password_no_second_factor_is_dropped(client, with_everything):
    assert client.post("/connexion/code/perdu/").headers["Location"] == "/connexion/"
    ask(client, with_everything.login)
    client.get(sent_link())

    assert client.post("/connexion/second-facteur/").status_code == 422
    assert Passkey.objects.exists()


def test_an_invented_link_is_over(client, amar):
    ask(client, amar.login)

    assert client.get("/connexion/lien/aaaaaaaa/").status_code == 422
    assert client.post("/connexion/nouveau-mot-de-passe/", {"new": NEW, "again": NEW}).status_code == 422

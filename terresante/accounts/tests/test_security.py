"""« Sécurité de mon compte »: each person sees and ends his own, and nobody another's."""

import re
import time

import pyotp
import pytest
from django.test import Client

from simulators.sms import SimulatedSms
from terresante.accounts import sessions
from terresante.accounts.actions import factors
from terresante.accounts.actions import login as actions
from terresante.accounts.models import KnownDevice, RecoveryCode, Session
from terresante.accounts.tests.steps import (
    PASSWORD,
    give_code,
    give_password,
    is_in,
    last_message,
    log_in,
    sent_code,
    wrong,
)
from terresante.kernel.models import AuditEntry, OutboundMessage
from terresante.kernel.ports import bound
from tests.walls import walls_down

pytestmark = pytest.mark.commits

PAGE = "/mon-compte/securite/"
NEW = "quatre mots sans aucun lien"


@pytest.fixture
def at_home(client, amar):
    log_in(client, amar)
    return client


def acts(code):
    with walls_down():
        return list(
            AuditEntry.objects.filter(action=code, outcome="done").values_list("patient_id", flat=True)
        )


def page_of(client):
    return client.get(PAGE).content.decode()


def test_the_page_shows_one_s_own_sessions_and_devices(at_home, amar, brun):
    log_in(Client(HTTP_USER_AGENT="Firefox/145.0 Windows"), brun)
    log_in(Client(HTTP_USER_AGENT="Version/19.0 Safari/1 iPhone"), amar)
    page = page_of(at_home)

    assert "Cette session" in page
    assert "Safari sur iPhone" in page
    assert "Firefox sur Windows" not in page
    assert not any(session.session_key in page for session in Session.objects.all())


def test_a_patient_has_his_page_too(client, cast):
    client.force_login(KnownDevice(user_id=cast.madeleine.user_id).user)

    assert "Sécurité de mon compte" in page_of(client)


def test_another_s_session_and_device_do_not_exist(at_home, brun):
    elsewhere = Client()
    log_in(elsewhere, brun)
    session, device = Session.objects.get(user=brun), KnownDevice.objects.get(user=brun)

    assert at_home.post(f"/mon-compte/sessions/{session.handle}/fermer/").status_code == 404
    assert at_home.post(f"/mon-compte/appareils/{device.pk}/oublier/").status_code == 404
    assert elsewhere.get("/").status_code == 200
    assert not acts("account.session_end")


def test_a_session_that_is_ended_is_over_at_once(at_home, amar):
    phone = Client()
    log_in(phone, amar)
    handle = Session.objects.get(session_key=phone.session.session_key).handle

    at_home.post(f"/mon-compte/sessions/{handle}/fermer/")

    assert phone.get("/").headers["Location"] == "/connexion/?next=/"
    assert at_home.get("/").status_code == 200
    assert acts("account.session_end") == [None]


def test_all_others_are_ended_and_their_devices_forgotten(at_home, amar, brun):
    phone, stranger = Client(), Client()
    log_in(phone, amar, "trusted")
    phone.post("/deconnexion/")
    log_in(stranger, brun)

    at_home.post("/mon-compte/sessions/fermer/")

    assert at_home.get("/").status_code == 200
    assert stranger.get("/").status_code == 200
    assert give_password(phone, amar).headers["Location"] == "/connexion/code/"
    assert KnownDevice.objects.filter(user=amar).count() == 1


def change(client, current=PASSWORD, new=NEW, again=NEW):
    return client.post("/mon-compte/mot-de-passe/", {"password": current, "new": new, "again": again})


def test_a_new_password_ends_the_other_sessions_and_the_trust(at_home, amar):
    phone = Client()
    log_in(phone, amar, "trusted")

    assert change(at_home).headers["Location"] == PAGE

    assert at_home.get("/").status_code == 200
    assert phone.get("/").headers["Location"] == "/connexion/?next=/"
    assert give_password(phone, amar, NEW).headers["Location"] == "/connexion/code/"
    assert "mot de passe" in OutboundMessage.objects.filter(subject__contains="changé").get().subject
    assert acts("account.password") == [None]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"current": "?"}, "pas votre mot de passe actuel"),
        ({"again": "autre chose encore"}, "ne sont pas les mêmes"),
        ({"new": "court", "again": "court"}, "trop court"),
        ({"new": "amar@example.org2026", "again": "amar@example.org2026"}, "identifiant ne doit pas"),
        ({"new": "qwerty123456", "again": "qwerty123456"}, "trop courant"),
        ({"new": "Terr-eSanté-2026!", "again": "Terr-eSanté-2026!"}, "trop facile à deviner ici"),
        ({"new": "Medecin.hopital.94", "again": "Medecin.hopital.94"}, "trop facile à deviner ici"),
    ],
)
def test_a_password_that_will_not_do_is_refused_in_words(at_home, amar, given, sentence):
    answer = change(at_home, **given)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    amar.refresh_from_db()
    assert amar.check_password(PASSWORD)


def test_an_open_session_does_not_help_to_guess_the_password(at_home):
    for _ in range(factors.TRIES_OF_A_PASSWORD):
        change(at_home, current="?")

    assert "Trop d’essais" in change(at_home).content.decode()


CHANGES = [
    ("get", "/mon-compte/application/"),
    ("post", "/mon-compte/application/retirer/"),
    ("post", "/mon-compte/codes-de-secours/"),
]


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_a_second_factor_changes_only_just_after_a_password(at_home, amar, monkeypatch, method, path):
    later = time.time() + 16 * 60
    monkeypatch.setattr(time, "time", lambda: later)

    asked = getattr(at_home, method)(path)

    assert asked.headers["Location"].startswith("/mon-compte/confirmer/?next=")
    assert not RecoveryCode.objects.exists()
    assert at_home.post("/mon-compte/confirmer/", {"password": "?"}).status_code == 422
    at_home.post("/mon-compte/confirmer/", {"password": PASSWORD, "next": "/mon-compte/application/"})
    assert at_home.get("/mon-compte/application/").status_code == 200


def test_the_confirmation_leads_nowhere_else(at_home):
    answer = at_home.post(
        "/mon-compte/confirmer/", {"password": PASSWORD, "next": "https://ailleurs.example/"}
    )

    assert answer.headers["Location"] == PAGE


def test_an_application_is_added_by_its_first_code_and_replaces_the_email(at_home, amar):
    page = at_home.get("/mon-compte/application/").content.decode()
    seed = re.findall(r'class="secret">([A-Z2-7 ]+)<', page)[0].replace(" ", "")
    assert 'src="data:image/svg+xml' in page
    code = pyotp.TOTP(seed).now()
    assert at_home.post("/mon-compte/application/", {"code": wrong(code)}).status_code == 422
    assert seed not in str(dict(at_home.session))
    at_home.post("/mon-compte/application/", {"code": code})

    amar.refresh_from_db()
    assert amar.totp_seed is not None
    assert "ajouté" in OutboundMessage.objects.latest("created_at").subject
    at_home.post("/deconnexion/")
    give_password(at_home, amar)
    assert give_code(at_home, code).status_code == 422
    assert give_code(at_home, pyotp.TOTP(seed).at(int(time.time()) + 30)).status_code == 302
    at_home.post("/mon-compte/application/retirer/")
    amar.refresh_from_db()
    assert amar.totp_seed is None
    assert acts("account.second_factor_end") == [None]


def test_a_telephone_is_added_by_the_code_it_receives(at_home, amar, monkeypatch, tmp_path):
    assert at_home.get("/mon-compte/telephone/").status_code == 404
    monkeypatch.setattr(bound, "sms", SimulatedSms(tmp_path))
    assert at_home.post("/mon-compte/telephone/", {"number": "01 45 00 00 00"}).status_code == 422
    asked = at_home.post("/mon-compte/telephone/", {"number": "06 39 98 00 17"})
    code = sent_code()
    answers = [at_home.post(asked.headers["Location"], {"code": wrong(code)}).status_code for _ in range(4)]
    amar.refresh_from_db()
    assert answers == [422] * 4
    assert amar.phone == ""
    at_home.post(asked.headers["Location"], {"code": code})
    amar.refresh_from_db()
    assert amar.phone == "+33639980017"
    assert amar.phone_shown.replace("\u00a0", " ") == "06 39 98 00 17"
    at_home.post("/mon-compte/telephone/retirer/")
    amar.refresh_from_db()
    assert amar.phone == ""


def test_five_wrong_codes_end_the_verification_of_a_telephone(at_home, amar, monkeypatch, tmp_path):
    monkeypatch.setattr(bound, "sms", SimulatedSms(tmp_path))
    at_home.post("/mon-compte/telephone/", {"number": "06 39 98 00 17"})
    code = sent_code()
    for _ in range(actions.CODE_TRIES):
        at_home.post("/mon-compte/telephone/code/", {"code": wrong(code)})

    assert "plus valable" in at_home.post("/mon-compte/telephone/code/", {"code": code}).content.decode()
    amar.refresh_from_db()
    assert amar.phone == ""


def codes_made(client):
    page = client.post("/mon-compte/codes-de-secours/").content.decode()
    return re.findall(r"<li>([A-Z2-9]{5}-[A-Z2-9]{5})</li>", page)


def test_ten_codes_are_shown_once_and_kept_as_hashes(at_home, amar):
    made = codes_made(at_home)

    assert len(set(made)) == 10
    assert not set(made) & set(RecoveryCode.objects.values_list("code_hash", flat=True))
    assert made[0] not in page_of(at_home)
    assert acts("account.recovery_codes") == [None]


def test_a_code_of_paper_opens_the_door_once(at_home, amar):
    made = codes_made(at_home)
    at_home.post("/deconnexion/")
    give_password(at_home, amar)
    typed = made[0].lower().replace("-", " ")
    assert at_home.post("/connexion/code/secours/", {"code": "AAAAA-AAAAA"}).status_code == 422
    assert at_home.post("/connexion/code/secours/", {"code": typed}).status_code == 302
    assert is_in(at_home)
    assert "code de secours" in last_message()

    at_home.post("/deconnexion/")
    give_password(at_home, amar)
    assert at_home.post("/connexion/code/secours/", {"code": typed}).status_code == 422
    assert RecoveryCode.objects.filter(used_at=None).count() == 9


def test_the_codes_of_one_account_are_not_another_s_and_new_ones_replace_them(at_home, brun):
    made = codes_made(at_home)
    codes_made(at_home)
    stranger = Client()
    give_password(stranger, brun)

    assert stranger.post("/connexion/code/secours/", {"code": made[0]}).status_code == 422
    assert RecoveryCode.objects.count() == 10


def test_django_writing_a_session_again_does_not_undo_what_was_set_meanwhile(at_home):
    """Bad: saving every column, and with them the lock that another request has just set."""
    store = sessions.SessionStore(at_home.session.session_key)
    store["read"] = True
    Session.objects.update(locked_at="2026-01-01T00:00Z")
    store.save()

    assert Session.objects.get(session_key=store.session_key).locked_at is not None

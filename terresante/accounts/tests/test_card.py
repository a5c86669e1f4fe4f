"""The CPS card: what our proxy hands over is believed, from nobody else, for one login. Certificates are made here."""

import base64

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.test import Client
from django.utils import timezone

from terresante.accounts.models import Session
from terresante.accounts.tests.cards import RPPS, Authority
from terresante.accounts.tests.steps import is_in
from terresante.directory.models import Practitioner
from tests.walls import walls_down

pytestmark = pytest.mark.commits
CARD_HOST = "cps.testserver"
SECRET = "a secret of thirty-two characters!!"


@pytest.fixture
def authority(settings, tmp_path):
    made = Authority()
    pem = tmp_path / "authorities.pem"
    pem.write_bytes(made.certificate.public_bytes(Encoding.PEM))
    settings.BASE_URL = "http://testserver"
    settings.CPS_URL = f"https://{CARD_HOST}"
    settings.CPS_PROXY_SECRET = SECRET
    settings.CPS_AUTHORITIES = str(pem)
    settings.CPS_REVOCATIONS = ""
    settings.ALLOWED_HOSTS = ["testserver", CARD_HOST]
    return made


@pytest.fixture
def amar(cast, authority):
    with walls_down():
        amar = Practitioner.objects.get(pk=cast.amar.person_id)
        amar.rpps, amar.idnps = RPPS, f"8{RPPS}"
        amar.save()
    return amar


def read(location, der, *, host=CARD_HOST, **headers):
    """What the proxy sends on; `headers` in place of its own."""
    sent = {
        "X-Client-Certificate": base64.b64encode(der).decode(),
        "X-Proxy-Secret": SECRET,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    path = location.partition("://")[2].partition("/")[2]
    return Client().get(f"/{path}", headers=sent, SERVER_NAME=host)


def log_in(client, der, **headers):
    response = read(client.get("/connexion/cps/")["Location"], der, **headers)
    return (
        client.get(response["Location"].removeprefix("http://testserver"))
        if response.status_code == 302
        else response
    )


def says(response, words, status=403):
    assert response.status_code == status
    assert words in response.content.decode()


def test_a_card_opens_the_account_of_its_owner_without_a_code(client, authority, amar):
    response = log_in(client, authority.card())

    assert response["Location"] == "/situation/"
    assert Session.objects.get(user=amar.user).opened_by == "cps"
    assert "Mes patients" in client.get("/").content.decode()
    assert "Carte CPS" in client.get("/mon-compte/securite/").content.decode()


def test_the_login_page_offers_it(client, authority):
    assert "Carte CPS" in client.get("/connexion/").content.decode()


def test_without_settings_there_is_no_such_page(client, settings):
    settings.CPS_URL = ""
    for path in ("/connexion/cps/", "/connexion/cps/carte/", "/connexion/cps/retour/"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Proxy_Secret": ""},
        {"X_Proxy_Secret": "another secret of thirty-two chars"},
        {"host": "testserver"},
    ],
)
def test_a_certificate_that_our_proxy_did_not_hand_over_is_a_page_that_does_not_exist(
    client, authority, amar, headers
):
    """Bad: any client that writes the header itself, here with a real card's public certificate."""
    assert log_in(client, authority.card(), **headers).status_code == 404
    assert not is_in(client)


def test_no_secret_set_believes_nobody(client, authority, amar, settings):
    settings.CPS_PROXY_SECRET = ""

    assert log_in(client, authority.card(), X_Proxy_Secret="").status_code == 404


def test_an_authority_that_is_not_listed_vouches_for_nobody(client, authority, amar):
    says(log_in(client, Authority("Another").card()), "autorité reconnue")
    says(log_in(client, Authority().card()), "autorité reconnue")  # the same name, another key
    assert not is_in(client)


def test_a_certificate_to_sign_documents_does_not_log_in(client, authority, amar):
    says(log_in(client, authority.card(login=False)), "n’est pas celui")


@pytest.mark.parametrize("days", [(-700, -1), (1, 365)])
def test_a_card_out_of_its_dates_does_not_log_in(client, authority, amar, days):
    says(log_in(client, authority.card(days=days)), "en cours de validité")


@pytest.mark.parametrize("der", [b"", b"not a certificate"])
def test_what_is_no_certificate_is_refused_in_plain_words(client, authority, amar, der):
    says(log_in(client, der), "n’est pas celui")


def test_a_name_that_is_no_national_identifier_is_refused(client, authority, amar):
    says(log_in(client, authority.card(number="www.example.org")), "n’est pas celui")


def test_the_identifier_is_read_in_the_serial_number_too(client, authority, amar):
    assert log_in(client, authority.card(attribute=NameOID.SERIAL_NUMBER)).status_code == 302
    assert is_in(client)


def test_a_revoked_card_is_refused_and_the_others_enter(client, authority, amar, settings, tmp_path):
    settings.CPS_REVOCATIONS = str(tmp_path)
    (tmp_path / "fort.crl").write_bytes(authority.revoking(4242))

    says(log_in(client, authority.card(serial=4242)), "mise en opposition")
    assert log_in(client, authority.card()).status_code == 302


@pytest.mark.parametrize("case", ["missing", "late", "forged"])
def test_a_card_that_nobody_can_say_valid_does_not_log_in(client, authority, amar, settings, tmp_path, case):
    settings.CPS_REVOCATIONS = str(tmp_path)
    if case == "late":
        (tmp_path / "fort.crl").write_bytes(authority.revoking(days=-1))
    if case == "forged":
        (tmp_path / "fort.crl").write_bytes(Authority().revoking())

    says(log_in(client, authority.card()), "ne peut pas être vérifiée")


def test_a_ticket_opens_the_browser_that_asked_and_once(client, authority, amar):
    ticket = read(client.get("/connexion/cps/")["Location"], authority.card())["Location"]
    path = ticket.removeprefix("http://testserver")
    victim = Client()
    says(victim.get(path), "n’a pas été demandée depuis ce navigateur")

    assert client.get(path).status_code == 302
    client.post("/deconnexion/")
    says(client.get(path), "a déjà servi")
    assert not is_in(client)


def test_a_ticket_of_another_question_or_a_forged_one_opens_nothing(client, authority, amar):
    theirs = read(Client().get("/connexion/cps/")["Location"], authority.card())["Location"]
    stolen = theirs.partition("ticket=")[2]
    for ticket in (stolen, "Zm9yZ2Vk", ""):
        state = client.get("/connexion/cps/")["Location"].partition("state=")[2]
        assert client.get("/connexion/cps/retour/", {"state": state, "ticket": ticket}).status_code == 403
    assert not is_in(client)


def test_a_ticket_is_over_after_a_minute(client, authority, amar, monkeypatch):
    monkeypatch.setattr("terresante.accounts.views.card.TICKET_SECONDS", -1)

    says(log_in(client, authority.card()), "Trop de temps a passé")


def test_a_card_of_somebody_struck_off_or_unknown_is_refused(client, authority, amar):
    says(log_in(client, authority.card(number="810009999999")), "Aucun professionnel de l’annuaire")
    with walls_down():
        Practitioner.objects.filter(pk=amar.pk).update(active=False, struck_off_on=timezone.localdate())
    says(log_in(client, authority.card()), "ne vous compte plus")
    assert not is_in(client)

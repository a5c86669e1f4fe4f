"""Pro Santé Connect, from our side of the wire: what enters, what is refused and why, what an adversary would try."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from terresante.accounts.federation import protocol
from terresante.accounts.models import Session, User
from terresante.accounts.tests.issuer import Issuer, serving
from terresante.accounts.tests.steps import is_in
from terresante.directory.models import Practitioner
from terresante.kernel.enums import Outcome
from terresante.kernel.models import AuditEntry
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits
BEGIN, BACK = "/connexion/pro-sante-connect/", "/connexion/pro-sante-connect/retour/"
RPPS = "10003456785"


def known_to(settings, issuer: Issuer, name: str = "PSC") -> None:
    told = {"issuer": issuer.url, "client": issuer.client, "secret": "tests", "discovery": ""}
    setattr(settings, name, told)
    settings.BASE_URL = "http://testserver"


@pytest.fixture
def issuer(settings) -> Iterator[Issuer]:
    made = Issuer()
    server = serving(made)
    known_to(settings, made)
    protocol.forget_providers()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def amar(cast, issuer) -> Practitioner:
    """Dr Amar has his RPPS in the directory, and PSC says him at his practice."""
    with walls_down():
        amar = Practitioner.objects.get(pk=cast.amar.person_id)
        amar.rpps, amar.idnps = RPPS, f"8{RPPS}"
        amar.save()
        practice = amar.roles.get().organization
        practice.annuaire_id = "R10000000000001"
        practice.save()
    issuer.person = psc_claims(f"8{RPPS}", "R10000000000001")
    return amar


def psc_claims(national_id, *places, profession="10", category="C"):
    activities = [{"identifiantTechniqueDeLaStructure": place, "numeroFinessSite": ""} for place in places]
    practice = {
        "codeProfession": profession,
        "codeCategorieProfessionnelle": category,
        "activities": activities,
    }
    return {"SubjectNameID": national_id, "SubjectRefPro": {"exercices": [practice]}}


def come_back(client: Client, issuer: Issuer, begin: str = BEGIN, **told):
    location = client.get(begin)["Location"]
    back = begin.partition("?")[0] + "retour/"
    return client.get(back, {**issuer.grant(location), **told})


def refused_step():
    with walls_down():
        return AuditEntry.objects.filter(outcome=Outcome.REFUSED).latest("at").detail["step"]


def says(response, words: str, status: int = 403) -> None:
    assert response.status_code == status
    assert words in response.content.decode().replace("\u00a0", " ")


def test_the_question_asks_what_psc_wants(client, issuer):
    told = parse_qs(urlsplit(client.get(BEGIN)["Location"]).query)

    assert told["scope"] == ["openid scope_all"]
    assert told["acr_values"] == ["eidas1"]
    assert told["code_challenge_method"] == ["S256"]
    assert told["response_type"] == ["code"]
    assert told["redirect_uri"] == ["http://testserver" + BACK]
    assert len(told["state"][0]) >= 32 and len(told["nonce"][0]) >= 32


def test_a_professional_enters_in_one_step_and_without_a_code(client, issuer, amar):
    response = come_back(client, issuer)

    assert response["Location"] == "/situation/"
    assert client.get("/situation/")["Location"] == "/"
    assert "Mes patients" in client.get("/").content.decode()
    session = Session.objects.get(user=amar.user)
    assert session.opened_by == "psc"
    with walls_down():
        entry = AuditEntry.objects.filter(action="account.login", outcome=Outcome.DONE).latest("at")
    assert (entry.user_id, entry.detail["by"]) == (amar.user_id, "psc")


def test_his_sessions_say_how_each_was_opened(client, issuer, amar):
    come_back(client, issuer)

    assert "Pro Santé Connect" in client.get("/mon-compte/securite/").content.decode()


def test_without_settings_nothing_is_offered(client, settings):
    settings.PSC = {"issuer": "", "client": "", "secret": "", "discovery": ""}

    assert client.get(BEGIN).status_code == 404
    assert client.get(BACK).status_code == 404
    assert "Pro Santé Connect" not in client.get("/connexion/").content.decode()


def test_the_login_page_offers_what_is_set(client, issuer):
    page = client.get("/connexion/?next=/patients/").content.decode()

    assert f'href="{BEGIN}?next=%2Fpatients%2F"' in page
    assert "FranceConnect" not in page and "Carte CPS" not in page


def test_an_answer_brought_to_another_browser_opens_nothing(client, issuer, amar):
    """Login CSRF: the adversary gets an answer for himself and has his victim follow it."""
    answer = issuer.grant(client.get(BEGIN)["Location"])
    victim = Client()
    says(victim.get(BACK, answer), "n’a pas été demandée depuis ce navigateur")

    assert not is_in(victim)
    assert not issuer.spent


def test_an_answer_serves_once(client, issuer, amar):
    answer = issuer.grant(client.get(BEGIN)["Location"])
    assert client.get(BACK, answer).status_code == 302
    client.post("/deconnexion/")

    says(client.get(BACK, answer), "a déjà servi")
    assert not is_in(client)


def test_a_code_of_another_login_is_refused_by_the_proof_of_who_asked(client, issuer, amar):
    """PKCE: a stolen code is no use with another verifier."""
    stolen = issuer.grant(client.get(BEGIN)["Location"])
    other = Client()
    state = parse_qs(urlsplit(other.get(BEGIN)["Location"]).query)["state"][0]

    says(other.get(BACK, {**stolen, "state": state}), "n’a pas confirmé cette connexion")
    assert not is_in(other)


@pytest.mark.parametrize(
    ("misbehaviour", "step", "words"),
    [
        ({"unsigned": True}, "signature", "n’est pas signée"),
        ({"by_another_key": True}, "signature", "n’est pas signée"),
        ({"wrong": {"nonce": "autre"}}, "nonce", "n’est pas celle de cette connexion"),
        ({"wrong": {"nonce": None}}, "nonce", "n’est pas celle de cette connexion"),
        ({"wrong": {"aud": "another-client"}}, "audience", "destinée à un autre service"),
        ({"wrong": {"aud": ["terresante", "other"], "azp": "other"}}, "audience", "un autre service"),
        ({"wrong": {"iss": "https://elsewhere.example"}}, "other_provider", "ne vient pas de"),
        ({"wrong": {"exp": 1_000_000_000}}, "late", "n’est plus valable"),
        ({"clock": 600}, "clock", "l’horloge du serveur retarde"),
        ({"clock": -600}, "late", "l’horloge du serveur est peut-être en avance"),
        ({"wrong": {"acr": "eidas0"}}, "level", "ne garantit pas assez"),
        ({"wrong": {"acr": None}}, "level", "ne garantit pas assez"),
        ({"userinfo_sub": "f:tests:somebody-else"}, "malformed", "est incomplète"),
    ],
)
def test_an_answer_that_is_not_what_was_asked_opens_nothing(client, issuer, amar, misbehaviour, step, words):
    for name, value in misbehaviour.items():
        setattr(issuer, name, value)
    says(come_back(client, issuer), words)

    assert not is_in(client)
    assert refused_step() == step


def test_a_clock_a_few_seconds_away_is_no_reason_to_refuse(client, issuer, amar):
    issuer.clock = 20

    assert come_back(client, issuer).status_code == 302


def test_an_answer_named_by_another_issuer_is_refused_before_the_code_is_sent(client, issuer, amar):
    """Mix-up (RFC 9207): the code would be given to whoever is asked."""
    says(come_back(client, issuer, iss="https://elsewhere.example"), "ne vient pas de Pro Santé Connect")

    assert not issuer.spent


def test_an_answer_without_its_issuer_is_refused_when_the_provider_always_says_it(client, issuer, amar):
    answer = issuer.grant(client.get(BEGIN)["Location"])
    del answer["iss"]

    says(client.get(BACK, answer), "ne vient pas de Pro Santé Connect")


def test_the_answer_of_one_provider_is_not_taken_at_the_door_of_the_other(client, issuer, amar, settings):
    known_to(settings, issuer, "FRANCECONNECT")
    answer = issuer.grant(client.get(BEGIN)["Location"])

    says(client.get("/connexion/franceconnect/retour/", answer), "ne vient pas de FranceConnect")
    assert not issuer.spent


def test_metadata_of_another_issuer_are_not_believed(client, issuer, settings):
    settings.PSC = {**settings.PSC, "discovery": f"{issuer.url}/.well-known/openid-configuration"}
    settings.PSC["issuer"] = "https://psc.example"

    says(client.get(BEGIN), "ne vient pas de Pro Santé Connect")


def test_keys_that_the_provider_has_changed_are_asked_again(client, issuer, amar):
    come_back(client, issuer)
    client.post("/deconnexion/")
    issuer.key = issuer.other_key

    assert come_back(client, issuer).status_code == 302


def test_who_declines_is_told_so(client, issuer):
    location = client.get(BEGIN)["Location"]
    state = issuer.grant(location)["state"]

    says(
        client.get(BACK, {"state": state, "error": "access_denied", "iss": issuer.url}),
        "abandonnée ou refusée",
    )


def test_a_provider_is_waited_for_without_a_connection(client, issuer, monkeypatch):
    held: list[bool] = []
    real = protocol._metadata

    def asked(*told):
        held.append(connection.connection is not None)
        return real(*told)

    monkeypatch.setattr(protocol, "_metadata", asked)
    client.get(BEGIN)

    assert held == [False]


def test_a_provider_that_is_down_is_said_and_the_password_still_opens(client, issuer):
    issuer.silent = True

    says(client.get(BEGIN), "ne répond pas", status=503)
    assert "Identifiant" in client.get("/connexion/").content.decode()


def test_a_question_left_too_long_is_asked_again(client, issuer, amar, monkeypatch):
    answer = issuer.grant(client.get(BEGIN)["Location"])
    monkeypatch.setattr("terresante.accounts.views.federation.QUESTION_SECONDS", -1)

    says(client.get(BACK, answer), "Trop de temps a passé")


def test_the_page_asked_for_is_ours_or_none(client, issuer, amar):
    inside = come_back(client, issuer, f"{BEGIN}?next=/patients/")
    assert inside["Location"] == "/situation/?next=%2Fpatients%2F"
    client.post("/deconnexion/")

    outside = come_back(client, issuer, f"{BEGIN}?next=https://elsewhere.example/")
    assert outside["Location"] == "/situation/"


def test_the_session_changes_key_and_keeps_nothing_of_before(client, issuer, amar):
    client.get(BEGIN)
    before = client.session.session_key
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    come_back(client, issuer)

    assert client.session.session_key != before
    assert "planted" not in client.session
    assert not Session.objects.filter(session_key=before).exists()


def test_no_token_lies_in_clear_in_the_database_nor_in_the_logs(client, issuer, amar, caplog):
    caplog.set_level(logging.DEBUG)
    come_back(client, issuer)

    stored = str(dict(client.session))
    assert issuer.tokens
    for secret in [*issuer.tokens, *(asked["nonce"] for asked in issuer.asked), issuer.sub]:
        assert secret not in stored
    logged = " ".join(
        record.getMessage() for record in caplog.records if record.name.startswith("terresante")
    )
    assert not any(secret in logged for secret in issuer.tokens)


def test_the_verifier_and_the_nonce_are_sealed_while_they_wait(client, issuer):
    told = parse_qs(urlsplit(client.get(BEGIN)["Location"]).query)
    stored = str(client.session.get("federation_questions"))

    assert told["state"][0] in stored
    assert told["nonce"][0] not in stored


def test_the_session_outlives_the_120_seconds_of_the_token_and_the_provider_itself(client, issuer, amar):
    """Nothing of ours asks the provider again: it is stopped, and the person works on."""
    come_back(client, issuer)
    issuer.silent = True
    protocol.forget_providers()

    assert client.get("/patients/").status_code == 200


def test_logging_out_ends_the_session_of_the_provider_too(client, issuer, amar):
    come_back(client, issuer)
    page = client.post("/deconnexion/")
    url = next(part for part in page.content.decode().split('"') if part.startswith(f"{issuer.url}/end"))

    told = parse_qs(urlsplit(url.replace("&amp;", "&")).query)
    assert told["id_token_hint"] == [issuer.tokens[1]]
    assert told["post_logout_redirect_uri"] == ["http://testserver/connexion/?au-revoir"]
    assert not is_in(client)


def test_logging_out_works_when_the_provider_is_down(client, issuer, amar):
    come_back(client, issuer)
    issuer.silent = True
    protocol.forget_providers()

    assert client.post("/deconnexion/")["Location"] == "/connexion/?au-revoir"
    assert not is_in(client)


def test_a_session_opened_by_password_logs_out_of_here_alone(client, issuer, amar):
    login(client, amar)

    assert client.post("/deconnexion/")["Location"] == "/connexion/?au-revoir"


def test_an_account_without_a_password_proves_itself_where_it_came_from(client, issuer, amar):
    come_back(client, issuer)
    session = client.session
    session["proved_at"] = 0
    session.save()
    with walls_down():
        user = User.objects.get(pk=amar.user_id)
        user.set_unusable_password()
        user.save()
    client.force_login(user)
    session = client.session
    session["opened_by"] = "psc"
    session.save()

    location = client.get("/mon-compte/application/")["Location"]
    assert location == "/connexion/pro-sante-connect/?encore=&next=%2Fmon-compte%2Fapplication%2F"
    told = parse_qs(urlsplit(client.get(location)["Location"]).query)
    assert told["prompt"] == ["login"]


def test_a_shared_workstation_is_said_before_leaving_and_locks(client, issuer, amar):
    """Who comes next gets his own card asked, not the provider's session of the one before."""
    told = parse_qs(urlsplit(client.get(f"{BEGIN}?poste-partage")["Location"]).query)
    assert told["prompt"] == ["login"]

    come_back(client, issuer, f"{BEGIN}?poste-partage")
    Session.objects.update(seen_at=timezone.now() - timedelta(minutes=11))
    assert client.get("/patients/").status_code == 302
    locked = client.get("/connexion/verrouillee/").content.decode()
    assert f'href="{BEGIN}?poste-partage"' in locked


def test_another_name_of_the_same_site_leads_to_the_one_that_providers_know(client, issuer, settings):
    """Its session would not be found when one comes back; and it is asked once, never in circles."""
    settings.ALLOWED_HOSTS = ["testserver", "www.testserver"]
    location = client.get(f"{BEGIN}?next=/patients/", SERVER_NAME="www.testserver")["Location"]

    assert location == f"http://testserver{BEGIN}?ici=&next=%2Fpatients%2F"
    asked = client.get(location.removeprefix("http://testserver"), SERVER_NAME="www.testserver")
    assert asked["Location"].startswith(issuer.url)


def test_a_proof_of_profession_opens_no_patient_pages(client, issuer, amar, cast):
    """Dr Amar is also a patient here: his professional's session is not the place."""
    with walls_down():
        connection.cursor().execute(
            "UPDATE patients_patientaccount SET user_id = %s WHERE user_id = %s",
            [amar.user_id, cast.madeleine.user_id],
        )
    issuer.person = {"SubjectNameID": f"8{RPPS}"}

    page = come_back(client, issuer)
    assert "aucune situation d’exercice" in page.content.decode()
    assert client.get("/mon-dossier/").status_code == 302


def test_somebody_struck_off_after_his_login_is_out_at_the_next_page(client, issuer, amar):
    come_back(client, issuer)
    with walls_down():
        Practitioner.objects.filter(pk=amar.pk).update(active=False, struck_off_on=timezone.localdate())

    assert client.get("/patients/").status_code == 302

"""Answering from home, by each door: a link, an account, an operator, a telephone that was offline, an SMS."""

import json
import re
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from terresante.accounts.actions.devices import purge_sessions
from terresante.accounts.models import Session
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.questionnaires.step_views import filled
from terresante.questionnaires.tests.factories import files
from terresante.telemonitoring.answering import door_views
from terresante.telemonitoring.answering.doors import permit_of_account, permit_of_link
from terresante.telemonitoring.answering.links import reminder_token
from terresante.telemonitoring.models import AnswerLink, Cell, Expected, FollowUp
from terresante.telemonitoring.tests.at_home import answer, enrolled, opened, path_of, stored
from terresante.telemonitoring.tests.factories import SCHEDULE, pathway
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits
NOT_VALID = "Ce lien ou ce code n’ouvre rien"


def test_that_nobody_reads_now_is_said_once_with_the_hour_when_somebody_will(client, cast):
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    tomorrow = str(timezone.localdate().isoweekday() % 7 + 1)
    with walls_down():
        Cell.objects.update(opening_hours={tomorrow: [["09:00", "17:00"]]})
    opened(client, given)
    here = f"/suivi/repondre/{expected}/"

    pages = [client.get(here).content.decode()]
    client.post(here, {"question": "temperature", "valeur": "37"})
    client.post(here, {"question": "sommeil", "valeur": "bon"})
    pages.append(client.get(f"{here}?question=relire").content.decode())
    pages.append(answer(client, here).content.decode())
    for page in pages:
        assert page.count("L’équipe est absente.") == page.count("L’équipe de suivi ouvre") == 1
        assert "L’équipe de suivi est fermée" not in page


def test_a_link_says_nothing_before_its_code_and_opens_one_follow_up(client, cast):
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    _, of_leon = enrolled(cast.brun, cast.leon_record, version=given.follow_up.version)

    before = client.get(path_of(given), follow=True)
    assert "LEROUX" not in before.content.decode()
    assert client.get(f"/suivi/repondre/{expected}/").status_code == 302

    today = opened(client, given).content.decode()
    assert "Votre état aujourd’hui" in today and str(expected) in today
    page = client.get(f"/suivi/repondre/{expected}/")
    assert "Quelle est votre température" in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    assert client.get(f"/suivi/repondre/{of_leon}/").status_code == 404
    assert (
        client.post(f"/suivi/repondre/{of_leon}/", {"question": "temperature", "valeur": "37"}).status_code
        == 404
    )
    assert client.get(f"/dossiers/{cast.madeleine_record.pk}/").status_code == 302

    sent = answer(client, f"/suivi/repondre/{expected}/", temperature="37,2", sommeil="bon").content.decode()
    assert "Tout va bien. À demain." in sent
    (row,) = stored()
    assert (row.source, row.user_id, row.occurrence_id, row.colour) == ("link", None, expected, "green")
    assert row.respondent_name == "Madeleine LEROUX"
    with walls_down():
        assert AuditEntry.objects.filter(action="follow_up.link.open", patient_id=row.patient_id).count() == 1
        written = AuditEntry.objects.filter(action="response.write", patient_id=row.patient_id)
        assert {entry.detail.get("for") for entry in written} == {row.respondent_name}


def test_an_answer_by_a_link_that_crosses_another_transaction_is_kept_all_the_same(client, cast, monkeypatch):
    """What was done of it is rolled back, and done again: nobody is asked to send it a second time."""
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    opened(client, given)
    tried = []

    def crossed_at_each_first_try(request, door, real=filled):
        page = real(request, door)
        tried.append(1)
        if len(tried) % 2:
            raise OperationalError("deadlock detected") from DeadlockDetected()
        return page

    monkeypatch.setattr(door_views, "filled", crossed_at_each_first_try)

    sent = answer(client, f"/suivi/repondre/{expected}/", temperature="37,2", sommeil="bon").content.decode()

    assert "Tout va bien. À demain." in sent
    (row,) = stored()
    assert (row.occurrence_id, row.colour) == (expected, "green")


def test_guessed_wrong_expired_revoked_and_ended_links_read_alike_and_open_nothing(client, cast):
    given, _ = enrolled(cast.amar, cast.madeleine_record)
    other, _ = enrolled(cast.brun, cast.leon_record, version=given.follow_up.version)
    told = {opened(client, given, code=other.secrets.code).content.decode()}
    client.get("/suivi/guessed-guessed-guessed/")
    told.add(client.post("/suivi/", {"code": given.secrets.code}).content.decode())
    with walls_down():
        AnswerLink.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    told.add(opened(client, given).content.decode())
    with walls_down():
        AnswerLink.objects.update(expires_at=timezone.now() + timedelta(days=1), revoked_at=timezone.now())
    told.add(opened(client, given).content.decode())
    with walls_down():
        AnswerLink.objects.update(revoked_at=None)
        FollowUp.objects.update(state="ended", ended_at=timezone.now(), end_reason="recovered")
    told.add(opened(client, given).content.decode())

    shown = {
        re.sub(r'(csrfmiddlewaretoken"|name="code") value="[^"]*"', "", text).partition("<main")[2]
        for text in told
    }
    assert len(shown) == 1
    assert NOT_VALID in shown.pop()


def test_a_reminder_opens_the_same_link_with_the_same_code_as_long_as_it_is_open(client, cast):
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    other, _ = enrolled(cast.brun, cast.leon_record, version=given.follow_up.version)
    link = given.secrets.link
    token = reminder_token(link.pk)

    def shown(token, code):
        client.post("/suivi/terminer/")
        client.get(f"/suivi/{token}/")
        return client.post("/suivi/", {"code": code}, follow=True).content.decode()

    assert str(expected) in shown(token, given.secrets.code)
    forged = ("A" if token[-5] != "A" else "B") + token[-4:]
    for wrong in (token[:-5] + forged, reminder_token(new_id()), reminder_token(other.secrets.link.pk)):
        assert NOT_VALID in shown(wrong, given.secrets.code)
    with walls_down():
        AnswerLink.objects.filter(pk=link.pk).update(revoked_at=timezone.now())
    assert NOT_VALID in shown(token, given.secrets.code)


def test_five_wrong_codes_close_a_link_and_its_session_ends_with_it(client, cast):
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    wrong = "000000" if given.secrets.code != "000000" else "111111"
    opened(client, given)
    assert client.get(f"/suivi/repondre/{expected}/").status_code == 200

    visitor = type(client)()
    for _ in range(5):
        assert NOT_VALID in opened(visitor, given, code=wrong).content.decode()
    assert NOT_VALID in opened(visitor, given).content.decode()

    with walls_down():
        AnswerLink.objects.update(revoked_at=timezone.now())
    assert client.get(f"/suivi/repondre/{expected}/").status_code == 302
    session = client.session
    session["answer_link"] = {
        **session["answer_link"],
        "until": (timezone.now() - timedelta(minutes=1)).isoformat(),
    }
    session.save()
    with walls_down():
        AnswerLink.objects.update(revoked_at=None, tries=0)
    assert client.get(f"/suivi/repondre/{expected}/").status_code == 302


def test_an_impossible_value_is_proposed_in_the_right_unit_and_accepted_with_one_button(client, cast):
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    opened(client, given)
    address = f"/suivi/repondre/{expected}/"

    wrong = client.post(address, {"question": "temperature", "valeur": "98"})
    assert wrong.status_code == 422
    assert "en °F" in wrong.content.decode()
    assert 'name="valeur" value="36,7"' in wrong.content.decode()
    assert not stored()
    assert client.post(address, {"question": "temperature", "valeur": "36,7"}).status_code == 302
    assert stored()[0].answers == {"temperature": 36.7}
    assert stored()[0].status == "in-progress"
    assert client.post(address, {"question": "temperature", "passer": "1"}).status_code == 422
    # Another visit goes on where this one stopped.
    assert "Comment avez-vous dormi" in client.get(address).content.decode()


def test_a_red_value_is_measured_again_and_then_says_15_at_once(client, cast):
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    opened(client, given)
    address = f"/suivi/repondre/{expected}/"

    first = answer(client, address, temperature="39,5", sommeil="bon").content.decode()
    assert "Mesurez à nouveau maintenant" in first and "39,5" in first and "le 15 ou le 112" in first
    again = client.get(f"{address}?question=temperature").content.decode()
    assert "Mesurer à nouveau" in again and "sommeil" not in again
    second = answer(client, address, temperature="39,4").content.decode()

    assert "Appelez le 15 ou le 112." in second and 'href="tel:15"' in second
    rows = stored()
    assert [(row.colour, row.to_confirm) for row in rows] == [("red", True), ("red", False)]
    assert rows[1].answers == {"temperature": 39.4, "sommeil": "bon"}
    # Nothing is added to what was sent.
    assert "Appelez le 15" in answer(client, address, temperature="37", sommeil="bon").content.decode()
    assert len(stored()) == 2


def test_the_patient_answers_from_her_account_and_nobody_else_does(client, cast):
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    _, of_leon = enrolled(cast.brun, cast.leon_record, version=given.follow_up.version)
    login(client, cast.madeleine)
    page = client.get("/mon-dossier/suivi/").content.decode()
    assert f"/mon-dossier/suivi/{expected}/" in page and "data-kit" in page

    assert client.get(f"/mon-dossier/suivi/{of_leon}/").status_code == 404
    assert (
        client.post(f"/mon-dossier/suivi/{of_leon}/", {"question": "temperature", "valeur": "37"}).status_code
        == 404
    )
    answer(client, f"/mon-dossier/suivi/{expected}/", temperature="37", sommeil="mauvais")

    (row,) = stored()
    assert (row.source, row.user_id, row.colour) == ("patient", cast.madeleine.user_id, "orange")
    assert "Un soignant va vous rappeler." in client.get(f"/mon-dossier/suivi/{expected}/").content.decode()


def test_an_operator_answers_over_the_telephone_with_the_values_before_him(client, cast):
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    _, of_leon = enrolled(cast.brun, cast.leon_record, version=given.follow_up.version)
    address = f"/dossiers/{cast.madeleine_record.pk}/telesuivi/repondre/{expected}/"
    login(client, cast.brun)
    assert client.get(address).status_code == 404
    login(client, cast.amar)
    assert (
        client.get(f"/dossiers/{cast.madeleine_record.pk}/telesuivi/repondre/{of_leon}/").status_code == 404
    )

    answer(client, address, temperature="37,1", sommeil="bon")
    (row,) = stored()
    assert (row.source, row.user_id, row.respondent_name) == ("phone", cast.amar.user_id, cast.amar.name)
    with walls_down():
        later = Expected.objects.filter(follow_up=given.follow_up).exclude(pk=expected).earliest("opens_at")
        Expected.objects.filter(pk=later.pk).update(opens_at=timezone.now())
    next_time = client.get(f"/dossiers/{cast.madeleine_record.pk}/telesuivi/repondre/{later.pk}/")
    assert "37,1" in next_time.content.decode()


def test_what_the_team_fills_is_reached_from_the_follow_up_and_is_no_telephone_call(client, cast):
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    with walls_down():
        Expected.objects.filter(pk=expected).update(role="professional")
    here = reverse("telemonitoring:operator_answer", args=[cast.madeleine_record.pk, expected])
    login(client, cast.amar)
    assert (
        here
        in client.get(
            reverse("telemonitoring:one", args=[cast.madeleine_record.pk, given.follow_up.pk])
        ).content.decode()
    )
    answer(client, here, temperature="37", sommeil="bon")

    assert [(row.source, row.occurrence_id) for row in stored()] == [("professional", expected)]
    login(client, cast.brun)
    assert client.get(here).status_code == 404


def kept(permit, expected, **said):
    return {
        "id": str(new_id()),
        "permit": permit,
        "occurrence": str(expected),
        "form": "x/quotidien",
        "answers": {"temperature": ["37,4"], "sommeil": ["bon"]},
        "authored": (timezone.now() - timedelta(hours=2)).isoformat(),
        **said,
    }


def sent_later(client, waiting):
    return client.post("/suivi/hors-ligne/", json.dumps(waiting), content_type="application/json")


def test_an_answer_given_without_network_keeps_its_time_and_is_stored_once(client, cast):
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    waiting = kept(permit_of_link(given.secrets.link.pk), expected)

    assert [sent_later(client, waiting).status_code for _ in range(2)] == [200, 200]
    (row,) = stored()
    assert (str(row.pk), row.source, row.clock_corrected) == (waiting["id"], "offline", False)
    assert row.authored_at.isoformat() == waiting["authored"]
    twice = sent_later(client, kept(waiting["permit"], expected))
    assert twice.status_code == 409 and "déjà répondu" in twice.json()["sentence"]
    assert len(stored()) == 1


@pytest.mark.parametrize("wrong", [timedelta(days=400), timedelta(days=-9)])
def test_the_wrong_clock_of_a_telephone_is_corrected_and_said(client, cast, wrong):
    _, expected = enrolled(cast.amar, cast.madeleine_record)
    permit = permit_of_account(cast.madeleine.user_id, session=new_id())

    assert (
        sent_later(client, kept(permit, expected, authored=(timezone.now() + wrong).isoformat())).status_code
        == 200
    )
    (row,) = stored()
    assert row.clock_corrected and abs(row.authored_at - timezone.now()) < timedelta(minutes=1)


def test_what_comes_too_late_or_from_nobody_is_refused_with_one_sentence(client, cast):
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    _, of_leon = enrolled(cast.brun, cast.leon_record, version=given.follow_up.version)
    permit = permit_of_link(given.secrets.link.pk)

    assert sent_later(client, kept("forged", expected)).status_code == 403
    assert sent_later(client, kept(permit, of_leon)).status_code == 404
    assert (
        sent_later(client, kept(permit_of_account(cast.leon.user_id, session=new_id()), expected)).status_code
        == 404
    )
    assert (
        sent_later(client, kept(permit_of_account(cast.amar.user_id, session=new_id()), expected)).status_code
        == 403
    )
    assert sent_later(client, kept(permit, expected, answers={"temperature": ["98"]})).status_code == 422
    assert sent_later(client, {"id": "x"}).status_code == 422
    as_a_form = client.post("/suivi/hors-ligne/", kept(permit, expected, answers="37,4"))
    assert as_a_form.status_code == 422 and "ne se lit pas" in as_a_form.json()["sentence"]
    with walls_down():
        AnswerLink.objects.update(revoked_at=timezone.now())
    assert sent_later(client, kept(permit, expected)).status_code == 403
    with walls_down():
        FollowUp.objects.update(state="ended", ended_at=timezone.now(), end_reason="recovered")
    ended = sent_later(client, kept(permit_of_account(cast.madeleine.user_id, session=new_id()), expected))
    assert ended.status_code == 409 and "Ce suivi est terminé" in ended.json()["sentence"]
    assert not stored()


def test_logging_out_ends_what_that_session_was_given_and_nothing_of_another_browser(client, cast):
    _, expected = enrolled(cast.amar, cast.madeleine_record)
    elsewhere = Client()
    permits = {}
    for browser in (client, elsewhere):
        login(browser, cast.madeleine)
        permits[browser] = browser.get("/mon-dossier/suivi/kit/").json()["permit"]
    client.post("/deconnexion/")

    assert sent_later(client, kept(permits[client], expected)).status_code == 403
    assert not stored()
    assert sent_later(client, kept(permits[elsewhere], expected)).status_code == 200


def test_a_session_that_grew_old_leaves_what_it_was_given(client, cast):
    _, expected = enrolled(cast.amar, cast.madeleine_record)
    login(client, cast.madeleine)
    permit = client.get("/mon-dossier/suivi/kit/").json()["permit"]
    Session.objects.update(expire_date=timezone.now() - timedelta(minutes=1))
    purge_sessions()

    assert not Session.objects.exists()
    assert sent_later(client, kept(permit, expected)).status_code == 200


def test_what_a_telephone_keeps_names_nobody(client, cast):
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    assert client.get("/suivi/kit/").status_code == 403
    opened(client, given)

    said = client.get("/suivi/kit/").json()
    assert said["expected"][0]["occurrence"] == str(expected)
    assert "LEROUX" not in json.dumps(said).upper()
    login(client, cast.brun)
    assert client.get("/mon-dossier/suivi/kit/").status_code == 403


@pytest.mark.parametrize("door", ["account", "link"])
def test_what_was_kept_under_a_closed_door_waits_and_leaves_by_the_next_one(client, cast, door):
    """A password that changes, a link given anew: the answer stays on the telephone, and is not lost."""
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    login(client, cast.madeleine)
    permit = client.get("/mon-dossier/suivi/kit/").json()["permit"]
    if door == "account":
        client.post("/deconnexion/")
    else:
        permit = permit_of_link(given.secrets.link.pk)
        with walls_down():
            AnswerLink.objects.update(revoked_at=timezone.now())
    waiting = kept(permit, expected)

    said = sent_later(client, waiting)
    assert said.status_code == 403 and said.json()["waits"] and "reste gardée" in said.json()["sentence"]
    assert "waits" not in sent_later(client, kept("forged", expected)).json()
    assert not stored()

    login(client, cast.madeleine)
    renewed = client.get("/mon-dossier/suivi/kit/").json()
    assert all(form.startswith(f"{given.follow_up.pk}/") for form in renewed["forms"])
    assert sent_later(client, waiting | {"permit": renewed["permit"]}).status_code == 200
    (row,) = stored()
    assert (str(row.pk), row.authored_at.isoformat()) == (waiting["id"], waiting["authored"])


def test_what_a_parent_fills_is_answered_by_the_link_as_a_person_s_own(client, cast):
    """eCovid enfant: its schedule says « carer »."""
    version = pathway(schedule=SCHEDULE.replace(";patient", ";carer"))
    given, expected = enrolled(
        cast.amar, cast.madeleine_record, version=version, respondent="carer", carer_name="Une Mère"
    )
    assert str(expected) in opened(client, given).content.decode()
    answer(client, f"/suivi/repondre/{expected}/", temperature="37", sommeil="bon")

    assert [(row.source, row.respondent_name, row.occurrence_id) for row in stored()] == [
        ("link", "Une Mère", expected)
    ]


OWN = """rule;questionnaire;item;green;orange;red;remeasure;why
temperature;quotidien;temperature;36.0..37.9;38.0..38.9 | 35.0..35.9;>= 39.0 | >= personal(fievre);no;Température
"""


def test_a_status_and_a_threshold_set_on_the_way_weigh_the_answers_to_come(client, cast):
    head = files("essai-seuil")["pathway.toml"].replace(
        "[anchor]", "[enrolment]\nstatuses = ['suspect', 'testé positif']\n[anchor]"
    )
    version = pathway("essai-seuil", **{"pathway.toml": head, "rules.csv": OWN})
    given, expected = enrolled(cast.amar, cast.madeleine_record, version=version, status="suspect")
    keys = [cast.madeleine_record.pk, given.follow_up.pk]
    here = reverse("telemonitoring:adapt", args=keys)
    login(client, cast.amar)
    assert "seuil de cette personne" in client.get(here).content.decode()
    assert client.post(here, {"status": "guéri"}).status_code == 422
    assert client.post(here, {"status": "testé positif", "seuil-fievre": "38.2"}).status_code == 302
    shown = client.get(reverse("telemonitoring:one", args=keys)).content.decode()
    assert "Testé positif" in shown and "38,2" in shown
    answer(client, f"/dossiers/{keys[0]}/telesuivi/repondre/{expected}/", temperature="38,5", sommeil="bon")

    assert [(row.colour, row.personal) for row in stored()] == [("red", {"fievre": 38.2})]
    login(client, cast.brun)
    assert client.get(here).status_code == 404
    assert client.post(here, {"status": "suspect"}).status_code == 404


def test_who_answers_at_home_may_tell_more_than_he_is_asked(client, cast):
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    _, of_leon = enrolled(cast.brun, cast.leon_record, version=given.follow_up.version)
    said = {"suivi": str(given.follow_up.pk), "questionnaire": "quotidien"}
    assert "Répondre maintenant" not in opened(client, given).content.decode()
    assert client.post("/suivi/maintenant/", said).status_code == 404
    answer(client, f"/suivi/repondre/{expected}/", temperature="37", sommeil="bon")

    assert "Répondre maintenant" in client.get("/suivi/").content.decode()
    assert client.post("/suivi/maintenant/", {"questionnaire": "autre"}).status_code == 404
    there = client.post("/suivi/maintenant/", said)
    answer(client, there.url, temperature="38,5", sommeil="bon")
    login(client, cast.madeleine)
    assert "Répondre maintenant" in client.get("/mon-dossier/suivi/").content.decode()
    again = client.post("/mon-dossier/suivi/maintenant/", said)
    answer(client, again.url, temperature="38,6", sommeil="bon")

    rows = stored()
    assert [(row.source, row.colour) for row in rows] == [
        ("link", "green"),
        ("link", "orange"),
        ("patient", "orange"),
    ]
    assert len({row.occurrence_id for row in rows}) == 3
    with walls_down():
        theirs = FollowUp.objects.get(expected=of_leon)
    assert client.post("/mon-dossier/suivi/maintenant/", {**said, "suivi": str(theirs.pk)}).status_code == 404
    login(client, cast.leon)
    assert client.post("/mon-dossier/suivi/maintenant/", said).status_code == 404

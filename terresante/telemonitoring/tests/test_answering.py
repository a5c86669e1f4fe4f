"""Answering from home, by each door: an account, an operator, the team; what is measured again, and told unasked."""

import pytest
from django.urls import reverse
from django.utils import timezone

from terresante.questionnaires.tests.factories import files
from terresante.telemonitoring.models import Cell, Expected, FollowUp
from terresante.telemonitoring.tests.at_home import answer, enrolled, opened, stored
from terresante.telemonitoring.tests.factories import SCHEDULE, pathway
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits


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

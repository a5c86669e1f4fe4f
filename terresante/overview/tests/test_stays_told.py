"""What a hospital reports, as the pages outside a record tell it: alert, toast, list of those in hospital."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from terresante.feed.models import ReadException
from terresante.kernel.models import OutboxEvent
from terresante.overview import desk_queries
from terresante.stays.tests.reports import Hospital, cancelled, movement
from tests.cast import join, login
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def hospital(cast):
    now = timezone.now()
    found = Hospital(cast.madeleine_record)
    found.reports(movement(occurred_at=now - timedelta(hours=2), recorded_at=now), now=now)
    return found


def page(client, actor, url="/", **query):
    login(client, actor)
    return client.get(url, query).content.decode()


def announced():
    with walls_down():
        return OutboxEvent.objects.get(kind="StayAlerted").payload["object_id"]


def test_the_toast_of_an_admission_says_who_where_when_and_leads_there(client, cast, hospital):
    said = page(client, cast.amar, "/annonce/", object=announced())

    assert re.search(r"Madeleine LEROUX\u00a0: Hospitalisée\u00a0· \S.*, .*\d+\u00a0h", said)
    assert f"/dossiers/{cast.madeleine_record.pk}/sejours/" in said
    assert not page(client, cast.brun, "/annonce/", object=announced()).strip()
    assert not page(client, cast.samira, "/annonce/", object=str(cast.madeleine_record.pk)).strip()


def test_an_alert_is_seen_from_the_home_page_and_leaves_it(client, cast, hospital):
    home = page(client, cast.amar, filtre="alertes")
    seen = f"/dossiers/{cast.madeleine_record.pk}/alertes/{announced()}/vue/?accueil=alertes"
    assert seen in home and "J’ai vu" in home and "Hospitalisée" in home

    after = client.post(seen, follow=True)

    assert after.redirect_chain == [("/?filtre=alertes", 302)]
    assert "Alerte vue." in after.content.decode() and "J’ai vu" not in after.content.decode()
    assert "J’ai vu" in page(client, cast.ines)
    with walls_down():
        assert [mark.user_id for mark in ReadException.objects.all()] == [cast.amar.user_id]


def test_what_stands_first_and_its_number_are_asked_again_and_taken_back(client, cast, hospital):
    """What the live stream has an open page ask, alert by alert."""
    first = f"/dossiers/{cast.madeleine_record.pk}/alertes/"
    assert "Hospitalisée" in page(client, cast.amar, first) and "J’ai vu" in page(client, cast.amar, first)
    assert "1<" in page(client, cast.amar, "/annonce/nombre/")
    assert not page(client, cast.brun, "/annonce/nombre/").strip()
    assert client.get(first).status_code == 404

    now = timezone.now()
    hospital.reports(cancelled("admission", hours=0, trigger="A11", recorded_at=now), now=now)

    assert "Rien qui vous attende" in page(client, cast.amar, first)
    assert not page(client, cast.amar, "/annonce/nombre/").strip()


def test_the_home_page_asks_again_for_its_news_alone(client, cast, hospital):
    """An alert that came while it was open is one tap away, without reloading the page."""
    assert 'data-live-url="/?filtre=alertes" data-live-kinds="StayAlerted"' in page(
        client, cast.amar, filtre="alertes"
    )

    asked = client.get("/", headers={"HX-Request": "true"}).content.decode()
    assert "Madeleine LEROUX" in asked and "J’ai vu" in asked and "<main" not in asked


def test_nobody_sees_the_alert_of_another_circle_from_home(client, cast, hospital):
    page(client, cast.brun)

    seen = f"/dossiers/{cast.madeleine_record.pk}/alertes/{announced()}/vue/?accueil="
    assert client.post(seen).status_code == 404
    with walls_down():
        assert not ReadException.objects.exists()


def test_who_works_through_a_structure_is_told_of_its_patients(client, cast, hospital, monkeypatch):
    told = page(client, cast.colin)
    monkeypatch.setattr(desk_queries, "MOST_PATIENTS", 0)
    not_told = page(client, cast.colin)

    assert "Madeleine LEROUX" in told and "J’ai vu" in told and "que suit votre structure" in told
    assert "plus de 1 000 personnes" in not_told and "Madeleine" not in not_told


def test_one_s_own_patients_go_before_those_of_the_structure(client, cast, hospital):
    with walls_down():
        join(cast.leon_record, practitioner_id=cast.colin.person_id)

    shown = page(client, cast.colin)

    assert "Madeleine" not in shown and "rien de nouveau pour votre seul patient" in shown


def test_those_in_hospital_are_a_list_of_their_own(client, cast, hospital):
    listed = page(client, cast.amar, "/patients/hospitalises/")
    mine = page(client, cast.amar, "/patients/")

    for shown in (listed, mine):
        assert "Madeleine LEROUX" in shown and "Hospitalisée · Hôpital Saint-Martin, cardiologie" in shown
    assert "Madeleine" not in page(client, cast.brun, "/patients/hospitalises/")
    now = timezone.now()
    hospital.reports(movement("discharge", trigger="A03", occurred_at=now, recorded_at=now), now=now)
    assert "Madeleine" not in page(client, cast.amar, "/patients/hospitalises/")
    assert "Hospitalisée" not in page(client, cast.amar, "/patients/")


def test_the_list_of_those_in_hospital_takes_a_handful_of_queries(client, cast, hospital):
    login(client, cast.amar)

    client.get("/patients/hospitalises/")  # a process reads the settings of the deployment once
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/patients/hospitalises/").status_code == 200

    assert len(asked) <= 15, len(asked)

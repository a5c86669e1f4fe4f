"""An answer kept by a telephone without network, sent when there is one."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from terresante.accounts.actions.devices import purge_sessions
from terresante.accounts.models import Session
from terresante.kernel.ids import new_id
from terresante.telemonitoring.answering.doors import permit_of_account, permit_of_link
from terresante.telemonitoring.models import AnswerLink, FollowUp
from terresante.telemonitoring.tests.at_home import (
    enrolled,
    kept,
    opened,
    sent_later,
    stored,
)
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits


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

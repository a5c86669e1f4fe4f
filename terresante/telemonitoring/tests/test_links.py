"""A link and its code: what they open, and what no longer does."""

import re
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.questionnaires.step_views import filled
from terresante.telemonitoring.answering import door_views
from terresante.telemonitoring.answering.links import reminder_token
from terresante.telemonitoring.models import AnswerLink, FollowUp
from terresante.telemonitoring.tests.at_home import answer, enrolled, opened, path_of, stored
from tests.walls import walls_down

pytestmark = pytest.mark.commits
NOT_VALID = "Ce lien ou ce code n’ouvre rien"


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

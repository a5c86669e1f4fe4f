"""The doors of who answers from home without an account, tried by who has no business there."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from terresante.accounts.models import AttemptCount, User
from terresante.kernel.ids import new_id
from terresante.telemonitoring.answering.actions import RECEIVED
from terresante.telemonitoring.answering.doors import permit_of_account, permit_of_link
from terresante.telemonitoring.models import Expected
from terresante.telemonitoring.tests.at_home import enrolled, kept, opened, sent_later, stored
from terresante.telemonitoring.tests.test_messages import SECRET, replies, texted
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits
NOTHING = "n’ouvre rien"
TOO_MANY = "Trop d’essais"


def guess(code="123456"):
    client = Client()
    client.get("/suivi/guessed-guessed-guessed/")
    return client.post("/suivi/", {"code": code}).content.decode()


def test_who_guesses_links_is_stopped_and_closes_no_door_to_who_has_one(cast):
    """Thousands of telephones share one address of their operator: a lock-out by address would be everybody's."""
    given, _ = enrolled(cast.amar, cast.madeleine_record)
    for _ in range(30):
        assert NOTHING in guess()
    assert TOO_MANY in guess()

    for _ in range(4):
        assert "Votre état aujourd’hui" in opened(Client(), given).content.decode()
    with walls_down():
        counts = set(AttemptCount.objects.values_list("tries", flat=True))
    assert counts == {0, 31}, "what was right is not counted"


def test_who_holds_many_links_does_not_try_codes_on_all_of_them(cast):
    given, _ = enrolled(cast.amar, cast.madeleine_record)
    wrong = "000000" if given.secrets.code != "000000" else "111111"
    assert NOTHING in opened(Client(), given, code=wrong).content.decode()
    with walls_down():
        AttemptCount.objects.update(tries=300)

    assert TOO_MANY in opened(Client(), given).content.decode()


def test_answers_kept_by_one_telephone_do_not_hold_back_those_of_another(client, cast):
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    for _ in range(60):
        assert sent_later(client, kept("forged", expected)).status_code == 403
    assert sent_later(client, kept("forged", expected)).status_code == 429
    assert sent_later(client, {"id": "x"}).status_code == 429

    assert sent_later(client, kept(permit_of_link(given.secrets.link.pk), expected)).status_code == 200


def test_a_permit_is_worth_nothing_once_its_account_is_closed(client, cast):
    _, expected = enrolled(cast.amar, cast.madeleine_record)
    permit = permit_of_account(cast.madeleine.user_id, session=new_id())
    with walls_down():
        User.objects.filter(pk=cast.madeleine.user_id).update(is_active=False)

    assert sent_later(client, kept(permit, expected)).status_code == 403
    assert not stored()


def test_nobody_at_home_answers_what_is_asked_of_the_team(client, cast):
    """Its address is not shown to her; with its key, no door takes it."""
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    with walls_down():
        Expected.objects.filter(pk=expected).update(role="nurse")
    permits = (
        permit_of_link(given.secrets.link.pk),
        permit_of_account(cast.madeleine.user_id, session=new_id()),
    )

    assert [sent_later(client, kept(permit, expected)).status_code for permit in permits] == [404, 404]
    opened(client, given)
    address = f"/suivi/repondre/{expected}/"
    assert client.get(address).status_code == 404
    assert client.post(address, {"question": "temperature", "valeur": "37"}).status_code == 404
    login(client, cast.madeleine)
    assert client.get(f"/mon-dossier/suivi/{expected}/").status_code == 404
    assert not stored()
    login(client, cast.amar)
    page = client.get(f"/dossiers/{cast.madeleine_record.pk}/telesuivi/repondre/{expected}/")
    assert page.status_code == 200


def test_an_answering_machine_is_not_answered_for_ever(client, cast, settings):
    settings.SMS_SECRET = SECRET
    enrolled(cast.amar, cast.madeleine_record)
    for number in range(14):
        assert texted(client, "Je suis absent.", reference=f"m-{number}").status_code == 204
    assert len(replies()) == 10

    texted(client, "1:37,5 2:bien", reference="m-last")
    assert replies()[-1] == RECEIVED and len(stored()) == 1


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-11-27"])
def test_no_clock_of_a_telephone_breaks_the_door(client, cast, at):
    """A status of 500 would have it sent again for ever."""
    given, expected = enrolled(cast.amar, cast.madeleine_record)

    sent = sent_later(client, kept(permit_of_link(given.secrets.link.pk), expected, authored=at))

    assert sent.status_code == 200, sent.status_code
    assert stored()[0].authored_at > timezone.now() - timedelta(days=8)

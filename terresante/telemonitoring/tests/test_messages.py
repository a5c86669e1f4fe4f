"""Answering by text message: a number, its follow-ups, and replies that say nothing of a health."""

from datetime import timedelta

import pytest
from django.utils import timezone

from simulators.sms.telephone import Telephone, signed
from terresante.kernel.enums import OutboundChannel
from terresante.kernel.models import OutboundMessage
from terresante.kernel.sealing import unseal
from terresante.telemonitoring.answering import actions as answer_actions
from terresante.telemonitoring.models import Expected
from terresante.telemonitoring.tests.at_home import enrolled, stored
from terresante.telemonitoring.tests.factories import pathway
from tests.walls import walls_down

pytestmark = pytest.mark.commits
SECRET = "shared-with-the-provider"


def texted(client, text, *, number="+33639981234", reference="m-1", secret=SECRET):
    body = Telephone(number).message(text, reference=reference, at=timezone.now() - timedelta(seconds=5))
    return client.post(
        "/suivi/sms/",
        body,
        content_type="application/json",
        headers={"X-Signature": signed(body, secret=secret)},
    )


def replies():
    with walls_down():
        rows = OutboundMessage.objects.filter(channel=OutboundChannel.SMS, dedupe_key__startswith="answer:")
        return [unseal(row.body, context="outbound").decode() for row in rows.order_by("pk")]


def test_a_signed_message_answers_and_its_reply_says_nothing_of_a_health(client, cast, settings):
    settings.SMS_SECRET = SECRET
    _, expected = enrolled(cast.amar, cast.madeleine_record)
    assert texted(client, "1:37,5 2:bien", secret="another").status_code == 403
    assert texted(client, "1:37,5 2:bien", number="+33639989999").status_code == 204
    assert not stored() and not replies()

    assert texted(client, "1:98 2:bien", reference="m-2").status_code == 204
    assert not stored()
    assert texted(client, "1:37,5 2:bien", reference="m-3").status_code == 204
    assert texted(client, "1:37,5 2:bien", reference="m-3").status_code == 204

    (row,) = stored()
    assert (row.source, row.occurrence_id, row.colour, row.user_id) == ("sms", expected, "green", None)
    assert replies() == [answer_actions.UNREAD.format(numbers="1"), answer_actions.RECEIVED]


def test_a_red_message_is_told_to_call_and_a_shared_number_answers_for_nobody(client, cast, settings):
    settings.SMS_SECRET = SECRET
    enrolled(cast.amar, cast.madeleine_record)
    texted(client, "1:39,5 2:bien")
    texted(client, "1:39,6 2:bien", reference="m-2")
    assert replies() == [answer_actions.AGAIN.format(numbers="1"), answer_actions.CALL]
    enrolled(cast.brun, cast.leon_record, version=None)

    texted(client, "1:37 2:bien", reference="m-3")
    assert replies()[-1] == answer_actions.SEVERAL
    assert len(stored()) == 2


def test_one_person_with_two_follow_ups_on_one_number_answers_the_one_that_waits(client, cast, settings):
    settings.SMS_SECRET = SECRET
    _, first = enrolled(cast.amar, cast.madeleine_record)
    _, second = enrolled(cast.amar, cast.madeleine_record, version=pathway("autre-suivi"))
    texted(client, "1:37 2:bien")
    assert replies() == [answer_actions.WHICH] and not stored()
    with walls_down():
        Expected.objects.filter(pk=first).update(opens_at=timezone.now() + timedelta(hours=2))

    texted(client, "1:37 2:bien", reference="m-2")

    assert replies()[-1] == answer_actions.RECEIVED
    assert [row.occurrence_id for row in stored()] == [second]

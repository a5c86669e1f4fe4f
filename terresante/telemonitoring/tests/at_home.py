"""Who answers at home, by a link or an account, as his browser or his telephone does."""

import json
from datetime import timedelta
from urllib.parse import urlsplit

from django.utils import timezone

from terresante.kernel.ids import new_id
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.telemonitoring.models import Expected
from terresante.telemonitoring.tests.factories import cell_of, followed
from tests.walls import walls_down


def enrolled(actor, record, **said):
    """With one questionnaire that opened an hour ago; the others are far ahead."""
    given = followed(actor, record, cell_of(actor.organization_id), **said)
    with walls_down():
        first = Expected.objects.filter(follow_up=given.follow_up).earliest("opens_at")
        Expected.objects.filter(follow_up=given.follow_up).exclude(pk=first.pk).update(
            opens_at=timezone.now() + timedelta(days=3)
        )
        Expected.objects.filter(pk=first.pk).update(opens_at=timezone.now() - timedelta(hours=1))
    return given, first.pk


def path_of(given):
    return urlsplit(given.secrets.url).path


def opened(client, given, code=None):
    """By the link of the SMS, then the code."""
    client.get(path_of(given))
    return client.post("/suivi/", {"code": code or given.secrets.code}, follow=True)


def answer(client, address, **said):
    """Question by question, then sent; returns the page that follows."""
    for link_id, value in said.items():
        client.post(address, {"question": link_id, "valeur": value})
    return client.post(address, {"envoyer": "1", "reponse": str(new_id())}, follow=True)


def stored():
    with walls_down():
        return list(QuestionnaireResponse.objects.order_by("received_at"))


def kept(permit, expected, **said):
    """An answer as a telephone keeps it until there is a network."""
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

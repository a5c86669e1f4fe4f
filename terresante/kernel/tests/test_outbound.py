"""E-mails: one that cannot leave keeps no other back, and no network is waited for inside a transaction."""

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.utils import timezone

from terresante.kernel import outbound
from terresante.kernel.models import OutboundMessage

pytestmark = pytest.mark.commits


def queue(recipient, *, key="k", subject="Une information vous attend"):
    outbound.queue_email(recipient=recipient, subject=subject, body="Connectez-vous.", dedupe_key=key)


def states():
    return dict(OutboundMessage.objects.values_list("dedupe_key", "state"))


@pytest.mark.parametrize(
    "recipient", ["a@example.org\r\nBcc: tous@example.org", "a@example.org\nSubject: autre"]
)
def test_an_address_that_is_none_keeps_no_other_message_back(recipient):
    """The directory is loaded from files: one wrong line must not silence the whole platform, codes included."""
    queue(recipient, key="bad")
    queue("b@example.org", key="good")

    outbound.deliver_waiting()

    assert states() == {"bad": "waiting", "good": "sent"}
    assert [sent.to for sent in mail.outbox] == [["b@example.org"]]
    assert OutboundMessage.objects.get(dedupe_key="bad").attempts == 1


def test_what_can_no_longer_be_unsealed_is_abandoned_in_the_end(monkeypatch):
    OutboundMessage.objects.create(
        recipient="a@example.org", subject="x", body=b"\x01changed", dedupe_key="k"
    )

    for _ in range(12):
        outbound.deliver_waiting()
        OutboundMessage.objects.update(next_attempt_at=timezone.now())

    assert states() == {"k": "abandoned"}


def test_no_transaction_is_open_while_the_server_of_mail_is_spoken_to(monkeypatch):
    """idle_in_transaction_session_timeout would end it after the message left, and the message would leave again."""
    queue("a@example.org")
    inside: list[bool] = []
    send = EmailBackend.send_messages

    def slow(self, messages):
        inside.append(connection.in_atomic_block)
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", slow)
    outbound.deliver_waiting()

    assert inside == [False]
    assert states() == {"k": "sent"}


def test_a_message_being_sent_is_not_sent_by_another_process(monkeypatch):
    queue("a@example.org")
    send, again = EmailBackend.send_messages, []

    def meanwhile(self, messages):
        again.append(outbound.deliver_waiting())
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", meanwhile)

    assert outbound.deliver_waiting() == 1
    assert again == [0]
    assert len(mail.outbox) == 1

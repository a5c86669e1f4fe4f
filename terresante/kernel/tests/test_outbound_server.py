"""E-mails and their server: one connection a round, what is refused put off alone."""

from smtplib import SMTPServerDisconnected

import pytest
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from terresante.kernel import outbound
from terresante.kernel.models import OutboundMessage

pytestmark = pytest.mark.commits


@pytest.fixture
def server(monkeypatch):
    """A mail server that counts its connections and refuses what it is told to."""

    class Server(EmailBackend):
        opened = 0
        is_down = False
        refused = ""

        def open(self):
            type(self).opened += 1
            if self.is_down:
                raise ConnectionRefusedError

        def send_messages(self, messages):
            if self.refused in messages[0].to:
                raise SMTPServerDisconnected("no")
            return super().send_messages(messages)

    monkeypatch.setattr(outbound, "get_connection", Server)
    return Server


def queued(*names):
    outbound.queue_same_email({name: f"{name}@example.org" for name in names}, subject="S", body="B")


def states():
    return {row.dedupe_key: (row.state, row.attempts) for row in OutboundMessage.objects.all()}


def test_what_is_due_leaves_over_one_connection(server, mailoutbox):
    queued("a", "b", "c")

    assert outbound.deliver_waiting() == 3
    assert server.opened == 1
    assert states() == dict.fromkeys("abc", ("sent", 0))
    assert {mail.body for mail in mailoutbox} == {"B"}
    assert {bytes(row.body) for row in OutboundMessage.objects.all()} == {b""}


def test_one_that_is_refused_is_put_off_and_the_others_leave(server):
    server.refused = "b@example.org"
    queued("a", "b", "c")

    assert outbound.deliver_waiting() == 2
    assert states() == {"a": ("sent", 0), "b": ("waiting", 1), "c": ("sent", 0)}
    assert outbound.deliver_waiting() == 0


def test_a_server_that_is_down_is_asked_once_a_round(server):
    server.is_down = True
    queued("a", "b", "c")

    assert outbound.deliver_waiting() == 0
    assert server.opened == 1
    assert states() == dict.fromkeys("abc", ("waiting", 1))
    assert all(row.next_attempt_at > timezone.now() for row in OutboundMessage.objects.all())


def test_after_twelve_attempts_it_is_abandoned(server):
    server.is_down = True
    queued("a")
    for _ in range(12):
        OutboundMessage.objects.update(next_attempt_at=timezone.now())
        outbound.deliver_waiting()

    assert states() == {"a": ("abandoned", 12)}

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage, get_connection
from django.utils import timezone

from terresante.accounts import queries


@pytest.fixture
def mailbox(settings, tmp_path):
    settings.DEMO = True
    settings.EMAIL_FILE_PATH = tmp_path
    return tmp_path


def send(folder, subject, body):
    backend = get_connection("django.core.mail.backends.filebased.EmailBackend", file_path=folder)
    EmailMessage(subject, body, to=["camille@example.org"], connection=backend).send()


def test_a_visitor_reads_the_last_emails(client, mailbox):
    send(mailbox, "Votre code de connexion", "Votre code : 123456")
    send(mailbox, "Du nouveau", "Une note vous attend, d’Inès.")

    page = client.get("/demonstration/boite/").content.decode()

    assert "123456" in page
    assert "d’Inès" in page


def test_an_email_says_the_hour_it_was_sent_at(mailbox):
    send(mailbox, "Votre code de connexion", "Votre code : 123456")

    assert abs(timezone.now() - queries.mailbox()[0].at) < timedelta(minutes=1)


def test_an_empty_mailbox_says_so(client, mailbox):
    assert "Aucun courriel" in client.get("/demonstration/boite/").content.decode()


def test_there_is_no_mailbox_outside_a_demonstration(client, mailbox, settings):
    send(mailbox, "Votre code de connexion", "Votre code : 123456")
    settings.DEMO = False

    assert client.get("/demonstration/boite/").status_code == 404


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::1", ""])
def test_nobody_reads_it_from_another_machine(client, mailbox, address):
    send(mailbox, "Votre code de connexion", "Votre code : 123456")

    assert client.get("/demonstration/boite/", REMOTE_ADDR=address).status_code == 404

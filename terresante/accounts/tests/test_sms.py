import pytest

from simulators.sms import SimulatedSms
from terresante.accounts.tests.steps import give_code, give_password, is_in, last_message, sent_code, wrong
from terresante.kernel.models import OutboundMessage
from terresante.kernel.outbound import deliver_waiting
from terresante.kernel.ports import bound

pytestmark = pytest.mark.commits

NUMBER = "+33639980017"


@pytest.fixture
def provider(monkeypatch, tmp_path, settings):
    settings.EMAIL_FILE_PATH, settings.DEMO = tmp_path, True
    monkeypatch.setattr(bound, "sms", SimulatedSms(tmp_path))
    return tmp_path


@pytest.fixture
def with_phone(amar):
    amar.phone = NUMBER
    amar.save()
    return amar


def test_the_code_comes_by_sms_and_is_read_in_the_mailbox(client, with_phone, provider):
    asked = give_password(client, with_phone)
    page = client.get(asked.headers["Location"]).content.decode()
    code = sent_code()
    assert "•• •• •• 00 17" in page
    assert NUMBER not in page

    assert deliver_waiting() == 1
    assert code in client.get("/demonstration/boite/").content.decode()
    assert OutboundMessage.objects.get().body == b""
    assert give_code(client, wrong(code)).status_code == 422
    assert give_code(client, code).status_code == 302
    assert is_in(client)


def test_an_sms_is_one_sms(client, with_phone, provider):
    give_password(client, with_phone)

    assert len(last_message()) <= 160


def test_the_code_may_be_asked_by_email_instead(client, with_phone, provider):
    give_password(client, with_phone)
    by_sms = sent_code()
    client.post("/connexion/code/autrement/", {"channel": "email"})
    by_email = OutboundMessage.objects.latest("created_at")

    assert by_email.recipient == with_phone.email
    assert give_code(client, by_sms).status_code == 422
    assert give_code(client, sent_code()).status_code == 302


def test_a_way_the_account_does_not_have_is_refused(client, amar, provider):
    give_password(client, amar)

    answer = client.post("/connexion/code/autrement/", {"channel": "sms"})

    assert "ne reçoit pas de code de cette façon" in answer.content.decode()
    assert OutboundMessage.objects.count() == 1


def test_without_a_provider_the_code_goes_by_email(client, with_phone):
    give_password(client, with_phone)

    assert OutboundMessage.objects.get().recipient == with_phone.email


def test_a_silent_network_is_tried_again_later(client, with_phone, provider):
    with_phone.phone = "+33639980099"
    with_phone.save()
    give_password(client, with_phone)

    assert deliver_waiting() == 0
    assert OutboundMessage.objects.get().attempts == 1

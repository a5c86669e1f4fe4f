"""From a browser that subscribes to what it reads: the platform's queue, a push service, the browser's own keys."""

import json
import threading

import pytest
from django.test import Client
from django.urls import reverse

from simulators.push.device import Device
from simulators.push.service import PushService, server
from terresante.accounts.models import KnownDevice, User
from terresante.accounts.sessions import DEVICE_KEY
from terresante.care_team.events import MemberJoined
from terresante.kernel import outbound, rls
from terresante.kernel.actor import Actor
from terresante.kernel.enums import OutboundChannel
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry, OutboundMessage
from terresante.kernel.ports import bound
from terresante.notifications import actions
from terresante.notifications.carrier import Services, WebPush
from terresante.notifications.enums import Notice
from terresante.notifications.models import PushSubscription
from terresante.notifications.webpush import ServerKey, said
from tests.walls import dispatched, walls_down

pytestmark = pytest.mark.commits
PAGE = "notifications:preferences"
KEY = ServerKey.read(said(bytes(range(1, 33))), "mailto:dpo@example.org")


@pytest.fixture
def service(monkeypatch):
    """The other side of the wire, and the platform as a demonstration binds it."""
    behind = PushService()
    running = server(behind, port=0)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    monkeypatch.setattr(bound, "push", WebPush(KEY, Services((), behind.origin)))
    yield behind
    running.shutdown()
    running.server_close()


class Browser:
    """One person, on one device."""

    def __init__(self, service, actor, *, number, is_shared=False):
        self.service, self.actor = service, actor
        user = User.objects.get(pk=actor.user_id)
        self.known = KnownDevice.objects.create(
            user=user, token_hash=str(new_id()), words="Chrome sur Android", is_shared=is_shared
        )
        self.client = Client()
        self.client.force_login(user)
        session = self.client.session
        session[DEVICE_KEY] = str(self.known.pk)
        session.save()
        self.device = Device(number, KEY.public)
        service.devices[number] = self.device

    def subscribes(self, **changed):
        told = {**self.device.subscription(self.service.origin), **changed}
        return self.client.post(reverse("notifications:subscribe"), {"subscription": json.dumps(told)})


@pytest.fixture
def browser(service, cast):
    return Browser(service, cast.ines, number="ines")


def tell(record):
    told = MemberJoined(patient_id=record.patient_id, object_id=new_id(), member_id=new_id())
    with rls.acting(Actor.job("tests")):
        actions.tell_readers(Notice.STAY, [told])
    return told


def sends():
    return outbound.deliver_waiting(channels=(OutboundChannel.PUSH,))


def pushes():
    return OutboundMessage.objects.filter(channel=OutboundChannel.PUSH)


def test_what_the_platform_sends_is_read_by_the_browser_that_subscribed(browser, service, cast):
    assert browser.subscribes().status_code == 302
    tell(cast.madeleine_record)
    tell(cast.leon_record)

    assert sends() == 1

    (received,) = service.received
    told = json.loads(received.text)
    assert received.device == "ines"
    assert (told["title"], told["body"], told["url"]) == (
        "Terr-eSanté",
        "Une nouvelle information vous attend.",
        "/",
    )
    assert (received.ttl, received.urgency, received.topic) == (86400, "normal", "information")
    assert PushSubscription.objects.get().last_success_at is not None
    assert {(row.state, bytes(row.body)) for row in pushes()} == {("sent", b"")}


def test_what_is_sent_says_the_same_whatever_happened_and_to_whom(browser, service, cast):
    other = Browser(service, cast.jules, number="jules")
    browser.subscribes()
    other.subscribes()
    tell(cast.madeleine_record)
    tell(cast.leon_record)
    sends()

    texts = [{**json.loads(one.text), "id": ""} for one in service.received]

    assert len(texts) == 2
    assert texts[0] == texts[1]
    assert "LEROUX" not in str(service.received).upper()


def test_an_event_repeated_is_told_once_on_each_device(browser, service, cast):
    browser.subscribes()
    told = MemberJoined(patient_id=cast.madeleine_record.patient_id, object_id=new_id(), member_id=new_id())

    for _ in range(2):
        with rls.acting(Actor.job("tests")):
            actions.tell_readers(Notice.STAY, [told])

    assert sends() == 1


def test_a_bomb_in_a_subscription_is_a_mistake_of_its_form(browser):
    answer = browser.client.post(reverse("notifications:subscribe"), {"subscription": "[" * 2990})
    assert answer.status_code == 422 and not PushSubscription.objects.exists()


def test_a_subscription_that_is_over_is_deleted_and_alarms_nobody(browser, service, cast):
    browser.subscribes()
    del service.devices["ines"]
    tell(cast.madeleine_record)

    assert sends() == 0

    assert not PushSubscription.objects.exists()
    assert [row.state for row in pushes()] == ["dropped"]


@pytest.mark.parametrize(("status", "wait"), [(429, "300"), (503, "300"), (500, "")])
def test_a_busy_service_is_asked_again_when_it_says(browser, service, cast, status, wait):
    browser.subscribes()
    service.answers["ines"] = (status, wait)
    tell(cast.madeleine_record)
    sends()

    row = pushes().get()
    assert (row.state, row.attempts) == ("waiting", 1)
    assert (row.next_attempt_at - row.created_at).total_seconds() >= (300 if wait else 2)

    del service.answers["ines"]
    pushes().update(next_attempt_at=row.created_at)
    assert sends() == 1


@pytest.mark.parametrize("status", [400, 413])
def test_what_a_service_will_never_take_is_abandoned_at_once(browser, service, cast, status):
    browser.subscribes()
    service.answers["ines"] = (status, "")
    tell(cast.madeleine_record)
    sends()

    assert [(row.state, bytes(row.body)) for row in pushes()] == [("abandoned", b"")]
    assert PushSubscription.objects.exists()


def test_a_service_that_answers_nothing_keeps_no_e_mail_back(browser, service, cast, mailoutbox):
    browser.subscribes()
    PushSubscription.objects.update(endpoint=f"{service.origin[:-1]}/push/ines")
    tell(cast.madeleine_record)

    assert outbound.deliver_waiting() == 2
    assert len(mailoutbox) == 2


def test_a_service_taken_off_the_list_is_spoken_to_no_more(browser, service, cast, monkeypatch):
    browser.subscribes()
    tell(cast.madeleine_record)
    monkeypatch.setattr(bound, "push", WebPush(KEY, Services(("push.example.org",))))

    assert sends() == 0
    assert service.received == []
    assert [row.state for row in pushes()] == ["abandoned"]


@pytest.mark.parametrize(
    "changed",
    [
        {"endpoint": "https://10.0.0.1/push/ines"},
        {"endpoint": "http://169.254.169.254/latest/meta-data"},
        {"endpoint": "https://push.example.org/push/ines"},
        {"endpoint": None},
        {"keys": {"p256dh": said(b"\x04" + bytes(64)), "auth": said(bytes(16))}},
        {"keys": {"p256dh": "é", "auth": "é"}},
        {"keys": []},
    ],
)
def test_what_no_browser_gives_is_refused_with_a_sentence(browser, changed):
    answer = browser.subscribes(**changed)

    assert answer.status_code == 422
    assert "navigateur" in answer.content.decode()
    assert not PushSubscription.objects.exists()


def test_a_shared_workstation_and_a_session_without_device_receive_nothing(service, cast):
    shared = Browser(service, cast.ines, number="poste", is_shared=True)
    by_partner = Browser(service, cast.ines, number="logiciel")
    session = by_partner.client.session
    del session[DEVICE_KEY]
    session.save()

    for browser in (shared, by_partner):
        assert browser.subscribes().status_code == 403
        assert "Recevoir les alertes" not in browser.client.get(reverse(PAGE)).content.decode()
    assert not PushSubscription.objects.exists()


def test_another_s_device_is_not_his_to_name_nor_to_end(browser, service, cast):
    """Of the same profession, with patients and a device of his own."""
    browser.subscribes()
    jules = Browser(service, cast.jules, number="jules")
    jules.subscribes()
    hers = PushSubscription.objects.get(user_id=cast.ines.user_id)

    assert jules.client.post(reverse("notifications:end_subscription", args=[hers.pk])).status_code == 404
    session = jules.client.session
    session[DEVICE_KEY] = str(browser.known.pk)
    session.save()
    assert jules.subscribes().status_code == 403
    # He has learnt the address of her browser, not its secret.
    session[DEVICE_KEY] = str(jules.known.pk)
    session.save()
    stolen = jules.subscribes(endpoint=f"{service.origin}/push/ines")
    assert stolen.status_code == 409
    assert PushSubscription.objects.get(pk=hers.pk).user_id == cast.ines.user_id

    assert browser.client.post(reverse("notifications:end_subscription", args=[hers.pk])).status_code == 302
    assert PushSubscription.objects.get().user_id == cast.jules.user_id


def test_one_browser_of_two_accounts_alerts_the_last_that_asked(browser, service, cast):
    browser.subscribes()
    colin = Browser(service, cast.colin, number="colin")
    colin.device = service.devices["ines"] = browser.device

    assert colin.subscribes().status_code == 302

    assert [row.user_id for row in PushSubscription.objects.all()] == [cast.colin.user_id]


def test_logging_out_ends_the_alerts_of_this_device_only(browser, service, cast):
    browser.subscribes()
    at_home = Browser(service, cast.ines, number="maison")
    at_home.subscribes()

    browser.client.post(reverse("accounts:logout"))
    dispatched()

    assert [row.device_id for row in PushSubscription.objects.all()] == [at_home.known.pk]
    at_home.known.delete()
    assert not PushSubscription.objects.exists()


def test_ending_a_session_from_elsewhere_ends_its_alerts(browser, service, cast):
    browser.subscribes()
    at_home = Browser(service, cast.ines, number="maison")
    session = browser.client.session
    with walls_down():
        handle = type(session).get_model_class().objects.get(session_key=session.session_key).handle

    at_home.client.post(reverse("accounts:end_session", args=[handle]))
    dispatched()

    assert not PushSubscription.objects.exists()


def test_a_closed_account_is_alerted_nowhere(browser, service, cast):
    browser.subscribes()
    tell(cast.madeleine_record)
    with walls_down():
        User.objects.filter(pk=cast.ines.user_id).update(is_active=False)

    assert sends() == 0
    assert service.received == []


def test_subscribing_and_ending_leave_their_rows_without_the_address(browser):
    browser.subscribes()
    browser.client.post(reverse("notifications:end_subscription", args=[PushSubscription.objects.get().pk]))

    with walls_down():
        rows = AuditEntry.objects.filter(action="notifications.device", outcome="done")
        details = [row.detail for row in rows]
    assert {} in details
    assert {"ended": True} in details
    assert "127.0.0.1" not in str(details)


def test_a_patient_is_offered_them_too_and_nobody_where_no_key_is_set(service, cast, monkeypatch):
    her = Browser(service, cast.madeleine, number="madeleine")
    assert "Recevoir les alertes" in her.client.get(reverse(PAGE)).content.decode()
    assert her.subscribes().status_code == 302

    monkeypatch.setattr(bound, "push", None)

    assert "Appareils alertés" not in her.client.get(reverse(PAGE)).content.decode()
    assert her.subscribes().status_code == 422


def renews(browser):
    """As the service worker does: what it must carry, then the subscription that the browser has made."""
    asked = browser.client.get(reverse("notifications:renewal"))
    if asked.status_code != 200:
        return asked.status_code
    assert asked.json()["key"] == KEY.public
    return browser.subscribes().status_code


def test_a_browser_whose_subscription_changed_is_told_at_its_new_address(browser, service, cast):
    browser.subscribes()
    with walls_down():
        before = PushSubscription.objects.get().endpoint
    browser.device = Device("ines-2", KEY.public)
    service.devices["ines-2"] = browser.device

    assert renews(browser) == 302
    with walls_down():
        assert PushSubscription.objects.get().endpoint != before
    tell(cast.madeleine_record)
    assert sends() == 1
    assert [one.device for one in service.received] == ["ines-2"]


def test_only_a_device_that_is_told_already_is_renewed(browser, service, cast):
    assert renews(browser) == 404
    browser.subscribes()
    other = Browser(service, cast.jules, number="jules")
    assert renews(other) == 404
    assert Client().get(reverse("notifications:renewal")).headers["Location"].startswith("/connexion/")

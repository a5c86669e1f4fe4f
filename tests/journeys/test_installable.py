"""The platform on a telephone: installed, without network, told by a push service, left empty by a logout."""

import json
import re
import threading
import time

import pytest
from playwright.sync_api import CDPSession, Page, expect

pytestmark = pytest.mark.journey

# What a browser holds of a site, but its cookies.
_KEPT = """async () => {
  const urls = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) urls.push(new URL(request.url).pathname);
  const databases = await indexedDB.databases();
  const stored = { ...localStorage, ...sessionStorage };
  const workers = (await navigator.serviceWorker.getRegistrations()).length;
  return { urls: urls.sort(), databases: databases.length, stored, workers };
}"""
_TEXTS = """async () => {
  const texts = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) texts.push(await (await cache.match(request)).text());
  }
  return texts.join("\\n");
}"""
_SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
    .map(({ title, body, tag, data }) => ({ title, body, tag, data }))"""
_WATCHED = """() => {
  self.told = [];
  const show = self.registration.showNotification.bind(self.registration);
  self.registration.showNotification = (title, { body, tag, data, ...others }) => {
    self.told.push({ title, body, tag, data });
    return show(title, { body, tag, data, ...others }).catch(() => undefined);
  };
}"""
_CLICKED = """async () => {
  const [notification] = await self.registration.getNotifications();
  self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""
# What the browser dispatches when its subscription has changed; its new one, and what the server answers to it.
_RENEWED = """(given) => {
  self.answered = null;
  self.registration.pushManager.subscribe = async ({ applicationServerKey }) => {
    if (applicationServerKey.length !== 87) throw new Error("refused");
    return { toJSON: () => given };
  };
  const ask = self.fetch.bind(self);
  self.fetch = async (url, options) => {
    const answer = await ask(url, options);
    if (options?.method === "POST") self.answered = [answer.ok, new URL(answer.url).pathname];
    return answer;
  };
  self.dispatchEvent(new ExtendableEvent("pushsubscriptionchange"));
}"""
# A browser without its maker's push service, nor anybody to say yes: what they would answer, written as they do.
_BROWSER = """Notification.requestPermission = async () => "granted";
PushManager.prototype.subscribe = async function ({ userVisibleOnly, applicationServerKey }) {
    if (!userVisibleOnly || applicationServerKey.length !== 87) throw new Error("refused");
    return { toJSON: () => (%s) };
}"""


class Worker:
    """The service worker of a page, as DevTools reaches it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session: CDPSession = page.context.new_cdp_session(page)
        self._registrations: list[str] = []
        self.session.on("ServiceWorker.workerRegistrationUpdated", self._hear)
        self.session.send("ServiceWorker.enable")

    def delivers(self, message: str) -> None:
        limit = time.monotonic() + 10
        while not self._registrations:
            assert time.monotonic() < limit, "no service worker was registered"
            self.page.wait_for_timeout(100)
        origin = self.page.evaluate("location.origin")
        told = {"origin": origin, "registrationId": self._registrations[-1], "data": message}
        self.session.send("ServiceWorker.deliverPushMessage", told)

    def _hear(self, told: dict[str, list[dict[str, object]]]) -> None:
        self._registrations += [
            str(one["registrationId"]) for one in told["registrations"] if not one["isDeleted"]
        ]


def ready(page: Page) -> None:
    page.evaluate("async () => { await navigator.serviceWorker.ready }")
    if not page.evaluate("() => navigator.serviceWorker.controller !== null"):
        page.reload()  # it was asked for before the worker was there
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")


def test_a_telephone_keeps_the_shell_and_nothing_of_a_patient(visit):
    nurse = visit("c.marie", at="/", phone=True)
    manifest = nurse.page.request.get(nurse.page.get_attribute("link[rel=manifest]", "href")).json()
    assert (manifest["display"], manifest["lang"]) == ("standalone", "fr")
    ready(nurse.page)

    record = nurse.open_record("ISIDORE")
    for path in ("", "notes/", "cercle/", "chronologie/"):
        nurse.page.goto(record + path)
    nurse.page.goto("/")

    kept = nurse.page.evaluate(_KEPT)
    assert kept["workers"] == 1
    assert kept["databases"] == 0
    assert "/hors-connexion/" in kept["urls"]
    assert [url for url in kept["urls"] if not url.startswith("/static/assets/")] == ["/hors-connexion/"]
    texts = nurse.page.evaluate(_TEXTS)
    assert "Vous êtes hors connexion" in texts
    assert "ISIDORE" not in texts
    assert "c.marie" not in texts


def test_without_network_a_page_says_so_and_what_to_do(visit):
    nurse = visit("c.marie", at="/", phone=True)
    ready(nurse.page)
    nurse.page.context.set_offline(True)

    nurse.page.goto("/patients/")

    expect(nurse.page.get_by_role("heading", name="Vous êtes hors connexion")).to_be_visible()
    expect(nurse.page.get_by_text("Vérifiez le wifi ou le réseau mobile.")).to_be_visible()
    assert nurse.page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Atkinson')
    assert nurse.axe() == []
    assert nurse.too_wide() <= 0

    nurse.page.context.set_offline(False)
    nurse.page.get_by_role("link", name="Réessayer").click()
    expect(nurse.page.get_by_role("heading", name="Mes patients")).to_be_visible()


def test_logging_out_leaves_nothing_in_the_browser(visit, platform):
    nurse = visit()
    nurse.log_in(platform.account("m.bardet"))
    nurse.page.goto("/")
    ready(nurse.page)
    nurse.page.evaluate("localStorage.setItem('a', '1'); sessionStorage.setItem('b', '1')")
    assert nurse.page.evaluate(_KEPT)["urls"]

    nurse.log_out()

    nurse.page.wait_for_function(
        "async () => (await navigator.serviceWorker.getRegistrations()).length === 0"
    )
    kept = nurse.page.evaluate(_KEPT)
    # htmx notes in each page where it is: here, the door.
    assert set(kept.pop("stored").values()) <= {"/connexion/?au-revoir"}
    assert kept == {"urls": [], "databases": 0, "workers": 0}
    assert "sessionid" not in {cookie["name"] for cookie in nurse.page.context.cookies()}


def test_a_push_message_is_shown_in_one_line_that_says_the_same(visit, platform):
    """In Chromium's shell, which shows no notification, what the worker asks to show; elsewhere, what is shown too."""
    nurse = visit("c.marie", at="/", phone=True)
    nurse.page.context.grant_permissions(["notifications"], origin=platform.base_url)
    ready(nurse.page)
    worker = Worker(nurse.page)
    kept = nurse.page.context.service_workers[0]
    kept.evaluate(_WATCHED)
    told = {"title": "Terr-eSanté", "body": "Une nouvelle information vous attend.", "url": "/"}
    shown = {"title": told["title"], "body": told["body"], "tag": "terresante", "data": "/"}

    for number, message in enumerate(
        (json.dumps({**told, "id": "1"}), json.dumps({**told, "id": "2"}), "unread")
    ):
        worker.delivers(message)
        limit = time.monotonic() + 10
        while len(kept.evaluate("self.told")) <= number:
            assert time.monotonic() < limit, "the worker asked for nothing"
            nurse.page.wait_for_timeout(100)

    assert kept.evaluate("self.told") == [shown] * 3
    if nurse.page.evaluate("Notification.permission") == "granted":
        assert nurse.page.evaluate(_SHOWN) == [shown]
        kept.evaluate(_CLICKED)
        nurse.page.wait_for_function(f"async () => (await ({_SHOWN})()).length === 0")


def test_a_shared_workstation_has_no_worker(visit, platform):
    nurse = visit()
    nurse.log_in(platform.account("m.bardet"), device="Poste partagé")
    nurse.page.goto("/")
    nurse.page.wait_for_load_state("load")

    assert nurse.page.evaluate(_KEPT)["workers"] == 0
    nurse.page.goto("/notifications/")
    expect(nurse.page.get_by_text("Ce poste est partagé")).to_be_visible()


def test_a_browser_is_subscribed_and_taken_off_from_the_page(visit, platform):
    nurse = visit(phone=True)
    nurse.log_in(platform.account("m.bardet"))
    given = {
        "endpoint": f"http://127.0.0.1:8089/push/{threading.get_ident()}",
        "keys": {
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg",
        },
    }
    nurse.page.goto("/notifications/")
    ask = nurse.page.get_by_role("button", name="Recevoir les alertes sur cet appareil")

    ask.click()
    expect(nurse.page.get_by_role("alert").filter(has_text="Ce navigateur refuse")).to_be_visible()
    assert nurse.axe() == []

    nurse.page.context.add_init_script(_BROWSER % json.dumps(given))
    nurse.page.reload()
    ask.click()
    expect(nurse.page.get_by_text("Cet appareil recevra vos alertes.")).to_be_visible()
    expect(nurse.page.get_by_text("Cet appareil", exact=True)).to_be_visible()
    expect(ask).to_have_count(0)

    # The push service of the browser gives it another address, with no page there to say so.
    ready(nurse.page)
    kept = nurse.page.context.service_workers[0]
    kept.evaluate(_RENEWED, {**given, "endpoint": f"{given['endpoint']}-2"})
    limit = time.monotonic() + 10
    while kept.evaluate("self.answered") is None:
        assert time.monotonic() < limit, "the worker told the server nothing"
        nurse.page.wait_for_timeout(100)
    assert kept.evaluate("self.answered") == [True, "/notifications/"]
    nurse.page.reload()
    expect(nurse.page.get_by_text("Cet appareil", exact=True)).to_be_visible()

    nurse.page.get_by_role("button", name="Ne plus alerter").click()
    expect(ask).to_be_visible()

    # By which channel for each event, and not at night.
    digest = nurse.page.get_by_label(re.compile("^Nouvelles notes.*Résumé du jour$"))
    digest.check()
    nurse.page.get_by_label("À partir de").fill("21:00")
    nurse.page.get_by_label("Jusqu’à").fill("07:00")
    nurse.page.get_by_role("button", name="Enregistrer").click()
    expect(nurse.toasts().first).to_contain_text("Vos réglages sont enregistrés")
    expect(digest).to_be_checked()
    expect(nurse.page.get_by_label("À partir de")).to_have_value("21:00")
    assert nurse.axe() == [] and nurse.too_wide() <= 0

"""A note written without network: it is kept, said so, leaves by itself once, and is nobody else's to read."""

import pytest
from playwright.sync_api import expect

from tests.journeys.shots import shot_as_it_is
from tests.journeys.test_installable import ready

pytestmark = pytest.mark.journey

# What the device keeps, as it stands there.
_KEPT = """async () => {
  const names = (await indexedDB.databases()).map(({ name }) => name);
  if (!names.includes('notes-gardees')) return { names, rows: [], keys: [] };
  const database = await new Promise((resolve) => {
    const asked = indexedDB.open('notes-gardees');
    asked.onsuccess = () => resolve(asked.result);
  });
  const part = database.transaction('waiting').objectStore('waiting');
  const done = (asked) => new Promise((resolve) => { asked.onsuccess = () => resolve(asked.result) });
  const keys = await done(part.getAllKeys());
  const rows = (await done(part.getAll())).map(({ data }) => new TextDecoder('latin1').decode(data));
  database.close();
  return { names, rows, keys };
}"""


def _writes(visitor, record, text):
    page = visitor.page
    page.goto(f"{record}notes/nouvelle/")
    page.get_by_label("Note", exact=True).fill(text)


def _sends(visitor):
    visitor.page.get_by_role("button", name="Enregistrer la note").locator("visible=true").first.click()


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_a_note_of_the_stairwell_is_kept_and_leaves_once_by_itself(visit, phone):
    text = f"Pansement refait sans réseau, {'téléphone' if phone else 'poste'} : plaie propre."
    nurse = visit("c.marie", phone=phone)
    page, record = nurse.page, nurse.open_record("ISIDORE")
    _writes(nurse, record, text)
    page.context.set_offline(True)
    _sends(nurse)

    expect(page.get_by_role("heading", name="Pas encore envoyée")).to_be_visible()
    expect(page.get_by_text("gardée sur cet appareil")).to_be_visible()
    expect(page.locator(".kept-note").get_by_text(text)).to_be_visible()
    shot_as_it_is(nurse, "kept-note")
    kept = page.evaluate(_KEPT)
    assert len(kept["rows"]) == 1
    assert not any(word in f"{kept}" for word in ("Pansement", "ISIDORE", "c.marie"))

    page.get_by_role("button", name="Modifier la note").click()
    expect(page.get_by_label("Note", exact=True)).to_have_value(text)
    _sends(nurse)
    expect(page.get_by_role("heading", name="Pas encore envoyée")).to_be_visible()

    page.context.set_offline(False)
    page.wait_for_url("**/notes/")
    expect(page.locator("#notes").get_by_text(text)).to_have_count(1)
    page.wait_for_function("() => localStorage.getItem('notes-kept') === null")
    assert page.evaluate(_KEPT)["rows"] == []


def test_a_note_kept_leaves_by_the_next_page_of_its_author(visit):
    text = "Écrite dans la cave, sans réseau : bas de contention à changer."
    nurse = visit("c.marie", phone=True)
    page, record = nurse.page, nurse.open_record("ISIDORE")
    ready(page)
    _writes(nurse, record, text)
    page.context.set_offline(True)
    _sends(nurse)
    expect(page.get_by_role("heading", name="Pas encore envoyée")).to_be_visible()

    page.goto("/patients/")
    expect(page.get_by_text("Une note écrite sur cet appareil n’est pas encore envoyée.")).to_be_visible()
    shot_as_it_is(nurse, "kept-offline")

    page.context.set_offline(False)
    page.route("**/notes/gardee/", lambda route: route.fulfill(status=403))  # her access has ended meanwhile
    page.goto(record)
    page.get_by_text("1 note n’est pas encore envoyée").click()
    expect(page.get_by_text("Vous ne pouvez plus écrire dans ce dossier.")).to_be_visible()
    expect(page.locator(".kept-left").get_by_text(text)).to_be_visible()
    shot_as_it_is(nurse, "kept-left")

    page.unroute("**/notes/gardee/")
    page.reload()
    expect(nurse.toasts().filter(has_text="est envoyée")).to_be_visible()
    page.goto(f"{record}notes/")
    expect(page.locator("#notes").get_by_text(text)).to_have_count(1)


def test_what_is_kept_is_nothing_for_who_logs_in_next_and_goes_with_the_session(visit, platform):
    text = "Gardée sur le téléphone du service : refus de soins ce matin."
    nurse = visit("c.marie", phone=True)
    page, record = nurse.page, nurse.open_record("ISIDORE")
    _writes(nurse, record, text)
    page.context.set_offline(True)
    _sends(nurse)
    expect(page.get_by_role("heading", name="Pas encore envoyée")).to_be_visible()
    page.goto("about:blank")
    page.context.clear_cookies()  # her session is over; she has not logged out
    page.context.set_offline(False)

    nurse.log_in(platform.account("s.norbert"))
    with page.expect_response("**/notes-gardees/cle/"):
        page.goto(record)
    expect(page.locator(".patient").first).to_be_visible()
    expect(page.get_by_text("encore envoyée")).to_have_count(0)
    kept = page.evaluate(_KEPT)
    assert len(kept["rows"]) == 1 and "refus de soins" not in f"{kept}"

    page.goto("/")
    page.once("dialog", lambda dialog: dialog.accept())
    nurse.log_out()
    page.wait_for_function(
        "async () => !(await indexedDB.databases()).some(({ name }) => name === 'notes-gardees')"
    )

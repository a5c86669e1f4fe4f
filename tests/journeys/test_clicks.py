"""The five tasks of every day, each in four clicks at most, counted by the page itself.

Which five: what a professional opens the platform for between two visits. What changed for a patient, the reason to
come at all; write to the circle; read what a hospital or a laboratory sent; call somebody of the circle; let a
colleague in. The first four start at home; a colleague is let in from the record one is reading.
A key pressed in a field is no click; a phone counts its taps in the same way.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.journey

MOST = 4
# Every click of a hand (a key that sends a form makes one of detail 0); a page that leaves has already told.
_COUNTED = (
    "addEventListener('click', (event) => { if (event.isTrusted && event.detail) self.clicked(); }, true)"
)


class Counter:
    """Numbers of clicks, by task, as the pages told them."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0
        page.expose_function("clicked", self._hear)
        page.add_init_script(_COUNTED)

    def _hear(self) -> None:
        self.count += 1

    @contextmanager
    def task(self, name: str, *, start: str = "/", left: int = 0) -> Iterator[None]:
        """`left`: clicks that a browser without a telephone cannot make."""
        self.page.goto(start)
        self.count = 0
        yield
        self.page.wait_for_timeout(100)
        assert 1 <= self.count <= MOST - left, f"{name}: {self.count} clicks"


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_the_five_tasks_of_every_day_take_four_clicks_at_most(visit, phone):
    nurse = visit("c.marie", phone=phone)
    page, counter = nurse.page, Counter(nurse.page)
    patient = page.get_by_role("link", name=re.compile("ISIDORE")).locator("visible=true").first

    with counter.task("what changed"):
        patient.click()
        expect(page).to_have_url(re.compile("/dossiers/"))
    record = re.sub(r"(/dossiers/[^/]+/).*", r"\1", page.url)

    with counter.task("a note"):
        patient.click()
        if phone:
            nurse.tab("Notes")
        nurse.write_note(f"Passage fait, tension 13/7 ({'téléphone' if phone else 'poste'}).")
        expect(nurse.toasts().first).to_contain_text("Note enregistrée")

    with counter.task("a document"):
        patient.click()
        nurse.tab("Documents")
        page.locator("main .document-card a, main .documents a, main article a").first.click()
        expect(page).to_have_url(re.compile("/documents/[0-9a-f-]{36}/"))

    with counter.task("a call", left=1):
        patient.click()
        nurse.tab("Cercle")
        call = page.get_by_role("link", name=re.compile("^Appeler ")).first
        assert re.fullmatch(r"tel:\+?[0-9]+", call.get_attribute("href") or "")
        write = page.get_by_role("link", name=re.compile("^Écrire à ")).first
        for target in (call, write):
            box = target.bounding_box()
            assert box and (not phone or min(box["width"], box["height"]) >= 44)

    with counter.task("a colleague let in", start=record):
        nurse.tab("Cercle")
        page.get_by_role("link", name="Ajouter au cercle").locator("visible=true").first.click()
        name = page.get_by_label(re.compile("^Nom( facultatif)?$"))
        name.fill("Saintonge" if phone else "Pelissier")
        name.press("Enter")
        page.get_by_role("link", name=re.compile("^Ajouter (?!au cercle)")).first.click()
        page.get_by_role("button", name="Ajouter au cercle").locator("visible=true").first.click()
        expect(nurse.toasts().first).to_contain_text("dans le cercle")
    assert nurse.too_wide() <= 0

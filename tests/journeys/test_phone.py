import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey


def test_a_nurse_in_a_stairwell_writes_a_note(visit):
    nurse = visit("c.marie", phone=True)
    nurse.open_record("ISIDORE")
    expect(nurse.page.locator(".bottom-bar a")).to_have_count(5)
    call = nurse.page.locator("a[href^='tel:']:visible").first
    expect(call).to_be_visible()
    nurse.tab("Notes")
    nurse.write_note("Passage du matin fait, glycémie à 1,42.")
    expect(nurse.toasts().first).to_contain_text("Note enregistrée")
    expect(nurse.page.get_by_text("glycémie à 1,42").first).to_be_visible()


@pytest.mark.parametrize(
    ("tab", "line"), [("notes/", ".note-card"), ("documents/", ".document-card"), ("sante/", ".health-line")]
)
def test_a_thumb_anywhere_on_a_line_opens_it(visit, tab, line):
    nurse = visit("c.marie", phone=True)
    record = nurse.open_record("ISIDORE")
    nurse.page.goto(f"{record}{tab}")
    one = nurse.page.locator(line).first
    leads = one.locator("a").first.get_attribute("href")
    box = one.bounding_box()
    one.tap(position={"x": box["width"] - 20, "y": box["height"] - 6})
    expect(nurse.page).to_have_url(re.compile(f"{leads}$"))


def test_the_star_of_a_note_and_what_is_beside_a_title_stay_under_the_thumb(visit):
    nurse = visit("c.marie", phone=True)
    record = nurse.open_record("ISIDORE")
    nurse.page.goto(f"{record}notes/")
    star = nurse.page.get_by_role("button", name="Note de Nora HADDAD en favori").first
    star.tap()
    expect(star).to_have_attribute("aria-pressed", "true")
    star.tap()
    expect(star).to_have_attribute("aria-pressed", "false")
    nurse.page.goto(f"{record}sante/")
    add = nurse.page.get_by_role("link", name="Ajouter un traitement")
    assert add.bounding_box()["height"] >= 44


def test_who_will_read_a_note_is_said_above_what_saves_it(visit):
    nurse = visit("c.marie", phone=True)
    nurse.page.goto(f"{nurse.open_record('ISIDORE')}notes/nouvelle/")
    said = nurse.page.locator(".audience-docked")
    save = nurse.page.get_by_role("button", name="Enregistrer la note").locator("visible=true")
    expect(said).to_be_in_viewport(ratio=1)
    expect(said).to_contain_text(re.compile("membres? sur .*, et la patiente"))
    box, below = said.bounding_box(), save.bounding_box()
    assert box["height"] >= 44 and box["y"] + box["height"] <= below["y"]
    nurse.page.get_by_text("Moi seulement").first.tap()
    expect(said).not_to_contain_text("et la patiente")
    said.tap()
    expect(nurse.page.get_by_role("heading", name="Qui verra ceci")).to_be_in_viewport()


def test_a_pharmacist_joins_in_four_taps(visit):
    nurse = visit("c.marie", phone=True)
    nurse.open_record("ISIDORE")
    taps = [
        nurse.page.locator(".bottom-bar").get_by_role("link", name="Cercle"),
        nurse.page.get_by_role("link", name="Ajouter au cercle"),
        nurse.page.get_by_role("link", name=re.compile("Ajouter.*VASSE")),
        nurse.page.get_by_role("button", name="Ajouter au cercle"),
    ]
    for number, tap in enumerate(taps):
        if number == 2:
            nurse.page.get_by_label(re.compile("^Nom( facultatif)?$")).fill("Vasse")
            nurse.page.keyboard.press("Enter")
        tap.tap()
    expect(nurse.toasts().first).to_contain_text("dans le cercle")


def test_the_first_fact_of_a_timeline_stands_under_two_lines_of_choices(visit):
    nurse = visit("c.marie", phone=True)
    page = nurse.page
    page.goto(f"{nurse.open_record('ISIDORE')}chronologie/")
    dates = page.locator("summary", has_text="Choisir des dates")
    last_period = page.get_by_role("list", name="Période").bounding_box()
    box = dates.bounding_box()
    assert box["height"] >= 44 and box["width"] >= 44
    assert abs(box["y"] + box["height"] / 2 - last_period["y"] - last_period["height"] / 2) < 4
    dates.tap()
    expect(page.get_by_label("Du", exact=True)).to_be_visible()
    assert nurse.axe() == [] and nurse.too_wide() <= 0

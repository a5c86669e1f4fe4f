"""A record is open on a screen while the person's opposition is recorded on another one: nothing of it stays there."""

import pytest
from playwright.sync_api import expect

from tests.journeys.shots import shot_as_it_is
from tests.journeys.test_merged import founds

pytestmark = [pytest.mark.journey, pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])]
TYPED = "Plaie propre, pansement refait."


def test_an_open_record_goes_from_the_screen_when_the_person_opposes(visit, phone):
    name = "TREGOAT" if phone else "MARZIN"
    reader, other = visit("s.norbert", phone=phone), visit("s.norbert", phone=phone)
    founds(reader, name, "Yvonne", "13/02/1937" if phone else "14/03/1938")
    record = reader.page.url
    reader.page.goto(f"{record}notes/nouvelle/")
    reader.page.get_by_label("Note", exact=True).fill(TYPED)
    other.page.goto(record)

    other.page.goto(f"{record}choix/opposition-au-dossier/")
    other.page.get_by_label("Comment la personne l’a exprimé").fill("Dit ce jour, au domicile")
    other.page.get_by_role("button", name="Fermer le dossier").click()

    page = reader.page
    expect(page.get_by_role("heading", name="Dossier fermé")).to_be_visible()
    expect(page).to_have_title("Dossier fermé · Terr-eSanté")
    expect(page.get_by_label("Ce que vous écriviez")).to_have_value(TYPED)
    expect(page.get_by_role("button", name="Copier le texte")).to_have_attribute("data-copy", TYPED)
    expect(page.locator("body")).not_to_contain_text(name)
    assert reader.axe() == [] and reader.too_wide() <= 0
    shot_as_it_is(reader, "closed")
    page.get_by_role("main").get_by_role("link", name="Mes patients").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Dossier fermé")
    expect(page.get_by_role("main")).not_to_contain_text(name)

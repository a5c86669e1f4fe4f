"""How one gets in at the person's: she says it, the nurse reads it, her doctor on the sheet and on its paper."""

import pytest
from playwright.sync_api import expect

from tests.journeys.shots import shot_as_it_is

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_who_comes_at_night_knows_how_to_get_in_because_she_said_it(visit, phone):
    code = "77C31" if phone else "77C30"
    patient = visit("p.isidore", phone=phone)
    page = patient.page
    page.goto("/mon-dossier/")
    page.get_by_role("link", name="Entrer chez moi").click()
    shot_as_it_is(patient, "home-access")
    page.locator("main").get_by_role("link", name="Modifier").click()
    page.get_by_label("Code de la porte").fill(code)
    shot_as_it_is(patient, "home-access-write")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text(code)).to_be_visible()

    nurse = visit("c.marie", phone=phone)
    record = nurse.open_record("ISIDORE")
    nurse.page.goto(f"{record}domicile/")
    expect(nurse.page.get_by_text(code)).to_be_visible()
    shot_as_it_is(nurse, "home-of-record")

    physician = visit("a.georges", phone=phone)
    physician.page.goto(f"{record}fiche-urgence/")
    expect(physician.page.get_by_text(code)).to_be_visible()
    shot_as_it_is(physician, "home-on-sheet")
    printed = physician.page.request.get(f"{record}fiche-urgence/imprimer/")
    assert printed.headers["content-type"] == "application/pdf"

    secretary = visit("p.lemoine", phone=phone)
    answer = secretary.page.goto(f"{record}domicile/")
    assert answer is not None and answer.status in (403, 404)
    page.goto("/mon-dossier/acces/")
    expect(page.locator("#contenu")).to_contain_text("a lu comment entrer au domicile")

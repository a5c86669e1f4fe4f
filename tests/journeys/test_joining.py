"""From the search to the circle, by who asks, by who is asked, and by the person; what she files herself."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_the_screens_of_joining_are_clean_at_both_sizes(visit, phone):
    """Nothing is answered here: each size finds the story of the demonstration as it was."""
    asker = visit("m.bardet", phone=phone)
    asker.page.goto("/demandes/")
    expect(asker.page.get_by_text("En attente").first).to_be_visible()
    assert asker.axe() == [] and asker.too_wide() <= 0

    doctor = visit("s.norbert", phone=phone)
    page, record = doctor.page, doctor.open_record("TOUSSAINT")
    page.goto(f"{record}cercle/")
    expect(page.get_by_role("heading", name="Demandes à rejoindre le cercle")).to_be_visible()
    expect(page.get_by_text(re.compile("a rejoint le cercle.: intervient"))).to_be_visible()
    assert doctor.axe() == [] and doctor.too_wide() <= 0
    page.get_by_role("link", name=re.compile("^Refuser ")).click()
    expect(page.get_by_role("heading", name=re.compile("^Refuser la demande"))).to_be_visible()
    assert doctor.axe() == [] and doctor.too_wide() <= 0
    for address in ("cercle/ajouter/", "cercle/inviter/"):
        page.goto(f"{record}{address}")
        assert doctor.axe() == [] and doctor.too_wide() <= 0, address
    page.goto(f"{record}cercle/")
    page.get_by_role("link", name=re.compile("^Accepter ")).click()
    expect(page.get_by_text("A demandé le")).to_be_visible()
    assert doctor.axe() == [] and doctor.too_wide() <= 0

    patient = visit("p.isidore", phone=phone)
    patient.page.goto("/mon-dossier/mon-cercle/")
    patient.page.get_by_role("link", name=re.compile("^Répondre ")).click()
    expect(patient.page.get_by_role("button", name="Je suis d’accord")).to_be_visible()
    assert patient.axe() == [] and patient.too_wide() <= 0
    patient.page.goto("/mon-dossier/documents/ajouter/")
    assert patient.axe() == [] and patient.too_wide() <= 0
    patient.page.goto("/mon-dossier/documents/")
    patient.page.get_by_role("link", name="Mes volontés, brouillon").click()
    expect(patient.page.get_by_role("button", name="Le montrer à l’équipe")).to_be_visible()
    assert patient.axe() == [] and patient.too_wide() <= 0

    guest = visit(phone=phone)
    guest.page.goto("/rejoindre/un-lien-quelconque/")
    expect(guest.page.get_by_role("heading", name="Un professionnel vous invite")).to_be_visible()
    assert guest.axe() == [] and guest.too_wide() <= 0

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey


def test_a_colleague_joins_the_circle_from_the_directory(visit):
    doctor = visit("s.norbert")
    doctor.open_record("ISIDORE")
    doctor.tab("Cercle")
    doctor.page.get_by_role("link", name="Ajouter au cercle").click()
    doctor.page.get_by_label("Nom", exact=True).fill("Ferrand")
    doctor.page.get_by_role("button", name="Rechercher dans l’annuaire").click()
    doctor.page.get_by_role("link", name=re.compile("Ajouter.*FERRAND")).first.click()
    expect(doctor.page.get_by_text("lira :")).to_be_visible()
    doctor.page.get_by_role("button", name="Ajouter au cercle").click()
    expect(doctor.toasts().first).to_contain_text("dans le cercle")
    expect(doctor.page.locator(".person", has_text=re.compile("FERRAND"))).to_be_visible()


def test_who_is_removed_reads_nothing_from_the_next_request_on(visit):
    aide = visit("m.bardet")
    record = aide.open_record("ISIDORE")
    aide.tab("Notes")

    doctor = visit("s.norbert")
    doctor.open_record("ISIDORE")
    doctor.tab("Cercle")
    doctor.page.locator(".person", has_text=re.compile("BARDET", re.IGNORECASE)).get_by_role(
        "link", name=re.compile("Retirer")
    ).click()
    doctor.page.get_by_role("button", name="Retirer du cercle").click()
    expect(doctor.toasts().first).to_contain_text("a quitté le cercle")

    with aide.page.expect_response(lambda answer: record in answer.url) as refused:
        aide.page.locator(".tabs-record").get_by_role("link", name="Cercle").click()
    assert refused.value.status in (403, 404)
    expect(aide.page.get_by_text("ISIDORE")).to_have_count(0)
    expect(
        aide.page.get_by_text("ne faites pas partie", exact=False).or_(aide.page.locator("h1")).first
    ).to_be_visible()

    doctor.tab("Notes")
    expect(doctor.page.get_by_role("article").filter(has_text="réfrigérateur presque vide")).to_be_visible()

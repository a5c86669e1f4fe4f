import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.journey


def test_a_record_is_two_clicks_away_from_what_changed(visit):
    doctor = visit("s.norbert", at="/")
    expect(doctor.page.get_by_role("heading", name="Mes patients")).to_be_visible()
    card = doctor.page.get_by_role("region", name=re.compile("ISIDORE")).first
    expect(card).to_contain_text("Admission")
    card.get_by_role("heading").get_by_role("link").click()
    expect(doctor.page.get_by_role("heading", level=1)).to_contain_text("Pierrette ISIDORE")
    expect(doctor.page.get_by_role("heading", name=re.compile("Ce qui a changé"))).to_be_visible()


def test_a_doctor_creates_a_record_and_informs_the_person_in_one_go(visit):
    page = visit("s.norbert", at="/").page
    page.get_by_role("link", name="Ajouter un patient").click()
    type_traits(page, name="ABEILLON", given="Marguerite Anne", born="12/03/1951")
    page.get_by_role("button", name="Vérifier").click()
    expect(page.get_by_text("Personne de semblable n’est connu")).to_be_visible()
    page.get_by_role("button", name="Créer le dossier").click()
    expect(page.get_by_role("heading", name="Information de la personne")).to_be_visible()
    expect(page.get_by_text("Pas encore partagé.")).to_be_visible()

    record = page.get_by_role("link", name="Plus tard").get_attribute("href")
    page.get_by_label("Entretien, avec la notice remise").check()
    page.get_by_role("button", name="Ouvrir au partage").click()
    page.goto(record)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Marguerite ABEILLON")
    expect(page.get_by_text("Pas encore partagé")).to_have_count(0)


def test_a_record_is_nobody_elses_before_the_person_is_informed(visit):
    page = visit("s.norbert").page
    page.goto("/patients/nouveau/")
    type_traits(page, name="QUERRIEN", given="Émile", born="02/11/1948", sex="Masculin")
    page.get_by_role("button", name="Vérifier").click()
    page.get_by_role("button", name="Créer le dossier").click()
    page.get_by_role("link", name="Plus tard").click()
    expect(page.get_by_text("Pas encore partagé").first).to_be_visible()

    colleague = visit("a.georges")
    answer = colleague.page.goto(page.url)
    assert answer.status in (403, 404)
    expect(colleague.page.get_by_text("QUERRIEN")).to_have_count(0)


def test_somebody_already_known_is_shown_before_a_second_record_is_founded(visit):
    page = visit("s.norbert").page
    page.goto("/patients/nouveau/")
    type_traits(page, name="MARTIN", given="Pierrette Jeanne", born="17/04/1958", place="Limoges (87085)")
    page.get_by_role("button", name="Vérifier").click()
    expect(page.get_by_role("heading", name="Est-ce l’une de ces personnes ?")).to_be_visible()
    page.get_by_role("button", name="Créer le dossier").click()
    expect(page.get_by_role("alert")).to_contain_text("Confirmez")
    page.get_by_role("link", name="Ouvrir le dossier").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Pierrette ISIDORE")


def type_traits(
    page: Page, *, name: str, given: str, born: str, sex: str = "Féminin", place: str = "Quimper (29232)"
) -> None:
    page.get_by_label("Nom de naissance").fill(name)
    page.get_by_label("Prénoms de naissance").fill(given)
    page.get_by_label("Date de naissance").fill(born)
    page.get_by_label(sex, exact=True).check()
    page.get_by_label("Commune ou pays de naissance").fill(place)

"""Two records are open on two screens while the identity desk makes one of them, then two again."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.shots import shot_as_it_is
from tests.journeys.test_patients import type_traits

pytestmark = [pytest.mark.journey, pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])]


def founds(visitor, name, given, born):
    """The record of somebody new, open on the screen; her identity's key."""
    page = visitor.page
    page.goto("/patients/nouveau/")
    type_traits(page, name=name, given=given, born=born)
    page.get_by_role("button", name="Vérifier").click()
    page.get_by_role("button", name="Créer le dossier").click()
    record = page.get_by_role("link", name="Plus tard").get_attribute("href")
    page.get_by_label("Entretien, avec la notice remise").check()
    visitor.follow(page.get_by_role("button", name="Ouvrir au partage"))
    page.goto(record)
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    identity = page.locator("a[href*='/identites/']").first.get_attribute("href")
    return re.search(r"[0-9a-f-]{36}", identity)[0]


def test_an_open_record_says_that_it_was_merged_then_that_it_is_closed(visit, phone):
    names = ("QUINTREC", "ROSTREN") if phone else ("VILLEBOIS", "KERMOAL")
    kept, dead = visit("s.norbert", phone=phone), visit("a.georges", phone=phone)
    one = founds(kept, names[0], "Hortense", "05/06/1931" if phone else "07/08/1933")
    other = founds(dead, names[1], "Léontine", "09/10/1942" if phone else "11/12/1944")
    beside = visit("a.guerin", phone=phone)
    beside.page.goto(f"/identites/{other}/")
    officer = visit("a.guerin").page
    officer.goto(f"/identites/comparer/{one}/{other}/")
    officer.get_by_role("radio", name=re.compile(names[0])).check()
    officer.get_by_role("region", name="C’est la même personne").get_by_label("Motif").fill("Même personne")
    officer.get_by_role("button", name="Fusionner").click()

    moved = dead.page.get_by_role("status").filter(has_text="a été réuni avec un autre")
    expect(moved).to_contain_text(f"Hortense {names[0]}")
    expect(kept.page.get_by_role("status").filter(has_text="réuni avec celui-ci")).to_be_visible()
    # Another officer of the desk, who would go on with an identity that is no more.
    expect(beside.page.get_by_role("status").filter(has_text="n’est plus à jour")).to_be_visible()
    shot_as_it_is(beside, "merged-desk")
    for visitor in (dead, kept):
        assert visitor.axe() == []
        assert visitor.too_wide() <= 0
        shot_as_it_is(visitor, f"merged-{'goes' if visitor is dead else 'stays'}")
    dead.follow(dead.page.get_by_role("link", name="Ouvrir le dossier réuni"))
    expect(dead.page.get_by_role("heading", level=1)).to_contain_text(names[0])

    officer.goto(f"/identites/{one}/")
    officer.get_by_role("link", name=re.compile("Défaire")).first.click()
    officer.get_by_label("Motif").fill("Deux personnes en fait")
    officer.get_by_role("button", name="Séparer les deux identités").click()
    expect(officer.get_by_text("Les deux identités sont de nouveau séparées.")).to_be_visible()

    expect(dead.page.get_by_role("heading", name="Dossier fermé")).to_be_visible()
    expect(dead.page.get_by_role("main")).to_contain_text("réunis par erreur ont été séparés")
    expect(dead.page.locator("body")).not_to_contain_text(names[0])
    expect(kept.page.get_by_role("status").filter(has_text="séparé d’un autre")).to_be_visible()
    expect(kept.page.get_by_role("status").filter(has_text="réuni avec celui-ci")).to_have_count(0)
    assert dead.axe() == []
    shot_as_it_is(dead, "merged-closed")

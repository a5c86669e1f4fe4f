"""A hospital announces a death by mistake: the identity desk clears it, and decides when it is announced again."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.journey, pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])]


def clean(visitor):
    assert visitor.axe() == []
    assert visitor.too_wide() <= 0


def until_there(page, locator):
    """What comes by the wire is applied by the worker, in its own time."""
    for _ in range(100):
        if locator.count():
            return
        page.wait_for_timeout(200)
        page.reload()
    expect(locator.first).to_be_visible()


def test_the_desk_clears_a_death_and_decides_when_it_is_announced_again(visit, hospital, phone):
    family = "DIALLO" if phone else "KERVELLA"
    officer = visit("a.guerin", phone=phone)
    page = officer.page
    hospital.announces_death(family)
    page.goto("/identites/")
    page.get_by_label("Noms ou prénoms").fill(family)
    officer.follow(page.get_by_role("button", name="Rechercher"))
    officer.follow(page.get_by_role("link", name=re.compile(family)).first)
    death = page.get_by_role("region", name="Décès")
    until_there(page, death)
    expect(page.get_by_text("connu sans sa date")).to_be_visible()
    clean(officer)
    officer.follow(death.get_by_role("button", name="Effacer le décès"))
    expect(death.locator(".field-error")).to_be_visible()
    clean(officer)
    death.get_by_label("Motif").fill("Erreur de l’hôpital, confirmée au téléphone")
    officer.follow(death.get_by_role("button", name="Effacer le décès"))
    expect(page.get_by_text("Le décès est effacé.")).to_be_visible()
    expect(death).to_have_count(0)
    clean(officer)

    hospital.announces_death(family)
    page.goto("/a-verifier/")
    waiting = page.get_by_role("row").filter(has_text="avait effacé")
    until_there(page, waiting)
    officer.follow(waiting.get_by_role("link", name="Vérifier"))
    expect(page.get_by_role("button", name="Le décès est réel : le noter")).to_be_visible()
    clean(officer)
    page.get_by_text("Écarter ce message").click()
    page.get_by_label("Pourquoi ce message est écarté").fill("Encore l’erreur de l’hôpital")
    officer.follow(page.get_by_role("button", name="Écarter", exact=True))
    expect(waiting).to_have_count(0)

"""A programme from its definition to the file that bills it: a project lead, a nurse, a late step."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.journeys.shots import shot
from tests.journeys.steps import Visitor

pytestmark = pytest.mark.journey

CRITERION = "La personne est revenue chez elle depuis moins d’un mois"


def defines_a_programme(lead: Visitor) -> None:
    page = lead.page
    page.get_by_role("link", name="Programmes").first.click()
    shot(lead, "programmes")
    page.get_by_role("link", name="Nouveau programme").click()
    page.get_by_label("Intitulé").fill("Retour à domicile")
    page.get_by_label("Soins", exact=True).check()
    page.get_by_label("Critères que le professionnel coche").fill(CRITERION)
    page.get_by_label("Âge, à partir de").fill("18")
    shot(lead, "general")
    page.get_by_role("button", name="Créer le programme").click()
    lacking = page.get_by_role("note").filter(has_text="n’a pas encore d’étape")
    shot(lead, "lacking")
    lacking.get_by_role("link", name="Étapes").click()
    page.get_by_label("Ce qu’il y a à faire").fill("Visite à domicile")
    page.get_by_label("Rôle responsable").select_option("nurse")
    page.get_by_label("Délai, en jours").fill("-2")
    page.get_by_role("button", name="Ajouter").click()
    expect(page.get_by_text("Un délai ne peut pas être négatif").first).to_be_visible()
    page.get_by_label("Délai, en jours").fill("2")
    shot(lead, "step")
    page.get_by_role("button", name="Ajouter").click()
    page.get_by_role("link", name="Ajouter une séquence").click()
    page.get_by_label("Intitulé de la séquence").fill("Forfait de retour")
    page.get_by_label("Visite à domicile").check()
    page.get_by_label("Montant, en euros").fill("149,50")
    shot(lead, "sequence")
    page.get_by_role("button", name="Ajouter").click()
    page.get_by_role("button", name="Publier la version 1").click()
    expect(lead.toasts()).to_contain_text("La version 1 est en vigueur")
    shot(lead, "published")


def includes_somebody(nurse: Visitor) -> None:
    page = nurse.page
    record = nurse.open_record("TOUSSAINT")
    page.goto(f"{record}parcours-organise/")
    page.get_by_role("link", name="Retour à domicile", exact=True).click()
    begun = timezone.localdate() - timedelta(days=9)
    page.get_by_label("Date d’inclusion").fill(begun.isoformat())
    page.get_by_role("button", name="Inclure dans le programme").click()
    expect(page.get_by_text("Cochez chaque critère vérifié").first).to_be_visible()
    shot(nurse, "refused")
    page.get_by_label(CRITERION).check()
    page.get_by_role("button", name="Inclure dans le programme").click()
    expect(nurse.toasts()).to_contain_text("Inclusion enregistrée")
    shot(nurse, "inclusion")


def test_a_programme_goes_from_its_definition_to_the_file_that_bills_it(visit):
    lead, nurse = visit("n.haddad", at="/"), visit("c.marie")
    defines_a_programme(lead)
    includes_somebody(nurse)

    page = nurse.page
    page.goto("/")
    late = page.get_by_role("region", name="En retard")
    expect(late).to_contain_text("TOUSSAINT")
    shot(nurse, "home")
    late.get_by_role("listitem").filter(has_text="TOUSSAINT").get_by_role("link").click()
    shot(nurse, "late")
    page.get_by_role("button", name="Marquer comme faite").click()
    expect(page.get_by_text("à facturer")).to_be_visible()
    page.locator("summary", has_text="Historique").click()
    shot(nurse, "done")
    page.goto("/")
    expect(page.get_by_role("region", name="En retard")).not_to_contain_text("TOUSSAINT")

    page = lead.page
    page.get_by_role("link", name="Inclusions et facturation").click()
    page.get_by_role("button", name="Préparer le lot").click()
    shot(lead, "billing")
    with page.expect_download() as given:
        page.get_by_role("link", name="Lot 1 (CSV)").click()
    head, line = Path(given.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert head.startswith("Référence;Programme;Séquence")
    assert line.endswith(f";Retour à domicile;Forfait de retour;1;{timezone.localdate():%d/%m/%Y};149,50;1")
    assert "TOUSSAINT" not in line

    stranger = visit("y.kerbrat")  # with patients of his own, and no duty
    answer = stranger.page.goto("/administration/programmes/")
    assert answer is not None and answer.status == 403

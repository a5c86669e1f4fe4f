import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.journeys.shots import shot
from tests.journeys.steps import Visitor
from tests.journeys.visits import DESK, PHONE

pytestmark = pytest.mark.journey

BOTH = (DESK, PHONE)


def follows_what_the_letter_plans(nurse: Visitor, record: str) -> None:
    """Its words say who, and not the day: the nurse says it."""
    page = nurse.page
    staples = page.locator("#a-integrer > .card", has_text="Ablation des agrafes")
    expect(staples.get_by_text("Au quinzième jour")).to_be_visible()
    expect(staples.get_by_label("Par qui")).to_have_value("nurse")
    staples.get_by_role("button", name="Inscrire au parcours").click()
    expect(staples.get_by_text("Indiquez pour quand").first).to_be_visible()
    shot(nurse, "step-refused", sizes=BOTH)
    staples.get_by_label("Pour quand").fill((timezone.localdate() + timedelta(days=15)).isoformat())
    staples.get_by_role("button", name="Inscrire au parcours").click()
    expect(page.get_by_text("« Ablation des agrafes » est au parcours organisé")).to_be_visible()

    page.goto(f"{record}parcours-organise/")
    page.get_by_role("link", name=re.compile("^Plan de soins du ")).click()
    shot(nurse, "plan", sizes=BOTH)
    page.get_by_role("rowheader").get_by_role("link", name="Ablation des agrafes").click()
    shot(nurse, "step", sizes=BOTH)
    page.get_by_role("link", name="Lettre de liaison à la sortie de chirurgie").last.click()
    expect(page.get_by_role("link", name="Télécharger l’original")).to_be_visible()


def test_the_nurse_reads_what_the_letter_changes_and_brings_it_into_the_record(visit):
    nurse = visit("c.marie")
    record = nurse.open_record("TOUSSAINT")
    page = nurse.page
    expect(page.get_by_text("À intégrer", exact=True)).to_be_visible()
    shot(nurse, "summary", sizes=BOTH)

    page.locator(".alert-fact").get_by_role("link", name="Retour à domicile").click()
    expect(page.get_by_role("heading", name="Retour à domicile")).to_be_visible()
    for said in (
        "Nouveau : absent du dossier",
        "Comme au dossier",
        "Ablation des agrafes",
        "À vérifier avec le prescripteur",
        "fait foi",
    ):
        expect(page.get_by_text(said).first).to_be_visible()
    shot(nurse, "letter", sizes=BOTH)
    page.get_by_role("link", name="Lire le document d’origine").click()
    expect(page.get_by_role("link", name="Télécharger l’original")).to_be_visible()
    page.get_by_role("link", name="Retour à domicile : ce que la lettre change").click()

    page.get_by_role("link", name="À intégrer").first.click()
    expect(page.get_by_text("Déjà au dossier").first).to_be_visible()
    shot(nurse, "waiting", sizes=BOTH)
    page.get_by_role("button", name="Intégrer Tramadol").click()
    expect(page.get_by_text("« Tramadol » est au dossier")).to_be_visible()
    latex = page.locator("#a-integrer > .card", has_text="Latex")
    latex.get_by_role("button", name="Écarter").click()
    expect(page.get_by_text("C’est écarté")).to_be_visible()

    follows_what_the_letter_plans(nurse, record)

    page.goto(f"{record}sante/")
    page.get_by_role("link", name="Tramadol").click()
    expect(page.get_by_text("intégré par")).to_be_visible()
    expect(page.get_by_role("link", name="Lire le document : Lettre de liaison")).to_be_visible()
    shot(nurse, "line", sizes=BOTH)
    page.goto(f"{record}fiche-urgence/")
    expect(page.get_by_text("Tramadol", exact=True)).to_be_visible()
    expect(page.get_by_text("Acide acétylsalicylique 75 mg, 1 le midi")).to_be_visible()

    stranger = visit("y.kerbrat")  # a doctor too, with patients of his own
    for refused in ("retour-a-domicile/", "sante/a-integrer/"):
        answer = stranger.page.goto(f"{record}{refused}")
        assert answer is not None and answer.status == 404

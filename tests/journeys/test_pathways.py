"""A new epidemic needs a file: a pathway written during the test is brought, published, and answered in a record."""

import json
import re
import shutil

import pytest
from playwright.sync_api import expect

from tests.journeys.shots import photograph

pytestmark = [pytest.mark.journey, pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])]

ABOUT = """
code = "{code}"
title = "{title}"
version = 1
kind = "follow-up"
data_class = "medical"
summary = "Suivi à domicile d’une personne piquée, pendant la phase aiguë."
sources = ["Écrit pour un essai"]
default_thresholds = true
[anchor]
label = "Premier jour de fièvre"
[roles]
enrols = ["physician", "nurse"]
takes = ["cell"]
"""
RULES = """rule;questionnaire;item;green;orange;red;remeasure;why
temperature;jour;temperature;35.5..37.9;38.0..39.9;>= 40.0 | < 35.5;yes;Température
douleur;jour;douleur;0..4;5..7;>= 8;no;Douleurs des articulations
saignement;jour;saignement;false;;true;no;Saignement
"""
SCORES = """
[[score]]
id = "articulations"
questionnaire = "jour"
title = "Score d’atteinte articulaire"
max = 3
formula = 1
missing = "unknown"
[[score.part]]
label = "Douleurs fortes"
expression = "iif(item.where(linkId='douleur').answer.value >= 8, 2, 0)"
max = 2
[[score.part]]
label = "Marche difficile"
expression = "iif(item.where(linkId='marche').answer.value.code = 'difficile', 1, 0)"
max = 1
[[score.band]]
from = 0
to = 1
label = "Atteinte légère"
[[score.band]]
from = 2
to = 3
label = "Atteinte forte"
"""
TEXTS = """
[patient]
red = "Appelez le 15 ou le 112 maintenant."
orange = "Une infirmière vous rappelle aujourd’hui."
green = "Merci. À demain."
before = "Ce suivi ne remplace pas les urgences. En urgence, appelez le 15 ou le 112."
closed = "L’équipe est absente. En urgence, appelez le 15 ou le 112."
"""
EXAMPLE = """
questionnaire = "jour"
[answers]
temperature = 38.4
douleur = 9
marche = "difficile"
saignement = false
[expect]
colour = "red"
rules = ["douleur", "temperature"]
scores = { articulations = 3 }
"""
_EXTENSION = "http://hl7.org/fhir/StructureDefinition/"


def bound(name, value):
    return {"url": f"{_EXTENSION}{name}", "valueDecimal": value}


def asked(link_id, text, kind, **more):
    return {"linkId": link_id, "text": text, "type": kind, "required": True, **more}


def written(folder, code, title):
    """As a physician would, with a text editor."""
    celsius = {"system": "http://unitsofmeasure.org", "code": "Cel", "display": "°C"}
    unit = {"url": f"{_EXTENSION}questionnaire-unit", "valueCoding": celsius}
    walks = [
        {"valueCoding": {"code": "normale", "display": "Comme d’habitude"}},
        {"valueCoding": {"code": "difficile", "display": "Difficile"}},
    ]
    form = {
        "resourceType": "Questionnaire",
        "status": "active",
        "name": "jour",
        "title": f"{title}, chaque jour",
        "item": [
            asked(
                "temperature",
                "Quelle est votre température ?",
                "quantity",
                extension=[unit, bound("minValue", 33), bound("maxValue", 43)],
            ),
            asked(
                "douleur",
                "Combien avez-vous mal aux articulations, de 0 à 10 ?",
                "integer",
                extension=[bound("minValue", 0), bound("maxValue", 10)],
            ),
            asked("marche", "Comment marchez-vous ?", "choice", answerOption=walks),
            asked("saignement", "Saignez-vous du nez ou des gencives ?", "boolean"),
        ],
    }
    files = {
        "pathway.toml": ABOUT.format(code=code, title=title),
        "rules.csv": RULES,
        "scores.toml": SCORES,
        "texts.toml": TEXTS,
        "examples/fort.toml": EXAMPLE,
        "questionnaires/jour.json": json.dumps(form, ensure_ascii=False, indent=2),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return shutil.make_archive(str(folder.parent / code), "zip", root_dir=folder.parent, base_dir=folder.name)


def clean(visitor):
    assert visitor.axe() == []
    assert visitor.too_wide() <= 0


def test_a_pathway_written_as_files_is_published_and_answered_without_a_restart(visit, phone, tmp_path):
    code, title = ("chikungunya-mobile", "Chikungunya mobile") if phone else ("chikungunya", "Chikungunya")
    archive = written(tmp_path / code, code, title)
    administrator = visit("d.sauvage", phone=phone)
    page = administrator.page
    page.goto("/administration/parcours/")
    clean(administrator)
    page.get_by_label("Fichier").set_input_files(archive)
    page.get_by_role("button", name="Importer").click()
    expect(page.get_by_text("Aucune erreur")).to_be_visible()
    clean(administrator)
    administrator.follow(page.get_by_role("link", name="Seuils"))
    clean(administrator)
    page.get_by_text("Douleurs des articulations", exact=True).click()
    _between(_cell(page, "Orange"), "4", "7")
    _between(_cell(page, "Vert"), "0", "3")
    clean(administrator)
    photograph(page, "thresholds")
    page.get_by_role("button", name="Enregistrer le brouillon").click()
    expect(page.get_by_text("Le brouillon est enregistré")).to_be_visible()
    page.get_by_role("link", name="Vérification").click()
    page.get_by_label("Ce qui change").fill("Première version")
    page.get_by_role("button", name="Publier la version 1").click()
    expect(page.get_by_text("La version 1 est publiée")).to_be_visible()

    nurse = visit("c.marie", phone=phone)
    record = nurse.open_record("ISIDORE")
    page = nurse.page
    page.goto(f"{record}formulaires/remplir/")
    page.get_by_role("link", name=f"{title}, chaque jour").click()
    page.get_by_label("Quelle est votre température").fill("98,4")
    page.get_by_label("Combien avez-vous mal").fill("9")
    page.get_by_label("Difficile").check()
    page.get_by_role("button", name="Enregistrer").and_(page.locator(":visible")).first.click()
    expect(page.get_by_text("2 réponses à corriger")).to_be_visible()
    clean(nurse)
    page.get_by_label("Quelle est votre température").fill("38,4")
    page.get_by_label("Non", exact=True).check()
    page.get_by_role("button", name="Enregistrer").and_(page.locator(":visible")).first.click()

    expect(page.get_by_text("Le formulaire est enregistré")).to_be_visible()
    expect(page.get_by_role("row", name="Score d’atteinte articulaire")).to_contain_text("3 / 3")
    expect(page.get_by_role("row", name="Douleurs des articulations")).to_contain_text("≥ 8")
    expect(page.locator(".level.is-red").first).to_be_visible()
    clean(nurse)


def test_what_is_refused_stays_as_it_was_typed_and_each_fault_leads_to_its_place(visit, phone, tmp_path):
    """A draft, abandoned at the end: the region is left as it was."""
    code, title = ("fautes-mobile", "Fautes mobile") if phone else ("fautes", "Fautes")
    archive = written(tmp_path / code, code, title)
    administrator = visit("d.sauvage", at="/administration/parcours/", phone=phone)
    page = administrator.page
    page.get_by_label("Fichier").set_input_files(archive)
    page.get_by_role("button", name="Importer").click()
    administrator.follow(page.get_by_role("link", name="Questions", exact=True))
    lowest, asked = (
        page.get_by_label("Plus petite valeur possible").first,
        page.get_by_label("Question").first,
    )
    lowest.fill("trente")
    asked.fill("Combien avez-vous de fièvre ?")
    save = page.get_by_role("button", name="Enregistrer le brouillon")
    administrator.follow(save)
    expect(page.get_by_role("alert")).to_contain_text("Le brouillon n’est pas enregistré")
    expect(lowest).to_have_value("trente")
    expect(asked).to_have_value("Combien avez-vous de fièvre ?")
    photograph(page, "refused")
    clean(administrator)
    page.get_by_role("alert").get_by_role("link", name="Plus petite valeur possible").click()
    expect(lowest).to_be_focused()
    lowest.fill("34,5")
    administrator.follow(save)
    expect(page.get_by_text("Le brouillon est enregistré")).to_be_visible()
    expect(lowest).to_have_value("34,5")

    administrator.follow(page.get_by_role("link", name="Seuils"))
    page.get_by_text("Douleurs des articulations", exact=True).click()
    orange = _cell(page, "Orange")
    _between(orange, "7", "cinq")
    administrator.follow(save)
    expect(page.locator("#row-1-orange-0-high-erreur")).to_contain_text("n’est pas un nombre")
    photograph(page, "condition")
    clean(administrator)
    page.get_by_role("alert").get_by_role("link", name="Orange, jusqu’à").click()
    expect(orange.get_by_label("jusqu’à 1")).to_be_focused()
    orange.get_by_label("comparaison 1").select_option("")
    orange.get_by_label("nombre 1").fill("")
    orange.locator("summary").press("Enter")
    orange.get_by_label("Condition écrite").fill("7..5")
    administrator.follow(save)
    administrator.follow(page.get_by_role("link", name="Vérification"))
    expect(page.get_by_role("button", name="Publier la version 1")).to_be_disabled()
    photograph(page, "mistakes")
    clean(administrator)
    administrator.follow(page.get_by_role("link", name="rules.csv, ligne 3"))
    expect(orange).to_be_focused()
    expect(page.locator("#row-1-orange-erreur")).to_contain_text("le plus petit nombre d’abord")
    photograph(page, "cell")
    clean(administrator)
    orange.get_by_label("nombre 1").fill("5")
    orange.get_by_label("jusqu’à 1").fill("7")
    administrator.follow(save)
    _edits_in_forms(administrator, page, save)
    administrator.follow(page.get_by_role("link", name="Vérification"))
    expect(page.get_by_text("Aucune erreur")).to_be_visible()
    administrator.follow(page.get_by_role("button", name="Abandonner ce brouillon"))


def _cell(page, colour):
    return page.get_by_role("group", name=re.compile(f"^{colour}.*Douleurs des articulations$"))


def _between(cell, low, high):
    cell.get_by_label("comparaison 1").select_option("entre")
    cell.get_by_label("nombre 1").fill(low)
    cell.get_by_label("jusqu’à 1").fill(high)


def _edits_in_forms(administrator, page, save):
    """Whom it is for, a step, and a score that is tried before it is saved."""
    administrator.follow(page.get_by_role("link", name="Cadre"))
    page.get_by_label("Âge minimal").fill("enfants")
    administrator.follow(save)
    expect(page.locator("#cadre-ages-erreur")).to_contain_text("Écrivez un âge en années entières")
    photograph(page, "framing")
    clean(administrator)
    page.get_by_label("Âge minimal").fill("15")
    administrator.follow(save)
    administrator.follow(page.get_by_role("link", name="Calendrier"))
    page.get_by_text("Ajouter une étape").click()
    page.get_by_label("Nom de l’étape").fill("matin")
    page.get_by_label("Questionnaire").select_option("jour")
    page.get_by_label("Premier jour", exact=True).fill("0")
    page.get_by_label("Dernier jour", exact=True).fill("10")
    page.get_by_label("Heures").fill("08:00")
    page.get_by_label("Orange").fill("14:00")
    clean(administrator)
    administrator.follow(save)
    expect(page.get_by_text("Du jour 0 au jour 10, chaque jour à 8")).to_be_visible()
    photograph(page, "schedule")
    clean(administrator)
    administrator.follow(page.get_by_role("link", name="Scores"))
    page.get_by_text("Score d’atteinte articulaire", exact=True).click()
    page.get_by_label("Combien avez-vous mal").fill("9")
    page.get_by_label("Difficile").check()
    administrator.follow(page.get_by_role("button", name="Calculer"))
    expect(page.get_by_role("heading", name="Score d’atteinte articulaire : 3 sur 3")).to_be_visible()
    photograph(page, "score")
    clean(administrator)
    administrator.follow(save)

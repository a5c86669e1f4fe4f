"""Who gets in: oneself, by the support desk, by an establishment’s administrator; a secretary for her physician."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.journey, pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])]
PASSWORD = "ardoise-balcon-cerise"
PDF = b"%PDF-1.4\n%invented\n%%EOF\n"


def clean(visitor):
    assert visitor.axe() == []
    assert visitor.too_wide() <= 0


def last_letter(visitor, recipient, *, saying=""):
    """The last one that says so: another may have been on its way for longer."""
    mailbox = visitor.page.context.new_page()
    mailbox.goto("/demonstration/boite/")
    letter = mailbox.get_by_role("article").filter(has_text=f"À {recipient}").filter(has_text=saying).first
    for _ in range(40):
        if letter.count():
            break
        mailbox.wait_for_timeout(300)
        mailbox.reload()
    text = letter.inner_text()
    mailbox.close()
    return text


def test_a_professional_of_the_directory_opens_his_account_alone(visit, phone):
    given, family, profession, commune, recipient = (
        ("Nadia", "HALIMI-PREUX", "Masseur-kinésithérapeute", "", "nadia.halimi.preux@")
        if phone
        else ("Antoine", "ROUSSELOT-VIN", "Masseur-kinésithérapeute", "", "antoine.rousselot.vin@")
    )
    newcomer = visit(phone=phone)
    page = newcomer.page
    page.goto("/connexion/")
    page.get_by_role("link", name="Créer mon compte").click()
    page.get_by_label("Nom d’exercice").fill(family)
    page.get_by_label("Prénom").fill(given)
    page.get_by_label("Profession").select_option(label=profession)
    page.get_by_label("Commune ou code postal").fill(commune or "94000")
    clean(newcomer)
    page.get_by_role("button", name="Me retrouver").click()
    expect(page.get_by_text("Est-ce vous")).to_be_visible()
    clean(newcomer)
    page.get_by_role("button", name="Recevoir un code").click()
    expect(page.get_by_label("Code à six chiffres")).to_be_visible()
    clean(newcomer)
    page.get_by_label("Code à six chiffres").fill(
        re.findall(r"\b\d{6}\b", last_letter(newcomer, recipient, saying="code d’inscription"))[0]
    )
    page.get_by_role("button", name="Continuer").click()
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.get_by_label("Le même").fill(PASSWORD)
    clean(newcomer)
    page.get_by_role("button", name="Ouvrir mon compte").click()
    login = page.locator("main b").inner_text()
    page.get_by_role("link", name="Se connecter").click()
    page.get_by_label("Identifiant").fill(login)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_label("Code à six chiffres")).to_be_visible()
    page.get_by_label("Code à six chiffres").fill(
        re.findall(r"\b\d{6}\b", last_letter(newcomer, recipient, saying="code de connexion"))[0]
    )
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url(lambda url: "/connexion" not in url)
    page.goto("/")
    expect(page.locator(".user-name")).to_contain_text(given)


def test_a_proof_waits_until_the_structures_administrator_accepts(visit, phone):
    family = "GARENNE-ESSAI" if phone else "LUZIER-ESSAI"
    newcomer, administrator = visit(phone=phone), visit("b.leclercq", phone=phone)
    page = newcomer.page
    page.goto("/inscription/")
    page.get_by_role("link", name="avec un justificatif").click()
    page.get_by_label("Nom de la structure").fill("bicêtre")
    newcomer.follow(page.get_by_role("button", name="Chercher"))
    clean(newcomer)
    page.get_by_role("link", name=re.compile("Bicêtre")).first.click()
    page.get_by_label("Nom d’exercice").fill(family)
    page.get_by_label("Prénom").fill("Rose")
    page.get_by_label("Profession", exact=True).select_option(label="Aide-soignant")
    page.get_by_label("Adresse électronique").fill(f"{family.lower()}@demonstration.example")
    page.get_by_label("Justificatif").set_input_files(
        {"name": "carte.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    clean(newcomer)
    page.get_by_role("button", name="Envoyer ma demande").click()
    expect(page.get_by_role("heading", name="en attente")).to_be_visible()

    desk = administrator.page
    desk.goto("/administration/inscriptions/")
    clean(administrator)
    administrator.follow(desk.get_by_role("link", name=re.compile(f"demande de Rose {family}")))
    clean(administrator)
    with desk.expect_download() as proof:
        desk.get_by_role("link", name="Voir le justificatif").click()
    assert proof.value.suggested_filename == "justificatif.pdf"
    desk.get_by_role("button", name="Accepter").click()
    expect(desk.get_by_text("est ouvert").first).to_be_visible()
    letter = last_letter(newcomer, f"{family.lower()}@", saying="/connexion/lien/")
    link = re.search(r"/connexion/lien/\S+", letter).group()
    page.goto(link)
    expect(page.get_by_role("heading", name="Nouveau mot de passe")).to_be_visible()


def test_the_support_desk_founds_a_record_and_is_then_refused(visit, phone):
    name = "VERNIER-ESSAI" if phone else "TALBOT-ESSAI"
    agent, doctor = visit("m.bertin", phone=phone), visit("s.norbert", phone=phone)
    page = agent.page
    page.goto("/appui/")
    clean(agent)
    page.goto("/appui/professionnels/?nom=norbert")
    clean(agent)
    agent.follow(page.get_by_role("link", name=re.compile("Choisir")).first)
    clean(agent)
    agent.follow(page.get_by_role("link", name="Créer un dossier"))
    clean(agent)
    page.get_by_label("Téléphone", exact=True).first.check()
    page.get_by_label("Nom de naissance").fill(name)
    page.get_by_label("Prénoms de naissance").fill("Lucette")
    page.get_by_label("Date de naissance").fill("03/02/1941")
    page.get_by_label("Féminin").check()
    page.get_by_label("Commune ou pays de naissance").fill("Limoges (87085)")
    page.get_by_role("button", name="Vérifier").click()
    page.get_by_role("button", name="Créer le dossier").click()
    expect(page.get_by_text("Vous n’y avez plus accès").first).to_be_visible()

    path = doctor.open_record(name)
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_text(name)).to_have_count(0)


def test_an_establishments_administrator_stays_in_his_establishment(visit, phone):
    administrator = visit("b.leclercq", phone=phone)
    page = administrator.page
    page.goto("/administration/structures/")
    clean(administrator)
    administrator.follow(page.get_by_role("rowheader").get_by_role("link").first)
    clean(administrator)
    page.get_by_role("link", name="Ajouter quelqu’un").locator("visible=true").first.click()
    page.get_by_label("Nom, prénom").fill("besson" if phone else "carpentier")
    page.get_by_role("button", name="Chercher").click()
    administrator.follow(page.get_by_role("link", name=re.compile("Choisir")).first)
    clean(administrator)
    page.get_by_role("button", name="Ajouter").click()
    expect(page.get_by_text("travaille dans cette structure").first).to_be_visible()

    platform = visit("d.sauvage", phone=phone)
    platform.page.goto("/administration/structures/?q=groupement")
    elsewhere = platform.page.get_by_role("rowheader").get_by_role("link").first.get_attribute("href")
    answer = page.goto(elsewhere)
    assert answer is not None
    assert answer.status == 403


def test_a_secretary_works_for_her_physician_with_her_own_rights(visit, phone):
    secretary, doctor = visit("s.maurel", phone=phone), visit("a.georges", phone=phone)
    page = secretary.page
    page.goto("/situation/")
    clean(secretary)
    page.get_by_role("button", name=re.compile("Pour Dr")).click()
    path = secretary.open_record("ISIDORE")
    clean(secretary)
    answer = page.goto(path + "notes/")
    assert answer is not None
    assert answer.status == 403
    doctor.page.goto(path + "acces/")
    expect(doctor.page.get_by_text(re.compile("pour Dr Arnaud GEORGES")).first).to_be_visible()
    doctor.page.goto("/delegations/")
    clean(doctor)


def test_a_physician_of_two_structures_changes_from_one_to_the_other(visit, phone):
    doctor = visit("y.kerbrat", phone=phone)
    page = doctor.page
    for number in (0, 1):
        page.goto("/situation/")
        choice = page.locator("form button[name=situation]").nth(number)
        name = choice.locator("span").first.inner_text().split("\n")[0]
        choice.click()
        page.locator(".bar-end summary").last.click()
        expect(page.locator(".bar-end")).to_contain_text(name[:18])

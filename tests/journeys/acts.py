"""What a person does on a screen before it is looked at."""

from collections.abc import Callable

from django.template.loader import render_to_string

from tests.journeys.screen import follow, then
from tests.journeys.steps import Visitor


def describes(name: str) -> Callable[[Visitor], None]:
    """The five traits of somebody called so, until the check of identity."""

    def act(visitor: Visitor) -> None:
        page = visitor.page
        page.get_by_label("Nom de naissance").fill(name)
        page.get_by_label("Prénoms de naissance").fill("Pierrette")
        page.get_by_label("Date de naissance").fill("17/04/1958")
        page.get_by_label("Féminin").check()
        page.get_by_label("Commune ou pays de naissance").fill("Limoges (87085)")
        page.get_by_role("button", name="Vérifier").click()
        page.wait_for_load_state()

    return act


def refuses_a_record(visitor: Visitor) -> None:
    describes("KERGALVEZ")(visitor)
    visitor.page.get_by_role("button", name="La personne refuse un dossier").click()
    visitor.page.wait_for_load_state()


def gives_the_password(visitor: Visitor) -> None:
    visitor.give_password(visitor.platform.account("p.lemoine"))


def gives_a_wrong_code(visitor: Visitor) -> None:
    visitor.give_password(visitor.platform.account("m.bardet"))
    visitor.page.get_by_label("Code à six chiffres").fill("abcdef")
    visitor.page.get_by_role("button", name="Se connecter").click()
    visitor.page.wait_for_load_state()


def is_nobody_s_patient(visitor: Visitor) -> None:
    """Vouched for by FranceConnect, with one given name more than in the record."""
    visitor.page.goto("/connexion/")
    visitor.page.get_by_role("link", name="FranceConnect").click()
    visitor.page.get_by_role("button", name="René Lucien Marcel").click()
    visitor.page.wait_for_load_state()


def wants_half_a_night(visitor: Visitor) -> None:
    """Quiet hours that never end."""
    visitor.page.get_by_label("À partir de").fill("21:00")
    visitor.page.get_by_role("button", name="Enregistrer").click()
    visitor.page.wait_for_load_state()


def puts_aside_without_a_word(visitor: Visitor) -> None:
    """Of what the record does not have: no reason is proposed."""
    card = visitor.page.get_by_role("region", name="Énoxaparine")
    card.locator("summary").click()
    card.get_by_role("button", name="Écarter").click()
    visitor.page.wait_for_load_state()


def plans_without_a_day(visitor: Visitor) -> None:
    """Of what the letter says when in words alone: no day is proposed."""
    card = visitor.page.get_by_role("region", name="Kinésithérapie de marche")
    card.get_by_role("button", name="Inscrire au parcours").click()
    visitor.page.wait_for_load_state()


def opens_the_simulated_hospital(visitor: Visitor) -> None:
    visitor.page.get_by_role("main").get_by_role("link", name="Admissions, ").first.click()
    visitor.page.wait_for_load_state()


def tries_a_message(visitor: Visitor) -> None:
    opens_the_simulated_hospital(visitor)
    visitor.page.get_by_role("link", name="Essayer un message").click()
    visitor.page.get_by_role("link", name="une sortie").click()
    visitor.page.get_by_role("button", name="Essayer").click()
    visitor.page.wait_for_load_state()


def opens_the_message(visitor: Visitor) -> None:
    visitor.page.get_by_role("main").get_by_role("link", name="Vérifier").first.click()
    visitor.page.get_by_role("link", name="Structure du message").click()
    visitor.page.wait_for_load_state()


def reads_the_identity(visitor: Visitor) -> None:
    opens_the_message(visitor)
    visitor.page.locator("summary", has_text="Lire l’identité").click()
    visitor.page.get_by_label("Décider de l’identité").check()
    visitor.page.get_by_role("button", name="Lire l’identité").click()
    visitor.page.wait_for_load_state()


def opens_the_menu(words: str) -> Callable[[Visitor], None]:
    return lambda visitor: visitor.page.locator("summary:visible", has_text=words).last.click()


def opens_row(words: str) -> Callable[[Visitor], None]:
    """Of the board: the first person whose line says this."""

    def act(visitor: Visitor) -> None:
        visitor.page.locator("[data-row]").filter(has_text=words).locator("a[data-open]").first.click()
        visitor.page.wait_for_load_state()

    return act


def opens_mine(*words: str) -> Callable[[Visitor], None]:
    """The alert that I took; a quarter of an hour after the loading, it is taken again. Then these clicks."""

    def act(visitor: Visitor) -> None:
        if visitor.page.locator("[data-row]").filter(has_text="Vous").count():
            opens_row("Vous")(visitor)
        else:
            opens_row("Rouge")(visitor)
            follow(visitor, "Prendre l’alerte")
        then(*words)(visitor)

    return act


def of_row(words: str, *then_: str) -> Callable[[Visitor], None]:
    def act(visitor: Visitor) -> None:
        opens_row(words)(visitor)
        then(*then_)(visitor)

    return act


def says_nothing_and(button: str) -> Callable[[Visitor], None]:
    """A form sent as it stands, its fields emptied."""

    def act(visitor: Visitor) -> None:
        form = visitor.page.locator("form", has=visitor.page.get_by_role("button", name=button)).first
        for field in form.locator("input[type=text]:visible, textarea:visible").all():
            field.fill("")
        form.get_by_role("button", name=button).click()
        # Some forms are sent without leaving the page.
        visitor.page.locator(".field-error").first.wait_for()

    return act


def types(label: str, words: str, button: str) -> Callable[[Visitor], None]:
    """In the first field that is called so, then sent."""

    def act(visitor: Visitor) -> None:
        visitor.page.get_by_label(label).first.fill(words)
        visitor.page.get_by_role("button", name=button, exact=True).click()
        visitor.page.wait_for_load_state()

    return act


def in_turn(*acts: Callable[[Visitor], None]) -> Callable[[Visitor], None]:
    def act(visitor: Visitor) -> None:
        for one in acts:
            one(visitor)

    return act


def loses_the_stream(visitor: Visitor) -> None:
    visitor.page.wait_for_timeout(1_000)
    visitor.page.context.set_offline(True)
    visitor.page.locator(".strip-whole").wait_for(timeout=15_000)


def is_offline(visitor: Visitor) -> None:
    visitor.page.wait_for_timeout(1_000)
    visitor.page.context.set_offline(True)
    visitor.page.locator(".strip").first.wait_for(timeout=15_000)


def sends_too_much(visitor: Visitor) -> None:
    """More than a page may send, outside its files."""
    visitor.page.get_by_label("Note", exact=True).evaluate("field => field.value = 'x'.repeat(3_000_000)")
    follow(visitor, "Enregistrer la note")


def shows_the_page(template: str) -> Callable[[Visitor], None]:
    """That no journey brings about: the server's own fault, its maintenance."""

    def act(visitor: Visitor) -> None:
        visitor.page.set_content(render_to_string(template, {}))

    return act


def keeps_a_draft(visitor: Visitor) -> None:
    """Of a pathway: the one begun by an earlier visit, or a new one."""
    main = visitor.page.get_by_role("main")
    if main.get_by_text("Brouillon", exact=True).count():
        visitor.page.get_by_role("row").filter(has_text="Brouillon").get_by_role("link").first.click()
        visitor.page.wait_for_load_state()
    else:
        then("Version 1", "Préparer la version suivante")(visitor)


def keeps_a_version(visitor: Visitor) -> None:
    """Of a programme: the one being prepared, or a new one."""
    if visitor.page.get_by_role("button", name="Préparer une nouvelle version").count():
        follow(visitor, "Préparer une nouvelle version")


def of_more(words: str) -> Callable[[Visitor], None]:
    """A tab of the record that stands under "Plus"."""

    def act(visitor: Visitor) -> None:
        opens_the_menu("Plus")(visitor)
        visitor.page.get_by_role("link", name=words).locator("visible=true").first.click()
        visitor.page.wait_for_load_state()

    return act


def confirms_who_he_is(visitor: Visitor) -> None:
    """Asked before what protects an account is changed, unless it was answered a moment ago."""
    if visitor.page.get_by_label("Mot de passe").count():
        visitor.page.get_by_label("Mot de passe").fill(visitor.platform.account("s.norbert").password)
        visitor.page.get_by_role("main").locator("form button[type=submit]").first.click()
        visitor.page.wait_for_load_state()

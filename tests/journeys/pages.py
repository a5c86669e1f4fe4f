"""Every screen, with who opens it and how; the paths of a record end its own path."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.journeys.steps import Visitor
from tests.journeys.visits import Visits


@dataclass(frozen=True, slots=True)
class Screen:
    """`path` follows the record of `patient` when one is named; `click` then names a link or a button to follow."""

    name: str
    account: str
    path: str
    patient: str = ""
    click: str = ""


_GP, _NURSE, _PATIENT = "s.norbert", "c.marie", "p.isidore"
_OF_A_RECORD = (
    ("resume", "", ""),
    ("notes", "notes/", ""),
    ("notes-non-lues", "notes/?vue=non-lues", ""),
    ("note-ecrire", "notes/nouvelle/", ""),
    ("note-ecrire-erreur", "notes/nouvelle/", "Enregistrer la note"),
    ("note", "notes/", "Nora HADDAD"),
    ("cercle", "cercle/", ""),
    ("cercle-ajouter", "cercle/ajouter/", ""),
    ("cercle-annuaire", "cercle/ajouter/?name=martin&profession=&commune=", ""),
    ("cercle-annuaire-vide", "cercle/ajouter/?name=zzzz&profession=&commune=", ""),
    ("cercle-rejoindre", "cercle/ajouter/?name=vasse&profession=&commune=", "Ajouter"),
    ("cercle-retirer", "cercle/", "Retirer"),
    ("choix", "choix/", ""),
    ("choix-opposition", "choix/opposition-au-dossier/", ""),
    ("acces", "acces/", ""),
    ("sejours", "sejours/", ""),
    ("chronologie", "chronologie/", ""),
    ("chronologie-vide", "chronologie/?du=2031-01-01", ""),
    ("information", "information/", ""),
    ("notice", "information/notice/", ""),
)
SCREENS = (
    Screen("connexion", "", "/connexion/"),
    Screen("connexion-erreur", "", "/connexion/", click="Continuer"),
    Screen("boite", "", "/demonstration/boite/"),
    Screen("accueil", "a.georges", "/"),
    Screen("accueil-alertes", "a.georges", "/?filtre=alertes"),
    Screen("accueil-vide", "i.roche", "/"),
    Screen("patients", "a.georges", "/patients/"),
    Screen("patients-structure", "a.georges", "/patients/structure/"),
    Screen("patient-nouveau", _GP, "/patients/nouveau/"),
    Screen("patient-nouveau-erreurs", _GP, "/patients/nouveau/", click="Vérifier"),
    Screen("recherche", _GP, "/recherche/"),
    Screen("recherche-resultats", _GP, "/recherche/?q=ISIDORE"),
    Screen("recherche-region", "i.roche", "/recherche/?q=ISIDORE PIERRETTE 17/04/1958"),
    Screen("recherche-vide", _GP, "/recherche/?q=ZZZZ"),
    Screen("annuaire", _GP, "/annuaire/"),
    Screen("annuaire-resultats", _GP, "/annuaire/?name=martin"),
    Screen("notifications", _GP, "/notifications/"),
    *(Screen(name, _GP, path, "ISIDORE", click) for name, path, click in _OF_A_RECORD),
    Screen("resume-infirmiere", _NURSE, "", "ISIDORE"),
    Screen("sejours-vide", "a.georges", "sejours/", "DIALLO"),
    Screen("urgence", "i.roche", "/recherche/?q=ISIDORE PIERRETTE 17/04/1958", click="Ouvrir en urgence"),
    Screen("refus-droit", "p.lemoine", "notes/", "ISIDORE"),
    Screen("refus-page", _GP, "/a-verifier/"),
    Screen("inconnue", _GP, "/nulle-part/"),
    Screen("urgences-examiner", "h.fontanel", "/acces-en-urgence/"),
    Screen("urgence-examen", "h.fontanel", "/acces-en-urgence/", click="Examiner"),
    Screen("refus-journal", "h.fontanel", "/acces-en-urgence/refus/"),
    Screen("a-verifier", "a.guerin", "/a-verifier/"),
    Screen("a-verifier-cas", "a.guerin", "/a-verifier/", click="Vérifier"),
    Screen("identites", "a.guerin", "/identites/"),
    Screen("identites-erreur", "a.guerin", "/identites/", click="Rechercher"),
    Screen("identite-nouvelle", "a.guerin", "/identites/nouvelle/"),
    Screen("identite-nouvelle-erreurs", "a.guerin", "/identites/nouvelle/", click="Créer"),
    Screen("identites-doublons", "a.guerin", "/identites/doublons/"),
    Screen("portail", _PATIENT, "/mon-dossier/"),
    Screen("portail-cercle", _PATIENT, "/mon-dossier/mon-cercle/"),
    Screen("portail-choix", _PATIENT, "/mon-dossier/mes-choix/"),
)


def walk(visits: Visits, *, phone: bool) -> Iterator[tuple[Screen, Visitor]]:
    """Each screen in turn, in one browser per account."""
    visitors: dict[str, Visitor] = {}
    records: dict[str, str] = {}
    for screen in SCREENS:
        if screen.account not in visitors:
            visitors[screen.account] = visits(screen.account, phone=phone)
        visitor = visitors[screen.account]
        if screen.patient and screen.patient not in records:
            records[screen.patient] = visits(_finder(screen.patient), phone=phone).open_record(screen.patient)
        visitor.page.goto(records.get(screen.patient, "") + screen.path)
        if screen.click:
            _follow(visitor, screen.click)
        yield screen, visitor


def _finder(patient: str) -> str:
    """Somebody of the circle: who visits may have no right to the record, which is then the screen."""
    return _GP if patient == "ISIDORE" else "a.georges"


def _follow(visitor: Visitor, words: str) -> None:
    button = visitor.page.locator("main, form, .patient").get_by_role("button", name=words)
    link = visitor.page.locator("main").get_by_role("link", name=words)
    button.or_(link).locator("visible=true").first.click()
    visitor.page.wait_for_load_state()

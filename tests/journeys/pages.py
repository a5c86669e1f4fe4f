"""Every screen, with who opens it and how; the paths of a record end its own path."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from tests.journeys.steps import Visitor
from tests.journeys.visits import Visits


@dataclass(frozen=True, slots=True)
class Screen:
    """`path` follows the record of `patient` when one is named; then `click` names a link or a button to follow, and
    `does` is what the person still does there. `after` is the screen that makes what this one shows."""

    name: str
    account: str
    path: str
    patient: str = ""
    click: str = ""
    does: Callable[[Visitor], None] | None = None
    after: str = ""


_GP, _NURSE, _PATIENT, _GUARDIAN = "s.norbert", "c.marie", "p.isidore", "c.delmotte"
_DAC = "n.haddad"
# A record that the walk founds itself: nobody is informed, nothing is written in it.
_NEW = "QUENTRIC"
# Reserved to its support structure.
_KEPT = "VASSEUR-KONE"
# Followed in addictology, which the rest of his circle does not know.
_RESTRICTED = "WOJCIK"


def _describes(name: str) -> Callable[[Visitor], None]:
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


def _refuses_a_record(visitor: Visitor) -> None:
    _describes("KERGALVEZ")(visitor)
    visitor.page.get_by_role("button", name="La personne refuse un dossier").click()
    visitor.page.wait_for_load_state()


def _gives_the_password(visitor: Visitor) -> None:
    visitor.give_password(visitor.platform.account("p.lemoine"))


def _gives_a_wrong_code(visitor: Visitor) -> None:
    visitor.give_password(visitor.platform.account("m.bardet"))
    visitor.page.get_by_label("Code à six chiffres").fill("abcdef")
    visitor.page.get_by_role("button", name="Se connecter").click()
    visitor.page.wait_for_load_state()


def _is_nobody_s_patient(visitor: Visitor) -> None:
    """Vouched for by FranceConnect, with one given name more than in the record."""
    visitor.page.goto("/connexion/")
    visitor.page.get_by_role("link", name="FranceConnect").click()
    visitor.page.get_by_role("button", name="René Lucien Marcel").click()
    visitor.page.wait_for_load_state()


def _wants_half_a_night(visitor: Visitor) -> None:
    """Quiet hours that never end."""
    visitor.page.get_by_label("À partir de").fill("21:00")
    visitor.page.get_by_role("button", name="Enregistrer").click()
    visitor.page.wait_for_load_state()


def _puts_aside_without_a_word(visitor: Visitor) -> None:
    """Of what the record does not have: no reason is proposed."""
    card = visitor.page.get_by_role("region", name="Énoxaparine")
    card.locator("summary").click()
    card.get_by_role("button", name="Écarter").click()
    visitor.page.wait_for_load_state()


def _opens_the_simulated_hospital(visitor: Visitor) -> None:
    visitor.page.get_by_role("main").get_by_role("link", name="Admissions, ").first.click()
    visitor.page.wait_for_load_state()


def _tries_a_message(visitor: Visitor) -> None:
    _opens_the_simulated_hospital(visitor)
    visitor.page.get_by_role("link", name="Essayer un message").click()
    visitor.page.get_by_role("link", name="une sortie").click()
    visitor.page.get_by_role("button", name="Essayer").click()
    visitor.page.wait_for_load_state()


def _opens_the_message(visitor: Visitor) -> None:
    visitor.page.get_by_role("main").get_by_role("link", name="Vérifier").first.click()
    visitor.page.get_by_role("link", name="Structure du message").click()
    visitor.page.wait_for_load_state()


def _reads_the_identity(visitor: Visitor) -> None:
    _opens_the_message(visitor)
    visitor.page.locator("summary", has_text="Lire l’identité").click()
    visitor.page.get_by_label("Décider de l’identité").check()
    visitor.page.get_by_role("button", name="Lire l’identité").click()
    visitor.page.wait_for_load_state()


def _then(words: str) -> Callable[[Visitor], None]:
    """One click more, from the screen where the first one led."""
    return lambda visitor: _follow(visitor, words)


def _opens_the_menu(words: str) -> Callable[[Visitor], None]:
    return lambda visitor: visitor.page.locator("summary:visible", has_text=words).last.click()


_OF_A_RECORD = (
    ("resume", "", ""),
    ("notes", "notes/", ""),
    ("notes-non-lues", "notes/?vue=non-lues", ""),
    ("notes-favorites", "notes/?vue=favorites", ""),
    ("notes-recherche", "notes/?q=hospitalise", ""),
    ("notes-recherche-vide", "notes/?q=zzzz", ""),
    ("note-ecrire", "notes/nouvelle/", ""),
    ("note-ecrire-erreur", "notes/nouvelle/", "Enregistrer la note"),
    ("note", "notes/", "Nora HADDAD"),
    ("note-photo", "notes/", "Réfrigérateur : un yaourt et trois œufs, rien d’autre"),
    ("documents", "documents/", ""),
    ("documents-non-lus", "documents/?vue=non-lus", ""),
    ("documents-retires", "documents/?vue=retires", ""),
    ("document-deposer", "documents/deposer/", ""),
    ("document-deposer-erreur", "documents/deposer/", "Déposer"),
    ("document", "documents/", "Consultation de cardiologie"),
    ("document-versions", "documents/", "Ordonnance de fond"),
    ("cercle", "cercle/", ""),
    ("cercle-ajouter", "cercle/ajouter/", ""),
    ("cercle-annuaire", "cercle/ajouter/?name=&profession=60&commune=", ""),
    ("cercle-annuaire-vide", "cercle/ajouter/?name=zzzz&profession=&commune=", ""),
    ("cercle-rejoindre", "cercle/ajouter/?name=vasse&profession=&commune=", "Ajouter"),
    ("cercle-retirer", "cercle/", "Retirer"),
    ("cercle-proche", "proches/ajouter/", ""),
    ("cercle-inviter", "cercle/inviter/", ""),
    ("cercle-inviter-erreurs", "cercle/inviter/", "Envoyer l’invitation"),
    ("choix", "choix/", ""),
    ("choix-opposition", "choix/opposition-au-dossier/", ""),
    ("choix-samu", "choix/opposition-au-samu/", ""),
    ("choix-consentement", "choix/consentement-au-partage/", ""),
    ("choix-consentement-erreurs", "choix/consentement-au-partage/", "Enregistrer"),
    ("choix-retirer", "choix/", "Retirer"),
    ("acces", "acces/", ""),
    ("resultats", "resultats/", ""),
    ("resultats-examens", "resultats/examens/", ""),
    ("resultat", "resultats/", "Hématologie, Biochimie"),
    ("resultat-germe", "resultats/", "Microbiologie"),
    ("resultat-courbe", "resultats/examens/", "Créatinine"),
    ("sante", "sante/", ""),
    ("sante-mesures", "sante/mesures/", ""),
    ("sante-allergie", "sante/allergies/ajouter/", ""),
    ("sante-directive", "sante/directives/ajouter/", ""),
    ("sante-allergie-erreurs", "sante/allergies/ajouter/", "Inscrire au dossier"),
    ("sante-ligne", "sante/", "Pénicilline"),
    ("fiche-urgence", "fiche-urgence/", ""),
    ("sejours", "sejours/", ""),
    ("copie", "copie/", ""),
    ("copie-erreurs", "copie/", "Sortir la copie"),
    ("chronologie", "chronologie/", ""),
    ("chronologie-vide", "chronologie/?du=2031-01-01", ""),
    ("information", "information/", ""),
    ("notice", "information/notice/", ""),
)
SCREENS = (
    Screen("connexion", "", "/connexion/"),
    Screen("connexion-erreur", "", "/connexion/", click="Continuer"),
    Screen("mot-de-passe-oublie", "", "/connexion/mot-de-passe-oublie/"),
    Screen("lien-perime", "", "/connexion/nouveau-mot-de-passe/"),
    Screen("connexion-code", "", "/connexion/", does=_gives_the_password),
    Screen("connexion-code-faux", "", "/connexion/", does=_gives_a_wrong_code),
    Screen("boite", "", "/demonstration/boite/"),
    Screen("accueil", "a.georges", "/"),
    Screen("accueil-alertes", "a.georges", "/?filtre=alertes"),
    Screen("accueil-filtre-vide", "k.benali", "/?filtre=alertes"),
    Screen("accueil-vide", "i.roche", "/"),
    Screen("patients", "a.georges", "/patients/"),
    Screen("patients-structure", "a.georges", "/patients/structure/"),
    Screen("patients-hospitalises", _GP, "/patients/hospitalises/"),
    Screen("patients-vide", "i.roche", "/patients/"),
    Screen("patient-nouveau", _GP, "/patients/nouveau/"),
    Screen("patient-nouveau-erreurs", _GP, "/patients/nouveau/", click="Vérifier"),
    Screen("patient-nouveau-sosie", _GP, "/patients/nouveau/", does=_describes("MARTIN")),
    Screen("patient-nouveau-relire", _GP, "/patients/nouveau/", does=_describes("KERGALVEZ")),
    Screen("information-a-donner", _GP, "information/", _NEW),
    Screen("dossier-neuf", _GP, "", _NEW),
    Screen("notes-vides", _GP, "notes/", _NEW),
    Screen("documents-vides", _GP, "documents/", _NEW),
    Screen("sante-vide", _GP, "sante/", _NEW),
    Screen("resultats-vides", _GP, "resultats/", _NEW),
    Screen("cercle-neuf", _GP, "cercle/", _NEW),
    Screen("recherche", _GP, "/recherche/"),
    Screen("recherche-resultats", _GP, "/recherche/?q=ISIDORE"),
    Screen("recherche-region", "i.roche", "/recherche/?q=ISIDORE PIERRETTE 17/04/1958"),
    Screen("recherche-plusieurs", _GP, "/recherche/?q=MA"),
    Screen("recherche-vide", _GP, "/recherche/?q=ZZZZ"),
    Screen("annuaire", _GP, "/annuaire/"),
    Screen("annuaire-resultats", _GP, "/annuaire/?profession=60"),
    Screen("annuaire-vide", _GP, "/annuaire/?nom=zzzz"),
    Screen("notifications", _GP, "/notifications/"),
    Screen("notifications-appareils", _NURSE, "/notifications/"),
    Screen("notifications-erreur", _GP, "/notifications/", does=_wants_half_a_night),
    Screen("hors-connexion", _NURSE, "/hors-connexion/"),
    Screen("securite", _GP, "/mon-compte/securite/"),
    Screen("mot-de-passe", _GP, "/mon-compte/mot-de-passe/", click="Changer le mot de passe"),
    Screen("confirmer", _GP, "/mon-compte/confirmer/"),
    Screen("application", _GP, "/mon-compte/application/"),
    Screen("telephone", _GP, "/mon-compte/telephone/"),
    Screen("cle", _GP, "/mon-compte/cles/nouvelle/"),
    *(Screen(name, _GP, path, "ISIDORE", click) for name, path, click in _OF_A_RECORD),
    Screen("retour-a-domicile", _NURSE, "retour-a-domicile/", "TOUSSAINT"),
    Screen("retour-a-domicile-vide", "a.georges", "retour-a-domicile/", "LE GOFF"),
    Screen("sante-a-integrer", _NURSE, "sante/a-integrer/", "TOUSSAINT"),
    Screen(
        "sante-a-integrer-erreur", _NURSE, "sante/a-integrer/", "TOUSSAINT", does=_puts_aside_without_a_word
    ),
    Screen("document-remplacer", _GP, "documents/", "ISIDORE", "Synthèse médicale", _then("Remplacer")),
    Screen("document-partage", _GP, "documents/", "ISIDORE", "Synthèse médicale", _then("Ne plus partager")),
    Screen("document-retirer", _GP, "documents/", "ISIDORE", "Synthèse médicale", _then("Retirer (erreur)")),
    Screen("sante-corriger", _GP, "sante/", "ISIDORE", "Pénicilline", _then("Corriger")),
    Screen("sante-avis", _GP, "sante/", "ISIDORE", "Crevettes", _then("Confirmer ou infirmer")),
    Screen("mes-demandes", "m.bardet", "/demandes/"),
    Screen("cercle-acces-proche", "a.georges", "cercle/", "LE GOFF", "Donner un accès"),
    Screen("resume-infirmiere", _NURSE, "", "ISIDORE"),
    Screen("resume-plus", _NURSE, "", "ISIDORE", does=_opens_the_menu("Plus")),
    Screen("menu", _NURSE, "/", does=lambda visitor: visitor.page.locator(".bar-end summary").click()),
    Screen("sejours-vide", "a.georges", "sejours/", "DIALLO"),
    Screen("urgence", "i.roche", "/recherche/?q=ISIDORE PIERRETTE 17/04/1958", click="Ouvrir en urgence"),
    Screen("refus-dossier", "p.lemoine", "notes/", "ISIDORE"),
    Screen("refus-droit", "p.lemoine", "notes/", "AMBROISE"),
    Screen("refus-page", _GP, "/a-verifier/"),
    Screen("inconnue", _GP, "/nulle-part/"),
    Screen("urgences-examiner", "h.fontanel", "/acces-en-urgence/"),
    Screen("urgence-examen", "h.fontanel", "/acces-en-urgence/", click="Examiner"),
    Screen("refus-journal", "h.fontanel", "/acces-en-urgence/refus/"),
    Screen("a-verifier", "a.guerin", "/a-verifier/"),
    Screen("a-verifier-cas", "a.guerin", "/a-verifier/", click="Vérifier"),
    Screen("a-verifier-message", "a.guerin", "/a-verifier/", does=_opens_the_message),
    Screen("a-verifier-message-identite", "a.guerin", "/a-verifier/", does=_reads_the_identity),
    Screen("samu", "c.regnault", "/recherche/?q=ISIDORE PIERRETTE 17/04/1958", click="Ouvrir pour un appel"),
    Screen("a-recueillir", _GP, "/a-recueillir/"),
    Screen("opposition-creation", _GP, "/patients/nouveau/", does=_refuses_a_record),
    Screen("dossier-non-partage", _DAC, "", _KEPT),
    Screen("ouvrir-au-partage", _DAC, "ouvrir-au-partage/", _KEPT),
    Screen("patient-nouveau-dac", _DAC, "/patients/nouveau/", does=_describes("KERGALVEZ")),
    Screen("habilitations", "d.sauvage", "/habilitations/"),
    Screen("habilitation", "d.sauvage", "/habilitations/nurse/medical/"),
    Screen("habilitation-erreur", "d.sauvage", "/habilitations/nurse/medical/", click="Appliquer"),
    Screen("habilitation-fixe", "d.sauvage", "/habilitations/secretary/medical/"),
    Screen("regime", "d.sauvage", "/habilitations/regime/"),
    Screen("partenaires", "d.sauvage", "/partenaires/"),
    Screen("partenaire", "d.sauvage", "/partenaires/", click="Cabinet Horizon (simulé)"),
    Screen("inscription", "", "/inscription/"),
    Screen("inscription-erreurs", "", "/inscription/", click="Me retrouver dans l’annuaire"),
    Screen("inscription-structure", "", "/inscription/justificatif/?q=bicetre"),
    Screen("administration-comptes", "d.sauvage", "/administration/comptes/"),
    Screen(
        "administration-compte", "d.sauvage", "/administration/comptes/?q=georges", click="Dr Arnaud GEORGES"
    ),
    Screen("administration-structures", "d.sauvage", "/administration/structures/"),
    Screen(
        "administration-structure", "b.leclercq", "/administration/structures/", click="Hôpital intercommunal"
    ),
    Screen("administration-inscriptions", "b.leclercq", "/administration/inscriptions/"),
    Screen("administration-inscription", "b.leclercq", "/administration/inscriptions/", click="Examiner"),
    Screen("administration-emetteurs", "d.sauvage", "/administration/emetteurs/"),
    Screen("administration-nomenclatures", "d.sauvage", "/administration/nomenclatures/"),
    Screen(
        "administration-emetteur",
        "d.sauvage",
        "/administration/emetteurs/",
        does=_opens_the_simulated_hospital,
    ),
    Screen("administration-robot", "d.sauvage", "/administration/robot/"),
    Screen(
        "administration-robot-regle", "d.sauvage", "/administration/robot/", click="Sortie d’hospitalisation"
    ),
    Screen("dossiers-a-informer", _DAC, "/dossiers-a-informer/"),
    Screen("programme", _DAC, "/administration/programmes/", click="Insuffisance cardiaque"),
    Screen(
        "programme-facturation",
        _DAC,
        "/administration/programmes/",
        click="Insuffisance cardiaque",
        does=_then("Inclusions et facturation"),
    ),
    Screen("programme-nouveau", _DAC, "/administration/programmes/nouveau/"),
    Screen("parcours-organise", _NURSE, "parcours-organise/", "ISIDORE"),
    Screen("parcours-inclusion", _NURSE, "parcours-organise/", "ISIDORE", click="Insuffisance cardiaque"),
    Screen(
        "parcours-etape",
        _NURSE,
        "parcours-organise/",
        "ISIDORE",
        click="Insuffisance cardiaque",
        does=_then("Visite à domicile"),
    ),
    Screen("administration-essai", "d.sauvage", "/administration/emetteurs/", does=_tries_a_message),
    Screen("formulaires", _NURSE, "formulaires/", "ISIDORE"),
    Screen("formulaire", _NURSE, "formulaires/", "ISIDORE", "Évaluation en 19 domaines"),
    Screen("formulaire-remplir", _NURSE, "formulaires/remplir/", "ISIDORE", "Bilan de Covid long"),
    Screen("administration-parcours", "d.sauvage", "/administration/parcours/"),
    Screen(
        "administration-parcours-version",
        "d.sauvage",
        "/administration/parcours/",
        "",
        "eCovid adulte",
        _then("Version 1"),
    ),
    Screen("administration-reglages", "d.sauvage", "/administration/reglages/"),
    Screen("refus-administration", _GP, "/administration/comptes/"),
    Screen("appui", "m.bertin", "/appui/"),
    Screen("appui-professionnel", "m.bertin", "/appui/professionnels/?nom=norbert", click="Choisir"),
    Screen("secretariat", "a.georges", "/delegations/"),
    Screen("situation", "y.kerbrat", "/situation/"),
    Screen("relais", "y.kerbrat", "/relais/"),
    Screen("relais-repondre", "y.kerbrat", "/relais/", click="Répondre"),
    Screen("relais-confies", _GP, "/relais/"),
    Screen("relais-proposer", _GP, "/relais/proposer/?q=kerbrat"),
    Screen("mes-urgences", "i.roche", "/mes-acces-en-urgence/"),
    Screen("suivi-restreint", "d.riboulet", "suivi-restreint/", _RESTRICTED),
    Screen("suivi-restreint-note", "d.riboulet", "notes/nouvelle/", _RESTRICTED),
    Screen("suivi-restreint-cercle", "d.riboulet", "cercle/", _RESTRICTED),
    Screen("identites", "a.guerin", "/identites/"),
    Screen("identites-erreur", "a.guerin", "/identites/", click="Rechercher"),
    Screen("identite-nouvelle", "a.guerin", "/identites/nouvelle/"),
    Screen("identite-nouvelle-erreurs", "a.guerin", "/identites/nouvelle/", click="Créer"),
    Screen("identites-doublons", "a.guerin", "/identites/doublons/"),
    Screen("identites-a-revoir", "a.guerin", "/identites/a-revoir/"),
    Screen("identite-en-attente", "", "/connexion/", does=_is_nobody_s_patient),
    Screen("rattachements", "a.guerin", "/identites/rattachements/"),
    Screen(
        "rattachement",
        "a.guerin",
        "/identites/rattachements/",
        click="Examiner",
        after="identite-en-attente",
    ),
    Screen("portail", _PATIENT, "/mon-dossier/"),
    Screen("portail-suivi", _PATIENT, "/mon-dossier/suivi/"),
    Screen("portail-cercle", _PATIENT, "/mon-dossier/mon-cercle/"),
    Screen("portail-securite", _PATIENT, "/mon-compte/securite/"),
    Screen("portail-notifications", _PATIENT, "/notifications/"),
    Screen("portail-choix", _PATIENT, "/mon-dossier/mes-choix/"),
    Screen("portail-notes", _PATIENT, "/mon-dossier/notes/"),
    Screen("portail-sante", _PATIENT, "/mon-dossier/ma-sante/"),
    Screen("portail-sante-dire", _PATIENT, "/mon-dossier/ma-sante/mesures/"),
    Screen("portail-fiche", _PATIENT, "/mon-dossier/fiche-urgence/"),
    Screen("tutrice-sante", _GUARDIAN, "/mon-dossier/ma-sante/"),
    Screen("portail-documents", _PATIENT, "/mon-dossier/documents/"),
    Screen("portail-analyses", _PATIENT, "/mon-dossier/analyses/"),
    Screen("portail-analyse", _PATIENT, "/mon-dossier/analyses/", click="Hématologie, Biochimie"),
    Screen("portail-document", _PATIENT, "/mon-dossier/documents/", click="Consultation de cardiologie"),
    Screen("portail-document-ajouter", _PATIENT, "/mon-dossier/documents/ajouter/"),
    Screen("portail-document-erreurs", _PATIENT, "/mon-dossier/documents/ajouter/", click="Ajouter"),
    Screen("portail-copie", _PATIENT, "/mon-dossier/copie/"),
    Screen("portail-retirer", _PATIENT, "/mon-dossier/mon-cercle/", click="Retirer"),
    Screen("portail-chercher", _PATIENT, "/mon-dossier/mon-cercle/ajouter/?name=vasse"),
    Screen("portail-ajouter", _PATIENT, "/mon-dossier/mon-cercle/ajouter/?name=vasse", click="Ajouter"),
    Screen("portail-suivis", "m.wojcik", "/mon-dossier/mon-cercle/", click="Mes suivis gardés pour moi"),
    Screen("portail-urgence", "m.wojcik", "/mon-dossier/"),
    Screen("portail-proche", _PATIENT, "/mon-dossier/proches/ajouter/"),
    Screen("tutrice-acces", _GUARDIAN, "/mon-dossier/"),
    Screen("tutrice-equipe", _GUARDIAN, "/mon-dossier/mon-cercle/"),
    Screen("tutrice-notes", _GUARDIAN, "/mon-dossier/notes/"),
    Screen("tutrice-choix", _GUARDIAN, "/mon-dossier/mes-choix/"),
    Screen("mere-acces", "s.belkacem", "/mon-dossier/"),
    Screen("aidante-equipe", "o.isidore", "/mon-dossier/mon-cercle/"),
    Screen("aidante-notes", "o.isidore", "/mon-dossier/notes/"),
    Screen("invitation", "", "/invitation/lien/"),
    Screen("invitation-erreur", "", "/invitation/lien/", click="Ouvrir mon accès"),
    Screen("acces-contestes", "h.fontanel", "/acces-en-urgence/contestes/"),
    Screen("telesuivi-dossier", _NURSE, "telesuivi/", "ISIDORE", click="Ouvrir"),
    Screen("telesuivi-commencer", _GP, "telesuivi/commencer/", "TOUSSAINT"),
    Screen("telesuivi-inclusion", _GP, "telesuivi/commencer/", "TOUSSAINT", click="Choisir eCovid adulte"),
    Screen("telesuivi-tableau", _DAC, "/telesuivi/"),
    Screen("telesuivi-activite", _DAC, "/telesuivi/", click="Activité"),
    Screen("telesuivi-cellules", "d.sauvage", "/administration/cellules/"),
    Screen("telesuivi-cellule", "d.sauvage", "/administration/cellules/", click="Cellule Val-de-Marne"),
)


def walk(visits: Visits, *, phone: bool, of: Sequence[Screen] = SCREENS) -> Iterator[tuple[Screen, Visitor]]:
    """Each screen in turn, in one browser per account."""
    visitors: dict[str, Visitor] = {}
    records: dict[str, str] = {}
    for screen in of:
        if screen.account not in visitors:
            visitors[screen.account] = visits(screen.account, phone=phone)
        visitor = visitors[screen.account]
        if screen.patient and screen.patient not in records:
            finder = visits(_finder(screen.patient), phone=phone)
            if screen.patient == _NEW:
                _found(finder)
            records[screen.patient] = finder.open_record(screen.patient)
        visitor.page.goto(records.get(screen.patient, "") + screen.path)
        if screen.click:
            _follow(visitor, screen.click)
        if screen.does:
            screen.does(visitor)
        yield screen, visitor


def faults_found(visits: Visits, *, phone: bool, of: Sequence[Screen] = SCREENS) -> list[tuple[str, object]]:
    """What axe finds, and what scrolls sideways."""
    found: list[tuple[str, object]] = []
    for screen, visitor in walk(visits, phone=phone, of=of):
        found += [(screen.name, each) for each in visitor.axe()]
        if (wider := visitor.too_wide()) > 0:
            found.append((screen.name, f"{wider} px too wide"))
    return found


def drawn(seed: object, *, phone: bool) -> list[Screen]:
    """A third of the screens, each with the one that comes after it, none at both sizes; another seed draws another."""
    return [one for one in SCREENS if Random(f"{seed} {one.after or one.name}").randrange(3) == int(phone)]


def _finder(patient: str) -> str:
    """Somebody of the circle: who visits may have no right to the record, which is then the screen."""
    if patient == _KEPT:
        return _DAC
    if patient == _RESTRICTED:
        return "d.riboulet"
    return _GP if patient in ("ISIDORE", _NEW) else "a.georges"


def _found(visitor: Visitor) -> None:
    """Once for all the walks."""
    visitor.find(_NEW)
    if visitor.page.get_by_role("link", name=_NEW).count():
        return
    visitor.page.goto("/patients/nouveau/")
    _describes(_NEW)(visitor)
    if visitor.page.get_by_label("Ce n’est aucune").count():
        visitor.page.get_by_label("Ce n’est aucune").check()
    visitor.page.get_by_role("button", name="Créer le dossier").click()
    visitor.page.wait_for_url("**/information/")


def _follow(visitor: Visitor, words: str) -> None:
    button = visitor.page.locator("main, form, .patient").get_by_role("button", name=words)
    link = visitor.page.locator("main").get_by_role("link", name=words)
    button.or_(link).locator("visible=true").first.click()
    visitor.page.wait_for_load_state()

"""Every screen, with who opens it and how; the paths of a record end its own path."""

from collections.abc import Sequence
from random import Random
from urllib.parse import urlsplit

from tests.journeys import acts
from tests.journeys.more_pages import MORE
from tests.journeys.portal_pages import OF_THE_PORTAL
from tests.journeys.record_pages import OF_A_RECORD
from tests.journeys.screen import Screen, address_of, follow, then
from tests.journeys.steps import Visitor
from tests.journeys.visits import Visits

_GP, _NURSE = "s.norbert", "c.marie"
_DAC = "n.haddad"
# A record that the walk founds itself: nobody is informed, nothing is written in it.
_NEW = "QUENTRIC"
# Reserved to its support structure.
_KEPT = "VASSEUR-KONE"
# Followed in addictology, which the rest of his circle does not know.
_RESTRICTED = "WOJCIK"


SCREENS = (
    Screen("connexion", "", "/connexion/"),
    Screen("connexion-erreur", "", "/connexion/", click="Continuer"),
    Screen("mot-de-passe-oublie", "", "/connexion/mot-de-passe-oublie/"),
    Screen("lien-perime-erreur", "", "/connexion/nouveau-mot-de-passe/"),
    Screen("connexion-code", "", "/connexion/", does=acts.gives_the_password, shows="accounts:code"),
    Screen("connexion-code-erreur", "", "/connexion/", does=acts.gives_a_wrong_code, shows="accounts:code"),
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
    Screen("patient-nouveau-erreur", _GP, "/patients/nouveau/", click="Vérifier"),
    Screen("patient-nouveau-sosie", _GP, "/patients/nouveau/", does=acts.describes("MARTIN")),
    Screen("patient-nouveau-relire", _GP, "/patients/nouveau/", does=acts.describes("KERGALVEZ")),
    Screen("information-a-donner", _GP, "information/", _NEW),
    Screen("resume-vide", _GP, "", _NEW),
    Screen("notes-vide", _GP, "notes/", _NEW),
    Screen("documents-vide", _GP, "documents/", _NEW),
    Screen("sante-vide", _GP, "sante/", _NEW),
    Screen("resultats-vide", _GP, "resultats/", _NEW),
    Screen("cercle-vide", _GP, "cercle/", _NEW),
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
    Screen("notifications-erreur", _GP, "/notifications/", does=acts.wants_half_a_night),
    Screen("hors-connexion", _NURSE, "/hors-connexion/"),
    Screen("securite", _GP, "/mon-compte/securite/"),
    Screen("mot-de-passe", _GP, "/mon-compte/mot-de-passe/", click="Changer le mot de passe"),
    Screen("confirmer", _GP, "/mon-compte/confirmer/"),
    Screen("application", _GP, "/mon-compte/application/", does=acts.confirms_who_he_is),
    Screen("telephone", _GP, "/mon-compte/telephone/", does=acts.confirms_who_he_is),
    Screen("cle", _GP, "/mon-compte/cles/nouvelle/", does=acts.confirms_who_he_is),
    *OF_A_RECORD,
    Screen("retour-a-domicile", _NURSE, "retour-a-domicile/", "TOUSSAINT"),
    Screen("retour-a-domicile-vide", "a.georges", "retour-a-domicile/", "LE GOFF"),
    Screen("sante-a-integrer", _NURSE, "sante/a-integrer/", "TOUSSAINT"),
    Screen(
        "sante-a-integrer-erreur",
        _NURSE,
        "sante/a-integrer/",
        "TOUSSAINT",
        does=acts.puts_aside_without_a_word,
        shows="health_record:put_aside",
    ),
    Screen(
        "document-remplacer",
        _GP,
        "documents/",
        "ISIDORE",
        "Synthèse médicale",
        then("Remplacer"),
        shows="documents:replace",
    ),
    Screen(
        "document-partage",
        _GP,
        "documents/",
        "ISIDORE",
        "Synthèse médicale",
        then("Ne plus partager"),
        shows="documents:share",
    ),
    Screen(
        "document-retirer",
        _GP,
        "documents/",
        "ISIDORE",
        "Synthèse médicale",
        then("Retirer (erreur)"),
        shows="documents:withdraw",
    ),
    Screen(
        "sante-corriger",
        _GP,
        "sante/",
        "ISIDORE",
        "Pénicilline",
        then("Corriger"),
        shows="health_record:correct",
    ),
    Screen(
        "sante-avis",
        _GP,
        "sante/",
        "ISIDORE",
        "Crevettes",
        then("Confirmer ou infirmer"),
        shows="health_record:judge",
    ),
    Screen("mes-demandes", "m.bardet", "/demandes/"),
    Screen(
        "cercle-acces-proche",
        "a.georges",
        "cercle/",
        "LE GOFF",
        "Donner un accès",
        shows="care_team:delegate",
    ),
    Screen("resume-infirmiere", _NURSE, "", "ISIDORE"),
    Screen("resume-plus", _NURSE, "", "ISIDORE", does=acts.opens_the_menu("Plus")),
    Screen("menu", _NURSE, "/", does=lambda visitor: visitor.page.locator(".bar-end summary").click()),
    Screen("sejours-vide", _GP, "sejours/", _NEW),
    Screen(
        "urgence",
        "i.roche",
        "/recherche/?q=ISIDORE PIERRETTE 17/04/1958",
        click="Ouvrir en urgence",
        shows="care_team:break_glass",
    ),
    Screen("refus-dossier-erreur", "p.lemoine", "notes/", "ISIDORE"),
    Screen("refus-droit-erreur", "p.lemoine", "notes/", "AMBROISE"),
    Screen("refus-page-erreur", _GP, "/a-verifier/"),
    Screen("page-inconnue-erreur", _GP, "/nulle-part/"),
    Screen("urgences-examiner", "h.fontanel", "/acces-en-urgence/"),
    Screen("urgence-examen", "h.fontanel", "/acces-en-urgence/", click="Examiner", shows="care_team:review"),
    Screen("refus-journal", "h.fontanel", "/acces-en-urgence/refus/"),
    Screen("a-verifier", "a.guerin", "/a-verifier/"),
    Screen("a-verifier-cas", "a.guerin", "/a-verifier/", click="Vérifier", shows="interop:case"),
    Screen(
        "a-verifier-message",
        "a.guerin",
        "/a-verifier/",
        does=acts.opens_the_message,
        shows="interop:structure",
    ),
    Screen(
        "a-verifier-message-identite",
        "a.guerin",
        "/a-verifier/",
        does=acts.reads_the_identity,
        shows="interop:unmask",
    ),
    Screen(
        "samu",
        "c.regnault",
        "/recherche/?q=ISIDORE PIERRETTE 17/04/1958",
        click="Ouvrir pour un appel",
        shows="care_team:open_for_call",
    ),
    Screen("a-recueillir", _GP, "/a-recueillir/"),
    Screen(
        "opposition-creation",
        _GP,
        "/patients/nouveau/",
        does=acts.refuses_a_record,
        shows="overview:oppose_creation",
    ),
    Screen("dossier-non-partage", _DAC, "", _KEPT),
    Screen("ouvrir-au-partage", _DAC, "ouvrir-au-partage/", _KEPT),
    Screen("patient-nouveau-dac", _DAC, "/patients/nouveau/", does=acts.describes("KERGALVEZ")),
    Screen("habilitations", "d.sauvage", "/habilitations/"),
    Screen("habilitation", "d.sauvage", "/habilitations/nurse/medical/"),
    Screen("habilitation-erreur", "d.sauvage", "/habilitations/nurse/medical/", click="Appliquer"),
    Screen("habilitation-fixe", "d.sauvage", "/habilitations/secretary/medical/"),
    Screen("regime", "d.sauvage", "/habilitations/regime/"),
    Screen("partenaires", "d.sauvage", "/partenaires/"),
    Screen(
        "partenaire", "d.sauvage", "/partenaires/", click="Cabinet Horizon (simulé)", shows="interop:partner"
    ),
    Screen("inscription", "", "/inscription/"),
    Screen("inscription-erreur", "", "/inscription/", click="Me retrouver dans l’annuaire"),
    Screen("inscription-structure", "", "/inscription/justificatif/?q=bicetre"),
    Screen("administration-comptes", "d.sauvage", "/administration/comptes/"),
    Screen(
        "administration-compte",
        "d.sauvage",
        "/administration/comptes/?q=georges",
        click="Dr Arnaud GEORGES",
        shows="directory:account",
    ),
    Screen("administration-structures", "d.sauvage", "/administration/structures/"),
    Screen(
        "administration-structure",
        "b.leclercq",
        "/administration/structures/",
        click="Hôpital intercommunal",
        shows="directory:structure",
    ),
    Screen("administration-inscriptions", "b.leclercq", "/administration/inscriptions/"),
    Screen(
        "administration-inscription",
        "b.leclercq",
        "/administration/inscriptions/",
        click="Examiner",
        shows="directory:registration",
    ),
    Screen("administration-emetteurs", "d.sauvage", "/administration/emetteurs/"),
    Screen("administration-nomenclatures", "d.sauvage", "/administration/nomenclatures/"),
    Screen(
        "administration-emetteur",
        "d.sauvage",
        "/administration/emetteurs/",
        does=acts.opens_the_simulated_hospital,
        shows="interop:sender",
    ),
    Screen("administration-robot", "d.sauvage", "/administration/robot/"),
    Screen(
        "administration-robot-regle",
        "d.sauvage",
        "/administration/robot/",
        click="Sortie d’hospitalisation",
        shows="interop:robot_rule",
    ),
    Screen("dossiers-a-informer", _DAC, "/dossiers-a-informer/"),
    Screen(
        "programme",
        _DAC,
        "/administration/programmes/",
        click="Insuffisance cardiaque",
        shows="programmes:one",
    ),
    Screen(
        "programme-facturation",
        _DAC,
        "/administration/programmes/",
        click="Insuffisance cardiaque",
        does=then("Inclusions et facturation"),
        shows="programmes:billing",
    ),
    Screen("programme-nouveau", _DAC, "/administration/programmes/nouveau/"),
    Screen("parcours-organise", _NURSE, "parcours-organise/", "ISIDORE"),
    Screen(
        "parcours-inclusion",
        _NURSE,
        "parcours-organise/",
        "ISIDORE",
        click="Insuffisance cardiaque",
        shows="care_plans:inclusion",
    ),
    Screen(
        "parcours-etape",
        _NURSE,
        "parcours-organise/",
        "ISIDORE",
        click="Insuffisance cardiaque",
        does=then("Visite à domicile"),
        shows="care_plans:step",
    ),
    Screen(
        "administration-essai",
        "d.sauvage",
        "/administration/emetteurs/",
        does=acts.tries_a_message,
        shows="interop:try_out",
    ),
    Screen("formulaires", _NURSE, "formulaires/", "ISIDORE"),
    Screen(
        "formulaire",
        _NURSE,
        "formulaires/",
        "ISIDORE",
        "Évaluation en 19 domaines",
        shows="questionnaires:one",
    ),
    Screen(
        "formulaire-remplir",
        _NURSE,
        "formulaires/remplir/",
        "ISIDORE",
        "Bilan de Covid long",
        shows="questionnaires:fill",
    ),
    Screen("administration-parcours", "d.sauvage", "/administration/parcours/"),
    Screen(
        "administration-parcours-version",
        "d.sauvage",
        "/administration/parcours/",
        "",
        "eCovid adulte",
        then("Version 1"),
        shows="pathways:version",
    ),
    Screen("administration-reglages", "d.sauvage", "/administration/reglages/"),
    Screen("refus-administration-erreur", _GP, "/administration/comptes/"),
    Screen("appui", "m.bertin", "/appui/"),
    Screen(
        "appui-professionnel",
        "m.bertin",
        "/appui/professionnels/?nom=norbert",
        click="Choisir",
        shows="directory:support_serve",
    ),
    Screen("secretariat", "a.georges", "/delegations/"),
    Screen("situation", "y.kerbrat", "/situation/"),
    Screen("relais", "y.kerbrat", "/relais/"),
    Screen("relais-repondre", "y.kerbrat", "/relais/", click="Répondre", shows="care_team:answer_hand_over"),
    Screen("relais-confies", _GP, "/relais/"),
    Screen("relais-proposer", _GP, "/relais/proposer/?q=kerbrat"),
    Screen("mes-urgences", "i.roche", "/mes-acces-en-urgence/"),
    Screen("suivi-restreint", "d.riboulet", "suivi-restreint/", _RESTRICTED),
    Screen("suivi-restreint-note", "d.riboulet", "notes/nouvelle/", _RESTRICTED),
    Screen("suivi-restreint-cercle", "d.riboulet", "cercle/", _RESTRICTED),
    Screen("identites", "a.guerin", "/identites/"),
    Screen("identites-erreur", "a.guerin", "/identites/", click="Rechercher"),
    Screen("identite-nouvelle", "a.guerin", "/identites/nouvelle/"),
    Screen("identite-nouvelle-erreur", "a.guerin", "/identites/nouvelle/", click="Créer"),
    Screen("identites-doublons", "a.guerin", "/identites/doublons/"),
    Screen("identites-a-revoir", "a.guerin", "/identites/a-revoir/"),
    Screen(
        "identite-en-attente",
        "",
        "/connexion/",
        does=acts.is_nobody_s_patient,
        shows="accounts:franceconnect_answer",
    ),
    Screen("rattachements", "a.guerin", "/identites/rattachements/"),
    Screen(
        "rattachement",
        "a.guerin",
        "/identites/rattachements/",
        click="Examiner",
        after="identite-en-attente",
        shows="patients:link_request",
    ),
    *OF_THE_PORTAL,
    Screen("acces-contestes", "h.fontanel", "/acces-en-urgence/contestes/"),
    Screen("telesuivi-dossier", _NURSE, "telesuivi/", "ISIDORE", click="Ouvrir", shows="telemonitoring:one"),
    Screen("telesuivi-commencer", _GP, "telesuivi/commencer/", "TOUSSAINT"),
    Screen("telesuivi-inclusion", _GP, "telesuivi/commencer/", "TOUSSAINT", click="Choisir eCovid adulte"),
    Screen("telesuivi-tableau", _DAC, "/telesuivi/"),
    Screen("telesuivi-activite", _DAC, "/telesuivi/", click="Activité", shows="board:statistics"),
    Screen("telesuivi-cellules", "d.sauvage", "/administration/cellules/"),
    Screen(
        "telesuivi-cellule",
        "d.sauvage",
        "/administration/cellules/",
        click="Cellule Val-de-Marne",
        shows="board:cell",
    ),
    *MORE,
)


class Walk:
    """From screen to screen, in one browser per account."""

    def __init__(self, visits: Visits, *, phone: bool) -> None:
        self._visits, self._phone = visits, phone
        self._visitors: dict[str, Visitor] = {}
        self._records: dict[str, str] = {}

    def to(self, screen: Screen) -> Visitor:
        if screen.account not in self._visitors:
            self._visitors[screen.account] = self._visits(screen.account, phone=self._phone)
        visitor = self._visitors[screen.account]
        visitor.page.context.set_offline(False)
        visitor.page.goto(self._record_of(screen.patient) + screen.path)
        if screen.click:
            follow(visitor, screen.click)
        if screen.does:
            screen.does(visitor)
        return visitor

    def _record_of(self, patient: str) -> str:
        if patient and patient not in self._records:
            finder = self._visits(_finder(patient), phone=self._phone)
            if patient == _NEW:
                _found(finder)
            self._records[patient] = finder.open_record(patient)
        return self._records.get(patient, "")


def faults_found(visits: Visits, *, phone: bool, of: Sequence[Screen] = SCREENS) -> list[tuple[str, object]]:
    """What axe finds, what scrolls sideways, what is another screen than it says."""
    found: list[tuple[str, object]] = []
    walk = Walk(visits, phone=phone)
    for screen in of:
        visitor = walk.to(screen)
        if (shown := address_of(urlsplit(visitor.page.url).path)) != screen.address:
            found.append((screen.name, f"shows {shown!r}, not {screen.address!r}"))
        found += [(screen.name, each) for each in visitor.axe()]
        if (wider := visitor.too_wide()) > 0:
            found.append((screen.name, f"{wider} px too wide"))
    return found


def drawn(seed: object, *, phone: bool) -> list[Screen]:
    """A sixth of the screens, each with the one that comes after it, none at both sizes; another seed, others."""
    return [one for one in SCREENS if Random(f"{seed} {one.after or one.name}").randrange(6) == int(phone)]


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
    acts.describes(_NEW)(visitor)
    if visitor.page.get_by_label("Ce n’est aucune").count():
        visitor.page.get_by_label("Ce n’est aucune").check()
    visitor.page.get_by_role("button", name="Créer le dossier").click()
    visitor.page.wait_for_url("**/information/")

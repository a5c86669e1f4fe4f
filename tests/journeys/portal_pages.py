"""Screens of the pages of patients, of who represents or helps them; their part of the list of all screens."""

from tests.journeys.screen import Screen

_PATIENT, _GUARDIAN = "p.isidore", "c.delmotte"

OF_THE_PORTAL = (
    Screen("portail", _PATIENT, "/mon-dossier/"),
    Screen("portail-acces", _PATIENT, "/mon-dossier/acces/"),
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
    Screen(
        "portail-analyse",
        _PATIENT,
        "/mon-dossier/analyses/",
        click="Hématologie, Biochimie",
        shows="portal:result",
    ),
    Screen(
        "portail-document",
        _PATIENT,
        "/mon-dossier/documents/",
        click="Consultation de cardiologie",
        shows="portal:document",
    ),
    Screen("portail-document-ajouter", _PATIENT, "/mon-dossier/documents/ajouter/"),
    Screen("portail-document-erreur", _PATIENT, "/mon-dossier/documents/ajouter/", click="Ajouter"),
    Screen("portail-copie", _PATIENT, "/mon-dossier/copie/"),
    Screen(
        "portail-retirer", _PATIENT, "/mon-dossier/mon-cercle/", click="Retirer", shows="portal:remove_member"
    ),
    Screen("portail-chercher", _PATIENT, "/mon-dossier/mon-cercle/ajouter/?name=vasse"),
    Screen(
        "portail-ajouter",
        _PATIENT,
        "/mon-dossier/mon-cercle/ajouter/?name=vasse",
        click="Ajouter",
        shows="portal:add_practitioner",
    ),
    Screen(
        "portail-suivis",
        "m.wojcik",
        "/mon-dossier/mon-cercle/",
        click="Mes suivis gardés pour moi",
        shows="portal:secrets",
    ),
    Screen("portail-urgence", "m.wojcik", "/mon-dossier/"),
    Screen("portail-acces-urgence", "m.wojcik", "/mon-dossier/acces/"),
    Screen("portail-proche", _PATIENT, "/mon-dossier/proches/ajouter/"),
    Screen("tutrice-accueil", _GUARDIAN, "/mon-dossier/"),
    Screen("tutrice-acces", _GUARDIAN, "/mon-dossier/acces/"),
    Screen("tutrice-equipe", _GUARDIAN, "/mon-dossier/mon-cercle/"),
    Screen("tutrice-notes", _GUARDIAN, "/mon-dossier/notes/"),
    Screen("tutrice-choix", _GUARDIAN, "/mon-dossier/mes-choix/"),
    Screen("mere-acces", "s.belkacem", "/mon-dossier/acces/"),
    Screen("aidante-accueil", "o.isidore", "/mon-dossier/"),
    Screen("aidante-equipe", "o.isidore", "/mon-dossier/mon-cercle/"),
    Screen("aidante-notes", "o.isidore", "/mon-dossier/notes/"),
    Screen("invitation", "", "/invitation/lien/", shows="portal:claim"),
    Screen("invitation-erreur", "", "/invitation/lien/", click="Ouvrir mon accès", shows="portal:claim"),
)

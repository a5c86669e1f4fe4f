"""The rest of the screens: pathways, then each screen empty, full and in error."""

from tests.journeys import acts
from tests.journeys.follow_pages import FOLLOWED_AT_HOME
from tests.journeys.screen import Screen, then

_GP, _NURSE, _PATIENT, _DAC, _ADMINISTRATOR = "s.norbert", "c.marie", "p.isidore", "n.haddad", "d.sauvage"
_NEW = "QUENTRIC"
_CELLS, _PATHWAYS = "/administration/cellules/", "/administration/parcours/"
_PROGRAMMES = "/administration/programmes/"
_HEART = "Insuffisance cardiaque, retour"

_QUESTIONNAIRES = (
    Screen("formulaires-vide", _GP, "formulaires/", _NEW),
    Screen("formulaire-choisir", _NURSE, "formulaires/remplir/", "ISIDORE"),
    Screen(
        "formulaire-remplir-erreur",
        _NURSE,
        "formulaires/remplir/",
        "ISIDORE",
        "Bilan de Covid long",
        then("Enregistrer"),
        shows="questionnaires:fill",
    ),
    Screen(
        "formulaire-comparer",
        _NURSE,
        "formulaires/",
        "ISIDORE",
        "Évaluation en 19 domaines",
        then("Comparer à la précédente"),
        shows="questionnaires:compare",
    ),
    Screen(
        "formulaire-corriger",
        _NURSE,
        "formulaires/",
        "ISIDORE",
        "Évaluation en 19 domaines",
        then("Corriger"),
        shows="questionnaires:amend",
    ),
    Screen(
        "administration-parcours-erreur", _ADMINISTRATOR, _PATHWAYS, click="Importer", shows="pathways:bring"
    ),
    Screen(
        "administration-parcours-un", _ADMINISTRATOR, _PATHWAYS, click="eCovid adulte", shows="pathways:one"
    ),
    Screen(
        "administration-parcours-brouillon",
        _ADMINISTRATOR,
        _PATHWAYS,
        click="eCovid adulte",
        does=acts.keeps_a_draft,
        shows="pathways:version",
    ),
    Screen(
        "administration-parcours-seuils",
        _ADMINISTRATOR,
        _PATHWAYS,
        click="eCovid adulte",
        does=acts.in_turn(acts.keeps_a_draft, then("Seuils")),
        after="administration-parcours-brouillon",
        shows="pathways:edit",
    ),
    Screen(
        "administration-parcours-questions",
        _ADMINISTRATOR,
        _PATHWAYS,
        click="eCovid adulte",
        does=acts.in_turn(acts.keeps_a_draft, then("Questions")),
        after="administration-parcours-brouillon",
        shows="pathways:edit",
    ),
    Screen(
        "administration-parcours-questions-erreur",
        _ADMINISTRATOR,
        _PATHWAYS,
        click="eCovid adulte",
        does=acts.in_turn(
            acts.keeps_a_draft,
            then("Questions"),
            acts.types("Plus petite valeur possible", "trente", "Enregistrer le brouillon"),
        ),
        after="administration-parcours-brouillon",
        shows="pathways:edit",
    ),
    Screen(
        "administration-parcours-fichiers",
        _ADMINISTRATOR,
        _PATHWAYS,
        click="eCovid adulte",
        does=acts.in_turn(acts.keeps_a_draft, then("Fichiers")),
        after="administration-parcours-brouillon",
        shows="pathways:edit",
    ),
    Screen(
        "administration-parcours-textes",
        _ADMINISTRATOR,
        _PATHWAYS,
        click="eCovid adulte",
        does=acts.in_turn(acts.keeps_a_draft, then("Textes")),
        after="administration-parcours-brouillon",
        shows="pathways:edit",
    ),
    Screen(
        "administration-parcours-rejouer",
        _ADMINISTRATOR,
        _PATHWAYS,
        click="eCovid adulte",
        does=acts.in_turn(acts.keeps_a_draft, then("Rejouer")),
        after="administration-parcours-brouillon",
        shows="pathways:replay",
    ),
)
_PROGRAMME = (
    Screen("portail-programmes", _PATIENT, "/mon-dossier/programmes/"),
    Screen("parcours-organise-vide", _GP, "parcours-organise/", _NEW),
    Screen("parcours-inclure", _NURSE, "parcours-organise/", "TOUSSAINT", _HEART, shows="care_plans:include"),
    Screen(
        "parcours-inclure-erreur",
        _NURSE,
        "parcours-organise/",
        "TOUSSAINT",
        _HEART,
        then("Inclure dans le programme"),
        shows="care_plans:include",
    ),
    Screen(
        "parcours-sortie-erreur",
        _NURSE,
        "parcours-organise/",
        "ISIDORE",
        "Insuffisance cardiaque",
        then("Sortir du programme", "Enregistrer la sortie"),
        shows="care_plans:leave",
    ),
    Screen(
        "sante-a-integrer-etape-erreur",
        _NURSE,
        "sante/a-integrer/",
        "TOUSSAINT",
        does=acts.plans_without_a_day,
        shows="health_record:plan",
    ),
    Screen("programmes", _DAC, _PROGRAMMES),
    Screen(
        "programme-nouveau-erreur", _DAC, "/administration/programmes/nouveau/", click="Créer le programme"
    ),
    Screen(
        "programme-version",
        _DAC,
        _PROGRAMMES,
        click="Insuffisance cardiaque",
        does=acts.keeps_a_version,
        shows="programmes:one",
    ),
    Screen(
        "programme-general",
        _DAC,
        _PROGRAMMES,
        click="Insuffisance cardiaque",
        does=acts.in_turn(acts.keeps_a_version, then("Modifier")),
        after="programme-version",
        shows="programmes:general",
    ),
    Screen(
        "programme-etape",
        _DAC,
        _PROGRAMMES,
        click="Insuffisance cardiaque",
        does=acts.in_turn(acts.keeps_a_version, then("Visite à domicile")),
        after="programme-version",
        shows="programmes:step",
    ),
    Screen(
        "programme-etape-erreur",
        _DAC,
        _PROGRAMMES,
        click="Insuffisance cardiaque",
        does=acts.in_turn(acts.keeps_a_version, then("Ajouter une étape"), acts.says_nothing_and("Ajouter")),
        after="programme-version",
        shows="programmes:new_step",
    ),
    Screen(
        "programme-sequence",
        _DAC,
        _PROGRAMMES,
        click="Insuffisance cardiaque",
        does=acts.in_turn(acts.keeps_a_version, then("Suivi trimestriel")),
        after="programme-version",
        shows="programmes:sequence",
    ),
    Screen(
        "programme-sequence-erreur",
        _DAC,
        _PROGRAMMES,
        click="Insuffisance cardiaque",
        does=acts.in_turn(
            acts.keeps_a_version, then("Ajouter une séquence"), acts.says_nothing_and("Ajouter")
        ),
        after="programme-version",
        shows="programmes:new_sequence",
    ),
)
_OF_A_RECORD = (
    Screen("cercle-modifier", _NURSE, "cercle/", "ISIDORE", "Modifier Dr", shows="care_team:change_member"),
    Screen("cercle-proche-un", _NURSE, "cercle/", "ISIDORE", "Modifier Odile", shows="care_team:relative"),
    Screen(
        "cercle-demande-refuser", _NURSE, "cercle/", "ISIDORE", "Refuser Dr", shows="care_team:refuse_request"
    ),
    Screen(
        "cercle-acces-retirer",
        _NURSE,
        "cercle/",
        "ISIDORE",
        "Retirer l’accès de",
        shows="care_team:withdraw_delegation",
    ),
    Screen(
        "cercle-invitation-retirer",
        _NURSE,
        "cercle/ajouter/",
        "TOUSSAINT",
        "Retirer l’invitation",
        shows="care_team:withdraw_invitation",
    ),
    Screen("choix-urgence", _GP, "choix/opposition-a-l-urgence/", "ISIDORE"),
    Screen("identite", _NURSE, "", "ISIDORE", does=acts.of_more("Identité"), shows="patients:identity"),
    Screen(
        "resultats-comparer",
        _GP,
        "resultats/",
        "ISIDORE",
        "Hématologie, Biochimie",
        then("Comparer"),
        shows="results:compare",
    ),
    Screen("chronologie-neuf-vide", _GP, "chronologie/", _NEW),
    Screen("fiche-urgence-vide", _GP, "fiche-urgence/", _NEW),
    Screen("acces-vide", _GP, "acces/", _NEW),
    Screen(
        "identite-corriger",
        _NURSE,
        "",
        "ISIDORE",
        does=acts.in_turn(acts.of_more("Identité"), then("Corriger")),
        shows="patients:correct",
    ),
    Screen(
        "cercle-membre-retirer", _NURSE, "cercle/", "ISIDORE", "Retirer Dr", shows="care_team:remove_member"
    ),
    Screen(
        "note-corriger", _GP, "notes/", "ISIDORE", "Sébastien NORBERT", then("Corriger"), shows="notes:amend"
    ),
    Screen(
        "note-qui-la-lit",
        _GP,
        "notes/",
        "ISIDORE",
        "Sébastien NORBERT",
        then("Changer qui la lit"),
        shows="notes:limits",
    ),
    Screen(
        "portail-proche-un", _PATIENT, "/mon-dossier/mon-cercle/", click="Modifier", shows="portal:relative"
    ),
    Screen("chronologie-imprimer", _GP, "chronologie/imprimer/", "ISIDORE"),
    Screen("choix-vide", _GP, "choix/", _NEW),
    Screen("retour-a-domicile-neuf-vide", _GP, "retour-a-domicile/", _NEW),
    Screen("resume-hors-connexion-erreur", _GP, "", "ISIDORE", does=acts.is_offline),
)
_DESKS = (
    Screen("page-413-erreur", _GP, "/annuaire/", does=acts.shows_the_page("413.html")),
    Screen("page-400-erreur", _GP, "/annuaire/", does=acts.shows_the_page("400.html")),
    Screen(
        "telesuivi-cellule-nouvelle",
        "b.leclercq",
        _CELLS,
        click="Hôpital intercommunal",
        shows="board:new_cell",
    ),
    Screen(
        "connexion-secours",
        "",
        "/connexion/",
        does=acts.in_turn(acts.gives_the_password, then("code de secours")),
        shows="accounts:code_of_paper",
    ),
    Screen("programmes-vide", "m.bertin", _PROGRAMMES),
    Screen("page-500-erreur", _GP, "/annuaire/", does=acts.shows_the_page("500.html")),
    Screen("page-503-erreur", _GP, "/annuaire/", does=acts.shows_the_page("503.html")),
    Screen("page-409-erreur", _GP, "/annuaire/", does=acts.shows_the_page("409.html")),
    Screen(
        "administration-compte-fermer",
        _ADMINISTRATOR,
        "/administration/comptes/?q=georges",
        click="Dr Arnaud GEORGES",
        does=then("Fermer le compte"),
        shows="directory:close_account",
    ),
    Screen(
        "administration-compte-facteur",
        _ADMINISTRATOR,
        "/administration/comptes/?q=georges",
        click="Dr Arnaud GEORGES",
        does=then("Réinitialiser"),
        shows="directory:reset_factor",
    ),
    Screen("administration-comptes-vide", _ADMINISTRATOR, "/administration/comptes/?q=zzzz"),
    Screen("administration-structures-vide", _ADMINISTRATOR, "/administration/structures/?q=zzzz"),
    Screen(
        "administration-membre",
        _ADMINISTRATOR,
        "/administration/structures/",
        click="3C REPY",
        does=then("Ajouter quelqu’un"),
        shows="directory:find_member",
    ),
    Screen(
        "administration-membre-nouveau-erreur",
        _ADMINISTRATOR,
        "/administration/structures/",
        click="3C REPY",
        does=then("Ajouter quelqu’un", "La personne n’est dans aucun annuaire"),
        shows="directory:new_member",
    ),
    Screen(
        "administration-fonctions",
        _ADMINISTRATOR,
        "/administration/structures/",
        click="3C REPY",
        does=then("Fonctions de"),
        shows="directory:duties",
    ),
    Screen(
        "administration-fonction-terminer",
        _ADMINISTRATOR,
        "/administration/structures/",
        click="3C REPY",
        does=then("Mettre fin"),
        shows="directory:end_member",
    ),
    Screen(
        "administration-compte-ouvrir",
        _ADMINISTRATOR,
        "/administration/structures/",
        click="3C REPY",
        does=then("Ouvrir un compte"),
        shows="directory:open_account",
    ),
    Screen("appui-trouver-vide", "m.bertin", "/appui/professionnels/?nom=zzzz"),
)
MORE = (*FOLLOWED_AT_HOME, *_QUESTIONNAIRES, *_PROGRAMME, *_OF_A_RECORD, *_DESKS)

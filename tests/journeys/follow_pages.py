"""The screens of people followed at home, and of who watches them."""

from tests.journeys import acts
from tests.journeys.screen import Screen, then

_GP, _NURSE, _PATIENT, _DAC, _ADMINISTRATOR = "s.norbert", "c.marie", "p.isidore", "n.haddad", "d.sauvage"
_NEW = "QUENTRIC"
_CELLS = "/administration/cellules/"

FOLLOWED_AT_HOME = (
    Screen("telesuivi-tableau-vide", "i.roche", "/telesuivi/"),
    Screen("telesuivi-tableau-filtre-vide", _DAC, "/telesuivi/?q=zzzz"),
    Screen("telesuivi-tableau-coupe-erreur", _DAC, "/telesuivi/", does=acts.loses_the_stream),
    Screen("telesuivi-alerte", _DAC, "/telesuivi/", does=acts.opens_row("Rouge"), shows="board:alert"),
    Screen("telesuivi-alerte-prise", _DAC, "/telesuivi/", does=acts.opens_mine(), shows="board:alert"),
    Screen(
        "telesuivi-alerte-verte-vide", _DAC, "/telesuivi/", does=acts.opens_row("Vert"), shows="board:alert"
    ),
    Screen(
        "telesuivi-alerte-erreur",
        _DAC,
        "/telesuivi/",
        does=acts.opens_mine("Clore l’alerte"),
        shows="board:close",
    ),
    Screen(
        "telesuivi-appel-erreur",
        _DAC,
        "/telesuivi/",
        does=acts.opens_mine("Noter l’appel"),
        shows="board:call",
    ),
    Screen("telesuivi-cellules-vide", "b.leclercq", _CELLS),
    Screen(
        "telesuivi-cellule-erreur",
        _ADMINISTRATOR,
        _CELLS,
        click="Cellule Val-de-Marne",
        does=acts.says_nothing_and("Enregistrer"),
        shows="board:cell",
    ),
    Screen("telesuivi-du-dossier", _NURSE, "telesuivi/", "ISIDORE"),
    Screen("telesuivi-du-dossier-vide", _GP, "telesuivi/", _NEW),
    Screen("telesuivi-choisir", _NURSE, "telesuivi/commencer/", "ISIDORE"),
    Screen(
        "telesuivi-inclusion-erreur",
        _GP,
        "telesuivi/commencer/",
        "TOUSSAINT",
        "Choisir eCovid adulte",
        acts.says_nothing_and("Commencer le télésuivi"),
    ),
    Screen(
        "telesuivi-inclusion-chirurgie",
        _GP,
        "telesuivi/commencer/",
        "TOUSSAINT",
        "Choisir Chirurgie ambulatoire",
    ),
    Screen(
        "telesuivi-date",
        _NURSE,
        "telesuivi/",
        "ISIDORE",
        "Ouvrir",
        then("Changer la date de référence"),
        shows="telemonitoring:move",
    ),
    Screen(
        "telesuivi-adapter",
        _GP,
        "/telesuivi/?qui=mes-patients",
        does=acts.of_row("testé positif", "Tout le télésuivi de la personne", "Adapter à la personne"),
        shows="telemonitoring:adapt",
    ),
    Screen(
        "telesuivi-adapter-erreur",
        _GP,
        "/telesuivi/?qui=mes-patients",
        does=acts.in_turn(
            acts.of_row("testé positif", "Tout le télésuivi de la personne", "Adapter à la personne"),
            acts.types("seuil de cette personne", "5", "Enregistrer"),
        ),
        shows="telemonitoring:adapt",
    ),
    Screen(
        "telesuivi-suspendre",
        _NURSE,
        "telesuivi/",
        "ISIDORE",
        "Ouvrir",
        then("Suspendre"),
        shows="telemonitoring:suspend",
    ),
    Screen(
        "telesuivi-suspendre-erreur",
        _NURSE,
        "telesuivi/",
        "ISIDORE",
        "Ouvrir",
        then("Suspendre", "Suspendre"),
        shows="telemonitoring:suspend",
    ),
    Screen(
        "telesuivi-terminer",
        _NURSE,
        "telesuivi/",
        "ISIDORE",
        "Ouvrir",
        then("Terminer"),
        shows="telemonitoring:end",
    ),
    Screen(
        "telesuivi-terminer-erreur",
        _NURSE,
        "telesuivi/",
        "ISIDORE",
        "Ouvrir",
        then("Terminer", "Terminer le télésuivi"),
        shows="telemonitoring:end",
    ),
    Screen(
        "telesuivi-contact",
        _NURSE,
        "telesuivi/",
        "ISIDORE",
        "Ouvrir",
        then("Ajouter une personne contact"),
        shows="telemonitoring:add_contact",
    ),
    Screen(
        "telesuivi-contact-erreur",
        _NURSE,
        "telesuivi/",
        "ISIDORE",
        "Ouvrir",
        then("Ajouter une personne contact", "Ajouter"),
        shows="telemonitoring:add_contact",
    ),
    Screen(
        "telesuivi-operateur",
        _GP,
        "/telesuivi/",
        does=acts.of_row("Sans réponse", "Répondre avec la personne"),
        shows="telemonitoring:operator_answer",
    ),
    Screen("suivi-lien", "", "/suivi/un-lien-recu-par-sms/", shows="answers:follow_up"),
    Screen(
        "suivi-lien-erreur", "", "/suivi/un-lien-recu-par-sms/", click="Continuer", shows="answers:follow_up"
    ),
    Screen("portail-question", _PATIENT, "/mon-dossier/suivi/", click="Répondre", shows="portal:answer"),
    Screen(
        "portail-question-erreur",
        _PATIENT,
        "/mon-dossier/suivi/",
        click="Répondre",
        does=acts.says_nothing_and("Continuer"),
        shows="portal:answer",
    ),
)

"""Invented people for the previews: the frame of a desk, of a record, and rows."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.html import format_html

from terresante.kernel.ui.frame import (
    Action,
    AudiencePanel,
    Badge,
    Chip,
    Comparison,
    DeskFrame,
    EventRow,
    Level,
    Page,
    Pair,
    PersonRow,
    Place,
    RecordFrame,
    Strip,
    Tab,
    TimelineEntry,
    Toast,
    UserMenu,
)
from terresante.kernel.ui.templatetags.ui import out_of_range


def ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)


def desk() -> DeskFrame:
    places = (("Mes patients", "users"), ("Télésuivi", "activity"), ("Annuaire", "book-user"))
    return DeskFrame(
        home_url="#",
        places=tuple(
            Place(label=label, url="#", icon=icon, current=label == "Mes patients") for label, icon in places
        ),
        user=UserMenu(
            name="Dr A. Georges",
            initials="AG",
            role="Gériatre, cabinet d’Alfortville",
            logout_url="#",
            links=(
                Action(label="Mon compte", url="#", icon="user"),
                Action(label="Préférences", url="#", icon="settings"),
            ),
        ),
        search_url="#",
        search_label="Rechercher un patient, une commande",
        alerts_url="#",
        alerts=3,
        messages_url="#",
        messages=2,
    )


def record() -> RecordFrame:
    counters = {"Notes": (2, True), "Documents": (1, True), "Résultats": (3, True), "Cercle": (9, False)}
    labels = ("Résumé", "Notes", "Documents", "Résultats", "Cercle", "Plan", "Télésuivi", "Chronologie")
    bottom = (
        ("Résumé", "house"),
        ("Documents", "file-text"),
        ("Notes", "note"),
        ("Cercle", "users"),
        ("Mémos", "square-check"),
    )

    def tab(label: str, icon: str = "") -> Tab:
        count, unread = counters.get(label, (0, False))
        return Tab(label=label, url="#", icon=icon, counter=count, unread=unread, current=label == "Résumé")

    return RecordFrame(
        given_name="Pierrette",
        family_name="ISIDORE",
        birth_name="née MARTIN",
        facts="F · 68\u00a0ans · née le 17\u00a0avril 1958",
        identity=Badge(text="Identité qualifiée", level=Level.GREEN, icon="shield-check"),
        back_url="#",
        tabs=tuple(tab(label) for label in labels),
        bottom_tabs=tuple(tab(label, icon) for label, icon in bottom),
        more_tabs=(
            Tab(label="Droits et traces", url="#", icon="eye"),
            Tab(label="Urgence", url="#", icon="siren"),
        ),
        badges=(
            Badge(
                text="Hospitalisée à Bicêtre, cardiologie, depuis hier 8\u00a0h\u00a050",
                level=Level.INFORMATION,
                icon="bed",
            ),
            Badge(text="Allergie\u00a0: pénicilline", level=Level.RED),
            Badge(text="Anticoagulant\u00a0: apixaban", icon="pill", essential=True),
            Badge(text="Suivie par le GCS REPY", icon="users"),
            Badge(text="Vit seule, 3e étage sans ascenseur", icon="house"),
        ),
        phone="06\u00a039\u00a098\u00a012\u00a045",
        phone_url="tel:+33639981245",
        address="5 rue de Paris, Maisons-Alfort",
        map_url="#",
        email="pierrette@exemple.invalid",
        main_action=Action(label="Écrire une note", url="#", icon="pencil"),
        quick_actions=(
            Action(label="Appeler", url="#", icon="phone"),
            Action(label="Itinéraire", url="#", icon="map-pin"),
            Action(label="Écrire", url="#", icon="pencil"),
        ),
        is_summary=True,
    )


def fact_rows() -> tuple[EventRow, ...]:
    return (
        EventRow(
            kind="",
            strong="Échographie cardiaque",
            fact=" · fraction d’éjection 45\u00a0%",
            icon="file-text",
            source="Dr H. Lefort, cardiologie, Bicêtre",
            at=ago(hours=1),
            unread=True,
            url="#",
        ),
        EventRow(
            kind="",
            strong="Adaptation du traitement du diabète",
            fact=" à appliquer ce jour",
            icon="note",
            source="Dr Sébastien Norbert, médecin traitant",
            at=ago(hours=14),
            unread=True,
            url="#",
        ),
        EventRow(
            kind="",
            strong="3 passages à domicile suspendus",
            fact=", intervenants prévenus",
            icon="house",
            source="Nora Haddad, coordinatrice",
            at=ago(hours=23),
        ),
        EventRow(
            kind="",
            strong="Hémoglobine 98 g/L",
            fact=format_html(" {}, 104 jeudi dernier · ferritine basse", out_of_range("low")),
            icon="flask-conical",
            source="Laboratoire de Bicêtre · 3 bilans non lus",
            at=ago(hours=23.5),
            unread=True,
            url="#",
        ),
        EventRow(
            kind="",
            strong="Admission à Bicêtre, cardiologie",
            fact=", pour essoufflement",
            icon="bed",
            source="Message de l’hôpital, reçu automatiquement",
            at=ago(hours=24),
            url="#",
        ),
        EventRow(
            kind="",
            strong="Essoufflée au moindre effort",
            fact=", +2\u00a0kg depuis vendredi",
            icon="note",
            source="Charlotte Marie, infirmière à domicile",
            at=ago(days=2),
            unread=True,
            url="#",
        ),
    )


def circle() -> dict[str, tuple[PersonRow, ...]]:
    def person(name: str, role: str, initials: str, shape: str = "person") -> PersonRow:
        return PersonRow(
            name=name,
            role=role,
            initials=initials,
            shape=shape,
            phone="01 99 00 00 00",
            phone_url="tel:+33199000000",
            write_url="#",
            url="#",
        )

    return {
        "Proches et aidants": (person("Odile ISIDORE", "Fille, personne de confiance", "OI", "relative"),),
        "Équipe de soins": (
            person("Dr Sébastien NORBERT", "Médecin traitant · hier", "SN"),
            person("Charlotte MARIE", "Infirmière à domicile · mardi", "CM"),
            person("Karim BENALI", "Pharmacien · lundi", "KB"),
            person("Marinette BARDET", "Aide à domicile · 12\u00a0nov.", "MB"),
            person("Claire VIDAL", "Assistante sociale · 4\u00a0nov.", "CV"),
        ),
        "Organisations": (
            person("GCS REPY", "Nora Haddad, coordination · hier", "RE", "organisation"),
            person("Cardiologie, Bicêtre", "Dr Hélène Lefort · ce matin", "HB", "organisation"),
        ),
    }


def audience() -> AudiencePanel:
    people = circle()
    quiet = [
        PersonRow(name=row.name, role=row.role, initials=row.initials) for row in people["Équipe de soins"]
    ]
    return AudiencePanel(
        head_count="3 membres sur 5, et la patiente",
        seen=tuple(quiet[:3]),
        hidden=tuple(quiet[3:]),
        end="Chaque lecture est tracée. Vous pourrez annuler pendant 10\u00a0minutes.",
    )


def components() -> dict[str, object]:
    return {
        "facts": (
            ("Problèmes", "Insuffisance cardiaque, fibrillation atriale"),
            ("Autonomie", "GIR 4 · marche avec une canne"),
        ),
        "chips": (
            Chip(label="Tout", url="#", count=13, current=True),
            Chip(label="Rouge", url="#", icon="level-red", level=Level.RED, count=3),
            Chip(label="Orange", url="#", icon="level-orange", level=Level.ORANGE, count=5),
            Chip(label="Sans réponse", url="#", icon="level-silent", level=Level.SILENT, count=2),
            Chip(label="Vert", url="#", icon="level-green", level=Level.GREEN, count=64),
        ),
        "page_tabs": (
            Tab(label="Récent", url="#", current=True),
            Tab(label="Non lu", url="#", counter=2, unread=True),
            Tab(label="Favoris", url="#"),
        ),
        "strips_all": (
            Strip(
                text="Seuils par défaut, version 3, non validés pour un usage clinique.",
                link=Action(label="Voir les seuils", url="#"),
            ),
            Strip(
                text="Connexion perdue, dernières données à 9\u00a0h\u00a012.",
                level=Level.ORANGE,
                word="Hors connexion",
            ),
            Strip(text="Un message de l’hôpital attend une décision.", level=Level.RED),
        ),
        "page": Page(first=1, last=50, total=312, noun="documents", next_url="#"),
        "comparison": Comparison(
            old_title="Dans le dossier",
            new_title="Reçu de l’hôpital",
            pairs=(
                Pair(label="Nom de naissance", old="MARTIN", new="MARTIN"),
                Pair(label="Téléphone", old="06 39 98 12 45", new="06 39 98 12 54"),
            ),
        ),
        "entries": (
            TimelineEntry(
                text="Admission à Bicêtre, cardiologie",
                at=ago(hours=24),
                icon="bed",
                level=Level.INFORMATION,
                source="Message de l’hôpital",
                month="Novembre 2026",
            ),
            TimelineEntry(
                text="Alerte rouge\u00a0: poids",
                at=ago(days=3),
                icon="level-red",
                level=Level.RED,
                source="Télésuivi",
                url="#",
            ),
            TimelineEntry(
                text="Consultation mémoire",
                at=datetime(2024, 2, 12, 9, 30, tzinfo=UTC),
                icon="stethoscope",
                source="Henri-Mondor",
                month="Février 2024",
            ),
        ),
        "toast": Toast(text="Note enregistrée. 5 membres du cercle peuvent la lire."),
        "toast_red": Toast(
            text="Rouge : René Cauvin, poids +3,2\u00a0kg en 7\u00a0jours.",
            level=Level.RED,
            link=Action(label="Lire", url="#"),
        ),
        "empty_action": Action(label="Voir les notes récentes", url="#"),
    }

"""The frame of a record: its header, and its tabs in their order (bound to the kernel's port in config/ports.py)."""

from dataclasses import dataclass
from urllib.parse import quote

from terresante.care_plans.enums import PROGRAMME_CLASSES
from terresante.care_team.access import reads_class, reads_home
from terresante.care_team.enums import DataClass
from terresante.care_team.queries import OpenRecord
from terresante.documents.enums import DOCUMENT_CLASSES
from terresante.feed.queries import unread_by_tab
from terresante.kernel import slots
from terresante.kernel.actor import Actor
from terresante.kernel.ports import MainAction
from terresante.kernel.ui import wording
from terresante.kernel.ui.frame import Action, Badge, Level, LiveStrip, RecordFrame, Tab
from terresante.kernel.ui.links import link
from terresante.notes.enums import NOTE_CLASSES
from terresante.patients.enums import IdentityStatus, Sex
from terresante.patients.models import CareRecord, Patient
from terresante.patients.queries import age_said, has_died
from terresante.questionnaires.enums import PATHWAY_CLASSES

FACTS_ORDER = 30
# After these events of the live stream the header may say what is no longer so: where she is, her allergies.
_BADGES_CHANGE = "StayAlerted StayChanged HealthRecordChanged DeathChanged"


@dataclass(frozen=True, slots=True)
class TabPlace:
    """`needs`: at least one of these classes must be readable, else the tab would only lead to a refusal."""

    key: str
    label: str
    url_name: str
    icon: str
    needs: tuple[DataClass, ...] = ()
    counts_unread: bool = False
    # The page is the patient's, not the record's.
    is_of_patient: bool = False
    # Of who goes to the person's door, whatever else he reads.
    is_of_home: bool = False


TABS = (
    TabPlace("summary", "Résumé", "overview:record", "house"),
    TabPlace("notes", "Notes", "notes:list", "note", NOTE_CLASSES, counts_unread=True),
    TabPlace("documents", "Documents", "documents:list", "folder", DOCUMENT_CLASSES, counts_unread=True),
    TabPlace(
        "results",
        "Résultats",
        "results:list",
        "flask-conical",
        (DataClass.MEDICAL,),
        counts_unread=True,
    ),
    TabPlace(
        "health", "Santé", "health_record:summary", "heart-pulse", (DataClass.MEDICAL,), counts_unread=True
    ),
    TabPlace(
        "forms", "Formulaires", "questionnaires:list", "clipboard-list", PATHWAY_CLASSES, counts_unread=True
    ),
    TabPlace("telemonitoring", "Télésuivi", "telemonitoring:list", "activity", PATHWAY_CLASSES),
    TabPlace("circle", "Cercle", "care_team:circle", "users", (DataClass.CIRCLE,)),
    TabPlace("stays", "Séjours", "stays:list", "bed", (DataClass.STAY,)),
    TabPlace("timeline", "Chronologie", "overview:timeline", "history"),
)
# Five fit under a thumb; « Plus », on the summary, leads to all.
AT_BOTTOM = ("Résumé", "Notes", "Documents", "Cercle", "Chronologie")
MORE = (
    TabPlace("emergency_sheet", "Fiche d’urgence", "overview:emergency_sheet", "siren"),
    TabPlace("home", "Accès au domicile", "home_care:access", "door-open", is_of_home=True),
    TabPlace("discharge", "Retour à domicile", "overview:discharge", "house", (DataClass.MEDICAL,)),
    TabPlace("pathway", "Parcours organisé", "care_plans:list", "route", PROGRAMME_CLASSES),
    TabPlace("identity", "Identité", "patients:identity", "id-card", (DataClass.CIRCLE,), is_of_patient=True),
    TabPlace("access_log", "Accès au dossier", "care_team:access_log", "eye"),
    TabPlace("copy", "Copie du dossier", "overview:export", "download"),
    TabPlace("choices", "Choix de la personne", "care_team:choices", "hand-heart", (DataClass.CIRCLE,)),
)

IDENTITY_LEVELS = {
    IdentityStatus.PROVISIONAL: (Level.ORANGE, "shield-alert"),
    IdentityStatus.RETRIEVED: (Level.INFORMATION, "shield-alert"),
    IdentityStatus.VALIDATED: (Level.GREEN, "shield-check"),
    IdentityStatus.QUALIFIED: (Level.GREEN, "shield-check"),
}


def record_frame(
    actor: Actor, opened: OpenRecord, tab: str, main_action: MainAction | None = None
) -> RecordFrame:
    patient = opened.patient
    tabs = _tabs(actor, opened.record, TABS, current=tab)
    main = _main(main_action)
    return RecordFrame(
        given_name=patient.display_given_name,
        family_name=patient.display_name.upper(),
        birth_name=f"{born(patient)} {patient.birth_name}" if patient.is_married_name else "",
        facts=_facts(patient),
        identity=_identity(patient),
        back_url=link("overview:home"),
        tabs=tabs,
        bottom_tabs=tuple(tab for tab in tabs if tab.label in AT_BOTTOM),
        more_tabs=_tabs(actor, opened.record, MORE, current=tab),
        badges=_badges(opened),
        badges_url=link("overview:badges", opened.record.pk),
        badges_kinds=_BADGES_CHANGE,
        live_strips=_live_strips(opened),
        phone=wording.phone(patient.phone),
        phone_url=wording.dialled(patient.phone),
        address=", ".join(part for part in (patient.address_line, patient.city) if part),
        map_url=_map(patient),
        email=patient.email,
        main_action=main,
        quick_actions=_quick_actions(patient, main),
        is_summary=tab == "summary",
    )


def _live_strips(opened: OpenRecord) -> tuple[LiveStrip, ...]:
    """Its identity is merged, or its own again; so is another one, with which this record was one; or it is closed."""
    moved, patient_id = link("overview:moved", opened.record.pk), str(opened.patient.pk)
    return (
        LiveStrip(url=moved, kinds="IdentityMoved"),
        LiveStrip(url=moved, kinds="RecordClosed", patient=patient_id),
        LiveStrip(url=f"{moved}?depuis=union", kinds="IdentitiesMerged", patient=patient_id),
        LiveStrip(url=f"{moved}?depuis=separation", kinds="IdentitiesUnmerged", patient=patient_id),
    )


def born(patient: Patient) -> str:
    return {Sex.FEMALE: "née", Sex.MALE: "né"}.get(Sex(patient.sex), "né(e)")


def _tabs(actor: Actor, record: CareRecord, places: tuple[TabPlace, ...], *, current: str) -> tuple[Tab, ...]:
    shown = [place for place in places if _leads_somewhere(actor, place)]
    counted = [place.key for place in shown if place.key in slots.counted]
    unread = unread_by_tab(actor, record.patient_id, *counted)
    return tuple(
        Tab(
            label=place.label,
            url=link(place.url_name, record.patient_id if place.is_of_patient else record.pk),
            icon=place.icon,
            counter=unread.get(place.key, 0),
            unread=place.counts_unread,
            current=place.key == current,
        )
        for place in shown
    )


def _leads_somewhere(actor: Actor, place: TabPlace) -> bool:
    if place.is_of_home:
        return reads_home(actor)
    return not place.needs or any(reads_class(actor, name) for name in place.needs)


def _facts(patient: Patient) -> str:
    birth = f"le {wording.long_date(patient.birth_date)}"
    if patient.lunar_birth_date:
        birth = f"en {patient.birth_date.year}, jour inconnu"
    said = age_said(patient)
    age = f"{said} · " if said else ""
    sex = "" if patient.sex == Sex.UNKNOWN else f"{patient.sex} · "
    return f"{sex}{age}{born(patient)} {birth}"


def _identity(patient: Patient) -> Badge:
    if patient.is_fictitious:
        return Badge(text="Identité fictive", level=Level.RED, icon="shield-x")
    if patient.is_doubtful:
        return Badge(text="Identité douteuse", level=Level.RED, icon="shield-x")
    status = IdentityStatus(patient.identity_status)
    level, icon = IDENTITY_LEVELS[status]
    return Badge(text=status.label, level=level, icon=icon)


def _badges(opened: OpenRecord) -> tuple[Badge, ...]:
    """Where she is, then allergies, then the grey facts: the order of the apps' slots."""
    own = _state_of_identity(opened.patient)
    if opened.record.kept_by_id is not None:
        own.append(Badge(text="Dossier non partagé", level=Level.ORANGE, icon="lock"))
    elif not opened.record.is_shared:
        own.append(Badge(text="Pas encore partagé", level=Level.ORANGE, icon="lock"))
    first = [_badge(b.text, b.level, b.icon, b.order) for b in opened.badges if b.order < FACTS_ORDER]
    last = [_badge(b.text, b.level, b.icon, b.order) for b in opened.badges if b.order >= FACTS_ORDER]
    holder = (_holder(opened),) if opened.tells_holder else ()
    return (*first, *own, *holder, *last)


def _badge(text: str, level: str, icon: str, order: int) -> Badge:
    return Badge(text=text, level=Level(level), icon=icon, essential=order < FACTS_ORDER)


def _state_of_identity(patient: Patient) -> list[Badge]:
    badges = []
    if has_died(patient):
        agreed = "Décédée" if patient.sex == Sex.FEMALE else "Décédé"
        day = f" le {wording.long_date(patient.deceased_on)}" if patient.deceased_on else ""
        badges.append(Badge(text=f"{agreed}{day}", icon="flag", essential=True))
    if patient.is_homonym:
        badges.append(
            Badge(text="Homonyme : vérifiez la date de naissance", level=Level.ORANGE, icon="users")
        )
    return badges


def _holder(opened: OpenRecord) -> Badge:
    followed = "Suivie par" if opened.patient.sex == Sex.FEMALE else "Suivi par"
    if opened.record.programme:
        return Badge(text=f"{followed} {opened.record.programme}", icon="users")
    return Badge(text=f"Dossier tenu par {opened.record.holder}", icon="building-2")


def _map(patient: Patient) -> str:
    """The phone's own map application: no third party is told where patients live."""
    where = " ".join(part for part in (patient.address_line, patient.postal_code, patient.city) if part)
    return f"geo:0,0?q={quote(where)}" if where else ""


def _main(action: MainAction | None) -> Action | None:
    if action is None:
        return None
    return Action(label=action.label, url=action.url, icon=action.icon, form_id=action.form_id)


def _quick_actions(patient: Patient, main: Action | None) -> tuple[Action, ...]:
    """Round buttons of the summary on a phone; one without its number or address is not there."""
    places = (
        Action(label="Appeler", url=wording.dialled(patient.phone), icon="phone"),
        Action(label="Itinéraire", url=_map(patient), icon="map-pin"),
        Action(label="Écrire", url=main.url if main else "", icon="pencil"),
    )
    return tuple(place for place in places if place.url)

"""Tabs and menus, in their order: the one place that says what stands where."""

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest

from config.ports import has_cell, persons_of
from terresante.accounts.sessions import LOCKED_AFTER, shared_row
from terresante.care_team.access import is_carer
from terresante.care_team.actions import EMERGENCY_PROFESSIONS
from terresante.directory.enums import PHYSICIANS, SECRETARIES, Duty
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.live.events import last_position
from terresante.kernel.ports import SELF, SITUATION_KEY
from terresante.kernel.ui.frame import Action, DeskFrame, Live, LiveStrip, Lock, Place, UserMenu
from terresante.kernel.ui.links import link
from terresante.kernel.ui.wording import initials
from terresante.overview.home_queries import alert_count
from terresante.patients.queries import Represented

# Of who works in a structure that watches people at home.
_WATCHED = "Télésuivi"
# (label, URL name, icon, the duties one of which opens it, none for everybody)
_PLACES: tuple[tuple[str, str, str, tuple[Duty, ...]], ...] = (
    ("Mes patients", "overview:home", "users", ()),
    (_WATCHED, "board:board", "activity", ()),
    ("Annuaire", "directory:search", "book-user", ()),
    ("À vérifier", "interop:queue", "shield-alert", (Duty.IDENTITY_OFFICER,)),
    ("Identités", "patients:search", "id-card", (Duty.IDENTITY_OFFICER,)),
    ("Accès en urgence", "care_team:emergencies", "siren", (Duty.PRIVACY_OFFICER,)),
    ("Administration", "directory:accounts", "settings", (Duty.ADMINISTRATOR, Duty.LOCAL_ADMINISTRATOR)),
    ("Programmes", "programmes:list", "route", (Duty.PROGRAMME_LEAD,)),
    ("Habilitations", "care_team:rights", "scale", (Duty.ADMINISTRATOR,)),
    ("Cellule d’appui", "directory:support", "phone-call", (Duty.SUPPORT_AGENT,)),
)
# Five fit under a thumb; the first page leads to the rest.
_PATIENT_PLACES = (
    ("Accueil", "portal:home", "house"),
    ("Ma santé", "portal:health", "heart-pulse"),
    ("Mon équipe", "portal:circle", "users"),
    ("Notes", "portal:notes", "note"),
    ("Documents", "portal:documents", "folder"),
)
# A relative reads, for the person he chose, what his delegation opens; a carer decides nothing and sees no log.
_RELATIVE_PLACES = (
    ("Accueil", "portal:home", "house"),
    ("Sa santé", "portal:health", "heart-pulse"),
    ("Son équipe", "portal:circle", "users"),
    ("Notes", "portal:notes", "note"),
    ("Documents", "portal:documents", "folder"),
)
_CARER_PLACES = (
    ("Accueil", "portal:home", "house"),
    ("Son équipe", "portal:circle", "users"),
    ("Notes", "portal:notes", "note"),
    ("Documents", "portal:documents", "folder"),
)
# Events of the live stream that are announced wherever the person is.
_ANNOUNCED = "StayAlerted"
# Those that change how many alerts wait.
_COUNTED = "StayAlerted StayChanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whose record an account may open, as the switch of the portal shows it."""

    key: str
    name: str
    is_self: bool
    current: bool


def frame(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """The bar of a professional; a patient's pages take their places from the portal."""
    if actor.kind != ActorKind.PROFESSIONAL:
        return {"desk": _patient_frame(request, actor), "persons": _persons(request, actor)}
    return {
        "desk": DeskFrame(
            home_url=link("overview:home"),
            places=_places(request, actor),
            # Only somebody with several structures ever chose one.
            user=_user(request, actor, several=SITUATION_KEY in request.session),
            search_url=link("overview:search"),
            search_query=request.GET.get("q", "") if request.path == link("overview:search") else "",
            alerts_url=f"{link('overview:home')}?filtre=alertes",
            alerts=alert_count(actor),
            alerts_count_url=link("overview:alert_count"),
            alerts_kinds=_COUNTED,
            live=Live(
                url=_stream(actor),
                position=last_position(),
                toast_url=link("overview:toast"),
                toast_kinds=_ANNOUNCED,
            ),
            worker_url=_worker(request),
        )
    }


def _stream(actor: Actor) -> str:
    """Each account its own: a page that stays open when another one logs in is not served as if it were his."""
    return f"/live?account={actor.user_id}"


def _patient_frame(request: HttpRequest, actor: Actor) -> DeskFrame:
    places = tuple(
        Place(label=label, url=link(name), icon=icon, current=request.path == link(name))
        for label, name, icon in _places_of(actor)
    )
    return DeskFrame(
        home_url=places[0].url,
        places=places,
        user=_user(request, actor),
        live=Live(url=_stream(actor), position=last_position(), toast_url="", toast_kinds=""),
        live_strips=_strips_of_person(request, actor),
        worker_url=_worker(request),
    )


def _strips_of_person(request: HttpRequest, actor: Actor) -> tuple[LiveStrip, ...]:
    """Her identity is merged, or her own again; or her pages close to who acts for her."""
    acting = (one for one in persons_of(request) if isinstance(one, Represented))
    patient_id = next((one.patient_id for one in acting if one.related_person_id == actor.person_id), None)
    patient = str(patient_id or actor.person_id)
    moved = f"{link('portal:moved')}?pour={patient}"
    kinds = {
        "reuni": "IdentityMoved",
        "union": "IdentitiesMerged",
        "separation": "IdentitiesUnmerged",
        "fin": "RecordClosed",
    }
    return tuple(
        LiveStrip(url=f"{moved}&depuis={since}", kinds=kind, patient=patient) for since, kind in kinds.items()
    )


def _places_of(actor: Actor) -> tuple[tuple[str, str, str], ...]:
    if is_carer(actor):
        return _CARER_PLACES
    return _PATIENT_PLACES if actor.kind == ActorKind.PATIENT else _RELATIVE_PLACES


def _persons(request: HttpRequest, actor: Actor) -> list[Person]:
    """Everybody this account opens the record of, when there are several or when it is somebody else."""
    persons = [
        Person(key=str(one.related_person_id), name=one.patient_name, is_self=False, current=False)
        if isinstance(one, Represented)
        else Person(key=SELF, name=one[1], is_self=True, current=False)
        for one in persons_of(request)
    ]
    now = str(actor.person_id) if actor.kind == ActorKind.REPRESENTATIVE else SELF
    told = [replace(person, current=person.key == now) for person in persons]
    return told if len(told) > 1 or actor.on_behalf_of else []


def _places(request: HttpRequest, actor: Actor) -> tuple[Place, ...]:
    watches = has_cell(request)
    return tuple(
        Place(label=label, url=link(name), icon=icon, current=_is_current(request, link(name)))
        for label, name, icon, duties in _PLACES
        if (not duties or any(actor.has_duty(duty) for duty in duties)) and (watches or label != _WATCHED)
    )


def _is_current(request: HttpRequest, url: str) -> bool:
    if url == link("directory:accounts"):
        is_apart = request.path.startswith(link("programmes:list"))
        return not is_apart and request.path.startswith(("/administration/", "/partenaires/"))
    if url == link("overview:home"):
        return request.path == url or request.path.startswith(link("overview:patients"))
    return request.path.startswith(url)


def _user(request: HttpRequest, actor: Actor, *, several: bool = False) -> UserMenu:
    security = Action(label="Sécurité de mon compte", url=link("accounts:security"), icon="key-round")
    told = Action(label="Mes notifications", url=link("notifications:preferences"), icon="bell")
    to_inform = Action(label="Dossiers à informer", url=link("interop:to_inform"), icon="clipboard-list")
    if actor.kind != ActorKind.PROFESSIONAL:
        return UserMenu(
            name=actor.name,
            initials=initials(actor.name),
            role=f"pour {actor.on_behalf_of}" if actor.on_behalf_of else "",
            logout_url=link("accounts:logout"),
            links=(told, security),
            lock=_lock(request),
        )
    acting_for = f"pour {actor.on_behalf_of}" if actor.on_behalf_of else ""
    role = ", ".join(part for part in (actor.role_label, acting_for, actor.organization_name) if part)
    to_ask = Action(label="À recueillir", url=link("care_team:to_ask"), icon="scale")
    change = Action(label="Changer de structure", url=link("overview:situation"), icon="building-2")
    return UserMenu(
        name=actor.name,
        initials=initials(actor.name),
        role=role,
        logout_url=link("accounts:logout"),
        links=(
            *((change,) if several else ()),
            *_own_places(actor),
            *_secretariat(actor),
            to_ask,
            to_inform,
            told,
            security,
        ),
        lock=_lock(request),
    )


def _own_places(actor: Actor) -> tuple[Action, ...]:
    hand_overs = Action(label="Relais", url=link("care_team:hand_overs"), icon="users")
    asked = Action(label="Mes demandes", url=link("care_team:own_requests"), icon="user-plus")
    if actor.role not in EMERGENCY_PROFESSIONS:
        return (hand_overs, asked)
    own = Action(label="Mes accès en urgence", url=link("care_team:own_emergencies"), icon="siren")
    return (hand_overs, asked, own)


def _secretariat(actor: Actor) -> tuple[Action, ...]:
    """Of those who give delegations and of those who receive them."""
    if actor.role not in PHYSICIANS | SECRETARIES:
        return ()
    label = "Mon secrétariat" if actor.role in PHYSICIANS else "Pour qui j’agis"
    return (Action(label=label, url=link("directory:delegations"), icon="users"),)


def _worker(request: HttpRequest) -> str:
    return "" if shared_row(request.session) else link("worker")


def _lock(request: HttpRequest) -> Lock | None:
    if shared_row(request.session) is None:
        return None
    return Lock(
        lock_url=link("accounts:lock"),
        unlock_url=link("accounts:unlock"),
        presence_url=link("accounts:presence"),
        after_seconds=int(LOCKED_AFTER.total_seconds()),
    )

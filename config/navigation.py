"""Tabs and menus, in their order: the one place that says what stands where."""

from typing import Any

from django.http import HttpRequest

from terresante.accounts.sessions import LOCKED_AFTER, shared_row
from terresante.care_team.actions import EMERGENCY_PROFESSIONS
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.live.events import last_position
from terresante.kernel.ports import SITUATION_KEY
from terresante.kernel.ui.frame import Action, DeskFrame, Live, Lock, Place, UserMenu
from terresante.kernel.ui.links import link
from terresante.kernel.ui.wording import initials
from terresante.overview.desk_queries import alert_count

# (label, URL name, icon, duty that opens it or '' for everybody)
_PLACES = (
    ("Mes patients", "overview:home", "users", ""),
    ("Annuaire", "directory:search", "book-user", ""),
    ("À vérifier", "interop:queue", "shield-alert", "identity_officer"),
    ("Identités", "patients:search", "id-card", "identity_officer"),
    ("Accès en urgence", "care_team:emergencies", "siren", "privacy_officer"),
    ("Logiciels partenaires", "interop:partners", "plug", "administrator"),
)
_PATIENT_PLACES = (
    ("Qui a vu", "portal:home", "eye"),
    ("Mon équipe", "portal:circle", "users"),
    ("Mes choix", "portal:choices", "shield-check"),
)
# Events of the live stream that are announced wherever the person is.
_ANNOUNCED = "StayAlerted"


def frame(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """The bar of a professional; a patient's pages take their places from the portal."""
    if actor.kind != ActorKind.PROFESSIONAL:
        return {"desk": _patient_frame(request, actor)}
    return {
        "desk": DeskFrame(
            home_url=link("overview:home"),
            places=_places(request, actor),
            # Only somebody with several structures ever chose one.
            user=_user(request, actor, several=SITUATION_KEY in request.session),
            search_url=link("overview:search"),
            search_query=request.GET.get("q", ""),
            alerts_url=f"{link('overview:home')}?filtre=alertes",
            alerts=alert_count(actor),
            live=Live(
                url="/live",
                position=last_position(),
                toast_url=link("overview:toast"),
                toast_kinds=_ANNOUNCED,
            ),
        )
    }


def _patient_frame(request: HttpRequest, actor: Actor) -> DeskFrame:
    places = tuple(
        Place(label=label, url=link(name), icon=icon, current=request.path == link(name))
        for label, name, icon in _PATIENT_PLACES
    )
    return DeskFrame(home_url=link("portal:home"), places=places, user=_user(request, actor))


def _places(request: HttpRequest, actor: Actor) -> tuple[Place, ...]:
    return tuple(
        Place(label=label, url=link(name), icon=icon, current=_is_current(request, link(name)))
        for label, name, icon, duty in _PLACES
        if not duty or actor.has_duty(duty)
    )


def _is_current(request: HttpRequest, url: str) -> bool:
    if url == link("overview:home"):
        return request.path == url or request.path.startswith(link("overview:patients"))
    return request.path.startswith(url)


def _user(request: HttpRequest, actor: Actor, *, several: bool = False) -> UserMenu:
    security = Action(label="Sécurité de mon compte", url=link("accounts:security"), icon="key-round")
    if actor.kind != ActorKind.PROFESSIONAL:
        return UserMenu(
            name=actor.name,
            initials=initials(actor.name),
            logout_url=link("accounts:logout"),
            links=(security,),
            lock=_lock(request),
        )
    role = ", ".join(part for part in (actor.role_label, actor.organization_name) if part)
    emails = Action(label="Mes notifications", url=link("notifications:preferences"), icon="bell")
    change = Action(label="Changer de structure", url=link("overview:situation"), icon="building-2")
    return UserMenu(
        name=actor.name,
        initials=initials(actor.name),
        role=role,
        logout_url=link("accounts:logout"),
        links=(*((change,) if several else ()), *_own_places(actor), emails, security),
        lock=_lock(request),
    )


def _own_places(actor: Actor) -> tuple[Action, ...]:
    hand_overs = Action(label="Relais", url=link("care_team:hand_overs"), icon="users")
    if actor.role not in EMERGENCY_PROFESSIONS:
        return (hand_overs,)
    own = Action(label="Mes accès en urgence", url=link("care_team:own_emergencies"), icon="siren")
    return (hand_overs, own)


def _lock(request: HttpRequest) -> Lock | None:
    if shared_row(request.session) is None:
        return None
    return Lock(
        lock_url=link("accounts:lock"),
        unlock_url=link("accounts:unlock"),
        presence_url=link("accounts:presence"),
        after_seconds=int(LOCKED_AFTER.total_seconds()),
    )

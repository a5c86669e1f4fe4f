"""What administrators and the support desk see: accounts, structures, members. Nothing of any patient."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from terresante.accounts.access import ACCOUNT_ASSIST, ACCOUNT_LIST, ACCOUNT_MANAGE
from terresante.accounts.models import AdministrationAct, KnownDevice, Session, User
from terresante.directory.access import (
    DUTIES_GIVE,
    MEMBERS_MANAGE,
    MEMBERS_READ,
    SUPPORT_DESK,
    duties_given_by,
    open_today,
)
from terresante.directory.enums import Duty
from terresante.directory.models import Organization, Practitioner, PractitionerRole, SupportRequest, Unit
from terresante.directory.names import search_form
from terresante.kernel import access, sql
from terresante.kernel.access import label_of
from terresante.kernel.actor import Actor

PER_PAGE = 25
MOST_LOGINS = 30
MOST_ACTS = 30
_MOST_SERVED = 50


def accounts_page(actor: Actor, *, words: str, number: str | None) -> Page[User]:
    """Those whose login, address or name begins with the words, by name; closed ones included."""
    rows = access.list(actor, ACCOUNT_LIST, User)
    typed = words.strip().lower()
    if typed:
        named = Practitioner.objects.filter(
            search_name__startswith=search_form(words), user_id=OuterRef("pk")
        )
        rows = rows.alias(lowered=Lower("login")).filter(
            Q(lowered__startswith=typed) | Q(email__istartswith=typed) | Q(Exists(named))
        )
    shown = rows.select_related("practitioner").order_by("practitioner__search_name", "pk")
    return Paginator(shown.prefetch_related(_roles("practitioner__roles")), PER_PAGE).get_page(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginLine:
    """One event of the history of an account, of the trail; `by` is a code of ours."""

    at: datetime
    what: str
    is_refused: bool
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSheet:
    """An account as it is administered: no password, no code, no key."""

    user: User
    practitioner: Practitioner
    roles: list[PractitionerRole]
    factors: list[str]
    sessions: list[Session]
    devices: int
    history: list[LoginLine]
    acts: list[AdministrationAct]
    may_manage: bool
    may_assist: bool


def account_sheet(actor: Actor, user_id: UUID) -> AccountSheet:
    """Raises NotFound for an account this actor does not know of."""
    user = access.get(actor, ACCOUNT_LIST, User, user_id)
    who = Practitioner.objects.get(user=user)
    may = access.permitted(actor, user, ACCOUNT_MANAGE, ACCOUNT_ASSIST)
    return AccountSheet(
        user=user,
        practitioner=who,
        roles=list(who.roles.select_related("organization").order_by("-period_start", "pk")),
        factors=_factors(user),
        sessions=list(
            Session.objects.filter(user=user, expire_date__gt=timezone.now()).order_by("-seen_at")[:PER_PAGE]
        ),
        devices=KnownDevice.objects.filter(user=user).count(),
        history=login_history(user.pk),
        acts=list(user.acts.order_by("-done_at")[:MOST_ACTS]),
        may_manage=ACCOUNT_MANAGE in may,
        may_assist=ACCOUNT_ASSIST in may,
    )


def login_history(user_id: UUID) -> list[LoginLine]:
    """Through the listed function of the trail, which asks again who may; the latest first."""
    return [
        LoginLine(at=at, what=label_of(action), is_refused=outcome == "refused", by=_BY.get(by, ""))
        for at, action, outcome, by in sql.rows("SELECT * FROM account_history(%s, %s)", user_id, MOST_LOGINS)
    ]


_BY = {
    "code": "code",
    "trusted_device": "appareil de confiance",
    "recovery_code": "code de secours",
    "passkey": "clé d’accès",
    "password": "mot de passe faux",
    "registration": "inscription",
}


def structures_page(actor: Actor, *, words: str, number: str | None) -> "Page[Any]":
    """Those this administrator manages, by name, with how many people work there today."""
    rows = access.list(actor, MEMBERS_READ, Organization)
    prefixes = " & ".join(f"{word}:*" for word in search_form(words).split())
    if prefixes:
        named = SearchQuery(prefixes, search_type="raw", config="simple")
        rows = rows.filter(Q(search_words=named) | Q(finess=words.strip()))
    # Counted for the page alone, not for every structure of the country.
    at_work = PractitionerRole.objects.filter(open_today(), organization_id=OuterRef("pk")).order_by()
    counted = at_work.values("organization_id").annotate(number=Count("pk")).values("number")
    return Paginator(
        rows.order_by("search_name", "pk").annotate(members=Coalesce(Subquery(counted), 0)), PER_PAGE
    ).get_page(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLine:
    role: PractitionerRole
    duties: list[str]
    # Whether this administrator gives and takes duties here: never his own.
    may_give: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureSheet:
    organization: Organization
    members: Page[PractitionerRole]
    lines: list[MemberLine]
    units: list[Unit]
    parts: list[Organization]


def structure_sheet(actor: Actor, organization_id: UUID, *, number: str | None) -> StructureSheet:
    """Raises NotFound for another's structure."""
    place = access.get(actor, MEMBERS_MANAGE, Organization, organization_id)
    roles = (
        access.list(actor, MEMBERS_MANAGE, PractitionerRole)
        .filter(organization=place)
        .filter(Q(period_end=None) | Q(period_end__gt=timezone.localdate()))
        .select_related("practitioner", "practitioner__user")
        .order_by("practitioner__search_name", "pk")
    )
    page = Paginator(roles, PER_PAGE).get_page(number)
    gives = bool(duties_given_by(actor))
    lines = [
        MemberLine(
            role=role,
            duties=[Duty(duty).label for duty in role.duties],
            may_give=gives and role.practitioner_id != actor.person_id,
        )
        for role in page
    ]
    return StructureSheet(
        organization=place,
        members=page,
        lines=lines,
        units=list(place.units.order_by("name", "pk")[:200]),
        parts=list(place.parts.filter(active=True).order_by("search_name", "pk")[:100]),
    )


def role_to_manage(actor: Actor, role_id: UUID) -> PractitionerRole:
    return access.get(
        actor, MEMBERS_MANAGE, PractitionerRole, role_id, related=("practitioner", "organization")
    )


def duty_choices(actor: Actor) -> list[tuple[str, str]]:
    given = duties_given_by(actor)
    return [(duty.value, duty.label.capitalize()) for duty in Duty if duty in given]


def requests_served(actor: Actor) -> QuerySet[SupportRequest]:
    rows = access.list(actor, SUPPORT_DESK, SupportRequest).select_related("practitioner")
    return rows.order_by("-done_at", "pk")[:_MOST_SERVED]


def gives_duties(actor: Actor, role: PractitionerRole) -> bool:
    return access.permits(actor, DUTIES_GIVE, role)


def _factors(user: User) -> list[str]:
    """What is asked besides the password; never what it is."""
    told = [f"{count} clé{'s' if count > 1 else ''} d’accès" for count in [user.passkeys.count()] if count]
    if user.totp_seed is not None:
        return ["application d’authentification", *told]
    return [("codes par SMS" if user.phone else "codes par courriel"), *told]


def _roles(path: str) -> "Prefetch[str, QuerySet[PractitionerRole], str]":
    rows = PractitionerRole.objects.filter(open_today()).select_related("organization")
    return Prefetch(path, queryset=rows.order_by("organization__name", "pk"), to_attr="open_roles")

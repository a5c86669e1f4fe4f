from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.db import connection

from terresante.accounts.models import KnownDevice, User
from terresante.care_team.access import reads_class, writes_class
from terresante.care_team.enums import DataClass
from terresante.care_team.models import EmergencyAccess
from terresante.directory.access import open_today
from terresante.directory.enums import Duty
from terresante.directory.models import Practitioner, PractitionerRole
from terresante.kernel import access, rls, sql, switches
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.events import Event
from terresante.notifications.access import PREFERENCES_EDIT, PUSH_SUBSCRIBE
from terresante.notifications.choices import Wishes
from terresante.notifications.enums import Channel, Notice, Reach
from terresante.notifications.models import NotificationPreference, PushSubscription


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who reaches a patient's record in one of his situations; `by_structure` when only his structure does."""

    user_id: UUID
    email: str
    person_id: UUID
    profession: str
    by_structure: bool


def users_to_tell(events: Sequence[Event]) -> list[list[Told]]:
    """For each event, the users whose knowledge its limits allow; the matrix is not asked here. Through the listed
    function of the same name: for jobs only, empty for anybody else.
    """
    told: list[list[Told]] = [[] for _ in events]
    with connection.cursor() as cursor:
        cursor.execute(
            # Told under an identity merged since, it concerns the circle of the record that goes on.
            "SELECT * FROM users_to_tell(ARRAY(SELECT coalesce(surviving_patient(told), told)"
            " FROM unnest(%s::uuid[]) WITH ORDINALITY AS asked (told, place) ORDER BY place), %s::uuid[],"
            " %s::text[], %s::uuid[], %s::text[], %s::uuid[])",
            [
                [event.patient_id for event in events],
                [event.private_to_id for event in events],
                [event.data_class or "" for event in events],
                [event.private_to_person_id for event in events],
                [event.sector for event in events],
                [event.restricted_to_id for event in events],
            ],
        )
        for number, *person in cursor.fetchall():
            told[number - 1].append(Told(*person))
    return told


@dataclass(frozen=True, slots=True)
class Address:
    """Where one person is told: an account, or (of an emergency access) the identity's own e-mail."""

    key: UUID
    email: str
    # Of who acts for the patient by law: told of less than the patient is.
    represents: bool = False
    reach: Reach = Reach.NAMED


def audiences(events: Sequence[Event], *, who_write: bool = False) -> list[set[Address]]:
    """For each event, the users who may read what it tells, without its author: one statement for all events.
    `who_write`: only those whose profession also writes that class.
    """
    may = _writes if who_write else _reads
    return [
        {
            Address(person.user_id, person.email, reach=_reach(person))
            for person in persons
            if person.user_id != getattr(event, "by_user_id", None)
            and (
                not event.data_class
                or may(person.profession, DataClass(event.data_class), switches.version())
            )
        }
        for event, persons in zip(events, users_to_tell(events), strict=True)
    ]


def wishes_of(users: Collection[UUID]) -> dict[UUID, Wishes]:
    """What each of them chose; nobody for who keeps the defaults."""
    rows = NotificationPreference.objects.filter(user_id__in=users)
    return {row.user_id: row.wishes for row in rows}


def phones_of(users: Collection[UUID]) -> dict[UUID, str]:
    return dict(User.objects.filter(pk__in=users).exclude(phone="").values_list("pk", "phone"))


def wants_on_screen(actor: Actor, notice: Notice) -> bool:
    """Whether what happens appears on the page while one works."""
    return Channel.APP in preferences_of(actor).wishes.by(notice)


def emergency_addresses(access_id: UUID) -> list[Address]:
    """The patient, the attending doctor, the referent, the privacy officers of the reader's structure. Jobs only."""
    return [Address(*row) for row in sql.rows("SELECT * FROM emergency_addresses(%s)", access_id)]


def opener_of(patient_id: UUID, access_id: UUID) -> list[Address]:
    """The account that opened a record in emergency. Jobs only."""
    if not rls.open_record(patient_id):
        return []
    opened = EmergencyAccess.objects.select_related("user").get(pk=access_id)
    return [Address(opened.user_id, opened.user.email)] if opened.user.email else []


def professional_addresses(practitioner_id: UUID) -> list[Address]:
    found = Practitioner.objects.select_related("user").filter(pk=practitioner_id, active=True).first()
    if found is None or found.user is None or not found.user.email:
        return []
    return [Address(found.user.pk, found.user.email)]


def patient_addresses(patients: Sequence[UUID]) -> dict[UUID, list[Address]]:
    """Where each patient is told, and who represents him by law. Jobs only."""
    return _addresses("SELECT * FROM patient_addresses(%s::uuid[])", patients)


def removal_addresses(participants: Sequence[UUID]) -> dict[UUID, list[Address]]:
    """For each member whom a patient took out: he, the referent, the structures of support. Jobs only."""
    return _addresses("SELECT * FROM removal_addresses(%s::uuid[])", participants)


def _addresses(statement: str, keys: Sequence[UUID]) -> dict[UUID, list[Address]]:
    told: dict[UUID, list[Address]] = {}
    for about, *address in sql.rows(statement, list(keys)):
        told.setdefault(about, []).append(Address(*address))
    return told


def privacy_officers() -> list[Address]:
    return on_duty(Duty.PRIVACY_OFFICER)


def on_duty(duty: Duty) -> list[Address]:
    """Those who hold the duty today, wherever they work."""
    roles = PractitionerRole.objects.filter(
        open_today(),
        duties__contains=[duty],
        organization__active=True,
        practitioner__active=True,
        practitioner__user__is_active=True,
    )
    found = roles.values_list("practitioner__user_id", "practitioner__user__email").order_by("pk")
    return [Address(key, email) for key, email in dict(found).items() if email]


def preferences_of(actor: Actor) -> NotificationPreference:
    """The actor's own, unsaved with the defaults when he never chose."""
    mine = access.list(actor, PREFERENCES_EDIT, NotificationPreference).first()
    return mine or NotificationPreference()


def account_of(actor: Actor) -> User | None:
    return User.objects.filter(pk=actor.user_id).first() if actor.user_id else None


def subscriptions_of(actor: Actor) -> list[PushSubscription]:
    return list(access.list(actor, PUSH_SUBSCRIBE, PushSubscription).order_by("-created_at"))


def devices_of(users: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """The subscriptions of each user."""
    found: dict[UUID, list[UUID]] = {}
    rows = PushSubscription.objects.filter(user_id__in=users).order_by("pk")
    for key, user_id in rows.values_list("pk", "user_id"):
        found.setdefault(user_id, []).append(key)
    return found


def known_device(actor: Actor, device_id: UUID | None) -> KnownDevice | None:
    """The browser somebody is logged in from, None for another's, or when a partner opened the session."""
    if device_id is None or actor.user_id is None:
        return None
    return KnownDevice.objects.filter(pk=device_id, user_id=actor.user_id).first()


@lru_cache(maxsize=256)
def _reads(profession: str, data_class: DataClass, rights: int) -> bool:
    """`rights`: the number of the last change of the matrix."""
    reader = Actor(kind=ActorKind.PROFESSIONAL, name="", role=profession)
    return reads_class(reader, data_class)


@lru_cache(maxsize=256)
def _writes(profession: str, data_class: DataClass, rights: int) -> bool:
    writer = Actor(kind=ActorKind.PROFESSIONAL, name="", role=profession)
    return writes_class(writer, data_class)


def _reach(person: Told) -> Reach:
    return Reach.STRUCTURE if person.by_structure else Reach.CIRCLE

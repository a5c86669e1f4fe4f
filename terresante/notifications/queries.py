from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from terresante.care_team.access import reads_class
from terresante.care_team.enums import DataClass
from terresante.kernel import access
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.events import Event
from terresante.notifications.access import PREFERENCES_EDIT
from terresante.notifications.models import EmailPreference


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who reaches a patient's record in one of his situations; `by_structure` when only his structure does."""

    user_id: UUID
    email: str
    person_id: UUID
    profession: str
    by_structure: bool


def users_to_tell(patient_id: UUID, private_to_id: UUID | None) -> list[Told]:
    """Through the listed function of the same name; for jobs only, empty for anybody else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM users_to_tell(%s, %s)", [patient_id, private_to_id])
        return [Told(*row) for row in cursor.fetchall()]


def audience_by_email(event: Event) -> set[UUID]:
    """Users who may read what the event tells, and want an e-mail for it."""
    if event.patient_id is None:
        return set()
    told = [
        person
        for person in users_to_tell(event.patient_id, event.private_to_id)
        if not event.data_class or _reads(person, DataClass(event.data_class))
    ]
    chosen = {
        row.user_id: row for row in EmailPreference.objects.filter(user_id__in={p.user_id for p in told})
    }
    return {person.user_id for person in told if _wants(chosen.get(person.user_id), person)}


@dataclass(frozen=True, slots=True)
class Address:
    """Where one person is told of an emergency access: an account, or the identity's own e-mail."""

    key: UUID
    email: str


def emergency_addresses(access_id: UUID) -> list[Address]:
    """The patient, the attending doctor, the referent, the privacy officers of the reader's structure. Jobs only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM emergency_addresses(%s)", [access_id])
        return [Address(*row) for row in cursor.fetchall()]


def preferences_of(actor: Actor) -> EmailPreference:
    """The actor's own, unsaved with the defaults when he never chose."""
    mine = access.list(actor, PREFERENCES_EDIT, EmailPreference).first()
    return mine or EmailPreference()


def _reads(person: Told, data_class: DataClass) -> bool:
    reader = Actor(kind=ActorKind.PROFESSIONAL, name="", person_id=person.person_id, role=person.profession)
    return reads_class(reader, data_class)


def _wants(preference: EmailPreference | None, person: Told) -> bool:
    chosen = preference or EmailPreference()
    return chosen.my_structure if person.by_structure else chosen.own_circle

"""Who, among those connected, may read what an event tells."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from terresante.care_team.access import decides_for_patient, is_support_desk, reads_class
from terresante.care_team.enums import DataClass
from terresante.care_team.events import AccessesSeen, ComplaintAnswered, ProfessionalCame, RecordClosed
from terresante.directory.enums import Duty
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.events import Event
from terresante.patients.events import (
    DuplicatesChanged,
    IdentitiesMerged,
    IdentitiesUnmerged,
    IdentityMoved,
)

# What is told to the person whose record it is, and to nobody of the circle.
FOR_THE_PATIENT = (AccessesSeen, ProfessionalCame, ComplaintAnswered)
# Of identities: the desk hears them too, whoever follows the person; of duplicates, it alone.
_OF_IDENTITIES = (IdentitiesMerged, IdentitiesUnmerged, IdentityMoved, DuplicatesChanged)
# What may have closed a record to who was reading it: merged with one that the person opposed closes both.
_CLOSING = (RecordClosed, IdentitiesMerged, IdentityMoved)
_READERS = """
SELECT told.number, reader
FROM (SELECT number, class, sector, structure,
             -- Told under an identity merged since, it concerns those of the record that goes on.
             coalesce(surviving_patient(patient), patient) AS patient
      FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[])
           WITH ORDINALITY AS asked (patient, class, sector, structure, number)) AS told,
     record_readers(told.patient, %s::uuid[], %s::uuid[], told.class) AS reader
WHERE told.sector = ''
   OR reader IN (SELECT restricted_readers(told.patient, told.sector, told.structure, %s::uuid[], %s::uuid[]))
"""
_DELEGATES = """
SELECT * FROM delegate_readers(
    ARRAY(SELECT coalesce(surviving_patient(patient), patient)
          FROM unnest(%s::uuid[]) WITH ORDINALITY AS told (patient, number) ORDER BY number),
    %s::uuid[], %s::uuid[])
"""
_PUT_OUT = """
SELECT number, reader
FROM unnest(%s::uuid[]) WITH ORDINALITY AS told (patient, number),
     closed_readers(coalesce(surviving_patient(patient), patient), %s::uuid[], %s::uuid[]) AS reader
"""


def live_readers(events: Sequence[Event], connected: Sequence[Actor]) -> list[set[UUID]]:
    """Bound to the kernel's port: for each event, who, among those connected, may read what it tells.

    Somebody connected in two structures is two actors: their correlation ids tell them apart.
    """
    readers: list[set[UUID]] = [set() for _ in events]
    for number, actor in [*_circle_readers(events, connected), *_relatives_reading(events, connected)]:
        if _may_read(actor, events[number]):
            readers[number].add(actor.correlation_id)
    for number, actor in [*_concerned(events, connected), *_put_out(events, connected)]:
        readers[number].add(actor.correlation_id)
    return readers


def _concerned(events: Sequence[Event], connected: Sequence[Actor]) -> Iterator[tuple[int, Actor]]:
    """Who reads nothing of it, and may have a page open that is no longer so."""
    for number, event in enumerate(events):
        if isinstance(event, (*_OF_IDENTITIES, RecordClosed)):
            yield from ((number, actor) for actor in connected if _is_concerned(actor, event))


def _is_concerned(actor: Actor, event: Event) -> bool:
    if isinstance(event, RecordClosed):
        return _is_closed_to(actor, event)
    return _is_of_own_identity(actor, event) or actor.has_duty(Duty.IDENTITY_OFFICER)


def _is_of_own_identity(actor: Actor, event: Event) -> bool:
    if actor.kind != ActorKind.PATIENT:
        return False
    if isinstance(event, IdentitiesUnmerged):
        return actor.person_id == event.dead_id
    return isinstance(event, IdentityMoved) and actor.person_id == event.patient_id


def _is_closed_to(actor: Actor, event: RecordClosed) -> bool:
    if event.private_to_person_id not in (None, actor.person_id):
        return False
    if event.private_to_id not in (None, actor.organization_id):
        return False
    if event.account_id is not None and event.account_id == actor.user_id:
        return True
    whose = event.member_id
    return whose is not None and whose in (actor.person_id, actor.organization_id, actor.principal_id)


def _put_out(events: Sequence[Event], connected: Sequence[Actor]) -> list[tuple[int, Actor]]:
    """To whom an opposition has closed the record."""
    closing = [number for number, event in enumerate(events) if _closes_to_many(event)]
    asked, persons, organizations = _by_what_each_reads(connected)
    if not closing or not asked:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_PUT_OUT, [[events[number].patient_id for number in closing], persons, organizations])
        return [(closing[number - 1], asked[reader - 1]) for number, reader in cursor.fetchall()]


def _closes_to_many(event: Event) -> bool:
    """Not who left, or whose delegation ended: `_concerned` tells him, and it is nobody else's to hear."""
    return isinstance(event, _CLOSING) and not (
        isinstance(event, RecordClosed) and event.member_id is not None
    )


def _by_what_each_reads(
    connected: Sequence[Actor],
) -> tuple[list[Actor], list[UUID | None], list[UUID | None]]:
    """(actor, person, structure), in three lists."""
    asked = [actor for actor in connected if _may_be_told(actor)]
    # By the circles of the physician one acts for: without a structure, so that his emergencies are not lent.
    acting = [actor for actor in asked if actor.principal_id is not None]
    persons = [*(actor.person_id for actor in asked), *(actor.principal_id for actor in acting)]
    organizations = [*(actor.organization_id for actor in asked), *(None for _ in acting)]
    return asked + acting, persons, organizations


def _circle_readers(events: Sequence[Event], connected: Sequence[Actor]) -> list[tuple[int, Actor]]:
    asked, persons, organizations = _by_what_each_reads(connected)
    with connection.cursor() as cursor:
        about: list[list[Any]] = [
            [event.patient_id for event in events],
            [event.data_class or "" for event in events],
            [event.sector for event in events],
            [event.restricted_to_id for event in events],
        ]
        # What is restricted is not lent either: known to himself, or not.
        himself = [actor.person_id for actor in asked], [actor.organization_id for actor in asked]
        cursor.execute(_READERS, [*about, persons, organizations, *himself])
        return [(number - 1, asked[reader - 1]) for number, reader in cursor.fetchall()]


def _relatives_reading(events: Sequence[Event], connected: Sequence[Actor]) -> list[tuple[int, Actor]]:
    asked = [actor for actor in connected if actor.kind == ActorKind.REPRESENTATIVE]
    if not asked:
        return []
    persons, users = [actor.person_id for actor in asked], [actor.user_id for actor in asked]
    # Separated from somebody, her own too: their pages may still show what was the other's.
    separated = [
        (number, event.dead_id)
        for number, event in enumerate(events)
        if isinstance(event, IdentitiesUnmerged)
    ]
    about = [*((number, event.patient_id) for number, event in enumerate(events)), *separated]
    with connection.cursor() as cursor:
        cursor.execute(_DELEGATES, [[patient_id for _, patient_id in about], persons, users])
        return [(about[number - 1][0], asked[reader - 1]) for number, reader in cursor.fetchall()]


def _may_be_told(actor: Actor) -> bool:
    return actor.kind in (ActorKind.PROFESSIONAL, ActorKind.PATIENT) and not is_support_desk(actor)


def _may_read(actor: Actor, event: Event) -> bool:
    if isinstance(event, (RecordClosed, DuplicatesChanged)):
        return False
    if event.sector and actor.kind == ActorKind.REPRESENTATIVE:
        return False
    if isinstance(event, FOR_THE_PATIENT):
        return decides_for_patient(actor)
    if event.private_to_id is not None and event.private_to_id != actor.organization_id:
        return False
    if event.private_to_person_id is not None and event.private_to_person_id != actor.person_id:
        return False
    acts_for_person = actor.kind in (ActorKind.PATIENT, ActorKind.REPRESENTATIVE)
    if event.hidden_from_patient and acts_for_person:
        return False
    if event.hidden_from_representative and actor.kind == ActorKind.REPRESENTATIVE:
        return False
    return not event.data_class or reads_class(actor, DataClass(event.data_class))

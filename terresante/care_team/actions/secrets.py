"""Who may know of a care that its sector keeps restricted: named, from a day, until withdrawn (DOMAIN.md 2.1)."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from terresante.care_team.access import SECRET_NAME
from terresante.care_team.enums import Sector
from terresante.care_team.models import CareTeamParticipant, NamedReader
from terresante.care_team.queries import open_record
from terresante.care_team.queries.limits import in_trail, sector_of
from terresante.kernel import access, audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, NotFound, Refused


@action
def name_reader(actor: Actor, record_id: UUID, *, sector: Sector, participant_id: UUID) -> NamedReader:
    """A member of the circle may know from now on: of the whole sector when the patient says so, else of what the
    actor's structure does.

    Raises Refused for a sector that is not the actor's, NotFound for who is no member, Conflict when named already.
    """
    record = open_record(actor, record_id, action=SECRET_NAME).record
    by_patient = actor.kind == ActorKind.PATIENT
    if not by_patient and sector_of(actor) != sector:
        raise Refused("Vous nommez pour votre propre suivi seulement.")
    member = CareTeamParticipant.objects.filter(
        pk=participant_id, record_id=record.pk, ended_at=None, sector=""
    ).first()
    if member is None:
        raise NotFound
    named = NamedReader(
        patient_id=record.patient_id,
        record=record,
        sector=sector,
        restricted_to_id=None if by_patient else actor.organization_id,
        practitioner_id=member.practitioner_id,
        organization_id=member.organization_id,
        named_by_name=actor.name,
        is_named_by_patient=by_patient,
    )
    try:
        with transaction.atomic():
            named.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict("Cette personne connaît déjà ce suivi.") from error
    _trace(actor, named, "named")
    return named


@action
def withdraw_name(actor: Actor, record_id: UUID, named_id: UUID) -> None:
    """At once: the next page shows nothing of it. Raises Conflict when it was withdrawn before."""
    record = open_record(actor, record_id, action=SECRET_NAME).record
    named = access.get(actor, SECRET_NAME, NamedReader, named_id)
    if named.record_id != record.pk:
        raise NotFound
    left = NamedReader.objects.filter(pk=named.pk, withdrawn_at=None).update(
        withdrawn_at=timezone.now(), withdrawn_by_name=actor.name
    )
    if not left:
        raise Conflict("Ce nom est déjà retiré.")
    _trace(actor, named, "withdrawn")


def _trace(actor: Actor, named: NamedReader, what: str) -> None:
    detail = {what: str(named.practitioner_id or named.organization_id), **in_trail(named)}
    audit.record(actor, SECRET_NAME, patient_id=named.patient_id, about=named, detail=detail)

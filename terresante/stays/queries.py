from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Prefetch, Q, QuerySet

from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor
from terresante.kernel.condition import among
from terresante.stays.access import STAY_READ
from terresante.stays.enums import EncounterStatus
from terresante.stays.models import Encounter, EncounterMovement
from terresante.stays.wording import where_now


@dataclass(frozen=True, slots=True)
class CurrentPlace:
    """« Hospitalisée à Bicêtre, cardiologie », and since when if the hospital said so."""

    text: str
    since: datetime | None


def stays_of_patient(actor: Actor, patient_id: UUID) -> QuerySet[Encounter]:
    """Current and planned first, then the most recent; each with its movements, cancelled ones included."""
    movements = (
        access.list(actor, STAY_READ, EncounterMovement, patient_id=patient_id)
        .filter(is_reported=True)
        .order_by("occurred_at", "recorded_at", "identifier")
    )
    return (
        access.list(actor, STAY_READ, Encounter, patient_id=patient_id)
        .select_related("organization")
        .prefetch_related(Prefetch("movements", queryset=movements, to_attr="told_movements"))
        .order_by(
            F("ended_at").desc(nulls_first=True), F("started_at").desc(nulls_first=True), "visit_number"
        )
    )


def current_places(actor: Actor, patient_ids: Collection[UUID]) -> dict[UUID, CurrentPlace]:
    """Where each person is now, as far as this actor may know; a hospital stay goes before a consultation.

    Who is at home, or died there, is absent.
    """
    return {
        stay.patient_id: CurrentPlace(where_now(stay), stay.started_at)
        for stay in last_stays(actor, list(patient_ids))
        if not stay.is_deceased
    }


@compiled.rows
def last_stays(actor: Actor, patient_ids: list[UUID]) -> QuerySet[Encounter]:
    """Of each person, the stay in which she died, else the one she is in."""
    stays = access.list(actor, STAY_READ, Encounter).filter(among("patient_id", patient_ids))
    return _last(stays)


@compiled.rows
def last_stay(actor: Actor, patient_id: UUID) -> QuerySet[Encounter]:
    """As `last_stays`, of one person."""
    return _last(access.list(actor, STAY_READ, Encounter, patient_id=patient_id))


def _last(stays: QuerySet[Encounter]) -> QuerySet[Encounter]:
    is_there = Q(
        class_code__in=["", "I", "E"], status__in=[EncounterStatus.IN_PROGRESS, EncounterStatus.ON_LEAVE]
    )
    return (
        stays.filter(Q(is_deceased=True) | is_there)
        .select_related("organization", "patient")
        .order_by(
            "patient_id",
            "-is_deceased",
            "-class_code",
            F("started_at").desc(nulls_last=True),
            "visit_number",
        )
        .distinct("patient_id")
    )


@compiled.rows
def movements_told(actor: Actor, ids: list[UUID]) -> QuerySet[EncounterMovement]:
    return (
        access.list(actor, STAY_READ, EncounterMovement)
        .filter(among("pk", ids))
        .select_related("patient", "encounter__organization")
        .order_by("occurred_at", "identifier")
    )

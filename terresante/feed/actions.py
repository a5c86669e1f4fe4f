"""Written by the actions of the apps above, in their transaction and under their audit row."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from terresante.care_team.enums import DataClass
from terresante.feed.enums import ALERTS, FeedKind
from terresante.feed.models import FeedItem
from terresante.kernel.actor import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    patient_id: UUID
    kind: FeedKind
    object_id: UUID
    occurred_at: datetime
    data_class: DataClass
    private_to_id: UUID | None = None
    hidden_from_patient: bool = False
    # False for an alert that comes too late to be one (DESIGN.md 6): it only enters the timeline.
    alerts: bool = True


def tell(actor: Actor, fact: Fact) -> None:
    """Adds the fact to its patient's feed; telling the same fact again changes nothing."""
    FeedItem.objects.bulk_create(
        [
            FeedItem(
                patient_id=fact.patient_id,
                kind=fact.kind,
                object_id=fact.object_id,
                occurred_at=fact.occurred_at,
                author_id=actor.user_id,
                private_to_id=fact.private_to_id,
                hidden_from_patient=fact.hidden_from_patient,
                data_class=fact.data_class,
                is_alert=fact.alerts and fact.kind in ALERTS,
            )
        ],
        ignore_conflicts=True,
    )


def revise(fact: Fact) -> None:
    """Corrects a fact already told, silently: it stays read where it was read."""
    FeedItem.objects.filter(patient_id=fact.patient_id, object_id=fact.object_id, kind=fact.kind).update(
        occurred_at=fact.occurred_at,
        private_to_id=fact.private_to_id,
        hidden_from_patient=fact.hidden_from_patient,
        is_alert=fact.alerts and fact.kind in ALERTS,
    )


def withdraw(patient_id: UUID, object_id: UUID, *kinds: str) -> int:
    """Takes back what was told of an object (all of it when no kind is named); returns how many facts."""
    facts = FeedItem.objects.filter(patient_id=patient_id, object_id=object_id)
    return facts.filter(kind__in=kinds).delete()[0] if kinds else facts.delete()[0]

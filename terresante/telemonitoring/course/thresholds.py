"""Each change of an own threshold is kept."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from terresante.care_team.queries.limits import name_in_circle
from terresante.kernel.actor import Actor
from terresante.telemonitoring.course.models import ThresholdChange
from terresante.telemonitoring.models import FollowUp


def keep(
    actor: Actor, follow_up: FollowUp, *, before: Mapping[str, Any], at: datetime | None = None
) -> dict[str, str]:
    """Writes one row for each that changed; returns their keys by name, for the audit row, which says no value: its
    readers may not read the record.
    """
    name = name_in_circle(actor, follow_up.sector)
    changed = [
        ThresholdChange(
            patient_id=follow_up.patient_id,
            follow_up_id=follow_up.pk,
            name=threshold,
            before=_exact(before.get(threshold)),
            after=_exact(follow_up.personal.get(threshold)),
            set_at=at or timezone.now(),
            set_by_id=actor.user_id,
            set_by_name=name,
        )
        for threshold in sorted({*before, *follow_up.personal})
        if before.get(threshold) != follow_up.personal.get(threshold)
    ]
    ThresholdChange.objects.bulk_create(changed)
    return {row.name: str(row.pk) for row in changed}


def _exact(value: Any) -> Decimal | None:
    """As JSON keeps it: a number, or nothing."""
    return None if value is None else Decimal(str(value))

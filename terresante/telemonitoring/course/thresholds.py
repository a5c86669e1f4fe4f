"""Each change of an own threshold is kept."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from terresante.kernel.actor import Actor
from terresante.telemonitoring.course.models import ThresholdChange
from terresante.telemonitoring.models import FollowUp


def keep(
    actor: Actor, follow_up: FollowUp, *, before: Mapping[str, Any], at: datetime | None = None
) -> dict[str, str]:
    """One row for each that changed; its key by its name, for the trail, which says no value: who reads the trail does
    not read the record.
    """
    changed = [
        ThresholdChange(
            patient_id=follow_up.patient_id,
            follow_up_id=follow_up.pk,
            name=name,
            before=_exact(before.get(name)),
            after=_exact(follow_up.personal.get(name)),
            set_at=at or timezone.now(),
            set_by_id=actor.user_id,
            set_by_name=actor.name,
        )
        for name in sorted({*before, *follow_up.personal})
        if before.get(name) != follow_up.personal.get(name)
    ]
    ThresholdChange.objects.bulk_create(changed)
    return {row.name: str(row.pk) for row in changed}


def _exact(value: Any) -> Decimal | None:
    """As JSON keeps it: a number, or nothing."""
    return None if value is None else Decimal(str(value))

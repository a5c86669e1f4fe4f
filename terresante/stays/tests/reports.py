"""A hospital of the tests and what it reports."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from terresante.directory.enums import UnitSensitivity
from terresante.directory.models import Organization, Unit
from terresante.kernel import rls
from terresante.kernel.actor import Actor, ActorKind, Channel, Purpose
from terresante.patients.models import IdentityDomain, SourceIdentity
from terresante.stays.actions import Report, ReportedMovement, apply_movements
from terresante.stays.enums import MovementAction, MovementKind
from tests.walls import walls_down

NOW = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)


class Hospital:
    def __init__(self, record, name="Hôpital Saint-Martin", *, is_psychiatric=False):
        with walls_down():
            self.organization = Organization.objects.get_or_create(
                name=name, defaults={"kind": "public_hospital", "source": "local"}
            )[0]
            self.organization.is_psychiatric = is_psychiatric
            self.organization.save()
            domain = IdentityDomain.objects.create(
                authority=f"authority of {name}", name=name, organization=self.organization
            )
            self.source = SourceIdentity.objects.create(
                domain=domain, value="P1", patient_id=record.patient_id
            )
            Unit.objects.create(organization=self.organization, code="4411", name="Cardiologie")
            Unit.objects.create(
                organization=self.organization,
                code="6001",
                name="Psychiatrie B",
                sensitivity=UnitSensitivity.PSYCHIATRY,
            )
        self.patient_id = record.patient_id
        self.actor = Actor(
            kind=ActorKind.GATEWAY,
            name=name,
            organization_id=self.organization.pk,
            organization_name=name,
            purpose=Purpose.SYSTEM,
            channel=Channel.MLLP,
        )

    def reports(self, movement, *, now=NOW):
        with rls.acting(self.actor):
            return apply_movements(self.actor, [Report(self.patient_id, self.source.pk, movement)], now=now)[
                0
            ]


def movement(kind="admission", *, hours=0, recorded=None, **changes) -> ReportedMovement:
    """A movement `hours` after 09:00 UTC of the tests' day, recorded at once unless said otherwise."""
    start = NOW - timedelta(hours=3)
    said: dict[str, Any] = {
        "visit_number": "V1",
        "action": MovementAction.INSERT,
        "trigger": "A01",
        "identifier": f"M-{kind}",
        "authority": "750000222",
        "class_code": "I",
        "unit_code": "4411",
        "message_id": UUID(int=1),
        "occurred_at": start + timedelta(hours=hours),
        "recorded_at": start + timedelta(hours=hours if recorded is None else recorded),
    }
    return ReportedMovement(kind=MovementKind(kind), **(said | changes))


def cancelled(kind, *, hours, **changes) -> ReportedMovement:
    return movement(kind, hours=hours, action=MovementAction.CANCEL, **changes)

"""Cells and follow-ups of a test: `followed` by the action, `stored_follow_up` for who stands behind the walls."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.accounts.models import User
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.patients.models import CareRecord
from terresante.questionnaires.models import PathwayVersion
from terresante.questionnaires.tests.factories import made_version, published_version
from terresante.telemonitoring.actions import Enrolled, NewFollowUp, enrol
from terresante.telemonitoring.models import (
    Alert,
    AnswerLink,
    Call,
    Cell,
    Contact,
    Expected,
    FollowUp,
    ThresholdChange,
)
from tests.walls import walls_down

SCHEDULE = """step;questionnaire;from;to;times;remind;grey;orange;red;role
matin;quotidien;D0;D20;07:00;12:00;12:00;14:00;18:00;patient
"""
SURGERY = """step;questionnaire;from;to;times;remind;grey;orange;red;role
J-7;quotidien;D-7;D-7;09:00;12:00;20:00;D-5;D-3;patient
J1;quotidien;D1;D1;09:00;12:00;14:00;16:00;18:00;patient
J30;quotidien;D30;D30;09:00;;D32;;;patient
"""
OPEN = {str(day): [["09:00", "17:00"]] for day in range(1, 8)}


def pathway(code: str = "essai-suivi", *, schedule: str = SCHEDULE, **others: str) -> PathwayVersion:
    """Published, with one questionnaire a day."""
    return published_version(code, **{"schedule.csv": schedule, **others})


def cell_of(organization_id: UUID, name: str = "Cellule de télésuivi") -> Cell:
    with walls_down():
        return made_cell(organization_id, name)


def made_cell(organization_id: UUID, name: str = "Cellule de télésuivi") -> Cell:
    cell, _ = Cell.objects.get_or_create(
        organization_id=organization_id, name=name, defaults={"opening_hours": OPEN}
    )
    return cell


def new_follow_up(version: PathwayVersion, cell: Cell, **said: Any) -> NewFollowUp:
    return NewFollowUp(
        **{
            "id": new_id(),
            "version_id": version.pk,
            "cell_id": cell.pk,
            "anchor_on": timezone.localdate(),
            "phone": "06 39 98 12 34",
            **said,
        }
    )


def followed(
    actor: Actor, record: CareRecord, cell: Cell, version: PathwayVersion | None = None, **said: Any
) -> Enrolled:
    return enrol(actor, record.pk, new_follow_up(version or pathway(), cell, **said))


def stored_follow_up(patient_id: UUID, record_id: UUID, organization_id: UUID, **values: Any) -> FollowUp:
    """With one questionnaire that waits, a link, a contact, a threshold of hers, and a red alert after a call."""
    version = made_version()
    row = FollowUp.objects.create(
        **{
            "patient_id": patient_id,
            "record_id": record_id,
            "cell": made_cell(organization_id),
            "version": version,
            "data_class": "medical",
            "anchor_on": date(2026, 11, 1),
            "enrolled_by_name": "Camille",
            **values,
        }
    )
    opens_at = timezone.now()
    expect(row, opens_at)
    AnswerLink.objects.create(
        patient_id=patient_id,
        follow_up=row,
        token_hash=row.pk.hex,
        code_hash="x",
        made_by_name="Camille",
        expires_at=opens_at + timedelta(days=9),
    )
    Contact.objects.create(
        patient_id=patient_id, record_id=record_id, follow_up=row, name="Un contact", added_by_name="Camille"
    )
    ThresholdChange.objects.create(
        patient_id=patient_id, follow_up=row, name="spo2-floor", after=88, set_by_name="Camille"
    )
    alert = Alert.objects.create(
        patient_id=patient_id,
        record_id=record_id,
        follow_up=row,
        version=version,
        kind="answer",
        colour="red",
        opened_at=opens_at,
        waits_since=opens_at,
        climbs_at=opens_at,
    )
    Call.objects.create(
        patient_id=patient_id,
        record_id=record_id,
        follow_up=row,
        alert=alert,
        at=opens_at,
        by=User.objects.earliest("pk"),
        by_name="Camille",
        result="no-answer",
    )
    return row


def expect(follow_up: FollowUp, opens_at: datetime, **values: Any) -> Expected:
    hours = {"grey_at": 5, "orange_at": 7, "red_at": 11, "remind_at": 5}
    moments = {name: opens_at + timedelta(hours=after) for name, after in hours.items()}
    return Expected.objects.create(
        **{
            "patient_id": follow_up.patient_id,
            "follow_up": follow_up,
            "step": "matin",
            "form": "quotidien",
            "role": "patient",
            "opens_at": opens_at,
            "next_reminder_at": opens_at,
            "next_colour_at": moments["grey_at"],
            **moments,
            **values,
        }
    )


def expected_of(follow_up):
    with walls_down():
        return list(Expected.objects.filter(follow_up=follow_up).order_by("opens_at"))

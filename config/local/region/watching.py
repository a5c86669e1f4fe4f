"""A cell that watches seven persons at home: one red to be taken, one taken, one to be measured again, one orange,
one silent, two green.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from config.local.region.places import Directory
from terresante.care_team.models import CareTeamParticipant
from terresante.feed.models import FeedItem
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.kernel.together import written_together
from terresante.patients.models import CareRecord
from terresante.questionnaires.actions import NewResponse, answer
from terresante.questionnaires.enums import ResponseSource
from terresante.questionnaires.events import QuestionnaireAnswered
from terresante.questionnaires.models import PathwayVersion
from terresante.telemonitoring.actions import NewFollowUp, enrol
from terresante.telemonitoring.alerts.actions import record_call, take_alert
from terresante.telemonitoring.alerts.enums import CallResult
from terresante.telemonitoring.board import colouring
from terresante.telemonitoring.cells.actions import CellEntry, add_cell
from terresante.telemonitoring.models import Cell, Expected, FollowUp

_PATHWAY = "covid-adulte"
_ADMINISTRATOR, _OPERATOR = "sauvage", "haddad"
_WELL: dict[str, Any] = {
    "temperature": Decimal("36.8"),
    "spo2": 98,
    "respiration": 16,
    "pouls": 72,
    "souffle": "none",
    "frissons": "no",
    "malaise": "no",
    "alimentation": "yes",
    "thorax": "no",
    "etat": "good",
}
# (story, who enrols, day of the symptoms, what each day says beside the rest, the latest first). A saturation of 93
# said twice within a quarter of an hour stands; said once, it is to be confirmed.
_FOLLOWED: tuple[tuple[str, str, int, tuple[tuple[float, dict[str, Any]], ...]], ...] = (
    (
        "crowd-032",
        "kerbrat",
        9,
        ((0.05, {"spo2": 92}), (0.2, {"spo2": 93}), (24, {"spo2": 95}), (48, {"spo2": 96})),
    ),
    ("crowd-007", "kerbrat", 7, ((0.5, {"souffle": "talking"}), (24, {"spo2": 97}), (48, {}))),
    (
        "crowd-004",
        "norbert",
        8,
        ((0.05, {"temperature": Decimal("39.2")}), (24, {"temperature": Decimal("37.6")})),
    ),
    ("crowd-042", "norbert", 6, ((2, {"alimentation": "difficult"}), (26, {}), (50, {}))),
    ("crowd-025", "kerbrat", 5, ((3, {}), (27, {}), (51, {}))),
    ("crowd-053", "norbert", 12, ((3, {"spo2": 97}), (27, {"spo2": 96}), (51, {"spo2": 97}))),
    ("crowd-055", "norbert", 14, ((28, {}), (52, {}))),
)
_TAKEN, _SILENT = "crowd-007", "crowd-055"


def watch_at_home(job: Actor, directory: Directory, patients: dict[str, UUID]) -> None:
    """After the pathways."""
    version = PathwayVersion.objects.get(pathway__code=_PATHWAY, status="published")
    cell = _open_cell(directory)
    for story, physician, day, answers in _FOLLOWED:
        follow_up = _enrolled(job, directory.actors[physician], patients[story], version, cell, day)
        _answer(job, follow_up, answers)
        if story == _SILENT:
            _keep_silent(job, follow_up)
        if story == _TAKEN:
            operator = directory.actors[_OPERATOR]
            take_alert(operator, follow_up.pk)
            record_call(operator, follow_up.pk, result=CallResult.NO_ANSWER)


def _open_cell(directory: Directory) -> Cell:
    entry = CellEntry(
        name="Cellule Val-de-Marne",
        territory="Val-de-Marne",
        phone="0639982050",
        on_call_name="Astreinte du Val-de-Marne",
        on_call_phone="0639982008",
        second_level_id=None,
        physician_id=None,
        lock_minutes=15,
        days_off=["2026-12-25", "2027-01-01"],
        opening_hours={str(day): [["08:00", "20:00"]] for day in range(1, 8)},
        is_active=True,
    )
    organization_id = directory.actors[_OPERATOR].organization_id
    if organization_id is None:
        raise ValueError("the operator of the cell works nowhere")
    return add_cell(directory.actors[_ADMINISTRATOR], organization_id, entry=entry)


def _enrolled(
    job: Actor, actor: Actor, patient_id: UUID, version: PathwayVersion, cell: Cell, day: int
) -> FollowUp:
    with rls.acting(job):
        rls.open_record(patient_id)
        record_id = CareRecord.objects.get(patient_id=patient_id).pk
    wanted = NewFollowUp(
        id=new_id(),
        version_id=version.pk,
        cell_id=cell.pk,
        anchor_on=timezone.localdate() - timedelta(days=day),
        status="testé positif",
        phone="06 39 98 20 77",
    )
    follow_up = enrol(actor, record_id, wanted).follow_up
    with rls.acting(job):
        rls.open_record(patient_id)
        # The region is one transaction: who comes in during it is in no circle before its end.
        joined = CareTeamParticipant.objects.filter(
            patient_id=patient_id, organization_id=cell.organization_id
        )
        joined.filter(started_at__gt=timezone.now() - timedelta(hours=1)).update(
            started_at=timezone.now() - timedelta(days=1)
        )
    return follow_up


def _answer(job: Actor, follow_up: FollowUp, answers: tuple[tuple[float, dict[str, Any]], ...]) -> None:
    now = timezone.now()
    with rls.acting(job), written_together():
        rls.open_record(follow_up.patient_id)
        rows = [
            answer(job, _response(follow_up, {**_WELL, **said}, now - timedelta(hours=hours)))
            for hours, said in reversed(answers)
        ]
        FeedItem.objects.filter(object_id__in=[row.pk for row in rows]).update(
            recorded_at=now - timedelta(days=8)
        )
        colouring.update_from(
            [
                QuestionnaireAnswered(
                    patient_id=row.patient_id, object_id=row.pk, follow_up_id=follow_up.pk, colour=row.colour
                )
                for row in rows
            ]
        )


def _response(follow_up: FollowUp, said: dict[str, Any], at: datetime) -> NewResponse:
    return NewResponse(
        id=new_id(),
        record_id=follow_up.record_id,
        version_id=follow_up.version_id,
        form="quotidien",
        answers=said,
        source=ResponseSource.LINK,
        authored_at=at,
        follow_up_id=follow_up.pk,
        respondent_name="La personne",
        patient_id=follow_up.patient_id,
    )


def _keep_silent(job: Actor, follow_up: FollowUp) -> None:
    """Asked this morning; the worker finds that nobody answered.

    Whatever the hour: what the schedule itself asks around now has its own colours, at its own hours.
    """
    now = timezone.now()
    with rls.acting(job):
        rls.open_record(follow_up.patient_id)
        around = Expected.objects.filter(follow_up=follow_up, opens_at__lte=now + timedelta(hours=12))
        around.update(next_reminder_at=None, next_colour_at=None)
        Expected.objects.create(
            patient_id=follow_up.patient_id,
            follow_up=follow_up,
            step="matin",
            form="quotidien",
            role="patient",
            opens_at=now - timedelta(hours=6),
            grey_at=now - timedelta(hours=1),
            orange_at=now + timedelta(hours=9),
            next_colour_at=now - timedelta(hours=1),
        )

"""Madame Isidore answers from home by her own account, Madame Tessier by a link: three days well, and a questionnaire
that waits for each today.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from config.local.region.places import Directory
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
from terresante.telemonitoring.board import colouring
from terresante.telemonitoring.cells.actions import CellEntry, add_cell
from terresante.telemonitoring.enums import ExpectedState
from terresante.telemonitoring.models import Cell, Expected, FollowUp

_PATHWAY, _FORM = "insuffisance-cardiaque", "quotidien"
_STRUCTURE, _ADMINISTRATOR = "ssiad", "sauvage"
# (story, who enrols, telephone)
_FOLLOWED = (("isidore", "georges", "06 39 98 20 78"), ("crowd-003", "norbert", "06 39 98 20 79"))
_WELL: dict[str, Any] = {
    "souffle": "usual",
    "oedemes": "none",
    "fatigue": "usual",
    "systolique": 128,
    "diastolique": 74,
    "pouls": 71,
    "malaise": False,
    "thorax": False,
    "traitement": "yes",
}
_WEIGHTS = ((3, "64.2"), (2, "64.4"), (1, "64.1"))


def answer_from_home(job: Actor, directory: Directory, patients: dict[str, UUID]) -> None:
    """After the pathways and their first cell."""
    version = PathwayVersion.objects.get(pathway__code=_PATHWAY, status="published")
    cell = _open_cell(directory)
    for story, physician, phone in _FOLLOWED:
        with rls.acting(job):
            rls.open_record(patients[story])
            record = CareRecord.objects.select_related("patient").get(patient_id=patients[story])
        wanted = NewFollowUp(
            id=new_id(),
            version_id=version.pk,
            cell_id=cell.pk,
            anchor_on=timezone.localdate(),
            phone=phone,
            criteria=version.read().meant.criteria,
        )
        follow_up = enrol(directory.actors[physician], record.pk, wanted).follow_up
        _tell_three_days(job, follow_up, str(record.patient))
        _open_today(job, follow_up)


def _open_cell(directory: Directory) -> Cell:
    entry = CellEntry(
        name="Cellule des cœurs à domicile",
        territory="Vitry et Ivry",
        phone="0639982060",
        on_call_name="Astreinte du SSIAD",
        on_call_phone="0639982061",
        second_level_id=None,
        physician_id=None,
        lock_minutes=15,
        days_off=[],
        opening_hours={str(day): [["00:00", "24:00"]] for day in range(1, 8)},
        is_active=True,
    )
    structure = directory.organizations[_STRUCTURE]
    return add_cell(directory.actors[_ADMINISTRATOR], structure.pk, entry=entry)


def _tell_three_days(job: Actor, follow_up: FollowUp, name: str) -> None:
    now = timezone.now()
    with rls.acting(job), written_together():
        rls.open_record(follow_up.patient_id)
        rows = [
            answer(job, _response(follow_up, name, Decimal(weight), now - timedelta(days=days)))
            for days, weight in _WEIGHTS
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


def _response(follow_up: FollowUp, name: str, weight: Decimal, at: datetime) -> NewResponse:
    return NewResponse(
        id=new_id(),
        record_id=follow_up.record_id,
        version_id=follow_up.version_id,
        form=_FORM,
        answers={**_WELL, "poids": weight},
        source=ResponseSource.LINK,
        authored_at=at,
        follow_up_id=follow_up.pk,
        respondent_name=name,
        patient_id=follow_up.patient_id,
    )


def _open_today(job: Actor, follow_up: FollowUp) -> None:
    """Whatever the hour of the loading, the first one is open, and the next ones are not."""
    now = timezone.now()
    with rls.acting(job):
        rls.open_record(follow_up.patient_id)
        # Loaded in the evening, what was told the evening before has answered the one of this morning.
        waiting = Expected.objects.filter(follow_up=follow_up, role="patient", state=ExpectedState.WAITING)
        first, *others = waiting.order_by("opens_at", "pk")
        first.opens_at, first.orange_at = now - timedelta(minutes=40), now + timedelta(hours=11)
        first.grey_at = first.remind_at = now + timedelta(hours=7)
        first.save(update_fields=["opens_at", "orange_at", "grey_at", "remind_at"])
        late = [one.pk for one in others if one.opens_at <= now + timedelta(hours=12)]
        Expected.objects.filter(pk__in=late).update(opens_at=now + timedelta(hours=20))

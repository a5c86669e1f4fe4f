"""A cell, its patient, and what arrives: behind the actions, for what the board makes of it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.directory.enums import Profession
from terresante.directory.models import Organization
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.together import written_together
from terresante.patients.models import CareRecord
from terresante.questionnaires.events import QuestionnaireAnswered
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.questionnaires.tests.factories import made_version, stored_response
from terresante.telemonitoring.alerts import raising
from terresante.telemonitoring.board import colouring
from terresante.telemonitoring.models import Alert, Cell, Expected, FollowUp
from tests.cast import Cast, join, professional
from tests.walls import walls_down

ALWAYS = {str(day): [["00:00", "24:00"]] for day in range(1, 8)}
FEVER = {
    "rule": "temperature",
    "item": "temperature",
    "label": "Température",
    "value": "39,2 °C",
    "colour": "red",
    "threshold": "≥ 39,0",
    "remeasure": True,
    "number": "39.2",
}


def operators(cast: Cast) -> tuple[Actor, Actor]:
    """Two nurses of the structure that has the cell: Madeleine's, by the structure alone."""
    dac = Organization.objects.get(pk=_place(cast.colin))
    return professional("awa", Profession.NURSE, dac), professional("bruno", Profession.NURSE, dac)


def make_cell(actor: Actor, name: str = "Cellule Est", **told: Any) -> Cell:
    """Of the structure that this actor works for, open day and night."""
    values: dict[str, Any] = {"opening_hours": ALWAYS, "on_call_phone": "+33612345678", **told}
    return Cell.objects.create(organization_id=_place(actor), name=name, **values)


def _place(actor: Actor) -> UUID:
    assert actor.organization_id is not None
    return actor.organization_id


def make_follow_up(record: CareRecord, cell: Cell, **told: Any) -> FollowUp:
    values: dict[str, Any] = {
        "version": made_version(),
        "data_class": "medical",
        "anchor_on": timezone.localdate() - timedelta(days=9),
        "enrolled_by_name": "la distribution",
        "colour": "green",
        **told,
    }
    return FollowUp.objects.create(patient_id=record.patient_id, record=record, cell=cell, **values)


def followed(cast: Cast, **told: Any) -> FollowUp:
    """Madeleine, by the cell of the DAC, which is in her circle."""
    with walls_down():
        return make_follow_up(cast.madeleine_record, make_cell(cast.colin, **told))


def others_followed(cast: Cast) -> FollowUp:
    """Léon, by the cell of the practice next door."""
    with walls_down():
        join(cast.leon_record, organization_id=cast.brun.organization_id)
        return make_follow_up(cast.leon_record, make_cell(cast.brun, "Cellule du Canal"))


def answer(
    follow_up: FollowUp, colour: str = "red", *, told: bool = True, **values: Any
) -> QuestionnaireResponse:
    """As a handler hears of it."""
    fired = values.pop("fired", [FEVER] if colour == "red" else [])
    with walls_down():
        response = stored_response(
            follow_up.patient_id,
            follow_up.record_id,
            follow_up_id=follow_up.pk,
            version=follow_up.version,
            colour=colour,
            fired=fired,
            **values,
        )
    if told:
        hear(follow_up, response)
    return response


def hear(follow_up: FollowUp, response: QuestionnaireResponse) -> None:
    event = QuestionnaireAnswered(
        patient_id=follow_up.patient_id,
        object_id=response.pk,
        follow_up_id=follow_up.pk,
        colour=response.colour,
    )
    with rls.acting(Actor.job("tests")), written_together():
        colouring.update_from([event])


def silence(follow_up: FollowUp, colour: str = "orange") -> Expected:
    with walls_down():
        expected = Expected.objects.create(
            patient_id=follow_up.patient_id,
            follow_up=follow_up,
            step="matin",
            form="quotidien",
            role="patient",
            opens_at=timezone.now() - timedelta(hours=5),
            silence=colour,
        )
        FollowUp.objects.filter(pk=follow_up.pk).update(
            silence_colour=colour,
            colour=colour,
            late=True,
            reason={"kind": "silence", "expected": str(expected.pk), "form": "quotidien"},
        )
    if colour != "grey":
        with rls.acting(Actor.job("tests")), written_together():
            raising.open_for_silences([expected], colour)
    return expected


def pass_time(now: datetime) -> None:
    """As the worker does, each second."""
    with rls.acting(Actor.job("tests")), written_together():
        raising.stand_unconfirmed(now)
        raising.climb(now)


def alert_of(follow_up: FollowUp) -> Alert:
    with walls_down():
        return Alert.objects.filter(follow_up=follow_up).latest("opened_at")


def row_of(follow_up: FollowUp) -> FollowUp:
    with walls_down():
        return FollowUp.objects.get(pk=follow_up.pk)

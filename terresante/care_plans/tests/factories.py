"""A programme of article 51 for heart failure, and who is in it, for the tests of every app."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.care_plans import actions, programme_actions
from terresante.care_plans.actions import NewInclusion
from terresante.care_plans.definition import Bounds, Bundle, Definition, PlannedAct
from terresante.care_plans.enums import ChangeKind, LegalGround, VersionStatus
from terresante.care_plans.models import (
    BillableSequence,
    Inclusion,
    InvoiceBatch,
    PathwayChange,
    PlannedStep,
    Programme,
    ProgrammeVersion,
)
from terresante.care_plans.programme_actions import General
from terresante.care_team.enums import DataClass
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.patients.models import CareRecord, Patient

CRITERION = "Hospitalisée pour insuffisance cardiaque dans les six derniers mois"
GENERAL = General(
    title="Insuffisance cardiaque",
    legal_ground=LegalGround.ARTICLE_51,
    data_class=DataClass.CARE,
    criteria=(CRITERION,),
    bounds=Bounds(age_from=18),
    included_by=("physician", "nurse"),
)
STEPS = (
    PlannedAct(key="", title="Consultation d’annonce", role="physician", delay=7),
    PlannedAct(key="", title="Visite à domicile", role="nurse", delay=14, after="e1"),
    PlannedAct(key="", title="Bilan à trois mois", role="nurse", delay=90),
)
SEQUENCES = (
    Bundle(key="", label="Forfait d’entrée", steps=("e1", "e2"), fee=15050),
    Bundle(key="", label="Forfait de suivi", steps=("e3",), fee=9000, times=2),
)


def lead_of(actor: Actor) -> Actor:
    return replace(actor, duties=frozenset({"programme_lead"}))


def published(lead: Actor, **said: Any) -> Programme:
    """As the screens make one: three steps, two sequences, in force."""
    with rls.acting(lead):
        programme = programme_actions.create_programme(lead, general=replace(GENERAL, **said))
        for step in STEPS:
            programme_actions.keep_step(lead, programme.pk, key="", step=step)
        for sequence in SEQUENCES:
            programme_actions.keep_sequence(lead, programme.pk, key="", sequence=sequence)
        programme_actions.publish(lead, programme.pk)
    return programme


def included(actor: Actor, record: CareRecord, programme: Programme, *, days_ago: int = 0) -> Inclusion:
    version = ProgrammeVersion.objects.get(programme_id=programme.pk, status="active")
    new = NewInclusion(
        programme_id=programme.pk,
        version_id=version.pk,
        ticked=version.read().criteria,
        included_on=timezone.localdate() - timedelta(days=days_ago),
    )
    with rls.acting(actor):
        return actions.include(actor, record.pk, new=new)


def row_in_programme(patient: Patient, record: CareRecord, **kept: Any) -> Inclusion:
    """Behind the walls, with what hangs on it; `kept`: organization_id, author, limits, reference."""
    organization_id: UUID = kept.pop("organization_id")
    title: str = kept.pop("title", "Essai")
    definition = Definition(steps=(PlannedAct(key="e1", title=title, role="nurse", delay=30),))
    programme = Programme.objects.create(
        organization_id=organization_id,
        title=title,
        legal_ground=LegalGround.NONE,
        data_class=kept["data_class"],
    )
    version = ProgrammeVersion.objects.create(
        programme=programme,
        number=1,
        definition=definition.as_json(),
        made_by_name="Camille",
        status=VersionStatus.PUBLISHED,
        published_at=timezone.now(),
    )
    inclusion = Inclusion.objects.create(
        patient=patient,
        record=record,
        programme=programme,
        version=version,
        included_on=timezone.localdate(),
        author_name="Camille",
        author_role="Médecin",
        organization_name="Structure",
        **{"reference": new_id().hex[-12:], **kept},
    )
    PathwayChange.objects.create(
        patient=patient, inclusion=inclusion, kind=ChangeKind.INCLUDED, by_name="Camille"
    )
    batch = InvoiceBatch.objects.create(
        programme=programme,
        number=1,
        until=timezone.localdate(),
        sequences=1,
        total=15000,
        made_at=timezone.now(),
        made_by_name="Camille",
    )
    BillableSequence.objects.create(
        patient=patient,
        inclusion=inclusion,
        programme=programme,
        key="s1",
        label=title,
        fee=15000,
        completed_on=timezone.localdate(),
        batch=batch,
    )
    return inclusion


def row_of_step(inclusion: Inclusion, title: str, due_on: date | None = None, **kept: Any) -> PlannedStep:
    return PlannedStep.objects.create(
        patient_id=inclusion.patient_id,
        record_id=inclusion.record_id,
        inclusion=inclusion,
        key="e1",
        position=0,
        title=title,
        role="nurse",
        due_on=due_on or timezone.localdate() - timedelta(days=3),
        **kept,
    )

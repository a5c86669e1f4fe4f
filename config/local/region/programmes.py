"""A programme of article 51 as its project lead wrote it, eight persons in it, two of whom something is late for."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from config.local.region.places import Directory
from config.local.region.records import Times
from simulators.region.model import Moment
from terresante.care_plans.actions import NewInclusion, include
from terresante.care_plans.definition import Bounds, Bundle, PlannedAct
from terresante.care_plans.enums import LegalGround
from terresante.care_plans.models import Inclusion, PlannedStep, ProgrammeVersion
from terresante.care_plans.programme_actions import (
    General,
    create_programme,
    invoice,
    keep_sequence,
    keep_step,
    publish,
)
from terresante.care_plans.step_actions import do_step
from terresante.care_team.enums import DataClass
from terresante.feed.models import FeedItem
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.patients.models import CareRecord

_LEAD = "haddad"
_GENERAL = General(
    title="Insuffisance cardiaque, retour à domicile",
    legal_ground=LegalGround.ARTICLE_51,
    data_class=DataClass.CARE,
    summary="Trois mois d’accompagnement après une hospitalisation, pour éviter la suivante.",
    criteria=(
        "Hospitalisation pour insuffisance cardiaque dans les six derniers mois",
        "Retour au domicile, ou chez un proche",
        "La personne est informée de l’expérimentation et l’accepte",
    ),
    bounds=Bounds(age_from=18, places=("94", "75", "91", "95")),
    included_by=("physician", "nurse"),
)
# (title, role, days after the inclusion)
_STEPS = (
    ("Appel après la sortie", "nurse", 2),
    ("Consultation du médecin traitant", "physician", 7),
    ("Visite à domicile : poids, œdèmes, essoufflement", "nurse", 14),
    ("Bilan partagé de médication", "pharmacist", 30),
    ("Bilan à trois mois", "physician", 90),
)
_SEQUENCES = (
    Bundle(key="", label="Retour à domicile", steps=("e1", "e2", "e3"), fee=18_000),
    Bundle(key="", label="Bilan de médication", steps=("e4",), fee=6_000),
    Bundle(key="", label="Suivi trimestriel", steps=("e5",), fee=12_000, times=4),
)
# (story, who includes, the physician of the circle, days ago, steps done on their day). The visit of the first, the
# consultation of the fifth are late.
_INCLUDED = (
    ("isidore", "marie", "norbert", 24, 2),
    ("crowd-000", "marie", "kerbrat", 75, 4),
    ("crowd-120", "marie", "kerbrat", 40, 4),
    ("crowd-160", "marie", "caussade", 20, 3),
    ("crowd-200", "marie", "norbert", 12, 1),
    ("crowd-280", "marie", "norbert", 100, 5),
    ("crowd-320", "marie", "caussade", 5, 1),
    ("crowd-080", "pasquali", "norbert", 1, 0),
)
_PHARMACIST = "benali"


def run_a_programme(job: Actor, directory: Directory, patients: dict[str, UUID], times: Times) -> None:
    lead = directory.actors[_LEAD]
    programme = create_programme(lead, general=_GENERAL)
    for title, role, delay in _STEPS:
        step = PlannedAct(key="", title=title, role=role, delay=delay)
        keep_step(lead, programme.pk, key="", step=step)
    for sequence in _SEQUENCES:
        keep_sequence(lead, programme.pk, key="", sequence=sequence)
    version = publish(lead, programme.pk)
    for story, nurse, physician, days, done in _INCLUDED:
        who = {"nurse": nurse, "physician": physician, "pharmacist": _PHARMACIST}
        by_role = {role: directory.actors[key] for role, key in who.items()}
        inclusion = _included(job, by_role["nurse"], patients[story], version, days)
        _advance(job, by_role, inclusion, done)
        _put_back(job, inclusion, times, days)
    invoice(lead, programme.pk, until=timezone.localdate() - timedelta(days=30))


def _included(job: Actor, actor: Actor, patient_id: UUID, version: ProgrammeVersion, days: int) -> Inclusion:
    with rls.acting(job):
        rls.open_record(patient_id)
        record_id = CareRecord.objects.get(patient_id=patient_id).pk
    new = NewInclusion(
        programme_id=version.programme_id,
        version_id=version.pk,
        ticked=_GENERAL.criteria,
        included_on=timezone.localdate() - timedelta(days=days),
    )
    return include(actor, record_id, new=new)


def _advance(job: Actor, by_role: dict[str, Actor], inclusion: Inclusion, done: int) -> None:
    with rls.acting(job):
        rls.open_record(inclusion.patient_id)
        steps = list(PlannedStep.objects.filter(inclusion_id=inclusion.pk).order_by("position"))
    for step in steps[:done]:
        do_step(by_role[step.role], inclusion.record_id, step.pk, on=step.due_on)


def _put_back(job: Actor, inclusion: Inclusion, times: Times, days: int) -> None:
    """Told in its time: nobody finds it new on the first day."""
    at = times.at(Moment(days=max(days, 3), hour=11, minute=30))
    with rls.acting(job):
        rls.open_record(inclusion.patient_id)
        FeedItem.objects.filter(object_id=inclusion.pk).update(occurred_at=at, recorded_at=at)

"""What the circle does in the organised pathway of one person."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.care_plans.access import (
    INCLUSION_LEAVE,
    INCLUSION_READ,
    INCLUSION_WRITE,
    PROGRAMME_READ,
)
from terresante.care_plans.definition import Definition, Person, PlannedAct, unmet
from terresante.care_plans.due_dates import due_dates
from terresante.care_plans.enums import (
    ChangeKind,
    InclusionState,
    LeaveReason,
    StepState,
    VersionStatus,
)
from terresante.care_plans.events import PatientIncluded, ProgrammeLeft
from terresante.care_plans.models import (
    Inclusion,
    PathwayChange,
    PlannedStep,
    Programme,
    ProgrammeVersion,
)
from terresante.care_team import matrix
from terresante.care_team.access import writes_class
from terresante.care_team.enums import DataClass
from terresante.care_team.queries import covers, open_record
from terresante.care_team.queries.limits import limits_on, limits_unasked, name_in_circle, sector_of
from terresante.feed.actions import Fact, tell
from terresante.feed.enums import FeedKind
from terresante.kernel import access, audit, together
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import emit
from terresante.patients.models import CareRecord

# Somebody included on paper is entered afterwards.
EARLIEST = timedelta(days=366)
# Without the letters and digits that are taken for one another.
_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInclusion:
    """`version_id`: the one whose criteria were read; `ticked`: the sentences that the professional vouches for."""

    programme_id: UUID
    version_id: UUID
    ticked: tuple[str, ...]
    included_on: date


@action
def include(actor: Actor, record_id: UUID, *, new: NewInclusion) -> Inclusion:
    """Raises Refused for who may not include in it, Invalid with each criterion that is not met, Conflict when the
    programme changed meanwhile, is closed, or has the person already."""
    record = open_record(actor, record_id, action=INCLUSION_WRITE).record
    access.get(actor, INCLUSION_WRITE, CareRecord, record_id, lock=True)
    programme = access.get(actor, PROGRAMME_READ, Programme, new.programme_id, related=("organization",))
    version = _version_read(programme, new.version_id)
    definition = version.read()
    _check_who(actor, record, programme, definition)
    _check_criteria(record, definition, new)
    already = access.list(actor, INCLUSION_READ, Inclusion, patient_id=record.patient_id)
    if already.filter(programme_id=programme.pk, state=InclusionState.ACTIVE).exists():
        raise Conflict("La personne est déjà dans ce programme.")
    inclusion = _inclusion(actor, record, programme, version, new)
    plan(inclusion, definition.steps, new.included_on, position=0)
    tell_joined(actor, inclusion)
    trace(actor, INCLUSION_WRITE, inclusion, programme=str(programme.pk), version=version.number)
    return inclusion


def _version_read(programme: Programme, version_id: UUID) -> ProgrammeVersion:
    version = ProgrammeVersion.objects.filter(
        programme_id=programme.pk, status=VersionStatus.PUBLISHED
    ).first()
    if version is None or not programme.is_open:
        raise Conflict("Ce programme est fermé aux inclusions.")
    if version.pk != version_id:
        raise Conflict(
            "Le programme a changé pendant votre lecture : relisez ses critères, puis recommencez."
        )
    return version


def _check_who(actor: Actor, record: CareRecord, programme: Programme, definition: Definition) -> None:
    data_class = DataClass(programme.data_class)
    if matrix.group_of(actor.role) not in definition.included_by or not writes_class(actor, data_class):
        raise Refused("Votre profession n’inclut pas dans ce programme.")
    if not covers(actor, record.patient_id, data_class):
        raise Refused(f"La personne n’a pas consenti pour « {data_class.label} » : demandez-lui d’abord.")
    structure = programme.organization
    sector = matrix.organization_sector(structure.kind, structure.is_psychiatric)
    if sector and sector != sector_of(actor):
        raise Refused("Seul un professionnel de psychiatrie ou d’addictologie inclut dans ce programme.")


def _check_criteria(record: CareRecord, definition: Definition, new: NewInclusion) -> None:
    today, patient = timezone.localdate(), record.patient
    if not today - EARLIEST <= new.included_on <= today:
        sentence = "L’inclusion date d’aujourd’hui, ou d’un an au plus."
        raise Invalid(sentence, fields={"included_on": sentence})
    person = Person(birth_date=patient.birth_date, sex=patient.sex, postal_code=patient.postal_code)
    missing = unmet(definition, person, new.ticked, today=new.included_on)
    if missing:
        raise Invalid(
            f"La personne ne peut pas être incluse. {' '.join(missing)}",
            fields={f"criterion-{number}": one for number, one in enumerate(missing)},
        )


def _inclusion(
    actor: Actor, record: CareRecord, programme: Programme, version: ProgrammeVersion, new: NewInclusion
) -> Inclusion:
    return written(
        actor,
        record,
        programme=programme,
        version=version,
        included_on=new.included_on,
        criteria=list(new.ticked),
        data_class=programme.data_class,
        **asdict(limits_unasked(actor, record)),
    )


def written(actor: Actor, record: CareRecord, **kept: Any) -> Inclusion:
    if actor.person_id is None:
        raise Refused("Seul un professionnel rattaché à une structure inclut dans un programme.")
    inclusion = Inclusion(
        patient=record.patient,
        record=record,
        reference=_reference(),
        author_id=actor.person_id,
        author_name=actor.name,
        author_role=actor.role_label,
        organization_name=actor.organization_name,
        **kept,
    )
    together.insert([inclusion])
    return inclusion


def _reference() -> str:
    """Fifty bits drawn: it says nothing of the person, and is not guessed."""
    return "-".join("".join(secrets.choice(_SIGNS) for _ in range(5)) for _ in range(2))


def plan(
    inclusion: Inclusion, steps: Sequence[PlannedAct], start: date, *, position: int, number: int = 1
) -> None:
    """`number`: of the round. Steps already planned for it stay as they are."""
    due = due_dates(tuple(steps), start)
    limits = asdict(limits_on(inclusion))
    rows = [
        PlannedStep(
            patient_id=inclusion.patient_id,
            record_id=inclusion.record_id,
            inclusion_id=inclusion.pk,
            key=step.key,
            round=number,
            position=position + place,
            title=step.title,
            role=step.role,
            form=step.form,
            due_on=due[step.key],
            data_class=inclusion.data_class,
            **limits,
        )
        for place, step in enumerate(steps)
    ]
    together.insert(rows, or_ignore=True)


@action
def leave_programme(
    actor: Actor, record_id: UUID, inclusion_id: UUID, *, because: LeaveReason, on: date, words: str = ""
) -> Inclusion:
    """What remained to do is abandoned; what was done stays, and is billed."""
    record = open_record(actor, record_id, action=INCLUSION_READ).record
    inclusion = access.get(actor, INCLUSION_LEAVE, Inclusion, inclusion_id, lock=True)
    of_record(record, inclusion)
    if inclusion.state == InclusionState.LEFT:
        already = (
            "La personne est déjà sortie de ce programme."
            if inclusion.programme_id
            else "Ce plan est déjà clos."
        )
        raise Conflict(already)
    if not inclusion.included_on <= on <= timezone.localdate():
        sentence = "La sortie date d’entre l’inclusion et aujourd’hui."
        raise Invalid(sentence, fields={"on": sentence})
    if because == LeaveReason.OTHER and not words.strip():
        raise Invalid("Dites pourquoi.", fields={"words": "Dites pourquoi, en quelques mots."})
    inclusion.state, inclusion.left_on, inclusion.left_because = InclusionState.LEFT, on, because
    inclusion.save(update_fields=["state", "left_on", "left_because"])
    waiting = PlannedStep.objects.filter(patient_id=inclusion.patient_id, inclusion_id=inclusion.pk)
    waiting.filter(state=StepState.PLANNED).update(state=StepState.CANCELLED)
    said = " : ".join(part for part in (because.label, words.strip()) if part)
    changed(actor, inclusion, ChangeKind.LEFT, words=said[:300], after_on=on)
    tell(actor, _fact(inclusion, FeedKind.PROGRAMME_LEFT))
    emit(actor, ProgrammeLeft(**inclusion.told()))
    trace(actor, INCLUSION_LEAVE, inclusion, because=because.value)
    return inclusion


def of_record(record: CareRecord, inclusion: Inclusion) -> None:
    if inclusion.record_id != record.pk:
        raise NotFound


def tell_joined(actor: Actor, inclusion: Inclusion) -> None:
    changed(actor, inclusion, ChangeKind.INCLUDED, after_on=inclusion.included_on)
    tell(actor, _fact(inclusion, FeedKind.PROGRAMME_JOINED))
    emit(actor, PatientIncluded(**inclusion.told()))


def changed(actor: Actor, inclusion: Inclusion, kind: ChangeKind, **said: Any) -> None:
    name = name_in_circle(actor, inclusion.sector)
    is_named = name == actor.name
    PathwayChange.objects.create(
        patient_id=inclusion.patient_id,
        inclusion_id=inclusion.pk,
        kind=kind,
        by_name=name,
        by_role=actor.role_label if is_named else "",
        organization_name=actor.organization_name if is_named else "",
        **said,
    )


def trace(actor: Actor, what: Action, inclusion: Inclusion, **detail: Any) -> None:
    kept = {**detail, **limits_on(inclusion).in_trail}
    audit.record(actor, what, patient_id=inclusion.patient_id, about=inclusion, detail=kept)


def _fact(inclusion: Inclusion, kind: FeedKind) -> Fact:
    return Fact(kind=kind, occurred_at=timezone.now(), **inclusion.told())

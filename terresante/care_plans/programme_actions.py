"""What the project leads of a structure do: define a programme, publish it, bill its sequences. No patient is named."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.care_plans.access import PROGRAMME_MANAGE, SEQUENCES_INVOICE, SEQUENCES_READ, require_lead
from terresante.care_plans.definition import (
    EVERYBODY,
    Bounds,
    Bundle,
    Definition,
    PlannedAct,
    cycle,
    faults,
    next_key,
    with_sequence,
    with_step,
)
from terresante.care_plans.enums import MOST_SEQUENCES, MOST_STEPS, LegalGround, VersionStatus
from terresante.care_plans.models import InvoiceBatch, Programme, ProgrammeVersion
from terresante.care_team.enums import DataClass
from terresante.kernel import access, audit, sql
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class General:
    """What a programme says besides its steps; `data_class`: who reads that somebody is in it."""

    title: str
    legal_ground: LegalGround
    data_class: DataClass
    summary: str = ""
    criteria: tuple[str, ...] = ()
    bounds: Bounds = EVERYBODY
    included_by: tuple[str, ...] = ()


@action
def create_programme(actor: Actor, *, general: General) -> Programme:
    """In charge: the structure one works in. Raises Refused for anybody but its project leads."""
    require_lead(actor)
    if actor.organization_id is None:
        raise Refused("Un programme est tenu par une structure.")
    programme = Programme.objects.create(
        organization_id=actor.organization_id,
        title=general.title,
        legal_ground=general.legal_ground,
        data_class=general.data_class,
    )
    _draft(actor, programme, _said(Definition(), general), number=1)
    _trace(actor, programme, what="created")
    return programme


@action
def change_general(actor: Actor, programme_id: UUID, *, general: General) -> Programme:
    """Changes the draft. Who reads an inclusion was chosen when the programme began, and is not changed here."""
    programme, draft = _editing(actor, programme_id)
    programme.title, programme.legal_ground = general.title, general.legal_ground
    programme.save(update_fields=["title", "legal_ground"])
    _keep(draft, _said(draft.read(), general))
    _trace(actor, programme, what="general")
    return programme


def _said(definition: Definition, general: General) -> Definition:
    return replace(
        definition,
        summary=general.summary,
        criteria=general.criteria,
        bounds=general.bounds,
        included_by=general.included_by or definition.included_by,
    )


@action
def keep_step(actor: Actor, programme_id: UUID, *, key: str, step: PlannedAct) -> PlannedAct:
    """Adds a step, or changes the one of that key. Raises Invalid when steps would wait for one another."""
    programme, draft = _editing(actor, programme_id)
    definition = draft.read()
    if key and definition.step(key) is None:
        raise NotFound
    if not key and len(definition.steps) >= MOST_STEPS:
        raise Conflict(f"Un programme compte {MOST_STEPS} étapes au plus.")
    kept = replace(step, key=key or next_key([one.key for one in definition.steps], "e"))
    changed = with_step(definition, kept)
    waiting = cycle(changed.steps)
    if waiting:
        named = " → ".join(f"« {changed.title_of(one)} »" for one in waiting)
        sentence = f"Ces étapes s’attendraient l’une l’autre : {named}. Comptez celle-ci autrement."
        raise Invalid(sentence, fields={"after": sentence})
    _keep(draft, changed)
    _trace(actor, programme, what="step")
    return kept


@action
def remove_step(actor: Actor, programme_id: UUID, *, key: str) -> None:
    """Raises Conflict when a step or a sequence still needs it, naming it."""
    programme, draft = _editing(actor, programme_id)
    definition = draft.read()
    if definition.step(key) is None:
        raise NotFound
    needed = [f"l’étape « {one.title} »" for one in definition.steps if one.after == key]
    needed += [f"la séquence « {one.label} »" for one in definition.sequences if key in one.steps]
    if needed:
        raise Conflict(f"Cette étape sert à {', à '.join(needed)} : changez-les d’abord.")
    _keep(draft, replace(definition, steps=tuple(one for one in definition.steps if one.key != key)))
    _trace(actor, programme, what="step_removed")


@action
def keep_sequence(actor: Actor, programme_id: UUID, *, key: str, sequence: Bundle) -> Bundle:
    programme, draft = _editing(actor, programme_id)
    definition = draft.read()
    if key and definition.sequence(key) is None:
        raise NotFound
    if not key and len(definition.sequences) >= MOST_SEQUENCES:
        raise Conflict(f"Un programme compte {MOST_SEQUENCES} séquences au plus.")
    kept = replace(sequence, key=key or next_key([one.key for one in definition.sequences], "s"))
    _keep(draft, with_sequence(definition, kept))
    _trace(actor, programme, what="sequence")
    return kept


@action
def remove_sequence(actor: Actor, programme_id: UUID, *, key: str) -> None:
    programme, draft = _editing(actor, programme_id)
    definition = draft.read()
    if definition.sequence(key) is None:
        raise NotFound
    left = tuple(one for one in definition.sequences if one.key != key)
    _keep(draft, replace(definition, sequences=left))
    _trace(actor, programme, what="sequence_removed")


@action
def publish(actor: Actor, programme_id: UUID) -> ProgrammeVersion:
    """The draft is the version in force from now on; those already in the programme stay on their version."""
    programme, draft = _editing(actor, programme_id)
    lacking = faults(draft.read())
    if lacking:
        many = f"{len(lacking)} points sont" if len(lacking) > 1 else "un point est"
        raise Invalid(f"Le programme n’est pas publié : {many} à corriger.")
    versions = ProgrammeVersion.objects.filter(programme_id=programme.pk)
    versions.filter(status=VersionStatus.PUBLISHED).update(status=VersionStatus.RETIRED)
    draft.status = VersionStatus.PUBLISHED
    draft.published_at, draft.published_by_name = timezone.now(), actor.name
    draft.save(update_fields=["status", "published_at", "published_by_name"])
    _trace(actor, programme, what="published", version=draft.number)
    return draft


@action
def start_version(actor: Actor, programme_id: UUID) -> ProgrammeVersion:
    """Begins a draft as a copy of the version in force. Raises Conflict when there is a draft already."""
    programme = access.get(actor, PROGRAMME_MANAGE, Programme, programme_id, lock=True)
    versions = list(ProgrammeVersion.objects.filter(programme_id=programme.pk).order_by("number"))
    if any(one.status == VersionStatus.DRAFT for one in versions):
        raise Conflict("Une nouvelle version est déjà en préparation : terminez-la d’abord.")
    latest = versions[-1]
    draft = _draft(actor, programme, latest.read(), number=latest.number + 1)
    _trace(actor, programme, what="draft", version=draft.number)
    return draft


@action
def open_to_inclusions(actor: Actor, programme_id: UUID, *, is_open: bool) -> Programme:
    """A closed programme includes nobody more; those who are in it go on."""
    programme = access.get(actor, PROGRAMME_MANAGE, Programme, programme_id, lock=True)
    programme.is_open = is_open
    programme.save(update_fields=["is_open"])
    _trace(actor, programme, what="opened" if is_open else "closed")
    return programme


@action
def invoice(actor: Actor, programme_id: UUID, *, until: date) -> InvoiceBatch:
    """Puts in one batch every sequence complete by `until` that no batch has: each is billed once.

    Raises Invalid for a day to come, Conflict when nothing waits.
    """
    programme = access.get(actor, SEQUENCES_INVOICE, Programme, programme_id)
    if until > timezone.localdate():
        raise Invalid("Ce jour n’est pas encore passé.", fields={"until": "Choisissez aujourd’hui ou avant."})
    batch_id = new_id()
    billed = sql.value("SELECT invoice_sequences(%s, %s, %s, %s)", programme.pk, until, batch_id, actor.name)
    if not billed:
        raise Conflict("Aucune séquence complète n’attend d’être facturée à cette date.")
    batch = access.get(actor, SEQUENCES_READ, InvoiceBatch, batch_id)
    audit.record(
        actor,
        SEQUENCES_INVOICE,
        about=programme,
        detail={"batch": batch.number, "sequences": batch.sequences, "until": until.isoformat()},
    )
    return batch


def _editing(actor: Actor, programme_id: UUID) -> tuple[Programme, ProgrammeVersion]:
    """The programme and its draft, locked. Raises Conflict when nothing is being prepared."""
    programme = access.get(actor, PROGRAMME_MANAGE, Programme, programme_id, lock=True)
    drafts = ProgrammeVersion.objects.filter(programme_id=programme.pk, status=VersionStatus.DRAFT)
    draft = drafts.select_for_update().first()
    if draft is None:
        raise Conflict("Cette version est en vigueur : préparez une nouvelle version pour la changer.")
    return programme, draft


def _draft(actor: Actor, programme: Programme, definition: Definition, *, number: int) -> ProgrammeVersion:
    return ProgrammeVersion.objects.create(
        programme=programme, number=number, definition=definition.as_json(), made_by_name=actor.name
    )


def _keep(draft: ProgrammeVersion, definition: Definition) -> None:
    draft.definition = definition.as_json()
    draft.save(update_fields=["definition"])


def _trace(actor: Actor, programme: Programme, **detail: Any) -> None:
    audit.record(actor, PROGRAMME_MANAGE, about=programme, detail=detail)

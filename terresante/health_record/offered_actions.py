"""What received documents offer, integrated or put aside: nothing of theirs enters a record by itself."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, datetime, time
from uuid import UUID

from django.utils import timezone

from terresante.care_plans.enums import StepState
from terresante.care_plans.models import PlannedStep
from terresante.care_plans.plan_actions import ReceivedPlan, ReceivedStep, plan_step
from terresante.care_plans.queries import steps_of
from terresante.care_team.enums import DataClass, RoleGroup
from terresante.care_team.queries import open_record
from terresante.care_team.queries.limits import kept_inside, limits_on
from terresante.documents.access import DOCUMENT_READ
from terresante.documents.models import DocumentReference
from terresante.health_record.access import (
    HEALTH_CORRECT,
    HEALTH_INTEGRATE,
    HEALTH_OFFER,
    HEALTH_PUT_ASIDE,
    HEALTH_WRITE,
)
from terresante.health_record.actions import (
    current_line,
    follow,
    refuse_known,
    refuse_unwritten,
    signed,
    tell_line,
    trace,
)
from terresante.health_record.enums import OfferedKind, OfferedState, Origin, Verification
from terresante.health_record.events import LinesOffered
from terresante.health_record.models import HealthLine, OfferedLine
from terresante.health_record.offers import (
    MOST_OFFERED,
    Offered,
    is_same_step,
    said_again,
    sameness,
    step_again,
    told,
)
from terresante.health_record.said import Said
from terresante.kernel import access, audit, rls, together
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.events import emit
from terresante.kernel.ids import new_id
from terresante.kernel.ui.wording import long_date
from terresante.patients.models import CareRecord

_REASON_MAX_LENGTH = 300


@action
def offer_lines(actor: Actor, document: DocumentReference, offered: Sequence[Offered]) -> int:
    """What a document just filed says, each fact once; returns how many. What could be no line is left out."""
    if not rls.open_record(document.patient_id):
        raise NotFound
    access.get(actor, HEALTH_OFFER, CareRecord, document.record_id)
    rows: dict[tuple[str, str], OfferedLine] = {}
    for number, each in enumerate(offered[:MOST_OFFERED], start=1):
        try:
            kept = told(each.said)
        except Invalid:
            continue
        row = OfferedLine(
            patient_id=document.patient_id,
            record_id=document.record_id,
            document=document,
            kind=each.kind,
            said=kept,
            sameness=sameness(each.said),
            number=number,
        )
        rows.setdefault((row.kind, row.sameness), row)
    together.insert(list(rows.values()))
    detail = {"lines": len(rows), **limits_on(document).in_trail}
    audit.record(actor, HEALTH_OFFER, patient_id=document.patient_id, about=document, detail=detail)
    if rows:
        _emit(actor, document)
    return len(rows)


@action
def integrate_offer(
    actor: Actor, record_id: UUID, offer_id: UUID, *, line_id: UUID | None = None
) -> HealthLine:
    """It becomes a line of the record, said by its document, vouched for by who integrates it and read by no more
    than the document; with `line_id`, that line is brought up to date instead.

    Raises Conflict for what is settled already, or is in the record word for word.
    """
    record, offer = _waiting(actor, record_id, offer_id, HEALTH_INTEGRATE)
    said = said_again(OfferedKind(offer.kind), offer.said)
    row = (
        _added(actor, record, offer.document, said)
        if line_id is None
        else _brought_up_to_date(actor, record_id, line_id, offer.document, said)
    )
    _settle(actor, offer, HEALTH_INTEGRATE, state=OfferedState.INTEGRATED, line_id=row.pk)
    return row


@action
def plan_offer(
    actor: Actor, record_id: UUID, offer_id: UUID, *, due_on: date, role: RoleGroup
) -> PlannedStep:
    """What a document plans becomes a step of the organised pathway, read by no more than the document, for the day and
    the role that who takes it up says.

    Raises Invalid for a day or a role, Conflict for what is settled already, or is planned for that day.
    """
    _, offer = _waiting(actor, record_id, offer_id, HEALTH_INTEGRATE)
    if offer.kind != OfferedKind.STEP:
        raise NotFound
    said, document = step_again(offer.said), offer.document
    known = [one for one in steps_of(actor, offer.patient_id) if one.state != StepState.CANCELLED]
    if any(is_same_step(replace(said, due_on=due_on), one) for one in known):
        raise Conflict("C’est déjà prévu ce jour-là au parcours organisé.")
    plan = ReceivedPlan(
        document_id=document.pk,
        # Not the document's own title: what is taken from it stays when it leaves the record.
        title=f"Plan de soins du {long_date(document.dated_on)}",
        dated_on=document.dated_on,
        data_class=DataClass(document.data_class),
        limits=limits_on(document),
    )
    new = ReceivedStep(title=said.title, role=role, due_on=due_on)
    step = plan_step(actor, record_id, of=plan, step=new)
    _settle(actor, offer, HEALTH_INTEGRATE, state=OfferedState.INTEGRATED, line_id=step.pk)
    return step


@action
def put_offer_aside(actor: Actor, record_id: UUID, offer_id: UUID, *, reason: str) -> OfferedLine:
    """Raises Invalid without a reason, Conflict for what is settled already."""
    _, offer = _waiting(actor, record_id, offer_id, HEALTH_PUT_ASIDE)
    why = " ".join(reason.split())
    if not why or len(why) > _REASON_MAX_LENGTH:
        sentence = f"Dites pourquoi en une phrase, de {_REASON_MAX_LENGTH} caractères au plus."
        raise Invalid("Le motif manque ou est trop long.", fields={"reason": sentence})
    _settle(actor, offer, HEALTH_PUT_ASIDE, state=OfferedState.PUT_ASIDE, reason=why)
    return offer


def _waiting(actor: Actor, record_id: UUID, offer_id: UUID, act: Action) -> tuple[CareRecord, OfferedLine]:
    record = open_record(actor, record_id, action=HEALTH_WRITE).record
    refuse_unwritten(actor, record)
    offer = access.get(actor, act, OfferedLine, offer_id, lock=True)
    if offer.record_id != record.pk:
        raise NotFound
    offer.document = access.get(actor, DOCUMENT_READ, DocumentReference, offer.document_id)
    if offer.state != OfferedState.WAITING:
        raise Conflict("C’est déjà fait : rechargez la page.")
    if not offer.document.is_current:
        raise Conflict("Ce document a été remplacé ou retiré : lisez sa version en vigueur.")
    return record, offer


def _added(actor: Actor, record: CareRecord, document: DocumentReference, said: Said) -> HealthLine:
    refuse_known(actor, record, said)
    row = said.model(
        id=new_id(),
        patient=record.patient,
        record=record,
        origin=Origin.DOCUMENT,
        asserted_by_name=document.signature,
        asserted_at=_written_at(document),
        source=document,
        verification_status=Verification.CONFIRMED,
        **signed(actor),
        **said.checked(),
        **asdict(kept_inside(limits_on(document), record)),
    )
    row.set_id = row.pk
    row.save(force_insert=True)
    tell_line(actor, row)
    trace(actor, HEALTH_WRITE, row, source=str(document.pk))
    return row


def _brought_up_to_date(
    actor: Actor, record_id: UUID, line_id: UUID, document: DocumentReference, said: Said
) -> HealthLine:
    """The document may be for fewer eyes than the line: it then enters apart."""
    row = current_line(actor, record_id, said.model, line_id, HEALTH_CORRECT)
    if limits_on(row) != limits_on(document):
        raise Conflict(
            "Ce document n’est pas lu par les mêmes personnes que cette ligne : ajoutez-le à part."
        )
    why = f"D’après « {document.title} », {document.signature}, {long_date(document.dated_on)}"
    return follow(
        actor,
        HEALTH_CORRECT,
        row,
        reason=why[:_REASON_MAX_LENGTH],
        verification_status=Verification.CONFIRMED,
        source_id=document.pk,
        **said.checked(),
    )


def _written_at(document: DocumentReference) -> datetime:
    noon = datetime.combine(document.dated_on, time(12), tzinfo=timezone.get_current_timezone())
    return min(noon, document.recorded_at)


def _settle(
    actor: Actor,
    offer: OfferedLine,
    act: Action,
    *,
    state: OfferedState,
    reason: str = "",
    line_id: UUID | None = None,
) -> None:
    changed = {
        "state": state,
        "settled_at": timezone.now(),
        "settled_by_id": actor.person_id,
        "settled_by_name": actor.name,
        "reason": reason,
        "line_id": line_id,
    }
    OfferedLine.objects.filter(pk=offer.pk).update(**changed)
    for name, value in changed.items():
        setattr(offer, name, value)
    kept = limits_on(offer.document).in_trail
    audit.record(actor, act, patient_id=offer.patient_id, about=offer, detail={"kind": offer.kind, **kept})
    _emit(actor, offer.document)


def _emit(actor: Actor, document: DocumentReference) -> None:
    emit(
        actor,
        LinesOffered(
            patient_id=document.patient_id,
            object_id=document.pk,
            data_class=DataClass.MEDICAL,
            **asdict(limits_on(document)),
        ),
    )

"""Lines of the health record: each change is a new version, signed; see `models.HealthLine`."""

from dataclasses import asdict, replace
from typing import Any, TypeVar
from uuid import UUID

from django.utils import timezone

from terresante.care_team.access import writes_class
from terresante.care_team.enums import Confidentiality, DataClass
from terresante.care_team.queries import covers, open_record
from terresante.care_team.queries.limits import (
    Limits,
    kept_inside,
    level_by_default,
    limits_of,
    limits_on,
    sector_of,
)
from terresante.feed.actions import Fact, tell, withdraw
from terresante.feed.enums import FeedKind
from terresante.health_record.access import (
    HEALTH_CORRECT,
    HEALTH_DECLARE,
    HEALTH_JUDGE,
    HEALTH_READ,
    HEALTH_TAKE_BACK,
    HEALTH_WRITE,
)
from terresante.health_record.enums import Origin, Verification
from terresante.health_record.events import DeclarationTakenBack, HealthDeclared, HealthRecordChanged
from terresante.health_record.models import (
    AllergyIntolerance,
    CareDirective,
    Condition,
    HealthLine,
    Immunization,
    MedicationStatement,
)
from terresante.health_record.said import NO_KNOWN_ALLERGY, Said
from terresante.kernel import access, audit, sql
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import emit
from terresante.kernel.ids import new_id
from terresante.patients.models import CareRecord

L = TypeVar("L", bound=HealthLine)
# What is told in the timeline. Measures are not: a weight a day would bury what matters.
FACT_OF: dict[type[HealthLine], FeedKind] = {
    AllergyIntolerance: FeedKind.ALLERGY,
    CareDirective: FeedKind.DIRECTIVE,
    Condition: FeedKind.CONDITION,
    MedicationStatement: FeedKind.TREATMENT,
    Immunization: FeedKind.IMMUNIZATION,
}
_REASON_MAX_LENGTH = 300
_DISMISSED = (Verification.REFUTED, Verification.ENTERED_IN_ERROR)


@action
def add_line(
    actor: Actor,
    record_id: UUID,
    *,
    said: Said,
    level: Confidentiality | None = None,
    hidden_from_representative: bool = False,
) -> HealthLine:
    """A professional writes a line: it is confirmed.

    Raises Refused for who writes no medical data, Invalid for what is said, Conflict for what is already there.
    """
    record = open_record(actor, record_id, action=HEALTH_WRITE).record
    refuse_unwritten(actor, record)
    refuse_known(actor, record, said)
    limits = replace(_chosen(actor, record, level), hidden_from_representative=hidden_from_representative)
    row = said.model(
        id=new_id(),
        patient=record.patient,
        record=record,
        verification_status=Verification.CONFIRMED,
        **_asserted(actor, Origin.PROFESSIONAL),
        **signed(actor),
        **said.checked(),
        **asdict(limits),
    )
    row.set_id = row.pk
    row.save(force_insert=True)
    tell_line(actor, row)
    trace(actor, HEALTH_WRITE, row)
    return row


@action
def declare_line(actor: Actor, record_id: UUID, *, said: Said) -> HealthLine:
    """The person, or who represents her by law, says something: the circle reads it as declared, not confirmed.

    Raises Refused for a carer, Invalid for what is said, Conflict for what is already there.
    """
    record = open_record(actor, record_id, action=HEALTH_DECLARE).record
    refuse_known(actor, record, said)
    origin = Origin.PATIENT if actor.kind == ActorKind.PATIENT else Origin.REPRESENTATIVE
    row = said.model(
        id=new_id(),
        patient=record.patient,
        record=record,
        data_class=DataClass.MEDICAL,
        verification_status=Verification.UNCONFIRMED,
        author_name=actor.name,
        author_role=actor.role_label,
        **_asserted(actor, origin),
        **said.checked(),
    )
    row.set_id = row.pk
    row.save(force_insert=True)
    kind = FACT_OF.get(type(row))
    emit(actor, HealthDeclared(**row.told(), kind=kind.value if kind else ""))
    audit.record(actor, HEALTH_DECLARE, patient_id=row.patient_id, about=row)
    return row


@action
def correct_line(actor: Actor, record_id: UUID, line_id: UUID, *, said: Said, reason: str = "") -> HealthLine:
    """Who corrects a line vouches for it; who first said it stays. Raises Conflict when it was changed meanwhile."""
    row = current_line(actor, record_id, said.model, line_id, HEALTH_CORRECT)
    if isinstance(row, AllergyIntolerance) and row.is_none_known:
        raise Conflict("Cette ligne ne se corrige pas : infirmez-la, ou inscrivez l’allergie.")
    values = said.checked()
    status = Verification.CONFIRMED if row.is_unconfirmed or row.is_dismissed else row.verification_status
    if status == row.verification_status and all(getattr(row, name) == new for name, new in values.items()):
        raise Conflict("Rien n’est changé : modifiez la ligne, ou revenez en arrière.")
    return follow(actor, HEALTH_CORRECT, row, reason=reason, verification_status=status, **values)


@action
def judge_line(
    actor: Actor,
    record_id: UUID,
    line_id: UUID,
    *,
    model: type[L],
    verdict: Verification,
    reason: str = "",
) -> L:
    """Confirms, refutes or withdraws a line. Raises Invalid without a reason to refute or to withdraw."""
    row = current_line(actor, record_id, model, line_id, HEALTH_JUDGE)
    if verdict == Verification.UNCONFIRMED:
        raise Invalid("Choisissez de confirmer, d’infirmer ou de retirer cette ligne.")
    if verdict == row.verification_status:
        raise Conflict("C’est déjà fait : rechargez la page.")
    if verdict != Verification.CONFIRMED and not reason.strip():
        raise Invalid("Le motif manque.", fields={"reason": "Dites pourquoi en une phrase."})
    return follow(actor, HEALTH_JUDGE, row, reason=reason, verification_status=verdict)


@action
def take_back_declaration(actor: Actor, record_id: UUID, line_id: UUID, *, model: type[L], slug: str) -> L:
    """What the person declared and nobody has vouched for; the line stays in its history, as said by mistake.

    Raises Conflict once a professional has vouched for it, or refuted it.
    """
    record = open_record(actor, record_id, action=HEALTH_DECLARE).record
    row = access.get(actor, HEALTH_READ, model, line_id)
    if row.record_id != record.pk:
        raise NotFound
    if not access.permits(actor, HEALTH_TAKE_BACK, row):
        raise Conflict("Un professionnel a déjà donné son avis sur cette ligne : parlez-lui-en.")
    asked = "SELECT take_back_declaration(%s, %s, %s, %s)"
    key = sql.value(asked, slug, line_id, actor.name, actor.role_label)
    if key is None:
        raise Conflict("C’est déjà fait : rechargez la page.")
    emit(actor, DeclarationTakenBack(**row.told()))
    audit.record(actor, HEALTH_TAKE_BACK, patient_id=row.patient_id, about=row)
    return row


def tell_declared(actor: Actor, row: HealthLine) -> None:
    """Run by a job: the person writes in no feed. Telling twice changes nothing."""
    kind = FACT_OF.get(type(row))
    if kind is not None and row.is_current:
        tell(actor, _fact(row, kind))


def refuse_unwritten(actor: Actor, record: CareRecord) -> None:
    if not writes_class(actor, DataClass.MEDICAL):
        raise Refused("Votre profession n’écrit pas le suivi médical.")
    if not covers(actor, record.patient_id, DataClass.MEDICAL):
        raise Refused("La personne n’a pas consenti pour « Suivi médical » : vous ne pouvez rien y inscrire.")


def refuse_known(actor: Actor, record: CareRecord, said: Said) -> None:
    """The same words in force already, as far as the actor may know: also a form sent twice."""
    known = access.list(actor, HEALTH_READ, said.model).filter(patient_id=record.patient_id, is_current=True)
    known = known.exclude(verification_status__in=_DISMISSED)
    if known.filter(**said.checked()).exists():
        raise Conflict("C’est déjà inscrit au dossier.")
    if said is NO_KNOWN_ALLERGY and any(not (line.is_over or line.is_dismissed) for line in known[:60]):
        raise Conflict("Une allergie est inscrite : infirmez-la d’abord, avec le motif.")


def _chosen(actor: Actor, record: CareRecord, level: Confidentiality | None) -> Limits:
    sector = sector_of(actor)
    return kept_inside(limits_of(actor, level or level_by_default(sector), sector), record)


def _asserted(actor: Actor, origin: Origin) -> dict[str, Any]:
    return {
        "origin": origin,
        "asserted_by_name": actor.name,
        "asserted_by_role": actor.role_label,
        "asserted_at": timezone.now(),
    }


def signed(actor: Actor) -> dict[str, Any]:
    return {
        "data_class": DataClass.MEDICAL,
        "author_id": actor.person_id,
        "author_name": actor.name,
        "author_role": actor.role_label,
        "organization_id": actor.organization_id,
        "organization_name": actor.organization_name,
    }


def current_line(actor: Actor, record_id: UUID, model: type[L], line_id: UUID, act: Action) -> L:
    record = open_record(actor, record_id, action=HEALTH_WRITE).record
    refuse_unwritten(actor, record)
    row = access.get(actor, act, model, line_id, lock=True)
    if row.record_id != record.pk:
        raise NotFound
    return row


def follow(actor: Actor, act: Action, row: L, *, reason: str, **changed: Any) -> L:
    """The version that replaces this one, read by the same persons."""
    why = " ".join(reason.split())
    if len(why) > _REASON_MAX_LENGTH:
        sentence = f"Raccourcissez le motif à {_REASON_MAX_LENGTH} caractères."
        raise Invalid("Le motif est trop long.", fields={"reason": sentence})
    kept = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    for name in ("id", "recorded_at", "replaces_id"):
        kept.pop(name)
    following = type(row)(**{**kept, **signed(actor), **changed, "reason": why, "version": row.version + 1})
    following.replaces = row
    type(row)._default_manager.filter(pk=row.pk).update(is_current=False)
    following.save(force_insert=True)
    withdraw(row.patient_id, row.pk)
    tell_line(actor, following)
    trace(actor, act, following, version=following.version)
    return following


def tell_line(actor: Actor, row: HealthLine) -> None:
    kind = FACT_OF.get(type(row))
    if kind is not None and not row.is_dismissed:
        tell(actor, _fact(row, kind))
    emit(actor, HealthRecordChanged(**row.told()))
    if isinstance(row, AllergyIntolerance) and _is_an_allergy(row):
        _end_negation(actor, row)


def _is_an_allergy(row: AllergyIntolerance) -> bool:
    return not (row.is_none_known or row.is_dismissed or row.is_over)


def _end_negation(actor: Actor, row: AllergyIntolerance) -> None:
    """« Aucune allergie connue » is refuted by the first allergy that the same persons read; one kept to fewer tells
    nothing to the others.
    """
    standing = access.list(actor, HEALTH_READ, AllergyIntolerance).filter(
        patient_id=row.patient_id, is_current=True, is_none_known=True
    )
    for negation in standing.exclude(verification_status__in=_DISMISSED).order_by("pk"):
        if limits_on(negation) == limits_on(row):
            reason = "Une allergie a été inscrite depuis."
            follow(actor, HEALTH_CORRECT, negation, reason=reason, verification_status=Verification.REFUTED)


def _fact(row: HealthLine, kind: FeedKind) -> Fact:
    return Fact(kind=kind, occurred_at=row.recorded_at, **row.told())


def trace(actor: Actor, act: Action, row: HealthLine, **detail: Any) -> None:
    kept = limits_on(row).in_trail
    audit.record(actor, act, patient_id=row.patient_id, about=row, detail={**detail, **kept})

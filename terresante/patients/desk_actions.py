"""What raises, corrects and marks an identity: by the circle or the identity desk (MISSION A6, A11)."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.directory.models import Place
from terresante.kernel import access, audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid
from terresante.patients.access import IDENTITY_CORRECT, IDENTITY_FLAG, IDENTITY_VERIFY, INSI_CALL
from terresante.patients.actions import apply_traits
from terresante.patients.desk_queries import holders_of_ins
from terresante.patients.enums import (
    IdentityChangeKind,
    IdentityStatus,
    InsiAnswer,
    InsiOperation,
    ProofDocument,
)
from terresante.patients.identity_rules import (
    Attribute,
    is_high_trust,
    is_proven,
    is_returned,
    status_of,
    wrong_attributes,
)
from terresante.patients.models import IdentityChange, InsiCall, Patient
from terresante.patients.traits import Traits, check_traits, strict_traits

REASON_MIN_LENGTH = 5
STRICT = ("birth_name", "birth_given_names", "birth_date", "lunar_birth_date", "sex", "birth_place_code")
_KEPT = (*STRICT, "birth_place_name", "used_name", "used_given_name", "ins", "ins_oid", "is_deceased")
_FLAGS = {
    Attribute.HOMONYM: "is_homonym",
    Attribute.DOUBTFUL: "is_doubtful",
    Attribute.FICTITIOUS: "is_fictitious",
}


@action
def record_insi_call(
    actor: Actor, patient_id: UUID, *, operation: InsiOperation, answer: InsiAnswer
) -> InsiCall:
    """Every call is written, whatever it answered and whatever becomes of the answer."""
    patient = access.get(actor, IDENTITY_VERIFY, Patient, patient_id)
    call = InsiCall(
        patient=patient,
        operation=operation,
        answer=answer,
        by_name=actor.name,
        organization_name=actor.organization_name,
    )
    call.save(force_insert=True)
    detail = {"operation": operation.value, "answer": answer.value}
    audit.record(actor, INSI_CALL, patient_id=patient.pk, about=call, detail=detail)
    return call


@action
def take_insi_identity(actor: Actor, patient_id: UUID, *, returned: Traits) -> Patient:
    """Writes the identity that INSi returned over ours: provisional becomes retrieved, validated becomes qualified.

    Raises Invalid for a doubtful or fictitious identity, Conflict when the matricule is already somebody's.
    """
    patient = access.get(actor, IDENTITY_VERIFY, Patient, patient_id, lock=True)
    if patient.is_doubtful or patient.is_fictitious:
        raise Invalid("Une identité douteuse ou fictive ne prend pas de matricule INS.")
    if holders_of_ins(returned.ins) - {patient.pk}:
        raise Conflict(
            "Ce matricule est déjà celui d’une autre identité : la cellule d’identitovigilance doit les rapprocher."
        )
    status = status_of(is_proven=is_proven(patient.identity_status), is_returned=True)
    strict = replace(
        returned,
        birth_place_name=_place_name(patient, returned.birth_place_code),
        used_name=patient.used_name,
        used_given_name=patient.used_given_name,
        lunar_birth_date=patient.lunar_birth_date if patient.birth_date == returned.birth_date else "",
        identity_status=status,
    )
    _change(actor, patient, strict, kind=IdentityChangeKind.RETRIEVED)
    return patient


@action
def confirm_insi(actor: Actor, patient_id: UUID, *, is_confirmed: bool) -> Patient:
    """What a verification answered: confirmed, the date is kept; denied, the matricule goes and the status with it."""
    patient = access.get(actor, IDENTITY_VERIFY, Patient, patient_id, lock=True)
    if not patient.ins:
        raise Conflict("Cette identité n’a pas de matricule à vérifier.")
    status = IdentityStatus(patient.identity_status)
    if is_confirmed:
        write_change(actor, patient, IdentityChangeKind.VERIFIED, before=kept_values(patient), was=status)
        return patient
    proven = status_of(is_proven=is_proven(status), is_returned=False)
    without = replace(traits_of(patient), ins="", ins_oid="", identity_status=proven)
    _change(actor, patient, without, kind=IdentityChangeKind.DENIED)
    return patient


@action
def check_document(actor: Actor, patient_id: UUID, *, document: ProofDocument) -> Patient:
    """The person showed this document and it says the same traits: provisional becomes validated, retrieved qualified.

    Raises Invalid when the document is not of high trust for this person, or the identity is doubtful or fictitious.
    """
    patient = access.get(actor, IDENTITY_VERIFY, Patient, patient_id, lock=True)
    if patient.is_doubtful or patient.is_fictitious:
        raise Invalid("Une identité douteuse ou fictive reste provisoire.")
    if not is_high_trust(document, birth_date=patient.birth_date, today=timezone.localdate()):
        refusal = "Cette pièce ne suffit pas à valider une identité."
        raise Invalid(refusal, fields={"document": refusal})
    status = status_of(is_proven=True, is_returned=is_returned(patient.identity_status))
    proven = replace(traits_of(patient), identity_status=status)
    _change(actor, patient, proven, kind=IdentityChangeKind.PROVEN, document=document)
    return patient


@action
def correct_identity(
    actor: Actor, patient_id: UUID, *, traits: Traits, document: str = "", reason: str = ""
) -> Patient:
    """Writes other traits. A strict trait of an identity already raised needs a document and a reason, and the
    identity is provisional again, without its matricule (MISSION A11); names in use change freely.

    Raises Invalid naming what is missing, or when nothing changes.
    """
    patient = access.get(actor, IDENTITY_CORRECT, Patient, patient_id, lock=True)
    check_traits(traits, today=timezone.localdate())
    wanted = replace(
        traits,
        ins=patient.ins,
        ins_oid=patient.ins_oid,
        identity_status=IdentityStatus(patient.identity_status),
    )
    if strict_traits(wanted) != strict_traits(traits_of(patient)):
        if patient.identity_status != IdentityStatus.PROVISIONAL:
            _demand_proof(document, reason)
        wanted = replace(wanted, ins="", ins_oid="", identity_status=IdentityStatus.PROVISIONAL)
    _change(
        actor,
        patient,
        wanted,
        kind=IdentityChangeKind.CORRECTED,
        document=document,
        reason=reason,
        must_change=True,
    )
    return patient


@action
def flag_identity(
    actor: Actor, patient_id: UUID, *, attributes: Collection[Attribute], reason: str
) -> Patient:
    """Says homonym, doubtful or fictitious. The last two bring the identity back to provisional, without matricule.

    Raises Invalid when they cannot stand together, or without a reason.
    """
    patient = access.get(actor, IDENTITY_FLAG, Patient, patient_id, lock=True)
    why = checked_reason(reason)
    lowers = {Attribute.DOUBTFUL, Attribute.FICTITIOUS} & set(attributes)
    traits = traits_of(patient)
    if lowers:
        traits = replace(traits, ins="", ins_oid="", identity_status=IdentityStatus.PROVISIONAL)
    if wrong := wrong_attributes(attributes, traits.identity_status):
        raise Invalid(wrong, fields={"attributes": wrong})
    before, was = kept_values(patient), IdentityStatus(patient.identity_status)
    apply_traits(patient, traits)
    for attribute, field in _FLAGS.items():
        setattr(patient, field, attribute in attributes)
    patient.save()
    write_change(
        actor, patient, IdentityChangeKind.FLAGGED, before=before, was=was, reason=why, act=IDENTITY_FLAG
    )
    return patient


def traits_of(patient: Patient) -> Traits:
    return Traits(
        birth_name=patient.birth_name,
        birth_given_names=patient.birth_given_names,
        birth_date=patient.birth_date,
        sex=patient.sex,
        birth_place_code=patient.birth_place_code,
        birth_place_name=patient.birth_place_name,
        used_name=patient.used_name,
        used_given_name=patient.used_given_name,
        lunar_birth_date=patient.lunar_birth_date,
        ins=patient.ins,
        ins_oid=patient.ins_oid,
        identity_status=IdentityStatus(patient.identity_status),
    )


def _place_name(patient: Patient, code: str) -> str:
    """INSi gives the code alone; the name is ours when it is the same place, else the register's."""
    if patient.birth_place_name and patient.birth_place_code == code:
        return patient.birth_place_name
    place = Place.objects.filter(code=code).order_by("pk").first()
    return place.name if place else ""


def checked_reason(reason: str) -> str:
    why = " ".join(reason.split())
    if len(why) < REASON_MIN_LENGTH:
        raise Invalid("Indiquez le motif.", fields={"reason": "Motif trop court."})
    return why[:200]


def _demand_proof(document: str, reason: str) -> None:
    fields = {}
    if document not in ProofDocument.values:
        fields["document"] = "Indiquez la pièce qui justifie la correction."
    if len(reason.strip()) < REASON_MIN_LENGTH:
        fields["reason"] = "Indiquez pourquoi ce trait change."
    if fields:
        raise Invalid(
            "Corriger une identité validée, récupérée ou qualifiée demande une pièce et un motif.",
            fields=fields,
        )


def _change(
    actor: Actor,
    patient: Patient,
    traits: Traits,
    *,
    kind: IdentityChangeKind,
    document: str = "",
    reason: str = "",
    must_change: bool = False,
) -> None:
    before, was = kept_values(patient), IdentityStatus(patient.identity_status)
    apply_traits(patient, traits)
    if must_change and kept_values(patient) == before:
        raise Invalid("Rien n’a changé.")
    patient.save()
    act = IDENTITY_CORRECT if kind == IdentityChangeKind.CORRECTED else IDENTITY_VERIFY
    write_change(
        actor, patient, kind, before=before, was=was, document=document, reason=reason.strip()[:200], act=act
    )


def write_change(
    actor: Actor,
    patient: Patient,
    kind: IdentityChangeKind,
    *,
    before: dict[str, Any],
    was: IdentityStatus,
    document: str = "",
    reason: str = "",
    act: access.Action = IDENTITY_VERIFY,
) -> None:
    after = kept_values(patient)
    changed = [name for name, value in after.items() if value != before[name]]
    row = IdentityChange(
        patient=patient,
        kind=kind,
        by_name=actor.name,
        organization_name=actor.organization_name,
        document=document,
        reason=reason,
        status_before=was,
        status_after=patient.identity_status,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )
    row.save(force_insert=True)
    detail = {"kind": kind.value, "document": document, "fields": changed}
    audit.record(actor, act, patient_id=patient.pk, about=row, detail=detail)


def kept_values(patient: Patient) -> dict[str, Any]:
    """Of an identity, what its history keeps of a change."""
    values = {name: getattr(patient, name) for name in (*_KEPT, *_FLAGS.values())}
    died_on = patient.deceased_on.isoformat() if patient.deceased_on else None
    return values | {"birth_date": patient.birth_date.isoformat(), "deceased_on": died_on}

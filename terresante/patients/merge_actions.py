"""Two identities made one, and taken back exactly: the SQL functions of care_team's migration do it (docs/walls.md)."""

from collections.abc import Collection
from uuid import UUID

from django.utils import timezone

from terresante.kernel import access, audit, sql
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, NotFound
from terresante.kernel.events import emit
from terresante.kernel.ids import new_id
from terresante.patients.access import IDENTITY_MERGE, IDENTITY_TELL_APART, IDENTITY_UNMERGE
from terresante.patients.desk_actions import checked_reason
from terresante.patients.desk_queries import sides_of
from terresante.patients.enums import DuplicateState
from terresante.patients.events import DuplicatesChanged, IdentitiesMerged, IdentitiesUnmerged, IdentityMoved
from terresante.patients.likeness import compare
from terresante.patients.models import IdentityMerge, Patient, PotentialDuplicate

_SENTENCES = {
    "gone": "L’une de ces identités a été fusionnée entre-temps. Revenez à la recherche.",
    # Says nothing of whose it is: the desk knows identities, not who follows them.
    "kept": "L’une de ces identités n’est pas encore ouverte au partage : elle ne se fusionne pas pour l’instant.",
    "later": "Une fusion plus récente concerne cette identité : défaites d’abord celle-là.",
    "undecided": "Des éléments écrits depuis la fusion n’ont pas encore de destinataire : attribuez-les tous.",
    "no_record": "L’identité séparée n’avait pas de dossier : ce qui a été écrit depuis ne peut lui revenir.",
    "collides": "L’identité a déjà un élément semblable : attribuez celui-ci à l’autre.",
}


@action
def merge_identities(actor: Actor, surviving_id: UUID, *, dead_id: UUID, reason: str) -> UUID:
    """The dead identity leads to the surviving one, with all its rows; returns the key of the merge.

    Raises Conflict when one of them was merged meanwhile, Invalid without a reason.
    """
    why, merge_id = checked_reason(reason), new_id()
    for patient_id in (surviving_id, dead_id):
        access.get(actor, IDENTITY_MERGE, Patient, patient_id)
    _expect_done(
        "SELECT merge_patients(%s, %s, %s, %s, %s)", merge_id, surviving_id, dead_id, why, actor.name
    )
    merge = IdentityMerge.objects.get(pk=merge_id)
    for patient_id in (surviving_id, dead_id):
        audit.record(
            actor, IDENTITY_MERGE, patient_id=patient_id, about=merge, detail={"surviving": str(surviving_id)}
        )
    emit(actor, IdentitiesMerged(patient_id=surviving_id, object_id=merge_id, dead_id=dead_id))
    emit(actor, IdentityMoved(patient_id=dead_id, object_id=merge_id))
    return merge_id


@action
def unmerge_identities(
    actor: Actor, merge_id: UUID, *, to_dead: Collection[UUID], to_surviving: Collection[UUID], reason: str
) -> IdentityMerge:
    """Makes both identities what they were. Rows written since, of which only a person can say whose they are, are in
    `to_dead` or `to_surviving`.

    Raises Conflict when something stands in the way, Invalid without a reason.
    """
    why = checked_reason(reason)
    merge = access.get(actor, IDENTITY_UNMERGE, IdentityMerge, merge_id)
    _expect_done(
        "SELECT unmerge_patients(%s, %s::uuid[], %s::uuid[], %s, %s)",
        merge.pk,
        list(to_dead),
        list(to_surviving),
        why,
        actor.name,
    )
    for patient_id in (merge.patient_id, merge.dead_id):
        audit.record(actor, IDENTITY_UNMERGE, patient_id=patient_id, about=merge)
    emit(actor, IdentitiesUnmerged(patient_id=merge.patient_id, object_id=merge.pk, dead_id=merge.dead_id))
    emit(actor, IdentityMoved(patient_id=merge.dead_id, object_id=merge.pk))
    return merge


def sweep_merges() -> int:
    """Moves rows written under a merged identity by transactions that began before its merge; returns how many. For
    jobs.

    Idempotent: a row is moved once, and un-merging gives it back.
    """
    return int(sql.value("SELECT sweep_merges()"))


@action
def tell_apart(actor: Actor, one_id: UUID, *, other_id: UUID, reason: str) -> PotentialDuplicate:
    """Two persons: never proposed again, and shown as homonyms wherever somebody is chosen if their names are the same.

    Raises Invalid without a reason.
    """
    why = checked_reason(reason)
    pair = [
        access.get(actor, IDENTITY_TELL_APART, Patient, key, lock=True) for key in sorted((one_id, other_id))
    ]
    first, second = pair
    likeness = compare(sides_of(first), sides_of(second))
    decided, _ = PotentialDuplicate.objects.update_or_create(
        patient=first,
        other_id=second.pk,
        defaults={
            "points": likeness.points,
            "state": DuplicateState.DISTINCT,
            "decided_at": timezone.now(),
            "decided_by_name": actor.name,
            "reason": why,
        },
    )
    for patient in pair:
        if likeness.is_homonymy and not patient.is_homonym:
            patient.is_homonym = True
            patient.save(update_fields=["is_homonym", "updated_at"])
        audit.record(actor, IDENTITY_TELL_APART, patient_id=patient.pk, about=decided)
    emit(actor, DuplicatesChanged(patient_id=first.pk, object_id=decided.pk))
    return decided


def _expect_done(statement: str, *values: UUID | str | list[UUID]) -> None:
    answer = str(sql.value(statement, *values))
    if answer == "refused":
        raise NotFound
    if answer != "done":
        raise Conflict(_SENTENCES[answer])

"""Identities: the identity desk, and those of the circle who write the person's own."""

from django.db.models import Q

from terresante.care_team.basis import changes, reaches, reads_class, writes_class
from terresante.care_team.enums import DataClass
from terresante.directory.enums import Duty
from terresante.kernel.access import NOBODY, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.patients.access import (
    IDENTITY_ADMIT_DEATH,
    IDENTITY_ATTACH,
    IDENTITY_CLEAR_DEATH,
    IDENTITY_CORRECT,
    IDENTITY_FLAG,
    IDENTITY_MERGE,
    IDENTITY_READ,
    IDENTITY_SEARCH,
    IDENTITY_TELL_APART,
    IDENTITY_UNMERGE,
    IDENTITY_VERIFY,
)
from terresante.patients.models import (
    IdentityChange,
    IdentityMerge,
    InsiCall,
    LinkRequest,
    Patient,
    PotentialDuplicate,
    SourceIdentity,
)


def is_identity_desk(actor: Actor) -> bool:
    """Identities and nothing else: the desk has no rule and no policy on any clinical row."""
    return actor.kind == ActorKind.PROFESSIONAL and actor.has_duty(Duty.IDENTITY_OFFICER)


def _identities_known(actor: Actor, patient: str) -> Q:
    if is_identity_desk(actor):
        return Q()
    return reaches(actor, patient, of=DataClass.CIRCLE) if reads_class(actor, DataClass.CIRCLE) else NOBODY


@rule(IDENTITY_READ, Patient)
def identities_read(actor: Actor) -> Q:
    return _identities_known(actor, "pk")


@rule(IDENTITY_READ, IdentityChange, visible=True)
def identity_changes_read(actor: Actor) -> Q:
    return _identities_known(actor, "patient_id")


@rule(IDENTITY_READ, InsiCall, visible=True)
def insi_calls_read(actor: Actor) -> Q:
    return _identities_known(actor, "patient_id")


@rule(IDENTITY_READ, SourceIdentity, visible=True)
def local_numbers_read(actor: Actor) -> Q:
    """The desk alone: that a psychiatric hospital knows somebody is already his secret."""
    return desk_only(actor)


def _identities_to_change(actor: Actor) -> Q:
    """The desk, and those of the circle who write the person's identity and contacts (DOMAIN.md 2.1)."""
    living = Q(merged_into__isnull=True)
    if is_identity_desk(actor):
        return living
    return (
        changes(actor, "pk", of=DataClass.CIRCLE) & living
        if writes_class(actor, DataClass.CIRCLE)
        else NOBODY
    )


@rule(IDENTITY_VERIFY, Patient)
def identities_verified(actor: Actor) -> Q:
    """A job too: INSi is asked about a qualified identity again, years later."""
    if actor.kind == ActorKind.JOB:
        return reaches(actor, "pk") & Q(merged_into__isnull=True)
    return _identities_to_change(actor)


@rule(IDENTITY_CORRECT, Patient)
def identities_corrected(actor: Actor) -> Q:
    return _identities_to_change(actor)


@rule(IDENTITY_SEARCH, Patient)
@rule(IDENTITY_SEARCH, SourceIdentity)
@rule(IDENTITY_TELL_APART, PotentialDuplicate, visible=True)
@rule(IDENTITY_ATTACH, LinkRequest, visible=True)
def desk_only(actor: Actor) -> Q:
    return Q() if is_identity_desk(actor) else NOBODY


@rule(IDENTITY_FLAG, Patient)
@rule(IDENTITY_CLEAR_DEATH, Patient)
@rule(IDENTITY_ADMIT_DEATH, Patient)
@rule(IDENTITY_MERGE, Patient)
@rule(IDENTITY_TELL_APART, Patient)
def living_for_desk(actor: Actor) -> Q:
    return desk_only(actor) & Q(merged_into__isnull=True)


@rule(IDENTITY_UNMERGE, IdentityMerge, visible=True)
def merges_undone(actor: Actor) -> Q:
    return desk_only(actor) & Q(unmerged_at__isnull=True)

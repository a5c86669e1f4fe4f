from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q, QuerySet

from terresante.care_team.queries import match_patients, opposes_record
from terresante.interop.access import MESSAGE_VERIFY, PARTNER_MANAGE
from terresante.interop.digests import SEALED_FOR, ins_digest, ipp_digest, traits_digest
from terresante.interop.enums import MessageOutcome
from terresante.interop.hl7v2.adt import read_adt
from terresante.interop.hl7v2.adt_model import AdtMessage, Identifier, Identity
from terresante.interop.hl7v2.grammar import Refusal, examine
from terresante.interop.mapping import accepted_traits, first_given
from terresante.interop.models import IdentityDecision, InboundMessage, Partner, SenderSystem
from terresante.kernel import access, rls
from terresante.kernel.actor import Actor
from terresante.kernel.sealing import unseal
from terresante.patients.enums import IdentityStatus, Sex
from terresante.patients.identity_rules import normalised_name
from terresante.patients.models import CareRecord, IdentityDomain, Patient
from terresante.patients.queries import surviving_patient
from terresante.patients.traits import UNKNOWN_PLACE, Traits

# Two traits apart under the same IPP: the hospital gave the number to somebody else, or mixed two persons up.
_CONTRADICTIONS = 2


class Standing(StrEnum):
    """What a match lets the message do."""

    LINKED = "linked"
    RECOGNISED = "recognised"
    DOUBTFUL = "doubtful"
    NOBODY = "nobody"
    OPPOSED = "opposed"


@dataclass(frozen=True, slots=True)
class Local:
    """An identifier of the message in a domain its sender may speak for."""

    domain: IdentityDomain
    value: str

    @property
    def digest(self) -> str:
        return ipp_digest(self.value, self.domain.authority)


@dataclass(frozen=True, slots=True)
class Match:
    standing: Standing
    patient_id: UUID | None = None
    outcome: MessageOutcome = MessageOutcome.NONE


@dataclass(frozen=True, slots=True)
class Differences:
    """Strict traits known on both sides that differ, and those one side does not know."""

    differing: frozenset[str]
    unknown: frozenset[str]

    @property
    def is_same(self) -> bool:
        return not self.differing and not self.unknown


def local_identifiers(sender: SenderSystem, identifiers: Collection[Identifier]) -> list[Local]:
    domains = {domain.authority: domain for domain in sender.domains.all()}
    return [
        Local(domains[found.authority.key], found.value.strip()[:60])
        for found in identifiers
        if found.authority.key in domains
    ]


def linked_patient(local: Local) -> UUID | None:
    """The patient behind a local identifier, through the listed function of the same name; merges are followed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT linked_patient(%s, %s)", [local.domain.pk, local.value])
        return cursor.fetchone()[0]  # type: ignore[no-any-return]  # a uuid or NULL


def match_identity(locals_: Collection[Local], identity: Identity) -> Match:
    """Who the message speaks of (INTEROP.md 2, SRI). Called by a job; opens the records it looks into."""
    decided = _decisions(locals_).filter(is_same=True).order_by("-decided_at").first()
    if decided is not None:
        return _decided(surviving_patient(decided.patient_id))
    linked = {found for local in locals_ if (found := linked_patient(local))}
    if len(linked) > 1:
        return Match(Standing.DOUBTFUL, outcome=MessageOutcome.SEVERAL)
    traits = accepted_traits(identity, test_ins=settings.ACCEPT_TEST_INS)
    if linked:
        return _linked(linked.pop(), traits)
    candidates = [found for found in candidates_of(traits, locals_) if has_open_record(found[0])]
    if not candidates:
        return Match(Standing.NOBODY, outcome=MessageOutcome.NO_RECORD)
    by_ins = [patient_id for patient_id, rank in candidates if rank == 1]
    if len(by_ins) == 1 and compare(patient_of(by_ins[0]), traits).is_same:
        return Match(Standing.RECOGNISED, by_ins[0])
    several = len(candidates) > 1
    return Match(Standing.DOUBTFUL, outcome=MessageOutcome.SEVERAL if several else MessageOutcome.CLOSE)


def _decisions(locals_: Collection[Local]) -> QuerySet[IdentityDecision]:
    return IdentityDecision.objects.filter(identity_key__in=[local.digest for local in locals_])


def _decided(patient_id: UUID) -> Match:
    """A person said who it is: the traits are not asked again."""
    rls.open_record(patient_id)
    if opposes_record(patient_id):
        return Match(Standing.OPPOSED, patient_id, MessageOutcome.OPPOSED)
    if not has_open_record(patient_id):
        return Match(Standing.NOBODY, outcome=MessageOutcome.NO_RECORD)
    return Match(Standing.RECOGNISED, patient_id)


def _linked(patient_id: UUID, traits: Traits) -> Match:
    rls.open_record(patient_id)
    if opposes_record(patient_id):
        return Match(Standing.OPPOSED, patient_id, MessageOutcome.OPPOSED)
    record = CareRecord.objects.filter(patient_id=patient_id).select_related("patient").first()
    if record is None:
        return Match(Standing.NOBODY, outcome=MessageOutcome.NO_RECORD)
    if _contradicts(record.patient, traits):
        return Match(Standing.DOUBTFUL, patient_id, MessageOutcome.CONTRADICTION)
    return Match(Standing.LINKED, patient_id)


def candidates_of(traits: Traits, locals_: Collection[Local] = ()) -> list[tuple[UUID, int]]:
    """(patient, rank) as `match_patients` says, without those the identity desk told apart from these numbers."""
    if traits.birth_date is None or not traits.birth_name or not first_given(traits):
        return []
    found = match_patients(
        ins=traits.ins,
        birth_name=normalised_name(traits.birth_name),
        given_name=first_given(traits),
        birth_date=traits.birth_date,
        sex=traits.sex,
    )
    apart = set(_decisions(locals_).filter(is_same=False).values_list("patient_id", flat=True))
    return [pair for pair in found if pair[0] not in apart]


def has_open_record(patient_id: UUID) -> bool:
    """Whether a stay could enter: there is a record, and its person does not oppose it."""
    rls.open_record(patient_id)
    return CareRecord.objects.filter(patient_id=patient_id).exists() and not opposes_record(patient_id)


def patient_of(patient_id: UUID) -> Patient:
    rls.open_record(patient_id)
    return Patient.objects.get(pk=patient_id)


def compare(patient: Patient, traits: Traits) -> Differences:
    pairs = {
        "birth_name": (patient.match_birth_name, normalised_name(traits.birth_name)),
        "given_name": (patient.match_given_name, first_given(traits)),
        "birth_date": (patient.birth_date, traits.birth_date),
        "sex": (_known(patient.sex, Sex.UNKNOWN), _known(traits.sex, Sex.UNKNOWN)),
        "birth_place": (
            _known(patient.birth_place_code, UNKNOWN_PLACE),
            _known(traits.birth_place_code, UNKNOWN_PLACE),
        ),
    }
    unknown = frozenset(name for name, (ours, theirs) in pairs.items() if not ours or not theirs)
    differing = frozenset(
        name for name, (ours, theirs) in pairs.items() if name not in unknown and ours != theirs
    )
    return Differences(differing, unknown)


def contradicts_qualified(patient: Patient, traits: Traits) -> bool:
    """A qualified identity is never changed by a message: one trait apart is for a person to look at."""
    return patient.identity_status == IdentityStatus.QUALIFIED and bool(compare(patient, traits).differing)


def _contradicts(patient: Patient, traits: Traits) -> bool:
    if patient.ins and traits.ins and patient.ins != traits.ins:
        return True
    return len(compare(patient, traits).differing) >= _CONTRADICTIONS


def _known(value: str, unknown: str) -> str:
    return "" if value == unknown else value


def trait_keys(traits: Traits) -> list[str]:
    """The digests by which a message without candidate is found again when a record appears."""
    keys = [ins_digest(traits.ins)] if traits.ins else []
    if traits.birth_date and traits.birth_name:
        keys.append(
            traits_digest(
                birth_name=normalised_name(traits.birth_name),
                given_name=first_given(traits),
                birth_date=traits.birth_date,
                sex=traits.sex,
            )
        )
    return keys


def messages_to_verify(actor: Actor) -> QuerySet[InboundMessage]:
    return (
        access.list(actor, MESSAGE_VERIFY, InboundMessage)
        .select_related("sender__organization")
        .defer("sealed_raw")
        .order_by("sequence")
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    patient: Patient
    differences: Differences


@dataclass(frozen=True, slots=True)
class Case:
    """What the identity desk compares: the traits received, and the patients they may be. Nothing clinical."""

    traits: Traits
    event: str
    candidates: tuple[Candidate, ...]


def case_of(message: InboundMessage) -> Case | None:
    """None when the message cannot be read. Candidates are looked for as the gateway does, under its own actor."""
    found = examine(unseal(message.sealed_raw, context=SEALED_FOR)) if message.sealed_raw else None
    if found is None or isinstance(found, Refusal):
        return None
    adt = read_adt(found)
    traits = accepted_traits(adt.identity, test_ins=settings.ACCEPT_TEST_INS)
    locals_ = local_identifiers(message.sender, _numbers(adt))
    with rls.acting(Actor.job("interop")):
        linked = [patient_id for local in locals_ if (patient_id := linked_patient(local))]
        keys = dict.fromkeys([*linked, *(key for key, _ in candidates_of(traits, locals_))])
        patients = [patient_of(key) for key in keys if has_open_record(key)]
    candidates = tuple(Candidate(patient, compare(patient, traits)) for patient in patients)
    return Case(traits, adt.trigger.label, candidates)


def _numbers(adt: AdtMessage) -> list[Identifier]:
    """Those the message gives to its person, those it replaces by them, those it says are the same person's."""
    merged = adt.merge.ipps if adt.merge else ()
    linked = adt.linked_identity.ipps if adt.linked_identity else ()
    return [*adt.identity.ipps, *merged, *linked]


def partners_with_keys(actor: Actor) -> QuerySet[Partner]:
    """Each with the number of its keys in force (`keys_in_force`)."""
    in_force = Count("keys", filter=Q(keys__revoked_at=None))
    return access.list(actor, PARTNER_MANAGE, Partner).annotate(keys_in_force=in_force).order_by("name")

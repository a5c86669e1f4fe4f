"""Who a message speaks of (INTEROP.md 2, SRI): asked of the database for a whole batch, then decided without it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from terresante.care_team.queries import AskedTraits, match_patients, open_to_hospitals, opponents
from terresante.interop.digests import ins_digest, ipp_digest
from terresante.interop.enums import MessageOutcome
from terresante.interop.hl7v2.adt_model import Identifier
from terresante.interop.hl7v2.same_person import BY_MATRICULE
from terresante.interop.mapping import first_given
from terresante.interop.models import IdentityDecision, SenderSystem
from terresante.kernel import rls, sql
from terresante.patients.enums import IdentityStatus, Sex
from terresante.patients.identity_rules import is_proven, normalised_name
from terresante.patients.models import CareRecord, IdentityDomain, Patient
from terresante.patients.queries import surviving_patient
from terresante.patients.traits import UNKNOWN_PLACE, Traits

# Two traits apart under the same IPP: the hospital gave the number to somebody else, or mixed two persons up.
_CONTRADICTIONS = 2
# The first ranks of `match_patients`.
SAME_INS, SAME_TRAITS = 1, 2


class Standing(StrEnum):
    """What a match lets the message do."""

    LINKED = "linked"
    RECOGNISED = "recognised"
    DOUBTFUL = "doubtful"
    NOBODY = "nobody"
    OPPOSED = "opposed"


@dataclass(frozen=True)
class Local:
    """An identifier of the message in a domain its sender may speak for."""

    domain: IdentityDomain
    value: str

    @property
    def key(self) -> tuple[UUID, str]:
        return self.domain.pk, self.value

    @cached_property
    def digest(self) -> str:
        return ipp_digest(self.value, self.domain.authority)


@dataclass(frozen=True, slots=True)
class Asked:
    """What one message says of its person, and every other number it names (`others`: merged, linked)."""

    locals: Sequence[Local]
    traits: Traits
    others: Sequence[Local] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A number that is somebody's: `patient_id` is who remains after merges, `owner_id` whose row it is."""

    source_id: UUID
    owner_id: UUID
    patient_id: UUID


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


class Knowledge:
    """What the database knows of the persons of a batch, in six statements however many they are.

    Made by a job; the records it looks into stay open together.
    """

    def __init__(self, asked: Sequence[Asked], *, compare_all: bool = False) -> None:
        """`compare_all`: candidates are looked for even when a number names somebody, for a person who compares."""
        numbers = {local.key: local for each in asked for local in (*each.locals, *each.others)}
        self.links = links_of(numbers.values())
        self._decisions = _decisions(numbers.values())
        self._candidates = self._found_by_traits(asked if compare_all else self._unnamed(asked))
        self._opponents, self._patients = self._look_into_records()
        self._refusing = self._opponents_named()

    def linked(self, locals_: Iterable[Local]) -> set[UUID]:
        """The persons behind these numbers; merges are followed."""
        return {link.patient_id for local in locals_ if (link := self.links.get(local.key))}

    def decided(self, locals_: Iterable[Local]) -> UUID | None:
        """The last word of the identity desk that one of these numbers is somebody's."""
        same = [found for found in self._decisions_of(locals_) if found.is_same]
        return max(same, key=lambda found: found.decided_at).patient_id if same else None

    def candidates(self, asked: Asked) -> list[tuple[UUID, int]]:
        """(patient, rank) as `match_patients` says, without those the desk told apart from these numbers."""
        apart = {found.patient_id for found in self._decisions_of(asked.locals) if not found.is_same}
        return [pair for pair in self._candidates.get(id(asked), ()) if pair[0] not in apart]

    def opposes(self, patient_id: UUID) -> bool:
        return patient_id in self._opponents

    def refuses(self, asked: Asked) -> bool:
        """Somebody with exactly these traits opposes any record: nothing of what is said of him is kept."""
        persons = [self._refusing.get(found) for found, rank in self.candidates(asked) if rank <= SAME_TRAITS]
        return any(person is not None and compare(person, asked.traits).is_same for person in persons)

    def with_record(self, patient_id: UUID) -> Patient | None:
        """The person, when a stay could enter: there is a record, and its person does not oppose it."""
        return None if self.opposes(patient_id) else self._patients.get(patient_id)

    def known_person(self, patient_id: UUID) -> Patient | None:
        """Somebody who has a record, opposed or not."""
        return self._patients.get(patient_id)

    def person(self, patient_id: UUID) -> Patient:
        """Somebody who has a record. Raises KeyError."""
        return self._patients[patient_id]

    def touched(self, asked: Asked) -> set[UUID]:
        """Everybody whom what is decided of this message depends on, or may change."""
        decided = self.decided(asked.locals)
        persons = self.linked((*asked.locals, *asked.others)) | ({decided} if decided else set())
        return persons | {patient_id for patient_id, _ in self._candidates.get(id(asked), ())}

    def _decisions_of(self, locals_: Iterable[Local]) -> list[IdentityDecision]:
        if not self._decisions:
            return []
        return [found for local in locals_ for found in self._decisions.get(local.digest, ())]

    def _unnamed(self, asked: Sequence[Asked]) -> list[Asked]:
        return [each for each in asked if not self.linked(each.locals) and self.decided(each.locals) is None]

    def _found_by_traits(self, asked: Sequence[Asked]) -> dict[int, list[tuple[UUID, int]]]:
        told = [each for each in asked if _can_be_compared(each.traits)]
        found = match_patients([_compared(each.traits) for each in told])
        return {id(each): pairs for each, pairs in zip(told, found, strict=True)}

    def _look_into_records(self) -> tuple[set[UUID], dict[UUID, Patient]]:
        persons = {link.patient_id for link in self.links.values()}
        persons |= {found.patient_id for group in self._decisions.values() for found in group}
        persons |= {patient_id for pairs in self._candidates.values() for patient_id, _ in pairs}
        if not persons:
            return set(), {}
        rls.open_records(persons)
        records = CareRecord.objects.filter(patient_id__in=persons).select_related("patient")
        open_ones = open_to_hospitals(list(records))
        return opponents(persons), {record.patient_id: record.patient for record in open_ones}

    def _opponents_named(self) -> dict[UUID, Patient]:
        if not self._opponents:
            return {}
        return {person.pk: person for person in Patient.objects.filter(pk__in=self._opponents)}


def local_identifiers(sender: SenderSystem, identifiers: Collection[Identifier]) -> list[Local]:
    return local_numbers(sender.domains.all(), identifiers) if identifiers else []


def local_numbers(given_by: Iterable[IdentityDomain], identifiers: Collection[Identifier]) -> list[Local]:
    """Those of the identifiers that these domains give."""
    domains = {domain.authority: domain for domain in given_by}
    found = [
        Local(domains[each.authority.key], each.value.strip()[:60])
        for each in identifiers
        if each.authority.key in domains
    ]
    own = min(domains.values(), key=lambda domain: domain.authority, default=None)
    if own is not None:
        # Known by the matricule alone: a number of the sender's own, which tells nobody the matricule.
        found += [
            Local(own, f"INS {ins_digest(each.value)}")
            for each in identifiers
            if each.authority.key == BY_MATRICULE
        ]
    return found


def match_identity(asked: Asked, known: Knowledge) -> Match:
    decided = known.decided(asked.locals)
    if decided is not None:
        return _decided(decided, known)
    linked = known.linked(asked.locals)
    if len(linked) > 1:
        return Match(Standing.DOUBTFUL, outcome=MessageOutcome.SEVERAL)
    if linked:
        return _linked(linked.pop(), asked.traits, known)
    if known.refuses(asked):
        return Match(Standing.OPPOSED, outcome=MessageOutcome.OPPOSED)
    candidates = [(found, rank) for found, rank in known.candidates(asked) if known.with_record(found)]
    if not candidates:
        return Match(Standing.NOBODY, outcome=MessageOutcome.NO_RECORD)
    # PAM France 6.6.15: a matricule that comes without VALI links nobody by itself.
    is_proof = is_proven(asked.traits.identity_status)
    by_ins = [known.with_record(found) for found, rank in candidates if rank == SAME_INS and is_proof]
    if len(by_ins) == 1 and by_ins[0] is not None and compare(by_ins[0], asked.traits).is_same:
        return Match(Standing.RECOGNISED, by_ins[0].pk)
    several = len(candidates) > 1
    return Match(Standing.DOUBTFUL, outcome=MessageOutcome.SEVERAL if several else MessageOutcome.CLOSE)


def _decided(patient_id: UUID, known: Knowledge) -> Match:
    """A person said who it is: the traits are not asked again."""
    if known.opposes(patient_id):
        return Match(Standing.OPPOSED, patient_id, MessageOutcome.OPPOSED)
    if known.with_record(patient_id) is None:
        return Match(Standing.NOBODY, outcome=MessageOutcome.NO_RECORD)
    return Match(Standing.RECOGNISED, patient_id)


def _linked(patient_id: UUID, traits: Traits, known: Knowledge) -> Match:
    if known.opposes(patient_id):
        return Match(Standing.OPPOSED, patient_id, MessageOutcome.OPPOSED)
    patient = known.with_record(patient_id)
    if patient is None:
        return Match(Standing.NOBODY, outcome=MessageOutcome.NO_RECORD)
    if _contradicts(patient, traits):
        return Match(Standing.DOUBTFUL, patient_id, MessageOutcome.CONTRADICTION)
    return Match(Standing.LINKED, patient_id)


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
    """Whether one trait differs from a qualified identity: no message changes it, a person must look."""
    return patient.identity_status == IdentityStatus.QUALIFIED and bool(compare(patient, traits).differing)


def _contradicts(patient: Patient, traits: Traits) -> bool:
    if patient.ins and traits.ins and patient.ins != traits.ins:
        return True
    return len(compare(patient, traits).differing) >= _CONTRADICTIONS


def _known(value: str, unknown: str) -> str:
    return "" if value == unknown else value


def _compared(traits: Traits) -> AskedTraits:
    return (
        traits.ins,
        normalised_name(traits.birth_name),
        first_given(traits),
        traits.birth_date,
        traits.sex,
    )


def _can_be_compared(traits: Traits) -> bool:
    return traits.birth_date is not None and bool(traits.birth_name) and bool(first_given(traits))


def links_of(numbers: Collection[Local]) -> dict[tuple[UUID, str], Link]:
    """Through the listed function of the same name."""
    if not numbers:
        return {}
    return {
        (row[0], row[1]): Link(*row[2:])
        for row in sql.rows(
            "SELECT domain_id, value, source_id, owner_id, patient_id FROM linked_patients(%s::uuid[], %s::text[])",
            [local.domain.pk for local in numbers],
            [local.value for local in numbers],
        )
    }


def _decisions(numbers: Collection[Local]) -> dict[str, list[IdentityDecision]]:
    """About who goes on, when the person decided on was merged since."""
    found: dict[str, list[IdentityDecision]] = defaultdict(list)
    for decision in IdentityDecision.objects.filter(identity_key__in=[local.digest for local in numbers]):
        decision.patient_id = surviving_patient(decision.patient_id)
        found[decision.identity_key].append(decision)
    return found

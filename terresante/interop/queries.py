from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from terresante.interop.access import MESSAGE_VERIFY, PARTNER_MANAGE
from terresante.interop.digests import SEALED_FOR, ins_digest, traits_digest
from terresante.interop.hl7v2 import er7
from terresante.interop.hl7v2.adt import read_adt
from terresante.interop.hl7v2.adt_model import AdtMessage, Identifier
from terresante.interop.hl7v2.carried import Carried
from terresante.interop.hl7v2.examination import examined
from terresante.interop.hl7v2.grammar import Refusal
from terresante.interop.hl7v2.shape import SegmentShape, shape_of
from terresante.interop.mapping import accepted_traits, first_given
from terresante.interop.matching import Asked, Differences, Knowledge, compare, local_identifiers
from terresante.interop.models import InboundMessage, Partner
from terresante.kernel import access, rls
from terresante.kernel.actor import Actor
from terresante.kernel.sealing import unseal
from terresante.patients.identity_rules import normalised_name
from terresante.patients.models import Patient
from terresante.patients.traits import Traits


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
    found = examined(unseal(message.sealed_raw, context=SEALED_FOR)) if message.sealed_raw else None
    if found is None or isinstance(found, Refusal):
        return None
    said = found.carried or read_adt(found.message)
    traits = accepted_traits(said.identity, test_ins=settings.ACCEPT_TEST_INS)
    asked = Asked(local_identifiers(message.sender, _numbers(said)), traits)
    with rls.acting(Actor.job("interop")):
        known = Knowledge([asked], compare_all=True)
    keys = dict.fromkeys([*known.linked(asked.locals), *(key for key, _ in known.candidates(asked))])
    patients = [patient for key in keys if (patient := known.with_record(key))]
    candidates = tuple(Candidate(patient, compare(patient, traits)) for patient in patients)
    return Case(traits, message.event, candidates)


def shape_of_message(message: InboundMessage, *, shown: bool) -> list[SegmentShape] | None:
    """None when it is no HL7 v2 message, or has been erased. `shown`: with what its reader may be told."""
    try:
        read = er7.read(unseal(message.sealed_raw, context=SEALED_FOR)) if message.sealed_raw else None
    except (er7.NotEr7, er7.Undecodable):
        return None
    faults = [mark.rpartition(" ")[2] for mark in message.remarks]
    return shape_of(read, faults=faults, shown=shown) if read else None


def _numbers(adt: AdtMessage | Carried) -> list[Identifier]:
    """Those the message gives to its person, those it replaces by them, those it says are the same person's."""
    if isinstance(adt, Carried):
        return list(adt.local_ids)
    merged = adt.merge.ipps if adt.merge else ()
    linked = adt.linked_identity.ipps if adt.linked_identity else ()
    return [*adt.identity.ipps, *merged, *linked]


def partners_with_keys(actor: Actor) -> QuerySet[Partner]:
    """Each with the number of its keys in force (`keys_in_force`)."""
    in_force = Count("keys", filter=Q(keys__revoked_at=None))
    return access.list(actor, PARTNER_MANAGE, Partner).annotate(keys_in_force=in_force).order_by("name")


def numbered(number: str) -> Q:
    """A structure by its FINESS, its SIRET or its identifier of the Annuaire."""
    return Q(finess=number) | Q(annuaire_id=number) | Q(siret=number)

from collections.abc import Sequence

from terresante.care_team.events import ConsentRecorded, RecordCreated, RecordShared
from terresante.interop.digests import ipp_digest
from terresante.interop.enums import MessageOutcome, MessageState
from terresante.interop.events import SenderSilent
from terresante.interop.jobs import release_held, release_unmatched
from terresante.interop.models import InboundMessage
from terresante.interop.queries import trait_keys
from terresante.interop.robot_actions import note_informed
from terresante.kernel import rls
from terresante.kernel.events import Event, on
from terresante.notifications.actions import tell_administrators
from terresante.notifications.enums import Notice
from terresante.patients.events import IdentitiesMerged
from terresante.patients.models import Patient, SourceIdentity
from terresante.patients.queries import surviving_patient
from terresante.patients.traits import Traits

_ABOUT_TWO = (MessageOutcome.TWO_PATIENTS, MessageOutcome.SEVERAL)


@on(RecordCreated)
def play_again_what_found_nobody(events: Sequence[RecordCreated]) -> None:
    """Hospitals spoke of this person before the record existed: by the same traits, INS or local numbers."""
    _play_again(events)


@on(RecordShared)
def play_again_what_found_a_closed_record(events: Sequence[RecordShared]) -> None:
    _play_again(events)


@on(RecordShared)
def end_what_was_to_inform(events: Sequence[RecordShared]) -> None:
    for event in events:
        if event.patient_id is not None:
            note_informed(event.patient_id)


@on(ConsentRecorded)
def play_again_what_waited_for_a_consent(events: Sequence[ConsentRecorded]) -> None:
    _play_again(events)


def _play_again(events: Sequence[Event]) -> None:
    for event in events:
        if event.patient_id is None:
            continue
        rls.open_record(event.patient_id)
        patient = Patient.objects.get(pk=event.patient_id)
        local = SourceIdentity.objects.filter(patient_id=patient.pk).select_related("domain")
        release_unmatched([ipp_digest(known.value, known.domain.authority) for known in local])
        InboundMessage.objects.filter(
            state=MessageState.NO_CANDIDATE, trait_keys__overlap=trait_keys(_traits_of(patient))
        ).update(state=MessageState.RECEIVED, outcome=MessageOutcome.NONE, trait_keys=[])


@on(IdentitiesMerged)
def play_again_what_waited_for_a_merge(events: Sequence[IdentitiesMerged]) -> None:
    """A hospital's merge of two persons here, or a message that knew two: they are one from now on."""
    for event in events:
        if event.patient_id is None:
            continue
        patient_id = surviving_patient(event.patient_id)
        rls.open_record(patient_id)
        local = SourceIdentity.objects.filter(patient_id=patient_id).select_related("domain")
        keys = [ipp_digest(known.value, known.domain.authority) for known in local]
        waiting = InboundMessage.objects.filter(
            state=MessageState.DOUBTFUL, outcome__in=_ABOUT_TWO, identity_keys__overlap=keys
        )
        for message in waiting.order_by("sequence"):
            message.state, message.outcome = MessageState.RECEIVED, MessageOutcome.NONE
            message.save(update_fields=["state", "outcome"])
            release_held(message)


@on(SenderSilent)
def tell_of_silences(events: Sequence[SenderSilent]) -> None:
    tell_administrators(Notice.FLOW, events)


def _traits_of(patient: Patient) -> Traits:
    return Traits(
        birth_name=patient.birth_name,
        birth_given_names=patient.birth_given_names,
        birth_date=patient.birth_date,
        sex=patient.sex,
        birth_place_code=patient.birth_place_code,
        ins=patient.ins,
    )

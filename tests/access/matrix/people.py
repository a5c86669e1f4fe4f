"""The named cast in the situations that the rules tell apart, and one plain row of every model for each patient."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Model
from django.utils import timezone

from terresante.care_plans.models import (
    BillableSequence,
    Inclusion,
    InvoiceBatch,
    PathwayChange,
    Programme,
    ProgrammeVersion,
)
from terresante.care_team import actions
from terresante.care_team.access import RECORD_READ
from terresante.care_team.enums import ConsentKind, HandOverKind, JoinReason
from terresante.care_team.models import (
    AccessComplaint,
    CareTeamParticipant,
    CircleInvitation,
    Consent,
    EmergencyAccess,
    FirstAccess,
    HandOver,
    HandOverItem,
    JoinRequest,
    NamedReader,
)
from terresante.directory.enums import OrganizationKind, Profession
from terresante.directory.models import Organization, Practitioner
from terresante.documents.models import DocumentReference
from terresante.health_record.models import OfferedLine
from terresante.home_care.models import HomeAccess
from terresante.home_care.tests.factories import row_of_home
from terresante.interop.models import DocumentList, PreparedRecord, RobotRule
from terresante.kernel import access, audit, rls
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.notes.models import Note, NoteFavourite, NoteMedia, NoteVersion
from terresante.patients.enums import DelegationBasis, DelegationProof
from terresante.patients.models import (
    CareRecord,
    Delegation,
    IdentityChange,
    IdentityDomain,
    IdentityMerge,
    InsiCall,
    LinkRequest,
    PotentialDuplicate,
    RelatedPerson,
    SourceIdentity,
)
from terresante.questionnaires.models import (
    Pathway,
    PathwaySignature,
    PathwayVersion,
    QuestionnaireResponse,
)
from terresante.results.models import DiagnosticReport, LabObservation
from terresante.telemonitoring.models import (
    Alert,
    AnswerLink,
    Call,
    Cell,
    Contact,
    Expected,
    FollowUp,
    ThresholdChange,
)
from tests.access.oracle.rows import ROWS, Limits
from tests.cast import Cast, assemble, join, organization, professional, represented_by, shared_record
from tests.walls import walls_down

Rows = dict[tuple[str, type[Model]], UUID]


def settle() -> tuple[Cast, Rows]:
    cast = assemble()
    with walls_down():
        _more_people(cast)
    reason = "inconsciente, traitement inconnu"
    actions.open_in_emergency(cast.urgentiste, cast.records["madeleine"].patient_id, reason=reason)
    rows: Rows = {}
    with walls_down():
        for patient, record in cast.records.items():
            for model, key in _rows_of(cast, record).items():
                rows[patient, model] = key
    proof = "courrier du 3 mars"
    actions.record_choice(
        cast.brun, cast.records["opposee"].pk, kind=ConsentKind.OPPOSITION_RECORD, proof=proof
    )
    return cast, rows


def _more_people(cast: Cast) -> None:
    practice = Organization.objects.get(pk=cast.amar.organization_id)
    hospital = Organization.objects.get(pk=cast.urgentiste.organization_id)
    clinic = organization("Clinique du Parc", OrganizationKind.PRIVATE_HOSPITAL)
    for name, profession in (
        ("secretaire", Profession.MEDICAL_SECRETARY),
        ("aide", Profession.HOME_HELP),
        ("ancien", Profession.NURSE),
    ):
        cast.actors[name] = professional(name, profession, practice)
        join(cast.records["madeleine"], practitioner_id=cast.actors[name].person_id)
    cast.actors["cheffe"] = professional(
        "cheffe", Profession.TERRITORIAL_COORDINATION, practice, duties=["programme_lead"]
    )
    cast.actors["demandeuse"] = professional("demandeuse", Profession.MIDWIFE, clinic)
    CareTeamParticipant.objects.filter(practitioner_id=cast.actors["ancien"].person_id).update(
        ended_at=timezone.now()
    )
    # Léon's doctor also follows somebody who has closed her record to everybody.
    cast.records["opposee"] = shared_record(cast.brun, "MOREL", "ODILE", date(1950, 6, 1))
    for name, place in (("hopital", hospital), ("clinique", clinic)):
        cast.actors[name] = Actor(kind=ActorKind.GATEWAY, name=place.name, organization_id=place.pk)
        IdentityDomain.objects.create(authority=f"urn:oid:{place.pk.int}", name="IPP", organization=place)
    SourceIdentity.objects.create(
        domain=IdentityDomain.objects.get(organization=hospital),
        value="0001",
        patient_id=cast.records["madeleine"].patient_id,
    )
    cast.actors["job"] = Actor.job("matrice")
    guardian, carer = DelegationBasis.GUARDIANSHIP, DelegationBasis.CARER
    cast.actors["tutrice"] = represented_by(cast.records["madeleine"], "Claire", guardian)
    cast.actors["aidante"] = represented_by(cast.records["madeleine"], "Lucie", carer)
    cast.actors["tuteur_leon"] = represented_by(cast.records["leon"], "Paul", guardian)


def _rows_of(cast: Cast, record: CareRecord) -> dict[type[Model], UUID]:
    """A plain row of each model that a rule names; models of no patient are asked in their first row, if any."""
    patient = record.patient_id
    author = Practitioner.objects.get(pk=cast.amar.person_id)
    limits = Limits(
        patient_id=patient,
        record_id=record.pk,
        data_class="coordination",
        private_to_id=None,
        hidden=False,
        hidden_from_relatives=False,
        author=author,
        organization_id=record.holder_id,
        row=record.pk.int % 10**9,
        marker="ligne",
    )
    made: dict[type[Model], Any] = {
        CareRecord: record,
        type(record.patient): record.patient,
        CareTeamParticipant: CareTeamParticipant.objects.filter(patient_id=patient).latest("started_at"),
        RelatedPerson: (
            related := RelatedPerson.objects.create(
                patient_id=patient, name="Un proche", relationship="child"
            )
        ),
        Delegation: _delegation(related),
        AccessComplaint: _complaint(patient),
        FirstAccess: FirstAccess.objects.create(
            patient_id=patient, practitioner_id=cast.jules.person_id, at=timezone.now()
        ),
        Consent: _consent(patient, author),
        **_hand_over(record, *_turn(cast, record)),
        **_joining(cast, record),
        NamedReader: NamedReader.objects.create(
            patient_id=patient,
            record=record,
            sector="psychiatry",
            practitioner=author,
            named_by_name="la distribution",
            is_named_by_patient=True,
        ),
        EmergencyAccess: _emergency(cast, patient),
        AuditEntry: _entry(cast, patient),
        **_of_identity(patient),
        # A line of health is of the medical class alone.
        **{
            apps.get_model(label): make(limits) or make(replace(limits, data_class="medical"))
            for label, make in ROWS.items()
        },
    }
    made |= _of_note(cast, made[Note])
    made[LabObservation] = made[DiagnosticReport].observations.get()
    made |= _of_inclusion(made[Inclusion])
    made[DocumentList] = DocumentList.objects.create(
        patient_id=patient,
        record=record,
        organization_id=record.holder_id,
        kind="submissionset",
        identifier="1.2.3",
        sent_at=timezone.now(),
        documents=[],
    )
    made[PreparedRecord] = PreparedRecord.objects.create(
        patient_id=patient,
        record=record,
        rule=RobotRule.objects.create(
            name="essai", organization_id=record.holder_id, set_by_name="la distribution"
        ),
    )
    made[PathwayVersion] = made[QuestionnaireResponse].version
    made[Pathway] = made[PathwayVersion].pathway
    made[PathwaySignature], _ = PathwaySignature.objects.get_or_create(
        version=made[PathwayVersion], organization_id=record.holder_id, signed_by=author
    )
    followed = made[FollowUp]
    made[Expected], made[AnswerLink] = followed.expected.get(), followed.links.get()
    made[Contact], made[Cell] = followed.contacts.get(), followed.cell
    made[Alert], made[Call] = followed.alerts.get(), followed.calls.get()
    made[ThresholdChange] = followed.threshold_changes.get()
    made[HomeAccess] = row_of_home(patient, record.pk)
    made[OfferedLine] = OfferedLine.objects.get(document=made[DocumentReference])
    for _, model in access.declared_rules():
        if model not in made:
            made[model] = model._default_manager.order_by("pk").first()
    return {model: row.pk for model, row in made.items() if row is not None}


def _of_note(cast: Cast, note: Note) -> dict[type[Model], Any]:
    """What it said before, its doctor's star, and the photograph that its maker joined to it."""
    said = {"patient_id": note.patient_id, "note": note}
    return {
        NoteVersion: NoteVersion.objects.create(number=1, text="ligne", replaced_at=timezone.now(), **said),
        NoteFavourite: NoteFavourite.objects.create(user_id=cast.amar.user_id, **said),
        NoteMedia: note.media.get(),
    }


def _of_inclusion(inclusion: Inclusion) -> dict[type[Model], Any]:
    programme = Programme.objects.get(pk=inclusion.programme_id)
    return {
        PathwayChange: inclusion.changes.get(),
        BillableSequence: inclusion.sequences.get(),
        Programme: programme,
        ProgrammeVersion: inclusion.version,
        InvoiceBatch: programme.batches.get(),
    }


def _of_identity(patient_id: UUID) -> dict[type[Model], Any]:
    domain, _ = IdentityDomain.objects.get_or_create(authority="urn:oid:1.2.3", defaults={"name": "IPP"})
    said = {"patient_id": patient_id, "by_name": "la distribution"}
    other = UUID(int=2**128 - 1)
    return {
        SourceIdentity: SourceIdentity.objects.create(
            domain=domain, value=patient_id.hex, patient_id=patient_id
        ),
        IdentityChange: IdentityChange.objects.create(
            kind="proven", status_before="PROV", status_after="VALI", **said
        ),
        InsiCall: InsiCall.objects.create(operation="search", answer="01", **said),
        PotentialDuplicate: PotentialDuplicate.objects.create(
            patient_id=patient_id, other_id=other, points=50
        ),
        LinkRequest: LinkRequest.objects.create(
            issuer="https://fc.example",
            subject=patient_id.hex,
            cause="nobody",
            state="linked",
            sex="F",
            patient_id=patient_id,
        ),
        IdentityMerge: IdentityMerge.objects.create(
            patient_id=patient_id,
            dead_id=new_id(),
            reason="essai",
            merged_at=timezone.now(),
            merged_by_name="la distribution",
        ),
    }


def _turn(cast: Cast, record: CareRecord) -> tuple[Actor, Actor]:
    """The patient's own doctor and nurse."""
    if record == cast.madeleine_record:
        return cast.amar, cast.ines
    return cast.brun, cast.jules


def _hand_over(record: CareRecord, giver: Actor, taker: Actor) -> dict[type[Model], Any]:
    """From the patient's doctor to her nurse."""
    head = HandOver.objects.create(
        giver_id=giver.person_id,
        taker_id=taker.person_id,
        organization_id=giver.organization_id,
        kind=HandOverKind.DEFINITIVE,
        proposed_by_name="la distribution",
        expires_at=timezone.now() + timedelta(days=7),
    )
    given = CareTeamParticipant.objects.get(record=record, practitioner_id=giver.person_id, ended_at=None)
    item = HandOverItem.objects.create(
        hand_over=head, patient_id=record.patient_id, record=record, given=given, role=given.role
    )
    return {HandOver: head, HandOverItem: item}


def _joining(cast: Cast, record: CareRecord) -> dict[type[Model], Any]:
    """Somebody of no circle, and of no column, asks to come in; the patient's own doctor invites somebody."""
    said = {"patient_id": record.patient_id, "record": record, "reason": JoinReason.FOLLOWS}
    giver, _ = _turn(cast, record)
    asked = JoinRequest.objects.create(
        practitioner_id=cast.actors["demandeuse"].person_id,
        organization_id=cast.actors["demandeuse"].organization_id,
        expires_at=timezone.now() + timedelta(days=29),
        **said,
    )
    invited = CircleInvitation.objects.create(
        family_name="NOVA",
        given_name="Camille",
        profession="60",
        email="nova@example.org",
        token_hash=new_id().hex,
        invited_by_id=giver.person_id,
        invited_by_name="la distribution",
        organization_id=giver.organization_id,
        expires_at=timezone.now() + timedelta(days=6),
        **said,
    )
    return {JoinRequest: asked, CircleInvitation: invited}


def _delegation(related: RelatedPerson) -> Delegation:
    """Waiting for its account: it is told, it opens nothing."""
    return Delegation.objects.create(
        patient_id=related.patient_id,
        related_person=related,
        basis=DelegationBasis.CARER,
        proof=DelegationProof.SIGNED_FORM,
        recorded_by_name="la distribution",
        invited_email="proche@example.org",
        token_hash=new_id().hex,
        code_hash=new_id().hex,
        invited_until=timezone.now() + timedelta(days=14),
    )


def _complaint(patient_id: UUID) -> AccessComplaint:
    return AccessComplaint.objects.create(
        patient_id=patient_id,
        patient_initials="ML",
        patient_birth_year=1939,
        entry_id=new_id(),
        accessed_at=timezone.now(),
        accessor_name="Jules",
        purpose="care",
        done="record.read",
        made_by_name="la distribution",
    )


def _consent(patient_id: UUID, author: Practitioner) -> Consent:
    return Consent.objects.create(
        patient_id=patient_id,
        kind=ConsentKind.CONSENT_OUTSIDE_TEAM,
        practitioner=author,
        recorded_by_name="la distribution",
    )


def _emergency(cast: Cast, patient_id: UUID) -> EmergencyAccess:
    """Of somebody else, and over: it is told, it opens nothing."""
    opened_at = timezone.now() - timedelta(days=2)
    return EmergencyAccess.objects.create(
        patient_id=patient_id,
        practitioner_id=cast.jules.person_id,
        organization_id=cast.jules.organization_id,
        user_id=cast.jules.user_id,
        reason="chute dans la rue",
        opened_at=opened_at,
        expires_at=opened_at + timedelta(hours=4),
    )


def _entry(cast: Cast, patient_id: UUID) -> AuditEntry:
    """Of somebody who has left: what a job does by itself is no access."""
    reader = replace(cast.ancien, correlation_id=new_id())
    with rls.acting(reader):
        audit.record(reader, RECORD_READ, patient_id=patient_id)
    return AuditEntry.objects.get(patient_id=patient_id, correlation_id=reader.correlation_id)

"""The generated patients: the rows, facts and audit rows that the actions would have left, a few statements each."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F, Model

from config.local.region.places import Directory
from config.local.region.records import (
    Times,
    contacts_of,
    joined,
    new_member,
    put_back_facts,
    relatives_of,
    traits_of,
)
from simulators.region.model import Member, Story
from terresante.care_team.access import CIRCLE_EDIT, CONSENT_EDIT, RECORD_CREATE, RECORD_SHARE
from terresante.care_team.actions import GENERAL_MEDICINE
from terresante.care_team.enums import Basis, ConsentKind, DataClass, TeamRole
from terresante.care_team.models import CareTeamParticipant, Consent
from terresante.feed.actions import Fact
from terresante.feed.enums import FeedKind
from terresante.feed.models import FeedItem
from terresante.kernel import audit, rls
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.notes.access import NOTE_WRITE
from terresante.notes.models import Note
from terresante.patients.actions import IDENTITY_CREATE, apply_traits
from terresante.patients.enums import InformationSupport
from terresante.patients.models import CareRecord, Patient, RelatedPerson


class Crowd:
    def __init__(self, job: Actor, directory: Directory, times: Times) -> None:
        self._job = job
        self._directory = directory
        self._times = times
        self._audit: list[AuditEntry] = []

    def settle(self, stories: Sequence[Story]) -> list[UUID]:
        """In the order of `stories`."""
        with rls.acting(self._job):
            patients = [_patient(story) for story in stories]
            Patient.objects.bulk_create(patients)
            for story, patient in zip(stories, patients, strict=True):
                self._found(story, patient)
            AuditEntry.objects.bulk_create(self._audit, batch_size=1000)
        return [patient.pk for patient in patients]

    def _found(self, story: Story, patient: Patient) -> None:
        founder = self._directory.actors[story.founder]
        rls.found_record(patient.pk)
        record = self._record(story, patient, founder)
        self._trace(founder, IDENTITY_CREATE, patient)
        self._trace(founder, RECORD_CREATE, record)
        self._trace(founder, RECORD_SHARE, record, support=story.support)
        members = self._members(story, record, founder)
        RelatedPerson.objects.bulk_create(relatives_of(patient.pk, story.relatives))
        facts = [_fact(joined(member), None) for member in members]
        FeedItem.objects.bulk_create([*facts, *self._notes(story, record)])
        put_back_facts(patient.pk)

    def _record(self, story: Story, patient: Patient, founder: Actor) -> CareRecord:
        founded_at = self._times.founding(story.since)
        record = CareRecord(
            id=new_id(),
            patient=patient,
            holder=self._directory.workplaces[story.founder],
            created_by_id=founder.person_id,
            programme=story.programme,
            is_shared=True,
            information_given_at=self._times.founding(story.since, minute=20),
            information_given_by_id=founder.person_id,
            information_support=InformationSupport(story.support),
        )
        record.save(force_insert=True)
        CareRecord.objects.filter(pk=record.pk).update(created_at=founded_at)
        return record

    def _members(self, story: Story, record: CareRecord, founder: Actor) -> list[CareTeamParticipant]:
        """The founder first."""
        doctor = self._directory.practitioners[story.founder]
        is_treating = doctor.specialty in GENERAL_MEDICINE
        own = Member(
            who=story.founder,
            role=TeamRole.ATTENDING if is_treating else TeamRole.MEMBER,
            basis="care_team",
            since=story.since,
        )
        members = [self._participant(member, record, founder) for member in (own, *story.members)]
        CareTeamParticipant.objects.bulk_create(members)
        for participant in members[1:]:
            who = participant.practitioner_id or participant.organization_id
            self._trace(founder, CIRCLE_EDIT, participant, joined=str(who))
        for member in story.members:
            if member.basis == Basis.CONSENT:
                self._consent(member, record, founder)
        return members

    def _consent(self, member: Member, record: CareRecord, founder: Actor) -> None:
        wanted = new_member(member, self._directory, self._times)
        consent = Consent(
            id=new_id(),
            patient_id=record.patient_id,
            kind=ConsentKind.CONSENT_OUTSIDE_TEAM,
            practitioner_id=wanted.practitioner_id,
            given_at=self._times.founding(member.since),
            recorded_by_name=founder.name,
            proof=wanted.consent.proof,
        )
        Consent.objects.bulk_create([consent])
        self._trace(founder, CONSENT_EDIT, consent, kind=consent.kind)

    def _participant(self, member: Member, record: CareRecord, founder: Actor) -> CareTeamParticipant:
        wanted = new_member(member, self._directory, self._times)
        return CareTeamParticipant(
            id=new_id(),
            patient_id=record.patient_id,
            record=record,
            practitioner_id=wanted.practitioner_id,
            organization_id=wanted.organization_id,
            role=wanted.role,
            basis=wanted.basis,
            started_at=self._times.founding(member.since),
            added_by_name=founder.name,
        )

    def _notes(self, story: Story, record: CareRecord) -> list[FeedItem]:
        written: list[Note] = []
        for note in story.notes:
            author = self._directory.actors[note.author]
            written.append(
                Note(
                    id=new_id(),
                    patient_id=record.patient_id,
                    record=record,
                    author=self._directory.practitioners[note.author],
                    author_name=author.name,
                    author_role=author.role_label,
                    organization=self._directory.workplaces[note.author],
                    organization_name=author.organization_name,
                    data_class=DataClass(note.data_class),
                    text=note.text,
                    written_at=self._times.at(note.at),
                )
            )
            self._trace(author, NOTE_WRITE, written[-1], **{"class": note.data_class})
        Note.objects.bulk_create(written)
        Note.objects.filter(record=record).update(recorded_at=F("written_at"))
        authors = [self._directory.actors[note.author].user_id for note in story.notes]
        return [_fact(_published(row), author) for row, author in zip(written, authors, strict=True)]

    def _trace(self, actor: Actor, action: Action, about: Model, **detail: str) -> None:
        """The row that `audit.record` would write; all of them go in together."""
        patient_id = getattr(about, "patient_id", about.pk)
        self._audit.append(
            audit.entry(actor, action, patient_id=patient_id, about=about, detail=detail, at=self._times.now)
        )


def _patient(story: Story) -> Patient:
    contacts = contacts_of(story.identity)
    patient = Patient(
        id=new_id(),
        phone=contacts.phone,
        address_line=contacts.address_line,
        postal_code=contacts.postal_code,
        city=contacts.city,
    )
    apply_traits(patient, traits_of(story.identity))
    return patient


def _published(row: Note) -> Fact:
    return Fact(
        patient_id=row.patient_id,
        kind=FeedKind.NOTE,
        object_id=row.pk,
        occurred_at=row.written_at,
        data_class=DataClass(row.data_class),
    )


def _fact(fact: Fact, author_id: UUID | None) -> FeedItem:
    return FeedItem(
        patient_id=fact.patient_id,
        kind=fact.kind,
        object_id=fact.object_id,
        occurred_at=fact.occurred_at,
        author_id=author_id,
        data_class=fact.data_class,
    )

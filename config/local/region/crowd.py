"""The generated patients: the rows, facts and audit rows that the actions would have left, a few statements each."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F

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
from terresante.care_team.access import CIRCLE_EDIT, RECORD_CREATE, RECORD_SHARE
from terresante.care_team.actions import GENERAL_MEDICINE
from terresante.care_team.enums import DataClass, TeamRole
from terresante.care_team.models import CareTeamParticipant
from terresante.feed.actions import Fact, tell
from terresante.feed.enums import FeedKind
from terresante.kernel import audit, rls
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
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

    def settle(self, stories: Sequence[Story]) -> list[UUID]:
        """In the order of `stories`."""
        with rls.acting(self._job):
            patients = [_patient(story) for story in stories]
            Patient.objects.bulk_create(patients)
            for story, patient in zip(stories, patients, strict=True):
                self._found(story, patient)
        return [patient.pk for patient in patients]

    def _found(self, story: Story, patient: Patient) -> None:
        founder = self._directory.actors[story.founder]
        rls.found_record(patient.pk)
        record = self._record(story, patient, founder)
        members = self._members(story, record, founder)
        RelatedPerson.objects.bulk_create(relatives_of(patient.pk, story.relatives))
        self._notes(story, record)
        for member in members:
            tell(self._job, joined(member))
        put_back_facts(patient.pk)
        audit.record(founder, IDENTITY_CREATE, patient_id=patient.pk, about=patient)
        audit.record(founder, RECORD_CREATE, patient_id=patient.pk, about=record)
        audit.record(
            founder, RECORD_SHARE, patient_id=patient.pk, about=record, detail={"support": story.support}
        )
        for member in members[1:]:
            who = str(member.practitioner_id or member.organization_id)
            audit.record(founder, CIRCLE_EDIT, patient_id=patient.pk, about=member, detail={"joined": who})

    def _record(self, story: Story, patient: Patient, founder: Actor) -> CareRecord:
        founded_at = self._times.founding(story.since)
        record = CareRecord(
            id=new_id(),
            patient=patient,
            holder_id=founder.organization_id,
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
        return members

    def _participant(self, member: Member, record: CareRecord, founder: Actor) -> CareTeamParticipant:
        wanted = new_member(member, self._directory)
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

    def _notes(self, story: Story, record: CareRecord) -> None:
        written = []
        for note in story.notes:
            author = self._directory.actors[note.author]
            written.append(
                Note(
                    id=new_id(),
                    patient_id=record.patient_id,
                    record=record,
                    author_id=author.person_id,
                    author_name=author.name,
                    author_role=author.role_label,
                    organization_id=author.organization_id,
                    organization_name=author.organization_name,
                    data_class=DataClass(note.data_class),
                    text=note.text,
                    written_at=self._times.at(note.at),
                )
            )
        Note.objects.bulk_create(written)
        Note.objects.filter(record=record).update(recorded_at=F("written_at"))
        for note, row in zip(story.notes, written, strict=True):
            author = self._directory.actors[note.author]
            tell(author, _published(row))
            audit.record(
                author, NOTE_WRITE, patient_id=row.patient_id, about=row, detail={"class": note.data_class}
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

"""The stories written by hand, told through the actions people use, then put back at their dates."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from config.local.region.joining import join_to_note
from config.local.region.places import Directory
from simulators.region.model import Identity, Member, Moment, Region, Relative, Story
from terresante.care_team.actions import (
    GivenConsent,
    NewMember,
    add_member,
    create_record,
    record_choice,
    share_record,
)
from terresante.care_team.enums import Basis, ConsentKind, DataClass, TeamRole
from terresante.care_team.models import CareTeamParticipant, Consent
from terresante.feed.actions import Fact, tell
from terresante.feed.enums import FeedKind
from terresante.feed.models import FeedItem
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.notes.actions import NewNote, publish_note
from terresante.notes.models import Note
from terresante.patients.enums import IdentityStatus, InformationSupport, Relationship
from terresante.patients.models import CareRecord, RelatedPerson
from terresante.patients.traits import Contacts, Traits

TEST_INS_OID = "1.2.250.1.213.1.4.10"
_MORNING, _FOUNDED, _SHARED = 8, 0, 20
_JUST_NOW = timedelta(minutes=4)
_PROOF = "Entretien, accord oral noté au dossier"


class Times:
    """Turns the moments of the content into instants, none of them in the future."""

    def __init__(self, region: Region, now: datetime) -> None:
        self._today = region.today
        self.now = now

    def at(self, moment: Moment) -> datetime:
        instant = timezone.make_aware(moment.on(self._today))
        return min(instant, self.now - _JUST_NOW)

    def founding(self, since: int, *, minute: int = _FOUNDED) -> datetime:
        return self.at(Moment(days=since, hour=_MORNING, minute=minute))


def traits_of(identity: Identity) -> Traits:
    return Traits(
        birth_name=identity.birth_name,
        birth_given_names=identity.given,
        birth_date=identity.born,
        sex=identity.sex,
        birth_place_code=identity.birth_place.code,
        birth_place_name=identity.birth_place.name,
        used_name=identity.used_name,
        used_given_name=identity.given.split()[0],
        ins=identity.ins,
        ins_oid=TEST_INS_OID if identity.ins else "",
        identity_status=IdentityStatus(identity.status),
    )


def contacts_of(identity: Identity) -> Contacts:
    return Contacts(
        phone=identity.phone,
        address_line=identity.address,
        postal_code=identity.commune.postal_code,
        city=identity.commune.name,
    )


def new_member(member: Member, directory: Directory, times: Times) -> NewMember:
    is_by_consent = member.basis == Basis.CONSENT
    structure = directory.organizations.get(member.who)
    return NewMember(
        practitioner_id=None if structure else directory.practitioners[member.who].pk,
        organization_id=structure.pk if structure else None,
        role=TeamRole(member.role),
        basis=Basis(member.basis),
        consent=consent_of(member, times) if is_by_consent else GivenConsent(),
    )


def consent_of(member: Member, times: Times) -> GivenConsent:
    return GivenConsent(given_at=times.founding(member.since), proof=_PROOF)


def relatives_of(patient_id: UUID, relatives: tuple[Relative, ...]) -> list[RelatedPerson]:
    return [
        RelatedPerson(
            id=new_id(),
            patient_id=patient_id,
            name=relative.name,
            relationship=Relationship(relative.link),
            phone=relative.phone,
            is_trusted_person=relative.is_trusted,
            is_person_to_warn=relative.is_to_warn,
            is_carer=relative.is_carer,
        )
        for relative in relatives
    ]


class Teller:
    """`job` may open any record it names; everything else is done by the people of the story."""

    def __init__(self, job: Actor, directory: Directory, times: Times) -> None:
        self._job = job
        self._directory = directory
        self._times = times

    def tell(self, story: Story) -> UUID:
        founder = self._directory.actors[story.founder]
        record = create_record(
            founder, traits=traits_of(story.identity), contacts=contacts_of(story.identity)
        )
        self._put_back_founding(record, story)
        informed_at = self._times.founding(story.since, minute=_SHARED)
        share_record(founder, record.pk, support=InformationSupport(story.support), given_at=informed_at)
        since = {founder.person_id: self._times.founding(story.since)}
        for member in story.members:
            added = add_member(founder, record.pk, member=new_member(member, self._directory, self._times))
            since[added.practitioner_id or added.organization_id] = self._times.founding(member.since)
        self._put_back_circle(record.patient_id, since)
        self._publish(record, story)
        self._oppose(record, founder, story)
        return record.patient_id

    def _put_back_founding(self, record: CareRecord, story: Story) -> None:
        """Row policies read the clock of the transaction: a member of this instant is not one yet."""
        founded_at = self._times.founding(story.since)
        with rls.acting(self._job):
            rls.open_record(record.patient_id)
            CareRecord.objects.filter(pk=record.pk).update(created_at=founded_at, programme=story.programme)
            CareTeamParticipant.objects.filter(record=record).update(started_at=founded_at)
            RelatedPerson.objects.bulk_create(relatives_of(record.patient_id, story.relatives))

    def _put_back_circle(self, patient_id: UUID, since: dict[UUID | None, datetime]) -> None:
        with rls.acting(self._job):
            rls.open_record(patient_id)
            members = list(CareTeamParticipant.objects.filter(patient_id=patient_id))
            for member in members:
                member.started_at = since[member.practitioner_id or member.organization_id]
                tell(self._job, joined(member))
            CareTeamParticipant.objects.bulk_update(members, ["started_at"])
            put_back_facts(patient_id)

    def _publish(self, record: CareRecord, story: Story) -> None:
        written = {}
        for note in story.notes:
            author = self._directory.actors[note.author]
            media = tuple(join_to_note(author, form, words) for form, words in note.joined)
            draft = NewNote(id=new_id(), data_class=DataClass(note.data_class), text=note.text, media=media)
            publish_note(author, record.pk, note=draft)
            written[draft.id] = self._times.at(note.at)
        with rls.acting(self._job):
            rls.open_record(record.patient_id)
            for key, at in written.items():
                Note.objects.filter(pk=key).update(written_at=at, recorded_at=at)
                FeedItem.objects.filter(object_id=key).update(occurred_at=at, recorded_at=at)

    def _oppose(self, record: CareRecord, founder: Actor, story: Story) -> None:
        for kind, days in story.oppositions:
            choice = record_choice(
                founder, record.pk, kind=ConsentKind(kind), proof="Demande orale, courrier remis au cabinet"
            )
            with rls.acting(self._job):
                rls.open_record(record.patient_id)
                Consent.objects.filter(pk=choice.pk).update(
                    given_at=self._times.at(Moment(days=days, hour=11, minute=0))
                )


def joined(member: CareTeamParticipant) -> Fact:
    return Fact(
        patient_id=member.patient_id,
        kind=FeedKind.MEMBER_JOINED,
        object_id=member.pk,
        occurred_at=member.started_at,
        data_class=DataClass.CIRCLE,
        sector=member.sector,
        restricted_to_id=member.restricted_to_id,
    )


def put_back_facts(patient_id: UUID) -> None:
    """As if each fact had been recorded when it occurred; what the load adds is no news."""
    FeedItem.objects.filter(patient_id=patient_id).update(recorded_at=F("occurred_at"))

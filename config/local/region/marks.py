"""What makes the first login look like a Thursday morning: reading marks, and an access to review."""

from uuid import UUID

from config.local.region.places import Directory
from config.local.region.records import Times, put_back_facts
from simulators.region.model import Moment, Region, Story
from terresante.accounts.models import User
from terresante.care_team.actions import open_in_emergency
from terresante.care_team.models import NamedReader
from terresante.feed.models import ReadCursor
from terresante.kernel import rls
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.ids import new_id
from terresante.kernel.models import OutboxEvent
from terresante.patients.desk_actions import confirm_insi, record_insi_call
from terresante.patients.enums import InsiAnswer, InsiOperation
from terresante.patients.models import CareRecord

LAST_VISIT = Moment(days=2, hour=18, minute=10)
# A child brought in while her mother cannot be reached: no circle of hers has the emergency physician.
_EMERGENCY_PATIENT = "roussel"
_EMERGENCY_REASON = "Crise d’asthme, mère injoignable : traitement de fond et allergies à connaître."
# Who wrote to whom about it: the doctor who sent them there, the pharmacist who delivers. (story, member, sector)
_NAMED = (
    ("wojcik", "belmonte", "addictology"),
    ("rahmani", "belmonte", "psychiatry"),
    ("rahmani", "benali", "psychiatry"),
)


def name_readers(job: Actor, directory: Directory, patients: dict[str, UUID]) -> None:
    """As the patients told it on the telephone: who of their circle may know of what is kept restricted."""
    for story, who, sector in _NAMED:
        with rls.acting(job):
            rls.open_record(patients[story])
            record = CareRecord.objects.get(patient_id=patients[story])
            NamedReader.objects.bulk_create(
                [
                    NamedReader(
                        patient_id=record.patient_id,
                        record=record,
                        sector=sector,
                        practitioner=directory.practitioners[who],
                        named_by_name=str(record.patient),
                        is_named_by_patient=True,
                    )
                ]
            )


def mark_read(
    directory: Directory, stories: dict[str, Story], patients: dict[str, UUID], times: Times
) -> None:
    """Everybody with an account has read everything up to his last visit, two days ago."""
    for key, actor in directory.actors.items():
        if actor.user_id is not None:
            keys = {key, _structure_of(actor, directory)}
            followed = [patients[name] for name, story in stories.items() if keys & _circle(story)]
            _set_cursors(actor, actor.user_id, followed, times)


def mark_own_record_read(user: User, patient_id: UUID, times: Times) -> None:
    actor = Actor(kind=ActorKind.PATIENT, name=user.name, user_id=user.pk, person_id=patient_id)
    _set_cursors(actor, user.pk, [patient_id], times)


def open_one_in_emergency(directory: Directory, patients: dict[str, UUID], *, physician: str) -> None:
    open_in_emergency(directory.actors[physician], patients[_EMERGENCY_PATIENT], reason=_EMERGENCY_REASON)


def put_back_stays(job: Actor, region: Region, patients: dict[str, UUID]) -> None:
    for story in region.stories:
        if story.stays:
            with rls.acting(job):
                rls.open_record(patients[story.key])
                put_back_facts(patients[story.key])


def deny_one(region: Region, patients: dict[str, UUID]) -> None:
    """INSi, asked again after years, no longer confirms somebody: the identity desk has a case to look at."""
    qualified = (
        story for story in region.stories if not story.is_written_by_hand and story.identity.status == "QUAL"
    )
    job, patient_id = Actor.job("insi"), patients[next(qualified).key]
    with rls.acting(job):
        rls.open_record(patient_id)
        record_insi_call(job, patient_id, operation=InsiOperation.VERIFY, answer=InsiAnswer.DENIED)
        confirm_insi(job, patient_id, is_confirmed=False)


def forget_events(job: Actor) -> int:
    """The past was announced in its time: nobody gets four hundred e-mails on the first day."""
    with rls.acting(job):
        return OutboxEvent.objects.filter(position__isnull=True).delete()[0]


def _circle(story: Story) -> set[str]:
    return {story.founder, *(member.who for member in story.members)}


def _structure_of(actor: Actor, directory: Directory) -> str:
    return next(key for key, known in directory.organizations.items() if known.pk == actor.organization_id)


def _set_cursors(actor: Actor, user_id: UUID, patients: list[UUID], times: Times) -> None:
    visit = times.at(LAST_VISIT)
    with rls.acting(actor):
        ReadCursor.objects.bulk_create(
            ReadCursor(
                id=new_id(), user_id=user_id, patient_id=patient_id, read_up_to=visit, visited_at=visit
            )
            for patient_id in patients
        )

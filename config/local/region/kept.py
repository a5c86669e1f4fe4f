"""The non-shared record of the support structure: told to nobody outside it, until somebody there opens it."""

from datetime import date
from uuid import UUID

from config.local.region.places import Directory
from config.local.region.records import Times
from simulators.region.model import Moment
from terresante.care_team.actions import create_kept_record
from terresante.care_team.enums import DataClass
from terresante.care_team.models import CareTeamParticipant
from terresante.feed.models import FeedItem
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.notes.actions import NewNote, publish_note
from terresante.notes.models import Note
from terresante.patients.models import CareRecord
from terresante.patients.traits import Contacts, Traits

_COORDINATOR, _SINCE = "haddad", 12
_PERSON = Traits(
    birth_name="VASSEUR-KONE",
    birth_given_names="Ousmane",
    birth_date=date(1949, 11, 3),
    sex="M",
    birth_place_code="99326",
    birth_place_name="Côte d’Ivoire",
)
_NOTES = (
    (12, DataClass.COORDINATION, "Appel de sa fille : il ne sort plus depuis l’été, refuse toute aide. Première visite"
     " fixée avec lui, sans engagement."),
    (6, DataClass.SOCIAL, "Visite à domicile. Deux mois de loyer en retard, courrier non ouvert. Il accepte qu’on"
     " l’aide à trier, pas encore que l’on parle de lui à son médecin."),
)  # fmt: skip


def keep_one_record(job: Actor, directory: Directory, times: Times) -> UUID:
    coordinator = directory.actors[_COORDINATOR]
    record = create_kept_record(
        coordinator, traits=_PERSON, contacts=Contacts(city="Maisons-Alfort", postal_code="94700")
    )
    founded_at = times.founding(_SINCE)
    with rls.acting(job):
        rls.open_record(record.patient_id)
        CareRecord.objects.filter(pk=record.pk).update(created_at=founded_at)
        CareTeamParticipant.objects.filter(record=record).update(started_at=founded_at)
    for days, data_class, text in _NOTES:
        note = NewNote(id=new_id(), data_class=data_class, text=text)
        publish_note(coordinator, record.pk, note=note)
        _put_back(job, record.patient_id, note.id, times, days)
    return record.patient_id


def _put_back(job: Actor, patient_id: UUID, note_id: UUID, times: Times, days: int) -> None:
    at = times.at(Moment(days=days, hour=15, minute=30))
    with rls.acting(job):
        rls.open_record(patient_id)
        Note.objects.filter(pk=note_id).update(written_at=at, recorded_at=at)
        FeedItem.objects.filter(object_id=note_id).update(occurred_at=at, recorded_at=at)

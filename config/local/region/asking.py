"""Who asks to come into a circle, who is invited to one, and a nurse who is there for four weeks."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from config.local.region.places import Directory
from terresante.care_team.actions.invitations import NewInvitation, invite
from terresante.care_team.actions.joining import Reason, ask_to_join
from terresante.care_team.actions.periods import change_period
from terresante.care_team.enums import JoinReason
from terresante.care_team.models import CareTeamParticipant
from terresante.directory.enums import Profession
from terresante.kernel import rls
from terresante.patients.models import CareRecord

# The patient of the first has an account: she may answer herself.
_ASKED = (
    ("castaing", "isidore", JoinReason.OPINION, "Avis demandé par le Dr Georges sur la hanche droite."),
    ("bardet", "toussaint", JoinReason.SOCIAL, "Aide au lever et aux courses depuis la sortie."),
)
_HOST, _CIRCLE, _NURSE = "norbert", "toussaint", "marie"
_INVITED = NewInvitation(
    family_name="KONATÉ",
    given_name="Awa",
    profession=Profession.PHYSIOTHERAPIST,
    email="a.konate@kine-alfortville.example",
    joins=True,
    why=Reason(reason=JoinReason.PRESCRIBED, words="Rééducation à domicile, vingt séances."),
)
_FOR_FOUR_WEEKS = Reason(reason=JoinReason.PRESCRIBED, words="pansement et anticoagulant, quatre semaines")


def ask_and_invite(directory: Directory, patients: dict[str, UUID]) -> None:
    for who, story, reason, words in _ASKED:
        ask_to_join(directory.actors[who], patients[story], why=Reason(reason=reason, words=words))
    host, patient_id = directory.actors[_HOST], patients[_CIRCLE]
    with rls.acting(host):
        rls.open_record(patient_id)
        record_id = CareRecord.objects.get(patient_id=patient_id).pk
        nurse = CareTeamParticipant.objects.get(
            patient_id=patient_id, practitioner=directory.practitioners[_NURSE], ended_at=None
        )
    invite(host, record_id, invitation=_INVITED)
    ends_at = timezone.now() + timedelta(days=22)
    change_period(host, record_id, nurse.pk, starts_at=None, ends_at=ends_at, why=_FOR_FOUR_WEEKS)

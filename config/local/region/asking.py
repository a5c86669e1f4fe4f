"""Who asks to come into a circle, who is invited, a nurse there for four weeks; what two patients file themselves."""

from datetime import timedelta
from io import BytesIO
from uuid import UUID

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.utils import timezone

from config.local.region.places import Directory
from terresante.accounts.models import User
from terresante.care_team.actions.invitations import NewInvitation, invite
from terresante.care_team.actions.joining import Reason, ask_to_join
from terresante.care_team.actions.periods import change_period
from terresante.care_team.enums import JoinReason
from terresante.care_team.models import CareTeamParticipant
from terresante.directory.enums import Profession
from terresante.documents.access import OWN_DOCUMENT_WRITE
from terresante.documents.enums import DocumentType
from terresante.documents.own_actions import OwnDocument, file_own_document, tell_of_own_document
from terresante.kernel import rls
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.files.receiving import receive
from terresante.patients.models import CareRecord, Patient

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


# One shown to the circle, one that its patient keeps for now.
_OWN = {
    "wojcik": (
        DocumentType.OWN_ADMINISTRATIVE,
        "Attestation de domiciliation",
        "Domiciliation au centre communal, valable un an.",
        False,
    ),
    "isidore": (
        DocumentType.WISHES,
        "Mes volontés, brouillon",
        "À relire avec Odile avant de le montrer.",
        True,
    ),
}


def file_her_own(job: Actor, user: User, story: str, patient_id: UUID) -> None:
    """From the patient's own space; nothing for a story without one."""
    if story not in _OWN:
        return
    type_, title, words, kept = _OWN[story]
    with rls.acting(job):
        rls.open_record(patient_id)
        record_id = CareRecord.objects.get(patient_id=patient_id).pk
        name = str(Patient.objects.get(pk=patient_id))
    actor = Actor(kind=ActorKind.PATIENT, name=name, user_id=user.pk, person_id=patient_id)
    content = words.encode()
    sent = InMemoryUploadedFile(BytesIO(content), "sent", "document.txt", "text/plain", len(content), None)
    received = receive(actor, sent, for_action=OWN_DOCUMENT_WRITE)
    today = timezone.localdate()
    document = OwnDocument(received=received, type=type_, title=title, dated_on=today, kept=kept)
    row = file_own_document(actor, record_id, document=document)
    with rls.acting(job):
        tell_of_own_document(job, patient_id, row.pk)

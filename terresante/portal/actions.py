"""What the patient, or who represents him by law, does with his own hand (MISSION B4)."""

from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext

from terresante.care_team.access import ACCESS_CONTEST, ACCESS_LOG_READ, OWN_CIRCLE_EDIT
from terresante.care_team.enums import DataClass
from terresante.care_team.events import MemberJoined, MemberLeft, MemberRemovedByPatient, RecordClosed
from terresante.care_team.models import AccessComplaint, CareTeamParticipant
from terresante.care_team.queries import open_record
from terresante.kernel import access, audit, sql
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, NotFound, Refused
from terresante.kernel.events import emit
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.kernel.ui.translation import later
from terresante.kernel.ui.wording import initials

LAST_MEMBER = later(
    "C’est le dernier membre de cette équipe : quelqu’un doit répondre du dossier. "
    "Ajoutez d’abord une autre personne. Pour fermer le dossier, dites que vous vous y opposez."
)
_NOT_ADDED = {
    "unshared": later(
        "Vous n’êtes pas encore informé de ce dossier : demandez à votre médecin de le faire d’abord."
    ),
    "opposed": later("Vous vous opposez à ce dossier : levez d’abord votre opposition, dans « Mes choix »."),
}


@action
def remove_member(actor: Actor, record_id: UUID, participant_id: UUID) -> CareTeamParticipant:
    """The member's next request is refused; he, the referent and the structures of support are told.

    Raises Refused for the last member: a record always has somebody who answers for it.
    """
    opened = open_record(actor, record_id, action=OWN_CIRCLE_EDIT)
    member = access.get(actor, OWN_CIRCLE_EDIT, CareTeamParticipant, participant_id)
    if member.patient_id != opened.patient.pk or member.member_id is None:
        raise NotFound
    outcome = sql.value("SELECT patient_removes(%s, %s)", participant_id, "à la demande de la personne")
    if outcome == "last":
        raise Refused(LAST_MEMBER)
    if outcome != "done":
        raise NotFound
    patient_id, left = member.patient_id, str(member.member_id)
    audit.record(actor, OWN_CIRCLE_EDIT, patient_id=patient_id, about=member, detail={"left": left})
    emit(actor, MemberLeft(**member.told(), by_user_id=actor.user_id))
    emit(
        actor,
        MemberRemovedByPatient(
            patient_id=patient_id,
            object_id=member.pk,
            data_class=DataClass.CIRCLE,
            sector=member.sector,
            restricted_to_id=member.restricted_to_id,
        ),
    )
    emit(actor, RecordClosed(patient_id=patient_id, object_id=member.pk, member_id=member.member_id))
    return member


@action
def add_practitioner(actor: Actor, record_id: UUID, practitioner_id: UUID) -> None:
    """On the consent of the person, which this act is (D1110-3-1 CSP). Raises Refused, Conflict, NotFound."""
    opened = open_record(actor, record_id, action=OWN_CIRCLE_EDIT)
    participant_id, consent_id = new_id(), new_id()
    outcome = sql.value(
        "SELECT patient_adds(%s, %s, %s, %s, %s)",
        participant_id,
        consent_id,
        practitioner_id,
        actor.name,
        "Donné dans l’espace de la personne",
    )
    if outcome == "member":
        raise Conflict(gettext("Cette personne fait déjà partie de votre équipe."))
    if outcome in _NOT_ADDED:
        raise Refused(_NOT_ADDED[outcome])
    if outcome != "done":
        raise NotFound
    patient_id = opened.patient.pk
    detail = {"joined": str(practitioner_id), "basis": "consent", "consent": str(consent_id)}
    audit.record(actor, OWN_CIRCLE_EDIT, patient_id=patient_id, about=opened.record, detail=detail)
    emit(
        actor,
        MemberJoined(
            patient_id=patient_id,
            object_id=participant_id,
            member_id=practitioner_id,
            by_user_id=actor.user_id,
            data_class=DataClass.CIRCLE,
        ),
    )


@action
def contest_access(actor: Actor, record_id: UUID, entry_id: UUID) -> AccessComplaint:
    """Puts one line of the access log before the privacy officer. Raises Conflict when it already is."""
    opened = open_record(actor, record_id, action=ACCESS_CONTEST)
    shown = access.list(actor, ACCESS_LOG_READ, AuditEntry).filter(patient_id=opened.patient.pk, pk=entry_id)
    entry = shown.first()
    if entry is None:
        raise NotFound
    if AccessComplaint.objects.filter(patient_id=opened.patient.pk, entry_id=entry.pk).exists():
        raise Conflict(gettext("Vous avez déjà contesté cet accès : la réponse viendra ici."))
    contested = AccessComplaint.objects.create(
        patient=opened.patient,
        patient_initials=initials(str(opened.patient)),
        patient_birth_year=opened.patient.birth_date.year,
        entry_id=entry.pk,
        accessed_at=entry.at,
        accessor_name=entry.actor_name,
        accessor_role=entry.actor_role,
        organization_name=entry.organization_name,
        purpose=entry.purpose,
        done=entry.action,
        made_at=timezone.now(),
        made_by_name=actor.name,
    )
    audit.record(actor, ACCESS_CONTEST, patient_id=opened.patient.pk, about=contested)
    return contested

from dataclasses import dataclass
from uuid import UUID

from terresante.care_team.access import RECORD_READ
from terresante.care_team.models import AccessComplaint, CareTeamParticipant, EmergencyAccess, FirstAccess
from terresante.care_team.queries import OpenRecord, circle_at_work, log, read_record, represented_patient
from terresante.care_team.queries.log import AccessVisit
from terresante.care_team.queries.urgent import emergencies_of
from terresante.kernel import access, rls
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import NotFound, Refused
from terresante.patients.models import CareRecord
from terresante.patients.queries import Represented, delegations_behind
from terresante.telemonitoring.answering import asking
from terresante.telemonitoring.answering.asking import Due


def own_record_id(actor: Actor) -> UUID | None:
    """The record of the patient, or of the person a relative acts for; None when nobody has founded it yet.

    Raises Refused for anybody else.
    """
    if actor.kind == ActorKind.REPRESENTATIVE:
        patient_id = represented_patient(actor)
        if patient_id is None or not rls.open_record(patient_id):
            raise Refused("Cet accès a pris fin.")
    elif actor.kind != ActorKind.PATIENT:
        raise Refused("Cet espace est celui des patients et de leurs proches.")
    return access.list(actor, RECORD_READ, CareRecord).values_list("pk", flat=True).first()


def founded_record_id(actor: Actor) -> UUID:
    """The same. Raises NotFound when nobody has founded it yet."""
    record_id = own_record_id(actor)
    if record_id is None:
        raise NotFound
    return record_id


def read_own_record(actor: Actor, *, action: Action = RECORD_READ) -> OpenRecord | None:
    """Opens it for a page; the log keeps the line, and does not show the patient his own readings."""
    record_id = own_record_id(actor)
    return read_record(actor, record_id, action=action) if record_id is not None else None


@dataclass(frozen=True, slots=True)
class SeenVisit:
    """One visit to the record, and what the patient said of it."""

    visit: AccessVisit
    complaint: AccessComplaint | None
    acts: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Accesses:
    visits: list[SeenVisit]
    next_cursor: str
    emergencies: list[EmergencyAccess]
    firsts: list[FirstAccess]
    complaints: list[AccessComplaint]


def accesses_of(actor: Actor, opened: OpenRecord, *, before: str) -> Accesses:
    """Who saw the record, as its patient reads it."""
    patient_id = opened.patient.pk
    page = log.accesses_of(actor, patient_id, before=before)
    complaints = log.complaints_of(actor, patient_id)
    contested = {complaint.entry_id: complaint for complaint in complaints}
    return Accesses(
        visits=[_seen(actor, visit, _contested(visit, contested)) for visit in page.visits],
        next_cursor=page.next_cursor,
        emergencies=emergencies_of(actor, patient_id),
        firsts=log.first_accesses_of(actor, patient_id),
        complaints=complaints,
    )


# What the log says to the person, said to who acts for her.
_OF_ANOTHER = (
    ("votre dossier", "le dossier"),
    ("votre cercle", "son cercle"),
    ("vos ", "ses "),
    ("votre nom", "son nom"),
    ("votre identité", "son identité"),
    ("vous êtes informé", "la personne est informée"),
)


def _seen(actor: Actor, visit: AccessVisit, complaint: AccessComplaint | None) -> SeenVisit:
    acts, purpose = ", ".join(visit.lay_acts), visit.lay_purpose
    if actor.on_behalf_of:
        for hers, said in _OF_ANOTHER:
            acts, purpose = acts.replace(hers, said), purpose.replace(hers, said)
    return SeenVisit(visit, complaint, acts, purpose)


def _contested(visit: AccessVisit, contested: dict[UUID, AccessComplaint]) -> AccessComplaint | None:
    return next((contested[line.entry_id] for line in visit.lines if line.entry_id in contested), None)


def due_today(actor: Actor, opened: OpenRecord | None) -> list[Due]:
    """Questionnaires of a follow-up at home that wait for this person's answer now."""
    due = asking.due_for(actor, opened.patient.pk) if opened else []
    return [one for one in due if not one.is_answered]


def structures_he_stays_in(actor: Actor, member: CareTeamParticipant) -> list[str]:
    """Structures of the circle where somebody about to be removed works: he goes on reading through them."""
    if member.practitioner_id is None:
        return []
    circle = circle_at_work(actor, member.patient_id)
    works_in = {
        role.organization_id
        for one in circle
        if one.practitioner is not None and one.practitioner_id == member.practitioner_id
        for role in one.practitioner.roles.all()
        if role.period_end is None
    }
    return [one.name for one in circle if one.organization_id in works_in]


def persons_of(actor: Actor) -> list[Represented]:
    """Everybody this account acts for today, whomever it acts for now."""
    return delegations_behind(actor.user_id) if actor.user_id is not None else []

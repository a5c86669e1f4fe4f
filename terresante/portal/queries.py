from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext

from terresante.care_plans.access import INCLUSION_READ
from terresante.care_plans.queries import StepLine, pathways_of
from terresante.care_team.access import ACCESS_LOG_READ, RECORD_READ, decides_for_patient
from terresante.care_team.models import (
    AccessComplaint,
    CareTeamParticipant,
    EmergencyAccess,
    FirstAccess,
    JoinRequest,
)
from terresante.care_team.queries import (
    OpenRecord,
    circle_at_work,
    circle_of,
    joining,
    log,
    read_record,
    represented_patient,
)
from terresante.care_team.queries.log import AccessVisit
from terresante.care_team.queries.urgent import emergencies_of
from terresante.documents.access import DOCUMENT_READ
from terresante.documents.models import DocumentReference
from terresante.documents.queries import documents_of
from terresante.feed.enums import FeedKind
from terresante.feed.queries import unread_number
from terresante.health_record.access import HEALTH_READ
from terresante.home_care.access import HOME_READ
from terresante.kernel import access, rls
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import NotFound, Refused
from terresante.notes.access import NOTE_READ
from terresante.notes.models import Note
from terresante.notes.queries import notes_of
from terresante.patients.models import CareRecord
from terresante.patients.queries import Represented, delegations_behind
from terresante.stays.queries import CurrentPlace, current_places
from terresante.telemonitoring.answering import asking
from terresante.telemonitoring.answering.asking import Due

# How long an emergency access is told on the first page.
_TOLD_FOR = timedelta(days=30)


def own_record_id(actor: Actor) -> UUID | None:
    """The record of the patient, or of the person a relative acts for; None when nobody has founded it yet.

    Raises Refused for anybody else.
    """
    if actor.kind == ActorKind.REPRESENTATIVE:
        patient_id = represented_patient(actor)
        if patient_id is None or not rls.open_record(patient_id):
            raise Refused(gettext("Cet accès a pris fin."))
    elif actor.kind != ActorKind.PATIENT:
        raise Refused(gettext("Cet espace est celui des patients et de leurs proches."))
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


def read_founded_record(actor: Actor, *, action: Action = RECORD_READ) -> OpenRecord:
    """The same. Raises NotFound when nobody has founded it yet."""
    return read_record(actor, founded_record_id(actor), action=action)


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
    ("votre équipe", "son équipe"),
    ("vos ", "ses "),
    ("votre nom", "son nom"),
    ("votre identité", "son identité"),
    ("vous a été donnée", "a été donnée à la personne"),
)


def _seen(actor: Actor, visit: AccessVisit, complaint: AccessComplaint | None) -> SeenVisit:
    acts, purpose = ", ".join(visit.lay_acts), visit.lay_purpose
    if actor.on_behalf_of:
        for hers, said in _OF_ANOTHER:
            acts, purpose = acts.replace(hers, said), purpose.replace(hers, said)
    return SeenVisit(visit, complaint, acts, purpose)


def _contested(visit: AccessVisit, contested: dict[UUID, AccessComplaint]) -> AccessComplaint | None:
    return next((contested[line.entry_id] for line in visit.lines if line.entry_id in contested), None)


@dataclass(frozen=True, slots=True)
class Home:
    """The first page: what waits for this person, then the latest of what stands behind each of its ways on."""

    due: list[Due]
    asked: list[JoinRequest]
    emergency: EmergencyAccess | None
    place: CurrentPlace | None
    step: StepLine | None
    members: int
    new_notes: int
    may: frozenset[Action]
    note: Note | None = None
    document: DocumentReference | None = None
    visit: AccessVisit | None = None

    @property
    def reads_notes(self) -> bool:
        return NOTE_READ in self.may

    @property
    def reads_documents(self) -> bool:
        return DOCUMENT_READ in self.may

    @property
    def reads_health(self) -> bool:
        return HEALTH_READ in self.may

    @property
    def reads_home(self) -> bool:
        return HOME_READ in self.may

    @property
    def reads_log(self) -> bool:
        return ACCESS_LOG_READ in self.may

    @property
    def is_calm(self) -> bool:
        return not (self.due or self.asked or self.emergency or self.place or self.step)


_BEHIND = (NOTE_READ, DOCUMENT_READ, HEALTH_READ, HOME_READ, ACCESS_LOG_READ, INCLUSION_READ)


def home_of(actor: Actor, opened: OpenRecord) -> Home:
    patient_id = opened.patient.pk
    may = access.permitted(actor, opened.record, *_BEHIND)
    reads_log = ACCESS_LOG_READ in may
    return Home(
        due=due_today(actor, opened),
        asked=list(joining.requests_waiting(actor, patient_id)) if decides_for_patient(actor) else [],
        emergency=_recent_emergency(actor, patient_id) if reads_log else None,
        place=current_places(actor, [patient_id]).get(patient_id),
        step=_next_step(actor, patient_id) if INCLUSION_READ in may else None,
        members=len(circle_of(actor, patient_id)),
        new_notes=unread_number(actor, patient_id, FeedKind.NOTE) if NOTE_READ in may else 0,
        may=may,
        note=notes_of(actor, patient_id).first() if NOTE_READ in may else None,
        document=documents_of(actor, patient_id).first() if DOCUMENT_READ in may else None,
        visit=_latest_visit(actor, patient_id) if reads_log else None,
    )


def _recent_emergency(actor: Actor, patient_id: UUID) -> EmergencyAccess | None:
    since = timezone.now() - _TOLD_FOR
    return next((one for one in emergencies_of(actor, patient_id) if one.opened_at > since), None)


def _latest_visit(actor: Actor, patient_id: UUID) -> AccessVisit | None:
    return next(iter(log.accesses_of(actor, patient_id).visits), None)


def _next_step(actor: Actor, patient_id: UUID) -> StepLine | None:
    coming = [one.next_step for one in pathways_of(actor, patient_id) if one.is_active]
    return min((one for one in coming if one), key=lambda one: one.step.due_on, default=None)


def due_today(actor: Actor, opened: OpenRecord) -> list[Due]:
    """Questionnaires of a follow-up at home that wait for this person's answer now."""
    return [one for one in asking.due_for(actor, opened.patient.pk) if not one.is_answered]


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

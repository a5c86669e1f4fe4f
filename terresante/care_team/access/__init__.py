"""Patient-level rules, written once; every app above composes its own rule from them.

`reaches(actor)` says whose rows an actor reaches, `shares(actor)` adds what the row itself limits: its class in the
matrix, the structure or the person it is private to, whether it is hidden from the patient, the sector that keeps it
restricted (`Limited`).
"""

from django.db.models import Exists, Q

from terresante.care_team.access.desk import is_identity_desk as is_identity_desk
from terresante.care_team.access.hand_over import HAND_OVER_ANSWER as HAND_OVER_ANSWER
from terresante.care_team.access.hand_over import HAND_OVER_PROPOSE as HAND_OVER_PROPOSE
from terresante.care_team.access.hand_over import HAND_OVER_READ as HAND_OVER_READ
from terresante.care_team.access.hand_over import leads_structure as leads_structure
from terresante.care_team.access.joining import CIRCLE_INVITE as CIRCLE_INVITE
from terresante.care_team.access.joining import INVITATION_ANSWER as INVITATION_ANSWER
from terresante.care_team.access.joining import JOIN_ANSWER as JOIN_ANSWER
from terresante.care_team.access.joining import JOIN_ASK as JOIN_ASK
from terresante.care_team.access.joining import JOIN_READ as JOIN_READ
from terresante.care_team.basis import answers_for_the_person as answers_for_the_person
from terresante.care_team.basis import by_delegation as by_delegation
from terresante.care_team.basis import changes as changes
from terresante.care_team.basis import classes_of_carer as classes_of_carer
from terresante.care_team.basis import classes_read as classes_read
from terresante.care_team.basis import decides_for_patient as decides_for_patient
from terresante.care_team.basis import in_emergency as in_emergency
from terresante.care_team.basis import is_carer as is_carer
from terresante.care_team.basis import is_support_desk as is_support_desk
from terresante.care_team.basis import knows as knows
from terresante.care_team.basis import knows_of_act
from terresante.care_team.basis import member_of_circle as member_of_circle
from terresante.care_team.basis import reaches as reaches
from terresante.care_team.basis import reads_class as reads_class
from terresante.care_team.basis import reads_home as reads_home
from terresante.care_team.basis import reads_on as reads_on
from terresante.care_team.basis import shares as shares
from terresante.care_team.basis import writes_class as writes_class
from terresante.care_team.enums import DataClass
from terresante.care_team.models import (
    AccessComplaint,
    CareTeamParticipant,
    Consent,
    EmergencyAccess,
    FirstAccess,
    NamedReader,
)
from terresante.directory.enums import Duty
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.condition import SqlCondition
from terresante.kernel.enums import Outcome
from terresante.kernel.models import AuditEntry
from terresante.patients.enums import DelegationBasis
from terresante.patients.models import CareRecord, Delegation, Patient, RelatedPerson

# Ends of the codes of actions that only read.
READINGS = (".read", ".list", ".search")

RECORD_READ = Action("record.read", "Ouvrir le dossier")
RECORD_CREATE = Action("record.create", "Créer un dossier")
RECORD_SHARE = Action("record.share", "Ouvrir le dossier au partage")
RECORD_SEARCH = Action("record.search", "Rechercher une personne")
PATIENTS_LIST = Action("record.list", "Consulter la liste de ses patients")
CIRCLE_READ = Action("circle.read", "Consulter le cercle de soins")
CIRCLE_EDIT = Action("circle.edit", "Modifier le cercle de soins")
CONSENT_EDIT = Action("consent.edit", "Enregistrer un choix du patient")
CONSENT_LIFT = Action("consent.lift", "Lever l’opposition au dossier")
BREAK_GLASS_OPEN = Action("break_glass.open", "Ouvrir un dossier en urgence")
SAMU_OPEN = Action("samu.open", "Ouvrir un dossier pour un appel au SAMU")
RECORD_KEEP = Action("record.keep", "Créer un dossier non partagé")
RECORD_PREPARE = Action("record.prepare", "Préparer un dossier à informer")
CREATION_OPPOSE = Action("consent.oppose_creation", "Enregistrer une opposition à la création du dossier")
CREATION_ALLOW = Action(
    "consent.allow_creation", "Enregistrer le retrait d’une opposition à la création du dossier"
)
LATER_INFORM = Action("consent.inform", "Enregistrer l’information donnée après coup")
CONSENTS_TO_ASK = Action("consent.to_ask.list", "Consulter les consentements à recueillir")
BREAK_GLASS_REVIEW = Action("break_glass.review", "Examiner un accès en urgence")
BREAK_GLASS_EXPLAIN = Action("break_glass.explain", "Expliquer un accès en urgence")
SECRET_NAME = Action("secret.name", "Nommer qui connaît un suivi restreint")
SECRET_READ = Action("secret.read", "Consulter qui connaît un suivi restreint")
ACCESS_LOG_READ = Action("access_log.read", "Consulter les accès au dossier")
REFUSALS_READ = Action("access_log.refusals", "Consulter les tentatives refusées")
IDENTITY_COMPARE = Action("identity.compare", "Rapprocher des identités")
RELATIVE_EDIT = Action("relative.edit", "Modifier les proches")
DELEGATION_EDIT = Action("delegation.edit", "Donner ou retirer l’accès d’un proche")
DELEGATION_CLAIM = Action("delegation.claim", "Ouvrir l’accès reçu pour un proche")
OWN_CIRCLE_EDIT = Action("own_circle.edit", "Modifier son propre cercle de soins")
OWN_RELATIVE_EDIT = Action("own_relative.edit", "Modifier ses propres proches")
OWN_DELEGATION_EDIT = Action("own_delegation.edit", "Donner ou retirer l’accès de son aidant")
ACCESS_CONTEST = Action("complaint.make", "Contester un accès au dossier")
COMPLAINT_READ = Action("complaint.read", "Consulter les accès contestés")
COMPLAINT_ANSWER = Action("complaint.answer", "Répondre à un accès contesté")


def writes_something(actor: Actor) -> bool:
    """Whether he writes any class of what a circle shares."""
    said = (DataClass.MEDICAL, DataClass.CARE, DataClass.COORDINATION, DataClass.SOCIAL)
    return any(writes_class(actor, data_class) for data_class in said)


@rule(RECORD_READ, CareRecord, visible=True)
def records_reached(actor: Actor) -> Q:
    return reaches(actor)


@rule(RECORD_READ, Patient, visible=True)
def patients_reached(actor: Actor) -> Q:
    return reaches(actor, "pk")


@rule(CIRCLE_READ, RelatedPerson, visible=True)
@rule(CIRCLE_READ, Delegation, visible=True)
@rule(CIRCLE_READ, Consent, visible=True)
@rule(CIRCLE_READ, EmergencyAccess)
def told_of_circle(actor: Actor) -> Q:
    """The circle and the patient: relatives and their accesses, choices, who opened in emergency and why."""
    return reaches(actor, of=DataClass.CIRCLE) if reads_class(actor, DataClass.CIRCLE) else NOBODY


@rule(RECORD_SHARE, CareRecord)
@rule(CIRCLE_EDIT, CareRecord)
@rule(CIRCLE_INVITE, CareRecord)
@rule(CONSENT_EDIT, CareRecord)
@rule(CONSENT_EDIT, Consent)
@rule(RELATIVE_EDIT, CareRecord)
@rule(RELATIVE_EDIT, RelatedPerson)
@rule(DELEGATION_EDIT, CareRecord)
@rule(DELEGATION_EDIT, Delegation)
def circles_written(actor: Actor) -> Q:
    return changes(actor, of=DataClass.CIRCLE) if writes_class(actor, DataClass.CIRCLE) else NOBODY


@rule(CIRCLE_READ, CareTeamParticipant, visible=True)
def circles_read(actor: Actor) -> Q:
    """With the members whose presence is restricted, for who may know of them."""
    if not reads_class(actor, DataClass.CIRCLE):
        return NOBODY
    return reaches(actor, of=DataClass.CIRCLE) & members_known(actor)


def members_known(actor: Actor) -> Q:
    """A restricted member is no secret to himself, his structure, who acts for him, who brought him, or the patient."""
    if actor.kind in (ActorKind.PATIENT, ActorKind.JOB):
        return Q()
    mine = Q()
    for key in (actor.person_id, actor.organization_id, actor.principal_id):
        mine |= Q(member_id=key) if key is not None else Q()
    brought = Q(added_by_id=actor.person_id) if actor.person_id is not None else Q()
    return knows(actor) | mine | brought


@rule(SECRET_READ, NamedReader, visible=True)
def named_readers_known(actor: Actor) -> Q:
    return reaches(actor, of=DataClass.CIRCLE) & knows(actor)


@rule(SECRET_NAME, NamedReader)
def named_readers_changed(actor: Actor) -> Q:
    """The patient names for the whole sector, and withdraws any name; a professional, for his own structure."""
    if actor.kind == ActorKind.PATIENT:
        return reaches(actor)
    if actor.kind != ActorKind.PROFESSIONAL or actor.organization_id is None:
        return NOBODY
    return changes(actor, of=DataClass.CIRCLE) & Q(restricted_to_id=actor.organization_id)


@rule(SECRET_NAME, CareRecord)
def records_with_secrets(actor: Actor) -> Q:
    if actor.kind == ActorKind.PATIENT:
        return reaches(actor)
    return changes(actor, of=DataClass.CIRCLE) if actor.kind == ActorKind.PROFESSIONAL else NOBODY


@rule(CIRCLE_EDIT, CareTeamParticipant)
def participants_ended(actor: Actor) -> Q:
    known = changes(actor, of=DataClass.CIRCLE) & members_known(actor)
    return known if writes_class(actor, DataClass.CIRCLE) else NOBODY


@rule(ACCESS_LOG_READ, CareRecord)
def logs_read(actor: Actor) -> Q:
    """The patient or his legal representative, and the professionals of the circle; break-glass does not open it."""
    if decides_for_patient(actor):
        return reaches(actor)
    return changes(actor, of=DataClass.CIRCLE) if actor.kind == ActorKind.PROFESSIONAL else NOBODY


@rule(ACCESS_LOG_READ, AuditEntry)
def accesses_read(actor: Actor) -> Q:
    """What was done on the record; one's own reading of one's own record is nobody else's access.

    What a job does by itself is no access; and the hour and the hospital of a secret stay would tell of it.
    """
    private = Q(detail__has_key="private_to") & ~Q(detail__private_to=str(actor.organization_id))
    private |= Q(detail__has_key="private_to_person") & ~Q(detail__private_to_person=str(actor.person_id))
    told = Q(outcome=Outcome.DONE) & ~Q(actor_kind=ActorKind.JOB) & ~private
    if decides_for_patient(actor):
        told &= ~Q(actor_kind=ActorKind.PATIENT) & ~Q(user_id=actor.user_id)
        if actor.kind == ActorKind.REPRESENTATIVE:
            told &= knows_of_act(actor)
        return (reaches(actor) | _merged_into(reaches(actor, "pk"))) & told
    if actor.kind != ActorKind.PROFESSIONAL:
        return NOBODY
    told &= knows_of_act(actor)
    circle = DataClass.CIRCLE
    return (changes(actor, of=circle) | _merged_into(changes(actor, "pk", of=circle))) & told


def _merged_into(reached: Q) -> Q:
    """Rows about an identity merged into that of the open record, when the record is among those `reached`."""
    open_record = Patient.objects.filter(reached, SqlCondition("{0} = app_open_record()", "pk"))
    return Q(SqlCondition("{0} = ANY (ARRAY(SELECT unnest(identities_of_record())))", "patient_id")) & Q(
        Exists(open_record)
    )


@rule(OWN_CIRCLE_EDIT, CareRecord)
@rule(ACCESS_CONTEST, CareRecord)
@rule(CONSENT_LIFT, CareRecord)
def own_records_decided(actor: Actor) -> Q:
    """Also of a record that the person opposes, out of the reach of the circle: only she opens it again."""
    return reaches(actor) if decides_for_patient(actor) else NOBODY


@rule(OWN_CIRCLE_EDIT, CareTeamParticipant)
def own_members_removed(actor: Actor) -> Q:
    return reaches(actor) & Q(ended_at__isnull=True) if decides_for_patient(actor) else NOBODY


@rule(OWN_RELATIVE_EDIT, CareRecord)
@rule(OWN_RELATIVE_EDIT, RelatedPerson)
@rule(OWN_DELEGATION_EDIT, CareRecord)
def own_record_edited(actor: Actor) -> Q:
    """The person herself: nobody names a carer or a trusted person in her place (L1111-6 CSP)."""
    return reaches(actor) if actor.kind == ActorKind.PATIENT else NOBODY


@rule(OWN_DELEGATION_EDIT, Delegation)
def own_carers(actor: Actor) -> Q:
    return own_record_edited(actor) & Q(basis=DelegationBasis.CARER)


@rule(COMPLAINT_READ, AccessComplaint, visible=True)
def complaints_read(actor: Actor) -> Q:
    """Who made it, and the privacy officer; not the circle: it is about one of its members."""
    if decides_for_patient(actor):
        return reaches(actor)
    return Q() if actor.has_duty(Duty.PRIVACY_OFFICER) else NOBODY


@rule(COMPLAINT_ANSWER, AccessComplaint)
def complaints_answered(actor: Actor) -> Q:
    return Q(answered_at__isnull=True) if actor.has_duty(Duty.PRIVACY_OFFICER) else NOBODY


@rule(ACCESS_LOG_READ, FirstAccess, visible=True)
def first_accesses_read(actor: Actor) -> Q:
    if decides_for_patient(actor):
        return reaches(actor) & knows(actor)
    mine = changes(actor, of=DataClass.CIRCLE) & knows(actor)
    return mine if actor.kind == ActorKind.PROFESSIONAL else NOBODY


@rule(REFUSALS_READ, AuditEntry)
def refusals_read(actor: Actor) -> Q:
    return Q(outcome=Outcome.REFUSED) if actor.has_duty(Duty.PRIVACY_OFFICER) else NOBODY


@rule(BREAK_GLASS_REVIEW, EmergencyAccess, visible=True)
def emergencies_to_review(actor: Actor) -> Q:
    return Q() if actor.has_duty(Duty.PRIVACY_OFFICER) else NOBODY


@rule(BREAK_GLASS_EXPLAIN, EmergencyAccess)
def own_emergencies(actor: Actor) -> Q:
    """Whoever opened it reads what is asked of him, and answers, wherever he works now."""
    if actor.kind != ActorKind.PROFESSIONAL or actor.person_id is None:
        return NOBODY
    return Q(practitioner_id=actor.person_id)

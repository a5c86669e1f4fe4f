"""Patient-level rules, written once; every app above composes its own rule from them.

`reaches(actor)` says whose rows an actor reaches, `shares(actor)` adds what the row itself limits: its class in the
matrix, the structure or the person it is private to, whether it is hidden from the patient, the sector that keeps it
restricted (`Limited`).
"""

from django.db.models import Exists, Q

from terresante.care_team import matrix
from terresante.care_team.basis import answers_for_the_person as answers_for_the_person
from terresante.care_team.basis import by_delegation as by_delegation
from terresante.care_team.basis import changes as changes
from terresante.care_team.basis import classes_of_carer as classes_of_carer
from terresante.care_team.basis import decides_for_patient as decides_for_patient
from terresante.care_team.basis import in_emergency as in_emergency
from terresante.care_team.basis import is_carer as is_carer
from terresante.care_team.basis import is_support_desk as is_support_desk
from terresante.care_team.basis import knows as knows
from terresante.care_team.basis import knows_of_act
from terresante.care_team.basis import member_of_circle as member_of_circle
from terresante.care_team.basis import reaches as reaches
from terresante.care_team.basis import reads_class as reads_class
from terresante.care_team.basis import reads_on as reads_on
from terresante.care_team.basis import shares as shares
from terresante.care_team.basis import writes_class as writes_class
from terresante.care_team.enums import DataClass, RoleGroup
from terresante.care_team.models import (
    AccessComplaint,
    CareTeamParticipant,
    CircleInvitation,
    Consent,
    EmergencyAccess,
    FirstAccess,
    HandOver,
    HandOverItem,
    JoinRequest,
    NamedReader,
)
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.condition import SqlCondition
from terresante.kernel.enums import Outcome
from terresante.kernel.models import AuditEntry
from terresante.patients.access import (
    IDENTITY_ATTACH,
    IDENTITY_CORRECT,
    IDENTITY_FLAG,
    IDENTITY_MERGE,
    IDENTITY_READ,
    IDENTITY_SEARCH,
    IDENTITY_TELL_APART,
    IDENTITY_UNMERGE,
    IDENTITY_VERIFY,
)
from terresante.patients.enums import DelegationBasis
from terresante.patients.models import (
    CareRecord,
    Delegation,
    IdentityChange,
    IdentityMerge,
    InsiCall,
    LinkRequest,
    Patient,
    PotentialDuplicate,
    RelatedPerson,
    SourceIdentity,
)

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
HAND_OVER_READ = Action("hand_over.read", "Consulter les relais")
HAND_OVER_PROPOSE = Action("hand_over.propose", "Proposer un relais")
HAND_OVER_ANSWER = Action("hand_over.answer", "Répondre à un relais")
JOIN_ASK = Action("join.ask", "Demander à rejoindre un cercle de soins")
JOIN_READ = Action("join.read", "Consulter les demandes à rejoindre le cercle")
JOIN_ANSWER = Action("join.answer", "Répondre à une demande à rejoindre le cercle")
CIRCLE_INVITE = Action("circle.invite", "Inviter un professionnel dans le cercle de soins")
INVITATION_ANSWER = Action("circle.invited", "Répondre à une invitation dans un cercle de soins")
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
    """Of what the circle writes to each other, whatever the class."""
    said = (DataClass.MEDICAL, DataClass.CARE, DataClass.COORDINATION, DataClass.SOCIAL)
    return any(writes_class(actor, data_class) for data_class in said)


@rule(RECORD_READ, CareRecord, visible=True)
def records_reached(actor: Actor) -> Q:
    return reaches(actor)


@rule(RECORD_READ, Patient, visible=True)
def patients_reached(actor: Actor) -> Q:
    return reaches(actor, "pk")


@rule(RECORD_SHARE, CareRecord)
def records_to_share(actor: Actor) -> Q:
    return changes(actor, of=DataClass.CIRCLE) if writes_class(actor, DataClass.CIRCLE) else NOBODY


@rule(CIRCLE_READ, CareTeamParticipant, visible=True)
def circles_read(actor: Actor) -> Q:
    """With the members whose presence is restricted, for who may know of them."""
    if not reads_class(actor, DataClass.CIRCLE):
        return NOBODY
    return reaches(actor, of=DataClass.CIRCLE) & members_known(actor)


def members_known(actor: Actor) -> Q:
    """Oneself, one's structure, whom one acts for, the member one brought are no secret; nothing is, to the patient."""
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


@rule(CIRCLE_READ, RelatedPerson, visible=True)
def relatives_read(actor: Actor) -> Q:
    return reaches(actor, of=DataClass.CIRCLE) if reads_class(actor, DataClass.CIRCLE) else NOBODY


@rule(CIRCLE_EDIT, CareRecord)
def circles_edited(actor: Actor) -> Q:
    return changes(actor, of=DataClass.CIRCLE) if writes_class(actor, DataClass.CIRCLE) else NOBODY


@rule(CIRCLE_EDIT, CareTeamParticipant)
def participants_ended(actor: Actor) -> Q:
    known = changes(actor, of=DataClass.CIRCLE) & members_known(actor)
    return known if writes_class(actor, DataClass.CIRCLE) else NOBODY


@rule(CIRCLE_READ, Consent, visible=True)
def choices_read(actor: Actor) -> Q:
    return reaches(actor, of=DataClass.CIRCLE) if reads_class(actor, DataClass.CIRCLE) else NOBODY


@rule(CIRCLE_READ, EmergencyAccess)
def emergencies_known(actor: Actor) -> Q:
    """The circle and the patient read who opened the record in emergency, and why."""
    return reaches(actor, of=DataClass.CIRCLE) if reads_class(actor, DataClass.CIRCLE) else NOBODY


@rule(CONSENT_LIFT, CareRecord)
def oppositions_lifted(actor: Actor) -> Q:
    """The circle no longer reaches an opposed record: only the patient opens it again."""
    return reaches(actor) if decides_for_patient(actor) else NOBODY


@rule(CONSENT_EDIT, CareRecord)
def choices_recorded(actor: Actor) -> Q:
    return changes(actor, of=DataClass.CIRCLE) if writes_class(actor, DataClass.CIRCLE) else NOBODY


@rule(CONSENT_EDIT, Consent)
def choices_withdrawn(actor: Actor) -> Q:
    return changes(actor, of=DataClass.CIRCLE) if writes_class(actor, DataClass.CIRCLE) else NOBODY


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


@rule(CIRCLE_READ, Delegation, visible=True)
def delegations_known(actor: Actor) -> Q:
    return reaches(actor, of=DataClass.CIRCLE) if reads_class(actor, DataClass.CIRCLE) else NOBODY


@rule(RELATIVE_EDIT, CareRecord)
@rule(RELATIVE_EDIT, RelatedPerson)
@rule(DELEGATION_EDIT, CareRecord)
@rule(DELEGATION_EDIT, Delegation)
def circles_written(actor: Actor) -> Q:
    return changes(actor, of=DataClass.CIRCLE) if writes_class(actor, DataClass.CIRCLE) else NOBODY


@rule(OWN_CIRCLE_EDIT, CareRecord)
def own_circles_edited(actor: Actor) -> Q:
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


@rule(ACCESS_CONTEST, CareRecord)
def accesses_contested(actor: Actor) -> Q:
    return reaches(actor) if decides_for_patient(actor) else NOBODY


@rule(COMPLAINT_READ, AccessComplaint, visible=True)
def complaints_read(actor: Actor) -> Q:
    """Who made it, and the officer: not the circle, one of whom it is about."""
    if decides_for_patient(actor):
        return reaches(actor)
    return Q() if actor.has_duty("privacy_officer") else NOBODY


@rule(COMPLAINT_ANSWER, AccessComplaint)
def complaints_answered(actor: Actor) -> Q:
    return Q(answered_at__isnull=True) if actor.has_duty("privacy_officer") else NOBODY


@rule(ACCESS_LOG_READ, FirstAccess, visible=True)
def first_accesses_read(actor: Actor) -> Q:
    if decides_for_patient(actor):
        return reaches(actor) & knows(actor)
    mine = changes(actor, of=DataClass.CIRCLE) & knows(actor)
    return mine if actor.kind == ActorKind.PROFESSIONAL else NOBODY


@rule(REFUSALS_READ, AuditEntry)
def refusals_read(actor: Actor) -> Q:
    return Q(outcome=Outcome.REFUSED) if actor.has_duty("privacy_officer") else NOBODY


@rule(BREAK_GLASS_REVIEW, EmergencyAccess, visible=True)
def emergencies_to_review(actor: Actor) -> Q:
    return Q() if actor.has_duty("privacy_officer") else NOBODY


@rule(BREAK_GLASS_EXPLAIN, EmergencyAccess)
def own_emergencies(actor: Actor) -> Q:
    """Whoever opened it reads what is asked of him, and answers, wherever he works now."""
    if actor.kind != ActorKind.PROFESSIONAL or actor.person_id is None:
        return NOBODY
    return Q(practitioner_id=actor.person_id)


def leads_structure(actor: Actor) -> bool:
    """Its administrator, or one of its coordinators: he follows the hand-overs of those who work there."""
    if actor.kind != ActorKind.PROFESSIONAL or actor.organization_id is None:
        return False
    return actor.has_duty("administrator") or matrix.group_of(actor.role) == RoleGroup.COORDINATOR


def _hand_overs(actor: Actor, prefix: str) -> Q:
    if actor.kind != ActorKind.PROFESSIONAL or actor.person_id is None:
        return NOBODY
    mine = Q((f"{prefix}giver_id", actor.person_id)) | Q((f"{prefix}taker_id", actor.person_id))
    return mine | Q((f"{prefix}organization_id", actor.organization_id)) if leads_structure(actor) else mine


@rule(HAND_OVER_READ, HandOver, visible=True)
def hand_overs_read(actor: Actor) -> Q:
    return _hand_overs(actor, "")


@rule(HAND_OVER_READ, HandOverItem, visible=True)
def hand_over_items_read(actor: Actor) -> Q:
    """The two persons: a structure follows how many wait, not who they are. Nobody when the patient opposes."""
    if actor.kind != ActorKind.PROFESSIONAL or actor.person_id is None:
        return NOBODY
    parties = Q(hand_over__giver_id=actor.person_id) | Q(hand_over__taker_id=actor.person_id)
    return parties & Q(SqlCondition("hand_over_stands({0})", "pk"))


@rule(HAND_OVER_PROPOSE, HandOver)
def hand_overs_withdrawn(actor: Actor) -> Q:
    own = Q(giver_id=actor.person_id)
    if actor.kind != ActorKind.PROFESSIONAL or actor.person_id is None:
        return NOBODY
    return own | Q(organization_id=actor.organization_id) if leads_structure(actor) else own


@rule(HAND_OVER_ANSWER, HandOver)
def hand_overs_answered(actor: Actor) -> Q:
    if actor.kind != ActorKind.PROFESSIONAL or actor.person_id is None:
        return NOBODY
    return Q(taker_id=actor.person_id)


@rule(JOIN_ASK, JoinRequest)
def own_join_requests(actor: Actor) -> Q:
    if actor.kind != ActorKind.PROFESSIONAL or actor.person_id is None:
        return NOBODY
    return Q(practitioner_id=actor.person_id)


@rule(JOIN_READ, JoinRequest, visible=True)
def join_requests_read(actor: Actor) -> Q:
    """Who asked; the circle, as far as it may know of him; the patient, and who represents him by law."""
    if decides_for_patient(actor):
        return reaches(actor) & knows(actor)
    return own_join_requests(actor) | join_requests_answered(actor)


@rule(JOIN_ANSWER, JoinRequest)
def join_requests_answered(actor: Actor) -> Q:
    if decides_for_patient(actor):
        return reaches(actor) & knows(actor)
    known = changes(actor, of=DataClass.CIRCLE) & knows(actor)
    return known if writes_class(actor, DataClass.CIRCLE) else NOBODY


@rule(CIRCLE_INVITE, CareRecord)
def circles_invited_to(actor: Actor) -> Q:
    return circles_edited(actor)


@rule(CIRCLE_INVITE, CircleInvitation, visible=True)
def invitations_sent(actor: Actor) -> Q:
    """The circle, as far as it may know of who is invited, or of who invites; and who did."""
    known = changes(actor, of=DataClass.CIRCLE) & (knows(actor) | Q(invited_by_id=actor.person_id))
    return known if writes_class(actor, DataClass.CIRCLE) else NOBODY


def is_identity_desk(actor: Actor) -> bool:
    """Identities and nothing else: the desk has no rule and no policy on any clinical row."""
    return actor.kind == ActorKind.PROFESSIONAL and actor.has_duty("identity_officer")


def _identities_known(actor: Actor, patient: str) -> Q:
    if is_identity_desk(actor):
        return Q()
    return reaches(actor, patient, of=DataClass.CIRCLE) if reads_class(actor, DataClass.CIRCLE) else NOBODY


@rule(IDENTITY_READ, Patient)
def identities_read(actor: Actor) -> Q:
    return _identities_known(actor, "pk")


@rule(IDENTITY_READ, IdentityChange, visible=True)
def identity_changes_read(actor: Actor) -> Q:
    return _identities_known(actor, "patient_id")


@rule(IDENTITY_READ, InsiCall, visible=True)
def insi_calls_read(actor: Actor) -> Q:
    return _identities_known(actor, "patient_id")


@rule(IDENTITY_READ, SourceIdentity, visible=True)
def local_numbers_read(actor: Actor) -> Q:
    """The desk alone: that a psychiatric hospital knows somebody is already his secret."""
    return desk_only(actor)


def _identities_to_change(actor: Actor) -> Q:
    """The desk, and those of the circle who write the person's identity and contacts (DOMAIN.md 2.1)."""
    living = Q(merged_into__isnull=True)
    if is_identity_desk(actor):
        return living
    return (
        changes(actor, "pk", of=DataClass.CIRCLE) & living
        if writes_class(actor, DataClass.CIRCLE)
        else NOBODY
    )


@rule(IDENTITY_VERIFY, Patient)
def identities_verified(actor: Actor) -> Q:
    """A job too: INSi is asked about a qualified identity again, years later."""
    if actor.kind == ActorKind.JOB:
        return reaches(actor, "pk") & Q(merged_into__isnull=True)
    return _identities_to_change(actor)


@rule(IDENTITY_CORRECT, Patient)
def identities_corrected(actor: Actor) -> Q:
    return _identities_to_change(actor)


@rule(IDENTITY_SEARCH, Patient)
@rule(IDENTITY_SEARCH, SourceIdentity)
@rule(IDENTITY_TELL_APART, PotentialDuplicate, visible=True)
@rule(IDENTITY_ATTACH, LinkRequest, visible=True)
def desk_only(actor: Actor) -> Q:
    return Q() if is_identity_desk(actor) else NOBODY


@rule(IDENTITY_FLAG, Patient)
@rule(IDENTITY_MERGE, Patient)
@rule(IDENTITY_TELL_APART, Patient)
def living_for_desk(actor: Actor) -> Q:
    return desk_only(actor) & Q(merged_into__isnull=True)


@rule(IDENTITY_UNMERGE, IdentityMerge, visible=True)
def merges_undone(actor: Actor) -> Q:
    return desk_only(actor) & Q(unmerged_at__isnull=True)

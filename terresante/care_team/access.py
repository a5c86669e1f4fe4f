"""Patient-level rules, written once; every app above composes its own rule from them.

`reaches(actor)` says whose rows an actor reaches, `shares(actor)` adds what the row itself limits: its class in the
matrix, the structure or the person it is private to, whether it is hidden from the patient, the sector that keeps it
restricted (`Limited`).
"""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q

from terresante.care_team import matrix
from terresante.care_team.enums import DataClass, RoleGroup
from terresante.care_team.models import (
    AccessComplaint,
    CareTeamParticipant,
    Consent,
    EmergencyAccess,
    FirstAccess,
    HandOver,
    HandOverItem,
    NamedReader,
)
from terresante.directory.enums import Duty
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


_IN_CIRCLE = """EXISTS (
    SELECT 1 FROM care_team_careteamparticipant AS own
    WHERE own.patient_id = {0} AND own.member_id IN (%s, %s, %s)
      AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= statement_timestamp()
      AND (own.expires_at IS NULL OR own.expires_at > statement_timestamp())/* scope */)"""
# A member by consent reads the classes consented to: of one class, or of the class that the row says.
_OF_CLASS = " AND (own.scope IS NULL OR %s = ANY (own.scope))"
_OF_ROW = " AND (own.scope IS NULL OR {1} = ANY (own.scope))"
_IN_EMERGENCY = """EXISTS (
    SELECT 1 FROM care_team_emergencyaccess AS own
    WHERE own.patient_id = {0} AND own.practitioner_id = %s AND own.organization_id = %s
      AND own.expires_at > statement_timestamp())"""
# Somebody whose turn was handed over still reads, and writes nothing.
_READS_ON = """EXISTS (
    SELECT 1 FROM care_team_careteamparticipant AS own
    WHERE own.patient_id = {0} AND own.practitioner_id = %s
      AND own.reads_until > statement_timestamp() AND own.suspended_at IS NULL)"""
# OFFSET 0: asked of the rare rows that are restricted, never of all at once (STACK.md 4).
_KNOWS = """({1} = '' OR {2} = %s OR (
    EXISTS (SELECT 1 FROM care_team_careteamparticipant AS own
        WHERE own.patient_id = {0} AND own.member_id IN (%s, %s) AND own.ended_at IS NULL
          AND own.suspended_at IS NULL AND own.started_at <= statement_timestamp()
          AND (own.expires_at IS NULL OR own.expires_at > statement_timestamp()) OFFSET 0)
    AND (EXISTS (SELECT 1 FROM directory_practitioner AS mine WHERE mine.id = %s
            AND practitioner_sector(mine.profession, mine.specialty_label) = {1} OFFSET 0)
        OR EXISTS (SELECT 1 FROM directory_organization AS here WHERE here.id = %s
            AND organization_sector(here.kind, here.is_psychiatric) = {1} OFFSET 0)
        OR EXISTS (SELECT 1 FROM care_team_namedreader AS named
            WHERE named.patient_id = {0} AND named.sector = {1} AND named.member_id IN (%s, %s)
              AND named.withdrawn_at IS NULL
              AND (named.restricted_to_id IS NULL OR named.restricted_to_id = {2}) OFFSET 0))))"""
# The same of a row of the trail, whose limits stand in its detail.
_KNOWS_OF_ACT = _KNOWS.replace("{1}", "coalesce({1} ->> 'sector', '')").replace(
    "{2}", "({1} ->> 'restricted_to')::uuid"
)
# As `delegate_basis` of the row policies, of which this rule knows nothing.
_BY_DELEGATION = """EXISTS (
    SELECT 1 FROM patients_delegation AS own
    WHERE own.patient_id = {0} AND own.related_person_id = %s AND own.user_id = %s
      AND own.withdrawn_at IS NULL AND own.restricted_at IS NULL
      AND own.valid_from <= app_today() AND (own.valid_until IS NULL OR own.valid_until >= app_today())
      AND (own.basis <> 'parental' OR own.majority_on > app_today()))"""


def member_of_circle(actor: Actor, patient: str = "patient_id", *, of: DataClass | None = None) -> Q:
    """In person, by his structure, or for the physician he acts for. The support desk is in no circle.

    Without `of`, whatever a consent covers: for what belongs to no class, the record itself.
    """
    if is_support_desk(actor):
        return NOBODY
    who = _members(actor)
    if of is None:
        return Q(SqlCondition(_circle_sql(""), patient, values=who))
    return Q(SqlCondition(_circle_sql(_OF_CLASS), patient, values=(*who, of.value)))


def _members(actor: Actor) -> tuple[object, ...]:
    return (actor.person_id, actor.organization_id, actor.principal_id)


def is_support_desk(actor: Actor) -> bool:
    return actor.has_duty(Duty.SUPPORT_AGENT)


def _circle_sql(scope: str) -> str:
    return _IN_CIRCLE.replace("/* scope */", scope)


def in_emergency(actor: Actor, patient: str = "patient_id") -> Q:
    """One's own emergencies: those of the physician one acts for are not lent."""
    if actor.person_id is None or actor.organization_id is None or is_support_desk(actor):
        return NOBODY
    return Q(SqlCondition(_IN_EMERGENCY, patient, values=(actor.person_id, actor.organization_id)))


def reads_on(actor: Actor, patient: str = "patient_id") -> Q:
    """Thirty days after a hand-over, to finish what is being said: reading only."""
    if actor.person_id is None or is_support_desk(actor):
        return NOBODY
    return Q(SqlCondition(_READS_ON, patient, values=(actor.person_id,)))


def knows(actor: Actor) -> Q:
    """Rows with a `sector` that this actor may know to exist: the row's own structure, those of the circle who share
    the sector, the persons named, the patient.

    An emergency opens none of it: being of the sector or being named counts inside the circle alone. Who acts for the
    patient, or for a physician, knows no more than anybody.
    """
    if actor.kind in (ActorKind.PATIENT, ActorKind.JOB):
        return Q()
    return Q(SqlCondition(_KNOWS, "patient_id", "sector", "restricted_to_id", values=_who(actor)))


def _who(actor: Actor) -> tuple[object, ...]:
    person, here = actor.person_id, actor.organization_id
    return (here, person, here, person, here, person, here)


def by_delegation(actor: Actor, patient: str = "patient_id") -> Q:
    if actor.person_id is None or actor.user_id is None:
        return NOBODY
    return Q(SqlCondition(_BY_DELEGATION, patient, values=(actor.person_id, actor.user_id)))


def is_carer(actor: Actor) -> bool:
    return actor.kind == ActorKind.REPRESENTATIVE and actor.role == DelegationBasis.CARER


def decides_for_patient(actor: Actor) -> bool:
    """The person, or who the law lets decide for her; a carer reads and decides nothing (DOMAIN.md 2.6)."""
    return actor.kind == ActorKind.PATIENT or (actor.kind == ActorKind.REPRESENTATIVE and not is_carer(actor))


def reaches(actor: Actor, patient: str = "patient_id", *, of: DataClass | None = None) -> Q:
    """Rows of the patients this actor may read, as far as the patient level says; `of`: rows of this class."""
    match actor.kind:
        case ActorKind.PROFESSIONAL:
            return (
                member_of_circle(actor, patient, of=of)
                | in_emergency(actor, patient)
                | reads_on(actor, patient)
            )
        case ActorKind.PATIENT:
            return Q((patient, actor.person_id))
        case ActorKind.REPRESENTATIVE:
            return by_delegation(actor, patient)
        case ActorKind.GATEWAY:
            return _known_by(actor, patient)
        case ActorKind.JOB:
            return Q()


def _known_by(actor: Actor, patient: str) -> Q:
    """Patients that a gateway's own establishment knows under one of its identifiers."""
    if actor.organization_id is None:
        return NOBODY
    known = SourceIdentity.objects.filter(
        patient_id=OuterRef(patient), domain__organization_id=actor.organization_id
    )
    return Q(Exists(known))


def changes(actor: Actor, patient: str = "patient_id", *, of: DataClass | None = None) -> Q:
    """Rows of the patients this actor may write for: break-glass only reads, the patient has his own actions."""
    match actor.kind:
        case ActorKind.PROFESSIONAL:
            return member_of_circle(actor, patient, of=of)
        case ActorKind.GATEWAY | ActorKind.JOB:
            return reaches(actor, patient)
        case _:
            return NOBODY


def shares(actor: Actor) -> Q:
    """Rows with the limits of `Limited` that this actor may read.

    What is not yet told to the person is told to nobody who acts for her.
    """
    if actor.kind == ActorKind.JOB:
        return Q()
    private = _private(actor) & knows(actor)
    if actor.kind == ActorKind.PATIENT:
        return reaches(actor) & private & Q(hidden_from_patient=False)
    if actor.kind == ActorKind.REPRESENTATIVE:
        shown = Q(hidden_from_patient=False, hidden_from_representative=False)
        return reaches(actor) & private & shown & _delegated(actor)
    if actor.kind == ActorKind.GATEWAY:
        return reaches(actor) & private & Q(data_class=DataClass.STAY)
    return _reached_by_row(actor) & private & Q(data_class__in=matrix.readable(actor.role))


def _reached_by_row(actor: Actor) -> Q:
    in_circle = Q(SqlCondition(_circle_sql(_OF_ROW), "patient_id", "data_class", values=_members(actor)))
    return NOBODY if is_support_desk(actor) else in_circle | in_emergency(actor) | reads_on(actor)


def _delegated(actor: Actor) -> Q:
    return Q(data_class__in=classes_of_carer(actor.delegated)) if is_carer(actor) else Q()


def classes_of_carer(scope: Collection[str]) -> list[str]:
    """The identity and the circle, always; then what the person named (DOMAIN.md 2.1, column « Aidant »)."""
    return sorted({DataClass.CIRCLE.value, *scope})


def _private(actor: Actor) -> Q:
    """Private to nobody, to his structure, or to himself."""
    structure, person = Q(private_to__isnull=True), Q(private_to_person__isnull=True)
    if actor.organization_id is not None:
        structure |= Q(private_to_id=actor.organization_id)
    if actor.kind == ActorKind.PROFESSIONAL and actor.person_id is not None:
        person |= Q(private_to_person_id=actor.person_id)
    return structure & person


def reads_class(actor: Actor, data_class: DataClass) -> bool:
    if actor.kind == ActorKind.PROFESSIONAL:
        return data_class in matrix.readable(actor.role)
    if actor.kind == ActorKind.GATEWAY:
        # A hospital's messages tell stays; what the circle wrote is none of its wire's business.
        return data_class == DataClass.STAY
    if is_carer(actor):
        return data_class in classes_of_carer(actor.delegated)
    return actor.kind in (ActorKind.PATIENT, ActorKind.REPRESENTATIVE, ActorKind.JOB)


def writes_class(actor: Actor, data_class: DataClass) -> bool:
    return actor.kind == ActorKind.PROFESSIONAL and data_class in matrix.writable(actor.role)


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
    return reaches(actor, of=DataClass.CIRCLE) & _members_known(actor)


def _members_known(actor: Actor) -> Q:
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
    known = changes(actor, of=DataClass.CIRCLE) & _members_known(actor)
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
            told &= Q(SqlCondition(_KNOWS_OF_ACT, "patient_id", "detail", values=_who(actor)))
        return (reaches(actor) | _merged_into(reaches(actor, "pk"))) & told
    if actor.kind != ActorKind.PROFESSIONAL:
        return NOBODY
    told &= Q(SqlCondition(_KNOWS_OF_ACT, "patient_id", "detail", values=_who(actor)))
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


def _circle_written(actor: Actor) -> Q:
    return changes(actor, of=DataClass.CIRCLE) if writes_class(actor, DataClass.CIRCLE) else NOBODY


rule(RELATIVE_EDIT, CareRecord)(_circle_written)
rule(RELATIVE_EDIT, RelatedPerson)(_circle_written)
rule(DELEGATION_EDIT, CareRecord)(_circle_written)
rule(DELEGATION_EDIT, Delegation)(_circle_written)


@rule(OWN_CIRCLE_EDIT, CareRecord)
def own_circles_edited(actor: Actor) -> Q:
    return reaches(actor) if decides_for_patient(actor) else NOBODY


@rule(OWN_CIRCLE_EDIT, CareTeamParticipant)
def own_members_removed(actor: Actor) -> Q:
    return reaches(actor) & Q(ended_at__isnull=True) if decides_for_patient(actor) else NOBODY


def _own(actor: Actor) -> Q:
    """The person herself: nobody names a carer or a trusted person in her place (L1111-6 CSP)."""
    return reaches(actor) if actor.kind == ActorKind.PATIENT else NOBODY


rule(OWN_RELATIVE_EDIT, CareRecord)(_own)
rule(OWN_RELATIVE_EDIT, RelatedPerson)(_own)
rule(OWN_DELEGATION_EDIT, CareRecord)(_own)


@rule(OWN_DELEGATION_EDIT, Delegation)
def own_carers(actor: Actor) -> Q:
    return _own(actor) & Q(basis=DelegationBasis.CARER)


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
        return reaches(actor)
    return changes(actor, of=DataClass.CIRCLE) if actor.kind == ActorKind.PROFESSIONAL else NOBODY


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
    return parties & Q(given__suspended_at__isnull=True)


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
    return _desk_only(actor)


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


def _desk_only(actor: Actor) -> Q:
    return Q() if is_identity_desk(actor) else NOBODY


@rule(IDENTITY_SEARCH, Patient)
def identities_searched(actor: Actor) -> Q:
    return _desk_only(actor)


@rule(IDENTITY_SEARCH, SourceIdentity)
def local_numbers_searched(actor: Actor) -> Q:
    return _desk_only(actor)


@rule(IDENTITY_FLAG, Patient)
def identities_flagged(actor: Actor) -> Q:
    return _desk_only(actor) & Q(merged_into__isnull=True)


@rule(IDENTITY_MERGE, Patient)
def identities_merged(actor: Actor) -> Q:
    return _desk_only(actor) & Q(merged_into__isnull=True)


@rule(IDENTITY_TELL_APART, Patient)
def identities_told_apart(actor: Actor) -> Q:
    return _desk_only(actor) & Q(merged_into__isnull=True)


@rule(IDENTITY_TELL_APART, PotentialDuplicate, visible=True)
def pairs_examined(actor: Actor) -> Q:
    return _desk_only(actor)


@rule(IDENTITY_ATTACH, LinkRequest, visible=True)
def requests_examined(actor: Actor) -> Q:
    return _desk_only(actor)


@rule(IDENTITY_UNMERGE, IdentityMerge, visible=True)
def merges_undone(actor: Actor) -> Q:
    return _desk_only(actor) & Q(unmerged_at__isnull=True)

"""On what ground an actor reaches a row, as conditions: what `access` makes its rules of.

Each condition says in SQL what a row policy says too; neither knows of the other.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField

from terresante.care_team import matrix
from terresante.care_team.enums import DataClass
from terresante.directory.enums import Duty
from terresante.kernel import compiled, grounds
from terresante.kernel.access import NOBODY
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.condition import EVERY, NONE, SqlCondition
from terresante.patients.enums import DelegatedScope, DelegationBasis
from terresante.patients.models import Patient, SourceIdentity

_MEMBERSHIPS = """FROM care_team_careteamparticipant AS own
    WHERE own.patient_id = {0} AND own.member_id IN (%s, %s/* principal */)
      AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= statement_timestamp()
      AND (own.expires_at IS NULL OR own.expires_at > statement_timestamp())"""
_OR_LENT = _MEMBERSHIPS.replace("/* principal */", ", %s")
_IN_CIRCLE = f"EXISTS (SELECT 1 {_OR_LENT}/* scope */)"
_CLASSES = f"ARRAY(SELECT DISTINCT unnest(own.scope) {_OR_LENT})"
# Never all the memberships of a structure at once, read to answer for one page (STACK.md 4).
_ONE_BY_ONE = " OFFSET 0"
# A member by consent reads the classes consented to: of one class, or of the class that the row says. Who reads every
# class is asked apart: of one patient it is the same answer for all the rows.
_OF_CLASS = " AND (own.scope IS NULL OR %s = ANY (own.scope))"
_OF_ANY = " AND own.scope IS NULL"
_OF_ROW = " AND {1} = ANY (own.scope)"
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
    EXISTS (SELECT 1 /* memberships */ OFFSET 0)
    AND (EXISTS (SELECT 1 FROM directory_practitioner AS mine WHERE mine.id = %s
            AND practitioner_sector(mine.profession, mine.specialty_label) = {1} OFFSET 0)
        OR EXISTS (SELECT 1 FROM directory_organization AS here WHERE here.id = %s
            AND organization_sector(here.kind, here.is_psychiatric) = {1} OFFSET 0)
        OR EXISTS (SELECT 1 FROM care_team_namedreader AS named
            WHERE named.patient_id = {0} AND named.sector = {1} AND named.member_id IN (%s, %s)
              AND named.withdrawn_at IS NULL
              AND (named.restricted_to_id IS NULL OR named.restricted_to_id = {2}) OFFSET 0))))""".replace(
    "/* memberships */", _MEMBERSHIPS
)
_SECTORS = """ARRAY(SELECT DISTINCT sector FROM (
    SELECT practitioner_sector(mine.profession, mine.specialty_label) AS sector
    FROM directory_practitioner AS mine WHERE mine.id = %s
    UNION ALL SELECT organization_sector(here.kind, here.is_psychiatric)
    FROM directory_organization AS here WHERE here.id = %s) AS own_sectors
    WHERE sector <> '' AND EXISTS (SELECT 1 /* memberships */))""".replace("/* memberships */", _MEMBERSHIPS)
_IS_NAMED = """EXISTS (
    SELECT 1 FROM care_team_namedreader AS named
    WHERE named.patient_id = {0} AND named.member_id IN (%s, %s) AND named.withdrawn_at IS NULL)"""
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


class _Texts(SqlCondition):
    output_field = ArrayField(TextField())


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a page asks once of the patient whose record it opened, for a professional (`kernel.grounds`)."""

    is_member: bool
    # Of every class; `classes`: those consented to one by one.
    reads_all: bool
    classes: frozenset[str]
    in_emergency: bool
    reads_on: bool
    # Whose restricted care he shares, from inside the circle; `is_named`: somebody named him for some of it.
    sectors: frozenset[str]
    is_named: bool


@compiled.rows
def _grounds(actor: Actor, patient_id: UUID) -> QuerySet[Patient, tuple[Any, ...]]:
    who = _members(actor)
    here, person, inside, *_ = _who(actor)
    asked = {
        "is_member": SqlCondition(_circle_sql(""), "pk", values=who),
        "reads_all": SqlCondition(_circle_sql(_OF_ANY), "pk", values=who),
        "classes": _Texts(_CLASSES, "pk", values=who),
        "emergency": SqlCondition(_IN_EMERGENCY, "pk", values=(person, here)),
        "on": SqlCondition(_READS_ON, "pk", values=(person,)),
        "sectors": _Texts(_SECTORS, "pk", values=(person, inside, person, inside)),
        "is_named": SqlCondition(_IS_NAMED, "pk", values=(person, inside)),
    }
    return Patient.objects.filter(pk=patient_id).annotate(**asked).values_list(*asked)


def learn_grounds(actor: Actor, patient_id: UUID) -> None:
    """For the rest of a page that reads: the rules then ask the same of nobody."""
    if actor.kind != ActorKind.PROFESSIONAL or is_support_desk(actor) or not grounds.are_learned(actor):
        return
    for is_member, reads_all, classes, emergency, on, sectors, is_named in _grounds(actor, patient_id):
        what = Grounds(is_member, reads_all, frozenset(classes), emergency, on, frozenset(sectors), is_named)
        grounds.learn(actor, patient_id, what)


def member_of_circle(actor: Actor, patient: str, *, of: DataClass | None) -> Q:
    """In person, by his structure, or for the physician he acts for. The support desk is in no circle.

    Without `of`, whatever a consent covers: for what belongs to no class, the record itself.
    """
    if is_support_desk(actor):
        return NOBODY
    who = _members(actor)
    if of is None:
        return Q(
            SqlCondition(_circle_sql(""), patient, values=who, settled=lambda known: _all(known.is_member))
        )
    return Q(
        SqlCondition(
            _circle_sql(_OF_CLASS),
            patient,
            values=(*who, of.value),
            settled=lambda known: _all(known.reads_all or of.value in known.classes),
        )
    )


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
    who = (actor.person_id, actor.organization_id)
    return Q(SqlCondition(_IN_EMERGENCY, patient, values=who, settled=lambda known: _all(known.in_emergency)))


def reads_on(actor: Actor, patient: str = "patient_id") -> Q:
    """Thirty days after a hand-over, to finish what is being said: reading only."""
    if actor.person_id is None or is_support_desk(actor):
        return NOBODY
    return Q(
        SqlCondition(
            _READS_ON, patient, values=(actor.person_id,), settled=lambda known: _all(known.reads_on)
        )
    )


def knows(actor: Actor) -> Q:
    """Rows with a `sector` that this actor may know to exist: the row's own structure, those of the circle who share
    the sector, the persons named, the patient.

    An emergency opens none of it: being of the sector or being named counts inside the circle alone. Who acts for the
    patient, or for a physician, knows no more than anybody.
    """
    if actor.kind in (ActorKind.PATIENT, ActorKind.JOB):
        return Q()
    columns = ("patient_id", "sector", "restricted_to_id")
    settled = partial(_known_to, actor)
    return Q(SqlCondition(_KNOWS, *columns, values=_who(actor), settled=settled))


def _known_to(actor: Actor, known: Grounds) -> Q | None:
    if known.is_named:  # of a sector or of one structure in it: the rows say which
        return None
    told = Q(sector="")
    if known.sectors:
        told |= Q(sector__in=sorted(known.sectors))
    return told | Q(restricted_to_id=actor.organization_id) if actor.organization_id is not None else told


def _who(actor: Actor) -> tuple[object, ...]:
    """Values of `_KNOWS`. What a structure's membership lets know is for its professionals, not for its gateway."""
    person, here = actor.person_id, actor.organization_id
    inside = None if person is None else here
    return (here, person, inside, person, inside, person, inside)


def knows_of_act(actor: Actor) -> Q:
    """As `knows`, of a row of the trail."""
    return Q(SqlCondition(_KNOWS_OF_ACT, "patient_id", "detail", values=_who(actor)))


def by_delegation(actor: Actor, patient: str) -> Q:
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


def shares(actor: Actor, *, one_by_one: bool = False) -> Q:
    """Rows with the limits of `Limited` that this actor may read.

    What is not yet told to the person is told to nobody who acts for her. `one_by_one`: for a list that is chosen
    otherwise than by memberships, in a structure that may have 200,000 of them.
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
    reached = _reached_by_row(actor, _ONE_BY_ONE if one_by_one else "")
    return reached & private & Q(data_class__in=matrix.readable(actor.role))


def _reached_by_row(actor: Actor, how: str) -> Q:
    if is_support_desk(actor):
        return NOBODY
    who = _members(actor)
    whole = Q(
        SqlCondition(
            _circle_sql(_OF_ANY + how),
            "patient_id",
            values=who,
            settled=lambda known: _all(known.reads_all),
        )
    )
    in_part = Q(
        SqlCondition(_circle_sql(_OF_ROW), "patient_id", "data_class", values=who, settled=_consented)
    )
    return whole | in_emergency(actor) | reads_on(actor) | in_part


def _consented(known: Grounds) -> Q:
    return Q(data_class__in=sorted(known.classes)) if known.classes else NONE


def _all(every: bool) -> Q:
    return EVERY if every else NONE


def _delegated(actor: Actor) -> Q:
    return Q(data_class__in=classes_of_carer(actor.delegated)) if is_carer(actor) else Q()


def classes_of_carer(scope: Collection[str]) -> list[str]:
    """The identity and the circle, always; then what the person named (DOMAIN.md 2.1, column « Aidant »)."""
    return sorted({DataClass.CIRCLE.value, *scope} - {DelegatedScope.ANSWERS.value})


def answers_for_the_person(actor: Actor) -> bool:
    """A carer to whom the person left her questionnaires: he answers, which is not reading (DOMAIN.md 2.1)."""
    return is_carer(actor) and DelegatedScope.ANSWERS in actor.delegated


def _private(actor: Actor) -> Q:
    """Private to nobody, to his structure, or to himself."""
    structure, person = Q(private_to__isnull=True), Q(private_to_person__isnull=True)
    if actor.organization_id is not None:
        structure |= Q(private_to_id=actor.organization_id)
    if actor.kind == ActorKind.PROFESSIONAL and actor.person_id is not None:
        person |= Q(private_to_person_id=actor.person_id)
    return structure & person


def classes_read(actor: Actor) -> frozenset[DataClass]:
    """By a professional, as his profession says; `reads_class` answers of one, whoever asks."""
    return matrix.readable(actor.role) if actor.kind == ActorKind.PROFESSIONAL else frozenset()


def reads_class(actor: Actor, data_class: DataClass) -> bool:
    if actor.kind == ActorKind.PROFESSIONAL:
        return data_class in matrix.readable(actor.role)
    if actor.kind == ActorKind.GATEWAY:
        # A hospital's messages tell stays; what the circle wrote is none of its wire's business.
        return data_class == DataClass.STAY
    if is_carer(actor):
        return data_class in classes_of_carer(actor.delegated)
    return actor.kind in (ActorKind.PATIENT, ActorKind.REPRESENTATIVE, ActorKind.JOB)


def reads_home(actor: Actor) -> bool:
    """How one gets in at the person's: who goes to her door, she, and who acts for her, a carer included."""
    if actor.kind == ActorKind.PROFESSIONAL:
        return matrix.goes_to_the_door(actor.role)
    return actor.kind in (ActorKind.PATIENT, ActorKind.REPRESENTATIVE)


def writes_class(actor: Actor, data_class: DataClass) -> bool:
    return actor.kind == ActorKind.PROFESSIONAL and data_class in matrix.writable(actor.role)

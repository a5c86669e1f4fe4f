"""A follow-up begins, changes its dates, stops for a while, ends. What answers make of it is `board`'s."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from terresante.care_team import matrix
from terresante.care_team.access import writes_class
from terresante.care_team.actions import NewMember, add_member
from terresante.care_team.actions.joining import Reason
from terresante.care_team.actions.periods import change_period
from terresante.care_team.enums import DataClass, JoinReason
from terresante.care_team.models import LASTING, CareTeamParticipant
from terresante.care_team.queries import covers, open_record
from terresante.care_team.queries.limits import Limits, kept_inside, limits_on, sector_of
from terresante.kernel import access, audit, together
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.kernel.events import emit
from terresante.kernel.ids import new_id
from terresante.patients.models import CareRecord, Patient
from terresante.questionnaires import pathway as engine
from terresante.questionnaires import queries as questionnaires
from terresante.questionnaires.actions import NewResponse, answer
from terresante.questionnaires.enums import ResponseSource, VersionStatus
from terresante.questionnaires.models import PathwayVersion
from terresante.telemonitoring import schedule
from terresante.telemonitoring.access import (
    CELL_READ,
    FOLLOW_UP_ENROL,
)
from terresante.telemonitoring.answering import links
from terresante.telemonitoring.course import thresholds
from terresante.telemonitoring.enums import (
    ENDS_AFTER,
    LINK_LASTS,
    FollowUpState,
    Respondent,
)
from terresante.telemonitoring.events import FollowUpChanged, FollowUpStarted
from terresante.telemonitoring.models import Cell, Expected, FollowUp
from terresante.telemonitoring.phones import international

# An anchor further away is a slip of the year.
FURTHEST = timedelta(days=400)
_TAKEN = "Ce télésuivi ne peut pas être enregistré : rechargez la page, puis recommencez."
# Of a form: what begins the field of a threshold, then its name in the rules.
OWN_THRESHOLD = "seuil-"
_IN_ITS_NAME = "cell"
_ANOTHER_SECTOR = (
    "Cette cellule est de psychiatrie ou d’addictologie : seul un professionnel de ces soins commence un suivi avec"
    " elle."
)
_OWN_SECTOR = (
    "Ce que vous suivez reste dans votre secteur : choisissez une cellule de psychiatrie ou d’addictologie, ou de"
    " votre structure ; sinon, demandez au médecin traitant de commencer ce suivi."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFollowUp:
    """`id` is the form's, so that it is sent once. `inclusion`: what the enrolment questionnaire of the pathway says.

    `personal`: thresholds of this person, by their name in the rules. `index_name` and `hides_index`: of a contact.
    `criteria`: those of the pathway that the actor confirms; `outside_words`: why somebody whom it was not made for is
    followed on it.
    """

    id: UUID
    version_id: UUID
    cell_id: UUID
    anchor_on: date
    status: str = ""
    respondent: Respondent = Respondent.PATIENT
    carer_name: str = ""
    phone: str = ""
    inclusion: engine.Answers | None = None
    personal: Mapping[str, Decimal] = field(default_factory=dict)
    index_follow_up_id: UUID | None = None
    index_name: str = ""
    hides_index: bool = False
    outside_words: str = ""
    criteria: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Enrolled:
    """`secrets`: shown once; None when the team fills the questionnaires itself, or when it was sent again."""

    follow_up: FollowUp
    secrets: links.Secrets | None


@action
def enrol(actor: Actor, record_id: UUID, wanted: NewFollowUp) -> Enrolled:
    """The structure of the cell joins the circle, under the conditions of any member; the schedule is written down.

    Raises Refused for a profession that the pathway does not name, or for a circle that cannot grow; Invalid for what
    the form says; Conflict for an id that names anything else.
    """
    record = open_record(actor, record_id, action=FOLLOW_UP_ENROL).record
    version = _version(wanted)
    pathway = questionnaires.pathway_of(version.pk)
    cell = _cell(actor, wanted.cell_id)
    check_enrols(actor, record, version, pathway, cell)
    row = _row(actor, record, version, cell, _checked(pathway, wanted, record.patient))
    row.baseline = _baseline(pathway, wanted.inclusion)
    row.later_anchors = dict.fromkeys(pathway.later_anchors)
    if not _stored(row):
        return Enrolled(_already_enrolled(actor, row), None)
    follow_up = row
    _include(actor, record, follow_up, pathway, wanted.inclusion)
    expected = expect(follow_up, engine.due(pathway, follow_up.anchor_on, timezone.localdate()))
    end = end_of(expected, follow_up)
    follow_up.membership_id = _bring_in(actor, record, cell, end)
    follow_up.next_due_at = min((one.opens_at for one in expected), default=None)
    follow_up.save(update_fields=["membership_id", "next_due_at"])
    own = thresholds.keep(actor, follow_up, before={}, at=follow_up.enrolled_at)
    secrets = None
    if follow_up.respondent != Respondent.OPERATOR:
        secrets = links.make(actor, follow_up, expires_at=min(end, timezone.now() + LINK_LASTS))
    emit(actor, FollowUpStarted(**told(follow_up), by_user_id=actor.user_id))
    audit.record(
        actor,
        FOLLOW_UP_ENROL,
        patient_id=record.patient_id,
        about=follow_up,
        detail={
            "pathway": pathway.code,
            "version": version.number,
            "cell": str(cell.pk),
            **({"thresholds": own} if own else {}),
            **({"outside": True} if follow_up.outside_words else {}),
            **({"criteria": len(follow_up.criteria)} if pathway.meant.criteria else {}),
            **limits_on(follow_up).in_trail,
        },
    )
    return Enrolled(follow_up, secrets)


def check_enrols(
    actor: Actor, record: CareRecord, version: PathwayVersion, pathway: engine.Pathway, cell: Cell
) -> None:
    """Raises Refused: by the pathway, the matrix, or what the person consented to."""
    data_class = DataClass(version.pathway.data_class)
    if actor.kind != ActorKind.JOB and not enrols(actor, pathway, cell):
        raise Refused(
            f"Votre profession ne commence pas « {pathway.title} » : adressez-vous à l’équipe qui suit la personne."
        )
    if actor.kind != ActorKind.JOB and not writes_class(actor, data_class):
        raise Refused(f"Votre profession n’écrit pas « {data_class.label} ».")
    if not covers(actor, record.patient_id, data_class):
        raise Refused(f"La personne n’a pas consenti pour « {data_class.label} » : demandez-lui d’abord.")


def enrols(actor: Actor, pathway: engine.Pathway, cell: Cell | None = None) -> bool:
    """By the profession, or for the structure of the cell when the pathway says that it enrols."""
    if matrix.group_of(actor.role) in pathway.enrols:
        return True
    return _IN_ITS_NAME in pathway.enrols and (cell is None or cell.organization_id == actor.organization_id)


def changed(follow_up: FollowUp) -> FollowUpChanged:
    return FollowUpChanged(**told(follow_up), colour=str(follow_up.colour))


def told(follow_up: FollowUp) -> dict[str, Any]:
    return {"cell_id": follow_up.cell_id, **follow_up.told()}


def _version(wanted: NewFollowUp) -> PathwayVersion:
    version = questionnaires.version(wanted.version_id)
    if version.status != VersionStatus.PUBLISHED:
        sentence = (
            "Ce parcours n’est plus proposé dans cette version : choisissez-le de nouveau dans la liste."
        )
        raise Invalid(sentence, fields={"version": sentence})
    return version


def _cell(actor: Actor, cell_id: UUID) -> Cell:
    cell = access.get(actor, CELL_READ, Cell, cell_id, related=("organization",))
    if not cell.is_active or not cell.organization.active:
        sentence = "Cette cellule ne suit plus personne : choisissez-en une autre."
        raise Invalid(sentence, fields={"cell": sentence})
    return cell


def _checked(pathway: engine.Pathway, wanted: NewFollowUp, patient: Patient) -> NewFollowUp:
    wrong: dict[str, str] = {}
    outside = questionnaires.unsuited(pathway, patient)
    missing = engine.unconfirmed(pathway.meant, wanted.criteria)
    if unexplained := wrong_words(outside, missing, wanted.outside_words):
        wrong["outside_words"] = unexplained
    if pathway.statuses and wanted.status not in pathway.statuses:
        wrong["status"] = "Choisissez un statut de la liste."
    if wanted.respondent == Respondent.CARER and not wanted.carer_name.strip():
        wrong["carer_name"] = "Indiquez le nom du proche qui répond."
    refuse({**wrong, **wrong_thresholds(pathway, wanted.personal)})
    check_anchor(wanted.anchor_on)
    confirmed = tuple(one for one in pathway.meant.criteria if one not in missing)
    words = wanted.outside_words if outside or missing else ""
    return replace(wanted, criteria=confirmed, outside_words=words)


def wrong_words(outside: str, missing: Sequence[str], words: str) -> str:
    """Of somebody whom the pathway was not made for, or of whom a criterion is not confirmed: it is said why."""
    told = outside or (_unconfirmed(missing) if missing else "")
    return f"{told} Dites pourquoi vous l’incluez quand même." if told and not words.strip() else ""


def _unconfirmed(missing: Sequence[str]) -> str:
    if len(missing) == 1:
        return f"Un critère n’est pas confirmé : « {missing[0]} »."
    return f"{len(missing)} critères d’inclusion ne sont pas confirmés."


def wrong_thresholds(pathway: engine.Pathway, personal: Mapping[str, Decimal]) -> dict[str, str]:
    """Of this person, by the field of the form: none that her measure cannot reach, nor two in the wrong order."""
    return {f"{OWN_THRESHOLD}{name}": told for name, told in engine.wrong_personal(pathway, personal).items()}


def refuse(wrong: Mapping[str, str]) -> None:
    if wrong:
        raise Invalid("Des informations sont à corriger.", fields=wrong)


def check_anchor(anchor_on: date) -> None:
    if abs(anchor_on - timezone.localdate()) > FURTHEST:
        sentence = "Cette date est à plus d’un an d’aujourd’hui : vérifiez l’année."
        raise Invalid(sentence, fields={"anchor_on": sentence})


def _row(
    actor: Actor, record: CareRecord, version: PathwayVersion, cell: Cell, wanted: NewFollowUp
) -> FollowUp:
    is_carer = wanted.respondent == Respondent.CARER
    return FollowUp(
        id=wanted.id,
        patient_id=record.patient_id,
        record_id=record.pk,
        cell_id=cell.pk,
        version_id=version.pk,
        data_class=version.pathway.data_class,
        status=wanted.status,
        anchor_on=wanted.anchor_on,
        enrolled_by_id=actor.user_id,
        enrolled_by_name=actor.name,
        personal={name: float(value) for name, value in wanted.personal.items()},
        respondent=wanted.respondent,
        carer_name=" ".join(wanted.carer_name.split())[:150] if is_carer else "",
        phone_of_respondent=international(wanted.phone),
        index_follow_up_id=None if wanted.hides_index else wanted.index_follow_up_id,
        index_name="" if wanted.hides_index else wanted.index_name[:200],
        hides_index=wanted.hides_index,
        outside_words=" ".join(wanted.outside_words.split())[:300],
        criteria=list(wanted.criteria),
        **asdict(limits_in(actor, record, cell)),
    )


def limits_in(actor: Actor, record: CareRecord, cell: Cell) -> Limits:
    """A cell of psychiatry or addictology keeps to its sector what it watches, existence included; so does who works in
    one, with the cell of his own structure. Raises Invalid for another cell: its operators would know, or see nothing.
    """
    place = cell.organization
    watched = matrix.organization_sector(place.kind, place.is_psychiatric)
    own = sector_of(actor) if actor.kind == ActorKind.PROFESSIONAL else watched
    if watched != own and (watched or place.pk != actor.organization_id):
        sentence = _ANOTHER_SECTOR if watched else _OWN_SECTOR
        raise Invalid(sentence, fields={"cell": sentence})
    limits = Limits(sector=own, restricted_to_id=place.pk) if own else Limits()
    return kept_inside(limits, record)


def _baseline(pathway: engine.Pathway, inclusion: engine.Answers | None) -> dict[str, Any]:
    """As the database keeps answers: JSON has neither dates nor exact numbers."""
    form = pathway.forms.get(pathway.enrolment_questionnaire)
    return engine.to_json(form, inclusion) if form is not None and inclusion else {}


def _stored(row: FollowUp) -> bool:
    """Taken, by a row that the actor may see or not: the key holds beneath the row policies."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _already_enrolled(actor: Actor, row: FollowUp) -> FollowUp:
    """The same form sent twice. Anything else: one neutral conflict, whether or not the actor may see it."""
    known = FollowUp.objects.filter(
        pk=row.pk, patient_id=row.patient_id, enrolled_by_id=row.enrolled_by_id
    ).first()
    if known is None or (known.version_id, known.cell_id, known.anchor_on) != (
        row.version_id,
        row.cell_id,
        row.anchor_on,
    ):
        raise Conflict(_TAKEN)
    audit.record(
        actor,
        FOLLOW_UP_ENROL,
        patient_id=known.patient_id,
        about=known,
        detail={"sent_again": True, **limits_on(known).in_trail},
    )
    return known


def _include(
    actor: Actor,
    record: CareRecord,
    follow_up: FollowUp,
    pathway: engine.Pathway,
    inclusion: engine.Answers | None,
) -> None:
    """What the professional filled at enrolment is an answer like another: read in the record, never on the board."""
    if inclusion is None or not pathway.enrolment_questionnaire:
        return
    answer(
        actor,
        NewResponse(
            id=new_id(),
            record_id=record.pk,
            version_id=follow_up.version_id,
            form=pathway.enrolment_questionnaire,
            answers=inclusion,
            source=ResponseSource.PROFESSIONAL,
            follow_up_id=follow_up.pk,
            limits=limits_on(follow_up),
        ),
    )


def _bring_in(actor: Actor, record: CareRecord, cell: Cell, until: datetime) -> UUID | None:
    """None when the structure is in the circle by itself, and stays in it whatever becomes of the follow-up."""
    already = CareTeamParticipant.objects.filter(
        LASTING, patient_id=record.patient_id, organization_id=cell.organization_id, ended_at=None
    ).first()
    if already is None:
        why = Reason(reason=JoinReason.FOLLOWS, words="Télésuivi")
        member = NewMember(organization_id=cell.organization_id, why=why, ends_at=until)
        return add_member(actor, record.pk, member=member).pk
    if already.expires_at is not None and already.expires_at < until and _brought(record, already):
        change_period(actor, record.pk, already.pk, starts_at=None, ends_at=until, why=why_there(already))
    return None


def why_there(participant: CareTeamParticipant) -> Reason | None:
    if not participant.reason:
        return None
    return Reason(reason=JoinReason(participant.reason), words=participant.reason_words)


def _brought(record: CareRecord, participant: CareTeamParticipant) -> bool:
    return FollowUp.objects.filter(patient_id=record.patient_id, membership_id=participant.pk).exists()


def expect(follow_up: FollowUp, occurrences: list[engine.Occurrence]) -> list[Expected]:
    now = timezone.now()
    rows = schedule.rows(occurrences, patient_id=follow_up.patient_id, follow_up_id=follow_up.pk, now=now)
    if follow_up.state == FollowUpState.SUSPENDED:
        for row in rows:
            row.next_reminder_at = row.next_colour_at = None
    together.insert(rows)
    return rows


def end_of(expected: list[Expected], follow_up: FollowUp) -> datetime:
    """When the cell has nothing more to look at; as long as a date is not yet known, when it is too far to come."""
    if None in follow_up.later_anchors.values():
        return follow_up.enrolled_at + FURTHEST
    return max(schedule.last_moment(expected) or timezone.now(), timezone.now()) + ENDS_AFTER


def expected_of(follow_up: FollowUp) -> QuerySet[Expected]:
    return Expected.objects.filter(follow_up_id=follow_up.pk, patient_id=follow_up.patient_id)

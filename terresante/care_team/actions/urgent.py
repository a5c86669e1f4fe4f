"""Two doors of L1111-17 CSP, somebody who cannot speak for himself and a call to a SAMU; then the privacy officer
examines each access, with an outcome.
"""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from terresante.care_team.access import (
    BREAK_GLASS_EXPLAIN,
    BREAK_GLASS_OPEN,
    BREAK_GLASS_REVIEW,
    SAMU_OPEN,
    is_support_desk,
)
from terresante.care_team.enums import Consequence, DataClass, ReviewOutcome, UrgentKind
from terresante.care_team.events import (
    EmergencyExplanationAsked,
    EmergencyReviewed,
    RecordOpenedInEmergency,
)
from terresante.care_team.models import EmergencyAccess
from terresante.directory.enums import OrganizationKind, Profession
from terresante.directory.models import Organization
from terresante.kernel import access, audit, compiled, sql
from terresante.kernel.access import Action
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind, Purpose
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import emit
from terresante.kernel.ids import new_id

REASON_MIN_LENGTH = 10
EMERGENCY_PROFESSIONS = frozenset({Profession.DOCTOR, Profession.NURSE, Profession.MIDWIFE})
EMERGENCY_ONLY_FOR = "L’accès en urgence est réservé aux médecins, aux infirmiers et aux sages-femmes."
SAMU_ONLY_FOR = "Cet accès est réservé au médecin régulateur d’un SAMU, pour un appel en cours."
SAMU_HAS_ITS_DOOR = (
    "Vous agissez pour un SAMU : ouvrez ce dossier pour l’appel en cours, c’est un autre accès."
)
_READ_BY = "Motif trop court : il sera lu par le patient et par le délégué à la protection des données."
_WITHDRAWN = (
    "L’accès en urgence vous a été retiré après un accès injustifié. Devant un danger immédiat, appelez le 15 ; pour le"
    " retrouver, écrivez au délégué à la protection des données."
)
_UNSHARED = "La personne n’est pas encore informée : son dossier n’est ouvert à personne hors de son cercle."


def is_regulator(actor: Actor) -> bool:
    """A doctor who acts for a SAMU."""
    return actor.role == Profession.DOCTOR and acts_for_samu(actor) and not is_support_desk(actor)


def acts_for_samu(actor: Actor) -> bool:
    if actor.kind != ActorKind.PROFESSIONAL or actor.organization_id is None:
        return False
    return _samu_count(actor.organization_id) > 0


@compiled.number
def _samu_count(organization_id: UUID) -> QuerySet[Organization]:
    return Organization.objects.filter(pk=organization_id, kind=OrganizationKind.SAMU)


@action
def open_in_emergency(actor: Actor, patient_id: UUID, *, reason: str) -> EmergencyAccess:
    """Bris de glace: four hours of reading. Raises Refused when the patient opposed it, NotFound without a record."""
    is_rescuer = actor.kind == ActorKind.PROFESSIONAL and actor.role in EMERGENCY_PROFESSIONS
    if not is_rescuer or is_support_desk(actor):
        raise Refused(EMERGENCY_ONLY_FOR)
    if acts_for_samu(actor):
        raise Refused(SAMU_HAS_ITS_DOOR)
    why = _checked_reason(reason, "Indiquez en une phrase pourquoi ce dossier doit être ouvert maintenant.")
    return _open(
        actor,
        patient_id,
        why,
        kind=UrgentKind.BREAK_GLASS,
        told=BREAK_GLASS_OPEN,
        opposed="La personne s’est opposée à l’accès en urgence à son dossier.",
    )


@action
def open_for_call(actor: Actor, patient_id: UUID, *, reason: str) -> EmergencyAccess:
    """The regulator of a SAMU, on a call about this person: the same four hours, another opposition.

    Raises Refused for anybody else and when the person opposed it, NotFound without a record.
    """
    if not is_regulator(actor):
        raise Refused(SAMU_ONLY_FOR)
    why = _checked_reason(reason, "Indiquez en une phrase l’appel pour lequel ce dossier est ouvert.")
    return _open(
        actor,
        patient_id,
        why,
        kind=UrgentKind.SAMU,
        told=SAMU_OPEN,
        opposed="La personne s’est opposée à ce qu’un SAMU lise son dossier.",
    )


def _checked_reason(reason: str, sentence: str) -> str:
    why = " ".join(reason.split())
    if len(why) < REASON_MIN_LENGTH:
        raise Invalid(sentence, fields={"reason": _READ_BY})
    return why[:500]


def _open(
    actor: Actor, patient_id: UUID, why: str, *, kind: UrgentKind, told: Action, opposed: str
) -> EmergencyAccess:
    if has_lost_emergency(actor):
        raise Refused(_WITHDRAWN)
    mine = Q(practitioner_id=actor.person_id, organization_id=actor.organization_id)
    if EmergencyAccess.objects.filter(mine, patient_id=patient_id, expires_at__gt=timezone.now()).exists():
        raise Conflict("Vous avez déjà ouvert ce dossier en urgence : l’accès est encore valable.")
    access_id = new_id()
    outcome = sql.value(_DOORS[kind], access_id, patient_id, why)
    if outcome is None:
        raise NotFound
    if outcome != "opened":
        raise Refused(opposed if outcome == "opposed" else _UNSHARED)
    opened = EmergencyAccess.objects.get(pk=access_id)
    acting = actor.with_purpose(Purpose.BREAK_GLASS)
    audit.record(acting, told, patient_id=patient_id, about=opened)
    event = RecordOpenedInEmergency(
        patient_id=patient_id,
        object_id=access_id,
        by_user_id=actor.user_id,
        data_class=DataClass.CIRCLE,
    )
    emit(acting, event)
    return opened


_DOORS = {
    UrgentKind.BREAK_GLASS: "SELECT open_emergency_access(%s, %s, %s)",
    UrgentKind.SAMU: "SELECT open_samu_access(%s, %s, %s)",
}


@action
def review_emergency(
    actor: Actor,
    access_id: UUID,
    *,
    outcome: ReviewOutcome,
    note: str,
    consequence: Consequence | None = None,
) -> EmergencyAccess:
    """The officer concludes, or first asks the professional (`note` is then the question).

    Raises Invalid without a sentence, or without what follows an unjustified access; Conflict when it was examined
    before, or when the professional was asked already.
    """
    opened = access.get(actor, BREAK_GLASS_REVIEW, EmergencyAccess, access_id, lock=True)
    if opened.reviewed_at is not None:
        raise Conflict("Cet accès a déjà été examiné.")
    said = _sentence(note, "note", "Écrivez en une phrase ce que l’examen a montré, ou ce que vous demandez.")
    if outcome == ReviewOutcome.TO_EXPLAIN:
        _ask(opened, said)
    else:
        _conclude(actor, opened, outcome, said, consequence)
    detail = {"outcome": outcome.value, "consequence": opened.consequence}
    audit.record(
        actor,
        BREAK_GLASS_REVIEW,
        patient_id=opened.patient_id,
        about=opened,
        detail={name: value for name, value in detail.items() if value},
    )
    told = EmergencyExplanationAsked if outcome == ReviewOutcome.TO_EXPLAIN else EmergencyReviewed
    emit(actor, told(patient_id=opened.patient_id, object_id=opened.pk, data_class=DataClass.CIRCLE))
    return opened


@action
def explain_emergency(actor: Actor, access_id: UUID, *, explanation: str) -> None:
    """The answer of who opened it. Raises NotFound for another's access, Conflict when nothing is asked of him."""
    opened = access.get(actor, BREAK_GLASS_EXPLAIN, EmergencyAccess, access_id)
    said = _sentence(
        explanation, "explanation", "Expliquez en une phrase au moins pourquoi c’était nécessaire."
    )
    if not sql.value("SELECT explain_emergency(%s, %s)", opened.pk, said[:1000]):
        raise Conflict("Aucune explication n’est attendue de vous pour cet accès.")
    audit.record(actor, BREAK_GLASS_EXPLAIN, patient_id=opened.patient_id, about=opened)


@action
def give_back_emergency(actor: Actor, access_id: UUID) -> None:
    """The officer gives back the right to open in emergency; what was concluded stays, as a reminder of the rules."""
    opened = access.get(actor, BREAK_GLASS_REVIEW, EmergencyAccess, access_id, lock=True)
    if opened.consequence != Consequence.WITHDRAWN:
        raise Conflict("L’accès en urgence n’est pas retiré à ce professionnel pour cet accès.")
    opened.consequence = Consequence.REMINDER
    opened.save(update_fields=["consequence"])
    detail = {"given_back": str(opened.practitioner_id)}
    audit.record(actor, BREAK_GLASS_REVIEW, patient_id=opened.patient_id, about=opened, detail=detail)


def has_lost_emergency(actor: Actor) -> bool:
    if actor.person_id is None:
        return False
    return EmergencyAccess.objects.filter(
        practitioner_id=actor.person_id, consequence=Consequence.WITHDRAWN
    ).exists()


def _ask(opened: EmergencyAccess, question: str) -> None:
    if opened.asked_at is not None:
        raise Conflict("L’explication est déjà demandée : concluez, avec ou sans réponse.")
    opened.outcome, opened.asked_at, opened.question = (
        ReviewOutcome.TO_EXPLAIN,
        timezone.now(),
        question[:500],
    )
    opened.save(update_fields=["outcome", "asked_at", "question"])


def _conclude(
    actor: Actor, opened: EmergencyAccess, outcome: ReviewOutcome, said: str, consequence: Consequence | None
) -> None:
    if outcome == ReviewOutcome.UNJUSTIFIED and consequence is None:
        sentence = "Dites quelle suite est donnée à cet accès injustifié."
        raise Invalid(sentence, fields={"consequence": sentence})
    opened.outcome = outcome
    opened.consequence = consequence or "" if outcome == ReviewOutcome.UNJUSTIFIED else ""
    opened.reviewed_at, opened.reviewed_by_name, opened.review_note = timezone.now(), actor.name, said[:500]
    opened.save(update_fields=["outcome", "consequence", "reviewed_at", "reviewed_by_name", "review_note"])


def _sentence(text: str, field: str, advice: str) -> str:
    said = " ".join(text.split())
    if len(said) < REASON_MIN_LENGTH:
        raise Invalid(advice, fields={field: advice})
    return said

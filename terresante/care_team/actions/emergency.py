"""Bris de glace (L1111-17 CSP): opened by who saves a life, then examined by the privacy officer, with an outcome."""

from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from terresante.care_team.access import BREAK_GLASS_EXPLAIN, BREAK_GLASS_OPEN, BREAK_GLASS_REVIEW
from terresante.care_team.enums import Consequence, DataClass, ReviewOutcome
from terresante.care_team.events import (
    EmergencyExplanationAsked,
    EmergencyReviewed,
    RecordOpenedInEmergency,
)
from terresante.care_team.models import EmergencyAccess
from terresante.directory.enums import Profession
from terresante.kernel import access, audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind, Purpose
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import emit
from terresante.kernel.ids import new_id

REASON_MIN_LENGTH = 10
EMERGENCY_PROFESSIONS = frozenset({Profession.DOCTOR, Profession.NURSE, Profession.MIDWIFE})
EMERGENCY_ONLY_FOR = "L’accès en urgence est réservé aux médecins, aux infirmiers et aux sages-femmes."
_WITHDRAWN = (
    "L’accès en urgence vous a été retiré après un accès injustifié. Devant un danger immédiat, appelez le 15 ; pour le"
    " retrouver, écrivez au délégué à la protection des données."
)


@action
def open_in_emergency(actor: Actor, patient_id: UUID, *, reason: str) -> EmergencyAccess:
    """Bris de glace: four hours of reading. Raises Refused when the patient opposed it, NotFound without a record."""
    if actor.kind != ActorKind.PROFESSIONAL or actor.role not in EMERGENCY_PROFESSIONS:
        raise Refused(EMERGENCY_ONLY_FOR)
    why = " ".join(reason.split())
    if len(why) < REASON_MIN_LENGTH:
        raise Invalid(
            "Indiquez en une phrase pourquoi ce dossier doit être ouvert maintenant.",
            fields={
                "reason": "Motif trop court : il sera lu par le patient et par le délégué à la protection des données."
            },
        )
    if has_lost_emergency(actor):
        raise Refused(_WITHDRAWN)
    mine = Q(practitioner_id=actor.person_id, organization_id=actor.organization_id)
    if EmergencyAccess.objects.filter(mine, patient_id=patient_id, expires_at__gt=timezone.now()).exists():
        raise Conflict("Vous avez déjà ouvert ce dossier en urgence : l’accès est encore valable.")
    access_id = new_id()
    outcome = _open_emergency(access_id, patient_id, why[:500])
    if outcome is None:
        raise NotFound
    if outcome == "opposed":
        raise Refused("La personne s’est opposée à l’accès en urgence à son dossier.")
    if outcome == "unshared":
        raise Refused(
            "La personne n’est pas encore informée : son dossier n’est ouvert à personne hors de son cercle."
        )
    opened = EmergencyAccess.objects.get(pk=access_id)
    acting = actor.with_purpose(Purpose.BREAK_GLASS)
    audit.record(acting, BREAK_GLASS_OPEN, patient_id=patient_id, about=opened)
    event = RecordOpenedInEmergency(
        patient_id=patient_id,
        object_id=access_id,
        by_user_id=actor.user_id,
        data_class=DataClass.CIRCLE,
    )
    emit(acting, event)
    return opened


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
    with connection.cursor() as cursor:
        cursor.execute("SELECT explain_emergency(%s, %s)", [opened.pk, said[:1000]])
        if not cursor.fetchone()[0]:
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


def _open_emergency(access_id: UUID, patient_id: UUID, why: str) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT open_emergency_access(%s, %s, %s)", [access_id, patient_id, why])
        return cursor.fetchone()[0]  # type: ignore[no-any-return]  # text of the function's closed list

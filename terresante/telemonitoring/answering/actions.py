"""Answers that come without a page: kept by a telephone without network, or written in a text message."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from terresante.accounts.queries import is_open
from terresante.accounts.tries import refuse_beyond
from terresante.kernel import access, rls, sql
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.outbound import queue_sms
from terresante.patients.queries import patient_behind
from terresante.questionnaires import actions as questionnaires
from terresante.questionnaires import pathway as engine
from terresante.questionnaires import steps
from terresante.questionnaires.enums import ResponseSource
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.telemonitoring.access import FOLLOW_UP_READ
from terresante.telemonitoring.answering import asking, sms
from terresante.telemonitoring.answering.doors import held_link, read_permit
from terresante.telemonitoring.models import Expected, FollowUp

STORED = "Votre réponse gardée sans réseau est maintenant envoyée."
_NOT_HIS = (
    "Cet accès n’est plus ouvert : votre réponse n’est pas enregistrée. "
    "Appelez l’équipe qui vous suit, ou le 15 en cas d’urgence."
)
_LOG_IN = (
    "Votre réponse n’est pas encore partie : elle reste gardée sur ce téléphone. "
    "Connectez-vous, ouvrez « Mon suivi », et elle part. En cas d’urgence, appelez le 15 ou le 112."
)
_NEW_LINK = (
    "Ce lien n’est plus ouvert : votre réponse reste gardée sur ce téléphone. Demandez un nouveau lien à l’équipe qui "
    "vous suit, ouvrez-le ici, et elle part. En cas d’urgence, appelez le 15 ou le 112."
)
# Neutral: a telephone lies on a table.
RECEIVED = "Terr-eSanté : réponse reçue, merci."
CALL = "Terr-eSanté : réponse reçue. Appelez maintenant le numéro en haut de votre fiche."
AGAIN = (
    "Terr-eSanté : réponse reçue. Vérifiez la réponse {numbers}, puis renvoyez tout dans le quart d’heure."
)
UNREAD = "Terr-eSanté : réponse illisible ({numbers}). Renvoyez toutes vos réponses, comme sur votre fiche."
NOTHING_READ = (
    "Terr-eSanté : réponse illisible. Écrivez le numéro, deux points, la réponse, comme sur votre fiche."
)
NOTHING_OPEN = "Terr-eSanté : rien n’est attendu pour le moment."
SEVERAL = "Terr-eSanté : ce numéro répond pour plusieurs personnes. Utilisez votre lien."
WHICH = "Terr-eSanté : plusieurs questionnaires vous attendent. Utilisez votre lien pour chacun."
# An answering machine at the other end would answer each of our replies, for ever. What was stored is always told.
_ALWAYS_TOLD = (RECEIVED, CALL)
_MOST_REFUSALS = 10  # to one number, in an hour
# As `follow_ups_of_number` lists them: beyond, there may be somebody else.
_LISTED = 3


class StillKept(Refused):
    """The door it left by is closed; another one of the same person will take it. The telephone keeps it until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer of a telephone that had no network; `authored_at` is of its clock."""

    id: UUID
    permit: str
    expected_id: UUID
    answers: dict[str, list[str]]
    authored_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text message, as its provider gives it; the same `id` may come twice."""

    id: str
    number: str
    text: str
    at: datetime


def answer_kept(kept: Kept) -> str:
    """What its sender is told. Raises the four families, each with a sentence for him."""
    patient_id, follow_up_id = _permitted(kept)
    job = asking.job_for("")
    with rls.acting(job):
        asking.opened(patient_id)
        expected = asking.expected_of(job, kept.expected_id, follow_up_id=follow_up_id)
        name = asking.respondent_of(expected.follow_up, expected.follow_up.record.patient)
        filling = asking.filling_of(
            replace(job, on_behalf_of=name),
            expected,
            source=ResponseSource.OFFLINE,
            respondent_name=name,
            at=None,
        )
        _stored(filling, kept.id, kept.answers, kept.authored_at)
    return STORED


def _permitted(kept: Kept) -> tuple[UUID, UUID | None]:
    """Whom it answers for, asked again now: the patient, and her follow-up when a link names one.

    Raises Refused; StillKept for a session or a link that was closed.
    """
    permit = read_permit(kept.permit)
    if permit is not None and permit.link_id is not None:
        visit = held_link(permit.link_id)
        if visit is None:
            raise StillKept(_NEW_LINK)
        return visit.patient_id, visit.follow_up_id
    if permit is not None and permit.user_id is not None and is_open(permit.user_id):
        behind = patient_behind(permit.user_id)
        if behind is not None and permit.is_closed:
            raise StillKept(_LOG_IN)
        if behind is not None:
            return behind[0], None
    raise Refused(_NOT_HIS)


def _stored(
    filling: steps.Filling, key: UUID, typed: dict[str, list[str]], at: datetime
) -> QuestionnaireResponse:
    """Raises as `questionnaires.answer`: Invalid, and Conflict when another answer already stands."""
    answers, problems = engine.parse(filling.form, typed)
    if problems:
        raise Invalid(
            f"Votre réponse n’est pas enregistrée : {problems[0].sentence}",
            fields={problem.link_id: problem.sentence for problem in problems},
        )
    draft = steps.Draft(key, dict(answers))
    return questionnaires.answer(filling.actor, steps.new_response(filling, draft, authored_at=at))


def answer_message(message: Message) -> None:
    """Stores what a text message answers, and queues a neutral one in return; a number nobody has gets none."""
    job = asking.job_for("")
    with rls.acting(job):
        known = _followed(message.number)
        if not known:
            return
        reply = _reply_to(message, known)
        if reply in _ALWAYS_TOLD or _may_be_told(message.number):
            queue_sms(number=message.number, text=reply, dedupe_key=f"answer:{message.id}")


def _reply_to(message: Message, known: Sequence[tuple[UUID, UUID]]) -> str:
    persons = {patient_id for _, patient_id in known}
    if len(persons) > 1 or len(known) >= _LISTED:
        return SEVERAL
    return _answered_by(message, persons.pop(), [follow_up_id for follow_up_id, _ in known])


def _may_be_told(number: str) -> bool:
    try:
        refuse_beyond(_MOST_REFUSALS, f"text messages to {number}", window=timedelta(hours=1))
    except Invalid:
        return False
    return True


def _followed(number: str) -> Sequence[tuple[UUID, UUID]]:
    return [
        (row[0], row[1])
        for row in sql.rows("SELECT follow_up_id, patient_id FROM follow_ups_of_number(%s)", number)
    ]


def _answered_by(message: Message, patient_id: UUID, follow_ups: Collection[UUID]) -> str:
    """Of several follow-ups of one person, the one that waits for an answer; nothing is guessed between two."""
    job = asking.job_for("")
    asking.opened(patient_id)
    due = [one for one in asking.due_now(job, patient_id) if one.follow_up.pk in follow_ups]
    again = [one for one in due if one.measures_again]
    waiting = [one for one in due if not one.is_answered] or again or due[:1]
    if not waiting:
        return NOTHING_OPEN
    if len({one.follow_up.pk for one in waiting}) > 1:
        return WHICH
    key = waiting[-1].follow_up.pk
    follow_up = access.get(job, FOLLOW_UP_READ, FollowUp, key, related=("cell", "record__patient"))
    name = asking.respondent_of(follow_up, follow_up.record.patient)
    return _of(message, waiting[-1].expected, replace(job, on_behalf_of=name), name)


def _of(message: Message, expected: Expected, actor: Actor, name: str) -> str:
    """The reply: nothing of a health stands in it."""
    filling = asking.filling_of(actor, expected, source=ResponseSource.SMS, respondent_name=name)
    read = sms.read(filling.form, message.text)
    if not read.raw and not read.unread:
        return NOTHING_READ
    if read.unread:
        return UNREAD.format(numbers=_numbers(read.unread))
    try:
        response = _stored(filling, _key_of(message), read.raw, message.at)
    except Invalid as error:
        wrong = [
            number
            for number, question in enumerate(sms.numbered(filling.form), start=1)
            if question.link_id in error.fields
        ]
        return UNREAD.format(numbers=_numbers(wrong)) if wrong else NOTHING_READ
    except (Conflict, NotFound, Refused):
        return NOTHING_OPEN
    return _reply(filling, response)


def _reply(filling: steps.Filling, response: QuestionnaireResponse) -> str:
    if response.to_confirm:
        again = steps.measured_again(response)
        wrong = [
            number
            for number, question in enumerate(sms.numbered(filling.form), start=1)
            if question.link_id in again
        ]
        return AGAIN.format(numbers=_numbers(wrong))
    return CALL if response.colour == "red" else RECEIVED


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _key_of(message: Message) -> UUID:
    """The same message has the same key; in the form of UUIDv7 (RFC 9562, 5.7)."""
    digest = sha256(f"{message.number} {message.id}".encode()).digest()
    moment = int(message.at.timestamp() * 1000).to_bytes(6)
    key = bytearray(moment + digest[:10])
    key[6], key[8] = key[6] & 0x0F | 0x70, key[8] & 0x3F | 0x80
    return UUID(bytes=bytes(key))

"""Answers that a telephone without network kept, and sends when it has one; text messages that answer."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, RawPostDataException
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from terresante.accounts.tries import refuse_beyond
from terresante.kernel.errors import DomainError, Invalid
from terresante.kernel.screens import network_of, public
from terresante.telemonitoring.answering import actions as answer_actions
from terresante.telemonitoring.answering import sms
from terresante.telemonitoring.answering.actions import Kept, Message, StillKept
from terresante.telemonitoring.answering.doors import read_permit

# Of one telephone: a week of four questionnaires a day, sent together. By its permit: behind one address of an
# operator, thousands of them send when their network comes back. By network, what has none.
_MOST_SENT = 60
LARGEST = 64 * 1024  # bytes
_TOO_LARGE = "Cette réponse est trop longue : remplissez le questionnaire depuis votre lien."
_UNREAD = "Cette réponse ne se lit pas : remplissez le questionnaire depuis votre lien."


@public(reason="Le permis scellé donné en ligne dit qui répond ; il ajoute une réponse et ne lit rien")
@csrf_exempt
@require_POST
def kept_answer(request: HttpRequest) -> HttpResponse:
    """One answer; a status under 500 settles it, and the telephone forgets it, unless `waits` says to keep it."""
    try:
        kept = _kept(_sent(request))
    except Invalid as error:
        return _refuse_beyond(request, None) or _told(error)
    if refused := _refuse_beyond(request, kept):
        return refused
    try:
        sentence = answer_actions.answer_kept(kept)
    except StillKept as error:
        return JsonResponse({"sentence": error.sentence, "waits": True}, status=error.status)
    except DomainError as error:
        return _told(error)
    return JsonResponse({"sentence": sentence})


def _sent(request: HttpRequest) -> bytes:
    """The body as it came; nothing of a form in parts, which `middleware.Received` has taken apart."""
    try:
        return request.body
    except RawPostDataException:
        return b""


def _refuse_beyond(request: HttpRequest, kept: Kept | None) -> HttpResponse | None:
    permit = read_permit(kept.permit) if kept else None
    whose = f"of {permit.link_id or permit.user_id}" if permit else f"from {network_of(request)}"
    try:
        refuse_beyond(_MOST_SENT, f"kept answers {whose}")
    except Invalid as error:
        return JsonResponse({"sentence": error.sentence}, status=429)
    return None


def _told(error: DomainError) -> HttpResponse:
    return JsonResponse({"sentence": error.sentence}, status=error.status)


def _kept(body: bytes) -> Kept:
    if len(body) > LARGEST:
        raise Invalid(_TOO_LARGE)
    try:
        said: dict[str, Any] = orjson.loads(body)
        answers = {str(name): [str(value) for value in values] for name, values in said["answers"].items()}
        authored = datetime.fromisoformat(said["authored"])
        return Kept(
            id=UUID(said["id"]),
            permit=str(said["permit"]),
            expected_id=UUID(said["occurrence"]),
            answers=answers,
            authored_at=authored if authored.tzinfo else authored.replace(tzinfo=UTC),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(_UNREAD) from error


@public(reason="L’opérateur de SMS remet une réponse ; sa signature est vérifiée avant toute lecture")
@csrf_exempt
@require_POST
def text_message(request: HttpRequest) -> HttpResponse:
    """Signed by the provider of SMS (`sms.signature`); its answer leaves as a text message, if anybody is known."""
    secret = settings.SMS_SECRET
    if not secret:
        raise Http404
    signature = request.headers.get("X-Signature", "")
    sent = _sent(request)
    if len(sent) > LARGEST or not sms.is_signed(sent, signature, secret=secret):
        return HttpResponse(status=403)
    try:
        said = orjson.loads(sent)
        message = Message(
            id=str(said["id"])[:100],
            number=str(said["from"])[:20],
            text=str(said["text"])[: sms.LONGEST],
            at=datetime.fromisoformat(str(said["at"])),
        )
    except (KeyError, TypeError, ValueError):
        return HttpResponse(status=400)
    answer_actions.answer_message(message)
    return HttpResponse(status=204)

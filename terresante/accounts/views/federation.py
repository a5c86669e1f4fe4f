"""Leaving for an identity provider, and coming back from it. What is remembered in between is sealed in the session."""

import base64
import json
import time
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from terresante.accounts.actions.login import TRIES_OF_A_NETWORK, record_refusal
from terresante.accounts.enums import DeviceChoice, LoginWay
from terresante.accounts.federation import ports, protocol
from terresante.accounts.federation.protocol import Asked
from terresante.accounts.federation.providers import provider_of
from terresante.accounts.federation.refusals import NotOpened, not_opened
from terresante.accounts.tries import refuse_beyond
from terresante.accounts.views.arrival import door, enter
from terresante.accounts.views.source import source_of
from terresante.kernel.errors import NotFound
from terresante.kernel.ports import PROVED_SITUATIONS_KEY
from terresante.kernel.screens import next_page, public
from terresante.kernel.sealing import Unsealable, seal, unseal

QUESTION_SECONDS = 600
# In an address: the workstation that one leaves from is used by several people.
SHARED_WORKSTATION = "poste-partage"
# Likewise: ask for the person anew, whoever is logged in at the provider's.
AGAIN = "encore"
_HERE = "ici"
# Tabs left open at a provider's page; the oldest question is forgotten.
_MOST_QUESTIONS = 5
_QUESTIONS, _LOGOUT = "federation_questions", "federation_logout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    way: LoginWay
    after: str
    at: float
    asked: dict[str, str]
    # Said by who leaves for the provider: nobody is known yet to whom it could be asked.
    is_shared: bool = False


@public(reason="Départ vers un fournisseur d’identité")
@require_safe
def ask_provider(request: HttpRequest, way: LoginWay) -> HttpResponse:
    provider, after = provider_of(way), next_page(request)
    if provider is None:
        raise NotFound
    if elsewhere := own_address(request, after):
        return redirect(elsewhere)
    refuse_beyond(TRIES_OF_A_NETWORK, f"federation {source_of(request).network}")
    asked, is_shared = protocol.new_question(), SHARED_WORKSTATION in request.GET
    try:
        # On a workstation of several people, the provider's own session may be of the one before.
        url = protocol.question_url(provider, asked, again=is_shared or AGAIN in request.GET)
    except NotOpened as error:
        return refused_page(request, way, error)
    remember(request, asked.state, way=way, after=after, asked=asdict(asked), is_shared=is_shared)
    return redirect(url)


@public(reason="Retour d’un fournisseur d’identité : sa réponse est vérifiée avant toute lecture")
@require_safe
def provider_answer(request: HttpRequest, way: LoginWay) -> HttpResponse:
    provider = provider_of(way)
    if provider is None:
        raise NotFound
    try:
        question = recall(request, way)
        proof = protocol.read_answer(provider, Asked(**question.asked), request.GET.dict())
        arrived = ports.bound[way](proof)
    except NotOpened as error:
        return refused_page(request, way, error)
    kept = {_LOGOUT: _closed({"way": way, "id_token": proof.id_token})}
    return welcome(request, arrived, question, kept=kept)


def welcome(
    request: HttpRequest, arrived: ports.Arrived, question: Question, *, kept: dict[str, Any]
) -> HttpResponse:
    if arrived.situations is not None:
        kept = {**kept, PROVED_SITUATIONS_KEY: list(arrived.situations)}
    choice = DeviceChoice.SHARED if question.is_shared else None
    return enter(request, arrived.user, by=question.way, choice=choice, after=question.after, kept=kept)


def remember(
    request: HttpRequest,
    state: str,
    *,
    way: LoginWay,
    after: str,
    asked: dict[str, str],
    is_shared: bool = False,
) -> None:
    """Bound to this browser: an answer brought to another finds no question there (login CSRF)."""
    waiting = dict(request.session.get(_QUESTIONS, {}))
    told = {"way": way, "after": after, "at": time.time(), "asked": asked, "is_shared": is_shared}
    newest = list({**waiting, state: _closed(told)}.items())[-_MOST_QUESTIONS:]
    request.session[_QUESTIONS] = dict(newest)


def recall(request: HttpRequest, way: LoginWay) -> Question:
    """The question of this answer, spent whatever comes of it. Raises NotOpened."""
    waiting = dict(request.session.get(_QUESTIONS, {}))
    told = _opened(waiting.pop(request.GET.get("state", ""), ""))
    request.session[_QUESTIONS] = waiting
    if told is None:
        raise not_opened("unknown_state", way)
    question = Question(**{**told, "way": LoginWay(told["way"])})
    if question.way != way:
        raise not_opened("other_provider", way)
    if time.time() - question.at > QUESTION_SECONDS:
        raise not_opened("expired", way)
    return question


def refused_page(request: HttpRequest, way: LoginWay, error: NotOpened) -> HttpResponse:
    record_refusal(None, by=way, step=error.step)
    context: dict[str, object] = {
        "way": way,
        "again": f"accounts:{way}",
        "title": error.title,
        "sentence": error.sentence,
        "is_settled": error.is_settled,
    }
    response = door(request, "accounts/not_opened.html", context, True)
    response.status_code = error.status
    return response


def provider_logout(request: HttpRequest) -> str:
    """Where the provider's session ends when it opened this one, else ''. Asked before our own is closed."""
    told = _opened(str(request.session.get(_LOGOUT, "")))
    provider = provider_of(LoginWay(told["way"])) if told else None
    if told is None or provider is None:
        return ""
    try:
        return protocol.logout_url(
            provider, told["id_token"], back=f"{settings.BASE_URL}/connexion/?au-revoir"
        )
    except NotOpened:
        return ""


def own_address(request: HttpRequest, after: str) -> str:
    """The same page where providers bring back to, '' when the browser is there: its session would not be found.

    Asked once: behind a proxy that does not say its host, the page would lead to itself for ever.
    """
    if _HERE in request.GET or request.get_host() == urlsplit(settings.BASE_URL).netloc:
        return ""
    kept = {name: "" for name in (SHARED_WORKSTATION, AGAIN) if name in request.GET}
    query = urlencode({_HERE: "", **kept, **({"next": after} if after else {})})
    return f"{settings.BASE_URL}{request.path}?{query}"


def _closed(told: dict[str, Any]) -> str:
    return base64.b64encode(seal(json.dumps(told).encode(), context="federation")).decode()


def _opened(closed: str) -> dict[str, Any] | None:
    try:
        told = json.loads(unseal(base64.b64decode(closed), context="federation")) if closed else None
    except (Unsealable, ValueError):
        return None
    return told if isinstance(told, dict) else None

"""The way into the FHIR interface: what each address takes, from whom, and what it answers when it does not.

`@api(SCOPE, ACTION)` declares what a transaction needs; `door(GET=…, POST=…)` makes one address of several. JSON only;
bodies are bounded before they are read, and read before any transaction.
"""

import re
from base64 import b64decode
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.core.handlers.exception import response_for_exception
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt

from terresante.accounts.tries import refuse_beyond
from terresante.interop.enums import READING_SCOPES, ApiScope
from terresante.interop.fhir.actions import Caller, caller_of
from terresante.interop.fhir.outcome import Issue, Problem, Resource, outcome, wrong
from terresante.kernel import audit, reception, rls
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor
from terresante.kernel.enums import Outcome
from terresante.kernel.errors import DomainError, Invalid, NotFound, Refused
from terresante.kernel.passing import COME_BACK_SECONDS, is_crossed, is_passing, tried_again
from terresante.kernel.screens import Declaration, Declared, network_of

MEDIA_TYPE = "application/fhir+json"
PATCH_TYPE = "application/json-patch+json"
_TAKEN = (MEDIA_TYPE, "application/json", "application/json+fhir")
# In bytes: a document of 15 MB once in base64. deploy/Caddyfile lets 110 MB through, for the pages.
LARGEST_BODY = 20_000_000
# What is refused is read to its end all the same, and thrown away: closing over unread bytes would break the pipe under
# the sender, who would never see why. As much as the proxy lets through.
_MOST_THROWN_AWAY = 110_000_000
# In fifteen minutes.
_REQUESTS_OF_AN_ACCESS, _TRIES_OF_A_NETWORK = 6000, 600
CERTIFICATE_HEADER, SECRET_HEADER = "X-Client-Certificate", "X-Proxy-Secret"
_STEP = 1 << 20
_XML = ("text/xml", "application/xml")
_WEIGHT, _MOST_TYPES = re.compile(r"[01](?:\.\d{0,3})?", re.ASCII), 50
# Statuses of which the trail keeps a row.
_RECORDED = (403, 404, 409, 422)
_UNPROVED = "Présentez un jeton en cours de validité (Authorization: Bearer), obtenu à /fhir/token."
_TOO_MANY = "Trop de requêtes de ce logiciel : réessayez dans un quart d’heure."
_TOO_LARGE = "Le corps dépasse 20 Mo : allégez le document, ou déposez-le depuis son dossier."
_TOO_SLOW = "Le corps arrivait trop lentement : la réception a été interrompue. Renvoyez la même requête."
_NO_READER = "Le professionnel nommé par ce jeton ne travaille plus dans cette structure."
_BROKEN = "Une erreur de notre côté a empêché de répondre : réessayez plus tard."
_LATER = (
    "Trop d’écritures se sont croisées, ou la base ne répond pas : renvoyez la même requête dans un instant."
)
_CODES = {403: "forbidden", 404: "not-found", 409: "conflict", 422: "invalid"}
Answer = HttpResponse | StreamingHttpResponse


@dataclass(slots=True)
class Asked:
    """A request whose token is believed. `actor` is the structure, or the professional it reads for."""

    request: HttpRequest
    caller: Caller
    actor: Actor
    body: bytes = b""


Handler = Callable[..., Answer]


class Transaction(Protocol):
    scope: ApiScope
    action: Action

    def __call__(self, request: HttpRequest, /, **named: Any) -> Answer: ...


def api(
    scope: ApiScope, action: Action, *, takes: Collection[str] = (), gives: Collection[str] = _TAKEN
) -> Callable[[Handler], Transaction]:
    """`takes`: media types of the body; none when there is none. `gives`: of the answer; none for any."""

    def decorate(handler: Handler) -> Transaction:
        def run(request: HttpRequest, /, **named: Any) -> Answer:
            if gives:
                _refuse_other_answer(request, gives)
            caller = _believed(request, scope, action)
            actor = caller.professional if scope in READING_SCOPES else caller.structure
            if actor is None:
                raise _unauthorized(_NO_READER)
            try:
                asked = Asked(request, caller, actor, _body(request, takes, caller) if takes else b"")
                return tried_again(lambda: handler(asked, **named))
            except (Problem, Refused, NotFound) as error:
                _record_refusal(actor, action, error, named)
                raise

        transaction = cast(Transaction, run)
        transaction.scope, transaction.action = scope, action
        return transaction

    return decorate


def door(name: str, **transactions: Transaction) -> Callable[..., Answer]:
    """One address, by method; HEAD is GET's."""
    methods = {**transactions, **({"HEAD": transactions["GET"]} if "GET" in transactions else {})}

    def run(request: HttpRequest, /, **named: Any) -> Answer:
        chosen = methods.get(request.method or "")
        try:
            if chosen is None:
                raise wrong("Cette adresse ne répond pas à cette méthode.", code="not-supported", status=405)
            answer = chosen(request, **named)
        except (Problem, DomainError) as error:
            answer = refusal(error)
            _throw_the_rest_away(request)
        except Exception as error:  # noqa: BLE001 -- whatever broke, the partner's software reads an outcome
            if not is_crossed(error):
                response_for_exception(request, error)  # tells the log, and who watches, as for a page
            answer = refusal(come_back() if is_passing(error) else _broken())
        if answer.status_code == 405:
            answer.headers["Allow"] = ", ".join(sorted(methods))
        add_never_cache_headers(answer)
        if answer.streaming:
            rls.let_go()
        return answer

    first = next(iter(transactions.values()))
    run.__name__ = f"fhir_{name}"
    scopes = ", ".join(sorted({each.scope for each in transactions.values()}))
    cast(Declared, run).declaration = Declaration("api", first.action, scopes)
    cast(Any, run).transactions = transactions
    return csrf_exempt(run)  # a token says who asks, never a cookie


def answered(resource: Resource, *, status: int = 200, location: str = "") -> HttpResponse:
    answer = HttpResponse(orjson.dumps(resource), status=status, content_type=f"{MEDIA_TYPE}; charset=utf-8")
    if location:
        answer.headers["Location"] = location
    return answer


def refusal(error: Problem | DomainError) -> HttpResponse:
    if isinstance(error, DomainError):
        code = _CODES.get(error.status, "processing")
        error = wrong(error.sentence, code=code, status=error.status)
    answer = answered(outcome(*error.issues), status=error.status)
    for name, value in error.headers.items():
        answer.headers[name] = value
    return answer


def come_back() -> Problem:
    """What was asked is right, and passes in a moment: sent again under its identifiers, it is done once."""
    return Problem(503, Issue(_LATER, code="transient"), headers={"Retry-After": str(COME_BACK_SECONDS)})


def _broken() -> Problem:
    return wrong(_BROKEN, code="exception", status=500)


def limit_tries(request: HttpRequest) -> None:
    """Of a network, where tokens are given. Raises Invalid."""
    refuse_beyond(_TRIES_OF_A_NETWORK, f"fhir token {network_of(request)}")


def fingerprint_of(request: HttpRequest) -> str:
    """SHA-256 of the client certificate (DER, in base64) that our proxy saw; '' for none, or for a forged header."""
    secret = settings.API_PROXY_SECRET
    is_there = bool(settings.API_TLS_URL) and request.get_host() == urlsplit(settings.API_TLS_URL).netloc
    if not (is_there and secret and constant_time_compare(request.headers.get(SECRET_HEADER, ""), secret)):
        return ""
    try:
        der = b64decode(request.headers.get(CERTIFICATE_HEADER, ""), validate=True)
    except ValueError:
        return ""
    return sha256(der).hexdigest() if der else ""


def _believed(request: HttpRequest, scope: ApiScope, action: Action) -> Caller:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    caller = (
        caller_of(token.strip(), fingerprint=fingerprint_of(request)) if kind.lower() == "bearer" else None
    )
    if caller is None:
        raise _unauthorized(_UNPROVED)
    try:
        refuse_beyond(_REQUESTS_OF_AN_ACCESS, f"fhir {caller.access.pk}")
    except Invalid:
        raise wrong(_TOO_MANY, code="throttled", status=429) from None
    if scope not in caller.scopes:
        refused = wrong(f"Ce jeton n’a pas la portée « {scope.value} ».", code="forbidden", status=403)
        refused.headers = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope.value}"'}
        _record_refusal(caller.structure, action, refused, {})
        raise refused
    return caller


def _unauthorized(sentence: str) -> Problem:
    issue = Issue(sentence, code="login")
    return Problem(401, issue, headers={"WWW-Authenticate": 'Bearer realm="fhir", error="invalid_token"'})


def _refuse_other_answer(request: HttpRequest, gives: Collection[str]) -> None:
    wanted = [each.partition(";")[0].strip().lower() for each in request.headers.get("Accept", "").split(",")]
    told = request.GET.get("_format", "").lower()
    is_json = not told or "json" in told
    if not is_json or not {"", "*/*", "application/*", *gives} & set(wanted):
        raise wrong("Les réponses sont en JSON (application/fhir+json).", code="not-supported", status=406)


def form_asked(request: HttpRequest, kind: str) -> str:
    """R4, Binary: `kind` for the bytes under their own type, else the type of the resource that holds them, as the
    caller would rather have them (Accept, or _format). Raises Problem (406).
    """
    if "json" in request.GET.get("_format", "").lower():
        return MEDIA_TYPE
    own = {kind, "*/*", f"{kind.partition('/')[0]}/*", *(_XML if kind in _XML else ())}
    wanted = _weighed(request.headers.get("Accept", "") or "*/*")
    as_is, as_resource = (max(wanted.get(each, 0.0) for each in told) for told in (own, _TAKEN))
    if not as_is and not as_resource:
        sentence = f"Ce document se donne en {kind}, ou dans une ressource Binary ({MEDIA_TYPE})."
        raise wrong(sentence, code="not-supported", status=406)
    return kind if as_is >= as_resource else MEDIA_TYPE


def _weighed(accept: str) -> dict[str, float]:
    """RFC 9110, 12.5.1: each type with its weight, 1 unless it says a readable other one."""
    found: dict[str, float] = {}
    for each in accept.split(",")[:_MOST_TYPES]:
        kind, *parameters = (part.strip().lower() for part in each.split(";"))
        told = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        found[kind] = float(told) if _WEIGHT.fullmatch(told) else 1.0
    return found


def _body(request: HttpRequest, takes: Collection[str], caller: Caller) -> bytes:
    """Whole, to memory, within its bound; nothing is open nor held meanwhile."""
    if (request.content_type or "").lower() not in takes:
        sentence = f"Le corps de la requête est attendu en {' ou '.join(takes)}."
        raise wrong(sentence, code="not-supported", status=415)
    told = request.headers.get("Content-Length", "")
    if told.isdecimal() and int(told) > LARGEST_BODY:
        raise wrong(_TOO_LARGE, code="too-long", status=413)
    rls.let_go()
    try:
        with reception.place(request, reception.OF_SOFTWARE, str(caller.access.pk)):
            return _read(request)
    except reception.Full:
        raise come_back() from None
    except reception.TooSlow:
        raise wrong(_TOO_SLOW, code="timeout", status=408) from None


def _read(request: HttpRequest) -> bytes:
    pieces, size = [], 0
    while piece := request.read(_STEP):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_BODY:
            raise wrong(_TOO_LARGE, code="too-long", status=413)
    return b"".join(pieces)


def _throw_the_rest_away(request: HttpRequest) -> None:
    """Of anybody: where as many send as may, it is closed over after all."""
    rls.let_go()
    left = _MOST_THROWN_AWAY
    place = reception.place(request, reception.NOBODY_S_FILE, network_of(request))
    with suppress(OSError, reception.Full, reception.TooSlow), place:  # OSError: a sender that is gone
        while left > 0 and (piece := request.read(_STEP)):
            left -= len(piece)


def _record_refusal(
    actor: Actor, action: Action, error: Problem | DomainError, named: dict[str, Any]
) -> None:
    """In its own transaction, after the rollback, as pages do; a mistake of form is no refusal."""
    if error.status not in _RECORDED:
        return
    asked = {name: str(value)[:80] for name, value in named.items()}
    with rls.acting(actor):
        audit.record(actor, action, outcome=Outcome.REFUSED, detail={"asked": asked, "status": error.status})

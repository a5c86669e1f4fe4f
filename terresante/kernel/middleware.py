from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, UnreadablePostError
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.module_loading import import_string

from terresante.kernel import reception
from terresante.kernel.ids import new_id
from terresante.kernel.passing import COME_BACK_SECONDS, is_crossed
from terresante.kernel.rls import let_go
from terresante.kernel.screens import network_of, to_login

Next = Callable[[HttpRequest], HttpResponse]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    # blob: a message that was just recorded, heard before it is sent.
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)

_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_TOO_MANY = "La plateforme reçoit déjà autant d’envois qu’elle peut en recevoir en même temps."
_TOO_SLOW = "L’envoi arrivait trop lentement : il a été interrompu."
# A reception that takes a while is not over in two seconds.
_COME_BACK_LATER_SECONDS = 10


class ContentSecurityPolicy:
    """No inline script or style anywhere, nothing from elsewhere (DESIGN.md 8)."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        return response


class Correlation:
    """One id per request, found again in audit rows, events and messages it causes."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.correlation_id = new_id()  # type: ignore[attr-defined]  # read back by screens.actor_of
        return self.get_response(request)


class Received:
    """Receives what is posted whole, to memory or temporary files, before anything is asked of the database.

    A slow network holds a thread, of which `serve` has many and lends some (`kernel.reception`), never a connection nor
    a transaction. The FHIR interface reads its bodies itself, once it believes the token (`interop.fhir.door`).
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        refused = _received(request) if request.method == "POST" else None
        return refused or self.get_response(request)


def _received(request: HttpRequest) -> HttpResponse | None:
    """The answer to a body that is not received, None once it is. A large one is somebody's, or a proof's."""
    is_form, length = request.content_type in _FORMS, reception.length_of(request)
    if not is_form and _reads_itself(request.path_info):
        return None
    account = _account_behind(request) if length > reception.SMALL else ""
    if length > reception.LARGEST_OF_NOBODY and not account:
        return to_login(request)
    kind = reception.kind_of(length, is_known=bool(account))
    try:
        with reception.place(request, kind, account or network_of(request)):
            _ = (request.POST, request.FILES) if is_form else request.body
    except reception.Full:
        return _not_received(request, _TOO_MANY)
    except reception.TooSlow:
        return _not_received(request, _TOO_SLOW)
    except UnreadablePostError:  # the sender is gone
        return HttpResponseBadRequest()
    return None


def _reads_itself(path: str) -> bool:
    try:
        declaration = getattr(resolve(path).func, "declaration", None)
    except Resolver404:
        return False
    return getattr(declaration, "kind", "") == "api"


def _account_behind(request: HttpRequest) -> str:
    """Of its session, '' without; the connection is given back before the body is waited for."""
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not key:
        return ""
    store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(key)
    try:
        return str(store.get(SESSION_KEY, ""))
    finally:
        let_go()


def _not_received(request: HttpRequest, why: str) -> HttpResponse:
    """503 for both: a page that keeps a note on its device sends it again by itself (islands/kept-notes.ts)."""
    context = {"sentence": why, "correlation": getattr(request, "correlation_id", "")}
    response = render(request, "not_received.html", context, status=503)
    response.headers["Retry-After"] = str(_COME_BACK_LATER_SECONDS)
    return response


class Crossed:
    """Says that nothing was written, of a request that crossed another transaction at each try (`kernel.passing`)."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not is_crossed(exception):
            return None
        context = {"correlation": getattr(request, "correlation_id", "")}
        response = render(request, "crossed.html", context, status=503)
        response.headers["Retry-After"] = str(COME_BACK_SECONDS)
        return response

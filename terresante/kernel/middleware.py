from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, UnreadablePostError
from django.shortcuts import render

from terresante.kernel.ids import new_id
from terresante.kernel.passing import COME_BACK_SECONDS, is_crossed

Next = Callable[[HttpRequest], HttpResponse]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    # blob: a message that was just recorded, heard before it is sent.
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


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
    """Receives a posted form whole, to memory or temporary files, before anything is asked of the database.

    A slow network holds a thread, of which `serve` has many, never a connection nor a transaction.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            try:
                _ = request.POST, request.FILES
            except UnreadablePostError:  # the sender is gone
                return HttpResponseBadRequest()
        return self.get_response(request)


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

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from terresante.accounts.sessions import mark_seen

Next = Callable[[HttpRequest], HttpResponse]
# Sent by the islands with what they ask without anybody: it keeps no workstation open.
UNATTENDED = "X-Unattended"


class Presence:
    """Writes when the person behind a session was last there."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.session.session_key and UNATTENDED not in request.headers:
            mark_seen(request.session)
        return self.get_response(request)

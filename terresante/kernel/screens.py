"""The only view decorators: `@reads(ACTION)`, `@writes(ACTION)`, `@public(reason=…)`.

They open the transaction once the body was received (`middleware.Received`) and close it before a file is given, so
that a slow network never holds one (DESIGN.md 4).
A read page runs READ ONLY; its audit rows and visit marks follow in a second short transaction: no row, no page.
A view that crosses another transaction is rolled back and runs again (`kernel.passing`), its toasts forgotten; it
writes nowhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from ipaddress import ip_address, ip_network
from typing import Any, Concatenate, ParamSpec, Protocol, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.contrib.messages import get_messages
from django.contrib.messages.middleware import MessageMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render, resolve_url
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string

from terresante.kernel import audit, reception, rls
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor
from terresante.kernel.enums import Outcome
from terresante.kernel.errors import Conflict, DomainError, NotFound, Refused
from terresante.kernel.passing import tried_again
from terresante.kernel.ports import DRAWN_FOR, MainAction, actor_behind, record_frame, surviving_record
from terresante.kernel.ui.frame import Toast

_TAKES_ENOUGH = (
    "Plusieurs fichiers vous parviennent déjà : attendez que l’un d’eux soit arrivé, puis recommencez."
)
STATUS_PAGES = frozenset({400, 403, 404, 409})
P = ParamSpec("P")


class Request(HttpRequest):
    """A request whose actor is known; views read `actor`, domain code never sees the request."""

    actor: Actor
    after_read: list[Callable[[], None]]
    # What the `before` of a view brought, None when nothing was posted.
    prepared: Any


# Streamed: what is given after the transaction has closed (`kernel.files.vault`).
Answer = HttpResponse | StreamingHttpResponse
View = Callable[Concatenate[Request, P], Answer]
PlainView = Callable[Concatenate[HttpRequest, P], Answer]


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a view says of itself; a house test walks the URLs and refuses a view without one."""

    kind: str
    action: Action | None = None
    reason: str = ""


class Declared(Protocol):
    declaration: Declaration


def reads(action: Action) -> Callable[[View[P]], PlainView[P]]:
    def decorate(view: View[P]) -> PlainView[P]:
        def body(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
            with audit.collecting() as trail:
                with rls.acting(request.actor, read_only=True):
                    response = _rendered(view(request, *args, **kwargs))
                with rls.acting(request.actor):
                    audit.record_reads(request.actor, trail, page=action)
                    for mark in request.after_read:
                        mark()
            return response

        return _guarded(view, body, Declaration("reads", action))

    return decorate


def writes(
    action: Action, *, before: Callable[..., object] | None = None
) -> Callable[[View[P]], PlainView[P]]:
    """GET shows the form, POST acts; both inside one transaction that rolls back on any error.

    `before` does, with what was posted, what must not hold a transaction: hashing a password, asking another system.
    It opens its own short ones (`rls.acting`) to read what it asks and to write that it asked, and is never run again:
    what it writes after it has asked tries again by itself (`kernel.passing`). `request.prepared` is what it returns.
    """

    def decorate(view: View[P]) -> PlainView[P]:
        def body(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
            with audit.collecting() as trail, rls.acting(request.actor):
                response = _rendered(view(request, *args, **kwargs))
                # A form shown again after a mistake has written nothing: it is a page like another, with its row.
                if trail.reads or not trail.written:
                    audit.record_reads(request.actor, trail, page=action)
                for mark in request.after_read:
                    mark()
            return response

        return _guarded(view, body, Declaration("writes", action), before)

    return decorate


def public(*, reason: str) -> Callable[[PlainView[P]], PlainView[P]]:
    """Open without an account. Such a view touches no patient's row: it has no actor to read them with. What it answers
    may still be for one person (a code, an address): kept by no browser, unless the view says otherwise.
    """

    def decorate(view: PlainView[P]) -> PlainView[P]:
        @wraps(view)
        def run(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
            try:
                response = view(request, *args, **kwargs)
            except DomainError as error:
                response = error_page(request, error)
            if "Cache-Control" not in response.headers:
                add_never_cache_headers(response)
            return response

        return _declared(run, Declaration("public", reason=reason))

    return decorate


def error_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The page of the error's status (kernel/templates), with the error's own sentence as the reason."""
    template = f"{error.status if error.status in STATUS_PAGES else 400}.html"
    context = {"sentence": error.sentence, "correlation": getattr(request, "correlation_id", "")}
    return render(request, template, context, status=error.status)


def record_page(
    request: Request,
    template: str,
    opened: Any,
    context: dict[str, Any],
    *,
    tab: str,
    main_action: MainAction | None = None,
    status: int = 200,
) -> HttpResponse:
    """Renders a page of an open record inside its frame (`record.html`); `tab` is a key of config/navigation."""
    frame = record_frame(request.actor, opened, tab, main_action)
    shown = {"record": frame, "opened": opened, "strips": opened.strips, **context}
    return render(request, template, shown, status=status)


def next_page(request: HttpRequest) -> str:
    """The page of ours that `next` asks for; '' for another site, and for what `redirect` would take for a view."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, {request.get_host()})
    return wanted if is_ours else ""


def to_login(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=401)
        response.headers["HX-Redirect"] = resolve_url(settings.LOGIN_URL)
        return response
    if request.method == "POST":
        return HttpResponseRedirect("/connexion/")
    return redirect_to_login(request.get_full_path())


def network_of(request: HttpRequest) -> str:
    """The caller's network: /24 in IPv4, /64 in IPv6, what one subscriber usually has."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        # The last entry is our own proxy's; the others are the caller's say.
        address = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or address
    try:
        version = ip_address(address).version
    except ValueError:
        return "unknown"
    return str(ip_network(f"{address}/{24 if version == 4 else 64}", strict=False))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_page(
        request, Refused("Cette page est restée ouverte trop longtemps. Rechargez-la puis recommencez.")
    )


def frame_context(request: HttpRequest) -> dict[str, Any]:
    """What the frame around a page shows; the order of places and menus is config/navigation's."""
    actor = getattr(request, "actor", None)
    if actor is None:
        return {"demo": settings.DEMO}
    frame: Callable[[HttpRequest, Actor], dict[str, Any]] = import_string("config.navigation.frame")
    toasts = (Toast(text=str(message)) for message in get_messages(request))
    return {"demo": settings.DEMO, "actor": actor, "toasts": toasts, **frame(request, actor)}


def _guarded(
    view: View[P],
    body: View[P],
    declaration: Declaration,
    before: Callable[..., object] | None = None,
) -> PlainView[P]:
    action = declaration.action
    if action is None:
        raise RuntimeError("a guarded view declares an action")

    @wraps(view)
    def run(plain: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        actor = actor_behind(plain)
        if actor is None:
            return to_login(plain)
        request = cast(Request, plain)
        request.actor, request.after_read, request.prepared = actor, [], None
        if _is_of_another_person(request):
            acting_for = {"acting_for": actor.on_behalf_of}
            return render(request, "another_person.html", acting_for, status=Conflict.status)
        try:
            if before is not None and request.method == "POST":
                request.prepared = before(request, *args, **kwargs)
            response = tried_again(
                lambda: body(request, *args, **kwargs), between=lambda: _as_it_came(request)
            )
        except (Refused, NotFound) as error:
            response = _moved(request, actor, kwargs) or _refused(request, actor, action, kwargs, error)
        except DomainError as error:
            response = error_page(request, error)
        if isinstance(response, StreamingHttpResponse):
            rls.let_go()
            response = _in_turn(request, response, actor)
        add_never_cache_headers(response)
        return response

    return _declared(run, declaration)


def _in_turn(request: Request, response: StreamingHttpResponse, actor: Actor) -> Answer:
    try:
        reception.in_turn(response, str(actor.user_id))
    except reception.Full:
        response.close()
        return error_page(request, Conflict(_TAKES_ENOUGH))
    return response


def _is_of_another_person(request: Request) -> bool:
    """Sent from a page that was drawn for somebody else: what it says is about her."""
    drawn_for = request.POST.get(DRAWN_FOR)
    return drawn_for is not None and drawn_for != str(request.actor.person_id)


def _declared(run: PlainView[P], declaration: Declaration) -> PlainView[P]:
    cast(Declared, run).declaration = declaration
    return run


def _as_it_came(request: Request) -> None:
    """Before a view that was rolled back runs again: its files from their beginning, and nothing said of it yet."""
    request.after_read = []
    if hasattr(request, "_messages"):
        MessageMiddleware(lambda _: HttpResponse()).process_request(request)
    for _, files in request.FILES.lists():
        for file in files:
            file.seek(0)


def _rendered(response: Answer) -> Answer:
    if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
        return response.render()
    return response


def _moved(request: Request, actor: Actor, named: dict[str, Any]) -> HttpResponse | None:
    """The page of a record that was merged into another, at the same place in the one that goes on."""
    old, match = named.get("record_id"), request.resolver_match
    if old is None or match is None or request.method not in ("GET", "HEAD"):
        return None
    with rls.acting(actor, read_only=True):
        kept = surviving_record(old)
    if kept is None:
        return None
    return HttpResponseRedirect(reverse(match.view_name, kwargs={**match.kwargs, "record_id": kept}))


def _refused(
    request: Request, actor: Actor, action: Action, named: dict[str, Any], error: Refused | NotFound
) -> HttpResponse:
    _record_refusal(actor, action, named)
    return error_page(request, error)


def _record_refusal(actor: Actor, action: Action, named: dict[str, Any]) -> None:
    """In its own transaction, after the rollback; the identifiers asked for, nothing of what they name."""
    asked = {name: str(value)[:80] for name, value in named.items()}
    with rls.acting(actor):
        audit.record(actor, action, outcome=Outcome.REFUSED, detail={"asked": asked})

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from terresante.accounts.queries import mailbox
from terresante.kernel.errors import NotFound
from terresante.kernel.screens import public


@public(reason="Boîte aux lettres d’une démonstration, sans destinataire réel ; absente ailleurs")
@require_safe
def demonstration_mailbox(request: HttpRequest) -> HttpResponse:
    if not settings.DEMO or not _is_this_machine(request):
        raise NotFound
    response = render(request, "accounts/mailbox.html", {"messages_received": mailbox()})
    add_never_cache_headers(response)
    return response


def _is_this_machine(request: HttpRequest) -> bool:
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False

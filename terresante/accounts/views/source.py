"""Where a request comes from, and the cookie by which its browser is known."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from terresante.accounts import devices
from terresante.accounts.devices import Source
from terresante.accounts.passkeys import Site
from terresante.kernel.screens import network_of


def source_of(request: HttpRequest) -> Source:
    return Source(
        network=network_of(request),
        tokens=devices.read_tokens(request.COOKIES.get(_cookie_name(), "")),
        words=devices.device_words(request.headers.get("User-Agent", "")),
    )


def keep_source(response: HttpResponse, source: Source) -> None:
    response.set_cookie(
        _cookie_name(),
        devices.write_tokens(source.tokens),
        max_age=devices.COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _cookie_name() -> str:
    """With TLS it is the host's own, as the session's (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{devices.COOKIE}" if settings.SESSION_COOKIE_SECURE else devices.COOKIE


def site_of(request: HttpRequest) -> Site | None:
    """None at an address that browsers refuse keys for: a number, or anything but this machine without https."""
    host = request.get_host()
    domain = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    scheme = urlsplit(settings.BASE_URL).scheme
    try:
        ip_address(domain.strip("[]"))
    except ValueError:
        return Site(domain, f"{scheme}://{host}") if scheme == "https" or domain == "localhost" else None
    return None

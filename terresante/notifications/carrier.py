"""Carries a message to the push service of one browser (RFC 8030), for the worker.

Where to is what a browser told us: only the services this deployment lists are spoken to, never an address of its own
network. A service that says that a subscription is over (404, 410) has it deleted.
"""

import ipaddress
import json
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import requests
from django.utils import timezone

from terresante.kernel.ports import NobodyThere, TryLater, Undeliverable
from terresante.notifications.models import PushSubscription
from terresante.notifications.webpush import ServerKey, sealed

# RFC 8030, 5.2 to 5.4. After a day the news is on the screen; the topic makes a later message replace one not yet
# delivered; the same urgency for all, so that none of it says what happened.
TTL_SECONDS, URGENCY, TOPIC = 24 * 3600, "normal", "information"
_HTTP_SECONDS = 10
_LONGEST = 1000  # characters of an endpoint
_OVER = (404, 410)
_BUSY = 429
# Of our making, and no later try would help: a malformed request, a text too long.
_REFUSED = (400, 413)


@dataclass(frozen=True, slots=True)
class Services:
    """Push services that may be spoken to. `hosts`: names, « *.name » for all below it; `local`: the origin of a
    simulated one, the only address without TLS, and on this machine.
    """

    hosts: tuple[str, ...]
    local: str = ""

    def take(self, endpoint: str) -> bool:
        """Whether an endpoint has the shape of one of theirs."""
        url = _read(endpoint)
        if url is None:
            return False
        scheme, host, port, origin = url
        if self.local and origin == self.local:
            return True
        return scheme == "https" and port in (None, 443) and any(_is_named(host, name) for name in self.hosts)

    def refuse_inside(self, endpoint: str) -> None:
        """Raises OSError: the name leads today to this machine or to its network."""
        host = urlsplit(endpoint).hostname or ""
        if self.local and _origin(endpoint) == self.local:
            return
        found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
        if not all(ipaddress.ip_address(address[0]).is_global for *_, address in found):
            raise OSError("a push service has an address of this network")


@dataclass(frozen=True, slots=True)
class WebPush:
    """The PushProvider of a deployment."""

    key: ServerKey
    services: Services

    @property
    def public_key(self) -> str:
        return self.key.public

    def takes(self, endpoint: str) -> bool:
        return self.services.take(endpoint)

    def send(self, *, device: str, text: str, reference: str) -> None:
        """Raises as kernel.ports.PushProvider."""
        subscription = _alive(device)
        if not self.services.take(subscription.endpoint):
            raise Undeliverable("this service is no longer listed")
        self.services.refuse_inside(subscription.endpoint)
        told = json.dumps({**json.loads(text), "id": reference}, ensure_ascii=False)
        answer = self._post(subscription, told.encode())
        _judge(subscription, answer.status_code, answer.headers.get("Retry-After", ""))

    def _post(self, subscription: PushSubscription, message: bytes) -> requests.Response:
        body = sealed(message, point=bytes(subscription.point), auth=bytes(subscription.auth))
        with requests.post(
            subscription.endpoint,
            data=body,
            headers={
                "Authorization": self.key.authorization(subscription.endpoint, now=int(time.time())),
                "Content-Encoding": "aes128gcm",
                "Content-Type": "application/octet-stream",
                "TTL": str(TTL_SECONDS),
                "Urgency": URGENCY,
                "Topic": TOPIC,
            },
            timeout=_HTTP_SECONDS,
            # Elsewhere is not on the list; what it says is not read.
            allow_redirects=False,
            stream=True,
        ) as answer:
            return answer


def _alive(device: str) -> PushSubscription:
    found = PushSubscription.objects.filter(pk=UUID(device), user__is_active=True).first()
    if found is None:
        raise NobodyThere
    return found


def _judge(subscription: PushSubscription, status: int, retry_after: str) -> None:
    if status in (200, 201, 202, 204):
        PushSubscription.objects.filter(pk=subscription.pk).update(last_success_at=timezone.now())
        return
    if status in _OVER:
        PushSubscription.objects.filter(pk=subscription.pk).delete()
        raise NobodyThere
    if status in _REFUSED:
        raise Undeliverable(f"the push service answered {status}")
    if status == _BUSY or status >= 500:
        raise TryLater(int(retry_after) if retry_after.isdecimal() else 0)
    raise OSError(f"the push service answered {status}")


def _read(endpoint: str) -> tuple[str, str, int | None, str] | None:
    """Scheme, host, port and origin, None for what is no address of a service."""
    if len(endpoint) > _LONGEST or not endpoint.isascii() or any(mark in endpoint for mark in " \\\t\r\n#"):
        return None
    try:
        url = urlsplit(endpoint)
        port = url.port
    except ValueError:
        return None
    if url.username is not None or url.password is not None or not url.hostname or len(url.path) < 2:
        return None
    return url.scheme, url.hostname, port, _origin(endpoint)


def _origin(endpoint: str) -> str:
    url = urlsplit(endpoint)
    return f"{url.scheme}://{url.netloc}"


def _is_named(host: str, name: str) -> bool:
    return host.endswith(name[1:]) if name.startswith("*.") else host == name

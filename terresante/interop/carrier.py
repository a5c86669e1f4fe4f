"""Carries a message to the return address that a sender declared, over MLLP, for the worker."""

import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

from terresante.interop.hl7v2 import er7
from terresante.interop.hl7v2.envelope import envelope
from terresante.interop.mllp.framing import Decoder, framed
from terresante.interop.models import SenderSystem
from terresante.kernel.ports import NobodyThere, TryLater, Undeliverable

_SECONDS = 10.0
# Of a hospital that did not answer: its other messages do not try it again before, so that others' leave.
_LEFT_ALONE = 30.0
_LONGEST_ANSWER = 64 * 1024
_READ = 4096
# An application error is the receiver's, perhaps for an hour; what it rejects, it will always reject.
_LATER = 300.0


@dataclass(slots=True)
class MllpCarrier:
    _away: dict[UUID, float] = field(default_factory=dict)

    def send(self, *, peer: str, text: str) -> None:
        """Returns once the sender acknowledged it (AA). Raises OSError, TryLater, NobodyThere, Undeliverable."""
        key = UUID(peer)
        sender = SenderSystem.objects.filter(pk=key, active=True).exclude(return_host="").first()
        if sender is None:
            raise NobodyThere
        rest = self._away.get(key, 0.0) - time.monotonic()
        if rest > 0:
            raise TryLater(rest)
        raw = er7.encoded(text, envelope(text.encode()).codec)
        try:
            answer = _exchanged(sender, framed(raw))
        except OSError:
            self._away[key] = time.monotonic() + _LEFT_ALONE
            raise
        self._away.pop(key, None)
        _judge(answer, envelope(raw).control_id)


def _exchanged(sender: SenderSystem, content: bytes) -> bytes:
    """Raises OSError."""
    decoder = Decoder(limit=_LONGEST_ANSWER)
    ends_at = time.monotonic() + _SECONDS
    with socket.create_connection((sender.return_host, sender.return_port or 0), timeout=_SECONDS) as plain:
        wire = _closed(plain, sender.return_host) if sender.return_tls else plain
        with wire:
            wire.sendall(content)
            while time.monotonic() < ends_at:
                wire.settimeout(max(0.1, ends_at - time.monotonic()))
                if not (received := wire.recv(_READ)):
                    break
                for piece in decoder.feed(received):
                    if piece.fault is None:
                        return piece.content
    raise OSError("no acknowledgement came back")


def _closed(plain: socket.socket, host: str) -> ssl.SSLSocket:
    """Our side shows the certificate under which hospitals know us; theirs must be signed by an authority that we
    accept.
    """
    context = ssl.create_default_context(cafile=settings.MLLP_CLIENT_AUTHORITIES or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.MLLP_CERTIFICATE:
        context.load_cert_chain(settings.MLLP_CERTIFICATE, settings.MLLP_KEY or None)
    return context.wrap_socket(plain, server_hostname=host)


def _judge(answer: bytes, control_id: str) -> None:
    code, about = "", ""
    with suppress(er7.NotEr7, er7.Undecodable):
        told = er7.read(answer).segment("MSA")
        code, about = (told.value(1), told.value(2)) if told else ("", "")
    if about != control_id or not code:
        raise OSError("the answer is about something else")
    if code in ("AE", "CE"):
        raise TryLater(_LATER)
    if code not in ("AA", "CA"):
        raise Undeliverable

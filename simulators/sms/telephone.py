"""A telephone that answers by SMS, and the provider that delivers it to a platform, signed with a shared secret."""

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from urllib.request import Request, urlopen
from uuid import uuid4


@dataclass(frozen=True, slots=True)
class Telephone:
    number: str

    def message(self, text: str, *, reference: str = "", at: datetime | None = None) -> bytes:
        """As the provider writes it."""
        sent = at or datetime.now(UTC)
        said = {"id": reference or uuid4().hex, "from": self.number, "text": text, "at": sent.isoformat()}
        return json.dumps(said).encode()


def signed(body: bytes, *, secret: str, at: datetime | None = None) -> str:
    """The header X-Signature: the moment, and the HMAC-SHA-256 of both."""
    seconds = int((at or datetime.now(UTC)).timestamp())
    return f"t={seconds},v1={hmac.new(secret.encode(), f'{seconds}.'.encode() + body, sha256).hexdigest()}"


def deliver(body: bytes, *, address: str, secret: str) -> int:
    """Raises OSError. Returns the status of the platform."""
    headers = {"Content-Type": "application/json", "X-Signature": signed(body, secret=secret)}
    request = Request(address, data=body, headers=headers)  # noqa: S310 -- an address of the one who runs it
    with urlopen(request, timeout=10) as answer:  # noqa: S310 -- the same
        return int(answer.status)

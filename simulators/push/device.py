"""A browser's side of the Push API: the keys it makes for a subscription, and the only reader of what is sent to it.

Written from RFC 8188 and 8291, by another hand than what sends.
"""

import base64
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_SALT, _SIZE, _KEY_ID = 16, 4, 1


class Unreadable(ValueError):
    """Not sealed for this browser, or not as RFC 8291 says."""


@dataclass(frozen=True, slots=True)
class Device:
    """One subscription of one browser. `number` ends its endpoint; `served_key`: whom alone it lets write to it."""

    number: str
    served_key: str
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def point(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self, origin: str) -> dict[str, Any]:
        """PushSubscription.toJSON(), at a push service of this origin."""
        keys = {"p256dh": to_text(self.point), "auth": to_text(self.auth)}
        return {"endpoint": f"{origin}/push/{self.number}", "expirationTime": None, "keys": keys}

    def read(self, body: bytes) -> bytes:
        """Raises Unreadable."""
        if len(body) < _SALT + _SIZE + _KEY_ID:
            raise Unreadable("no header")
        salt, size = body[:_SALT], int.from_bytes(body[_SALT : _SALT + _SIZE], "big")
        start = _SALT + _SIZE + _KEY_ID
        end = start + body[start - 1]
        sender, sealed = body[start:end], body[end:]
        if len(sealed) > size or len(sealed) < 18:
            raise Unreadable("RFC 8291, 4: one record")
        key, nonce = self._secrets(salt, sender)
        try:
            padded = AESGCM(key).decrypt(nonce, sealed, None)
        except InvalidTag as error:
            raise Unreadable("sealed for another") from error
        text = padded.rstrip(b"\x00")
        if text[-1:] != b"\x02":
            raise Unreadable("RFC 8188, 2: the last record ends by 2")
        return text[:-1]

    def _secrets(self, salt: bytes, sender: bytes) -> tuple[bytes, bytes]:
        try:
            theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        except ValueError as error:
            raise Unreadable("the key id is no point") from error
        shared = self.private.exchange(ec.ECDH(), theirs)
        info = b"WebPush: info\x00" + self.point + sender
        secret = _hmac(_hmac(self.auth, shared), info + b"\x01")
        root = _hmac(salt, secret)
        key = _hmac(root, b"Content-Encoding: aes128gcm\x00\x01")[:16]
        return key, _hmac(root, b"Content-Encoding: nonce\x00\x01")[:12]


def to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_text(text: str) -> bytes:
    """Raises ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _hmac(key: bytes, message: bytes) -> bytes:
    """HKDF of 32 bytes at most is two of them (RFC 5869)."""
    digest = hmac.HMAC(key, hashes.SHA256())
    digest.update(message)
    return digest.finalize()

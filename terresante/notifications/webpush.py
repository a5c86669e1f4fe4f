"""What a message to a browser is made of: sealed for it alone (RFC 8291), signed as ours (RFC 8292). Pure.

The push service that carries it learns who sends, to which subscription, when and how long: the text is padded by
nothing because it is always the same.
"""

import base64
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_CURVE = ec.SECP256R1()
_RECORD = 4096  # bytes: one record, RFC 8188
_LAST_RECORD = b"\x02"
POINT_BYTES, AUTH_BYTES = 65, 16
# RFC 8292, 2: at most 24 hours.
SIGNED_FOR_SECONDS = 12 * 3600


@dataclass(frozen=True, slots=True)
class ServerKey:
    """Our key pair towards the push services; browsers subscribe under its public half."""

    private: ec.EllipticCurvePrivateKey
    # Who a push service writes to: mailto: or https:.
    contact: str

    @classmethod
    def read(cls, told: str, contact: str) -> "ServerKey":
        """`told`: the 32 bytes of the private number in base64url. Raises ValueError."""
        number = unsaid(told)
        if len(number) != 32:
            raise ValueError("a P-256 private key is 32 bytes")
        return cls(ec.derive_private_key(int.from_bytes(number, "big"), _CURVE), contact)

    @property
    def public(self) -> str:
        """As `applicationServerKey` takes it."""
        return said(_point(self.private.public_key()))

    def authorization(self, endpoint: str, *, now: int) -> str:
        """The header of RFC 8292, 3, for the service of this endpoint."""
        url = urlsplit(endpoint)
        claims = {
            "aud": f"{url.scheme}://{url.netloc}",
            "exp": now + SIGNED_FOR_SECONDS,
            "sub": self.contact,
        }
        return f"vapid t={jwt.encode(claims, self.private, algorithm='ES256')}, k={self.public}"


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """What a browser gives for its subscription (Push API, PushSubscriptionJSON)."""

    endpoint: str
    point: bytes
    auth: bytes


def sealed(
    message: bytes,
    *,
    point: bytes,
    auth: bytes,
    sender: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The body of a POST, aes128gcm, for the browser whose public point and secret these are. `sender` and `salt` are
    drawn for each message; given by a test. Raises ValueError for a point that is not on the curve.
    """
    sender, salt = sender or ec.generate_private_key(_CURVE), salt or os.urandom(16)
    ours = _point(sender.public_key())
    shared = sender.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point))
    secret = _derived(shared, auth, b"WebPush: info\x00" + point + ours, 32)
    key = _derived(secret, salt, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\x00", 12)
    header = salt + _RECORD.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return header + AESGCM(key).encrypt(nonce, message + _LAST_RECORD, None)


def is_point(told: bytes) -> bool:
    """An uncompressed point of P-256."""
    if len(told) != POINT_BYTES:
        return False
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, told)
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def said(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unsaid(told: str) -> bytes:
    """Raises ValueError."""
    return base64.b64decode(told.encode() + b"=" * (-len(told) % 4), altchars=b"-_", validate=True)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)

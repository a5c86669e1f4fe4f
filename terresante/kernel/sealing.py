"""Secrets at rest: AES-256-GCM under a deployment key that has an id, so that keys can turn.

Layout: 0x01, key id (2 bytes, big endian), nonce (12 bytes), ciphertext and tag.
"""

import base64
import os
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_VERSION = b"\x01"
_NONCE = 12


class Unsealable(ValueError):
    """The bytes were not sealed here, were changed, or their key is no longer configured."""


def seal(content: bytes, *, context: str) -> bytes:
    """`context` names the row's use: what was sealed for one use does not open for another."""
    key_id = next(iter(_keys()))
    header = _VERSION + key_id.to_bytes(2, "big")
    nonce = os.urandom(_NONCE)
    return header + nonce + _keys()[key_id].encrypt(nonce, content, context.encode())


def unseal(sealed: bytes | memoryview, *, context: str) -> bytes:
    """Raises Unsealable."""
    data = bytes(sealed)
    cipher = _keys().get(int.from_bytes(data[1:3], "big")) if data[:1] == _VERSION else None
    if cipher is None:
        raise Unsealable("no configured key opens these bytes")
    try:
        return cipher.decrypt(data[3 : 3 + _NONCE], data[3 + _NONCE :], context.encode())
    except InvalidTag as error:
        raise Unsealable("these bytes were changed, or sealed for another use") from error


def is_newest(sealed: bytes | memoryview) -> bool:
    """Whether the key that comes first in the settings sealed this."""
    return int.from_bytes(bytes(sealed)[1:3], "big") == next(iter(_keys()))


@lru_cache(maxsize=1)
def _keys() -> dict[int, AESGCM]:
    pairs = [pair.partition(":") for pair in settings.DATA_KEYS.split()]
    if pairs:
        return {int(number): AESGCM(base64.urlsafe_b64decode(key)) for number, _, key in pairs}
    if settings.DEMO or settings.TESTING:
        return {1: AESGCM(sha256(settings.SECRET_KEY.encode()).digest())}
    raise RuntimeError("TERRESANTE_DATA_KEYS is not set: '1:<base64 of 32 bytes>', see docs/operations.md")

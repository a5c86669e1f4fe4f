"""Identities of messages as keyed digests: they can be told equal, not read."""

import hashlib
import hmac
from datetime import date
from functools import lru_cache

from django.conf import settings

# The context under which kernel.sealing closes raw messages.
SEALED_FOR = "inbound"
_SALT = "terresante.interop.identity"


def ipp_digest(value: str, authority: str) -> str:
    return _digest("ipp", value.strip().upper(), authority.strip().upper())


def ins_digest(matricule: str) -> str:
    return _digest("ins", matricule)


def traits_digest(*, birth_name: str, given_name: str, birth_date: date, sex: str) -> str:
    """Names in their normalised form (patients.identity_rules)."""
    return _digest("traits", birth_name, given_name, birth_date.isoformat(), sex)


def _digest(*parts: str) -> str:
    return hmac.digest(_key(settings.SECRET_KEY), "\x1f".join(parts).encode(), "sha256").hex()[:32]


@lru_cache(maxsize=1)
def _key(secret: str) -> bytes:
    return hashlib.sha256(f"{_SALT}{secret}".encode()).digest()

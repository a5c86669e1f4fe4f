"""Identities of messages as keyed digests: they can be told equal, not read."""

from datetime import date

from django.utils.crypto import salted_hmac

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
    return salted_hmac(_SALT, "\x1f".join(parts), algorithm="sha256").hexdigest()[:32]

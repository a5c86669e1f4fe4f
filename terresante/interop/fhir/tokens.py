"""What the token endpoint is asked, and what it refuses (RFC 6749, 4.4; RFC 7523, 2.2; RFC 8705, 2.2). Pure.

An application proves itself by a signed assertion (`private_key_jwt`), or by the certificate our proxy saw. Claims of
the assertion: `iss` and `sub` the client_id, `aud` the address of the endpoint, `iat`, `exp` (five minutes later at
most), `jti` (used once), and `ps.rpps` when it reads for a professional; without an assertion, that one is `rpps`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt

from terresante.interop.enums import READING_SCOPES
from terresante.interop.launch import plain_rpps, signed_claims
from terresante.kernel.errors import Refused

LIFE = timedelta(minutes=10)
LONGEST_ASSERTION = timedelta(minutes=5)
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_CLAIMS = ["iss", "sub", "aud", "iat", "exp", "jti"]
_LARGEST = 8192  # characters


class Denied(Exception):
    """`error` is a code of RFC 6749, 5.2; the description is in ASCII, as it asks."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(error, description)
        self.error, self.description, self.status = error, description, status


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`fingerprint`: SHA-256 of the client certificate, '' when the proxy saw none."""

    client_id: str = ""
    assertion: str = ""
    scopes: tuple[str, ...] = ()
    rpps: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Assertion:
    call_id: str
    rpps: str


def read_request(form: Mapping[str, str], *, fingerprint: str) -> Asked:
    """Raises Denied."""
    if form.get("grant_type", "") != "client_credentials":
        raise Denied("unsupported_grant_type", "grant_type must be client_credentials")
    assertion = form.get("client_assertion", "")
    if assertion and form.get("client_assertion_type", "") != ASSERTION_TYPE:
        raise Denied("invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}")
    if not assertion and not (fingerprint and form.get("client_id", "")):
        raise not_known("a signed client_assertion, or a client certificate with its client_id, is required")
    return Asked(
        client_id=form.get("client_id", ""),
        assertion=assertion,
        scopes=tuple(dict.fromkeys(form.get("scope", "").split())),
        rpps=plain_rpps(form.get("rpps", "").strip()),
        fingerprint=fingerprint,
    )


def client_of(assertion: str) -> tuple[UUID, UUID]:
    """(client_id, key) as the assertion says, not yet believed. Raises Denied."""
    if len(assertion) > _LARGEST:
        raise not_known("the assertion is too long")
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False})
        return UUID(str(claims.get("sub", ""))), UUID(str(header.get("kid", "")))
    except (jwt.PyJWTError, ValueError, AttributeError) as error:
        raise not_known("the assertion names no known client (sub) or key (kid)") from error


def read_assertion(
    assertion: str, *, public_key: str, algorithm: str, client_id: UUID, audience: str
) -> Assertion:
    """The algorithm is the key's, never the assertion's. Raises Denied."""
    try:
        claims = signed_claims(
            assertion,
            public_key=public_key,
            algorithm=algorithm,
            issuer=str(client_id),
            audience=audience,
            required=_CLAIMS,
            longest=LONGEST_ASSERTION,
        )
        return Assertion(_call_id(claims), _rpps(claims))
    except (Refused, KeyError, TypeError, ValueError, AttributeError) as error:
        raise not_known(
            "the assertion is not signed by this key for this client and this endpoint, or is out of time"
        ) from error


def granted_scopes(asked: tuple[str, ...], allowed: list[str], *, rpps: str) -> tuple[str, ...]:
    """Those asked for, or all that may be. Nothing is read for nobody. Raises Denied."""
    if not asked:
        return tuple(scope for scope in allowed if rpps or scope not in READING_SCOPES)
    beyond = [scope for scope in asked if scope not in allowed]
    if beyond:
        raise Denied("invalid_scope", "this access does not have one of the scopes asked for")
    if not rpps and READING_SCOPES & set(asked):
        raise Denied("invalid_scope", "reading names its professional: ps.rpps in the assertion, or rpps")
    return asked


def not_known(description: str) -> Denied:
    return Denied("invalid_client", description, status=401)


def _call_id(claims: dict[str, Any]) -> str:
    found = str(claims["jti"])
    if not found or len(found) > 200:
        raise ValueError("jti")
    return found


def _rpps(claims: dict[str, Any]) -> str:
    said = claims.get("ps")
    found = plain_rpps(str(said["rpps"])) if said is not None else ""
    if said is not None and not (len(found) == 11 and found.isascii() and found.isdecimal()):
        raise ValueError("ps.rpps")
    return found

"""WebAuthn ceremonies, pure: what a browser is asked, and whether its answer holds (W3C WebAuthn level 3).

The user is verified by his device (finger, face, code), so that a passkey is two factors by itself.
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)


class Unproven(ValueError):
    """The answer is not of this challenge, of this site or of this key."""


@dataclass(frozen=True, slots=True)
class Site:
    """The domain that keys are bound to, and the only origin that may use them."""

    domain: str
    origin: str


@dataclass(frozen=True, slots=True)
class NewKey:
    credential_id: bytes
    credential: bytes
    sign_count: int


def ask_new_key(
    site: Site, *, user_id: UUID, login: str, name: str, known: list[bytes]
) -> tuple[str, dict[str, Any]]:
    """Options for `navigator.credentials.create`, as JSON, and what to keep until the answer."""
    options, state = _server(site).register_begin(
        PublicKeyCredentialUserEntity(id=user_id.bytes, name=login, display_name=name),
        [PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=each) for each in known],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return json.dumps(dict(options)["publicKey"]), state


def read_new_key(site: Site, state: dict[str, Any], answer: str) -> NewKey:
    """Raises Unproven."""
    try:
        told = _server(site).register_complete(state, json.loads(answer))
    except Exception as error:
        raise Unproven(type(error).__name__) from error
    if told.credential_data is None:
        raise Unproven("no credential")
    return NewKey(told.credential_data.credential_id, bytes(told.credential_data), told.counter)


def ask_proof(site: Site) -> tuple[str, dict[str, Any]]:
    """Options for `navigator.credentials.get`: any key of this site, the person chooses."""
    options, state = _server(site).authenticate_begin(user_verification=UserVerificationRequirement.REQUIRED)
    return json.dumps(dict(options)["publicKey"]), state


def named_key(answer: str) -> bytes:
    """The key that the answer says it is of. Raises Unproven."""
    return _read(answer).raw_id


def check_proof(site: Site, state: dict[str, Any], answer: str, *, credential: bytes) -> int:
    """The new count of the key's signatures. Raises Unproven."""
    told = _read(answer)
    try:
        _server(site).authenticate_complete(state, [AttestedCredentialData(credential)], told)
    except Exception as error:
        raise Unproven(type(error).__name__) from error
    return told.response.authenticator_data.counter


def _read(answer: str) -> AuthenticationResponse:
    try:
        told: AuthenticationResponse = AuthenticationResponse.from_dict(json.loads(answer))
    except Exception as error:
        raise Unproven(type(error).__name__) from error
    return told


def _server(site: Site) -> Fido2Server:
    party = PublicKeyCredentialRpEntity(name="Terr-eSanté", id=site.domain)
    return Fido2Server(party, verify_origin=lambda origin: origin == site.origin)

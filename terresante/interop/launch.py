"""The contextual call (MISSION H5): what a partner's signed token says, read and checked. Pure.

No public specification of the regional call exists (INTEROP.md 9): ours is a JWT (RFC 7519) of at most 60 seconds,
used once, sent in the body of a POST so that no trait ever stands in an address. Claims: `iss` the partner, `aud` our
address, `iat`, `exp`, `jti`, `ps.rpps`, `structure` (FINESS, SIRET or identifier of the Annuaire, when the professional
works in several of the partner's structures) and `patient`: the five traits, with an INS or an IPP and its authority.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from terresante.kernel.errors import Invalid, Refused
from terresante.patients.identity_rules import INS_OIDS, PRODUCTION_INS_KINDS
from terresante.patients.traits import Traits

LONGEST_LIFE = timedelta(seconds=60)
_CLOCK = timedelta(seconds=5)
_SMALLEST_RSA = 2048  # bits
_LARGEST_TOKEN = 8192  # characters
_CLAIMS = ["iss", "aud", "iat", "exp", "jti", "ps", "patient"]

MALFORMED = "L’appel de votre logiciel est incomplet ou mal formé : prévenez son éditeur."
BAD_SIGNATURE = "L’appel de votre logiciel n’est pas signé par une clé connue : prévenez son éditeur."
TOO_OLD = "L’appel de votre logiciel n’est plus valable : rouvrez le patient depuis votre logiciel."


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalNumber:
    value: str
    authority: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """`call_id` is unique within its partner; `local` or `traits.ins` names the patient, the traits confirm it."""

    call_id: str
    rpps: str
    structure: str
    local: LocalNumber | None
    traits: Traits


def algorithm_of(public_key_pem: str) -> str:
    """The one signature this key is used with. Raises Invalid for anything but RSA (2,048 bits), P-256, Ed25519."""
    try:
        key = load_pem_public_key(public_key_pem.encode())
    except ValueError as error:
        raise Invalid(
            "Cette clé est illisible.",
            fields={"public_key": "Collez une clé publique au format PEM (BEGIN PUBLIC KEY)."},
        ) from error
    match key:
        case EllipticCurvePublicKey(curve=SECP256R1()):
            return "ES256"
        case Ed25519PublicKey():
            return "EdDSA"
        case RSAPublicKey(key_size=size) if size >= _SMALLEST_RSA:
            return "RS256"
    raise Invalid(
        "Cette clé ne convient pas.",
        fields={"public_key": "Utilisez une clé RSA d’au moins 2048 bits, P-256 ou Ed25519."},
    )


def key_id_of(token: str) -> str:
    """The key the caller says he used, not yet believed. Raises Refused."""
    if len(token) > _LARGEST_TOKEN:
        raise Refused(MALFORMED)
    try:
        return str(jwt.get_unverified_header(token).get("kid", ""))
    except jwt.PyJWTError as error:
        raise Refused(MALFORMED) from error


def read_launch(
    token: str, *, public_key: str, algorithm: str, issuer: str, audience: str, test_ins: bool
) -> Launch:
    """The algorithm is the key's, never the token's. Raises Refused: signature, issuer, audience, times, content."""
    claims = signed_claims(
        token,
        public_key=public_key,
        algorithm=algorithm,
        issuer=issuer,
        audience=audience,
        required=_CLAIMS,
        longest=LONGEST_LIFE,
    )
    try:
        return _launch(claims, test_ins=test_ins)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Refused(MALFORMED) from error


def signed_claims(
    token: str,
    *,
    public_key: str,
    algorithm: str,
    issuer: str,
    audience: str,
    required: list[str],
    longest: timedelta,
) -> dict[str, Any]:
    """What a partner signed, of this issuer, for this audience, at this time. Raises Refused."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            public_key,
            algorithms=[algorithm],
            audience=audience,
            issuer=issuer,
            leeway=_CLOCK,
            options={"require": required},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise Refused(TOO_OLD) from error
    except jwt.MissingRequiredClaimError as error:
        raise Refused(MALFORMED) from error
    except jwt.PyJWTError as error:
        raise Refused(BAD_SIGNATURE) from error
    if claims["exp"] - claims["iat"] > longest.total_seconds():
        raise Refused(MALFORMED)
    return claims


def _launch(claims: dict[str, Any], *, test_ins: bool) -> Launch:
    call_id, patient = str(claims["jti"]), claims["patient"]
    if not call_id or len(call_id) > 200:
        raise ValueError("jti")
    return Launch(
        call_id=call_id,
        rpps=plain_rpps(str(claims["ps"]["rpps"])),
        structure=str(claims.get("structure", "")),
        local=_local(patient.get("ipp")),
        traits=_traits(patient, test_ins=test_ins),
    )


def plain_rpps(number: str) -> str:
    """Also as IDNPS, with its type digit before (INTEROP.md 3)."""
    return number.removeprefix("8") if len(number) == 12 else number


def _local(said: dict[str, str] | None) -> LocalNumber | None:
    return LocalNumber(value=said["value"].strip(), authority=said["authority"].strip()) if said else None


def _traits(patient: dict[str, Any], *, test_ins: bool) -> Traits:
    """All five or ValueError: without them nobody could tell that the number is this person's."""
    ins = patient.get("ins") or {}
    kind = INS_OIDS.get(ins.get("oid", ""))
    is_taken = kind is not None and (test_ins or kind in PRODUCTION_INS_KINDS)
    traits = Traits(
        birth_name=str(patient["birth_name"]),
        birth_given_names=str(patient["birth_given_names"]),
        birth_date=date.fromisoformat(patient["birth_date"]),
        sex=str(patient["sex"]),
        birth_place_code=str(patient["birth_place_code"]),
        ins=str(ins["value"]) if is_taken else "",
        ins_oid=str(ins["oid"]) if is_taken else "",
    )
    if not all((traits.birth_name, traits.birth_given_names, traits.sex, traits.birth_place_code)):
        raise ValueError("traits")
    return traits

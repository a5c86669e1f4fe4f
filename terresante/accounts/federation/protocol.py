"""OpenID Connect, authorization code flow with PKCE (RFC 6749, 7636, 9207; OpenID Connect Core 3.1).

Authlib makes the requests and knows the rules of an ID token, joserfc checks its signature. What is ours: which
algorithms, which clock, which levels, and a reason for each refusal. No token outlives the answer: the access token
(120 seconds at Pro Santé Connect) reads `userinfo` at once and is dropped, as is a refresh token that nobody asked
for. Only the ID token is kept, sealed, because the logout must show it again.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jwk import KeySet
from requests import RequestException, Response

from terresante.accounts.federation.providers import Provider
from terresante.accounts.federation.refusals import not_opened
from terresante.kernel import rls

# Asymmetric ones only: a public key must never serve as a shared secret, nor a token go unsigned.
ALGORITHMS = ("RS256", "PS256", "ES256")
# Between our clock and the provider's.
LEEWAY_SECONDS = 30
_HTTP_SECONDS = 5
_LARGEST = 262_144  # bytes
# Metadata and keys of a provider are asked again after that; a key that is not known, at once.
_KEPT_SECONDS = 600
_WRONG_CLAIMS = {
    "nonce": "nonce",
    "aud": "audience",
    "azp": "audience",
    "iss": "other_provider",
    "iat": "clock",
}
_kept: dict[str, tuple[float, dict[str, Any]]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is remembered between the question and its answer."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Who the provider says is there; `claims` are those of `userinfo`, about the subject of the ID token."""

    issuer: str
    subject: str
    claims: Mapping[str, Any]
    id_token: str = ""


def new_question() -> Asked:
    return Asked(
        state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48)
    )


def question_url(provider: Provider, asked: Asked, *, again: bool = False) -> str:
    """Where the browser goes; `again` asks for the person anew, whoever is logged in there. Raises NotOpened."""
    wanted = {"nonce": asked.nonce, "acr_values": provider.levels[0]}
    if again:
        wanted["prompt"] = "login"
    with _http(provider) as http:
        endpoint = _metadata(http, provider)["authorization_endpoint"]
        url, _ = http.create_authorization_url(
            endpoint, state=asked.state, code_verifier=asked.verifier, **wanted
        )
    return str(url)


def read_answer(provider: Provider, asked: Asked, told: Mapping[str, str]) -> Proof:
    """`told`: the parameters of the answer, whose state was checked by the caller. Raises NotOpened."""
    with _http(provider) as http:
        metadata = _metadata(http, provider)
        _check_sender(provider, metadata, told)
        if "error" in told:
            raise not_opened("denied" if told["error"] == "access_denied" else "code", provider.way)
        token = _token(http, provider, metadata, told.get("code", ""), asked)
        claims = _id_token(http, provider, metadata, token, asked)
        person = _userinfo(http, provider, metadata)
    if person.get("sub") != claims["sub"]:
        raise not_opened("malformed", provider.way)
    return Proof(
        issuer=provider.issuer, subject=str(claims["sub"]), claims=person, id_token=str(token["id_token"])
    )


def logout_url(provider: Provider, id_token: str, *, back: str) -> str:
    """Where the provider's own session ends, '' when it says of none. Raises NotOpened."""
    with _http(provider) as http:
        endpoint = _metadata(http, provider).get("end_session_endpoint", "")
    told = {"id_token_hint": id_token, "post_logout_redirect_uri": back, "state": secrets.token_urlsafe(16)}
    return f"{endpoint}?{urlencode(told)}" if endpoint else ""


def forget_providers() -> None:
    """Their metadata and keys are asked again."""
    _kept.clear()


def _http(provider: Provider) -> OAuth2Session:
    """The provider is waited for without a connection of the database."""
    rls.let_go()
    return OAuth2Session(
        provider.client_id,
        provider.client_secret,
        scope=provider.scope,
        redirect_uri=provider.redirect_uri,
        code_challenge_method="S256",
        default_timeout=_HTTP_SECONDS,
    )


def _check_sender(provider: Provider, metadata: Mapping[str, Any], told: Mapping[str, str]) -> None:
    """RFC 9207: an answer that names its issuer names ours, and names it when the provider says it always does."""
    must = bool(metadata.get("authorization_response_iss_parameter_supported"))
    sender = told.get("iss", "")
    if (sender or must) and sender.rstrip("/") != provider.issuer:
        raise not_opened("other_provider", provider.way)


def _token(
    http: OAuth2Session, provider: Provider, metadata: Mapping[str, Any], code: str, asked: Asked
) -> Mapping[str, Any]:
    try:
        token = http.fetch_token(
            metadata["token_endpoint"],
            grant_type="authorization_code",
            code=code,
            code_verifier=asked.verifier,
            allow_redirects=False,
        )
    except RequestException as error:
        raise not_opened("unavailable", provider.way) from error
    except (AuthlibBaseError, ValueError) as error:
        raise not_opened("code", provider.way) from error
    if not isinstance(token.get("id_token"), str) or not token.get("access_token"):
        raise not_opened("malformed", provider.way)
    return token  # type: ignore[no-any-return]  # a dict of the library


def _id_token(
    http: OAuth2Session,
    provider: Provider,
    metadata: Mapping[str, Any],
    token: Mapping[str, Any],
    asked: Asked,
) -> Mapping[str, Any]:
    read = _signed(http, provider, metadata, token["id_token"])
    claims = CodeIDToken(
        read.claims,
        read.header,
        {
            "iss": {"essential": True, "value": metadata["issuer"]},
            "aud": {"essential": True, "value": provider.client_id},
        },
        {"nonce": asked.nonce, "client_id": provider.client_id, "access_token": token["access_token"]},
    )
    try:
        claims.validate(now=int(time.time()), leeway=LEEWAY_SECONDS)
    except ExpiredTokenError as error:
        raise not_opened("late", provider.way) from error
    except (InvalidClaimError, MissingClaimError) as error:
        raise not_opened(_WRONG_CLAIMS.get(error.claim, "malformed"), provider.way) from error
    if claims.get("acr") not in provider.levels:
        raise not_opened("level", provider.way)
    return claims


def _signed(http: OAuth2Session, provider: Provider, metadata: Mapping[str, Any], text: str) -> jwt.Token:
    """Read with the provider's keys, asked again once when none of those known fits."""
    address = metadata["jwks_uri"]
    try:
        return jwt.decode(text, _keys(_asked_json(http, provider, address)), algorithms=ALGORITHMS)
    except (JoseError, ValueError):
        _kept.pop(address, None)
    try:
        return jwt.decode(text, _keys(_asked_json(http, provider, address)), algorithms=ALGORITHMS)
    except (JoseError, ValueError) as error:
        raise not_opened("signature", provider.way) from error


def _keys(published: Mapping[str, Any]) -> KeySet:
    """Those that sign: a provider also publishes keys to encrypt for it."""
    listed = published.get("keys", [])
    usable = [key for key in listed if key.get("kty") in ("RSA", "EC") and key.get("use", "sig") == "sig"]
    return KeySet.import_key_set({"keys": usable})


def _userinfo(http: OAuth2Session, provider: Provider, metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """In JSON, or signed as FranceConnect does."""
    try:
        response = http.get(metadata["userinfo_endpoint"], allow_redirects=False)
    except (RequestException, AuthlibBaseError) as error:
        raise not_opened("unavailable", provider.way) from error
    if not response.headers.get("Content-Type", "").startswith("application/jwt"):
        return _json(provider, response)
    claims = _signed(http, provider, metadata, response.text).claims
    audience = claims.get("aud")
    if provider.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise not_opened("audience", provider.way)
    if claims.get("iss") != metadata["issuer"]:
        raise not_opened("other_provider", provider.way)
    return claims


def _metadata(http: OAuth2Session, provider: Provider) -> dict[str, Any]:
    """Of the issuer that was set, and no other: its endpoints are where secrets go."""
    metadata = _asked_json(http, provider, provider.discovery)
    wanted = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
    if not all(isinstance(metadata.get(name), str) for name in wanted):
        raise not_opened("malformed", provider.way)
    if str(metadata.get("issuer", "")).rstrip("/") != provider.issuer:
        raise not_opened("other_provider", provider.way)
    return metadata


def _asked_json(http: OAuth2Session, provider: Provider, address: str) -> dict[str, Any]:
    at, known = _kept.get(address, (0.0, {}))
    if known and time.monotonic() - at < _KEPT_SECONDS:
        return known
    try:
        response = http.request("GET", address, withhold_token=True, allow_redirects=False)
    except RequestException as error:
        raise not_opened("unavailable", provider.way) from error
    told = _json(provider, response)
    _kept[address] = (time.monotonic(), told)
    return told


def _json(provider: Provider, response: Response) -> dict[str, Any]:
    if response.status_code != 200 or len(response.content) > _LARGEST:
        raise not_opened("unavailable", provider.way)
    try:
        told = response.json()
    except (ValueError, RecursionError) as error:
        raise not_opened("malformed", provider.way) from error
    if not isinstance(told, dict):
        raise not_opened("malformed", provider.way)
    return told

"""A partner's application: asks a token by a signed assertion, then files and reads documents (docs/api.md)."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

_LIFE = 240  # seconds
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_JSON = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def told(self) -> Any:
        return json.loads(self.body) if self.body else None

    @property
    def expressions(self) -> list[str]:
        """Where an OperationOutcome says that something is wrong."""
        return [each for issue in self.told.get("issue", []) for each in issue.get("expression", [])]


# (method, address without its origin, headers, body) → reply
Carry = Callable[[str, str, Mapping[str, str], bytes], Reply]


@dataclass(slots=True)
class Application:
    """`platform`: its address, for which assertions are signed. `carry` goes over HTTP unless another one is given."""

    platform: str
    client_id: str
    key_id: str
    private_key: Any
    algorithm: str = "ES256"
    rpps: str = ""
    carry: Carry | None = None
    token: str = ""
    scopes: tuple[str, ...] = field(default=())

    def assertion(self, **changed: Any) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{self.platform}/fhir/token",
            "iat": now,
            "exp": now + _LIFE,
            "jti": str(uuid.uuid4()),
        }
        if self.rpps:
            claims["ps"] = {"rpps": self.rpps}
        told = {name: value for name, value in (claims | changed).items() if value is not None}
        return jwt.encode(told, self.private_key, algorithm=self.algorithm, headers={"kid": self.key_id})

    def ask_token(self, assertion: str = "", **changed: str) -> Reply:
        """Keeps the token when one is given."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION,
            "client_assertion": assertion or self.assertion(),
            "scope": " ".join(self.scopes),
        }
        body = urllib.parse.urlencode({name: value for name, value in (form | changed).items() if value})
        reply = self._send(
            "POST", "/fhir/token", {"Content-Type": "application/x-www-form-urlencoded"}, body.encode()
        )
        if reply.status == 200:
            self.token = reply.told["access_token"]
        return reply

    def post(self, resource: Any) -> Reply:
        """A Bundle to the base, anything else to its own address."""
        kind = resource.get("resourceType") if isinstance(resource, dict) else ""
        path = "/fhir" if kind in ("Bundle", "", None) else f"/fhir/{kind}"
        return self.ask("POST", path, body=json.dumps(resource).encode())

    def find(self, kind: str, **parameters: str) -> Reply:
        """By a form, so that no number of anybody stands in an address; `patient_identifier` is patient.identifier."""
        told = {
            name.replace("patient_", "patient.").replace("_", "-"): value
            for name, value in parameters.items()
        }
        form = "application/x-www-form-urlencoded"
        return self.ask(
            "POST", f"/fhir/{kind}/_search", body=urllib.parse.urlencode(told).encode(), kind=form
        )

    def ask(self, method: str, path: str, *, body: bytes = b"", kind: str = _JSON, accept: str = "") -> Reply:
        """Of a Binary, its bytes, unless `accept` asks for the resource."""
        accept = accept or ("*/*" if "/fhir/Binary/" in path else _JSON)
        headers = {"Authorization": f"Bearer {self.token}", "Accept": accept}
        if body or method in ("POST", "PATCH"):
            headers["Content-Type"] = kind
        return self._send(method, path.removeprefix(self.platform), headers, body)

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        return (self.carry or self._over_http)(method, path, headers, body)

    def _over_http(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        asked = urllib.request.Request(  # noqa: S310 -- the platform's own address
            f"{self.platform}{path}", data=body or None, headers=dict(headers), method=method
        )
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 -- as above
                return Reply(answer.status, dict(answer.headers.items()), answer.read())
        except urllib.error.HTTPError as refused:
            return Reply(refused.code, dict(refused.headers.items()), refused.read())

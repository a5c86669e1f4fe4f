"""An identity provider that answers as it is told, right or wrong: what the simulator's certified one never does."""

import base64
import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwk, jwt


@dataclass
class Issuer:
    """`wrong` changes claims of the ID token; `person` is what userinfo says; the others are misbehaviours."""

    client: str = "terresante"
    person: dict[str, Any] = field(default_factory=dict)
    sub: str = "f:tests:1"
    wrong: dict[str, Any] = field(default_factory=dict)
    unsigned: bool = False
    by_another_key: bool = False
    signed_userinfo: bool = False
    userinfo_sub: str = ""
    says_iss: bool = True
    silent: bool = False
    clock: float = 0
    asked: list[dict[str, str]] = field(default_factory=list)
    spent: set[str] = field(default_factory=set)
    tokens: list[str] = field(default_factory=list)
    url: str = ""
    key: jwk.RSAKey = field(default_factory=lambda: jwk.RSAKey.generate_key(2048, {"kid": "one"}))
    other_key: jwk.RSAKey = field(default_factory=lambda: jwk.RSAKey.generate_key(2048, {"kid": "one"}))

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/auth",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "end_session_endpoint": f"{self.url}/end",
            "authorization_response_iss_parameter_supported": self.says_iss,
        }

    def grant(self, location: str) -> dict[str, str]:
        """The person agreed on the page at `location`; what the browser brings back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        self.asked.append(asked)
        back = {"code": f"code-{len(self.asked)}", "state": asked["state"]}
        return {**back, "iss": self.url} if self.says_iss else back

    def exchange(self, form: dict[str, str]) -> dict[str, Any] | None:
        """None: refused. PKCE and the single use of a code are the provider's to hold."""
        code = form.get("code", "")
        number = code.removeprefix("code-")
        if not number.isdigit() or code in self.spent or int(number) > len(self.asked):
            return None
        asked = self.asked[int(number) - 1]
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        self.spent.add(code)
        token = f"access-token-{number}"
        id_token = self._id_token(asked["nonce"])
        self.tokens += [token, id_token, "refresh-token-nobody-asked-for"]
        return {
            "access_token": token,
            "id_token": id_token,
            "refresh_token": "refresh-token-nobody-asked-for",
            "token_type": "Bearer",
            "expires_in": 120,
        }

    def userinfo(self) -> tuple[str, str]:
        told = {"sub": self.userinfo_sub or self.sub, **self.person}
        if not self.signed_userinfo:
            return "application/json", json.dumps(told)
        signed = {**told, "iss": self.url, "aud": self.client}
        return "application/jwt", jwt.encode({"alg": "RS256", "kid": "one"}, signed, self.key)

    def _id_token(self, nonce: str) -> str:
        now = int(time.time() + self.clock)
        claims = {
            "iss": self.url,
            "sub": self.sub,
            "aud": self.client,
            "nonce": nonce,
            "acr": "eidas1",
            "iat": now,
            "exp": now + 120,
            **self.wrong,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.unsigned:
            parts = [{"alg": "none", "typ": "JWT"}, claims]
            told = [
                base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts
            ]
            return ".".join([*told, ""])
        key = self.other_key if self.by_another_key else self.key
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)


class _Door(BaseHTTPRequestHandler):
    issuer: Issuer

    def log_message(self, format: str, *args: object) -> None: ...

    def do_GET(self) -> None:
        told = {
            "/.well-known/openid-configuration": self.issuer.metadata,
            "/jwks": lambda: {"keys": [self.issuer.key.as_dict(private=False)]},
        }.get(self.path)
        if self.issuer.silent:
            self._reply(503, "text/plain", "")
        elif self.path == "/userinfo" and self.headers.get("Authorization", "").startswith("Bearer access-"):
            self._reply(200, *self.issuer.userinfo())
        elif told is not None:
            self._reply(200, "application/json", json.dumps(told()))
        else:
            self._reply(404, "text/plain", "")

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        token = self.issuer.exchange({name: values[0] for name, values in form.items()})
        if token is None:
            self._reply(400, "application/json", json.dumps({"error": "invalid_grant"}))
        else:
            self._reply(200, "application/json", json.dumps(token))

    def _reply(self, status: int, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def serving(issuer: Issuer) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Door", (_Door,), {"issuer": issuer}))
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server

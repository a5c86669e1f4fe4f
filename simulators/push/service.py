"""A push service (RFC 8030) and its browsers: refuses what is not signed as RFC 8292 says, shows the rest."""

import html
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from http.server import ThreadingHTTPServer

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from simulators.local_page import STYLE, LocalPage
from simulators.push.device import Device, Unreadable, from_text

# RFC 8030, 7.2: more is refused.
LARGEST = 4096
LONGEST_SIGNED = 24 * 3600  # RFC 8292, 2
_AUTHORIZATION = re.compile(r"vapid t=([\w-]+\.[\w-]+\.[\w-]+), ?k=([\w-]+)")
_ENDPOINT = re.compile(r"/push/([\w-]+)")


@dataclass(frozen=True, slots=True)
class Received:
    device: str
    text: str
    ttl: int
    urgency: str
    topic: str
    at: float


@dataclass(slots=True)
class PushService:
    """`answers`: what it is told to say instead for a device, with a Retry-After, '' without."""

    origin: str = ""
    devices: dict[str, Device] = field(default_factory=dict)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)

    def take(self, number: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        """The status and, when it is wrong, why."""
        device = self.devices.get(number)
        if number in self.answers:
            return self.answers[number][0], "as told"
        if device is None:
            return HTTPStatus.GONE, "no such subscription"
        if len(body) > LARGEST:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "RFC 8030, 7.2"
        wrong = signature_fault(headers.get("Authorization", ""), device.served_key, self.origin)
        if wrong:
            return HTTPStatus.FORBIDDEN, wrong
        if headers.get("Content-Encoding") != "aes128gcm" or not headers.get("TTL", "").isdecimal():
            return HTTPStatus.BAD_REQUEST, "Content-Encoding and TTL are required"
        try:
            text = device.read(body).decode()
        except (Unreadable, UnicodeDecodeError) as error:
            return HTTPStatus.BAD_REQUEST, str(error)
        topic = headers.get("Topic", "")
        # RFC 8030, 5.4: it replaces what has the same topic and was not shown yet; here all was shown.
        self.received.append(
            Received(number, text, int(headers["TTL"]), headers.get("Urgency", ""), topic, time.time())
        )
        return HTTPStatus.CREATED, ""


def signature_fault(authorization: str, served_key: str, origin: str) -> str:
    """Why RFC 8292 refuses it, '' when it does not."""
    found = _AUTHORIZATION.fullmatch(authorization)
    if found is None:
        return "no vapid authorization"
    token, key = found.groups()
    if key != served_key:
        return "the subscription was made under another key"
    head, claims, signature = token.split(".")
    raw = from_text(signature)
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_text(key))
        der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature):
        return "wrong signature"
    said = json.loads(from_text(claims))
    if said.get("aud") != origin:
        return "signed for another service"
    if not time.time() < said.get("exp", 0) <= time.time() + LONGEST_SIGNED:
        return "out of date, or for more than a day"
    return "" if str(said.get("sub", "")).startswith(("mailto:", "https:")) else "no contact"


def server(service: PushService, *, port: int) -> ThreadingHTTPServer:
    """On 127.0.0.1 only; not started."""

    class Handler(_Handler):
        behind = service

    running = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    service.origin = f"http://127.0.0.1:{running.server_port}"
    return running


class _Handler(LocalPage):
    behind: PushService
    server_version = "ServicePush"

    def do_GET(self) -> None:
        if not self.is_local():
            self.refuse(HTTPStatus.FORBIDDEN, "Cette page ne s’ouvre que depuis la machine elle-même.")
        elif self.path == "/":
            self.show("Téléphones (simulés)", _screens(self.behind))
        elif self.path == "/style.css":
            self.reply(HTTPStatus.OK, "text/css; charset=utf-8", STYLE)
        else:
            self.refuse(HTTPStatus.NOT_FOUND, "Cette page n’existe pas.")

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length", "0")), LARGEST + 1))
        found = _ENDPOINT.fullmatch(self.path)
        number = found[1] if found else ""
        status, why = self.behind.take(number, dict(self.headers), body)
        self.send_response(status)
        if number in self.behind.answers and self.behind.answers[number][1]:
            self.send_header("Retry-After", self.behind.answers[number][1])
        answer = why.encode()
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def _screens(service: PushService) -> str:
    devices = "".join(_screen(number, service.received) for number in service.devices)
    return devices or "<p>Aucun téléphone n’est inscrit.</p>"


def _screen(number: str, received: Sequence[Received]) -> str:
    lines = [
        f"<li>{datetime.fromtimestamp(one.at).astimezone():%d/%m %H:%M:%S} — {html.escape(_said(one.text))}</li>"
        for one in reversed(received)
        if one.device == number
    ]
    shown = f"<ol>{''.join(lines)}</ol>" if lines else "<p>Rien encore.</p>"
    return f"<h2>Téléphone de {html.escape(number)}</h2>{shown}"


def _said(text: str) -> str:
    told = json.loads(text)
    return f"{told.get('title', '')} : {told.get('body', '')} ({told.get('url', '')})"

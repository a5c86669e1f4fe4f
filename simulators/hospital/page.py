"""The local page where a visitor plays the hospital. Nothing here trusts what it shows: all is escaped."""

import html
import itertools
import json
import secrets
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from simulators.hospital.client import Ack, NoAnswer
from simulators.hospital.gestures import GESTURES, Gesture, Impossible, Ward
from simulators.hospital.messages import Authority, Flaw, Person

# Sends one message; raises NoAnswer.
Send = Callable[[bytes], Ack]

_LARGEST_FORM = 4096  # bytes
_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost"})
_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; color: #1d2433 }
h1 { font-size: 1.5rem; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
a { color: #0b5394; }
a:focus, button:focus, select:focus { outline: 3px solid #0b5394; outline-offset: 2px; }
ul.cards { list-style: none; padding: 0; display: grid; gap: .5rem; }
ul.cards a { display: block; border: 1px solid #6b7688; border-radius: .4rem; padding: .75rem; }
div.gestures { display: flex; flex-wrap: wrap; gap: .5rem; }
button { font: inherit; padding: .5rem .8rem; border: 1px solid #0b5394; border-radius: .4rem; }
button { background: #fff; color: #0b5394; cursor: pointer; }
pre { background: #f3f5f8; border: 1px solid #c4ccd8; border-radius: .4rem; padding: .75rem; }
pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.said { border-left: .4rem solid; padding: .5rem .75rem; }
.yes { border-color: #1a7f37; }
.no { border-color: #b42318; }
"""


class UnusableFile(Exception):
    """The list of patients cannot be read; the text says why, in French."""


def read_people(path: Path) -> list[Person]:
    """Raises UnusableFile."""
    try:
        return [_person(row) for row in json.loads(path.read_text(encoding="utf-8"))]
    except OSError as error:
        raise UnusableFile(f"La liste des patients {path} ne s’ouvre pas : vérifiez --patients.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnusableFile(
            f"La liste des patients {path} est illisible ({type(error).__name__}) : chaque patient y porte "
            "ipp, birth_name, given, birth_date, sex, birth_place et "
            "authority {namespace, universal_id, type}."
        ) from error


class Hospital:
    """The wards behind the page. One lock: a gesture is built, sent and answered before the next."""

    def __init__(self, people: list[Person], send: Send) -> None:
        numbers = itertools.count(1)
        self.wards = [Ward(person, numbers=numbers) for person in people]
        self.form_token = secrets.token_urlsafe(16)
        self._send = send
        self._lock = threading.Lock()

    def perform(self, number: int, gesture: Gesture, flaws: frozenset[Flaw]) -> tuple[bytes, Ack]:
        """The stay moves on only once the platform has accepted. Raises Impossible or NoAnswer."""
        with self._lock:
            ward = self.wards[number].copy()
            content = ward.perform(gesture, flaws=flaws)
            ack = self._send(content)
            if ack.is_accepted:
                self.wards[number] = ward
            return content, ack


def server(hospital: Hospital, *, port: int) -> ThreadingHTTPServer:
    """On 127.0.0.1 only; not started."""

    class Handler(_Handler):
        behind = hospital

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


class _Handler(BaseHTTPRequestHandler):
    behind: Hospital
    server_version = "HopitalDeDemonstration"
    timeout = 30

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        number = self._number(path)
        if not self._is_local():
            self._refuse(HTTPStatus.FORBIDDEN, "Cette page ne s’ouvre que depuis la machine elle-même.")
        elif path == "/":
            self._show("Hôpital de démonstration", _people_list(self.behind.wards))
        elif path == "/style.css":
            self._reply(HTTPStatus.OK, "text/css; charset=utf-8", _STYLE)
        elif number is not None:
            self._show_patient(number)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "Cette page n’existe pas.")

    def do_POST(self) -> None:
        number = self._number(urlsplit(self.path).path)
        form = self._form()
        gesture = next((known for known in GESTURES if known.key == form.get("geste")), None)
        token = form.get("jeton", "").encode()
        if not self._is_local() or not secrets.compare_digest(token, self.behind.form_token.encode()):
            self._refuse(HTTPStatus.FORBIDDEN, "Formulaire refusé : rouvrez la page de l’hôpital.")
        elif number is None or gesture is None:
            self._refuse(HTTPStatus.NOT_FOUND, "Ce patient ou ce geste n’existe pas.")
        else:
            flaws = frozenset(flaw for flaw in Flaw if flaw.name == form.get("defaut"))
            self._show_patient(number, _result(self.behind, number, gesture, flaws))

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the address of a page tells which patient is looked at."""

    def _number(self, path: str) -> int | None:
        text = path.removeprefix("/patient/")
        if not (text.isascii() and text.isdecimal()) or len(text) > 6:
            return None
        return int(text) if int(text) < len(self.behind.wards) else None

    def _show_patient(self, number: int, result: str = "") -> None:
        ward = self.behind.wards[number]
        self._show(ward.person.label, result + _patient_view(self.behind, number))

    def _is_local(self) -> bool:
        """Another site's page must not drive ours through the visitor's browser (DNS rebinding)."""
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
        origin = urlsplit(self.headers.get("Origin") or "").hostname
        return host in _LOCAL_NAMES and (origin is None or origin in _LOCAL_NAMES)

    def _form(self) -> dict[str, str]:
        length = self.headers.get("Content-Length") or "0"
        if not (length.isascii() and length.isdecimal()) or int(length) > _LARGEST_FORM:
            return {}
        content = self.rfile.read(int(length)).decode("utf-8", "replace")
        return {key: values[0] for key, values in parse_qs(content).items()}

    def _show(self, title: str, body: str) -> None:
        self._reply(HTTPStatus.OK, "text/html; charset=utf-8", _document(title, body))

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        body = f'<p>{html.escape(sentence)}</p><p><a href="/">Revenir à la liste</a></p>'
        self._reply(status, "text/html; charset=utf-8", _document("Impossible", body))

    def _reply(self, status: HTTPStatus, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header(
            "Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'"
        )
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(content)


def _person(row: dict[str, object]) -> Person:
    authority = row["authority"]
    if not isinstance(authority, dict):
        raise TypeError
    text = {key: str(value) for key, value in row.items() if key != "authority" and value is not None}
    return Person(
        ipp=text["ipp"],
        birth_name=text["birth_name"],
        given=text["given"],
        birth_date=text["birth_date"],
        sex=text["sex"],
        birth_place=text["birth_place"],
        authority=Authority(
            str(authority["namespace"]), str(authority["universal_id"]), str(authority.get("type") or "ISO")
        ),
        ins=text.get("ins", ""),
        label=text.get("label") or f"{text['birth_name']} {text['given']}",
    )


def _document(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="fr"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{html.escape(title)}</title><link rel="stylesheet" href="/style.css"></head>'
        f"<body><main><h1>{html.escape(title)}</h1>{body}</main></body></html>"
    )


def _people_list(wards: list[Ward]) -> str:
    cards = "".join(
        f'<li><a href="/patient/{number}">{html.escape(ward.person.label)} — {_situation(ward)}</a></li>'
        for number, ward in enumerate(wards)
    )
    return f'<p>Choisissez un patient fictif, puis un geste.</p><ul class="cards">{cards}</ul>'


def _patient_view(hospital: Hospital, number: int) -> str:
    buttons = "".join(
        f'<button name="geste" value="{gesture.key}">{html.escape(gesture.label)}</button>'
        for gesture in GESTURES
    )
    flaws = "".join(f'<option value="{flaw.name}">{html.escape(flaw.value)}</option>' for flaw in Flaw)
    return (
        f"<p>Situation : {_situation(hospital.wards[number])}</p><h2>Gestes</h2>"
        f'<form method="post" action="/patient/{number}">'
        f'<input type="hidden" name="jeton" value="{hospital.form_token}">'
        '<p><label>Message à envoyer : <select name="defaut"><option value="">correct</option>'
        f'{flaws}</select></label></p><div class="gestures">{buttons}</div></form>'
        '<p><a href="/">Revenir à la liste</a></p>'
    )


def _situation(ward: Ward) -> str:
    if ward.person.died_at:
        return "décès déclaré"
    if ward.stay is None:
        return "pas à l’hôpital"
    if ward.stay.discharged_at:
        return "sorti"
    return f"présent, {html.escape(ward.stay.place.unit)}"


def _result(hospital: Hospital, number: int, gesture: Gesture, flaws: frozenset[Flaw]) -> str:
    try:
        content, ack = hospital.perform(number, gesture, flaws)
    except (Impossible, NoAnswer) as error:
        return f'<p class="said no" role="status">{html.escape(str(error))}</p>'
    verdict = "Message accepté" if ack.is_accepted else "Message refusé"
    said = " ".join([f"{verdict} ({ack.code}).", *ack.errors])
    return (
        f'<p class="said {"yes" if ack.is_accepted else "no"}" role="status">{html.escape(said)}</p>'
        f"<h2>Message envoyé</h2><pre>{_lines(content.decode('utf-8', 'replace'))}</pre>"
        f"<h2>Réponse reçue</h2><pre>{_lines(ack.text)}</pre>"
    )


def _lines(text: str) -> str:
    return html.escape(text.replace("\r", "\n").strip())

"""The local page where a visitor plays the hospital. Nothing here trusts what it shows: all is escaped."""

import html
import itertools
import json
import secrets
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from simulators.hospital.client import Ack, NoAnswer
from simulators.hospital.gestures import GESTURES, Gesture, Impossible, Ward
from simulators.hospital.messages import Authority, Flaw, Person
from simulators.hospital.receiver import Receiver
from simulators.local_page import STYLE, LocalPage

# Sends one message; raises NoAnswer.
Send = Callable[[bytes], Ack]


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

    def __init__(self, people: list[Person], send: Send, receiver: Receiver | None = None) -> None:
        numbers = itertools.count(1)
        self.wards = [Ward(person, numbers=numbers) for person in people]
        self.form_token = secrets.token_urlsafe(16)
        self.receiver = receiver
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


class _Handler(LocalPage):
    behind: Hospital
    server_version = "HopitalDeDemonstration"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        number = self._number(path)
        if not self.is_local():
            self.refuse(HTTPStatus.FORBIDDEN, "Cette page ne s’ouvre que depuis la machine elle-même.")
        elif path == "/":
            self.show(
                "Hôpital de démonstration", _people_list(self.behind.wards) + _told(self.behind.receiver)
            )
        elif path == "/style.css":
            self.reply(HTTPStatus.OK, "text/css; charset=utf-8", STYLE)
        elif number is not None:
            self._show_patient(number)
        else:
            self.refuse(HTTPStatus.NOT_FOUND, "Cette page n’existe pas.")

    def do_POST(self) -> None:
        number = self._number(urlsplit(self.path).path)
        form = self.form()
        gesture = next((known for known in GESTURES if known.key == form.get("geste")), None)
        token = form.get("jeton", "").encode()
        if not self.is_local() or not secrets.compare_digest(token, self.behind.form_token.encode()):
            self.refuse(HTTPStatus.FORBIDDEN, "Formulaire refusé : rouvrez la page de l’hôpital.")
        elif number is None or gesture is None:
            self.refuse(HTTPStatus.NOT_FOUND, "Ce patient ou ce geste n’existe pas.")
        else:
            flaws = frozenset(flaw for flaw in Flaw if flaw.name == form.get("defaut"))
            self._show_patient(number, _result(self.behind, number, gesture, flaws))

    def _number(self, path: str) -> int | None:
        text = path.removeprefix("/patient/")
        if not (text.isascii() and text.isdecimal()) or len(text) > 6:
            return None
        return int(text) if int(text) < len(self.behind.wards) else None

    def _show_patient(self, number: int, result: str = "") -> None:
        ward = self.behind.wards[number]
        self.show(ward.person.label, result + _patient_view(self.behind, number))


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


def _people_list(wards: list[Ward]) -> str:
    cards = "".join(
        f'<li><a href="/patient/{number}">{html.escape(ward.person.label)} — {_situation(ward)}</a></li>'
        for number, ward in enumerate(wards)
    )
    return f'<p>Choisissez un patient fictif, puis un geste.</p><ul class="cards">{cards}</ul>'


def _told(receiver: Receiver | None) -> str:
    """What the platform said became of the documents sent."""
    if receiver is None:
        return "<p>Les accusés métier ne sont pas reçus : leur port est pris.</p>"
    lines = "".join(
        f"<li>{html.escape(told.about)} : {'classé' if told.answer == 'Y' else 'pas classé'}"
        f"{html.escape(f', {told.reason}' if told.reason else '')}</li>"
        for told in receiver.last()
    )
    return f"<h2>Accusés métier reçus</h2>{f'<ul>{lines}</ul>' if lines else '<p>Aucun pour le moment.</p>'}"


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

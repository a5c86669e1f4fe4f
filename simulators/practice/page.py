"""The waiting room of a practice's software: one button opens a patient in the platform."""

import html
import secrets
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from simulators.local_page import STYLE, LocalPage
from simulators.practice.call import Settings, signed_call
from simulators.practice.filing import file_report

_ADDRESS = "/appel-contextuel/"


def server(settings: Settings, *, port: int) -> ThreadingHTTPServer:
    """On 127.0.0.1 only; not started."""

    class Handler(_Handler):
        behind = settings

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


class _Handler(LocalPage):
    behind: Settings
    server_version = "LogicielDeCabinet"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if not self.is_local():
            self.refuse(HTTPStatus.FORBIDDEN, "Cette page ne s’ouvre que depuis la machine elle-même.")
        elif path == "/":
            self.show("Logiciel de cabinet (simulé)", _waiting_room(self.behind))
        elif path == "/style.css":
            self.reply(HTTPStatus.OK, "text/css; charset=utf-8", STYLE)
        else:
            self.refuse(HTTPStatus.NOT_FOUND, "Cette page n’existe pas.")

    def do_POST(self) -> None:
        form = self.form()
        number = form.get("patient", "")
        known = number.isascii() and number.isdecimal() and int(number[:4]) < len(self.behind.patients)
        if not self.is_local():
            self.refuse(HTTPStatus.FORBIDDEN, "Formulaire refusé : rouvrez la page du logiciel.")
        elif not known:
            self.refuse(HTTPStatus.NOT_FOUND, "Ce patient n’existe pas.")
        elif form.get("act") == "file":
            self._file(self.behind.patients[int(number)])
        else:
            self._hand_over(signed_call(self.behind, self.behind.patients[int(number)]))

    def _file(self, patient: dict[str, Any]) -> None:
        is_filed, sentence = file_report(self.behind, patient)
        told = f'<p class="said {"yes" if is_filed else "no"}">{html.escape(sentence)}</p>'
        self.show("Dépôt d’un compte rendu", f'{told}<p><a href="/">Revenir à la liste</a></p>')

    def _hand_over(self, token: str) -> None:
        """Sends itself at once; without scripts, by its button."""
        nonce = secrets.token_urlsafe(12)
        self.allows = f"script-src 'nonce-{nonce}'; form-action 'self' {self.behind.platform}"
        address = html.escape(self.behind.platform + _ADDRESS)
        self.show(
            "Ouverture dans Terr-eSanté…",
            f'<form method="post" action="{address}"><input type="hidden" name="token" value="{token}">'
            "<p><button>Continuer</button></p></form>"
            f'<script nonce="{nonce}">document.forms[0].submit();</script>',
        )


def _waiting_room(settings: Settings) -> str:
    rows = "".join(
        f'<li><form method="post" action="/" target="_blank"><input type="hidden" name="patient" value="{number}">'
        f"{html.escape(str(patient['label']))} <button>Ouvrir dans Terr-eSanté</button></form>"
        f'<form method="post" action="/"><input type="hidden" name="patient" value="{number}">'
        f'<button name="act" value="file">Y déposer un compte rendu</button></form></li>'
        for number, patient in enumerate(settings.patients)
    )
    return (
        f"<p>Session de {html.escape(settings.user)}. Chaque bouton ouvre le patient dans un onglet, par un appel "
        f'signé, valable 60 secondes, qui ne sert qu’une fois.</p><ul class="cards">{rows}</ul>'
    )

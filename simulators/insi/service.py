"""The two operations, and the address where they answer: JSON over HTTP, on this machine only."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from simulators.insi.people import TEST_OID, Known

FOUND, NOBODY, SEVERAL = "00", "01", "02"
CONFIRMED, DENIED = "OK", "KO"
_LARGEST = 4096  # bytes


class Insi:
    def __init__(self, people: Sequence[Known]) -> None:
        self._people = people

    def search(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """One of the given names, as the real one does; the place narrows when it is given."""
        found = [one for one in self._people if _agrees(one, asked)]
        if not found:
            return {"code": NOBODY}
        if len(found) > 1:
            return {"code": SEVERAL}
        (one,) = found
        return {
            "code": FOUND,
            "identite": {
                "nom": one.name,
                "prenoms": " ".join(one.given_names),
                "naissance": one.born.isoformat(),
                "sexe": one.sex,
                "lieu": one.place,
                "matricule": one.matricule,
                "oid": TEST_OID,
            },
        }

    def verify(self, asked: Mapping[str, str]) -> dict[str, Any]:
        ours = [one for one in self._people if one.matricule == asked.get("matricule", "")]
        right = asked.get("oid") == TEST_OID and any(_agrees(one, asked) for one in ours)
        return {"code": CONFIRMED if right else DENIED}


def _agrees(one: Known, asked: Mapping[str, str]) -> bool:
    return (
        asked.get("nom") == one.name
        and asked.get("prenom") in one.given_names
        and asked.get("sexe") == one.sex
        and asked.get("naissance") == one.born.isoformat()
        and asked.get("lieu") in ("", None, one.place)
    )


def server(insi: Insi, *, port: int) -> ThreadingHTTPServer:
    operations = {"/recherche": insi.search, "/verification": insi.verify}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            operation = operations.get(self.path)
            try:
                length = int(self.headers.get("Content-Length", "0"))
                asked = json.loads(self.rfile.read(min(length, _LARGEST)))
            except ValueError:
                asked = None
            if operation is None or not isinstance(asked, dict):
                self.send_error(HTTPStatus.BAD_REQUEST)
                return
            self._say(operation({str(name): str(value) for name, value in asked.items()}))

        def do_GET(self) -> None:
            self._say({"service": "INSi de démonstration"})

        def _say(self, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Who was asked about stays here."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)

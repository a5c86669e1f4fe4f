"""The INSi teleservice behind the port `patients.insi`, as JSON over HTTP.

The national service speaks SOAP with the certificate of the establishment: that is the connector's trade, which stands
between it and us and gives its two operations and codes unchanged. In a demonstration `simulators/insi` is there.
"""

import json
import logging
from datetime import date
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from terresante.patients.enums import InsiAnswer
from terresante.patients.identity_rules import INS_OIDS, is_ins_key_valid, normalised_name
from terresante.patients.insi import Found
from terresante.patients.traits import UNKNOWN_PLACE, Traits

log = logging.getLogger(__name__)
_SECONDS = 5
_LARGEST = 65_536


class InsiOverHttp:
    """An address that is empty, silent or says something else is an unavailable teleservice."""

    def __init__(self, address: str) -> None:
        self._address = urlsplit(address)

    def search(self, asked: Traits) -> Found:
        said = self._ask("/recherche", _traits(asked))
        answer = _answer(said, (InsiAnswer.FOUND, InsiAnswer.NONE, InsiAnswer.SEVERAL))
        if answer is not InsiAnswer.FOUND:
            return Found(answer)
        identity = _identity(said.get("identite"))
        return Found(answer, identity) if identity is not None else Found(InsiAnswer.UNAVAILABLE)

    def verify(self, asked: Traits) -> InsiAnswer:
        said = self._ask("/verification", {**_traits(asked), "matricule": asked.ins, "oid": asked.ins_oid})
        return _answer(said, (InsiAnswer.CONFIRMED, InsiAnswer.DENIED))

    def _ask(self, path: str, asked: dict[str, str]) -> dict[str, Any]:
        if not self._address.hostname:
            return {}
        kind = HTTPSConnection if self._address.scheme == "https" else HTTPConnection
        connection = kind(self._address.hostname, self._address.port, timeout=_SECONDS)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", self._address.path.rstrip("/") + path, json.dumps(asked), headers)
            response = connection.getresponse()
            said = json.loads(response.read(_LARGEST)) if response.status == 200 else {}
        # RecursionError: nested without end.
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            log.warning("insi: no answer, %s", type(error).__name__)
            return {}
        finally:
            connection.close()
        return said if isinstance(said, dict) else {}


def _traits(asked: Traits) -> dict[str, str]:
    place = "" if asked.birth_place_code == UNKNOWN_PLACE else asked.birth_place_code
    return {
        "nom": normalised_name(asked.birth_name),
        "prenom": asked.first_given_name,
        "sexe": asked.sex,
        "naissance": asked.birth_date.isoformat() if asked.birth_date else "",
        "lieu": place,
    }


def _answer(said: dict[str, Any], expected: tuple[InsiAnswer, ...]) -> InsiAnswer:
    code = said.get("code")
    return next((answer for answer in expected if answer == code), InsiAnswer.UNAVAILABLE)


def _identity(said: object) -> Traits | None:
    """None when it is not whole, or its matricule has a wrong key or no known authority: nothing is taken of it."""
    if not isinstance(said, dict):
        return None
    texts = {
        name: str(said.get(name) or "") for name in ("nom", "prenoms", "sexe", "lieu", "matricule", "oid")
    }
    try:
        born = date.fromisoformat(str(said.get("naissance") or ""))
    except ValueError:
        return None
    if not is_ins_key_valid(texts["matricule"]) or texts["oid"] not in INS_OIDS:
        return None
    return Traits(
        birth_name=texts["nom"],
        birth_given_names=texts["prenoms"],
        birth_date=born,
        sex=texts["sexe"],
        birth_place_code=texts["lieu"] or UNKNOWN_PLACE,
        ins=texts["matricule"],
        ins_oid=texts["oid"],
    )

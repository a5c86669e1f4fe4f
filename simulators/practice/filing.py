"""The practice's software files the report of a consultation in the platform, by FHIR (PDSm, ITI-105; docs/api.md)."""

import datetime
import json
import urllib.error
import uuid
from typing import Any

from simulators.hospital.messages import PARIS, Authority, Person
from simulators.partner.application import Application, Carry, Reply
from simulators.partner.resources import Document, document_reference
from simulators.practice.call import Settings
from simulators.region.model import Moment, Paper
from simulators.region.papers import pdf

_TITLE = "Compte rendu de consultation"
_SILENT = "La plateforme ne répond pas : vérifiez qu’elle est démarrée."


def file_report(
    settings: Settings, patient: dict[str, Any], *, carry: Carry | None = None
) -> tuple[bool, str]:
    """Whether it was filed, and the sentence that says it; for somebody unknown there, the platform's own."""
    software = Application(
        platform=settings.platform,
        client_id=settings.client_id,
        key_id=settings.key_id,
        private_key=settings.private_key,
        scopes=("ITI-105",),
        carry=carry,
    )
    try:
        asked = software.ask_token()
        if asked.status != 200:
            return False, f"Jeton refusé ({asked.told.get('error', asked.status)})."
        answer = software.post(document_reference(_report(settings, patient)))
    except (urllib.error.URLError, OSError, json.JSONDecodeError):
        return False, _SILENT
    if answer.status == 201:
        return True, "Le compte rendu est déposé dans Terr-eSanté : le cercle le lit déjà."
    return False, _sentence(answer)


def _report(settings: Settings, patient: dict[str, Any]) -> Document:
    now = datetime.datetime.now(PARIS).replace(microsecond=0)
    person = Person(
        ipp=patient["ipp"]["value"],
        birth_name=patient["birth_name"],
        given=patient["birth_given_names"],
        birth_date=patient["birth_date"],
        sex=patient["sex"],
        birth_place=patient["birth_place_code"],
        authority=Authority("CABINET", patient["ipp"]["authority"]),
    )
    paper = Paper(
        at=Moment(days=0, hour=now.hour, minute=now.minute),
        author="",
        type="11488-4",
        title=_TITLE,
        text="Vu ce jour en consultation. État stable, traitement inchangé. À revoir dans un mois.",
        letterhead=("Cabinet Horizon",),
        signature=settings.user,
    )
    return Document(
        person=person,
        content=pdf(paper),
        identifier=str(uuid.uuid4()),
        type=paper.type,
        title=_TITLE,
        created=now.isoformat(),
        author=settings.user,
    )


def _sentence(answer: Reply) -> str:
    issues = answer.told.get("issue", [{}]) if isinstance(answer.told, dict) else [{}]
    return str(issues[0].get("diagnostics", f"Refusé ({answer.status})."))

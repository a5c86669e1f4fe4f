"""The one way in for a file that somebody sends: looked at, then put away, outside any transaction."""

import re
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

from django.core.files.uploadedfile import UploadedFile

from terresante.kernel import audit, ports, rls
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor
from terresante.kernel.enums import Outcome
from terresante.kernel.errors import Conflict
from terresante.kernel.files import vault
from terresante.kernel.files.antivirus import Unreachable
from terresante.kernel.files.kinds import FileKind, kind_of, refused
from terresante.kernel.files.vault import Stored

NAME_MAX_LENGTH = 120
_INFECTED = (
    "L’antivirus a reconnu un programme malveillant dans ce fichier : il n’a pas été enregistré. Effacez-le."
)
_UNREACHABLE = (
    "L’antivirus ne répond pas : aucun fichier n’est accepté pour l’instant. Réessayez dans quelques minutes."
)


@dataclass(frozen=True, slots=True)
class Received:
    """Put away, but of no record yet: `vault.keep` is for the action that takes it."""

    stored: Stored
    kind: FileKind
    name: str


def receive(actor: Actor, sent: "UploadedFile[Any]", *, for_action: Action) -> Received:
    """Raises Invalid for a file that is not taken, Conflict when the antivirus does not answer."""
    name = shown_name(sent.name or "")
    kind = kind_of(sent, name=name, size=sent.size or 0)
    _refuse_infected(actor, sent, for_action)
    with rls.acting(actor):
        file = vault.register()
    return Received(vault.put(file, sent), kind, name)


def put_away(actor: Actor, content: bytes, *, kind: FileKind, name: str, for_action: Action) -> Received:
    """What a gateway has examined itself. Raises Invalid when it is infected, Conflict when the antivirus is silent."""
    sent = BytesIO(content)
    _refuse_infected(actor, sent, for_action)
    sent.seek(0)
    with rls.acting(actor):
        file = vault.register()
    return Received(vault.put(file, sent), kind, shown_name(name))


def shown_name(name: str) -> str:
    """What a person called it, on one line, its end kept; never a path, on any system."""
    last = re.split(r"[/\\]", name)[-1]
    clean = "".join(sign for sign in last if sign.isprintable()).strip(" .") or "document"
    return clean if len(clean) <= NAME_MAX_LENGTH else f"{clean[: NAME_MAX_LENGTH - 9]}…{clean[-8:]}"


def _refuse_infected(actor: Actor, sent: IO[bytes], for_action: Action) -> None:
    if ports.bound.antivirus is None:
        return
    try:
        found = ports.bound.antivirus.found_in(sent)
    except Unreachable as error:
        raise Conflict(_UNREACHABLE) from error
    if found:
        with rls.acting(actor):
            audit.record(actor, for_action, outcome=Outcome.REFUSED, detail={"virus": found[:80]})
        raise refused(_INFECTED)

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
from terresante.kernel.files.bare import bare
from terresante.kernel.files.kinds import FileKind, kind_of, refused
from terresante.kernel.files.pictures import photograph
from terresante.kernel.files.sounds import SoundKind, sound_of
from terresante.kernel.files.vault import Stored

NAME_MAX_LENGTH = 120
# In bytes; a telephone makes 3 to 12 millions.
LARGEST_PHOTO = 30_000_000
_NO_PHOTO = (
    "Ce n’est pas une photo : joignez une image JPEG ou PNG ; les autres fichiers vont parmi les documents."
)
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


@dataclass(frozen=True, slots=True)
class ReceivedPhoto:
    """Drawn again at two sizes, both JPEG; `width` and `height` are of the large one, in points."""

    large: Stored
    small: Stored
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ReceivedSound:
    """As it was sent; `seconds` is 0 when it does not say how long it lasts."""

    stored: Stored
    kind: SoundKind
    seconds: int


def receive(actor: Actor, sent: "UploadedFile[Any]", *, for_action: Action) -> Received:
    """Raises Invalid for a file that is not taken, Conflict when the antivirus does not answer.

    What is put away, and digested, of an image is the picture alone (`bare`); of anything else, what was sent.
    """
    name = shown_name(sent.name or "")
    kind = kind_of(sent, name=name, size=sent.size or 0)
    _refuse_infected(actor, sent, for_action)
    with bare(sent, kind) as content:
        return Received(_put_away(actor, content), kind, name)


def receive_photo(actor: Actor, sent: "UploadedFile[Any]", *, for_action: Action) -> ReceivedPhoto:
    """Nothing is kept of what was sent but its points. Raises as `receive`, Invalid for what is no photograph, Conflict
    when too many others are being drawn.
    """
    if (sent.size or 0) > LARGEST_PHOTO:
        raise refused("Cette photo dépasse 30 Mo : réduisez sa définition, puis joignez-la de nouveau.")
    kind = kind_of(sent, name=shown_name(sent.name or ""), size=sent.size or 0)
    if kind not in (FileKind.JPEG, FileKind.PNG):
        raise refused(_NO_PHOTO)
    _refuse_infected(actor, sent, for_action)
    rls.let_go()
    drawn = photograph(sent)
    large, small = (_put_away(actor, BytesIO(content)) for content in (drawn.large, drawn.small))
    return ReceivedPhoto(large, small, drawn.width, drawn.height)


def receive_sound(actor: Actor, sent: "UploadedFile[Any]", *, for_action: Action) -> ReceivedSound:
    """Raises as `receive`, and Invalid for what is no recording, or lasts more than five minutes."""
    sound = sound_of(sent, size=sent.size or 0)
    _refuse_infected(actor, sent, for_action)
    return ReceivedSound(_put_away(actor, sent), sound.kind, sound.seconds)


def _put_away(actor: Actor, content: IO[bytes]) -> Stored:
    with rls.acting(actor):
        file = vault.register()
    rls.let_go()
    return vault.put(file, content)


def put_away(actor: Actor, content: bytes, *, kind: FileKind, name: str, for_action: Action) -> Received:
    """What a gateway has examined itself. Raises Invalid when it is infected, Conflict when the antivirus is silent."""
    sent = BytesIO(content)
    _refuse_infected(actor, sent, for_action)
    sent.seek(0)
    return Received(_put_away(actor, sent), kind, shown_name(name))


def shown_name(name: str) -> str:
    """What a person called it, on one line, its end kept; never a path, on any system."""
    last = re.split(r"[/\\]", name)[-1]
    clean = "".join(sign for sign in last if sign.isprintable()).strip(" .") or "document"
    return clean if len(clean) <= NAME_MAX_LENGTH else f"{clean[: NAME_MAX_LENGTH - 9]}…{clean[-8:]}"


def _refuse_infected(actor: Actor, sent: IO[bytes], for_action: Action) -> None:
    if ports.bound.antivirus is None:
        return
    rls.let_go()
    try:
        found = ports.bound.antivirus.found_in(sent)
    except Unreachable as error:
        raise Conflict(_UNREACHABLE) from error
    if found:
        with rls.acting(actor):
            audit.record(actor, for_action, outcome=Outcome.REFUSED, detail={"virus": found[:80]})
        raise refused(_INFECTED)

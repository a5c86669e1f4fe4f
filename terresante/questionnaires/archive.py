"""The files of a pathway as one archive that somebody sends or takes away. Pure."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping

# Of one folder: what a physician writes by hand, with a wide margin.
MOST_FILES = 120
MOST_BYTES = 1_000_000
ABOUT = "pathway.toml"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*){0,2}\Z")
# The two that every computer writes: others take gigabytes of memory at the word of a file.
_WAYS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_OF_COMPUTERS = ("__MACOSX", "Thumbs.db")
_ENDS = (".toml", ".csv", ".json", ".md", ".txt")


class Unreadable(ValueError):
    """A sentence that says what is wrong with the file that was given, and what to do."""


def unzipped(content: bytes) -> dict[str, str]:
    """The files of a folder sent as one archive; the folder itself may be in it. Raises Unreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = [one for one in archive.infolist() if not one.is_dir() and not _is_hidden(one.filename)]
            if len(inside) > MOST_FILES or sum(one.file_size for one in inside) > MOST_BYTES:
                raise Unreadable("L’archive est trop grande pour un parcours : 120 fichiers et 1 Mo au plus.")
            if any(one.compress_type not in _WAYS for one in inside):
                raise NotImplementedError
            top = _top(one.filename for one in inside)
            found = {}
            for one in inside:
                with archive.open(one) as opened:
                    # Never more than was announced, whatever the archive then gives.
                    found[one.filename.removeprefix(top)] = opened.read(MOST_BYTES + 1)
    except Unreadable:
        raise
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError) as error:
        raise Unreadable("Ce n’est pas une archive zip lisible : recréez-la sans mot de passe.") from error
    return checked({name: _text(name, data) for name, data in found.items()})


def checked(files: Mapping[str, str]) -> dict[str, str]:
    """Raises Unreadable for a name or a size that no pathway has."""
    wrong = [name for name in files if not _NAME.match(name) or not name.endswith(_ENDS)]
    if wrong:
        raise Unreadable(f"« {wrong[0][:80]} » n’a pas sa place dans un parcours : retirez ce fichier.")
    if any("\x00" in text for text in files.values()):
        raise Unreadable(
            "Un fichier contient un caractère nul : ce n’est pas un texte, enregistrez-le de nouveau."
        )
    if ABOUT not in files:
        raise Unreadable("Le fichier « pathway.toml » manque : c’est lui qui dit ce qu’est le parcours.")
    if len(files) > MOST_FILES or sum(len(text) for text in files.values()) > MOST_BYTES:
        raise Unreadable("Le parcours est trop grand : 120 fichiers et 1 Mo au plus.")
    return dict(files)


def zipped(files: Mapping[str, str], folder: str) -> bytes:
    sent = io.BytesIO()
    with zipfile.ZipFile(sent, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            # One date for all: the same files make the same archive.
            archive.writestr(zipfile.ZipInfo(f"{folder}/{name}", (2000, 1, 1, 0, 0, 0)), files[name])
    return sent.getvalue()


def _is_hidden(name: str) -> bool:
    """What computers add by themselves."""
    return any((part[:1] == "." and part != "..") or part in _OF_COMPUTERS for part in name.split("/"))


def _top(names: Iterable[str]) -> str:
    """The folder that holds `pathway.toml`, when everything is in it."""
    every = list(names)
    tops = {name.partition("/")[0] for name in every}
    inside = len(tops) == 1 and all("/" in name for name in every)
    return f"{tops.pop()}/" if inside else ""


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise Unreadable(f"« {name[:80]} » n’est pas enregistré en UTF-8 : enregistrez-le ainsi.") from error

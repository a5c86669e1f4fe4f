"""The files of a folder: which are read, how many, how large."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path, PurePosixPath

from terresante.questionnaires.pathway.model import Mistake, PathwayError
from terresante.questionnaires.pathway.tables import Mistakes

MOST_FILES = 200
LARGEST_FILE = 1_000_000
_TOO_LARGE = "ce fichier dépasse 1 Mo : allégez-le."


def folder(path: Path) -> dict[str, str]:
    """Relative path → text. Raises PathwayError when the folder or a file of it cannot be read."""
    if not path.is_dir():
        raise PathwayError([Mistake(str(path), 1, "ce dossier n’existe pas : vérifiez son chemin.")])
    files: dict[str, str] = {}
    wrong: list[Mistake] = []
    for file in sorted(islice(path.rglob("*"), MOST_FILES * 10)):
        name = file.relative_to(path).as_posix()
        if any(part.startswith((".", "~")) for part in PurePosixPath(name).parts) or not file.is_file():
            continue
        if len(files) > MOST_FILES:
            break  # `read` says that they are too many
        try:
            if file.stat().st_size > LARGEST_FILE:
                wrong.append(Mistake(name, 1, _TOO_LARGE))
                continue
            files[name] = file.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            wrong.append(Mistake(name, line, "ce fichier n’est pas en UTF-8 : enregistrez-le en « UTF-8 »."))
        except OSError:
            wrong.append(Mistake(name, 1, "ce fichier n’est pas lisible : vérifiez ses droits d’accès."))
    if wrong:
        raise PathwayError(wrong)
    return files


def sizes_fit(files: Mapping[str, str], mistakes: Mistakes) -> bool:
    if len(files) > MOST_FILES:
        mistakes.add("pathway.toml", 1, f"plus de {MOST_FILES} fichiers : faites-en plusieurs parcours.")
        return False
    large = [name for name, text in files.items() if len(text) > LARGEST_FILE]
    for name in large:
        mistakes.add(name, 1, _TOO_LARGE)
    for name, text in files.items():
        if "\x00" in text:
            mistakes.add(name, 1, "ce fichier contient un caractère nul : ce n’est pas un texte.")
            large.append(name)
        if not _is_read(name):
            mistakes.add(
                name,
                1,
                "ce fichier n’est pas lu : son nom ou son dossier n’est pas attendu.",
                is_warning=True,
            )
    return not large


def is_in(name: str, where: str, suffix: str) -> bool:
    path = PurePosixPath(name)
    return len(path.parts) == 2 and path.parts[0] == where and path.suffix == suffix


def _is_read(name: str) -> bool:
    return (
        name in ("pathway.toml", "scores.toml", "rules.csv", "schedule.csv", "texts.toml")
        or is_in(name, "questionnaires", ".json")
        or is_in(name, "examples", ".toml")
        or name.endswith((".md", ".txt"))
    )

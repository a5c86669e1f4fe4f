import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from terresante.kernel.actor import Actor, Channel
from terresante.kernel.errors import DomainError
from terresante.questionnaires.pathway import (
    Mistake,
    PathwayError,
    bundle,
    check,
    folder,
    from_bundle,
    read,
)
from terresante.questionnaires.pathway_actions import load

SHIPPED = Path(__file__).parents[2] / "shipped"


class Command(BaseCommand):
    help = (
        "pathway check FOLDER: says what is wrong in the files of a pathway, and runs its examples."
        " pathway load FOLDER | --shipped: offers it, a version more when its files differ."
        " pathway export FOLDER BUNDLE: writes it as a FHIR Bundle; pathway import BUNDLE FOLDER: the way back."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        checked = what.add_parser("check", help="validates a folder and runs its examples")
        checked.add_argument("folder", type=Path)
        loaded = what.add_parser("load", help="offers a folder, or those that come with the platform")
        loaded.add_argument("folder", type=Path, nargs="?")
        loaded.add_argument("--shipped", action="store_true")
        exported = what.add_parser("export", help="writes a folder as a FHIR R4 Bundle")
        exported.add_argument("folder", type=Path)
        exported.add_argument("bundle", type=Path)
        imported = what.add_parser(
            "import", help="writes a FHIR R4 Bundle, or a Questionnaire, as a new folder"
        )
        imported.add_argument("bundle", type=Path)
        imported.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "check":
            self._check(options["folder"])
        elif options["what"] == "export":
            self._export(options["folder"], options["bundle"])
        elif options["what"] == "import":
            self._import(options["bundle"], options["folder"])
        elif options["shipped"]:
            for path in sorted(one.parent for one in SHIPPED.glob("*/pathway.toml")):
                self._load(path)
        elif options["folder"] is None:
            raise CommandError("Donnez un dossier, ou --shipped.")
        else:
            self._load(options["folder"])

    def _load(self, path: Path) -> None:
        try:
            version, is_new = load(Actor.job("pathway load", channel=Channel.COMMAND), folder(path))
        except PathwayError as error:
            self._told(path, error.mistakes)
            sys.exit(1)
        except DomainError as error:
            raise CommandError(f"{path.name} : {error.sentence}") from error
        became = "brouillon : la version offerte a été modifiée ici" if version.is_draft else "publiée"
        self.stdout.write(f"{path.name} : version {version.number} {became if is_new else 'inchangée'}.")

    def _check(self, path: Path) -> None:
        """Ends with 1 when there is a mistake, 0 with warnings alone."""
        try:
            files = folder(path)
        except PathwayError as error:
            self._told(path, error.mistakes)
            sys.exit(1)
        mistakes = check(files)
        self._told(path, mistakes)
        wrong = [mistake for mistake in mistakes if not mistake.is_warning]
        if wrong:
            self.stderr.write(f"{_count(len(wrong), 'erreur')} à corriger.")
            sys.exit(1)
        pathway = read(files)
        found = (
            (pathway.forms, "questionnaire"),
            (pathway.scores, "score"),
            (pathway.rules, "règle"),
            (pathway.examples, "exemple"),
            (mistakes, "avertissement"),
        )
        told = ", ".join(_count(len(several), word) for several, word in found)
        self.stdout.write(f"{pathway.title} : en ordre, exemples compris. {told}.")

    def _export(self, path: Path, written: Path) -> None:
        try:
            said = bundle(read(folder(path)))
        except PathwayError as error:
            self._told(path, error.mistakes)
            sys.exit(1)
        written.write_text(json.dumps(said, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        self.stdout.write(f"{written} : Bundle FHIR R4 de {path.name}.")

    def _import(self, sent: Path, path: Path) -> None:
        """Nothing that was written is replaced."""
        if path.exists():
            raise CommandError(f"{path} existe déjà : donnez le nom d’un dossier nouveau.")
        try:
            files = from_bundle(json.loads(sent.read_bytes().decode("utf-8-sig")))
        except OSError as error:
            raise CommandError(f"{sent} n’est pas lisible : vérifiez son chemin.") from error
        except (ValueError, RecursionError) as error:
            told = (
                error.mistakes[0].what
                if isinstance(error, PathwayError)
                else "ce n’est pas du JSON en UTF-8."
            )
            raise CommandError(f"{sent} : {told}") from error
        for name, text in files.items():
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        self.stdout.write(f"{path} : {_count(len(files), 'fichier')}. Relisez-le : pathway check {path}")

    def _told(self, path: Path, mistakes: list[Mistake]) -> None:
        for mistake in mistakes:
            if mistake.file == str(path):
                self.stderr.write(f"{path} : {mistake.what}")
            elif mistake.is_warning:
                self.stdout.write(
                    f"{path.resolve().name}/{mistake.file}:{mistake.line} : avertissement : {mistake.what}"
                )
            else:
                self.stderr.write(f"{path.resolve().name}/{mistake}")


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' if number > 1 else ''}"

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from terresante.kernel.actor import Actor, Channel
from terresante.kernel.errors import DomainError
from terresante.questionnaires.pathway import Mistake, PathwayError, check, folder, read
from terresante.questionnaires.pathway_actions import load

SHIPPED = Path(__file__).parents[2] / "shipped"


class Command(BaseCommand):
    help = (
        "pathway check FOLDER: says what is wrong in the files of a pathway, and runs its examples."
        " pathway load FOLDER | --shipped: offers it, a version more when its files differ."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        checked = what.add_parser("check", help="validates a folder and runs its examples")
        checked.add_argument("folder", type=Path)
        loaded = what.add_parser("load", help="offers a folder, or those that come with the platform")
        loaded.add_argument("folder", type=Path, nargs="?")
        loaded.add_argument("--shipped", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "check":
            self._check(options["folder"])
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
        said = f"version {version.number} publiée" if is_new else f"version {version.number} inchangée"
        self.stdout.write(f"{path.name} : {said}.")

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

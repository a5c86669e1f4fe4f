from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from terresante.directory import actions
from terresante.directory.enums import ImportState
from terresante.directory.loading.run import Files
from terresante.directory.models import DirectoryImport
from terresante.kernel.actor import Actor, Channel
from terresante.kernel.errors import DomainError

SHOWN_REMARKS = 20


class Command(BaseCommand):
    help = "Charge les extractions de l’Annuaire Santé et de FINESS dans l’annuaire."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--annuaire", type=Path, help="PS_LibreAcces_Personne_activite")
        parser.add_argument("--savoir-faire", type=Path, help="PS_LibreAcces_SavoirFaire")
        parser.add_argument("--finess", type=Path, nargs="+", default=[], help="etalab-cs1100502, cs1100501")
        parser.add_argument("--dry-run", action="store_true", help="compte sans rien changer")
        parser.add_argument("--accept-strikes", action="store_true", help="radie même au-delà du seuil")

    def handle(self, *args: Any, **options: Any) -> None:
        files = Files(annuaire=options["annuaire"], skills=options["savoir_faire"], finess=options["finess"])
        try:
            done = actions.load_directory(
                Actor.job("load_directory", channel=Channel.COMMAND),
                files=files,
                dry_run=options["dry_run"],
                accept_strikes=options["accept_strikes"],
            )
        except DomainError as error:
            raise CommandError(error.sentence) from error
        self._report(done)

    def _report(self, done: DirectoryImport) -> None:
        self.stdout.write(f"Import {done.pk} : {done.get_state_display()}, {done.seconds} s")
        for name, value in done.counts.items():
            self.stdout.write(f"  {name} : {value}")
        for remark in done.remarks.order_by("file_name", "line")[:SHOWN_REMARKS]:
            self.stdout.write(f"  {remark.file_name}, ligne {remark.line} : {remark.sentence}")
        if done.state == ImportState.HELD:
            raise CommandError(
                f"Import retenu, rien n’est changé : {done.held_because}. Une personne l’applique par "
                f"« terresante accept_directory_import {done.pk} »."
            )

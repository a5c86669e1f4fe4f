from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from terresante.directory import actions
from terresante.kernel.actor import Actor, Channel
from terresante.kernel.errors import DomainError


class Command(BaseCommand):
    help = "Applique un import de l’annuaire qui attendait une décision."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("import_id", type=UUID)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = actions.accept_import(
                Actor.job("accept_directory_import", channel=Channel.COMMAND), import_id=options["import_id"]
            )
        except DomainError as error:
            raise CommandError(error.sentence) from error
        self.stdout.write(f"Import {done.pk} appliqué.")

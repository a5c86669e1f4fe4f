from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from terresante.kernel import rls
from terresante.kernel.actor import Actor, Channel
from terresante.kernel.files import vault


class Command(BaseCommand):
    help = "files wrap: seals the key of every received file again, under the first of TERRESANTE_DATA_KEYS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["wrap"])

    def handle(self, *args: Any, **options: Any) -> None:
        with rls.acting(Actor.job("files wrap", channel=Channel.COMMAND)):
            changed = vault.wrap_again()
        self.stdout.write(f"{changed} clés de fichiers scellées de nouveau")

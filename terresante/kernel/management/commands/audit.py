from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from terresante.kernel.sealer import Sealer


class Command(BaseCommand):
    help = "audit seal: chains what is committed. audit verify: says whether the trail is whole."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["seal", "verify"])

    def handle(self, *args: Any, **options: Any) -> None:
        url = settings.DATABASE_SEALER_URL
        if not url:
            raise CommandError(
                "DATABASE_SEALER_URL manque : l’adresse de la base sous le rôle terresante_sealer."
            )
        with psycopg.connect(url, autocommit=True) as connection:
            sealer = Sealer(connection, Path(settings.AUDIT_HEADS))
            if options["what"] == "seal":
                self._seal(sealer)
            else:
                self._verify(sealer)

    def _seal(self, sealer: Sealer) -> None:
        seal = sealer.seal()
        self.stdout.write(
            f"maillon {seal.number} : {seal.entries} lignes" if seal else "rien de nouveau à sceller"
        )

    def _verify(self, sealer: Sealer) -> None:
        findings = sealer.verify()
        if findings:
            raise CommandError("La traçabilité n’est pas intacte :\n  " + "\n  ".join(findings))
        self.stdout.write("La traçabilité est intacte.")

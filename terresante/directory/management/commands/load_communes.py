"""Communes come from the npm package @etalab/decoupage-administratif, read where `npm ci` put it at build time."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from terresante.directory.loading.lines import FormatError
from terresante.directory.loading.places import read_communes, read_countries, store

PACKAGE = Path("node_modules/@etalab/decoupage-administratif/data/communes.json")


class Command(BaseCommand):
    help = "Charge les communes (et, si un fichier est donné, les pays étrangers) des adresses et lieux de naissance."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--communes", type=Path, default=settings.BASE_DIR / PACKAGE, help="communes.json"
        )
        parser.add_argument(
            "--pays", type=Path, help="fichier des pays du code officiel géographique (INSEE)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            places = list(read_communes(options["communes"]))
            if options["pays"]:
                places += read_countries(options["pays"])
        except (FormatError, OSError) as error:
            raise CommandError(str(error)) from error
        done = store(places)
        self.stdout.write(f"{done} lieux chargés.")

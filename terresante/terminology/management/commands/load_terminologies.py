from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from terresante.kernel.actor import Actor, Channel
from terresante.terminology.actions import load_set
from terresante.terminology.reading import LARGEST, NotASet

_ENDINGS = {".xml", ".json", ".csv", ".tabs"}
_SHOWN_REMARKS = 5


class Command(BaseCommand):
    help = (
        "Charge les nomenclatures d’un dossier (SVS XML, ValueSet et CodeSystem FHIR, tabs, libellés LOINC)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        if not folder.is_dir():
            raise CommandError(f"{folder} n’est pas un dossier.")
        files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _ENDINGS]
        wrong = sum(not self._load(path) for path in files if path.is_file())
        if not files:
            raise CommandError("Aucun fichier .xml, .json, .csv ou .tabs dans ce dossier.")
        if wrong:
            raise CommandError(f"{wrong} fichier(s) ne sont pas des nomenclatures : les autres sont chargés.")

    def _load(self, path: Path) -> bool:
        actor = Actor.job("load_terminologies", channel=Channel.COMMAND)
        try:
            if path.stat().st_size > LARGEST:
                raise NotASet("Le fichier dépasse 120 Mo : ce n’est pas une nomenclature.")
            done = load_set(actor, content=path.read_bytes(), file_name=path.name)
        except NotASet as refusal:
            self.stderr.write(f"{path.name} : {refusal.sentence}")
            return False
        row = done.value_set
        what = "chargée" if done.is_new else "déjà chargée"
        force = ", en vigueur" if row.is_current else ", une version plus récente est en vigueur"
        self.stdout.write(f"{row.short_name} {row.version} : {row.size} codes, {what}{force} ({path.name})")
        for remark in row.remarks[:_SHOWN_REMARKS] if done.is_new else ():
            self.stdout.write(f"  écarté, {remark}")
        return True

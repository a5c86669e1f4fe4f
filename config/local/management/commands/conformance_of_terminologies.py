"""Loads published lists of codes through the command, and compares what is kept with another reading of each file."""

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from simulators.conformance.nomenclatures import PublishedList, lists_of
from terresante.terminology.models import Concept, ValueSet


class Command(BaseCommand):
    help = "Charge des nomenclatures publiées et compare leurs codes à une lecture indépendante."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        lists = lists_of(folder)
        if not lists:
            self.stdout.write("Aucune nomenclature dans ce dossier.")
            return
        for parent in sorted({one.path.parent for one in lists}):
            self._load(parent, [one for one in lists if one.path.parent == parent])
        wrong = [one.path.name for one in lists if not self._is_kept(one)]
        if wrong:
            raise CommandError(f"Nomenclatures différentes de leur fichier : {', '.join(wrong)}.")
        total, empty = sum(len(one.codes) for one in lists), sum(not one.codes for one in lists)
        self.stdout.write(f"{len(lists)} nomenclatures dont {empty} sans code, {total} codes, conformes.")

    def _load(self, parent: Path, lists: list[PublishedList]) -> None:
        """A published file may hold no code yet: the command names it, and loads the others."""
        try:
            call_command("load_terminologies", parent, stdout=self.stdout, stderr=self.stderr)
        except CommandError:
            if all(one.codes for one in lists):
                raise

    def _is_kept(self, published: PublishedList) -> bool:
        row = ValueSet.objects.filter(file_name=published.path.name).order_by("pk").first()
        if row is None:
            return not published.codes
        if row.identifier != published.identifier:
            return False
        kept = frozenset(Concept.objects.filter(value_set=row).values_list("code", "system"))
        return kept == published.codes and row.size == len(kept)

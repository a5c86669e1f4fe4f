"""After `conformance_of_documents`: what each document filed offers to its record is what an XPath reading counts."""

from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.local.management.commands.conformance_of_results import of_filed, papers_carried
from simulators.conformance.content import content_of
from simulators.conformance.papers import Paper
from simulators.conformance.reading import samples_of
from terresante.documents.models import DocumentReference
from terresante.health_record.models import OfferedLine


class Command(BaseCommand):
    help = "Compare ce que les documents déposés proposent d’intégrer à une lecture indépendante des fichiers publiés."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        compared = [self._compare(paper) for paper in papers_carried(folder, samples_of(folder))]
        wrong = sum(outcome is False for outcome in compared)
        if wrong:
            raise CommandError(f"{wrong} document(s) n’offrent pas ce qu’ils disent.")
        self.stdout.write(
            f"{sum(outcome is True for outcome in compared)} documents offrent ce qu’ils disent."
        )

    def _compare(self, paper: Paper) -> bool | None:
        """None for what is in no record, or says nothing in entries."""
        expected, ours = content_of(paper), of_filed(paper, _offered)
        if ours is None:
            return None
        if not expected and not ours:
            return None
        said = ", ".join(f"{number} {kind}" for kind, number in sorted(expected.items()))
        verdict = "conforme" if ours == expected else f"DIFFÉRENT : {dict(ours)} pour {dict(expected)}"
        self.stdout.write(f"  {verdict}  {said}  {paper.name}")
        return ours == expected


def _offered(document: DocumentReference) -> Counter[str]:
    rows = OfferedLine.objects.filter(patient_id=document.patient_id, document=document)
    return Counter(rows.values_list("kind", flat=True))

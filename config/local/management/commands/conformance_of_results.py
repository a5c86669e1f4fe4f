"""After `conformance_of_documents`: the results of each report filed are those that an XPath reading finds in its file;
discrete ORU go through the real door here. Prints files × results.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.local.management.commands.conformance_in_database import (
    connect_authority,
    founder_of,
    listening,
    organization_of,
    record_of,
    send,
)
from simulators.conformance.biology import (
    TYPES,
    Said,
    Standing,
    acknowledgement,
    is_discrete,
    numbers_of,
    results_of,
)
from simulators.conformance.documented import Person
from simulators.conformance.papers import Paper, Sent, carries_document, is_taken, papers_of
from simulators.conformance.reading import Identity, Sample, samples_of
from terresante.directory.enums import OrganizationKind
from terresante.documents.models import DocumentReference
from terresante.interop.jobs import apply_waiting
from terresante.interop.models import InboundMessage
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.patients.actions import link_identity
from terresante.patients.models import IdentityDomain
from terresante.results.enums import ResultKind
from terresante.results.models import DiagnosticReport, LabObservation

_JOB = Actor.job("conformance")
T = TypeVar("T")
_SIGN = re.compile(r"^[<>≤≥]\s*")


@dataclass(frozen=True, slots=True)
class Counted:
    """`ours` is None for a file that was not filed: its person is to be verified first, or nothing was carried."""

    name: str
    expected: list[Said]
    ours: list[Said] | None

    @property
    def conforms(self) -> bool:
        return self.ours is None or Counter(self.ours) == Counter(self.expected)

    def __str__(self) -> str:
        if self.ours is None:
            return f"  ·  sur {len(self.expected):3}  pas au dossier  {self.name}"
        lost = list((Counter(self.expected) - Counter(self.ours)).elements())
        more = list((Counter(self.ours) - Counter(self.expected)).elements())
        verdict = "conforme" if self.conforms else f"DIFFÉRENT : manque {lost[:3]}, en trop {more[:3]}"
        return f"{len(self.ours):3} sur {len(self.expected):3}  {verdict}  {self.name}"


class Command(BaseCommand):
    help = "Compare les résultats déposés à une lecture indépendante des fichiers publiés."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        samples = samples_of(folder)
        papers = [paper for paper in papers_carried(folder, samples) if paper.type_code in TYPES]
        discrete = [sample for sample in samples if is_discrete(sample)]
        if not papers and not discrete:
            self.stdout.write("Aucun compte rendu de biologie dans ce dossier.")
            return
        counted = [Counted(paper.name, results_of(paper), of_filed(paper, _results_of)) for paper in papers]
        counted += asyncio.run(_play(discrete, _prepare(discrete)))
        for line in map(str, counted):
            self.stdout.write(line)
        wrong = sum(not each.conforms for each in counted)
        if wrong:
            raise CommandError(
                f"{wrong} compte(s) rendu(s) sur {len(counted)} n’ont pas les résultats attendus."
            )
        total = sum(len(each.ours or ()) for each in counted)
        self.stdout.write(f"{len(counted)} comptes rendus de biologie, {total} résultats conformes.")


def papers_carried(folder: Path, samples: Sequence[Sample]) -> list[Paper]:
    """Those of the folder, and those that its messages carry."""
    sent = [Sent(sample) for sample in samples if carries_document(sample)]
    carried = [
        Paper(each.sample.name, each.folder, each.content)
        for each in sent
        if each.acknowledgement == "AA" and b"ClinicalDocument" in each.content
    ]
    return [*filter(is_taken, papers_of(folder)), *carried]


def of_filed(paper: Paper, told: Callable[[DocumentReference], T]) -> T | None:
    """What is told of a paper's document while its record is open; None for one that is in no record."""
    with rls.acting(_JOB):
        known = InboundMessage.objects.exclude(patient_id=None).values_list("patient_id", flat=True)
        for patient_id in filter(None, known.order_by().distinct()):
            rls.open_record(patient_id)
            filed = DocumentReference.objects.filter(
                patient_id=patient_id,
                sender_identifier=paper.identifier,
                sha256=sha256(paper.raw).hexdigest(),
            )
            document = filed.order_by("recorded_at").first()
            if document is not None:
                return told(document)
    return None


def _results_of(document: DocumentReference) -> list[Said]:
    report = document.reports.first()
    return _said(report) if report else []


def _said(report: DiagnosticReport) -> list[Said]:
    rows = LabObservation.objects.filter(report=report).exclude(
        kind__in=[ResultKind.ISOLATE, ResultKind.EARLIER]
    )
    return [
        (row.code, _SIGN.sub("", row.text.replace("\xa0", " ")), row.unit)
        for row in rows.order_by("position")
    ]


def _prepare(samples: Sequence[Sample]) -> frozenset[Identity]:
    """Those who have a record."""
    if not samples:
        return frozenset()
    founder = founder_of(organization_of("Cabinet des résultats", OrganizationKind.GROUP_PRACTICE))
    records: dict[Identity, tuple[Person, UUID]] = {}
    for sample in samples:
        for number, authority in numbers_of(sample)[:1]:
            connect_authority(authority)
            found = record_of(founder, sample.identity, records)
            if found is not None:
                domain = IdentityDomain.objects.get(authority=authority)
                link_identity(_JOB, found[1], domain=domain, value=number)
    return frozenset(records)


async def _play(samples: Sequence[Sample], known: frozenset[Identity]) -> list[Counted]:
    if not samples:
        return []
    standing = Standing()
    async with listening() as ports:
        return [await _sent(sample, standing, ports, known) for sample in samples]


async def _sent(
    sample: Sample, standing: Standing, ports: dict[str, int], known: frozenset[Identity]
) -> Counted:
    expected, answer = standing.after(sample), acknowledgement(sample)
    authority = next((authority for _, authority in numbers_of(sample)), "")
    code = await send(ports.get(authority) or next(iter(ports.values())), sample.raw)
    if code != answer:
        return Counted(sample.name, [("acquittement", answer, "")], [("acquittement", code, "")])
    ours = await sync_to_async(_filed)() if code == "AA" else None
    return Counted(sample.name, expected, ours if ours or sample.identity in known else None)


def _filed() -> list[Said]:
    apply_waiting()
    with rls.acting(_JOB):
        row = InboundMessage.objects.defer("sealed_raw").latest("sequence")
        if row.patient_id is None:
            return []
        rls.open_record(row.patient_id)
        # A message of several orders is several reports.
        told = DiagnosticReport.objects.filter(
            patient_id=row.patient_id, document=None, recorded_at__gte=row.received_at
        )
        return [said for report in told.order_by("recorded_at") for said in _said(report)]

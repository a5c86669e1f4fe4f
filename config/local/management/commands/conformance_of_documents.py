"""Sends published documents through the real door, and compares what is filed with an XPath reading of each file."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config.local.management.commands.conformance_in_database import (
    connect_authority,
    founder_of,
    listening,
    organization_of,
    record_of,
    send,
)
from simulators.conformance.biology import is_discrete
from simulators.conformance.documented import Person
from simulators.conformance.papers import Paper, Sent, carries_document, is_taken, papers_of
from simulators.conformance.reading import Identity, samples_of
from simulators.hospital.documents import oru
from terresante.directory.enums import OrganizationKind
from terresante.documents.enums import type_of
from terresante.documents.models import DocumentReference
from terresante.documents.reading import paper_of, reading_of
from terresante.interop.enums import MessageState
from terresante.interop.jobs import apply_waiting
from terresante.interop.models import InboundMessage
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.patients.actions import complete_identity, link_identity
from terresante.patients.enums import IdentityStatus, Sex
from terresante.patients.models import IdentityDomain, Patient
from terresante.patients.traits import Traits

_JOB = Actor.job("conformance")
_COLUMNS = ("fichiers", "AA", "AE", "AR", "à vérifier", "déposés", "lus", "copies", "cellules", "conformes")


@dataclass(frozen=True, slots=True)
class Expected:
    """Of one file: its answer, and, when it is filed, what its row and its page must say."""

    acknowledgement: str
    paper: Paper | None = None
    is_doubtful: bool = False
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Played:
    name: str
    folder: str
    acknowledgement: str
    differences: tuple[str, ...]
    document: DocumentReference | None = None
    cells: int = 0
    has_paper: bool = False
    is_doubtful: bool = False

    def __str__(self) -> str:
        what = "identité à vérifier" if self.is_doubtful else "rien de déposé"
        what = f"{self.document.type}, « {self.document.title} »" if self.document else what
        verdict = "conforme" if not self.differences else f"DIFFÉRENT : {', '.join(self.differences)}"
        return f"{self.acknowledgement:2}  {what[:70]:70}  {verdict}  {self.name}"


class Command(BaseCommand):
    help = "Envoie des documents publiés par la vraie porte et compare leur dépôt à une lecture indépendante."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        papers = papers_of(folder)
        # Results given one by one are played by `conformance_of_results`.
        found = [sample for sample in samples_of(folder) if not is_discrete(sample)]
        sent = [Sent(sample) for sample in found if carries_document(sample)]
        if not papers and not sent:
            self.stdout.write("Aucun document dans ce dossier.")
            return
        known = _Known(
            _prepare([*papers, *(_carried(each) for each in sent if each.acknowledgement == "AA")])
        )
        played = asyncio.run(self._play(papers, sent, known))
        for line in _table(played):
            self.stdout.write(line)
        wrong = sum(bool(each.differences) for each in played)
        if wrong:
            raise CommandError(f"{wrong} document(s) sur {len(played)} ne sont pas déposés comme il faut.")
        self.stdout.write(f"{len(played)} documents conformes.")

    async def _play(self, papers: Sequence[Paper], sent: Sequence[Sent], known: "_Known") -> list[Played]:
        played: list[Played] = []
        async with listening() as ports:
            for number, paper in enumerate(papers):
                at = paper.dated_at or timezone.now()
                raw = oru((paper.raw,), paper.person, control_id=f"C{number}", at=at, code=paper.type_code)
                code = await send(ports[paper.numbers[0][1]], raw)
                doubt = known.doubts(paper)
                filed = paper if known.has_record(paper) and not known.is_name_of_another(paper) else None
                expected = Expected("AA" if is_taken(paper) else "AE", filed, doubt)
                played.append(await sync_to_async(_filed)(paper.name, paper.folder, code, expected))
                self.stdout.write(str(played[-1]))
            for each in sent:
                carried = _carried(each) if each.acknowledgement == "AA" and not each.is_paper else None
                port = ports[carried.numbers[0][1]] if carried else next(iter(ports.values()))
                code = await send(port, each.sample.raw)
                doubt = carried is not None and known.doubts(carried)
                hidden = each.is_hidden_from_patient
                filed = carried if carried is not None and known.files(each, carried) else None
                expected = Expected(each.acknowledgement, filed, doubt, hidden)
                played.append(await sync_to_async(_filed)(each.sample.name, each.folder, code, expected))
                self.stdout.write(str(played[-1]))
        return played


@dataclass(frozen=True, slots=True)
class _Known:
    """Who has a record, and whose each number was first: published samples give one to several invented persons."""

    records: frozenset[Identity]
    first: dict[tuple[str, str], Identity] = field(default_factory=dict)
    names: dict[str, bytes] = field(default_factory=dict)

    def has_record(self, paper: Paper) -> bool:
        return paper.identity in self.records

    def files(self, sent: Sent, paper: Paper) -> bool:
        """A deletion files nothing; a correction does, under the name of the one before too."""
        if not self.has_record(paper) or sent.status == "D":
            return False
        return sent.status == "C" or not self.is_name_of_another(paper)

    def is_name_of_another(self, paper: Paper) -> bool:
        """Published samples give one identifier to several contents: the first one keeps it."""
        return is_taken(paper) and self.names.setdefault(paper.identifier, paper.raw) != paper.raw

    def doubts(self, paper: Paper) -> bool:
        """Two traits apart under the number of a hospital: for a person to look at (INTEROP.md 2)."""
        return any(
            self.first.setdefault(number, paper.identity).differing(paper.identity) >= 2
            for number in paper.own_numbers
        )


def _carried(sent: Sent) -> Paper:
    return Paper(sent.sample.name, sent.folder, sent.content, sent.sample.raw)


def _prepare(papers: Sequence[Paper]) -> frozenset[Identity]:
    """A record for each person, whom the hospital of each authority knows."""
    founder = founder_of(organization_of("Cabinet des documents", OrganizationKind.GROUP_PRACTICE))
    records: dict[Identity, tuple[Person, UUID]] = {}
    known: set[tuple[str, str]] = set()
    for paper in papers:
        for number, authority in paper.numbers:
            connect_authority(authority)
            found = record_of(founder, paper.identity, records)
            if found is None or (number, authority) in known:
                continue
            known.add((number, authority))
            domain = IdentityDomain.objects.get(authority=authority)
            link_identity(_JOB, found[1], domain=domain, value=number)
        if not paper.own_numbers and paper.message:
            found = records.get(paper.identity)
            if found is not None:
                give_matricule(found[1], paper.matricule, paper.person.ins_oid)
    return frozenset(records)


def give_matricule(patient_id: UUID, matricule: str, oid: str) -> None:
    """What names its person by the matricule alone finds whoever has it, and these very traits."""
    with rls.acting(_JOB):
        rls.open_record(patient_id)
        patient = Patient.objects.get(pk=patient_id)
        traits = Traits(
            birth_name=patient.birth_name,
            birth_given_names=patient.birth_given_names,
            birth_date=patient.birth_date,
            sex=Sex(patient.sex),
            birth_place_code=patient.birth_place_code,
            ins=matricule,
            ins_oid=oid,
            identity_status=IdentityStatus.QUALIFIED,
        )
        complete_identity(_JOB, patient, traits=traits, deceased_on=None)


def _filed(name: str, folder: str, code: str, expected: Expected) -> Played:
    apply_waiting()
    with rls.acting(_JOB):
        row = InboundMessage.objects.defer("sealed_raw").latest("sequence")
        document = _document_of(row, expected)
        read = reading_of(document) if document else None
        copy = document is not None and read is not None and read.has_paper and bool(paper_of(document))
    cells = (
        sum(passage.html.count("</td>") + passage.html.count("</th>") for passage in read.passages)
        if read
        else 0
    )
    doubtful = row.state == MessageState.DOUBTFUL
    if doubtful:
        _put_aside(row)
    if expected.is_doubtful or doubtful:
        wrong = doubtful != expected.is_doubtful or document is not None
        return Played(name, folder, code, ("à vérifier attendu",) if wrong else (), is_doubtful=doubtful)
    differences = _differences(code, expected, document, cells, copy)
    return Played(name, folder, code, differences, document, cells, copy)


def _put_aside(row: InboundMessage) -> None:
    """As the identity desk would: what comes after it goes on."""
    with rls.acting(_JOB):
        InboundMessage.objects.filter(pk=row.pk).update(state=MessageState.PUT_ASIDE)


def _document_of(row: InboundMessage, expected: Expected) -> DocumentReference | None:
    if row.patient_id is None or expected.paper is None:
        return None
    rls.open_record(row.patient_id)
    mine = DocumentReference.objects.filter(
        patient_id=row.patient_id,
        organization_id=row.sender.organization_id,
        sender_identifier=expected.paper.identifier,
        sha256=sha256(expected.paper.raw).hexdigest(),
    )
    return mine.select_related("file", "patient").order_by("recorded_at").first()


def _differences(
    code: str, expected: Expected, document: DocumentReference | None, cells: int, copy: bool
) -> tuple[str, ...]:
    paper = expected.paper
    if code != expected.acknowledgement or code != "AA" or paper is None:
        wrong = code != expected.acknowledgement or document is not None
        return (f"{expected.acknowledgement} attendu",) if wrong else ()
    if document is None:
        return ("déposé attendu",)
    at = paper.dated_at
    said = {
        "type": (document.type, type_of(paper.type_code)),
        "titre": (document.title.removesuffix("…"), paper.title[: len(document.title.removesuffix("…"))]),
        "date": (document.dated_on, timezone.localdate(at) if at else None),
        "auteur": (paper.author_family.casefold() in document.written_by.casefold(), True),
        "patient": (document.patient.birth_name.casefold(), paper.identity.birth_name.casefold()),
        "visibilité": ((document.private_to_id, document.hidden_from_patient), (None, expected.is_hidden)),
        "fichier": (document.size, len(paper.raw)),
        "copie": (copy, paper.has_paper),
        "cellules": (cells, 0 if paper.is_level_one else paper.cells),
    }
    return tuple(f"{name} {ours!s} ≠ {theirs!s}" for name, (ours, theirs) in said.items() if ours != theirs)


def _table(played: Sequence[Played]) -> list[str]:
    """Files × outcomes: one row for each folder."""
    rows: dict[str, Counter[str]] = {}
    for each in played:
        for row in (rows.setdefault(each.folder, Counter()), rows.setdefault("total", Counter())):
            row["fichiers"] += 1
            row[each.acknowledgement] += 1
            row["à vérifier"] += each.is_doubtful
            row["déposés"] += each.document is not None
            row["lus"] += each.document is not None and (each.cells > 0 or each.has_paper)
            row["copies"] += each.has_paper
            row["cellules"] += each.cells
            row["conformes"] += not each.differences
    lines = ["  ".join(["dossier".ljust(24), *_COLUMNS])]
    for folder, row in sorted(rows.items(), key=lambda item: (item[0] == "total", item[0])):
        cells = (str(row[name] or "·").rjust(len(name)) for name in _COLUMNS)
        lines.append("  ".join([folder.ljust(24), *cells]))
    return ["", *lines, ""]

"""Sends a document for each row of a published table of metadata through the real door, and compares what is filed with
the row: type, title, date, visibility, body.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from simulators.conformance.described import PERSON, WHO, WORDS, Described, described_in
from simulators.hospital.documents import mdm
from terresante.directory.enums import OrganizationKind
from terresante.documents.models import DocumentReference
from terresante.documents.reading import paper_of, reading_of
from terresante.interop.jobs import apply_waiting
from terresante.interop.models import InboundMessage
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.patients.actions import link_identity
from terresante.patients.models import IdentityDomain

_JOB = Actor.job("conformance")
_AUTHORITY = PERSON.authority.universal_id


@dataclass(frozen=True, slots=True)
class Played:
    described: Described
    acknowledgement: str
    differences: tuple[str, ...]

    def __str__(self) -> str:
        verdict = "conforme" if not self.differences else f"DIFFÉRENT : {', '.join(self.differences)}"
        said = f"{self.described.type_code} ({self.described.media})"
        return f"{self.acknowledgement:2}  {said:58}  {verdict}  {self.described.title}"


class Command(BaseCommand):
    help = "Envoie un document par ligne d’une table de métadonnées publiée et compare son dépôt à la ligne."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        described = described_in(folder)
        if not described:
            self.stdout.write("Aucune table de métadonnées dans ce dossier.")
            return
        _prepare()
        played = asyncio.run(_play(described))
        for line in map(str, played):
            self.stdout.write(line)
        bodies = Counter(each.described.media for each in played if not each.differences)
        self.stdout.write(", ".join(f"{number} {media}" for media, number in sorted(bodies.items())))
        wrong = sum(bool(each.differences) for each in played)
        if wrong:
            raise CommandError(f"{wrong} document(s) sur {len(played)} ne sont pas déposés comme leur ligne.")
        self.stdout.write(f"{len(played)} documents conformes à leur ligne de métadonnées.")


def _prepare() -> None:
    founder = founder_of(organization_of("Cabinet des descriptions", OrganizationKind.GROUP_PRACTICE))
    connect_authority(_AUTHORITY)
    found = record_of(founder, WHO, {})
    if found is None:
        raise CommandError("La personne des documents décrits n’a pas de dossier.")
    domain = IdentityDomain.objects.get(authority=_AUTHORITY)
    link_identity(_JOB, found[1], domain=domain, value=PERSON.ipp)


async def _play(described: Sequence[Described]) -> list[Played]:
    async with listening() as ports:
        return [await _sent(ports[_AUTHORITY], number, each) for number, each in enumerate(described)]


async def _sent(port: int, number: int, described: Described) -> Played:
    raw = mdm(
        "T02",
        described.document,
        PERSON,
        control_id=f"DESC{number}",
        at=described.written_at,
        code=described.type_code,
        told=described.told,
    )
    code = await send(port, raw)
    return await sync_to_async(_filed)(described, code)


def _filed(described: Described, code: str) -> Played:
    apply_waiting()
    with rls.acting(_JOB):
        row = InboundMessage.objects.defer("sealed_raw").latest("sequence")
        if code != "AA" or row.patient_id is None:
            return Played(described, code, ("déposé attendu",))
        rls.open_record(row.patient_id)
        document = (
            DocumentReference.objects.filter(
                patient_id=row.patient_id, sender_identifier=described.identifier
            )
            .select_related("file")
            .first()
        )
        if document is None:
            return Played(described, code, ("déposé attendu",))
        return Played(described, code, _differences(described, document))


def _differences(described: Described, document: DocumentReference) -> tuple[str, ...]:
    read = reading_of(document)
    words = "".join(passage.html for passage in read.passages) if read else ""
    paper = paper_of(document) if read and read.has_paper else b""
    said = {
        "type": (document.type, described.expected_type),
        "titre": (document.title, described.title),
        "date": (document.dated_on, timezone.localdate(described.written_at)),
        "masqué": (document.private_to_id == document.organization_id, described.is_masked),
        "invisible": (document.hidden_from_patient, described.is_hidden),
        "texte": (f"{WORDS} {described.identifier}" in words, described.is_words),
        "copie": (paper.startswith(b"%PDF-"), not described.is_words),
    }
    return tuple(f"{name} {ours!s} ≠ {theirs!s}" for name, (ours, theirs) in said.items() if ours != theirs)

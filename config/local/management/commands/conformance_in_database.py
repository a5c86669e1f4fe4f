"""Sends published messages through the real door and compares what they do with an independent reading of them."""

import asyncio
import hashlib
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from simulators.conformance.biology import is_discrete
from simulators.conformance.described import described_in
from simulators.conformance.documented import Documented, Effect, Person
from simulators.conformance.papers import carries_document, papers_of
from simulators.conformance.reading import Identity, Number, Sample, samples_of
from terresante.care_team.actions import create_record
from terresante.directory.enums import OrganizationKind, Profession, Source
from terresante.directory.models import Organization, Practitioner
from terresante.feed.models import FeedItem
from terresante.interop.actions import register_sender
from terresante.interop.enums import MessageOutcome, MessageState
from terresante.interop.jobs import apply_waiting
from terresante.interop.mllp.framing import Decoder, framed
from terresante.interop.mllp.listener import Listener
from terresante.interop.mllp.store import MessageStore
from terresante.interop.models import InboundMessage, SenderSystem
from terresante.kernel import rls
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Invalid
from terresante.kernel.models import OutboxEvent
from terresante.patients.actions import link_identity
from terresante.patients.models import IdentityDomain
from terresante.patients.traits import UNKNOWN_PLACE, Traits
from terresante.stays.models import Encounter

_JOB = Actor.job("conformance")
_OUTCOMES = {
    MessageState.APPLIED: "appliqué",
    MessageState.IGNORED: "sans effet",
    MessageState.NO_CANDIDATE: "sans dossier",
    MessageState.DOUBTFUL: "à vérifier",
    MessageState.HELD: "retenu",
    MessageState.REFUSED: "refusé",
    MessageState.UNREADABLE: "refusé",
}
_STAYS = {
    "planned": "prévu",
    "in-progress": "en cours",
    "onleave": "en permission",
    "finished": "terminé",
    "cancelled": "annulé",
}
_ALERTS = {
    "admission": "admission",
    "emergency_visit": "urgences",
    "discharge": "sortie",
    "discharge_cancelled": "sortie annulée",
    "death": "décès",
}
_FIRST_PORT = 1024
_NOBODY = "1.2.250.1.999.79"
_COLUMNS = ("AA", "AE", "AR", *dict.fromkeys(_OUTCOMES.values()), "alertes", "conformes")


@dataclass(frozen=True, slots=True)
class Played:
    sample: Sample
    effect: Effect
    expected: Effect
    remarks: tuple[str, ...]

    @property
    def conforms(self) -> bool:
        return self.effect == self.expected

    def __str__(self) -> str:
        verdict = "conforme" if self.conforms else f"ATTENDU {self.expected}"
        remarks = f"  [{', '.join(self.remarks)}]" if self.remarks else ""
        return f"{self.sample.trigger:3}  {self.effect!s:76}  {verdict}  {self.sample.name}{remarks}"


class Command(BaseCommand):
    help = "Envoie des messages publiés par la vraie porte MLLP et les compare à une lecture indépendante."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        if not folder.is_dir():
            raise CommandError(f"Le dossier {folder} n’existe pas : indiquez celui des exemples.")
        # Messages that carry documents are played by `conformance_of_documents`.
        found = samples_of(folder)
        samples = [sample for sample in found if not carries_document(sample)]
        if not any(sample.value("MSH", 9) == "ADT" for sample in samples):
            others = len(samples) < len(found) or any(map(is_discrete, samples))
            if others or papers_of(folder) or described_in(folder):
                return
            raise CommandError(f"Le dossier {folder} ne contient ni message ADT, ni document.")
        with rls.acting(_JOB):
            if SenderSystem.objects.exists():
                raise CommandError(
                    "Cette base raccorde déjà des établissements : la conformité veut une base vide."
                )
        persons = _prepare(samples)
        played = asyncio.run(_play(samples, persons, self.stdout.write))
        for line in _table(played):
            self.stdout.write(line)
        wrong = sum(not each.conforms for each in played)
        if wrong:
            raise CommandError(f"{wrong} fichier(s) sur {len(played)} n’ont pas l’effet attendu.")
        self.stdout.write(f"{len(played)} fichiers conformes.")


def _table(played: Iterable[Played]) -> list[str]:
    """Files × outcomes: one row for each event."""
    rows: dict[str, Counter[str]] = {}
    for each in played:
        event = f"{each.sample.value('MSH', 9)} {each.sample.trigger}".strip() or "illisible"
        for row in (rows.setdefault(event, Counter()), rows.setdefault("total", Counter())):
            row["fichiers"] += 1
            row[each.effect.acknowledgement] += 1
            row[each.effect.outcome] += 1
            row["alertes"] += len(each.effect.rung)
            row["conformes"] += each.conforms
    columns = ("fichiers", *_COLUMNS)
    lines = ["  ".join(["événement ", *columns])]
    for event, row in sorted(rows.items(), key=lambda item: (item[0] == "total", item[0])):
        cells = (str(row[name] or "·").rjust(len(name)) for name in columns)
        lines.append("  ".join([event.ljust(10), *cells]))
    return ["", *lines, ""]


def _prepare(samples: Sequence[Sample]) -> dict[Number, Person]:
    """One hospital for each authority; one record for each person, as the naive reading tells them."""
    founder = founder_of(organization_of("Cabinet de conformité", OrganizationKind.GROUP_PRACTICE))
    records: dict[Identity, tuple[Person, UUID]] = {}
    persons: dict[Number, Person] = {}
    for sample in samples:
        numbers = [*sample.numbers(), *sample.numbers("MRG", field=1)]
        for authority in {authority for _, authority in numbers}:
            connect_authority(authority)
        found = record_of(founder, sample.identity, records) if sample.numbers() else None
        for number in sample.numbers():
            if found is not None and number not in persons:
                persons[number] = found[0]
                domain = IdentityDomain.objects.get(authority=number[1])
                link_identity(_JOB, found[1], domain=domain, value=number[0])
    return persons


def record_of(
    founder: Actor, identity: Identity, records: dict[Identity, tuple[Person, UUID]]
) -> tuple[Person, UUID] | None:
    """None when the traits make no record: a message of this person finds nobody."""
    if identity not in records and identity.is_complete:
        traits = Traits(
            birth_name=identity.birth_name,
            birth_given_names=identity.given_names,
            birth_date=identity.born,
            sex=identity.sex or "U",
            birth_place_code=identity.birth_place or UNKNOWN_PLACE,
        )
        try:
            records[identity] = Person(identity), create_record(founder, traits=traits).patient_id
        except Invalid:
            return None
    return records.get(identity)


def connect_authority(authority: str) -> None:
    if not IdentityDomain.objects.filter(authority=authority).exists():
        hospital = organization_of(f"Établissement {authority}", OrganizationKind.PUBLIC_HOSPITAL)
        # Of its own; `listening` gives it one that is free.
        port = _FIRST_PORT + SenderSystem.objects.count()
        register_sender(_JOB, hospital.pk, name=authority[:120], authorities=[authority], port=port)


def organization_of(name: str, kind: OrganizationKind) -> Organization:
    return Organization.objects.create(name=name[:200], kind=kind, source=Source.LOCAL)


def founder_of(practice: Organization) -> Actor:
    doctor = Practitioner.objects.create(
        family_name="CONFORMITE", given_name="Camille", profession=Profession.DOCTOR, source=Source.LOCAL
    )
    return Actor(
        kind=ActorKind.PROFESSIONAL,
        name=str(doctor),
        person_id=doctor.pk,
        organization_id=practice.pk,
        role=Profession.DOCTOR,
    )


@asynccontextmanager
async def listening() -> AsyncIterator[dict[str, int]]:
    """The doors of every sender, open: the port of each authority. Those of a sender's row may be taken by now."""
    senders = await sync_to_async(_connected)()
    for sender, port in zip(senders, _free_ports(len(senders)), strict=True):
        sender.port = port
    store = MessageStore(senders)
    listener = Listener(*store.doors())
    try:
        for sender in senders:
            await listener.start("127.0.0.1", sender.port or 0)
        yield {domain.authority: sender.port or 0 for sender in senders for domain in sender.domains.all()}
    finally:
        await listener.stop()
        store.close()


def _connected() -> list[SenderSystem]:
    """One at least: a message that names no authority has a door to come to."""
    if not SenderSystem.objects.exists():
        connect_authority(_NOBODY)
    return list(SenderSystem.objects.prefetch_related("domains"))


def _free_ports(number: int) -> list[int]:
    """All held at once, so that no two are the same."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


async def _play(
    samples: Sequence[Sample], persons: dict[Number, Person], say: Callable[[str], Any]
) -> list[Played]:
    documented, played = Documented(persons), []
    async with listening() as ports:
        for sample in samples:
            number = next(iter(sample.numbers()), ("", ""))
            code = await send(ports.get(number[1]) or next(iter(ports.values())), sample.raw)
            effect, remarks = await sync_to_async(_effect)(sample, code)
            played.append(Played(sample, effect, documented.effect_of(sample), remarks))
            say(str(played[-1]))
    return played


async def send(port: int, raw: bytes) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(framed(raw))
    decoder = Decoder()
    while True:
        content = await asyncio.wait_for(reader.read(65536), 30)
        pieces = decoder.feed(content)
        if pieces or not content:
            writer.close()
            await writer.wait_closed()
            return _code_of(pieces[0].content) if pieces else ""


def _code_of(answer: bytes) -> str:
    """MSA-1, between the separators of the answer: they are those of its message."""
    return answer.split(b"\r")[1].split(answer[3:4])[1].decode()


def _effect(sample: Sample, code: str) -> tuple[Effect, tuple[str, ...]]:
    """The clock is the message's own: an old sample would otherwise be too late to alert."""
    before = set(_rung())
    now = (sample.sent_at or timezone.now()).astimezone(timezone.get_current_timezone())
    apply_waiting(clock=lambda: now)
    rung = tuple(kind for key, kind in _rung().items() if key not in before)
    with rls.acting(_JOB):
        row = (
            InboundMessage.objects.defer("sealed_raw")
            .select_related("sender")
            .get(content_hash=hashlib.sha256(sample.raw).digest())
        )
        stay, shown = _stay(row, sample.visit) if row.outcome == MessageOutcome.STAY else ("", ())
    outcome = _OUTCOMES.get(MessageState(row.state), MessageState(row.state).label)
    reused = ["MSH-10 déjà vu"] if row.is_control_id_reused else []
    return Effect(code, outcome, stay, rung, shown), (*row.remarks, *reused)


def _stay(row: InboundMessage, visit: str) -> tuple[str, tuple[str, ...]]:
    """Its state, and the alerts about it that hold."""
    if row.patient_id is None:
        return "", ()
    rls.open_record(row.patient_id)
    stay = Encounter.objects.get(
        visit_number=visit, patient_id=row.patient_id, organization_id=row.sender.organization_id
    )
    movements = list(stay.movements.values_list("pk", flat=True))
    alerts = FeedItem.objects.filter(patient_id=row.patient_id, object_id__in=movements, is_alert=True)
    return _STAYS[stay.status], tuple(
        sorted({_ALERTS[kind] for kind in alerts.values_list("kind", flat=True)})
    )


def _rung() -> dict[UUID, str]:
    with rls.acting(_JOB):
        found = OutboxEvent.objects.filter(kind="StayAlerted").order_by("created_at", "id")
        return {event.pk: _ALERTS[event.payload["kind"]] for event in found}

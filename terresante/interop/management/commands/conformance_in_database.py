"""Sends published samples through the real door and compares what they do with an independent reading of them."""

import asyncio
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from asgiref.sync import sync_to_async
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from terresante.care_team.actions import create_record
from terresante.directory.enums import OrganizationKind, Profession, Source
from terresante.directory.models import Organization, Practitioner
from terresante.interop.actions import register_sender
from terresante.interop.jobs import apply_waiting
from terresante.interop.mllp.framing import Decoder, framed
from terresante.interop.mllp.listener import Listener
from terresante.interop.mllp.store import MessageStore
from terresante.interop.models import InboundMessage, SenderSystem
from terresante.kernel import rls
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.models import OutboxEvent
from terresante.patients.actions import link_identity
from terresante.patients.models import IdentityDomain
from terresante.patients.traits import UNKNOWN_PLACE, Traits
from terresante.stays.models import Encounter

_SUPPORTED = "adt_pam_fr"
_JOB = Actor.job("conformance")
_OPEN, _CLOSED, _CANCELLED, _PLANNED = "in-progress", "finished", "cancelled", "planned"
# Trigger: state of the stay afterwards (None: no stay is touched), and whether it alerts a hospital's circle.
_EXPECTED: dict[str, tuple[str | None, bool]] = {
    "A28": (None, False),
    "A31": (None, False),
    "A05": (_PLANNED, False),
    "A01": (_OPEN, True),
    "A04": (_OPEN, False),
    "A02": (_OPEN, False),
    "A12": (_OPEN, False),
    "A03": (_CLOSED, True),
    "A13": (_OPEN, True),
    "A11": (_CANCELLED, False),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One file, read by splitting on separators: nothing of the platform's own reader is used here."""

    name: str
    raw: bytes
    segments: dict[str, list[str]]

    def value(self, segment: str, field_number: int) -> str:
        fields = self.segments.get(segment, [])
        index = field_number - 1 if segment == "MSH" else field_number
        return fields[index] if index < len(fields) else ""

    @property
    def trigger(self) -> str:
        return self.value("MSH", 9).split("^")[1]

    @property
    def sent_at(self) -> datetime:
        return datetime.strptime(self.value("MSH", 7)[:14], "%Y%m%d%H%M%S").replace(
            tzinfo=ZoneInfo("Europe/Paris")
        )

    @property
    def visit(self) -> str:
        return self.value("PV1", 19).split("^")[0]

    @property
    def numbers(self) -> list[tuple[str, str]]:
        """(IPP, authority) of each identifier of type PI."""
        found = []
        for repetition in self.value("PID", 3).split("~"):
            parts = [*repetition.split("^"), "", "", "", ""]
            if parts[4] == "PI":
                namespace, universal, *_ = [*parts[3].split("&"), ""]
                found.append((parts[0], universal or namespace))
        return found

    @property
    def traits(self) -> Traits:
        names = [part.split("^") for part in self.value("PID", 5).split("~")]
        birth = next((name for name in names if len(name) > 6 and name[6] == "L"), names[0])
        places = [part.split("^") for part in self.value("PID", 11).split("~")]
        place = next((part[8] for part in places if len(part) > 8 and part[6] == "BDL"), "")
        born = self.value("PID", 7)
        return Traits(
            birth_name=birth[0],
            birth_given_names=birth[2] or birth[1],
            birth_date=date(int(born[:4]), int(born[4:6]), int(born[6:8])),
            sex=self.value("PID", 8),
            birth_place_code=place or UNKNOWN_PLACE,
        )


@dataclass(frozen=True, slots=True)
class Effect:
    acknowledgement: str
    state: str
    stay: str
    alerted: bool

    def __str__(self) -> str:
        alert = "alerte" if self.alerted else "sans alerte"
        return f"{self.acknowledgement:3} {self.state:12} {self.stay or 'identité':12} {alert}"


@dataclass(slots=True)
class Model:
    """What the samples should do, one after the other."""

    visits: dict[str, str] = field(default_factory=dict)

    def expected(self, sample: Sample) -> Effect:
        stay, alerts = _EXPECTED[sample.trigger]
        if stay is None:
            return Effect("AA", "applied", "", False)
        is_quiet = sample.value("PV1", 2) in ("O", "R")
        is_urgent = sample.trigger == "A04" and sample.value("PV1", 2) == "E"
        if self.visits.get(sample.visit) == _CANCELLED and sample.trigger not in ("A01", "A04"):
            stay, alerts = _CANCELLED, False
        self.visits[sample.visit] = stay
        return Effect("AA", "applied", stay, (alerts or is_urgent) and not is_quiet)


class Command(BaseCommand):
    help = (
        "Envoie les exemples d’un dossier par la vraie porte MLLP et les compare à une lecture indépendante."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        samples = _samples(folder)
        with rls.acting(_JOB):
            if SenderSystem.objects.exists():
                raise CommandError(
                    "Cette base raccorde déjà des établissements : la conformité veut une base vide."
                )
        for sample in samples:
            if sample.trigger not in _EXPECTED:
                raise CommandError(
                    f"{sample.name} : aucun effet documenté pour l’événement {sample.trigger}."
                )
        _prepare(samples)
        wrong = asyncio.run(_play(samples, self.stdout.write))
        self._name_the_others(folder)
        if wrong:
            raise CommandError(f"{wrong} fichier(s) sur {len(samples)} n’ont pas l’effet attendu.")
        self.stdout.write(f"{len(samples)} fichiers conformes.")

    def _name_the_others(self, folder: Path) -> None:
        others = [each for each in sorted(folder.iterdir()) if each.is_dir() and _SUPPORTED not in each.name]
        for each in others:
            count = sum(path.is_file() for path in each.rglob("*"))
            self.stdout.write(f"{each.name} : {count} fichier(s), pas encore pris en charge")


def _samples(folder: Path) -> list[Sample]:
    if not folder.is_dir():
        raise CommandError(f"Le dossier {folder} n’existe pas : indiquez celui des exemples.")
    paths = [path for path in folder.rglob("*.er7") if _SUPPORTED in str(path.relative_to(folder.parent))]
    if not paths:
        raise CommandError(f"Le dossier {folder} ne contient aucun exemple {_SUPPORTED}*/*.er7.")
    found = [_sample(path, folder) for path in paths]
    return sorted(found, key=lambda sample: (sample.sent_at, sample.name))


def _sample(path: Path, folder: Path) -> Sample:
    raw = path.read_bytes()
    segments: dict[str, list[str]] = {}
    for line in re.split(r"[\r\n]+", raw.decode("latin-1")):
        segments.setdefault(line[:3], line.split("|"))
    return Sample(str(path.relative_to(folder)), raw, segments)


def _prepare(samples: Sequence[Sample]) -> None:
    """One hospital for each authority, one record for each first number, as the naive reading finds them."""
    practice = _organization("Cabinet de conformité", OrganizationKind.GROUP_PRACTICE)
    founder = _founder(practice)
    known: dict[tuple[str, str], UUID] = {}
    for sample in samples:
        for _, authority in sample.numbers:
            if not IdentityDomain.objects.filter(authority=authority).exists():
                hospital = _organization(f"Établissement {authority}", OrganizationKind.PUBLIC_HOSPITAL)
                register_sender(
                    _JOB, hospital.pk, name=authority[:120], authorities=[authority], port=_free_port()
                )
        patient_id = next((known[number] for number in sample.numbers if number in known), None)
        if patient_id is None:
            patient_id = create_record(founder, traits=sample.traits).patient_id
        for number in sample.numbers:
            if number not in known:
                domain = IdentityDomain.objects.get(authority=number[1])
                link_identity(_JOB, patient_id, domain=domain, value=number[0])
                known[number] = patient_id


def _organization(name: str, kind: OrganizationKind) -> Organization:
    return Organization.objects.create(name=name[:200], kind=kind, source=Source.LOCAL)


def _founder(practice: Organization) -> Actor:
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _play(samples: Sequence[Sample], say: Any) -> int:
    senders = await sync_to_async(lambda: list(SenderSystem.objects.prefetch_related("domains")))()
    ports = {domain.authority: sender.port for sender in senders for domain in sender.domains.all()}
    store = MessageStore(senders)
    listener = Listener(*store.doors())
    for port in ports.values():
        await listener.start("127.0.0.1", port or 0)
    model, wrong = Model(), 0
    try:
        for sample in samples:
            code = await _send(ports[sample.numbers[0][1]] or 0, sample.raw)
            effect, remarks = await sync_to_async(_effect)(sample, code)
            expected = model.expected(sample)
            wrong += effect != expected
            verdict = "conforme" if effect == expected else f"ATTENDU : {expected}"
            say(f"{sample.name:88} {effect}  {verdict}  {', '.join(remarks)}")
    finally:
        await listener.stop()
        store.close()
    return wrong


async def _send(port: int, raw: bytes) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(framed(raw))
    decoder = Decoder()
    while True:
        content = await asyncio.wait_for(reader.read(65536), 30)
        pieces = decoder.feed(content)
        if pieces or not content:
            writer.close()
            await writer.wait_closed()
            return pieces[0].content.split(b"\r")[1].split(b"|")[1].decode() if pieces else ""


def _effect(sample: Sample, code: str) -> tuple[Effect, list[str]]:
    """The clock is the message's own: an old sample would otherwise be too late to alert."""
    before = _alerts()
    apply_waiting(clock=lambda: sample.sent_at.astimezone(timezone.get_current_timezone()))
    with rls.acting(_JOB):
        row = InboundMessage.objects.defer("sealed_raw").order_by("-sequence")[0]
        stay = ""
        if row.patient_id and sample.visit:
            rls.open_record(row.patient_id)
            found = Encounter.objects.filter(visit_number=sample.visit, patient_id=row.patient_id).first()
            stay = found.status if found else ""
    return Effect(code, row.state, stay, _alerts() > before), row.remarks


def _alerts() -> int:
    with rls.acting(_JOB):
        return OutboxEvent.objects.filter(kind="StayAlerted").count()

"""A hospital connected to the platform, in a test's own database: messages come through the real door."""

import asyncio
from contextlib import contextmanager

import psycopg
from django.db import connection
from django.utils import timezone

from terresante.directory.models import Organization, Unit
from terresante.feed.models import FeedItem
from terresante.interop.actions import register_sender
from terresante.interop.hl7v2.tests.messages import EVN, MSH, PID, PV1, ZBE
from terresante.interop.jobs import apply_waiting
from terresante.interop.mllp.framing import Decoder
from terresante.interop.mllp.intake import answer, received
from terresante.interop.mllp.listener import Limits, Listener
from terresante.interop.mllp.store import MessageStore
from terresante.interop.models import InboundMessage, SenderSystem
from terresante.kernel.actor import Actor
from terresante.patients.models import IdentityDomain, SourceIdentity
from terresante.stays.models import Encounter
from tests.walls import walls_down

AUTHORITY = "750000222"
STRANGER = PID.replace("P1^", "P9^").replace("ESSAI^CLAIRE", "INCONNU^PAUL")


def connect(name="Hôpital Saint-Martin", *, authority=AUTHORITY, port=21001, **kind):
    with walls_down():
        organization = Organization.objects.get_or_create(
            name=name, defaults={"kind": "public_hospital", "source": "local"} | kind
        )[0]
        Unit.objects.get_or_create(organization=organization, code="4411", defaults={"name": "Cardiologie"})
    return register_sender(
        Actor.job("tests"), organization.pk, name=f"GAM {name}", authorities=[authority], port=port
    )


def know(record, sender, value="P1"):
    """Links a local number of this sender to the person, as an earlier message would have done."""
    with walls_down():
        domain = IdentityDomain.objects.get(senders=sender)
        return SourceIdentity.objects.create(domain=domain, value=value, patient_id=record.patient_id)


def person(record, **changes):
    """The PID of the person this record is about."""
    with walls_down():
        patient = type(record).objects.select_related("patient").get(pk=record.pk).patient
    parts = PID.split("|")
    parts[5] = f"{patient.birth_name}^{patient.birth_given_name}^{patient.birth_given_names}^^^^L"
    parts[7] = f"{patient.birth_date:%Y%m%d}"
    parts[8] = patient.sex
    parts[11] = f"^^PROVINS^^^FRA^BDL^^{patient.birth_place_code}"
    for name, text in changes.items():
        parts[int(name[1:])] = text
    return "|".join(parts)


def stamped(trigger="A01", *extra, control_id="M1", at=None, pid=PID, pv1=PV1, zbe=ZBE, evn=EVN, **more):
    """A message of now: its dates are those of `at`, so that alerts are recent."""
    moment = f"{timezone.localtime(at):%Y%m%d%H%M%S}"
    lines = [more.get("msh", MSH), evn, pid, pv1, zbe, *extra]
    text = "\r".join(line for line in lines if line is not None) + "\r"
    return (
        text.replace("{trigger}", trigger)
        .replace("|M1|", f"|{control_id}|")
        .replace("20250311090000", moment)
        .replace("20250311085500", moment)
        .encode()
    )


def store():
    return MessageStore(list(SenderSystem.objects.filter(active=True).prefetch_related("domains")))


def receive(sender, *raws):
    """Through the door's own functions, in one batch; the acknowledgement codes."""
    items = [received(str(sender.pk), raw) for raw in raws]
    outcomes = store().store(items)
    return [
        answer(item, outcome).split(b"\r")[1].split(b"|")[1].decode()
        for item, outcome in zip(items, outcomes, strict=True)
    ]


def apply(**options):
    return apply_waiting(1000, **options)


@contextmanager
def another_process():
    """A transaction of another connection, as the superuser of the test server."""
    known = connection.settings_dict
    with psycopg.connect(
        dbname=known["NAME"],
        user=known["USER"],
        password=known["PASSWORD"],
        host=known["HOST"],
        port=known["PORT"],
    ) as other:
        yield other
        other.rollback()


def states():
    with walls_down():
        return [
            (row.state, row.outcome)
            for row in InboundMessage.objects.order_by("sequence").only("state", "outcome")
        ]


async def exchange(content, behind, *, sender_of=None, count=1, limits=None):
    """Sends bytes to a listener of our own over a real socket; the MSA fields of each answer."""
    store_batch, known = behind.doors()
    listener = Listener(store_batch, sender_of or known, limits=limits or Limits(idle_time=5, stop_time=5))
    port = await listener.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(content)
        writer.write_eof()
        return await _answers(reader, count)
    finally:
        writer.close()
        await writer.wait_closed()
        await listener.stop()
        behind.close()


async def _answers(reader, count):
    decoder = Decoder()
    found: list[list[str]] = []
    while len(found) < count:
        content = await asyncio.wait_for(reader.read(65536), 10)
        if not content:
            break
        for piece in decoder.feed(content):
            found.append(piece.content.decode().split("\r")[1].split("|")[1:3])
    return found


def stays():
    with walls_down():
        return list(Encounter.objects.order_by("visit_number").values_list("visit_number", "status"))


def told():
    with walls_down():
        return {(item.kind, item.is_alert) for item in FeedItem.objects.all()}

"""The FHIR interface: what the software of his structure gets for a professional. Asked of one person a world.

It knows every patient of the world under a number of its own: what it knows opens nothing to him.
"""

from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from http import HTTPStatus
from random import Random
from urllib.parse import urlencode

from django.test import Client
from django.utils import timezone

from terresante.directory.models import Organization, Practitioner
from terresante.interop.enums import ApiScope
from terresante.interop.models import ApiAccess, ApiToken, Partner
from terresante.kernel.ids import new_id
from terresante.patients.models import IdentityDomain, SourceIdentity
from tests.access.oracle import model
from tests.access.oracle.build import Built
from tests.access.oracle.decisions import Compared, Door, each, one
from tests.access.oracle.model import Reader
from tests.walls import walls_down

_DOCUMENT = "documents.DocumentReference"


def interface(built: Built, chance: Random) -> Iterator[Compared]:
    people = [reader for reader in built.users if reader.kind == "professional" and reader.acts_for is None]
    # Whoever reaches several patients is shown the most; whoever works nowhere any more comes too.
    weights = [1 + 3 * len(_reached(built, reader)) for reader in people]
    for reader in chance.choices(people, weights, k=1):
        with walls_down():
            token, authority = _software_of(built, reader)
        client = Client(headers={"Authorization": f"Bearer {token}"})
        for patient in range(built.world.patients):
            yield from _found(built, client, reader, patient, authority)
        yield from _contents(built, client, reader, chance)


def _reached(built: Built, reader: Reader) -> set[int]:
    if built.actors.get(reader) is None:
        return set()
    return {n for n in range(built.world.patients) if model.basis(built.world, reader, n)}


def _software_of(built: Built, reader: Reader) -> tuple[str, str]:
    """Its token for him, and the authority under which it knows patient n as `n`."""
    structure = built.structures[reader.structure or 0]
    rpps = f"{new_id().int % 10**11:011d}"
    Practitioner.objects.filter(pk=built.people[reader.who or 0].pk).update(rpps=rpps)
    partner = Partner.objects.create(name=new_id().hex, editor="la preuve")
    access = ApiAccess.objects.create(
        partner=partner, organization=structure, scopes=ApiScope.values, opened_by_name="la preuve"
    )
    token = new_id().hex
    ApiToken.objects.create(
        access=access,
        token_hash=sha256(token.encode()).hexdigest(),
        scopes=ApiScope.values,
        rpps=rpps,
        expires_at=timezone.now() + timedelta(minutes=10),
    )
    return token, _numbers(built, structure)


def _numbers(built: Built, structure: Organization) -> str:
    domain = IdentityDomain.objects.create(authority=new_id().hex, name="API", organization=structure)
    for number, record in enumerate(built.records):
        SourceIdentity.objects.create(domain=domain, value=str(number), patient_id=record.patient_id)
    return domain.authority


def _found(built: Built, client: Client, reader: Reader, patient: int, authority: str) -> Iterator[Compared]:
    """ITI-67, by the number of his structure."""
    rows = [row for row in model.rows(built.world) if row.patient == patient]
    keys = {
        row.row: str(built.rows[_DOCUMENT, row.row]) for row in rows if (_DOCUMENT, row.row) in built.rows
    }
    may = {
        row.row
        for row in rows
        if row.row in keys and built.actors.get(reader) and model.reads(built.world, reader, row)
    }
    asked = urlencode({"patient.identifier": f"urn:oid:{authority}|{patient}", "_count": 100})
    answer = client.post(
        "/fhir/DocumentReference/_search", asked, content_type="application/x-www-form-urlencoded"
    )
    told = answer.json()
    found = {entry["resource"]["id"] for entry in told.get("entry", ())}
    shown = {number for number, key in keys.items() if key in found}
    said = f"{reader} finds the documents of patient {patient} by FHIR"
    yield each(Door.INTERFACE, shown, may, max(len(keys), 1), said)
    strangers = found - set(keys.values())
    yield one(Door.INTERFACE, (told.get("total", 0), strangers), (len(may), set()), f"{said}: how many")


def _contents(built: Built, client: Client, reader: Reader, chance: Random) -> Iterator[Compared]:
    """ITI-68, by forged addresses too."""
    documents = [row for row in model.rows(built.world) if (_DOCUMENT, row.row) in built.rows]
    for row in chance.sample(documents, min(2, len(documents))):
        expected = built.actors.get(reader) is not None and model.reads(built.world, reader, row)
        for kind in ("Binary", "DocumentReference"):
            answer = client.get(f"/fhir/{kind}/{built.rows[_DOCUMENT, row.row]}")
            got = answer.status_code == HTTPStatus.OK
            yield one(Door.INTERFACE, got, expected, f"{reader} gets {kind} of document {row.row} by FHIR")

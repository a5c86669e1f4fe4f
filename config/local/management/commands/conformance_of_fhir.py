"""Sends published FHIR resources through the real HTTP door, and compares the answers with an independent reading."""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.wsgi import get_wsgi_application
from django.db import connections

from config.local.management.commands.conformance_in_database import founder_of, organization_of, record_of
from config.local.management.commands.conformance_of_documents import give_matricule
from simulators.conformance.documented import Person
from simulators.conformance.reading import Identity
from simulators.conformance.resources import Sending, document_in, published_in, sendings_of
from simulators.partner.application import Application
from simulators.region.model import Moment, Paper
from simulators.region.papers import pdf
from terresante.accounts.models import User
from terresante.directory.enums import OrganizationKind, Profession, Source
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.documents.models import DocumentReference
from terresante.interop.enums import ApiScope
from terresante.interop.models import ApiAccess, Partner, PartnerKey
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.patients.actions import link_identity
from terresante.patients.models import IdentityDomain

_JOB = Actor.job("conformance")
_RPPS = "10101010101"
_PAPER = pdf(
    Paper(
        at=Moment(days=0, hour=9, minute=0),
        author="",
        type="34133-9",
        title="Essai",
        text="Un document d’essai.",
        signature="Dr Essai",
    )
)


@dataclass(frozen=True, slots=True)
class Played:
    sending: Sending
    status: int
    where: str
    differences: tuple[str, ...]

    def __str__(self) -> str:
        verdict = "conforme" if not self.differences else f"DIFFÉRENT : {', '.join(self.differences)}"
        return f"{self.status}  {(self.where or '·')[:62]:62}  {verdict}  {self.sending.name}"


class Command(BaseCommand):
    help = (
        "Envoie des ressources FHIR publiées par la vraie porte HTTP et compare les réponses à leur profil."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        sendings = sendings_of(published_in(folder), _PAPER)
        if not sendings:
            self.stdout.write("Aucune ressource de PDSm dans ce dossier.")
            return
        software, patients = _prepared(sendings)
        with _served():
            software.scopes = (ApiScope.SUBMIT, ApiScope.SUBMIT_ONE)
            _token(software)
            played = []
            for sending in sendings:
                played.append(_play(software, sending, patients))
                self.stdout.write(str(played[-1]))
            read = _read_again(software, sendings, played)
        outcomes = Counter(each.status for each in played)
        told = ", ".join(f"{count} × {status}" for status, count in sorted(outcomes.items()))
        self.stdout.write(f"\n{len(played)} envois : {told} ; {read} documents relus par ITI-67 et ITI-68.")
        wrong = sum(bool(each.differences) for each in played)
        if wrong:
            raise CommandError(f"{wrong} envoi(s) sur {len(played)} n’ont pas la réponse attendue.")
        self.stdout.write(f"{len(played)} envois FHIR conformes.")


def _prepared(sendings: Sequence[Sending]) -> tuple[Application, dict[Identity, UUID]]:
    """A practice whose software has its access, and a record for each person whom it may name."""
    practice = organization_of("Cabinet FHIR", OrganizationKind.GROUP_PRACTICE)
    founder = founder_of(practice)
    person_id = cast(UUID, founder.person_id)  # a professional has one
    user = User.objects.create(login="fhir@example.org", name="Camille", email="fhir@example.org")
    Practitioner.objects.filter(pk=person_id).update(rpps=_RPPS, user=user)
    PractitionerRole.objects.create(
        practitioner_id=person_id,
        organization=practice,
        profession=Profession.DOCTOR,
        period_start="2020-01-01",
        source=Source.LOCAL,
    )
    records: dict[Identity, tuple[Person, UUID]] = {}
    for sending in sendings:
        found = record_of(founder, sending.identity, records) if sending.identity else None
        value, authority = sending.number
        if found is not None and value:
            domain, _ = IdentityDomain.objects.get_or_create(
                authority=authority, defaults={"name": "Cabinet", "organization": practice}
            )
            link_identity(_JOB, found[1], domain=domain, value=value)
        elif found is not None and sending.matricule:
            give_matricule(found[1], *sending.matricule)
    return _software(practice), {identity: patient for identity, (_, patient) in records.items()}


def _software(practice: Organization) -> Application:
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    partner = Partner.objects.create(name="Logiciel FHIR", editor="Conformité")
    partner.organizations.add(practice)
    key = PartnerKey.objects.create(
        partner=partner, public_key=public, algorithm="ES256", added_by_name="conformité"
    )
    # As opening an access gives it to a structure that gives no numbers (`open_access`).
    if not practice.identity_domains.exists():
        own = f"urn:uuid:{practice.pk}"
        IdentityDomain.objects.create(authority=own, name="Cabinet", organization=practice)
    access = ApiAccess.objects.create(
        partner=partner, organization=practice, scopes=ApiScope.values, opened_by_name="conformité"
    )
    return Application(
        platform=settings.BASE_URL,
        client_id=str(access.pk),
        key_id=str(key.pk),
        private_key=private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    )


@contextmanager
def _served() -> Iterator[None]:
    """The platform's own pages, on the address for which tokens are asked, in a thread of their own."""
    port = urlsplit(settings.BASE_URL).port or 80
    server = make_server("127.0.0.1", port, get_wsgi_application(), WSGIServer, _Silent)

    def serve() -> None:
        try:
            server.serve_forever(poll_interval=0.05)
        finally:
            connections.close_all()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: addresses name documents."""


def _token(software: Application) -> None:
    reply = software.ask_token()
    if reply.status != 200:
        raise CommandError(f"Aucun jeton : {reply.told}")


def _play(software: Application, sending: Sending, patients: dict[Identity, UUID]) -> Played:
    reply = software.ask("POST", sending.path, body=json.dumps(sending.resource).encode())
    where = next(iter(reply.expressions), "") if reply.status >= 400 else ""
    differences = []
    if (reply.status, where) != (sending.expected.status, sending.expected.where):
        differences.append(f"{sending.expected.status} {sending.expected.where} attendu".strip())
    elif reply.status < 300 and sending.identity is not None:
        differences += _differences(sending, patients[sending.identity])
    return Played(sending, reply.status, where, tuple(differences))


def _differences(sending: Sending, patient_id: UUID) -> list[str]:
    """Of what is filed, with what was sent, read again as JSON."""
    sent = document_in(sending)
    attachment = sent["content"][0]["attachment"]
    name = sent["masterIdentifier"]["value"].removeprefix("urn:oid:").removeprefix("urn:uuid:")
    with rls.acting(_JOB):
        rls.open_record(patient_id)
        row = DocumentReference.objects.filter(patient_id=patient_id, sender_identifier=name).first()
    if row is None:
        return ["déposé attendu"]
    said = {
        "type": (row.type, sent["type"]["coding"][0]["code"]),
        "titre": (row.title, attachment["title"]),
        "date": (row.dated_on.isoformat(), attachment["creation"][:10]),
        "fichier": (row.size, attachment["size"]),
        "visibilité": ((row.private_to_id, row.hidden_from_patient), (None, False)),
        "auteur": (bool(row.written_by), True),
    }
    return [f"{name} {ours!s} ≠ {theirs!s}" for name, (ours, theirs) in said.items() if ours != theirs]


def _read_again(software: Application, sendings: Sequence[Sending], played: Sequence[Played]) -> int:
    """By the professional whose record it is: what was filed is found, and its bytes are those that were sent."""
    software.scopes, software.rpps = (ApiScope.FIND, ApiScope.RETRIEVE), _RPPS
    _token(software)
    # A search names its person by a number of her structure.
    filed = [each for each in played if each.status < 300 and each.sending.number[0]]
    count = 0
    for number, authority in dict.fromkeys(each.number for each in sendings if each.number[0]):
        reply = software.find("DocumentReference", patient_identifier=f"urn:oid:{authority}|{number}")
        for entry in reply.told.get("entry", []):
            url = entry["resource"]["content"][0]["attachment"]["url"]
            if software.ask("GET", url, accept="*/*").body != _PAPER:
                raise CommandError("Un document relu n’est pas celui qui a été déposé.")
            count += 1
    if count != len(filed):
        raise CommandError(f"{count} document(s) relu(s), {len(filed)} déposé(s).")
    return count

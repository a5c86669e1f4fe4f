"""An application of the practice of Dr Amar, and Madeleine as that practice knows her."""

from dataclasses import replace
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings
from django.test import Client

from simulators.hospital.messages import Authority
from simulators.partner.application import Application, Reply
from simulators.partner.resources import Document
from terresante.directory.models import Organization, Practitioner
from terresante.interop.cda.tests import letters
from terresante.interop.enums import ApiScope
from terresante.interop.models import ApiAccess, Partner, PartnerKey
from terresante.interop.tests import papers
from terresante.patients.models import IdentityDomain, SourceIdentity
from tests.walls import walls_down

AUTHORITY = "1.2.250.1.71.9"
RPPS = {"amar": "10101010101", "ines": "10101010103", "brun": "10101010102", "jules": "10101010104"}
KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def carried(client=None):
    """By Django's own client, instead of a socket."""
    browser = client or Client()

    def carry(method, path, headers, body):
        told = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        kind = told.pop("HTTP_CONTENT_TYPE", "application/octet-stream")
        answer = browser.generic(method, path, body, content_type=kind, **told)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[union-attr]
        return Reply(answer.status_code, answer.headers, content)

    return carry


def connect(cast, at="amar", *, authority=AUTHORITY, scopes=tuple(ApiScope.values), **changes):
    """The software of the practice where this person works; it knows Madeleine or Léon under A1."""
    with walls_down():
        for name, number in RPPS.items():
            Practitioner.objects.filter(pk=getattr(cast, name).person_id).update(rpps=number)
        practice = Organization.objects.get(pk=getattr(cast, at).organization_id)
        partner, _ = Partner.objects.get_or_create(
            name=f"Logiciel {practice.name}", defaults={"editor": "Éditeur d’essai"}
        )
        partner.organizations.add(practice)
        key = PartnerKey.objects.create(
            partner=partner, public_key=PEM, algorithm="ES256", added_by_name="essai"
        )
        access, _ = ApiAccess.objects.get_or_create(
            partner=partner,
            organization=practice,
            defaults={"scopes": list(scopes), "opened_by_name": "essai"},
        )
        domain, _ = IdentityDomain.objects.get_or_create(
            authority=authority, defaults={"name": "Cabinet", "organization": practice}
        )
        record = cast.madeleine_record if at in ("amar", "ines") else cast.leon_record
        SourceIdentity.objects.get_or_create(domain=domain, value="A1", patient_id=record.patient_id)
    told = Application(
        platform=settings.BASE_URL,
        client_id=str(access.pk),
        key_id=str(key.pk),
        private_key=PRIVATE,
        carry=carried(),
    )
    return replace(told, **changes)


def ready(cast, at="amar", **changes):
    """With its token."""
    application = connect(cast, at, **changes)
    reply = application.ask_token()
    assert reply.status == 200, reply.told
    return application


def reader(cast, who="amar", **changes):
    return ready(cast, who, rpps=RPPS[who], **changes)


def madeleine(cast, **changes):
    told = {"ipp": "A1", "authority": Authority("CABINET", AUTHORITY)} | changes
    return papers.whose(cast.madeleine_record, **told)


def paper(cast, number="1", **changes):
    """A PDF about Madeleine."""
    person = changes.pop("person", None) or madeleine(cast)
    content = changes.pop("content", letters.PDF + f"% {number}".encode())
    return Document(person=person, content=content, identifier=f"1.2.250.1.999.7.{number}", **changes)


def letter(cast, number="1", **changes):
    """A CDA about Madeleine."""
    person = changes.pop("person", None) or madeleine(cast)
    raw = papers.letter(person, number)
    told = {"kind": "text/xml", "identifier": f"1.2.250.1.999.9.{number}"} | changes
    return Document(person=person, content=raw, **told)


def sha256_hex(content):
    return sha256(content).hexdigest()


def make_known(cast, authority, value):
    """The practice of this authority knows Madeleine too, under a number of its own."""
    with walls_down():
        domain = IdentityDomain.objects.get(authority=authority)
        SourceIdentity.objects.create(domain=domain, value=value, patient_id=cast.madeleine_record.patient_id)

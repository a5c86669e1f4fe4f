"""A professional's own software and the tokens by which it opens a patient here."""

import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from terresante.directory.models import Organization, Practitioner
from terresante.interop.models import Partner, PartnerKey
from terresante.kernel.ids import new_id
from terresante.patients.models import IdentityDomain, SourceIdentity
from tests.walls import walls_down

RPPS = {"amar": "10101010101", "brun": "10101010102"}
PRIVATE = ec.generate_private_key(ec.SECP256R1())
AUTHORITY = "1.2.250.1.71.9"


def public_pem(private):
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def software(cast):
    """The practice of Dr Amar uses it; it knows Madeleine by a number of its own."""
    with walls_down():
        for name, rpps in RPPS.items():
            Practitioner.objects.filter(pk=getattr(cast, name).person_id).update(rpps=rpps, idnps=f"8{rpps}")
        practice = Organization.objects.get(pk=cast.amar.organization_id)
        partner = Partner.objects.create(name="Logiciel du cabinet", editor="Éditeur d’essai")
        partner.organizations.add(practice)
        key = PartnerKey.objects.create(
            partner=partner, public_key=public_pem(PRIVATE), algorithm="ES256", added_by_name="essai"
        )
        domain = IdentityDomain.objects.create(authority=AUTHORITY, name="Cabinet", organization=practice)
        SourceIdentity.objects.create(domain=domain, value="A1", patient_id=cast.madeleine_record.patient_id)
    return key


MADELEINE = {
    "birth_name": "Leroux",
    "birth_given_names": "Madeleine",
    "birth_date": "1939-04-02",
    "sex": "F",
    "birth_place_code": "94028",
    "ipp": {"value": "A1", "authority": AUTHORITY},
}


def token(key, *, who="amar", patient=None, signed_by=PRIVATE, algorithm="ES256", kid=None, **changed):
    now = int(time.time())
    claims = {
        "iss": str(key.partner_id),
        "aud": settings.BASE_URL,
        "iat": now,
        "exp": now + 60,
        "jti": str(new_id()),
        "ps": {"rpps": RPPS.get(who, who)},
        "patient": MADELEINE | (patient or {}),
    } | changed
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, signed_by, algorithm=algorithm, headers={"kid": kid or str(key.pk)})


def call(client, sent):
    return client.post("/appel-contextuel/", {"token": sent})

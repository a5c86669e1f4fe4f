"""The certificate of a CPS card, as our proxy hands it over after its owner gave his code. Pure.

ANS, « IGC-Santé, les gabarits des certificats X.509 »: the subject of a person is `CN=<national id>+SN=…+GN=…,
title=…, C=FR`; the national id (8 and RPPS, 0 and ADELI, 3 and FINESS/internal for the staff of an establishment) is
the common name; some older ranges repeat it in serialNumber, read when the common name holds no such number. The
authority is « AC IGC-SANTE FORT PERSONNES » or its test twin: those of the deployment's file, and no other.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from terresante.accounts.federation.refusals import NotOpened

_NATIONAL_ID = re.compile(r"[0-9][0-9A-Z/]{8,60}")
_SMALLEST_RSA = 2048  # bits
_SENTENCES = {
    "certificate": (
        "Le certificat présenté n’est pas celui, d’authentification, d’une carte CPS. Insérez votre carte "
        "puis recommencez."
    ),
    "authority": "Ce certificat n’a pas été délivré par une autorité reconnue ici. Insérez votre carte CPS.",
    "validity": "Le certificat de votre carte n’est pas en cours de validité. Renouvelez-la auprès de l’ANS.",
    "revoked": "Votre carte a été mise en opposition. Connectez-vous autrement, et contactez l’ANS.",
    "revocation_unknown": (
        "La validité de votre carte ne peut pas être vérifiée pour le moment. Connectez-vous autrement."
    ),
}


def card_refused(step: str) -> NotOpened:
    return NotOpened(step, _SENTENCES[step], is_settled=False)


def national_id_of(
    der: bytes,
    *,
    authorities: Sequence[x509.Certificate],
    revocations: Sequence[x509.CertificateRevocationList] | None,
    now: datetime,
) -> str:
    """`revocations`: None when the deployment checks them in its proxy. Raises NotOpened."""
    try:
        held = x509.load_der_x509_certificate(der)
        authority = _issuer(held, authorities)
        _check_use(held)
    except (ValueError, x509.ExtensionNotFound) as error:
        raise card_refused("certificate") from error
    if not held.not_valid_before_utc <= now <= held.not_valid_after_utc:
        raise card_refused("validity")
    if revocations is not None:
        _check_revocation(held, authority, revocations, now)
    return _national_id(held)


def _issuer(held: x509.Certificate, authorities: Sequence[x509.Certificate]) -> x509.Certificate:
    for authority in authorities:
        if authority.subject == held.issuer:
            try:
                held.verify_directly_issued_by(authority)
            except (ValueError, TypeError, InvalidSignature):
                continue
            return authority
    raise card_refused("authority")


def _check_use(held: x509.Certificate) -> None:
    """A card also holds a certificate to sign documents: it does not log in. Raises ExtensionNotFound, NotOpened."""
    uses = held.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    key, of_key = held.public_key(), held.extensions.get_extension_for_class(x509.KeyUsage).value
    is_weak = isinstance(key, RSAPublicKey) and key.key_size < _SMALLEST_RSA
    if ExtendedKeyUsageOID.CLIENT_AUTH not in uses or not of_key.digital_signature or is_weak:
        raise card_refused("certificate")


def _check_revocation(
    held: x509.Certificate,
    authority: x509.Certificate,
    revocations: Sequence[x509.CertificateRevocationList],
    now: datetime,
) -> None:
    """A list that is missing, forged or out of date is a card that nobody vouches for."""
    key = authority.public_key()
    for listed in revocations:
        is_current = listed.next_update_utc is not None and listed.next_update_utc >= now
        if listed.issuer == authority.subject and is_current and listed.is_signature_valid(key):  # type: ignore[arg-type]  # RSA or EC
            if listed.get_revoked_certificate_by_serial_number(held.serial_number) is not None:
                raise card_refused("revoked")
            return
    raise card_refused("revocation_unknown")


def _national_id(held: x509.Certificate) -> str:
    for name in (NameOID.COMMON_NAME, NameOID.SERIAL_NUMBER):
        for attribute in held.subject.get_attributes_for_oid(name):
            value = str(attribute.value).strip()
            if _NATIONAL_ID.fullmatch(value):
                return value
    raise card_refused("certificate")

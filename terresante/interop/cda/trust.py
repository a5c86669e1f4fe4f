"""What stands behind the certificate of a signature: authorities that this deployment believes (docs/operations.md).

Nothing is fetched: neither a missing certificate of a chain nor a revocation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)
from django.core.exceptions import ImproperlyConfigured

_FILES = frozenset({".pem", ".crt", ".cer", ".der"})


class Trust(StrEnum):
    # Nobody was said to be believed.
    NOT_ASKED = "not_asked"
    TRUSTED = "trusted"
    # By an authority that is believed, and not at the moment that the signature says.
    OUT_OF_TIME = "out_of_time"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standing:
    """`chain` are the names of the authorities, from the signer's own to the one that is believed."""

    trust: Trust
    chain: tuple[str, ...] = ()


NOT_ASKED = Standing(Trust.NOT_ASKED)


def authorities_of(place: str) -> tuple[x509.Certificate, ...]:
    """Of a file, or of each file of a folder (PEM, one or several, or DER). Raises ImproperlyConfigured."""
    if not place:
        return ()
    path = Path(place)
    files = (
        sorted(each for each in path.iterdir() if each.suffix.lower() in _FILES) if path.is_dir() else [path]
    )
    found = tuple(certificate for file in files for certificate in _read(file))
    if not found:
        raise ImproperlyConfigured(f"TERRESANTE_SIGNATURE_AUTHORITIES : aucun certificat dans {place}.")
    return found


def _read(file: Path) -> list[x509.Certificate]:
    try:
        content = file.read_bytes()
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_certificates(content)
        return [x509.load_der_x509_certificate(content)]
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(
            f"TERRESANTE_SIGNATURE_AUTHORITIES : {file} n’est pas un certificat lisible (PEM ou DER)."
        ) from error


def standing_of(
    signer: x509.Certificate,
    others: Sequence[x509.Certificate],
    *,
    authorities: Sequence[x509.Certificate],
    at: datetime,
) -> Standing:
    """At the moment of the signature; `others` are the certificates that came with it."""
    if not authorities:
        return NOT_ASKED
    chain = _chain(signer, others, authorities, at)
    if chain is not None:
        return Standing(Trust.TRUSTED, chain)
    # Of its first day, so that an authority is told from a date.
    chain = _chain(signer, others, authorities, signer.not_valid_before_utc)
    return Standing(Trust.UNKNOWN) if chain is None else Standing(Trust.OUT_OF_TIME, chain)


def _chain(
    signer: x509.Certificate,
    others: Sequence[x509.Certificate],
    authorities: Sequence[x509.Certificate],
    at: datetime,
) -> tuple[str, ...] | None:
    policy = PolicyBuilder().store(Store(list(authorities))).time(at)
    policy = policy.extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=_SIGNER)
    try:
        verified = policy.build_client_verifier().verify(signer, list(others))
    except (VerificationError, ValueError):  # ValueError: an extension that is none
        return None
    return tuple(name_of(each) for each in verified.chain[1:])


def name_of(certificate: x509.Certificate) -> str:
    """Of a person, as she is called and her number; of an authority, its name."""
    try:
        number, family, given = (
            _said(certificate.subject.get_attributes_for_oid(oid))
            for oid in (NameOID.COMMON_NAME, NameOID.SURNAME, NameOID.GIVEN_NAME)
        )
    except ValueError:
        return ""
    person = " ".join(part for part in (given, family) if part)
    if not person or not family or family.casefold() in number.casefold():
        return number or person
    return f"{person} ({number})" if number else person


def _said(found: Iterable[x509.NameAttribute[str | bytes]]) -> str:
    said = next((str(each.value) for each in found), "")
    return "".join(sign for sign in " ".join(said.split()) if sign.isprintable())[:120]


def _signs(policy: Policy, certificate: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    """Asked by the verification; what it raises refuses the chain."""
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise ValueError("the certificate is not for signing")


# Certificates of persons name no host: what the web asks of a certificate is not asked of theirs.
_SIGNER = ExtensionPolicy.permit_all().may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _signs)

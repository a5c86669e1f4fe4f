"""The XML signature that a document carries (XMLDSig, alone or inside XAdES): who signed, and whether that is what
stands here.

The certificate is the one inside: its authority is not looked for, so that this says who claims to have signed, never
that it is he. SHA-1 is not believed.
"""

from base64 import b64decode
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.exceptions import InvalidDigest, InvalidSignature
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from terresante.interop.cda.model import CdaDocument
from terresante.interop.cda.parsing import NAMESPACE, Element

_DS = "http://www.w3.org/2000/09/xmldsig#"
_DOCUMENT = f"{{{NAMESPACE}}}ClinicalDocument"
_HOW = SignatureConfiguration(require_x509=True, location=".//", expect_references=True)


class Verdict(StrEnum):
    INTACT = "intact"
    CHANGED = "changed"
    # It signs something, which is not the document.
    ELSEWHERE = "elsewhere"
    # Several signatures, no certificate, an algorithm that is not believed any more.
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Signature:
    """`signer` is the name on the certificate inside; '' when it has none, or there is none."""

    verdict: Verdict
    signer: str = ""


def signature_of(document: CdaDocument, content: bytes) -> Signature | None:
    """None for a document that carries none. `content` is the file that `document` was read from. Nothing raises."""
    signed = list(document.element.getroottree().getroot().iter(f"{{{_DS}}}Signature"))
    if not signed:
        return None
    certificate = _certificate(signed[0])
    if certificate is None or len(signed) > 1:
        return Signature(Verdict.UNCHECKED)
    return Signature(_verdict(content, certificate), _signer(certificate))


def _verdict(content: bytes, certificate: x509.Certificate) -> Verdict:
    """The file is read again as it was signed: with its comments and its instructions."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        found = XMLVerifier().verify(
            etree.fromstring(content, parser), x509_cert=certificate, expect_config=_HOW
        )
    except (InvalidDigest, InvalidSignature):
        return Verdict.CHANGED
    except Exception:  # noqa: BLE001 -- whatever a sender wrote there, the document is shown, and its signature is not
        return Verdict.UNCHECKED
    results = found if isinstance(found, list) else [found]
    return Verdict.INTACT if any(_holds_document(each) for each in results) else Verdict.ELSEWHERE


def _holds_document(result: VerifyResult) -> bool:
    signed = result.signed_xml
    return signed is not None and next(signed.iter(_DOCUMENT), None) is not None


def _certificate(signature: Element) -> x509.Certificate | None:
    """The first one: the signer's, before those of its authorities."""
    held = next(signature.iter(f"{{{_DS}}}X509Certificate"), None)
    try:
        return None if held is None else x509.load_der_x509_certificate(b64decode(held.text or ""))
    except ValueError:
        return None


def _signer(certificate: x509.Certificate) -> str:
    try:
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:
        return ""
    said = str(names[0].value) if names else ""
    return "".join(sign for sign in " ".join(said.split()) if sign.isprintable())[:120]

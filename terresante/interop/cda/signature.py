"""The XML signature that a document carries (XMLDSig, alone or inside XAdES): who signed, and whether that is what
stands here.

The certificate is the one inside. Without authorities to believe (`trust`), this says who claims to have signed, never
that it is he. SHA-1 is not believed.
"""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice

from cryptography import x509
from django.utils import timezone
from lxml import etree
from signxml.exceptions import InvalidDigest, InvalidSignature
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from terresante.interop.cda.model import CdaDocument
from terresante.interop.cda.parsing import NAMESPACE, Element, local_name
from terresante.interop.cda.trust import NOT_ASKED, Standing, name_of, standing_of

_DS = "http://www.w3.org/2000/09/xmldsig#"
_SIGNED_AT = "{http://uri.etsi.org/01903/v1.3.2#}SigningTime"
_DOCUMENT = f"{{{NAMESPACE}}}ClinicalDocument"
# Beyond, no calendar conversion holds.
_YEARS = range(1800, 9999)
# Of each: a signature of XAdES has three references, of a transformation or two, and the certificates of a chain. More
# of them would have the whole document read again, or paths of authorities tried, as often as their sender likes.
_MOST = 20
_BOUNDED = tuple(f"{{{_DS}}}{name}" for name in ("Reference", "Transform", "X509Certificate"))
_HOW = SignatureConfiguration(require_x509=True, location=".//", expect_references=True)


class Verdict(StrEnum):
    INTACT = "intact"
    CHANGED = "changed"
    # It signs something, which is not the document.
    ELSEWHERE = "elsewhere"
    # Several signatures, no certificate, an algorithm that is not believed any more, words put inside the signature,
    # more references than anybody needs.
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Signature:
    """`signer` is the name on the certificate inside; '' when it has none, or there is none. `at` is when it says that
    it was made, else the date of the document: nobody vouches for it.
    """

    verdict: Verdict
    signer: str = ""
    standing: Standing = NOT_ASKED
    at: datetime | None = None


def signature_of(
    document: CdaDocument, content: bytes, *, authorities: Sequence[x509.Certificate] = ()
) -> Signature | None:
    """None for a document that carries none. `content` is the file that `document` was read from. Nothing raises."""
    signed = list(document.element.getroottree().getroot().iter(f"{{{_DS}}}Signature"))
    if not signed:
        return None
    if len(signed) > 1 or _is_outsized(signed[0]) or _adds_to(document.element, signed[0]):
        return Signature(Verdict.UNCHECKED)
    certificates = _certificates(signed[0])
    if not certificates:
        return Signature(Verdict.UNCHECKED)
    signer, *others = certificates
    verdict, results = _verified(content, signer)
    if verdict is not Verdict.INTACT:
        return Signature(verdict, name_of(signer))
    at = _signed_at(results) or document.header.dated_at
    standing = standing_of(signer, others, authorities=authorities, at=min(at, timezone.now()))
    return Signature(verdict, name_of(signer), standing, at)


def _is_outsized(signature: Element) -> bool:
    return any(len(list(islice(signature.iter(name), _MOST + 1))) > _MOST for name in _BOUNDED)


def _adds_to(document: Element, signature: Element) -> bool:
    """Whether something inside it would be read as the document's. A signature is left out of what it signs, wherever
    it stands: whoever carries the file may move it, and write in it.
    """
    if document not in signature.iterancestors():
        return False
    inside = signature.iterdescendants("*")
    return signature.getparent() is not document or any(each.get("ID") or local_name(each) for each in inside)


def _verified(content: bytes, certificate: x509.Certificate) -> tuple[Verdict, list[VerifyResult]]:
    """The file is read again as it was signed: with its comments and its instructions. A certificate that has ended
    since changes nothing of what it signed.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    then = replace(_HOW, verification_time=certificate.not_valid_before_utc)
    try:
        found = XMLVerifier().verify(
            etree.fromstring(content, parser), x509_cert=certificate, expect_config=then
        )
    except (InvalidDigest, InvalidSignature):
        return Verdict.CHANGED, []
    except Exception:  # noqa: BLE001 -- whatever a sender wrote there, the document is shown, and its signature is not
        return Verdict.UNCHECKED, []
    results = found if isinstance(found, list) else [found]
    return Verdict.INTACT if any(_holds_document(each) for each in results) else Verdict.ELSEWHERE, results


def _holds_document(result: VerifyResult) -> bool:
    signed = result.signed_xml
    return signed is not None and next(signed.iter(_DOCUMENT), None) is not None


def _signed_at(results: Sequence[VerifyResult]) -> datetime | None:
    """Of XAdES, which signs it too."""
    for result in results:
        said = None if result.signed_xml is None else next(result.signed_xml.iter(_SIGNED_AT), None)
        try:
            at = datetime.fromisoformat((said.text or "").strip()) if said is not None else None
        except ValueError:
            continue
        if at is not None and at.year in _YEARS:
            return at if at.tzinfo else at.replace(tzinfo=UTC)
    return None


def _certificates(signature: Element) -> list[x509.Certificate]:
    """The signer's, then those of its authorities; none when one cannot be read."""
    held = signature.iter(f"{{{_DS}}}X509Certificate")
    try:
        return [x509.load_der_x509_certificate(b64decode(each.text or "")) for each in held]
    except ValueError:
        return []

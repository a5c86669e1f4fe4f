"""Documents signed as XMLDSig says: by whom, and whether they are what was signed."""

import re
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives import serialization
from lxml import etree
from signxml.algorithms import SignatureConstructionMethod as methods
from signxml.algorithms import SignatureMethod
from signxml.signer import XMLSigner

from terresante.interop.cda.body import read_cda
from terresante.interop.cda.shown import CdaReader
from terresante.interop.cda.signature import Verdict, signature_of
from terresante.interop.cda.tests import letters
from terresante.interop.mllp.tests.test_listener import issued

CERTIFICATE, KEY = issued("Dr Anne ESSAI")
WHOLE = letters.structured()


def signed(content=WHOLE, *, method=methods.enveloped, **options):
    signer = XMLSigner(method=method, signature_algorithm=SignatureMethod.ECDSA_SHA256)
    root = signer.sign(etree.fromstring(content), key=KEY, cert=[CERTIFICATE], **options)
    return etree.tostring(root)


def found(raw):
    return signature_of(read_cda(raw), raw)


@pytest.mark.parametrize("method", [methods.enveloped, methods.enveloping])
def test_a_signed_document_says_by_whom_and_that_it_is_what_was_signed(method):
    raw = signed(method=method)

    told = found(raw)

    assert (told.verdict, told.signer) == (Verdict.INTACT, "Dr Anne ESSAI")
    assert CdaReader().read(raw).signature == (
        "Signé par Dr Anne ESSAI : intègre depuis sa signature ; l’autorité du certificat n’est pas vérifiée ici"
    )
    assert read_cda(raw).header.title == read_cda(WHOLE).header.title


def test_a_document_without_a_signature_says_nothing_of_one():
    assert found(WHOLE) is None
    assert CdaReader().read(WHOLE).signature == ""


def test_one_word_changed_after_the_signature_is_seen():
    raw = signed()

    told = found(raw.replace(b"Asthme", b"Aucun"))

    assert (told.verdict, told.signer) == (Verdict.CHANGED, "Dr Anne ESSAI")
    assert "signature invalide" in CdaReader().read(raw.replace(b"Asthme", b"Aucun")).signature


def test_the_certificate_of_somebody_else_does_not_sign():
    other, _ = issued("Dr Paul AUTRE")
    theirs = b64encode(other.public_bytes(serialization.Encoding.DER))
    raw = re.sub(rb"(X509Certificate>)[^<]+", rb"\1" + theirs, signed())

    told = found(raw)

    assert (told.verdict, told.signer) == (Verdict.CHANGED, "Dr Paul AUTRE")


def test_a_signature_of_something_else_is_not_the_document_s():
    root = etree.Element("lot")
    note = etree.SubElement(root, "note", Id="n1")
    note.text = "rien"
    root.append(etree.fromstring(WHOLE))
    apart = signed(etree.tostring(root), method=methods.detached, reference_uri="#n1")
    root.append(etree.fromstring(apart))

    assert found(etree.tostring(root)).verdict is Verdict.ELSEWHERE


@pytest.mark.parametrize(
    ("what", "instead"),
    [
        (b"X509Certificate", b"X509Nothing"),
        (b"xmldsig-more#ecdsa-sha256", b"xmldsig-more#ecdsa-sha1"),
        (b"xml-c14n11", b"xml-c14n99"),
    ],
    ids=["no certificate", "an algorithm of the past", "an unknown transformation"],
)
def test_what_cannot_be_checked_is_said_unchecked(what, instead):
    raw = signed().replace(what, instead)

    assert found(raw).verdict is Verdict.UNCHECKED
    assert "non vérifiée" in CdaReader().read(raw).signature


def test_several_signatures_are_not_checked_one_for_the_other():
    raw = signed()
    start, end = raw.index(b"<ds:Signature "), raw.index(b"</ds:Signature>") + 15

    assert found(raw[:end] + raw[start:end] + raw[end:]).verdict is Verdict.UNCHECKED


@pytest.mark.parametrize(
    "held",
    [
        b'<ds:Object><words ID="n1">Aucune allergie</words></ds:Object>',
        b'<ds:Object><text xmlns="urn:hl7-org:v3">Aucune allergie</text></ds:Object>',
    ],
    ids=["what a reference would name", "what a section would hold"],
)
def test_words_put_inside_the_signature_after_it_was_made_are_never_said_signed(held):
    """It is left out of what it signs: whoever carries the file writes there."""
    raw = signed()
    changed = raw.replace(b"</ds:Signature>", held + b"</ds:Signature>")

    assert found(changed).verdict is Verdict.UNCHECKED
    assert "non vérifiée" in CdaReader().read(changed).signature


def test_a_signature_that_was_moved_into_a_section_is_not_checked():
    raw = signed()
    start, end = raw.index(b"<ds:Signature "), raw.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    without = raw[:start] + raw[end:]
    first, inside = without.index(b"<", 2), without.index(b"</section>")

    assert found(without[:first] + raw[start:end] + without[first:]).verdict is Verdict.INTACT
    assert found(without[:inside] + raw[start:end] + without[inside:]).verdict is Verdict.UNCHECKED


@pytest.mark.parametrize("many", ["references", "certificates"])
def test_a_signature_that_would_be_read_again_and_again_is_not_read(many):
    """Each of them true."""
    content = WHOLE.replace(b"<ClinicalDocument ", b'<ClinicalDocument ID="d" ')
    raw = signed(content, **({"reference_uri": ["#d"] * 21} if many == "references" else {}))
    if many == "certificates":
        start, end = raw.index(b"<ds:X509Certificate>"), raw.index(b"</ds:X509Certificate>") + 21
        raw = raw[:start] + raw[start:end] * 21 + raw[end:]

    assert found(raw).verdict is Verdict.UNCHECKED

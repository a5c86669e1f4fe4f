"""Signatures of which an authority that this deployment believes says whose they are; every authority is made here."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured
from lxml import etree
from signxml.algorithms import SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner
from signxml.xades.xades import XAdESSigner

from terresante.interop.cda.body import read_cda
from terresante.interop.cda.shown import CdaReader
from terresante.interop.cda.signature import Verdict, signature_of
from terresante.interop.cda.tests import letters
from terresante.interop.cda.trust import Trust, authorities_of
from terresante.kernel.ui.wording import long_date

WHOLE = letters.structured()
LONG_AGO, FAR = datetime(2015, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
PERSON = {NameOID.COMMON_NAME: "899700218896", NameOID.SURNAME: "ESSAI", NameOID.GIVEN_NAME: "Anne"}


def certified(
    subject, *, by=None, is_authority=False, start=LONG_AGO, end=FAR, usage=("content_commitment",)
):
    """(certificate, key), of `by`, else of itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(oid, said) for oid, said in subject.items()])
    issuer, issuer_key = by or (None, key)
    uses = dict.fromkeys(
        (
            *(
                "digital_signature",
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
            ),
            *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    ) | dict.fromkeys(("key_cert_sign", "crl_sign") if is_authority else usage, True)
    above = issuer.public_key() if issuer else key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**uses), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above), critical=False)
    )
    return builder.sign(issuer_key, hashes.SHA256()), key


ROOT = certified({NameOID.COMMON_NAME: "Racine d’essai"}, is_authority=True)
BETWEEN = certified({NameOID.COMMON_NAME: "AC Personnes d’essai"}, by=ROOT, is_authority=True)
ANNE = certified(PERSON, by=BETWEEN)
OTHER = certified({NameOID.COMMON_NAME: "Racine d’ailleurs"}, is_authority=True)


def signed(signer, *others, xades=False, content=WHOLE):
    certificate, key = signer
    kind = XAdESSigner if xades else XMLSigner
    made = kind(
        method=SignatureConstructionMethod.enveloped, signature_algorithm=SignatureMethod.ECDSA_SHA256
    )
    chain = [certificate, *(each for each, _ in others)]
    return etree.tostring(made.sign(etree.fromstring(content), key=key, cert=chain))


def found(raw, *authorities):
    return signature_of(read_cda(raw), raw, authorities=[each for each, _ in authorities])


def said(raw, *authorities):
    return CdaReader(tuple(each for each, _ in authorities)).read(raw).signature


def test_a_chain_that_ends_at_an_authority_of_ours_says_whose_the_signature_is():
    raw = signed(ANNE, BETWEEN)

    assert found(raw, OTHER, ROOT).standing.trust is Trust.TRUSTED
    assert found(raw, OTHER, ROOT).standing.chain == ("AC Personnes d’essai", "Racine d’essai")
    assert said(raw, ROOT) == (
        "Signature vérifiée, signataire Anne ESSAI (899700218896) : certificat délivré par « AC Personnes d’essai », "
        "sous l’autorité de « Racine d’essai », valide le 12\xa0mars 2026, date que dit la signature ; "
        "sa révocation n’est pas cherchée ici"
    )


def test_what_a_sender_leaves_out_of_its_chain_may_be_given_with_the_authorities():
    raw = signed(ANNE)

    assert found(raw, ROOT).standing.trust is Trust.UNKNOWN
    assert found(raw, ROOT, BETWEEN).standing.trust is Trust.TRUSTED


def test_an_authority_of_elsewhere_vouches_for_nobody():
    raw = signed(ANNE, BETWEEN, ROOT)

    assert found(raw, OTHER).standing.trust is Trust.UNKNOWN
    assert said(raw, OTHER).endswith("son certificat ne vient d’aucune autorité reconnue ici")


def test_an_authority_that_bears_the_name_of_ours_is_not_ours():
    pretender = certified({NameOID.COMMON_NAME: "Racine d’essai"}, is_authority=True)
    raw = signed(certified(PERSON, by=pretender), pretender)

    assert found(raw, ROOT).standing.trust is Trust.UNKNOWN


def test_who_is_no_authority_vouches_for_nobody():
    raw = signed(certified({NameOID.COMMON_NAME: "Dr Paul AUTRE"}, by=ANNE), ANNE, BETWEEN)

    assert found(raw, ROOT).standing.trust is Trust.UNKNOWN


def test_a_certificate_that_is_not_for_signing_vouches_for_nothing():
    raw = signed(certified(PERSON, by=BETWEEN, usage=("key_encipherment",)), BETWEEN)

    assert found(raw, ROOT).standing.trust is Trust.UNKNOWN


def test_a_certificate_that_has_ended_since_was_valid_when_it_signed():
    """The letter is of 12 March 2026; so is the signature, which gives no date of its own."""
    then = certified(
        PERSON, by=BETWEEN, start=letters.AT - timedelta(days=9), end=letters.AT + timedelta(days=9)
    )
    raw = signed(then, BETWEEN)

    assert found(raw, ROOT).standing.trust is Trust.TRUSTED
    assert found(raw).verdict is Verdict.INTACT
    assert "intègre depuis sa signature" in said(raw)


@pytest.mark.parametrize("days", [(-900, -800), (800, 900)], ids=["ended before", "begun after"])
def test_a_certificate_that_was_not_valid_when_it_signed_is_told(days):
    start, end = (letters.AT + timedelta(days=number) for number in days)
    raw = signed(certified(PERSON, by=BETWEEN, start=start, end=end), BETWEEN)

    assert found(raw, ROOT).standing.trust is Trust.OUT_OF_TIME
    assert said(raw, ROOT).endswith("n’était pas valide le 12\xa0mars 2026, date que dit la signature")


def test_the_moment_is_that_of_the_signature_when_it_says_one():
    """XAdES signs it: today, and the letter is older than the certificate."""
    raw = signed(
        certified(PERSON, by=BETWEEN, start=datetime.now(UTC) - timedelta(hours=1)), BETWEEN, xades=True
    )
    told = found(raw, ROOT)

    assert (told.verdict, told.standing.trust) == (Verdict.INTACT, Trust.TRUSTED)
    assert abs(told.at - datetime.now(UTC)) < timedelta(minutes=10)
    assert f"valide le {long_date(told.at)}" in said(raw, ROOT)


def test_what_has_changed_is_vouched_for_by_nobody():
    raw = signed(ANNE, BETWEEN).replace(b"Asthme", b"Aucun")

    assert (found(raw, ROOT).verdict, found(raw, ROOT).standing.trust) == (Verdict.CHANGED, Trust.NOT_ASKED)
    assert "signature invalide" in said(raw, ROOT)


def test_without_authorities_a_signature_is_a_name():
    assert said(signed(ANNE, BETWEEN)) == (
        "Signé par Anne ESSAI (899700218896) : intègre depuis sa signature ; l’autorité du certificat n’est pas "
        "vérifiée ici"
    )


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def test_authorities_are_read_from_a_file_or_a_folder(tmp_path):
    (tmp_path / "sante.pem").write_bytes(pem(ROOT[0]) + pem(BETWEEN[0]))
    (tmp_path / "autre.cer").write_bytes(OTHER[0].public_bytes(serialization.Encoding.DER))
    (tmp_path / "LISEZMOI.txt").write_text("rien")

    assert authorities_of("") == ()
    assert set(authorities_of(str(tmp_path / "sante.pem"))) == {ROOT[0], BETWEEN[0]}
    assert set(authorities_of(str(tmp_path))) == {ROOT[0], BETWEEN[0], OTHER[0]}


@pytest.mark.parametrize("name", ["absent.pem", "faux.pem", "vide"])
def test_what_is_no_certificate_stops_the_start_with_a_sentence(tmp_path, name):
    (tmp_path / "faux.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (tmp_path / "vide").mkdir()

    with pytest.raises(ImproperlyConfigured, match="TERRESANTE_SIGNATURE_AUTHORITIES"):
        authorities_of(str(tmp_path / name))


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_no_calendar_holds_is_not_that_of_the_signature(moment):
    time = f'<SigningTime xmlns="http://uri.etsi.org/01903/v1.3.2#">{moment}</SigningTime>'
    content = WHOLE.replace(b"</ClinicalDocument>", time.encode() + b"</ClinicalDocument>")
    raw = signed(ANNE, BETWEEN, content=content)

    assert found(raw, ROOT).at == letters.AT
    assert said(raw).startswith("Signé par Anne ESSAI (899700218896) : intègre depuis sa signature")

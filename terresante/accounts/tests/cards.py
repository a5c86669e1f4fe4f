"""An authority that signs CPS cards, as « AC IGC-SANTE FORT PERSONNES » does; every key is made here."""

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.utils import timezone

RPPS = "10003456785"


class Authority:
    def __init__(self, name="AC IGC-SANTE FORT PERSONNES"):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._signed(self.name, self.key, is_authority=True)

    def card(self, number=f"8{RPPS}", **options):
        """DER."""
        return self.held(number, **options)[1].public_bytes(Encoding.DER)

    def held(self, number=f"8{RPPS}", **options):
        """Its key and certificate. The subject as the ANS writes it: national id, name and given name, profession."""
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
                x509.NameAttribute(NameOID.TITLE, "Médecin"),
                x509.NameAttribute(NameOID.SURNAME, "AMAR"),
                x509.NameAttribute(options.pop("attribute", NameOID.COMMON_NAME), number),
            ]
        )
        key = ec.generate_private_key(ec.SECP256R1())
        return key, self._signed(subject, key, **options)

    def _signed(self, subject, key, *, is_authority=False, days=(-10, 365), login=True, serial=None):
        now = timezone.now()
        use = ExtendedKeyUsageOID.CLIENT_AUTH if login else ExtendedKeyUsageOID.EMAIL_PROTECTION
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(serial or x509.random_serial_number())
            .not_valid_before(now + timedelta(days=days[0]))
            .not_valid_after(now + timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(_key_usage(is_authority), critical=True)
        )
        return builder.sign(self.key, hashes.SHA256())

    def revoking(self, *serials, days=1):
        now = timezone.now()
        listed = x509.CertificateRevocationListBuilder().issuer_name(self.name)
        listed = listed.last_update(now - timedelta(days=2)).next_update(now + timedelta(days=days))
        for serial in serials:
            entry = (
                x509.RevokedCertificateBuilder()
                .serial_number(serial)
                .revocation_date(now - timedelta(days=1))
            )
            listed = listed.add_revoked_certificate(entry.build())
        return listed.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)


def _key_usage(is_authority):
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )

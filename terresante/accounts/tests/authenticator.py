"""A passkey in software, as a telephone would answer (WebAuthn level 3, 6.5 and 7)."""

import json
import os
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    def __init__(self, *, origin="http://localhost:8000", domain="localhost"):
        self.origin, self.domain = origin, domain
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id, self.count, self.verifies = os.urandom(16), 0, True

    def create(self, options):
        cose = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        attested = {"fmt": "none", "attStmt": {}, "authData": self._data(_ATTESTED) + credential}
        told = {
            "clientDataJSON": self._client("webauthn.create", options),
            "attestationObject": websafe_encode(cbor.encode(attested)),
        }
        return self._answer(told)

    def get(self, options):
        self.count += 1
        data, client = self._data(0), self._client("webauthn.get", options)
        signed = data + sha256(self._raw_client("webauthn.get", options)).digest()
        told = {
            "clientDataJSON": client,
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(self.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
        }
        return self._answer(told)

    def _data(self, flags):
        flags |= _PRESENT | (_VERIFIED if self.verifies else 0)
        return sha256(self.domain.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind, options):
        return websafe_encode(self._raw_client(kind, options))

    def _raw_client(self, kind, options):
        told = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _answer(self, response):
        key = websafe_encode(self.id)
        told = {"id": key, "rawId": key, "type": "public-key", "response": response}
        return json.dumps({**told, "clientExtensionResults": {}})

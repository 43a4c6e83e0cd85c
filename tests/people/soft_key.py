"""A passkey made of software, as a device would answer: attestation "none", ES256."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


class SoftKey:
    """One key with its counter; `flags` and `origin` can be made wrong."""

    def __init__(self, host: str = "127.0.0.1", origin: str = "http://127.0.0.1:5000") -> None:
        self.host, self.origin, self.uses, self.flags = host, origin, 0, PRESENT | VERIFIED
        self.id, self.key = sha256(str(id(self)).encode()).digest(), ec.generate_private_key(ec.SECP256R1())

    def _said(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _data(self, flags: int) -> bytes:
        return sha256(self.host.encode()).digest() + bytes([flags]) + self.uses.to_bytes(4, "big")

    def _answer(self, **response: bytes) -> str:
        return json.dumps({"id": text(self.id), "rawId": text(self.id), "type": "public-key", "clientExtensionResults": {},
                           "response": {name: text(value) for name, value in response.items()}})

    def made(self, options: str) -> str:
        """What the device answers when it is asked for a new key."""
        numbers = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        data = self._data(self.flags | ATTESTED) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        said = self._said("webauthn.create", json.loads(options)["challenge"])
        return self._answer(clientDataJSON=said, attestationObject=cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data}))

    def signed(self, options: str) -> str:
        """What the device answers when it is asked to sign in."""
        self.uses += 1
        data, said = self._data(self.flags), self._said("webauthn.get", json.loads(options)["challenge"])
        return self._answer(clientDataJSON=said, authenticatorData=data, signature=self.key.sign(data + sha256(said).digest(), ec.ECDSA(SHA256())))

"""A security key in software: registers and signs as a browser and its authenticator would, rightly or wrongly.

It shares nothing with the server (Web Authentication Level 3, 6.1 to 6.5; RFC 9053 for its keys). Each field can be
turned to what an attacker or a broken key would do. With a `maker` (`tests/support/key_maker.py`) it shows who made it.
"""

import base64
import hashlib
import json
import os
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

ES256, EDDSA, ES384, RS256 = -7, -8, -35, -257
PRESENT, VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
MODEL = bytes.fromhex("8c1d1a5e3f0b4d2ba6f07a5c9e2d4b61")


def unpadded(value: bytes) -> str:
    """Encode as base64url without padding, as WebAuthn's JSON does."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(value: str) -> bytes:
    """Decode base64url without padding."""
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


@dataclass
class SecurityKey:
    """One key with one credential; `origin` and `rp_id` are where its browser believes to be."""

    origin: str = "http://localhost:8000"
    rp_id: str = "localhost"
    verifies: bool = True
    present: bool = True
    algorithm: int = ES256
    attestation: str = "packed"
    aaguid: bytes = MODEL
    synced: bool = False
    counts: bool = True
    cross_origin: bool = False
    count: int = 0
    user: str | None = None
    maker: Any = None
    id: bytes = field(default_factory=lambda: os.urandom(32))
    private: Any = None

    def registers(self, options: dict[str, Any], **wrong: Any) -> str:
        """Answer `navigator.credentials.create()`; `wrong` replaces parts of the client's data."""
        self.private = self.private or _new_key(self.algorithm)
        self.user = options["user"]["id"]
        data = self._authenticator_data(ATTESTED, self._attested())
        client = self._client_data("webauthn.create", options["challenge"], wrong)
        statement: dict[str, Any] = {}
        if self.attestation == "packed":
            statement = {"alg": self.algorithm, "sig": self._sign(data, client)}
        if self.attestation == "packed" and self.maker:
            statement = self.maker.attests(data + hashlib.sha256(client).digest())
        attested = {"fmt": self.attestation, "attStmt": statement, "authData": data}
        return self._answer(client, attestationObject=unpadded(cbor2.dumps(attested)), transports=["usb", "nfc"])

    def signs(self, options: dict[str, Any], **wrong: Any) -> str:
        """Answer `navigator.credentials.get()`; `wrong` replaces parts of the client's data."""
        data = self._authenticator_data()
        client = self._client_data("webauthn.get", options["challenge"], wrong)
        signed = {"authenticatorData": unpadded(data), "signature": unpadded(self._sign(data, client))}
        return self._answer(client, **signed, userHandle=self.user)

    def _authenticator_data(self, more: int = 0, extra: bytes = b"") -> bytes:
        self.count += 1 if self.counts else 0
        flags = more | PRESENT * self.present | VERIFIED * self.verifies
        flags |= (BACKUP_ELIGIBLE | BACKED_UP) * self.synced
        return hashlib.sha256(self.rp_id.encode()).digest() + struct.pack(">BI", flags, self.count) + extra

    def _attested(self) -> bytes:
        return self.aaguid + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(_public(self.private))

    def _client_data(self, kind: str, challenge: str, wrong: dict[str, Any]) -> bytes:
        data = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin}
        return json.dumps({**data, **wrong}).encode()

    def _sign(self, data: bytes, client: bytes) -> bytes:
        signed = data + hashlib.sha256(client).digest()
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(signed)
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(signed, padding.PKCS1v15(), SHA256())
        signature: bytes = self.private.sign(signed, ec.ECDSA(SHA384() if self.algorithm == ES384 else SHA256()))
        return signature

    def _answer(self, client: bytes, **response: Any) -> str:
        answer = {
            "id": unpadded(self.id),
            "rawId": unpadded(self.id),
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": {"clientDataJSON": unpadded(client), **response},
        }
        return json.dumps(answer)


def _new_key(algorithm: int) -> Any:
    if algorithm == EDDSA:
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm == RS256:
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP384R1() if algorithm == ES384 else ec.SECP256R1())


def _public(private: Any) -> dict[int, Any]:
    """Return the public key as COSE writes it (RFC 9053, 7; RFC 8230, 4)."""
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return {1: 1, 3: EDDSA, -1: 6, -2: private.public_key().public_bytes_raw()}
    numbers = private.public_key().public_numbers()
    if isinstance(private, rsa.RSAPrivateKey):
        return {1: 3, 3: RS256, -1: numbers.n.to_bytes(256, "big"), -2: numbers.e.to_bytes(3, "big")}
    curve, size, algorithm = (1, 32, ES256) if private.key_size == 256 else (2, 48, ES384)
    return {1: 2, 3: algorithm, -1: curve, -2: numbers.x.to_bytes(size, "big"), -3: numbers.y.to_bytes(size, "big")}

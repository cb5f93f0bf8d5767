"""A FIDO Metadata Service of one's own: signs a file under its own root, rightly or wrongly."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

MODEL = "8c1d1a5e-3f0b-4d2b-a6f0-7a5c9e2d4b61"
HOST = "mds.fidoalliance.org"


def encoded(value: bytes) -> bytes:
    return base64.urlsafe_b64encode(value).rstrip(b"=")


def entry(
    *statuses: str, aaguid: str = MODEL, description: str = "Harbour Key 5", roots: Sequence[bytes] = ()
) -> dict[str, Any]:
    reports = [{"status": status, "effectiveDate": "2026-01-01"} for status in statuses]
    statement = {
        "description": description,
        "authenticatorVersion": 1,
        "schema": 3,
        "upv": [{"major": 1, "minor": 0}],
        "attestationTypes": ["basic_full"],
        "userVerificationDetails": [],
        "keyProtection": ["hardware"],
        "matcherProtection": ["on_chip"],
        "attachmentHint": ["external"],
        "tcDisplay": [],
        "attestationRootCertificates": [base64.b64encode(root).decode() for root in roots],
        "protocolFamily": "fido2",
        "authenticationAlgorithms": ["secp256r1_ecdsa_sha256_raw"],
        "publicKeyAlgAndEncodings": ["cose"],
        "aaguid": aaguid,
    }
    about = {"aaguid": aaguid, "timeOfLastStatusChange": "2026-01-01", "statusReports": reports}
    return {**about, "metadataStatement": statement}


@dataclass
class MetadataService:
    """Its root, and the host for which its signer has a certificate."""

    host: str = HOST
    days: int = 30
    root_key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    key: Any = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    @property
    def root(self) -> bytes:
        return self._certificate("Metadata root", self.root_key, ca=True).public_bytes(serialization.Encoding.PEM)

    def publishes(self, *entries: dict[str, Any], number: int = 7, alg: str = "RS256") -> bytes:
        leaf = self._certificate(self.host, self.key, ca=False).public_bytes(serialization.Encoding.DER)
        header = {"alg": alg, "typ": "JWT", "x5c": [base64.b64encode(leaf).decode()]}
        payload = {"legalHeader": "test", "no": number, "nextUpdate": "2027-01-01", "entries": list(entries)}
        message = encoded(json.dumps(header).encode()) + b"." + encoded(json.dumps(payload).encode())
        return message + b"." + encoded(self.key.sign(message, padding.PKCS1v15(), hashes.SHA256()))

    def _certificate(self, name: str, key: Any, *, ca: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Metadata root")]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=40))
            .not_valid_after(now + timedelta(days=self.days))
            .add_extension(x509.BasicConstraints(ca, None), True)
            .sign(self.root_key, hashes.SHA256())
        )

"""A maker of security keys: attests its models under its own root, rightly or wrongly (Web Authentication 8.2.1)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.support.security_key import ES256, MODEL

AAGUID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")


def _key() -> Any:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class KeyMaker:
    """Its root, a certificate between, and the one that signs for the keys of a model (`named`: which one it says)."""

    named: bytes | None = MODEL
    days: int = 3650
    root_key: Any = field(default_factory=_key)
    between_key: Any = field(default_factory=_key)
    batch_key: Any = field(default_factory=_key)

    @property
    def root(self) -> bytes:
        return self._certificate("Root", self.root_key, "Root", self.root_key)

    @property
    def chain(self) -> list[bytes]:
        between = self._certificate("Between", self.between_key, "Root", self.root_key)
        return [self._certificate("Batch", self.batch_key, "Between", self.between_key), between]

    def attests(self, signed: bytes) -> dict[str, Any]:
        """Return the statement over what a key of this maker signed."""
        return {"alg": ES256, "sig": self.batch_key.sign(signed, ec.ECDSA(SHA256())), "x5c": self.chain}

    def _certificate(self, name: str, key: Any, issuer: str, issuer_key: Any) -> bytes:
        now, is_batch = datetime.now(UTC), name == "Batch"
        made = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=40))
            .not_valid_after(now + timedelta(days=self.days))
            .add_extension(x509.BasicConstraints(not is_batch, None), True)
        )
        if is_batch and self.named is not None:
            made = made.add_extension(x509.UnrecognizedExtension(AAGUID, b"\x04\x10" + self.named), False)
        return made.sign(issuer_key, SHA256()).public_bytes(Encoding.DER)


def _name(name: str) -> x509.Name:
    told = (
        (NameOID.COUNTRY_NAME, "DE"),
        (NameOID.ORGANIZATION_NAME, "Harbour Keys"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "Authenticator Attestation"),
        (NameOID.COMMON_NAME, name),
    )
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in told])

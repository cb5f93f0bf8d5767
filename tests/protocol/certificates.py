"""Certificates of clients, as the proxy in front hands them on (RFC 8705)."""

import base64
import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from joserfc.jwk import ECKey

from idp.core import clock

SUBJECT = "CN=registry.example,O=Rare Registry,C=FR"
NAMES = [
    x509.DNSName("registry.example"),
    x509.UniformResourceIdentifier("urn:example:registry"),
    x509.IPAddress(ipaddress.ip_address("192.0.2.7")),
    x509.RFC822Name("robot@registry.example"),
]


@dataclass(frozen=True)
class Held:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def header(self) -> str:
        """As Apache writes it: spaces for line ends."""
        return self.certificate.public_bytes(Encoding.PEM).decode().replace("\n", " ")

    @property
    def escaped(self) -> str:
        """As nginx writes it."""
        return quote(self.certificate.public_bytes(Encoding.PEM).decode(), safe="")

    @property
    def thumbprint(self) -> str:
        return base64.urlsafe_b64encode(self.certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()

    def key_set(self, **changes: Any) -> dict[str, Any]:
        """The key set of a client that signs its certificate itself (RFC 8705, 2.2.2)."""
        public = ECKey.import_key(self.key.public_key()).as_dict(private=False)
        own = base64.b64encode(self.certificate.public_bytes(Encoding.DER)).decode()
        return {"keys": [{**public, "x5c": [own], **changes}]}


def issue(
    by: Held | None = None, *, authority: bool = False, days: float = 1, usage: Any = None, **subject: Any
) -> Held:
    """Make a certificate, signed by an authority or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = clock.now()
    name = x509.Name.from_rfc4514_string(subject.get("subject", SUBJECT))
    signer = by.key if by else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(by.certificate.subject if by else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if authority:
        signs = dict.fromkeys(("key_cert_sign", "crl_sign"), True)
        rest = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
        off = dict.fromkeys((*rest, "encipher_only", "decipher_only"), False)
        builder = builder.add_extension(x509.KeyUsage(**signs, **off), critical=True)
    else:
        builder = builder.add_extension(x509.SubjectAlternativeName(subject.get("names", NAMES)), critical=False)
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return Held(builder.sign(signer, hashes.SHA256()), key)


def written(folder: Path, *authorities: Held) -> str:
    """Write the authorities to a file and return its path."""
    path = folder / "authorities.pem"
    path.write_bytes(b"".join(one.certificate.public_bytes(Encoding.PEM) for one in authorities))
    return str(path)


SERVER_AUTH, CLIENT_AUTH = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
AUTHORITY = issue(authority=True, days=365, subject="CN=Authority of registries")
GOOD = issue(AUTHORITY, usage=CLIENT_AUTH)
OWN, OTHER = issue(), issue()

"""Certificates that clients show at the handshake (RFC 8705), as the proxy in front hands them on."""

import base64
import binascii
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, verification
from cryptography.x509.oid import ExtendedKeyUsageOID
from flask import Request

from idp.core import clock, settings
from idp.core.proxies import CERTIFICATE
from idp.core.signed import base64url
from idp.oidc import certificate_names, client_keys
from idp.oidc.certificate_names import KINDS
from idp.oidc.clients import Client

MARKS = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
LONGEST = 16_384


def presented(request: Request) -> str:
    """Return the certificate of a request as it came, or nothing; only our own proxies can set it."""
    return request.headers.get(CERTIFICATE, "")


def thumbprint(request: Request) -> str | None:
    """Return the SHA-256 thumbprint of the certificate that a request shows, or None (RFC 8705, 3.1)."""
    shown = certificate_in(presented(request))
    if shown is None:
        return None
    return base64url(hashlib.sha256(shown.public_bytes(Encoding.DER)).digest())


def certificate_in(text: str) -> Certificate | None:
    """Read a certificate, PEM as Apache (spaces for line ends) or nginx (percent-encoded) writes it, else None."""
    if not text or len(text) > LONGEST:
        return None
    body = unquote(text)
    for mark in MARKS:
        body = body.replace(mark, "")
    try:
        return x509.load_der_x509_certificate(base64.b64decode("".join(body.split()), validate=True))
    except (ValueError, binascii.Error):
        return None


def by_authority(client: Client, text: str) -> bool:
    """Judge `tls_client_auth`: an authority of ours vouches for the name that the client registered (2.1)."""
    certificate = certificate_in(text)
    return certificate is not None and _vouched_for(certificate) and _named(client, certificate)


def self_signed(client: Client, text: str) -> bool:
    """Judge `self_signed_tls_client_auth`: one of the client's keys comes with this very certificate (2.2)."""
    certificate = certificate_in(text)
    if certificate is None:
        return False
    if not certificate.not_valid_before_utc <= clock.now() <= certificate.not_valid_after_utc:
        return False
    return client_keys.come_with(client, certificate.public_bytes(Encoding.DER))


def _named(client: Client, certificate: Certificate) -> bool:
    return any(
        certificate_names.named(certificate, kind, client.further[kind]) for kind in KINDS if kind in client.further
    )


def _vouched_for(certificate: Certificate) -> bool:
    path = settings.current().server.client_authorities
    if not path:
        return False
    builder = verification.PolicyBuilder().store(_authorities(path)).time(clock.now())
    policies = {"ca_policy": verification.ExtensionPolicy.webpki_defaults_ca(), "ee_policy": _of_clients()}
    try:
        builder.extension_policies(**policies).build_client_verifier().verify(certificate, [])
    except verification.VerificationError:
        return False
    return True


@lru_cache(maxsize=4)
def _authorities(path: str) -> verification.Store:
    """Read the authorities once; new ones count after a restart."""
    return verification.Store(x509.load_pem_x509_certificates(Path(path).read_bytes()))


def _of_clients() -> verification.ExtensionPolicy:
    """A certificate that says what it is for must be for clients (RFC 5280, 4.2.1.12)."""
    everything = verification.ExtensionPolicy.permit_all()
    return everything.may_be_present(x509.ExtendedKeyUsage, verification.Criticality.AGNOSTIC, _for_clients)


def _for_clients(_: Any, __: Certificate, usage: x509.ExtendedKeyUsage | None) -> None:
    if usage is not None and ExtendedKeyUsageOID.CLIENT_AUTH not in usage:
        raise ValueError("the certificate is not for clients")

"""FIDO metadata as they are published: one signed file with all models of security keys (FIDO Metadata Service 3.1).

Loaded by the operator's command only; its library is the extra `mds`.
"""

import base64
import json
from datetime import date, datetime
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from fido2.attestation.base import InvalidAttestation
from fido2.mds3 import MetadataBlobPayloadEntry, parse_blob

from idp.core.values import frozen

# The service signs as this host (3.2); its root signs for many others too.
SIGNER = "mds.fidoalliance.org"
# What the library verifies rightly, and the real service uses.
ALGORITHM = "RS256"
# Whoever uses such a key may not be its owner (3.1.4).
WARNINGS = (
    "REVOKED",
    "USER_KEY_REMOTE_COMPROMISE",
    "USER_KEY_PHYSICAL_COMPROMISE",
    "USER_VERIFICATION_BYPASS",
    "ATTESTATION_KEY_COMPROMISE",
)
MALFORMED = (InvalidAttestation, InvalidSignature, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Untrusted(Exception):
    """The file is not what the service signed; the message is for the operator."""


@frozen
class Model:
    """One model of key: its AAGUID, its name, and the worst that its status reports say ("" for nothing bad).

    `roots`: the certificates (base64 of DER) under which its maker attests it.
    """

    aaguid: str
    description: str
    warning: str
    roots: tuple[str, ...] = ()


@frozen
class Blob:
    """A verified file: its number, which only grows, when the next one is due, and the models in it."""

    number: int
    next_update: date
    models: list[Model]


def read(blob: bytes, root: bytes, now: datetime) -> Blob:
    """Return the content of a file signed under `root` (a certificate, PEM or DER); raise Untrusted otherwise."""
    try:
        _check_signer(blob, now)
        found = parse_blob(blob.strip(), _certificate(root).public_bytes(Encoding.DER))
        return Blob(found.no, found.next_update, [_model(entry) for entry in found.entries if entry.aaguid])
    except MALFORMED as problem:
        raise Untrusted(f"{type(problem).__name__} {problem}".strip()) from None


def _certificate(root: bytes) -> x509.Certificate:
    pem = root.lstrip().startswith(b"-----BEGIN")
    return x509.load_pem_x509_certificate(root) if pem else x509.load_der_x509_certificate(root)


def _check_signer(blob: bytes, now: datetime) -> None:
    first = blob.strip().split(b".")[0]
    header = json.loads(base64.urlsafe_b64decode(first + b"=" * (-len(first) % 4)))
    if header["alg"] != ALGORITHM:
        raise Untrusted(f"signed with {header['alg']}, not {ALGORITHM}")
    leaf = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0]))
    names = {str(name.value) for name in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)}
    if SIGNER not in names:
        raise Untrusted(f"signed by {', '.join(sorted(names)) or 'nobody'}, not {SIGNER}")
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        raise Untrusted("the certificate of its signer is not valid now")


def _model(entry: MetadataBlobPayloadEntry) -> Model:
    said = {str(report.status.value) for report in entry.status_reports}
    warning = next((status for status in WARNINGS if status in said), "")
    statement = entry.metadata_statement
    description = (statement.description if statement else None) or ""
    roots = statement.attestation_root_certificates if statement else ()
    told = tuple(base64.b64encode(root).decode() for root in roots or ())
    return Model(str(UUID(bytes=bytes(entry.aaguid or b""))), description[:200], warning, told)

"""Whether the maker of a security key vouches for its model: the chain of its attestation (Web Authentication 7.1, 22).

Loaded at the first key that shows a chain, as `ceremonies.py`. That the first certificate signed for the new
credential is judged there.
"""

import base64
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from cryptography import x509
from OpenSSL import crypto

# id-fido-gen-ce-aaguid: the model that a certificate attests, as an OCTET STRING of 16 bytes (8.2.1).
MODEL = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
OCTETS = b"\x04\x10"
MALFORMED = (
    crypto.Error,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
    TypeError,
    ValueError,
)


def vouched(chain: Sequence[str], roots: Sequence[str], aaguid: str, now: datetime) -> bool:
    """Say whether a chain (base64 of DER, the attesting certificate first) ends at one of the roots, for this model."""
    try:
        found = [x509.load_der_x509_certificate(base64.b64decode(one)) for one in chain]
        anchors = [x509.load_der_x509_certificate(base64.b64decode(one)) for one in roots]
        return _is_of(found[0], aaguid) and any(_ends_at(anchor, found, now) for anchor in anchors)
    except MALFORMED:
        return False


def _is_of(attesting: x509.Certificate, aaguid: str) -> bool:
    """Say whether a certificate that names a model names this one; most formats name none."""
    named = [one.value for one in attesting.extensions if one.oid == MODEL]
    return all(
        isinstance(value, x509.UnrecognizedExtension) and value.value == OCTETS + UUID(aaguid).bytes for value in named
    )


def _ends_at(anchor: x509.Certificate, chain: Sequence[x509.Certificate], now: datetime) -> bool:
    """Say whether a chain ends there. One at a time: of several of one name the library tries the first alone."""
    store = crypto.X509Store()
    # A root of the metadata may be any certificate above, not only one that signed itself.
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    store.set_time(now)
    store.add_cert(crypto.X509.from_cryptography(anchor))
    leaf, *between = (crypto.X509.from_cryptography(one) for one in chain)
    try:
        crypto.X509StoreContext(store, leaf, between).verify_certificate()
    except crypto.X509StoreContextError:
        return False
    return True

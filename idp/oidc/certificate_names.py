"""The names by which a client's certificate is known: each kind, its rule, and how it is found (RFC 8705, 2.1.2)."""

import ipaddress
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.x509 import Certificate

from idp.core.values import frozen

LONGEST = 1000


@frozen
class Kind:
    """`read` turns a text into what is compared, and raises ValueError for one that is no such name."""

    read: Callable[[str], Any]
    names: Callable[[Certificate], list[Any]]


def named(certificate: Certificate, kind: str, expected: str) -> bool:
    """Say whether a certificate has the name that was registered."""
    known = KINDS[kind]
    return known.read(expected) in known.names(certificate)


def valid(kind: str, value: object) -> bool:
    """Say whether a name may be registered."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST or not value.isprintable():
        return False
    try:
        KINDS[kind].read(value)
    except ValueError:
        return False
    return True


def _alternative(kind: Any) -> Callable[[Certificate], list[Any]]:
    def names(certificate: Certificate) -> list[Any]:
        try:
            found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (x509.ExtensionNotFound, ValueError):
            return []
        told = found.get_values_for_type(kind)
        return [name.lower() for name in told] if kind is x509.DNSName else list(told)

    return names


# Distinguished names are compared as values, however they are written (RFC 4514).
KINDS = {
    "tls_client_auth_subject_dn": Kind(x509.Name.from_rfc4514_string, lambda certificate: [certificate.subject]),
    "tls_client_auth_san_dns": Kind(str.lower, _alternative(x509.DNSName)),
    "tls_client_auth_san_uri": Kind(str, _alternative(x509.UniformResourceIdentifier)),
    "tls_client_auth_san_ip": Kind(ipaddress.ip_address, _alternative(x509.IPAddress)),
    "tls_client_auth_san_email": Kind(str, _alternative(x509.RFC822Name)),
}

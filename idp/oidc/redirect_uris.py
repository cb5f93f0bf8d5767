"""Where a client's people may be sent: what may be registered, and what matches it (RFC 9700, 2.1; RFC 8252)."""

import re
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from idp.core import settings
from idp.core.errors import Invalid

WEB, NATIVE = "web", "native"
APPLICATION_TYPES = (WEB, NATIVE)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
LONGEST = 2000
# A name under a domain that its maker has, the labels turned round (RFC 8252, 7.1): nobody else's by accident.
PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
# On a phone or a desktop the system chooses the port when the application listens (RFC 8252, 7.3).
LOOPBACK_PORT = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::\d{1,5})?(?=[/?]|$)")


def check(uri: str, application_type: str) -> None:
    """Raise Invalid for an address that could lead a code to somebody else (RFC 6749, 3.1.2; RFC 9700, 2.1)."""
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018 - a wrong port is found when it is read
    except ValueError:
        raise Invalid("redirect_uri_malformed", uri=uri) from None
    if not uri.isascii() or not uri.isprintable() or any(c in uri for c in ' \\*#"<>') or len(uri) > LONGEST:
        raise Invalid("redirect_uri_malformed", uri=uri)
    if application_type == NATIVE and PRIVATE_SCHEME.fullmatch(parts.scheme):
        _check_private(uri, parts)
    elif not parts.hostname or parts.username is not None:
        raise Invalid("redirect_uri_malformed", uri=uri)
    elif parts.scheme != "https" and not _plain_allowed(parts, application_type):
        raise Invalid("redirect_uri_insecure", uri=uri)


def matches(uri: str, registered: Sequence[str], application_type: str) -> bool:
    """Say whether an address is registered, character by character; the port of a loopback address is free."""
    if uri in registered:
        return True
    return application_type == NATIVE and _without_port(uri) in [_without_port(one) or one for one in registered]


def check_frame(uri: str, redirect_uris: Sequence[str]) -> None:
    """Raise Invalid for an address that our last page may not load: codes must go there (Front-Channel Logout, 2)."""
    check(uri, WEB)
    if not any(_origin(uri) == _origin(one) for one in redirect_uris):
        raise Invalid("client_metadata_wrong", name="frontchannel_logout_uri")


def _origin(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.scheme, parts.netloc.lower()


def _check_private(uri: str, parts: SplitResult) -> None:
    """There is nobody behind the slashes (RFC 8252, 7.1): `com.example.app:/callback`."""
    if parts.netloc or not parts.path.startswith("/"):
        raise Invalid("redirect_uri_malformed", uri=uri)


def _plain_allowed(parts: SplitResult, application_type: str) -> bool:
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        return False
    return application_type == NATIVE or not settings.current().in_production


def _without_port(uri: str) -> str | None:
    found = LOOPBACK_PORT.match(uri)
    return found[1] + uri[found.end() :] if found else None

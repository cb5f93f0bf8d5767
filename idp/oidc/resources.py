"""What an access token is for (RFC 8707): the client names it, the operator has allowed it, `aud` tells.

Who protects such a resource is a client too, of which the operator said so.
"""

from collections.abc import Sequence

from authlib.oauth2 import OAuth2Error

from idp.core import settings
from idp.oidc.clients import Client

# The one parameter of the protocol that may stand in a request more than once (RFC 8707, 2).
PARAMETER = "resource"


class InvalidTarget(OAuth2Error):
    """A resource is unknown, malformed, or not this client's (2)."""

    error = "invalid_target"


def asked(client: Client, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the resources of an authorization request (2.1); raise InvalidTarget for one that is not the client's."""
    return _among((settings.current().server.issuer, *client.resources), wanted)


def granted(client: Client, given: Sequence[str] | None) -> tuple[str, ...]:
    """Return all that an access token may be for: what a person gave, or what a program has for itself.

    Who named nothing means us: UserInfo.
    """
    return tuple(client.resources if given is None else given) or (settings.current().server.issuer,)


def audience(allowed: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """Return what one access token is for: all that is allowed, or less (2.2); raise InvalidTarget for more."""
    return _among(allowed, wanted) or tuple(allowed)


def protected(client: Client, audience: Sequence[str]) -> bool:
    """Say whether a token is for something that this client protects: then it may ask what the token is worth."""
    return not set(audience).isdisjoint(client.further.get("protects", ()))


def _among(allowed: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    if set(wanted) - set(allowed):
        raise InvalidTarget("A resource is not one of this client's.")
    return tuple(dict.fromkeys(wanted))

"""The UserInfo endpoint's decision: whose claims an access token opens (OpenID Connect Core, 5.3)."""

import orjson

from idp.core import settings
from idp.core.answers import JSON
from idp.oidc import claims, given, grants, protection, tokens
from idp.oidc.claims import Claims
from idp.oidc.clients import Client
from idp.oidc.confirmation import Confirmation
from idp.oidc.tokens import TokenRefused

# Its own type keeps it from being taken for an ID token (RFC 8725, 3.11).
JWT_TYPE = "userinfo+jwt"


def answer(token: str, shown: Confirmation) -> tuple[bytes, str]:
    """Return the body and its media type: signed and encrypted as the client registered (5.3.2); raise TokenRefused."""
    client, found = claims_for(token, shown)
    about = {**found, "iss": settings.current().server.issuer, "aud": client.client_id}
    text = protection.told("userinfo", about, JWT_TYPE, client)
    return (orjson.dumps(found), JSON) if text is None else (text.encode(), "application/jwt")


def claims_for(token: str, shown: Confirmation) -> tuple[Client, Claims]:
    """Return client and claims; raise TokenRefused if the token is not ours, over or revoked, or its session has ended.

    `shown` is the key that was proved with the request and the certificate of the connection: a bound token counts
    with its own only (RFC 9449, 7.1; RFC 8705, 3).
    """
    presented = tokens.read_access_token(token)
    if not presented.confirmation.met_by(shown) or presented.grant_id is None:
        raise TokenRefused
    if settings.current().server.issuer not in presented.audience:
        raise TokenRefused
    named = given.with_client(presented.grant_id, presented.client_id)
    if named is None or not grants.alive(named[0]):
        raise TokenRefused
    grant, client = named
    by_name = claims.by_name(grant.account, client, grant.claims["userinfo"])
    return client, {**by_name, **claims.for_scope(grant.account, client, presented.scope)}

"""The UserInfo endpoint's decision: whose claims an access token opens (OpenID Connect Core, 5.3)."""

import orjson

from idp.core import settings
from idp.oidc import claims, clients, grants, protection, tokens
from idp.oidc.claims import Claims
from idp.oidc.clients import Client
from idp.oidc.tokens import TokenRefused

# Its own type keeps it from being taken for an ID token (RFC 8725, 3.11).
JWT_TYPE = "userinfo+jwt"


def answer(token: str, jkt: str | None) -> tuple[str | bytes, str]:
    """Return the body and its media type: signed and encrypted as the client registered (5.3.2); raise TokenRefused."""
    client, found = claims_for(token, jkt)
    about = {**found, "iss": settings.current().server.issuer, "aud": client.client_id}
    text = protection.told("userinfo", about, JWT_TYPE, client)
    return (orjson.dumps(found), "application/json") if text is None else (text, "application/jwt")


def claims_for(token: str, jkt: str | None) -> tuple[Client, Claims]:
    """Return client and claims; raise TokenRefused if the token is not ours, over or revoked, or its session has ended.

    `jkt` is the key that was proved with the request: a bound token counts with its own key only, and no proof makes
    up for a token without one (RFC 9449, 7.1 and 7.2).
    """
    presented = tokens.read_access_token(token)
    if presented.jkt != jkt or presented.grant_id is None:
        raise TokenRefused
    grant = grants.find(presented.grant_id)
    client = clients.find(presented.client_id)
    if grant is None or client is None or not grants.alive(grant):
        raise TokenRefused
    by_name = claims.by_name(grant.account, client, grant.claims["userinfo"])
    return client, {**by_name, **claims.for_scope(grant.account, client, presented.scope)}

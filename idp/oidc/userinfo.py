"""The UserInfo endpoint's decision: whose claims an access token opens (OpenID Connect Core, 5.3)."""

from idp.oidc import claims, clients, grants, tokens
from idp.oidc.claims import Claims
from idp.oidc.tokens import TokenRefused


def claims_for(token: str, jkt: str | None) -> Claims:
    """Return the claims; raise TokenRefused if the token is not ours, over, revoked, or its session has ended.

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
    return {**by_name, **claims.for_scope(grant.account, client, presented.scope)}

"""The table of contents of the protocol: what is registered here is offered, and discovery tells of nothing else."""

from collections.abc import Callable
from typing import Any

from authlib.oauth2.rfc6749 import UnauthorizedClientError, UnsupportedGrantTypeError

from idp.core import settings
from idp.oidc import (
    authorization_code,
    claims,
    client_credentials,
    device_code,
    dpop,
    grants,
    protection,
    refresh_tokens,
    tokens,
)
from idp.oidc.client_metadata import CODES, DEVICE_CODES, OWN_TOKENS, REFRESH_TOKENS
from idp.oidc.clients import Client
from idp.oidc.given import Grant
from idp.oidc.token_requests import Allowed, TokenRequest

GRANTS: dict[str, Callable[[TokenRequest], Allowed]] = {
    CODES: authorization_code.redeem,
    REFRESH_TOKENS: refresh_tokens.exchange,
    OWN_TOKENS: client_credentials.allow,
    DEVICE_CODES: device_code.redeem,
}


def answer(asked: TokenRequest) -> dict[str, Any]:
    """Return the tokens that a request is answered with (RFC 6749, 5.1); raise the OAuth2Error that is told (5.2).

    What a grant uses up is used up in an act of its own, whatever else is wrong: others wait for their turn to write.
    """
    allowed = _allowed(asked)
    client, grant = asked.client, allowed.grant
    told: dict[str, Any] = {
        "token_type": dpop.SCHEME if asked.bound.jkt else "Bearer",
        "access_token": tokens.access_token(client, grant, allowed.terms),
        "expires_in": settings.current().oidc.access_token_seconds,
        "scope": allowed.terms.scope,
    }
    if grant is not None:
        told["id_token"] = _id_token(client, grant, told["access_token"], allowed.nonce)
        if grants.offline(grant):
            told["refresh_token"] = refresh_tokens.written(grant)
    return told


def _allowed(asked: TokenRequest) -> Allowed:
    kind = asked.form.get("grant_type")
    if kind not in GRANTS:
        raise UnsupportedGrantTypeError(kind)
    if not asked.client.check_grant_type(kind):
        raise UnauthorizedClientError(f"The client is not authorized to use 'grant_type={kind}'")
    return GRANTS[kind](asked)


def _id_token(client: Client, grant: Grant, access_token: str, nonce: str | None) -> str:
    """The ID token beside an access token (OpenID Connect Core, 3.1.3.3 and 12.2), encrypted if the client wants it."""
    names = grant.claims["id_token"]
    more = claims.by_name(grant.account, client, names) if names else {}
    if nonce is not None:
        more = {**more, "nonce": nonce}
    return protection.encrypted("id_token", tokens.id_token(client, grant, {"at_hash": access_token}, more), client)

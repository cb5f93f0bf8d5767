"""What the authorization endpoint gives for each response type (OpenID Connect Core, 3.1.2.5, 3.2.2.5 and 3.3.2.5)."""

from typing import Any

from idp.core import settings
from idp.oidc import claims, protection, resources, tokens
from idp.oidc.clients import Client
from idp.oidc.confirmation import Confirmation
from idp.oidc.given import Grant
from idp.oidc.given import find as found
from idp.oidc.grants import Given
from idp.oidc.parameters import Parameters
from idp.oidc.response_types import CODE, ID_TOKEN, TOKEN, gives
from idp.oidc.tokens import Terms


def parameters(client: Client, wish: Parameters, given: Given | None) -> dict[str, str]:
    """Return the parameters of a good answer; raise protection.NoKey if an ID token cannot be encrypted."""
    if given is None:
        return {}
    code = {"code": given.code} if gives(wish.response_type, CODE) else {}
    if wish.response_type == CODE:
        return code
    grant = found(given.grant_id)
    if grant is None:
        raise RuntimeError("the grant that was just given is gone")
    token = _token(client, wish, grant) if gives(wish.response_type, TOKEN) else {}
    if not gives(wish.response_type, ID_TOKEN):
        return code | token
    return code | token | {"id_token": _id_token(client, wish, grant, code | token)}


def _token(client: Client, wish: Parameters, grant: Grant) -> dict[str, str]:
    """An access token without a refresh token (RFC 6749, 4.2.2)."""
    terms = Terms(wish.scope, resources.granted(client, grant.resources), Confirmation())
    return {
        "access_token": tokens.access_token(client, grant, terms),
        "token_type": "Bearer",
        "expires_in": str(settings.current().oidc.access_token_seconds),
        "scope": wish.scope,
    }


def _id_token(client: Client, wish: Parameters, grant: Grant, beside: dict[str, str]) -> str:
    """An ID token that binds what travels beside it (3.3.2.11); alone it carries the claims of the scope (5.4)."""
    alone: dict[str, Any] = claims.for_scope(grant.account, client, wish.scope) if not beside else {}
    more = {**alone, **claims.by_name(grant.account, client, wish.id_token_claims), "nonce": wish.nonce}
    hashed = {"at_hash": beside.get("access_token"), "c_hash": beside.get("code")}
    return protection.encrypted(ID_TOKEN, tokens.id_token(client, grant, hashed, more), client)

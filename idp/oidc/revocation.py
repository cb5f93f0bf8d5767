"""Tokens that a client gives back (RFC 7009): with any of them everything that came from the same grant ends."""

from authlib.oauth2.rfc6749 import InvalidGrantError

from idp.oidc import client_credentials, grants, refresh_tokens, tokens
from idp.oidc.clients import Client
from idp.oidc.tokens import TokenRefused

ACT = "oidc.grant.given_back"


def give_back(text: str, client: Client) -> None:
    """End the grant of a token; one that is over or none of ours is no error (2.2).

    Raises InvalidGrantError for a token of another client, which keeps it (2.1).
    """
    try:
        token = tokens.read_access_token(text)
    except TokenRefused:
        refresh_token = refresh_tokens.read(text)
        if refresh_token is not None:
            _require_owner(refresh_token.grant.client_id, client)
            grants.revoke(refresh_token.grant.id, ACT)
        return
    _require_owner(token.client_id, client)
    if token.grant_id is None:
        client_credentials.end(token)
    else:
        grants.revoke(token.grant_id, ACT)


def _require_owner(owner: str, client: Client) -> None:
    if owner != client.client_id:
        raise InvalidGrantError("The token belongs to another client.")

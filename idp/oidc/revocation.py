"""Tokens that a client gives back (RFC 7009): with any of them everything that came from the same grant ends."""

from authlib.oauth2.rfc6749 import InvalidGrantError

from idp.oidc import grants, refresh_tokens, tokens
from idp.oidc.clients import Client
from idp.oidc.tokens import TokenRefused

ACT = "oidc.grant.given_back"


def give_back(text: str, client: Client) -> None:
    """End the grant of a token; one that is over or none of ours is no error (2.2).

    Raises InvalidGrantError for a token of another client, which keeps it (2.1).
    """
    found = _origin(text)
    if found is None:
        return
    grant_id, owner = found
    if owner != client.client_id:
        raise InvalidGrantError("The token belongs to another client.")
    grants.revoke(grant_id, ACT)


def _origin(text: str) -> tuple[int, str] | None:
    """Return the grant and the client of a token."""
    try:
        token = tokens.read_access_token(text)
    except TokenRefused:
        refresh_token = refresh_tokens.read(text)
        return (refresh_token.grant.id, refresh_token.grant.client_id) if refresh_token else None
    return token.grant_id, token.client_id

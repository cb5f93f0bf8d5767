"""The table of contents of the protocol: what is registered here is offered, and discovery tells of nothing else."""

from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import InvalidClientError

from idp.core import settings
from idp.oidc import clients, tokens
from idp.oidc.clients import Client
from idp.oidc.grants import AuthorizationCodeGrant, OpenIDToken, S256Challenge
from idp.oidc.logout import EndSessionEndpoint
from idp.oidc.models import AuthorizationGrant


def _bearer(client: Client, user: AuthorizationGrant, scope: str, **_: Any) -> dict[str, Any]:
    """Make the answer of the token endpoint (RFC 6749, 5.1); `user` is the grant, as our grants hand it over."""
    return {
        "token_type": "Bearer",
        "access_token": tokens.access_token(client, user),
        "expires_in": settings.current().oidc.access_token_seconds,
        "scope": scope,
    }


def _save_nothing(token: dict[str, Any], request: Any) -> None:
    """Access tokens are JWTs that name their grant: there is nothing to write."""


class Server(AuthorizationServer):
    """Authlib's server, which takes for granted that a client's credentials are well-formed."""

    def authenticate_client(self, *args: Any, **kwargs: Any) -> Client:
        """Return the client; raise InvalidClientError for credentials that are none (RFC 6749, 5.2)."""
        try:
            client: Client = super().authenticate_client(*args, **kwargs)
        except ValueError:
            raise InvalidClientError(status_code=401) from None
        return client


server = Server(query_client=clients.find, save_token=_save_nothing)
server.register_grant(AuthorizationCodeGrant, [S256Challenge(required=True), OpenIDToken()])
server.register_endpoint(EndSessionEndpoint)
server.register_token_generator("default", _bearer)

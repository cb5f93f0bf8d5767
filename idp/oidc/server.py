"""The table of contents of the protocol: what is registered here is offered, and discovery tells of nothing else."""

from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import OAuth2Payload, OAuth2Request
from flask import g, request

from idp.core import settings
from idp.oidc import clients, dpop, grants, refresh_tokens, resources, tokens
from idp.oidc.authorization_code import AuthorizationCodeGrant, OpenIDToken, S256Challenge
from idp.oidc.client_credentials import ClientCredentialsGrant
from idp.oidc.clients import Client
from idp.oidc.confirmation import Confirmation
from idp.oidc.device_code import DeviceCodeGrant
from idp.oidc.given import Grant
from idp.oidc.logout import EndSessionEndpoint
from idp.oidc.refresh_tokens import RefreshTokenGrant
from idp.oidc.tokens import Terms


def _answer(client: Client, user: Grant | None, scope: str, **_: Any) -> dict[str, Any]:
    """Make the answer of the token endpoint (RFC 6749, 5.1).

    `user` is the grant, as our grants hand it over; None for a client that acts for itself.
    """
    bound: Confirmation = g.confirmation
    allowed = resources.granted(client, user.resources if user else None)
    audience = resources.audience(allowed, request.form.getlist(resources.PARAMETER))
    answer = {
        "token_type": dpop.SCHEME if bound.jkt else "Bearer",
        "access_token": tokens.access_token(client, user, Terms(scope, audience, bound)),
        "expires_in": settings.current().oidc.access_token_seconds,
        "scope": scope,
    }
    if user is not None and grants.offline(user):
        answer["refresh_token"] = refresh_tokens.written(user)
    return answer


def _save_nothing(token: dict[str, Any], request: Any) -> None:
    """Access tokens are JWTs that name their grant: there is nothing to write."""


class _Sent(OAuth2Payload):
    """The parameters of a post come from its body alone, so that nothing secret stands in an address."""

    @property
    def data(self) -> Any:
        return request.form if request.method == "POST" else request.args

    @property
    def datalist(self) -> dict[str, list[str]]:
        return dict(self.data.lists())


class _Asked(OAuth2Request):
    """A request as the frame reads it; to make its own address of it, as Authlib does, took a tenth of the answer."""

    def __init__(self) -> None:
        super().__init__(request.method, settings.current().server.issuer + request.path, headers=request.headers)
        self.payload = _Sent()
        self.auth_method = "none" if "oauth_client" not in g else g.oauth_client.token_endpoint_auth_method

    @property
    def args(self) -> Any:
        return request.args

    @property
    def form(self) -> Any:
        return request.form


class Server(AuthorizationServer):
    """Authlib's frame; who the client is, `client_authentication` has found out before."""

    def authenticate_client(self, *_: Any, **__: Any) -> Client:
        """Return the client of this request."""
        client: Client = g.oauth_client
        return client

    def create_oauth2_request(self, given: Any) -> OAuth2Request:
        """Let the frame read what was sent, and how the client proved itself (PKCE asks)."""
        return _Asked()


server = Server(query_client=clients.find, save_token=_save_nothing)
GRANTS: dict[Any, list[Any]] = {
    AuthorizationCodeGrant: [S256Challenge(required=True), OpenIDToken()],
    RefreshTokenGrant: [OpenIDToken()],
    ClientCredentialsGrant: [],
    DeviceCodeGrant: [OpenIDToken()],
}
# What is answered without an act: nothing is written, and nobody waits for the database's one writer.
WRITES_NOTHING = (ClientCredentialsGrant.GRANT_TYPE,)
for grant, extensions in GRANTS.items():
    server.register_grant(grant, extensions)
server.register_endpoint(EndSessionEndpoint)
server.register_token_generator("default", _answer)

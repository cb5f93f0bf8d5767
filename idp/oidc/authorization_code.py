"""The authorization code grant at the token endpoint (RFC 6749, 4.1.3; RFC 7636), in Authlib's frame."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError
from authlib.oauth2.rfc6749 import grants as authlib
from authlib.oauth2.rfc7636 import CodeChallenge
from flask import g

from idp.oidc import claims, confirmation, grants, protection, tokens
from idp.oidc.clients import Client
from idp.oidc.given import Grant


class AuthorizationCodeGrant(authlib.AuthorizationCodeGrant):
    """Client, redirect URI and PKCE are checked in the frame; the grant is our row."""

    def query_authorization_code(self, code: str, client: Client) -> Grant | None:
        """Redeem rather than look up: from here on the code is used, whatever else is wrong with the request."""
        grant = grants.redeem(code, client.client_id)
        return _held_to_key(grant, client) if grant is not None else None

    def authenticate_user(self, authorization_code: Grant) -> Grant:
        """Return whom the tokens are for: the grant, which knows the person and the session."""
        return authorization_code

    def delete_authorization_code(self, authorization_code: Grant) -> None:
        """Nothing: the code is out of use already."""


def _held_to_key(grant: Grant, client: Client) -> Grant | None:
    """Return the grant, bound as it is from now on; None for a code that counts with another key (RFC 9449, 10).

    What a public client gets afterwards is bound to what it shows first, a key (5) or a certificate (RFC 8705, 4): it
    has nothing else to prove.
    """
    if client.public:
        grant = grants.bind(grant, g.confirmation)
    return grant if confirmation.fits(grant, g.confirmation) else None


class S256Challenge(CodeChallenge):
    """PKCE with S256 and nothing else (RFC 7636, 4.6)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_verifier(self, grant: Any, result: Any) -> None:
        """Refuse a code without its verifier as one with a wrong verifier: the code is worth nothing either way."""
        request = grant.request
        if request.authorization_code.code_challenge and not request.form.get("code_verifier"):
            raise InvalidGrantError("The code_verifier is missing.")
        super().validate_code_verifier(grant, result)

    def get_authorization_code_challenge_method(self, authorization_code: Grant) -> str:
        """Every challenge here was made with S256."""
        return "S256"


class OpenIDToken:
    """Adds the ID token to the answer (OpenID Connect Core, 3.1.3.3 and 12.2)."""

    def __call__(self, grant: Any) -> None:
        """Hang on to the grant as Authlib's extensions do."""
        grant.register_hook("after_create_token_response", self._add)

    def _add(self, grant: Any, answer: tuple[int, dict[str, Any], Any]) -> None:
        _, body, _ = answer
        request = grant.request
        # A nonce belongs to one authorization request; a refreshed ID token has none (12.2).
        first = grant.GRANT_TYPE == AuthorizationCodeGrant.GRANT_TYPE and request.user.nonce is not None
        nonce = {"nonce": request.user.nonce} if first else {}
        names = request.user.claims["id_token"]
        more = claims.by_name(request.user.account, request.client, names) if names else {}
        signed = tokens.id_token(request.client, request.user, {"at_hash": body["access_token"]}, {**more, **nonce})
        body["id_token"] = protection.encrypted("id_token", signed, request.client)

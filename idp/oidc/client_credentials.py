"""The client credentials grant (RFC 6749, 4.4), in Authlib's frame: tokens for a program itself; nothing is written.

Only when such a token is given back its name is kept, until it is over.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from authlib.oauth2.rfc6749 import InvalidScopeError
from authlib.oauth2.rfc6749 import grants as authlib

from idp.oidc import claims, single_use
from idp.oidc.tokens import SKEW_SECONDS, AccessToken

GIVEN_BACK = "access token given back"


class ClientCredentialsGrant(authlib.ClientCredentialsGrant):
    """Who the client is was found out before, and that it may use this grant is checked in the frame."""

    def validate_requested_scope(self) -> None:
        """Refuse a scope that the client does not have; those about people are nobody's here (RFC 6749, 3.3)."""
        if set((self.request.payload.scope or "").split()) - set(self._allowed()):
            raise InvalidScopeError("The client may not have this scope for itself.")

    def generate_token(self, scope: str | None = None, **_: Any) -> dict[str, Any]:
        """Make the answer; who asks for no scope gets all that the client has for itself."""
        answer: dict[str, Any] = super().generate_token(scope=scope or " ".join(self._allowed()))
        return answer

    def _allowed(self) -> list[str]:
        scope: str = self.request.client.scope
        return [name for name in scope.split() if name not in claims.SCOPES]


def end(token: AccessToken) -> None:
    """End a token that its client gives back (RFC 7009, 2.1)."""
    over = datetime.fromtimestamp(token.claims["exp"], UTC) + timedelta(seconds=SKEW_SECONDS)
    single_use.spend(GIVEN_BACK, token.client_id, token.claims["jti"], over)


def ended(token: AccessToken) -> bool:
    """Say whether a token was given back."""
    return single_use.spent(GIVEN_BACK, token.client_id, token.claims["jti"])

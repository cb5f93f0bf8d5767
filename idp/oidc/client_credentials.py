"""The client credentials grant (RFC 6749, 4.4): tokens for a program itself; nothing is written.

Only when such a token is given back its name is kept, until it is over.
"""

from datetime import UTC, datetime, timedelta

from authlib.oauth2.rfc6749 import InvalidScopeError

from idp.oidc import claims, single_use
from idp.oidc.token_requests import Allowed, TokenRequest
from idp.oidc.tokens import SKEW_SECONDS, AccessToken

GIVEN_BACK = "access token given back"


def allow(asked: TokenRequest) -> Allowed:
    """Return what the client has for itself; those scopes that are about people are nobody's here (RFC 6749, 3.3).

    Who asks for no scope gets all of it.
    """
    own = [name for name in asked.client.scope.split() if name not in claims.SCOPES]
    scope = asked.form.get("scope") or " ".join(own)
    if set(scope.split()) - set(own):
        raise InvalidScopeError("The client may not have this scope for itself.")
    return Allowed(asked.terms(scope, None))


def end(token: AccessToken) -> None:
    """End a token that its client gives back (RFC 7009, 2.1)."""
    over = datetime.fromtimestamp(token.claims["exp"], UTC) + timedelta(seconds=SKEW_SECONDS)
    single_use.spend(GIVEN_BACK, token.client_id, token.claims["jti"], over)


def ended(token: AccessToken) -> bool:
    """Say whether a token was given back."""
    return single_use.spent(GIVEN_BACK, token.client_id, token.claims["jti"])

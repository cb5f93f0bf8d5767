"""Logout that a relying party asks for (OpenID Connect RP-Initiated Logout 1.0), in Authlib's frame."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oidc.rpinitiated import EndSessionEndpoint as _EndSessionEndpoint
from authlib.oidc.rpinitiated import EndSessionRequest

from idp.accounts import session
from idp.oidc import tokens


class EndSessionEndpoint(_EndSessionEndpoint):
    """Ends the session that the ID token hint names, if it is the one of this browser."""

    def end_session(self, end_session_request: EndSessionRequest) -> None:
        """End this browser's session."""
        current = session.current()
        if current is not None:
            session.end([current], "logout")

    def _validate_id_token_hint(self, id_token_hint: str) -> dict[str, Any]:
        """Accept our own ID tokens only, even when they are over (section 2)."""
        try:
            return tokens.read_id_token_hint(id_token_hint)
        except tokens.TokenRefused:
            raise InvalidRequestError("The ID token hint is not valid.") from None


def needs_confirmation(request: EndSessionRequest) -> bool:
    """Say whether the person has to confirm: without a hint, or with one for another session (section 6)."""
    current = session.current()
    if current is None:
        return False
    claims = request.id_token_claims
    return claims is None or claims.get("sid") != current.sid

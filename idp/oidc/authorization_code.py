"""The authorization code grant (RFC 6749, 4.1.3) with PKCE (RFC 7636)."""

import hmac
import re

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError

from idp.core.signed import base64url, digest
from idp.oidc import confirmation, grants
from idp.oidc.given import Grant
from idp.oidc.token_requests import Allowed, TokenRequest

# PKCE with S256 and nothing else; a verifier has 43 to 128 unreserved characters (RFC 7636, 4.1).
CHALLENGE_METHODS = ("S256",)
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def redeem(asked: TokenRequest) -> Allowed:
    """Redeem a code rather than look it up: from here on it is used, whatever else is wrong with the request."""
    code = asked.form.get("code")
    if code is None:
        raise InvalidRequestError("Missing 'code' in request.")
    grant = _held_to_key(asked, grants.redeem(code, asked.client.client_id))
    if grant is None:
        raise InvalidGrantError("Invalid 'code' in request.")
    if asked.form.get("redirect_uri") != grant.redirect_uri:
        raise InvalidGrantError("Invalid 'redirect_uri' in request.")
    _check_verifier(asked, grant.code_challenge)
    return Allowed(asked.terms(grant.scope, grant.resources), grant, grant.nonce)


def _held_to_key(asked: TokenRequest, grant: Grant | None) -> Grant | None:
    """Return the grant, bound as it is from now on; None for a code that counts with another key (RFC 9449, 10).

    What a public client gets afterwards is bound to what it shows first, a key (5) or a certificate (RFC 8705, 4): it
    has nothing else to prove.
    """
    if grant is not None and asked.client.public:
        grant = grants.bind(grant, asked.bound)
    return grant if grant is not None and confirmation.fits(grant, asked.bound) else None


def _check_verifier(asked: TokenRequest, challenge: str) -> None:
    """Refuse a code without its verifier as one with a wrong verifier: the code is worth nothing either way (4.6)."""
    verifier = asked.form.get("code_verifier", "")
    if not challenge:
        if verifier:  # RFC 9700, 4.8.2
            raise InvalidRequestError("There was no 'code_challenge', but a 'code_verifier' was provided.")
        if asked.client.public:
            raise InvalidRequestError("Missing 'code_verifier'")
        return
    if not verifier:
        raise InvalidGrantError("The code_verifier is missing.")
    if not VERIFIER.fullmatch(verifier):
        raise InvalidRequestError("Invalid 'code_verifier'")
    if not hmac.compare_digest(base64url(digest(verifier)).encode(), challenge.encode()):
        raise InvalidGrantError("Code challenge failed.")

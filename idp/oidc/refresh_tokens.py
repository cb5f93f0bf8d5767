"""Refresh tokens (RFC 6749, 6): the grant's row says which number counts now, the token is that number under our seal.

Nothing secret is stored, every older token of a grant is recognised, and rotating is one conditional update.
"""

import hmac
import re
from datetime import timedelta

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, InvalidScopeError
from sqlalchemy import bindparam, update

from idp.core import clock, settings
from idp.core.db import transactional
from idp.core.prepared import Prepared
from idp.core.signed import seal_of
from idp.core.values import frozen
from idp.oidc import confirmation, given, grants
from idp.oidc.clients import Client
from idp.oidc.given import Grant
from idp.oidc.models import AuthorizationGrant
from idp.oidc.token_requests import Allowed, TokenRequest
from idp.saas import access

FORM = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([A-Za-z0-9_-]{43})")
PURPOSE = "refresh token"
ROTATE = Prepared(
    update(AuthorizationGrant)
    .where(AuthorizationGrant.id == bindparam("grant_id"), AuthorizationGrant.refresh_number == bindparam("this"))
    .values(
        refresh_number=bindparam("successor"), refresh_used_at=bindparam("now"), refresh_rotated_at=bindparam("now")
    )
)


@frozen
class RefreshToken:
    """A refresh token of ours: its grant and its number."""

    grant: Grant
    number: int

    def check_client(self, client: Client) -> bool:
        """Say whether it was given to this client (RFC 6749, 10.4)."""
        return self.grant.client_id == client.client_id


def exchange(asked: TokenRequest) -> Allowed:
    """Exchange a refresh token; it is used last, so that what is refused leaves it good.

    A narrower scope than the person gave may be asked for; it counts for this access token alone.
    """
    text = asked.form.get("refresh_token")
    if text is None:
        raise InvalidRequestError("Missing 'refresh_token' in request.")
    token = read(text)
    if token is None or not token.check_client(asked.client):
        raise InvalidGrantError
    scope = asked.form.get("scope") or token.grant.scope
    if set(scope.split()) - set(token.grant.scope.split()):
        raise InvalidScopeError
    if "openid" not in scope.split():
        raise InvalidScopeError("The scope openid is required.")
    if asked.client.public and not confirmation.fits(token.grant, asked.bound):
        raise InvalidGrantError("The refresh token counts with another key.")
    terms = asked.terms(scope, token.grant.resources)
    rotated = use(token, asked.client)
    if rotated is None:
        raise InvalidGrantError("The refresh token is over or was used before.")
    return Allowed(terms, rotated)


def written(grant: Grant) -> str:
    """Return the refresh token of a grant that counts now."""
    return f"{grant.id}.{grant.refresh_number}.{_seal(grant, grant.refresh_number or 0)}"


def read(text: str) -> RefreshToken | None:
    """Return the token, living or not, or None if we never wrote it."""
    parts = FORM.fullmatch(text)
    grant = given.find(int(parts[1])) if parts else None
    if parts is None or grant is None or grant.refresh_number is None:
        return None
    number = int(parts[2])
    ours = hmac.compare_digest(_seal(grant, number), parts[3])
    return RefreshToken(grant, number) if ours else None


def usable(token: RefreshToken, client: Client) -> bool:
    """Say whether a token may be used now: its grant lives, and it counts or was the last one moments ago."""
    return _lives(token.grant, client) and (token.number == token.grant.refresh_number or _just_rotated(token))


def use(token: RefreshToken, client: Client) -> Grant | None:
    """Use a token and return its grant with the number of its successor.

    None if the grant is over, or ends now because the token was used before.

    The last token works for some seconds more and leads to the same successor, for a client that lost our answer or
    asks twice at once (FAPI 2.0 Security Profile, 5.3.2.1-9). Any older one is in two hands (RFC 9700, 4.14.2).
    """
    if not _lives(token.grant, client):
        return None
    return _rotated(token, token.number if client.proves_a_key else token.number + 1)


@transactional
def _rotated(token: RefreshToken, successor: int) -> Grant | None:
    grant, now = token.grant, clock.now()
    if ROTATE.run(grant_id=grant.id, this=token.number, successor=successor, now=now):
        return grant._replace(refresh_number=successor, refresh_used_at=now)
    anew = given.find(grant.id)
    if anew is not None and _just_rotated(RefreshToken(anew, token.number)):
        return anew
    grants.revoke(grant.id, "oidc.refresh_token.replayed")
    return None


def _lives(grant: Grant, client: Client) -> bool:
    if not (grants.alive(grant) and grants.offline(grant)):
        return False
    return client.application_id is None or access.has_access(grant.account_id, client.application_id)


def _just_rotated(token: RefreshToken) -> bool:
    grant = token.grant
    grace = timedelta(seconds=settings.current().oidc.refresh_grace_seconds)
    last = token.number + 1 == grant.refresh_number
    return last and grant.refresh_rotated_at is not None and clock.now() - grant.refresh_rotated_at <= grace


def _seal(grant: Grant, number: int) -> str:
    """The hash of the code makes the seal of each grant its own, whatever a restored backup numbers anew."""
    return seal_of(PURPOSE, f"{grant.id}.{number}.{grant.code_digest.hex()}")

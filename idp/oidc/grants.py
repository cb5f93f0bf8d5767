"""The authorization code grant: a code is given for a session, and redeemed once (RFC 6749, 4.1)."""

from datetime import timedelta
from typing import Any

from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7636 import CodeChallenge
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from idp.accounts.models import Account, AccountState, UserSession
from idp.core import audit, clock, settings
from idp.core.db import db, transactional
from idp.core.signed import digest, new_token
from idp.oidc import tokens
from idp.oidc.clients import Client
from idp.oidc.models import AuthorizationGrant
from idp.oidc.parameters import Parameters

# Tokens need no addresses unless the scope says so: two queries less, a fifth of the UserInfo endpoint's time.
LEAN = (
    joinedload(AuthorizationGrant.account).lazyload(Account.addresses),
    joinedload(AuthorizationGrant.session).joinedload(UserSession.account).lazyload(Account.addresses),
)


@transactional
def give(parameters: Parameters, session: UserSession, acr: str) -> str:
    """Record what the person gives the client and return the code for it."""
    now = clock.now()
    code = new_token()
    db.session.add(
        AuthorizationGrant(
            code_digest=digest(code),
            client_id=parameters.client_id,
            account_id=session.account_id,
            session_id=session.id,
            redirect_uri=parameters.target.redirect_uri,
            scope=parameters.scope,
            nonce=parameters.nonce,
            code_challenge=parameters.code_challenge,
            acr=acr,
            amr=session.amr,
            auth_time=session.auth_time,
            created_at=now,
            code_expires_at=now + timedelta(seconds=settings.current().oidc.code_seconds),
        )
    )
    audit.record("oidc.grant.give", subject=session.account.uid, object=parameters.client_id, after={"acr": acr})
    return code


def redeem(code: str, client_id: str) -> AuthorizationGrant | None:
    """Take a code of this client out of use and return its grant; None if there is no living one.

    One conditional update, so that of a hundred parallel redemptions one succeeds. A second redemption ends what the
    first one gave (RFC 6749, 4.1.2). Runs inside the act of the token endpoint.
    """
    mine = (AuthorizationGrant.code_digest == digest(code)) & (AuthorizationGrant.client_id == client_id)
    taken = db.session.scalar(
        update(AuthorizationGrant)
        .where(mine, AuthorizationGrant.redeemed_at.is_(None))
        .values(redeemed_at=clock.now())
        .returning(AuthorizationGrant.id)
    )
    if taken is None:
        _revoke_replayed(db.session.scalar(select(AuthorizationGrant.id).where(mine)))
        return None
    grant = db.session.get_one(AuthorizationGrant, taken, options=LEAN)
    return grant if grant.code_expires_at > clock.now() and alive(grant) else None


def _revoke_replayed(grant_id: int | None) -> None:
    if grant_id is None:
        return
    revoked = db.session.execute(
        update(AuthorizationGrant)
        .where(AuthorizationGrant.id == grant_id, AuthorizationGrant.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )
    if revoked.rowcount:  # type: ignore[attr-defined]
        audit.record("oidc.grant.replayed", object=str(grant_id))


def alive(grant: AuthorizationGrant) -> bool:
    """Say whether what comes from this grant still counts: not revoked, session open, account active."""
    return (
        grant.revoked_at is None
        and grant.session.ended_at is None
        and grant.session.expires_at > clock.now()
        and grant.account.state is AccountState.ACTIVE
    )


class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):
    """The token endpoint's side, in Authlib's frame: client, redirect URI and PKCE are checked there."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

    def query_authorization_code(self, code: str, client: Client) -> AuthorizationGrant | None:
        """Redeem rather than look up: from here on the code is used, whatever else is wrong with the request."""
        return redeem(code, client.client_id)

    def authenticate_user(self, authorization_code: AuthorizationGrant) -> AuthorizationGrant:
        """Return whom the tokens are for: the grant, which knows the person and the session."""
        return authorization_code

    def delete_authorization_code(self, authorization_code: AuthorizationGrant) -> None:
        """Nothing: the code is out of use already."""


class S256Challenge(CodeChallenge):
    """PKCE with S256 and nothing else (RFC 7636, 4.6)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def get_authorization_code_challenge_method(self, authorization_code: AuthorizationGrant) -> str:
        """Every challenge here was made with S256."""
        return "S256"


class OpenIDToken:
    """Adds the ID token to the answer (OpenID Connect Core, 3.1.3.3)."""

    def __call__(self, grant: Any) -> None:
        """Hang on to the grant as Authlib's extensions do."""
        grant.register_hook("after_create_token_response", self._add)

    def _add(self, grant: Any, answer: tuple[int, dict[str, Any], Any]) -> None:
        _, body, _ = answer
        request = grant.request
        body["id_token"] = tokens.id_token(request.client, request.user, body["access_token"])

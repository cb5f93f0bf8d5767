"""Applications are told that a session is over (OpenID Connect Back-Channel Logout 1.0), by the outbox with retries."""

from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import select

from idp.accounts.models import Account, UserSession
from idp.core import clock, fetch, outbox, settings
from idp.core.db import act, db
from idp.core.fetch import FetchRefused
from idp.core.signals import accesses_changed, session_ended
from idp.core.signed import new_token
from idp.oidc import clients, tokens
from idp.oidc.models import AuthorizationGrant, RegisteredClient
from idp.oidc.subjects import subject_of

KIND = "back-channel logout"
TYPE = "logout+jwt"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME = timedelta(minutes=2)


@session_ended.connect
def _session_ended(session_id: int, account_id: int) -> None:
    """Tell every application that was visited in the session."""
    _tell(AuthorizationGrant.session_id == session_id)


@accesses_changed.connect
def _accesses_changed(account_id: int) -> None:
    """Tell the applications whose accesses the person reads: a right that was taken away is gone within seconds.

    Who is still signed in here and may still enter comes back without a page.
    """
    open_now = UserSession.ended_at.is_(None) & (UserSession.expires_at > clock.now())
    _tell((AuthorizationGrant.account_id == account_id) & RegisteredClient.application_id.is_not(None) & open_now)


def _tell(which: Any) -> None:
    rows = db.session.execute(
        select(RegisteredClient.client_id, RegisteredClient.further, UserSession.sid, Account.uid)
        .join(AuthorizationGrant, AuthorizationGrant.client_id == RegisteredClient.client_id)
        .join(UserSession, UserSession.id == AuthorizationGrant.session_id)
        .join(Account, Account.id == AuthorizationGrant.account_id)
        .where(which, AuthorizationGrant.redeemed_at.is_not(None))
    )
    told = act().memory.setdefault(KIND, [])  # one act may end a session and change accesses: once is enough
    for client_id, further, sid, uid in rows:
        address = further.get("backchannel_logout_uri")
        if address and (client_id, sid) not in told:
            told.append((client_id, sid))
            outbox.post_call(address, KIND, orjson.dumps({"client_id": client_id, "sid": sid, "uid": uid}).decode())


def call(address: str, details: str) -> None:
    """Send one logout token, made now; raise OSError to be tried again later (section 2.5)."""
    about = orjson.loads(details)
    client = clients.find(about["client_id"])
    if client is None:
        return
    now = clock.now()
    claims = {
        "iss": settings.current().server.issuer,
        "aud": client.client_id,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "jti": new_token()[:22],
        "sub": subject_of(about["uid"], client),
        "sid": about["sid"],
        "events": {EVENT: {}},
    }
    token = tokens.sign(claims, client.id_token_signed_response_alg, TYPE)
    try:
        fetch.post(address, {"logout_token": token})
    except FetchRefused as refused:
        raise OSError(str(refused)) from None

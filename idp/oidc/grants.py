"""Grants: what a person gave a client in one sign-in; every code, access token and refresh token comes from one."""

import hmac
import re
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, insert, update

from idp.accounts.models import AccountState
from idp.accounts.open_session import AnySession
from idp.core import audit, clock, settings
from idp.core.db import db, transaction, transactional
from idp.core.prepared import Prepared
from idp.core.signals import account_closed, account_frozen, factors_wiped
from idp.core.signed import digest, new_token
from idp.core.values import frozen
from idp.oidc import given
from idp.oidc.confirmation import Confirmation
from idp.oidc.given import Grant
from idp.oidc.models import AuthorizationGrant
from idp.oidc.parameters import Parameters
from idp.oidc.response_types import CODE, gives

OFFLINE = "offline_access"

# A code names its grant: its secret is looked up nowhere, so no index of random places is written in each act.
CODE_FORM = re.compile(r"([0-9]{1,9})\.([A-Za-z0-9_-]{43})")
# Statements of each code flow, built once.
GIVE = Prepared(insert(AuthorizationGrant).returning(AuthorizationGrant.id))
REDEEM = Prepared(
    update(AuthorizationGrant)
    .where(AuthorizationGrant.id == bindparam("grant_id"), AuthorizationGrant.redeemed_at.is_(None))
    .values(redeemed_at=bindparam("now"))
)


@frozen
class Given:
    """A grant that was just given: its row, and its code if the client is to have one."""

    grant_id: int
    code: str


def give(parameters: Parameters, session: AnySession, acr: str) -> Given:
    """Record what the person gives the client, inside an act; without a code all of it is given at once."""
    now = clock.now()
    secret = new_token()
    offline = OFFLINE in parameters.scope.split()
    by_code = gives(parameters.response_type, CODE)
    configuration = settings.current().oidc
    new: Any = GIVE.first(
        code_digest=digest(secret),
        client_id=parameters.client_id,
        account_id=session.account_id,
        session_id=session.id,
        redirect_uri=parameters.target.redirect_uri,
        scope=parameters.scope,
        nonce=parameters.nonce,
        claims={"id_token": list(parameters.id_token_claims), "userinfo": list(parameters.userinfo_claims)},
        resources=list(parameters.resources),
        code_challenge=parameters.code_challenge,
        dpop_jkt=parameters.dpop_jkt,
        acr=acr,
        amr=session.amr,
        auth_time=session.auth_time,
        created_at=now,
        code_expires_at=now + timedelta(seconds=configuration.code_seconds),
        redeemed_at=None if by_code else now,
        refresh_number=0 if offline else None,
        refresh_used_at=now if offline else None,
        refresh_expires_at=now + timedelta(days=configuration.refresh_days) if offline else None,
    )
    audit.record("oidc.grant.give", subject=session.account.uid, object=parameters.client_id, after={"acr": acr})
    return Given(new.id, f"{new.id}.{secret}")


def redeem(code: str, client_id: str) -> Grant | None:
    """Take a code of this client out of use and return its grant; None if there is no living one."""
    parts = CODE_FORM.fullmatch(code)
    grant = given.find(int(parts[1])) if parts else None
    if parts is None or grant is None or grant.client_id != client_id:
        return None
    if not hmac.compare_digest(grant.code_digest, digest(parts[2])) or not _taken(grant):
        return None
    return grant if grant.code_expires_at > clock.now() else None


def redeem_given(grant_id: int) -> Grant | None:
    """Take a grant that a person gave to a device, once, in the same way."""
    grant = given.find(grant_id)
    return grant if grant is not None and _taken(grant) else None


@transactional
def _taken(grant: Grant) -> bool:
    """Take a grant that nobody took yet, and say whether it is alive.

    One conditional update, so that of a hundred parallel redemptions one succeeds. A second redemption ends what the
    first one gave (RFC 6749, 4.1.2).
    """
    if REDEEM.run(grant_id=grant.id, now=clock.now()):
        return alive(grant)
    revoke(grant.id, "oidc.grant.replayed")
    return False


def bind(grant: Grant, shown: Confirmation) -> Grant:
    """Let what follows from a grant count with what is shown now only, unless it is bound already."""
    bound = grant._replace(dpop_jkt=grant.dpop_jkt or shown.jkt, x5t=grant.x5t or shown.x5t)
    if bound != grant:
        values = {"dpop_jkt": bound.dpop_jkt, "x5t": bound.x5t}
        with transaction():
            db.session.execute(update(AuthorizationGrant).where(AuthorizationGrant.id == grant.id).values(values))
    return bound


def alive(grant: Grant) -> bool:
    """Say whether what comes from this grant still counts.

    It is not revoked, the account is active, and the session is open, or the grant has offline access, which is made
    to go on without the person (OpenID Connect Core, 11).
    """
    if grant.revoked_at is not None or grant.account.state is not AccountState.ACTIVE:
        return False
    now = clock.now()
    return offline(grant) or (grant.session.ended_at is None and grant.session.expires_at > now)


def offline(grant: Grant) -> bool:
    """Say whether a grant has offline access that still counts.

    It ends after its time, when nobody used it for long, and with a new password: whoever gave it may not have been
    the owner of the account.
    """
    if grant.refresh_used_at is None or grant.refresh_expires_at is None:
        return False
    now = clock.now()
    idle = timedelta(days=settings.current().oidc.refresh_idle_days)
    unused = grant.refresh_used_at <= now - idle
    return grant.refresh_expires_at > now and not unused and grant.account.password_changed_at <= grant.created_at


@transactional
def revoke(grant_id: int, act: str) -> None:
    """End everything that comes from a grant; `act` is what the audit trail calls it. A second time changes nothing."""
    revoked = db.session.execute(
        update(AuthorizationGrant)
        .where(AuthorizationGrant.id == grant_id, AuthorizationGrant.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )
    if revoked.rowcount:  # type: ignore[attr-defined]
        audit.record(act, object=str(grant_id))


def revoke_of_client(account_id: int, client_id: str) -> None:
    """End all that a person gave a client; inside the act of whoever took it back."""
    theirs = (AuthorizationGrant.account_id == account_id) & (AuthorizationGrant.client_id == client_id)
    living = theirs & AuthorizationGrant.revoked_at.is_(None)
    db.session.execute(update(AuthorizationGrant).where(living).values(revoked_at=clock.now()))


@factors_wiped.connect
@account_closed.connect
@account_frozen.connect
def _end_all(account_id: int) -> None:
    """PANIC, a frozen and a closed account end every grant, those with offline access too.

    An account that is opened again finds none of them: somebody else may have given them (SECURITY.md, 1).
    """
    living = (AuthorizationGrant.account_id == account_id) & AuthorizationGrant.revoked_at.is_(None)
    db.session.execute(update(AuthorizationGrant).where(living).values(revoked_at=clock.now()))

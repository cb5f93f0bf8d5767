"""It was not me: a person says on the own device that a sign-in is somebody else's, who knows the password then."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from idp.accounts import notices
from idp.core import audit, clock
from idp.core.db import db, transactional
from idp.core.errors import Expired
from idp.mfa.models import Challenge, ChallengeState

PAUSE_MINUTES = 15


@transactional
def deny(challenge: Challenge) -> None:
    """End a challenge for its person, tell all verified addresses, and pause further requests.

    Raise Expired if it is over already.
    """
    now = clock.now()
    ended = db.session.execute(
        update(Challenge)
        .where(
            Challenge.id == challenge.id,
            Challenge.state == ChallengeState.OPEN,
            Challenge.tries_left > 0,
            Challenge.expires_at > now,
        )
        # From now on it expires when the pause is over.
        .values(state=ChallengeState.DENIED, expires_at=now + timedelta(minutes=PAUSE_MINUTES))
        .execution_options(synchronize_session=False)
    )
    if ended.rowcount != 1 or challenge.account is None:  # type: ignore[attr-defined]
        raise Expired("challenge_over")
    account, memo = challenge.account, challenge.content["memo"]
    audit.record("mfa.challenge.deny", subject=account.uid, after={"kind": challenge.kind, "source": memo["source"]})
    asked = {"application": memo["application"], "asked_by": memo["browser"], "asked_from": memo["source"]}
    notices.tell(account, "mfa/mail/request_denied", always=True, minutes=PAUSE_MINUTES, **asked)


def paused_until(account_id: int) -> datetime | None:
    """Return until when an account gets no requests because somebody said that one was not the own; None: it does."""
    wanted = (Challenge.account_id == account_id, Challenge.state == ChallengeState.DENIED)
    until = db.session.scalar(select(func.max(Challenge.expires_at)).where(*wanted))
    return until if until and until > clock.now() else None


def denied(binding: str) -> bool:
    """Say whether this attempt is one that the person knows nothing of."""
    wanted = (Challenge.binding == binding, Challenge.state == ChallengeState.DENIED)
    return db.session.scalar(select(Challenge.id).where(*wanted).limit(1)) is not None

"""After a restore: what the backup brought back and was over, ended or sent since, is ended again."""

from sqlalchemy import update

from idp.accounts.models import MailedLink, UserSession
from idp.core import audit, clock
from idp.core.db import db, transactional
from idp.core.outbox import Message, MessageState
from idp.mfa.models import Challenge, ChallengeState
from idp.oidc.models import AuthorizationGrant, ClientInvitation
from idp.signin.models import Attempt, AttemptState

REASON = "restored"


@transactional
def end_what_came_back() -> dict[str, int]:
    """End every session, link, code, sign-in and waiting message of the backup; return how many of each.

    Nobody can know which of them were used after the backup was made, so none may be used again.
    """
    now = clock.now()
    ended = {
        "sessions": update(UserSession).where(UserSession.ended_at.is_(None)).values(ended_at=now, end_reason=REASON),
        "links": update(MailedLink).where(MailedLink.used_at.is_(None)).values(used_at=now),
        "codes": update(Challenge).where(Challenge.state == ChallengeState.OPEN).values(state=ChallengeState.REPLACED),
        "sign-ins": update(Attempt).where(Attempt.state == AttemptState.OPEN).values(state=AttemptState.EXPIRED),
        "grants": update(AuthorizationGrant).where(AuthorizationGrant.revoked_at.is_(None)).values(revoked_at=now),
        "invitations": update(ClientInvitation).where(ClientInvitation.uses_left > 0).values(uses_left=0),
        "messages": update(Message)
        .where(Message.state.in_((MessageState.QUEUED, MessageState.SENDING)))
        .values(state=MessageState.FAILED, error=REASON),
    }
    counts: dict[str, int] = {name: db.session.execute(statement).rowcount for name, statement in ended.items()}  # type: ignore[attr-defined]
    audit.record("system.restored", after=counts)
    return counts

"""The first step by eID instead of the password; an eID that nobody linked opens nothing and makes no account."""

from sqlalchemy import select, update

from idp.accounts import people
from idp.accounts.models import AccountState
from idp.accounts.session import Proof
from idp.core import audit, clock
from idp.core.db import db, transactional
from idp.core.errors import Invalid
from idp.core.levels import MFA, SFA
from idp.core.settings import Eid
from idp.signin import eid_links, steps
from idp.signin.attempt import SignIn
from idp.signin.eid_tokens import Identity
from idp.signin.models import EidLink


def judge(attempt: SignIn, provider: Eid, identity: Identity) -> None:
    """Go on with the attempt as the person whose eID it is.

    Raise Invalid("eid_unlinked") if it is nobody's, or of an account that cannot sign in; Moved if the attempt went on.
    """
    link = eid_links.owner(identity)
    if link is None or link.account.state is not AccountState.ACTIVE:
        raise Invalid("eid_unlinked", name=provider.name)
    _passed(attempt, link.id, proof(attempt, provider, identity))


def proof(attempt: SignIn, provider: Eid, identity: Identity) -> Proof:
    """Return what an eID proves: the operator decides, and an application that names its methods takes it as one."""
    strong = provider.level == "mfa" and attempt.methods is None
    if strong and (not provider.mfa_acr or identity.acr in provider.mfa_acr):
        return Proof(MFA, (steps.EID_AMR, steps.MFA_AMR))
    return Proof(SFA, (steps.EID_AMR,))


@transactional
def _passed(attempt: SignIn, link_id: int, shown: Proof) -> None:
    account_id = db.session.scalar(select(EidLink.account_id).where(EidLink.id == link_id))
    account = people.locked(account_id) if account_id else None
    used = db.session.execute(update(EidLink).where(EidLink.id == link_id).values(last_used_at=clock.now()))
    if account is None or account.state is not AccountState.ACTIVE or used.rowcount != 1:  # type: ignore[attr-defined]
        raise Invalid("eid_unlinked")
    audit.record("signin.eid.pass", subject=account.uid)
    steps.prove(attempt, shown, account)

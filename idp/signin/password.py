"""The first step: who are you, and your password. Guesses are counted before they are judged, and nobody is locked out.

Unknown, wrong and locked are one answer, in the same time. A browser in which the person signed in before has a budget
of its own, so that strangers who guess cannot use up the owner's.
"""

from flask import request

from idp.accounts import freezing, passwords, people
from idp.accounts.models import Account, AccountState
from idp.accounts.passwords import Guarded
from idp.accounts.session import Proof
from idp.core import audit, settings
from idp.core.db import db, transactional
from idp.core.errors import Invalid, TooMany
from idp.core.levels import SFA
from idp.core.limits import Budget, forgive, source_of, spend
from idp.core.signed import digest
from idp.signin import known_browser, steps
from idp.signin.attempt import SignIn

PROOF = Proof(SFA, (steps.PASSWORD_AMR,))


def judge(attempt: SignIn, identifier: str, password: str) -> str:
    """Go on with the attempt if the password is right, and return the address where it is then.

    Raise Invalid("sign_in_wrong") for whatever is wrong, TooMany if this browser or source guessed too often, Busy if
    the server has no room, Moved if the attempt went on meanwhile. Must not be called inside an act.
    """
    account = people.guarded(identifier)
    own = _own_budget(account, identifier)
    allowed = _count(account, own)
    known = account if allowed and account and account.state is not AccountState.CLOSED else None
    right = passwords.matches(known, password)
    if right and known and known.state is AccountState.ACTIVE:
        return _passed(attempt, known.id, own)
    _failed(account, tell=right)
    raise Invalid("sign_in_wrong")


@transactional
def _passed(attempt: SignIn, account_id: int, own: Budget) -> str:
    account = people.held(account_id)
    if account.state is not AccountState.ACTIVE:
        raise Invalid("sign_in_wrong")
    audit.record("signin.password.pass", subject=account.uid)
    where = steps.prove(attempt, PROOF, account)
    forgive(own)
    return where


@transactional
def _failed(account: Guarded | None, *, tell: bool) -> None:
    """Write the failure down, also for nobody, so that both take the same time.

    Who has the right password of a frozen account reads the same page as everybody; the mailbox is told why (`tell`).
    """
    audit.record("signin.password.fail", subject=account.uid if account else None)
    if account and tell:
        freezing.remind(db.session.get_one(Account, account.id))


def _count(account: Guarded | None, own: Budget) -> bool:
    """Count a guess; say whether it may be judged, raise TooMany if this browser or source has to wait.

    An account that strangers guess at is not told apart from a wrong password: only its own browsers go on.
    """
    if _in_known_browser(account):
        spend(own)
        return True
    try:
        spend(*source_budgets(request.remote_addr), then=own)
    except TooMany as refusal:
        if refusal.key != own.name:
            raise
        return False
    return True


def source_budgets(address: str | None) -> tuple[Budget, ...]:
    """Return what all tries of one source, and of all sources, count against."""
    limits = settings.current().limits
    seconds = limits.password_window_minutes * 60
    return (
        Budget("password.source", source_of(address), limits.password_per_source, seconds),
        Budget("password.global", "all", limits.password_global, seconds),
    )


def browser_budget(key: str) -> Budget:
    """Return what the tries in a browser that was signed in before count against."""
    limits = settings.current().limits
    return Budget("password.browser", key, limits.password_per_browser, limits.password_window_minutes * 60)


def _own_budget(account: Guarded | None, identifier: str) -> Budget:
    limits = settings.current().limits
    seconds = limits.password_window_minutes * 60
    who = account.uid if account else digest(identifier.strip().lower()).hex()
    if _in_known_browser(account):
        return browser_budget(f"{known_browser.current().binding.hex()}:{who}")
    return Budget("password.account", who, limits.password_per_account, seconds)


def _in_known_browser(account: Guarded | None) -> bool:
    return account is not None and known_browser.current().knows(account.uid)

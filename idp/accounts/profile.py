"""What people change about their own account; each change is told to their mailboxes."""

from dataclasses import replace

from idp.accounts import links, password_rules, passwords, people, questions, session
from idp.accounts.links import Purpose
from idp.accounts.models import Account, UserSession
from idp.accounts.notices import tell
from idp.accounts.session import Proof
from idp.core import audit, clock, settings, signals
from idp.core.db import db, transactional
from idp.core.errors import Invalid
from idp.core.levels import MFA, SFA
from idp.core.limits import Budget, forgive, spend
from idp.core.values import frozen


@frozen
class Preferences:
    """How a person wants to be written to and asked."""

    language: str
    notify_by_mail: bool
    always_mfa: bool
    warn_applications: bool = False


@transactional
def rename(account: Account, first_name: str, last_name: str) -> None:
    """Change the person's names."""
    if (first_name, last_name) == (account.first_name, account.last_name):
        return
    # The trail outlives the account: it says that the name changed, and tells neither the old nor the new one.
    account.first_name, account.last_name, account.updated_at = first_name, last_name, clock.now()
    audit.record("account.rename", subject=account.uid)
    tell(account, "renamed")


def can_require_mfa(account: Account) -> bool:
    """Say whether "always require multi-factor" may be chosen: it needs a second factor."""
    return account.always_mfa or bool(questions.second_factors(account.id))


def must_require_mfa(account: Account) -> bool:
    """Say whether "always require multi-factor" stays on: for administrators and those who approve for others."""
    return account.is_administrator or questions.must_keep_mfa(account.id)


def prefer(account: Account, wish: Preferences) -> None:
    """Change the preferences; "always require multi-factor" stays as it is where it is not offered.

    Who stops being asked for two factors proves both first: raise SignInRequired.
    """
    if must_require_mfa(account) or not can_require_mfa(account):
        wish = replace(wish, always_mfa=account.always_mfa)
    if account.always_mfa and not wish.always_mfa:
        session.require(MFA, settings.current().session.step_up_minutes * 60, "weaken")
    _prefer(account, wish)


@transactional
def _prefer(account: Account, wish: Preferences) -> None:
    before = Preferences(**{name: getattr(account, name) for name in vars(wish)})
    if wish == before:
        return
    for name, value in vars(wish).items():
        setattr(account, name, value)
    account.updated_at = clock.now()
    audit.record("account.prefer", subject=account.uid, before=vars(before), after=vars(wish))
    weaker = before.notify_by_mail > wish.notify_by_mail or before.always_mfa > wish.always_mfa
    tell(account, "preferences", always=weaker, wish=wish)


@transactional
def require_mfa_always(account: Account) -> None:
    """Switch "always require multi-factor" on, for somebody who becomes an approver or administrator."""
    if not account.always_mfa:
        account.always_mfa = True
        audit.record("account.prefer", subject=account.uid, after={"always_mfa": True})


def guesses(account_id: int) -> Budget:
    """Return the budget of password guesses of a person who is signed in already."""
    chosen = settings.current().limits
    return Budget("password_change", account_id, chosen.password_per_account, chosen.password_window_minutes * 60)


def check_password(account: Account, password: str) -> None:
    """Let somebody who is signed in already prove the password; raise Invalid("password_wrong"), TooMany, Busy."""
    budget = guesses(account.id)
    spend(budget)
    if not passwords.matches(account, password):
        raise Invalid("password_wrong")
    forgive(budget)


def change_password(own: UserSession, old: str, new: str) -> None:
    """Replace the password, end all other sessions and renew this one.

    Raise Invalid("password_wrong") for a wrong old one, Invalid for an unfit new one, TooMany, Busy.
    """
    account = own.account
    password_rules.check(people.words(account), new)
    check_password(account, old)
    _change_password(own, passwords.hash_of(new))


@transactional
def _change_password(own: UserSession, password_hash: str) -> None:
    set_password(own.account, password_hash, how="change", keep=own)
    session.strengthen(own, Proof(SFA, ("pwd",)))


@transactional
def set_password(account: Account, password_hash: str, *, how: str, keep: UserSession | None = None) -> None:
    """Store a new password, end every session except `keep`, void open links, tell every mailbox; factors stay."""
    now = clock.now()
    account.password_hash, account.password_changed_at, account.updated_at = password_hash, now, now
    if how == "reset":
        account.password_reset_at = now
    db.session.flush()
    session.end_all(account.id, "password", keep)
    links.revoke(Purpose.PASSWORD, account.id)
    audit.record(f"account.password.{how}", subject=account.uid)
    tell(account, "password", always=True)
    if how == "reset":
        signals.password_reset.send(account.id)

"""Browsers in which a person is not asked for the second factor for some days, where an application accepts that.

A trusted browser proves nothing (docs/adr/0005-trusted-browsers-prove-nothing.md): the session stays at one factor and
says so. It is bound to the browser's cookie, the password, and the factor that was shown when it was trusted: a new
password, the removal of that factor and PANIC end it by themselves. A frozen account trusts none any more.
"""

from datetime import timedelta

from flask import request
from sqlalchemy import ColumnElement, delete, select, update

from idp.accounts import notices, people, questions
from idp.accounts.models import Account
from idp.accounts.open_session import AnyAccount
from idp.core import audit, clock, settings, signals
from idp.core.db import db, transactional
from idp.core.errors import NotFound
from idp.signin import known_browser
from idp.signin.models import TrustedBrowser


def may_trust(account: AnyAccount) -> bool:
    """Say whether this person may trust a browser: not who administers the platform or decides about others."""
    unsafe = account.is_administrator or questions.must_keep_mfa(account.id)
    return days() > 0 and not unsafe


@questions.answers_trusted_browser
def vouches(account: AnyAccount) -> bool:
    """Say whether this request's browser is trusted for this person now."""
    browser = known_browser.current()
    if browser.is_new or not may_trust(account):
        return False
    this = TrustedBrowser.browser == browser.binding
    return db.session.scalar(select(TrustedBrowser.id).where(this, *_alive(account))) is not None


@transactional
def trust(account: Account, authenticator_id: int) -> None:
    """Trust this request's browser from now on, because the person showed this factor here; tell it by mail."""
    people.locked(account.id)  # two windows that do it at once
    now, binding = clock.now(), known_browser.current().binding
    known = (TrustedBrowser.account_id == account.id, TrustedBrowser.browser == binding)
    db.session.execute(delete(TrustedBrowser).where(*known))
    trusted = TrustedBrowser(
        account_id=account.id,
        authenticator_id=authenticator_id,
        browser=binding,
        user_agent=request.headers.get("User-Agent", "")[:400],
        created_at=now,
        last_used_at=now,
        expires_at=now + timedelta(days=days()),
    )
    db.session.add(trusted)
    db.session.flush()
    audit.record("signin.browser.trust", subject=account.uid, object=str(trusted.id), after=_what(trusted))
    notices.tell(account, "signin/mail/browser_trusted", always=True, trusted=trusted.name, until=trusted.expires_at)


@transactional
def used(account: AnyAccount) -> None:
    """Note that a trusted browser took the place of the question for the second factor."""
    this = (TrustedBrowser.account_id == account.id, TrustedBrowser.browser == known_browser.current().binding)
    db.session.execute(update(TrustedBrowser).where(*this).values(last_used_at=clock.now()))
    audit.record("signin.browser.use", subject=account.uid)


def trusted(account: Account) -> list[TrustedBrowser]:
    """Return the browsers that this person trusts now, the last used first."""
    found = select(TrustedBrowser).where(*_alive(account)).order_by(TrustedBrowser.last_used_at.desc())
    return list(db.session.scalars(found))


@transactional
def forget(account: Account, browser_id: int) -> None:
    """Trust a browser no longer; raise NotFound unless it is one of this account."""
    found = db.session.get(TrustedBrowser, browser_id)
    if found is None or found.account_id != account.id:
        raise NotFound("no_such_browser")
    audit.record("signin.browser.forget", subject=account.uid, object=str(found.id), before=_what(found))
    db.session.delete(found)


def days() -> int:
    """Return for how many days a browser is trusted; 0: never."""
    return settings.current().session.trusted_browser_days


@signals.account_frozen.connect
def _forget_all(account_id: int) -> None:
    """A browser that was trusted before an account was frozen may be a stranger's."""
    db.session.execute(delete(TrustedBrowser).where(TrustedBrowser.account_id == account_id))


@transactional
def sweep() -> None:
    """Remove what is over."""
    db.session.execute(delete(TrustedBrowser).where(TrustedBrowser.expires_at <= clock.now()))


def _alive(account: AnyAccount) -> tuple[ColumnElement[bool], ...]:
    return (
        TrustedBrowser.account_id == account.id,
        TrustedBrowser.expires_at > clock.now(),
        TrustedBrowser.created_at > account.password_changed_at,
    )


def _what(trusted: TrustedBrowser) -> dict[str, str]:
    return {"browser": trusted.name, "until": trusted.expires_at.date().isoformat()}

"""The page of a person's open sessions: what is shown of each, and ending them."""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from idp.accounts import origins, questions, session
from idp.accounts.models import UserSession
from idp.core import clock
from idp.core.db import transactional
from idp.core.values import frozen

# The values of `amr` (RFC 8176) as the pages name them; `user` is the gesture that a security key asks for, while
# `hwk` and `swk` say how a key is kept, whoever's it is.
METHODS = {
    "pwd": _l("Password"),
    "eid": _l("National eID"),
    "sms": _l("Mobile Phone + SMS"),
    "otp": _l("Authenticator app or recovery code"),
    "user": _l("Security key or trusted platform"),
    "mca": _l("ERN Login Mobile App"),
}


@frozen
class Shown:
    """One open session as its owner sees it."""

    sid: str
    browser: str
    place: str
    begun_at: datetime
    last_seen_at: datetime
    methods: list[str]
    applications: list[str]
    is_this: bool


def shown(own: UserSession) -> list[Shown]:
    """Return the open sessions of the account, this one first; a fixed number of queries."""
    found = session.open_sessions(own.account_id, clock.now())
    visited = questions.applications([each.id for each in found])
    rows = [_row(each, visited.get(each.id, []), each.id == own.id) for each in found]
    return sorted(rows, key=lambda row: not row.is_this)


@transactional
def end_one(own: UserSession, sid: str) -> None:
    """End the account's open session with this name; one that is gone already is left as it is."""
    session.end([each for each in session.open_sessions(own.account_id, clock.now()) if each.sid == sid], "owner")


@transactional
def end_others(own: UserSession) -> None:
    """End every open session of the account but this one."""
    session.end_all(own.account_id, "owner", keep=own)


def _row(each: UserSession, applications: list[str], is_this: bool) -> Shown:
    return Shown(
        sid=each.sid,
        browser=origins.browser(each.user_agent),
        place=origins.place(each.source),
        begun_at=each.created_at,
        last_seen_at=each.last_seen_at,
        methods=[str(METHODS[value]) for value in each.amr if value in METHODS],
        applications=applications,
        is_this=is_this,
    )

"""A sign-in as one server-side state machine: each step is a conditional update that changes exactly one row."""

from dataclasses import KW_ONLY, fields, replace
from datetime import datetime, timedelta
from typing import Any

from flask import url_for
from sqlalchemy import bindparam, delete, insert, select, update

from idp.accounts.models import Account
from idp.accounts.open_session import OF_PERSON, AnyAccount, Person
from idp.accounts.return_to import local
from idp.core import clock, settings, signals
from idp.core.db import db, transactional
from idp.core.errors import Conflict
from idp.core.levels import SFA
from idp.core.prepared import Prepared
from idp.core.signed import new_token
from idp.core.values import frozen
from idp.signin import known_browser
from idp.signin.models import Attempt, AttemptState

HOME = "/account"
KEPT_DAYS = 1

# Statements of each sign-in, built once.
BEGIN = Prepared(insert(Attempt).inline())
MOVED = ("state", "account_id", "proofs", "ended_at", "moves")
MOVE = Prepared(
    update(Attempt)
    .where(
        Attempt.id == bindparam("this"),
        Attempt.moves == bindparam("seen"),
        Attempt.state == AttemptState.OPEN,
        Attempt.expires_at > bindparam("now"),
    )
    .values({name: bindparam(f"new_{name}") for name in MOVED})
)


@frozen
class Wanted:
    """What a sign-in is for and what it has to prove.

    `level`: an ACR value; `application`: its title as text (None: My Account); `about`: its logo and links, as
    `macros/notices.html` shows them, and the languages that it asks for; `return_to`, `cancel_to`: local paths;
    `form_target`: the foreign address at which `return_to` ends, for the Content-Security-Policy of our forms.
    `force`: nothing that was proved before counts; `max_age`: greatest age in seconds of the password and the factor
    (OpenID Connect Core, 3.1.2.1); `within`: greatest age of the last proof alone, for a step-up. `methods`: names of
    the accepted factors (None: all); `login_hint`: an address or uid to begin with; `reason`: why we ask.
    `trusting`: in a browser that the person trusts we do not ask for the second factor.
    """

    level: str = SFA
    application: str | None = None
    about: dict[str, str] | None = None
    return_to: str = HOME
    cancel_to: str | None = None
    form_target: str | None = None
    force: bool = False
    max_age: int | None = None
    within: int | None = None
    methods: list[str] | None = None
    login_hint: str | None = None
    reason: str = "sign_in"
    trusting: bool = False


@frozen
class SignIn(Wanted):
    """A sign-in under way as plain values (see `Attempt`): each page reads one, and as an object it was a fifth of it.

    `account`: whoever proved something here, as the person is now.
    """

    _: KW_ONLY
    id: int
    public_id: str
    state: AttemptState
    moves: int
    account_id: int | None
    proofs: list[dict[str, Any]]
    expires_at: datetime
    ended_at: datetime | None
    account: AnyAccount | None


OWN = [field.name for field in fields(SignIn) if field.name != "account"]
READ = select(*(getattr(Attempt, name) for name in OWN), *OF_PERSON).outerjoin(Account)
OF_BROWSER = Prepared(READ.where(Attempt.public_id == bindparam("public_id"), Attempt.browser == bindparam("browser")))
BY_ID = Prepared(READ.where(Attempt.id == bindparam("this")))


class Moved(Conflict):
    """The attempt is no longer where this request found it."""

    def __init__(self) -> None:
        super().__init__("attempt_moved")


@transactional
def begin(wanted: Wanted) -> str:
    """Begin a sign-in in this browser and return the address of its first page."""
    now, public_id = clock.now(), new_token()
    asked = {field.name: getattr(wanted, field.name) for field in fields(Wanted)}
    asked["return_to"] = local(wanted.return_to) or HOME
    asked["cancel_to"] = local(wanted.cancel_to) or None
    asked["login_hint"] = (wanted.login_hint or "")[:254] or None
    BEGIN.run(
        public_id=public_id,
        browser=known_browser.current().binding,
        **asked,
        state=AttemptState.OPEN,
        moves=0,
        proofs=[],
        created_at=now,
        expires_at=now + timedelta(minutes=settings.current().session.attempt_minutes),
    )
    return url_for("signin.login", t=public_id)


@transactional
def again(old: SignIn) -> str:
    """Begin the same sign-in anew, for somebody who took too long, and return the address of its first page."""
    still = update(Attempt).where(Attempt.id == old.id, Attempt.state == AttemptState.OPEN)
    db.session.execute(still.values(state=AttemptState.EXPIRED, ended_at=clock.now()))
    return begin(Wanted(**{field.name: getattr(old, field.name) for field in fields(Wanted)}))


def find(public_id: str) -> SignIn | None:
    """Return the attempt with this public id if it belongs to this request's browser."""
    row = OF_BROWSER.first(public_id=public_id, browser=known_browser.current().binding)
    return _read(row) if row else None


def by_id(attempt_id: int) -> SignIn:
    """Return an attempt as it is now."""
    return _read(BY_ID.first(this=attempt_id))


def _read(row: Any) -> SignIn:
    person = Person._make(row[len(OWN) :]) if row.account_id else None
    return SignIn(**dict(zip(OWN, row[: len(OWN)], strict=True)), account=person)


def expired(attempt: SignIn) -> bool:
    """Say whether an attempt took too long."""
    return attempt.state is AttemptState.EXPIRED or attempt.expires_at <= clock.now()


def binding(attempt: SignIn) -> str:
    """Return the name under which challenges belong to this attempt."""
    return f"attempt:{attempt.public_id}"


def move(attempt: SignIn, **values: Any) -> SignIn:
    """Take one step, inside an act, and return where it led; raise Moved if the attempt is no longer where it was."""
    seen = attempt.moves
    new = {name: getattr(attempt, name) for name in MOVED} | values | {"moves": seen + 1}
    moved = MOVE.run(this=attempt.id, seen=seen, now=clock.now(), **{f"new_{name}": new[name] for name in MOVED})
    if moved != 1:
        raise Moved
    return replace(attempt, **new)


@transactional
def cancel(attempt: SignIn) -> None:
    """Give a sign-in up; one that is over already stays as it is."""
    attempt = by_id(attempt.id)
    if attempt.state is AttemptState.OPEN and not expired(attempt):
        move(attempt, state=AttemptState.CANCELLED, ended_at=clock.now())


@signals.factors_wiped.connect
@signals.account_frozen.connect
def _end_all(account_id: int) -> None:
    """What was proved before PANIC or the frost opens nothing any more; the sign-in begins again."""
    begun = (Attempt.account_id == account_id, Attempt.state == AttemptState.OPEN)
    over = update(Attempt).where(*begun).values(state=AttemptState.EXPIRED, ended_at=clock.now())
    db.session.execute(over.execution_options(synchronize_session=False))


@transactional
def sweep() -> None:
    """Remove attempts that were over a day ago."""
    db.session.execute(delete(Attempt).where(Attempt.expires_at < clock.now() - timedelta(days=KEPT_DAYS)))

"""PANIC in processes that kill themselves, each at another moment: `python -m tests.faults.panic_dies URL ACCOUNT_ID`.

One process dies before it commits, the next ones before their first statement, their second, and so on, the last one as
soon as it has committed. What the database holds after each death is printed, a line of JSON each.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from itertools import chain, count

from flask import Flask
from sqlalchemy import event, func, select

from idp.accounts.models import UserSession
from idp.core.audit import AuditEvent
from idp.core.db import db
from idp.core.outbox import Message
from idp.mfa import panic
from idp.mfa.models import Authenticator, Panic
from idp.saas.models import Access, AccessState
from tests.support.identity_server import configured

MOST_STATEMENTS = 300


def main(url: str, account_id: int) -> None:
    app = configured(url)
    for moment in chain(["commit"], range(1, MOST_STATEMENTS)):
        _dies(app, account_id, moment)
        if _tell(app, account_id, moment)["records"]:
            break
    _dies(app, account_id, "never")
    _tell(app, account_id, "again")


def _tell(app: Flask, account_id: int, moment: int | str) -> dict[str, int]:
    holds = _holds(app, account_id)
    print(json.dumps({"moment": moment, "holds": holds}))
    return holds


def _dies(app: Flask, account_id: int, moment: int | str) -> None:
    """Press PANIC in a child that kills itself at this moment, or else as soon as all of it is done."""
    child = os.fork()
    if child == 0:
        with app.test_request_context("/", base_url="http://localhost:8000"):
            _arms(moment)
            panic.press(account_id, "owner")
        os._exit(0)
    os.waitpid(child, 0)


def _arms(moment: int | str) -> None:
    number = count(1)

    def before_statement(*_: object) -> None:
        if next(number) == moment:
            _kill()

    event.listen(db.engine, "before_cursor_execute", before_statement)
    event.listen(db.session(), "after_commit", lambda _: _kill())
    if moment == "commit":
        event.listen(db.engine, "commit", lambda _: _kill())


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _holds(app: Flask, account_id: int) -> dict[str, int]:
    def number(model: type, *conditions: object) -> int:
        return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0  # type: ignore[arg-type]

    with app.app_context():
        mine: Callable[[type], object] = lambda model: model.account_id == account_id  # type: ignore[attr-defined]  # noqa: E731
        found = {
            "factors": number(Authenticator, mine(Authenticator)),
            "sessions": number(UserSession, mine(UserSession), UserSession.ended_at.is_(None)),
            "records": number(Panic, mine(Panic)),
            "open": number(Access, mine(Access), Access.state == AccessState.ACTIVE),
            "messages": number(Message),
            "events": number(AuditEvent, AuditEvent.act == "mfa.panic"),
        }
        db.session.remove()
        db.engine.dispose()
    return found


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

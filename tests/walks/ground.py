"""Where walks are taken: the identity server on a file that is put back before each walk, and what lies in it."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from idp.core.db import db
from idp.core.outbox import Channel, Message, content_of
from idp.core.signed import digest
from idp.mfa import enrolment
from idp.mfa.models import Challenge
from tests.support.companion_app import over
from tests.support.lending import remove

SESSION = """select account_id, acr, auth_time, proved_at, ended_at, expires_at, last_seen_at, sid
 from user_session where digest = ?"""
ACCOUNTS = "select id, state, password_hash, always_mfa from account"
FACTORS = "select id, account_id, kind, sealed, suspended_at from authenticator"
APPROVED = "select handle from challenge where state in ('PASSED', 'passed') and kind = 'app_pin'"
PANICS = "select account_id, max(pressed_at), sum(recognised_at is null) from panic group by account_id"
ACCESSES = "select account_id, group_concat(distinct state) from access group by account_id"
CHALLENGE = (
    "select kind, purpose from challenge where binding = ? and state in ('OPEN', 'open') order by id desc limit 1"
)

AREAS = ("accounts", "eids", "mfa", "signin", "device_api")
ALSO = {"saas.locked", "saas.come_back", "saas.identities", "saas.identity", "oidc.applications", "saas.admin"}


@dataclass(frozen=True)
class Session:
    """The session of a cookie, living or not."""

    account: int
    acr: str
    auth_time: datetime
    proved_at: datetime
    sid: str
    over: bool


@dataclass(frozen=True)
class Facts:
    """What is true of everybody at one moment; each by the number of the account."""

    states: dict[int, str]
    hashes: dict[int, str]
    always: dict[int, bool]
    factors: dict[int, dict[int, tuple[str, str]]]
    pressed: dict[int, str]
    waiting: dict[int, bool]
    accesses: dict[int, str]
    suspended: frozenset[int]


class Ground:
    """The server and its database, read past the server so that looking changes nothing."""

    def __init__(self, app: Flask, file: Path) -> None:
        self.app, self.file = app, file
        self.phone = over(app.test_client())
        self.things: dict[tuple[int, bytes], tuple[str, str]] = {}
        self.reading: sqlite3.Connection | None = None
        areas = (
            one for one in app.url_map.iter_rules() if one.endpoint.partition(".")[0] in AREAS or one.endpoint in ALSO
        )
        self.table = sorted(areas, key=lambda one: (one.endpoint, one.rule))
        self.addresses = app.url_map.bind("localhost:8000")

    def endpoint(self, path: str, method: str) -> str:
        """Return which view answers there."""
        try:
            return f"{method} {self.addresses.match(path.partition('?')[0], method=method)[0]}"
        except HTTPException:
            return f"{method} elsewhere"

    def keep(self) -> bytes:
        """Return the whole database."""
        self._close()
        return self.file.read_bytes()

    def put_back(self, kept: bytes) -> None:
        """Bring a database back."""
        self._close()
        remove(self.file)
        self.file.write_bytes(kept)

    def session(self, token: str, idle: int = 3600) -> Session | None:
        """Read the session of a cookie."""
        row = self._read().execute(SESSION, (digest(token),)).fetchone()
        if row is None:
            return None
        account, acr, *moments, sid = row
        auth_time, proved_at, ended, expires, seen = (_moment(one) for one in moments)
        now = datetime.now(UTC)
        over = ended is not None or expires <= now or (now - seen).total_seconds() >= idle
        return Session(account, acr, auth_time, proved_at, sid, over)

    def facts(self) -> Facts:
        """Read what is true now."""
        people = self._rows(ACCOUNTS)
        factors: dict[int, dict[int, tuple[str, str]]] = {row[0]: {} for row in people}
        held = self._rows(FACTORS)
        for number, account, kind, sealed, _ in held:
            factors[account][number] = kind, self._thing(number, account, sealed)
        panics = self._rows(PANICS)
        return Facts(
            {row[0]: row[1].lower() for row in people},
            {row[0]: row[2] for row in people},
            {row[0]: bool(row[3]) for row in people},
            factors,
            {row[0]: row[1] for row in panics},
            {row[0]: bool(row[2]) for row in panics},
            {row[0]: row[1].lower() for row in self._rows(ACCESSES)},
            frozenset(row[0] for row in held if row[4]),
        )

    def asked(self, binding: str) -> tuple[str, str]:
        """Return the kind and the purpose of the question that an attempt or a session can answer; empty without."""
        row = self._read().execute(CHALLENGE, (binding,)).fetchone()
        return (row[0], row[1].lower()) if row else ("", "")

    def collected(self) -> set[str]:
        """Return the requests to apps whose approval a browser went on with."""
        return {row[0] for row in self._rows(APPROVED)}

    def page_of(self, binding: str) -> dict[str, Any]:
        """Return what the page shows of the newest question of an attempt or a session."""
        newest = select(Challenge).where(Challenge.binding == binding).order_by(Challenge.id.desc()).limit(1)
        with self.app.app_context():
            found = db.session.scalar(newest)
            return found.page if found else {}

    def texts(self, numbers: list[str]) -> list[str]:
        """Return the codes texted to these numbers, or told them by a voice, the newest first."""
        wanted = select(Message).where(
            Message.channel.in_((Channel.SMS, Channel.VOICE)), Message.recipient.in_(numbers)
        )
        with self.app.app_context():
            found = db.session.scalars(wanted.order_by(Message.id.desc()).limit(4))
            return [content.code for one in found if (content := content_of(one)) and content.code]

    def mails(self, email: str) -> list[tuple[str, str]]:
        """Return subject and text of the newest mails to somebody, the newest first."""
        wanted = select(Message).where(Message.channel == Channel.MAIL, Message.recipient == email)
        with self.app.app_context():
            found = db.session.scalars(wanted.order_by(Message.id.desc()).limit(6))
            return [(content.subject, content.text) for one in found if (content := content_of(one))]

    def _thing(self, number: int, account: int, sealed: bytes) -> str:
        """Return what a factor is made of, in words by which a walker knows it again."""
        if (number, sealed) not in self.things:
            with self.app.app_context():
                [found] = [one for one in enrolment.authenticators(account) if one.id == number]
                secret = found.secret
            told = [secret[name] for name in ("device", "number", "seed", "id", "salt") if name in secret]
            self.things[number, sealed] = str(told[0] if told else json.dumps(secret, sort_keys=True))
        return self.things[number, sealed]

    def _rows(self, query: str) -> list[Any]:
        return self._read().execute(query).fetchall()

    def _read(self) -> sqlite3.Connection:
        if self.reading is None:
            self.reading = sqlite3.connect(self.file, isolation_level=None)
        return self.reading

    def _close(self) -> None:
        if self.reading is not None:
            self.reading.close()
            self.reading = None
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()


def _moment(text: str | None) -> Any:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None

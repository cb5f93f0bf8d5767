"""A browser over Flask's test client, and what the tests of accounts read from pages, the database and the outbox."""

import re
import threading
from collections.abc import Callable
from html import unescape
from typing import Any

from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from werkzeug.test import TestResponse

from idp.accounts import people, session
from idp.accounts.models import Account, UserSession
from idp.accounts.session import Proof
from idp.core.db import db
from idp.core.levels import SFA
from idp.core.outbox import Message, content_of
from tests.support.settled import PASSWORD, settled

ADA = {
    "first_name": "Ada",
    "last_name": "Ferran",
    "email": "ada.ferran@hospital.example",
    "confirm_email": "ada.ferran@hospital.example",
    "language": "en",
    "privacy": "y",
}
PASSWORDS = {"new_password": PASSWORD, "confirm_password": PASSWORD}


class Browser:
    """One browser: it fills in forms with their hidden token, as people do."""

    def __init__(self, app: Flask, address: str = "203.0.113.7", **headers: str) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.client.environ_base |= {"REMOTE_ADDR": address, **headers}

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def submit(self, path: str, **fields: str) -> TestResponse:
        """Open the page and post its form."""
        page = self.client.get(path)
        return self.post(path, token_of(page), **fields)

    def post(self, path: str, csrf: str, **fields: str) -> TestResponse:
        return self.client.post(path, data={"csrf_token": csrf, **fields})

    def registers(self, **changes: str) -> TestResponse:
        return self.submit("/register", **{**ADA, **changes})

    def has_session(self) -> bool:
        return self.client.get("/account").status_code == 200


def token_of(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found, f"no form on the page ({page.status_code})"
    return found[1]


def words(page: TestResponse) -> str:
    """The visible text of a page's main part."""
    main = re.search(r"<main.*?</main>", page.text, re.DOTALL)
    assert main, page.text
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main[0])).split())


def mails(app: Flask) -> list[dict[str, Any]]:
    """Every mail queued, oldest first: to, language, subject, text, links."""
    with app.app_context():
        found = list(db.session.scalars(select(Message).order_by(Message.id)))
        return [_mail(message) for message in found]


def _mail(message: Message) -> dict[str, Any]:
    content = content_of(message)
    assert content
    links = [link.removeprefix("http://localhost:8000") for link in re.findall(r"http\S+", content.text)]
    told = {"to": message.recipient, "language": message.language}
    return {**told, "subject": content.subject, "text": content.text, "links": links}


def link(app: Flask) -> str:
    """The path of the link in the newest mail."""
    path: str = mails(app)[-1]["links"][0]
    return path


def person(app: Flask, email: str = ADA["email"], language: str = "en", **flags: bool) -> str:
    """Make an account and return its uid."""
    with app.app_context():
        return settled("Ada Ferran", email, language=language, **flags).uid


def accounts(app: Flask) -> list[Account]:
    with app.app_context():
        read = select(Account).options(selectinload(Account.addresses)).order_by(Account.id)
        return list(db.session.scalars(read))


def sessions(app: Flask, *, ended: bool | None = None) -> list[UserSession]:
    with app.app_context():
        found = db.session.scalars(select(UserSession).order_by(UserSession.id)).unique().all()
        return [each for each in found if ended is None or (each.ended_at is not None) == ended]


def sign_in(browser: Browser, level: str = SFA, *amr: str, email: str = ADA["email"]) -> None:
    """Give the browser a session of the account, as sign-in does; tests of sign-in itself live elsewhere."""
    app = browser.app
    environ = browser.client.environ_base
    with app.test_request_context("/", base_url="http://localhost:8000", environ_base=environ):
        account = people.by_address(email)
        assert account
        session.start(account, Proof(level, amr or ("pwd",), methods=("sms",) if "sms" in amr else ()))
        token: str = g.session_token
    browser.client.set_cookie("ern_session", token)


def at_work(*jobs: Callable[[], object]) -> None:
    """Do all jobs at the same moment."""
    start = threading.Barrier(len(jobs))

    def do(job: Callable[[], object]) -> None:
        start.wait()
        job()

    threads = [threading.Thread(target=do, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

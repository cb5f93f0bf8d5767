"""People at the access-request portal, their browsers, and what is read from pages, the database and the outbox."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

from flask import Flask, g
from flask import session as kept
from flask_wtf.csrf import generate_csrf
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from idp.accounts import session
from idp.accounts.models import Account
from idp.accounts.session import Proof
from idp.core import clock
from idp.core.db import db
from idp.core.forgery import FIELD, FormSession
from idp.core.levels import MFA, SFA
from idp.core.outbox import Message, content_of
from idp.mfa import enrolment, panic
from idp.saas import access_requests, drafts
from idp.saas.direct_grants import Gift, grant_directly
from idp.saas.models import Access, AccessRequest, GuestKind, Proposal, RequestItem
from idp.saas.policy import Approver
from idp.saas.wishes import Wish
from tests.support.settled import settled

CPMS, ECP = 741, 742
TUEBINGEN = "ERN-RND/DE/DE22"
MUNICH = "ERN-RND/DE/DE03"
PISA = "ReCONNET/IT/IT08"
GUEST = "ERN-RND/DE/0000"
PHONE = "+4917139200{:02d}"
DEEP_LINK = f"/saas/requestAccess/application/{CPMS}/create.html"


class Person:
    """One person with an account and a browser."""

    def __init__(self, app: Flask, name: str, language: str = "en", *, phone: bool = True, **flags: bool) -> None:
        self.app = app
        self.email = f"{name.lower()}@hospital.example"
        with app.app_context():
            account = settled(f"{name} Vasseur", self.email, *[PHONE] * phone, language=language, **flags)
            self.id, self.uid, self.name = account.id, account.uid, account.name
        self.client = app.test_client()
        self.form: dict[str, str] = {}

    def adds_a_phone(self) -> None:
        with self.app.app_context():
            account = db.session.get_one(Account, self.id)
            enrolment.add_confirmed_phone(account, PHONE.format(self.id % 100))

    def signs_in(self, level: str = SFA) -> "Person":
        with self.app.test_request_context("/", base_url="http://localhost:8000"):
            proof = Proof(level, ("pwd", "sms"), methods=("sms",)) if level == MFA else Proof(level, ("pwd",))
            session.start(db.session.get_one(Account, self.id), proof)
            self.client.set_cookie("ern_session", g.session_token)
            self._sees_a_form()
        return self

    def _sees_a_form(self) -> None:
        """Take over the cookie and the token of a page with a form, without the page."""
        g.pop(FIELD, None)  # of a page in the same application context
        self.form = self.form or {"token": generate_csrf(), "secret": kept[FIELD]}
        signed = FormSession().get_signing_serializer(self.app)
        assert signed
        self.client.set_cookie("form", str(signed.dumps({FIELD: self.form["secret"]})))

    def opens(self, path: str) -> TestResponse:
        return self.client.get(path)

    def sends(self, path: str, **fields: Any) -> TestResponse:
        """Fill in the form that stands under an address and post it; a test about the page opens it (`opens`)."""
        token = self.form.get("token") or token_of(self.client.get(path))
        return self.client.post(path, data={"csrf_token": token, **fields})

    def presses(self, page: TestResponse, path: str, **fields: Any) -> TestResponse:
        """Post to another address with the token of a page."""
        return self.client.post(path, data={"csrf_token": token_of(page), **fields})

    def begins(self, path: str = TUEBINGEN, application: int = CPMS) -> str:
        """Go through the first two steps and return the address of the third."""
        second = self.sends("/saas/requestAccess", application=str(application)).location
        third = self.sends(second, organisation=path)
        assert third.status_code == 303, words(third)
        return str(third.location)

    def asks(self, *profiles: str, path: str = TUEBINGEN, application: int = CPMS, **more: str) -> "Person":
        """Send a request as after `fills_in`, by the verbs instead of the four steps: for tests of what comes then."""
        wish = Wish(application, path, profiles, bool(more.get("membership")), more.get("comment", ""))
        cookie = self.client.get_cookie("ern_session")
        headers = {"Cookie": f"ern_session={cookie.value}"} if cookie else {}
        with self.app.test_request_context("/", base_url="http://localhost:8000", headers=headers):
            access_requests.submit(self.id, wish, drafts.begin(self.id, application).token)
        return self

    def fills_in(self, *profiles: str, path: str = TUEBINGEN, application: int = CPMS, **fields: str) -> TestResponse:
        """Go through the four steps and return the answer to the last one."""
        third = self.begins(path, application)
        membership = {"membership": "y"} if fields.pop("membership", "") else {}
        fourth = self.sends(third, profile=list(profiles), **membership)
        assert fourth.status_code == 303, words(fourth)
        return self.sends(fourth.location, comment=fields.get("comment", ""))

    def proposes(self, name: str, city: str, country: str = "ERN-RND/DE", **fields: str) -> int:
        """Go through the first step, propose a hospital in the second, and return the number of the proposal."""
        second = self.sends("/saas/requestAccess", application=str(CPMS)).location
        address = f"{second.replace('organisation', 'hospital')}?node={country}"
        answer = self.sends(address, name=name, city=city, **fields)
        assert answer.status_code == 303, words(answer)
        with self.app.app_context():
            return db.session.scalars(select(Proposal.id).order_by(Proposal.id.desc())).first() or 0

    def holds(
        self, *profiles: str, path: str = TUEBINGEN, application: int = CPMS, guest: GuestKind | None = None
    ) -> "Person":
        with self.app.app_context():
            gift = Gift(application, path, profiles, "test", guest)
            grant_directly(db.session.get_one(Account, self.id), gift)
        return self

    def panics(self) -> "Person":
        with self.app.test_request_context("/", base_url="http://localhost:8000"):
            panic.press(self.id, "owner")
        return self

    def approver(self, level: str = MFA) -> Approver:
        return Approver(self.id, level, clock.now())

    def items(self) -> list[RequestItem]:
        with self.app.app_context():
            found = db.session.scalars(
                select(RequestItem).where(RequestItem.account_id == self.id).order_by(RequestItem.id)
            )
            items = list(found)
            for item in items:
                _ = item.profile.code, item.organisation.path, item.request.reference
            return items

    def accesses(self) -> list[Access]:
        with self.app.app_context():
            found = list(db.session.scalars(select(Access).where(Access.account_id == self.id).order_by(Access.id)))
            for access in found:
                _ = access.profile.code, access.organisation.path
            return found

    def reference(self) -> str:
        with self.app.app_context():
            newest = select(AccessRequest.reference).where(AccessRequest.account_id == self.id)
            return str(db.session.scalars(newest.order_by(AccessRequest.id.desc())).first())

    def decides(self, reference: str, decision: str, items: list[RequestItem], **fields: str) -> TestResponse:
        values = [f"{item.id}:{item.version}" for item in items]
        return self.sends(f"/saas/approvals/{reference}", item=values, decision=decision, **fields)


class Town:
    """The people of one test."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def person(self, name: str, language: str = "en", **flags: bool) -> Person:
        return Person(self.app, name, language, **flags).signs_in()

    def coordinator(self, name: str = "Clara", path: str = TUEBINGEN, language: str = "en") -> Person:
        return Person(self.app, name, language).holds("Coordinator", "HP", path=path).signs_in(MFA)

    def administrator(self, name: str = "Adele") -> Person:
        return Person(self.app, name, is_administrator=True).signs_in(MFA)


def token_of(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found, f"no form on the page ({page.status_code}): {page.text[:500]}"
    return found[1]


def words(page: TestResponse) -> str:
    """The visible text of a page's main part."""
    main = re.search(r"<main.*?</main>", page.text, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main[0] if main else page.text)).split())


def mails(app: Flask) -> list[dict[str, str]]:
    """Every mail queued, oldest first."""
    with app.app_context():
        return [_mail(message) for message in db.session.scalars(select(Message).order_by(Message.id))]


def _mail(message: Message) -> dict[str, str]:
    content = content_of(message)
    assert content
    return {"to": message.recipient, "language": message.language, "subject": content.subject, "text": content.text}


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Count what is asked of the database meanwhile (without BEGIN and COMMIT)."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT")):
            seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)

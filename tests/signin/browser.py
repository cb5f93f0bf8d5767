"""A person at a browser, over Flask's test client: opens pages, follows redirects, fills in the form."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import unescape

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.accounts import people, session
from idp.accounts.models import UserSession
from idp.accounts.session import Proof
from idp.core.db import db
from idp.core.levels import MFA, PHR, SFA, reaches
from idp.core.outbox import Channel, Message, content_of
from idp.mfa import challenges, enrolment
from idp.mfa.challenges import Asking
from idp.mfa.models import Purpose
from idp.signin import known_browser, password, verification
from idp.signin.attempt import SignIn, Wanted, begin, find
from tests.support.security_key import SecurityKey
from tests.support.settled import PASSWORD, settled

EMAIL = "mira.osten@hospital.example"
PHONE = "+491713920017"
OTHER_PHONE = "+491713920018"
WRONG = "E-mail address, identifier or password is not right."


def person(app: Flask, email: str = EMAIL, *phones: str, **flags: bool) -> str:
    """Make an account with confirmed phones and return its uid."""
    with app.app_context():
        return settled("Mira Osten", email, *phones, **flags).uid


def allows(app: Flask, **limits: int) -> None:
    """Let fewer guesses suffice until the end of the test: counting to three shows what counting to fifty does."""
    chosen = app.extensions["ern_settings"]
    app.extensions["ern_settings"] = replace(chosen, limits=replace(chosen.limits, **limits))


class Browser:
    """One browser with its cookies; `page` is what it shows, `path` where it is."""

    def __init__(self, app: Flask, address: str = "203.0.113.7") -> None:
        self.app = app
        self.client = app.test_client()
        self.client.environ_base |= {"REMOTE_ADDR": address}
        self.path = ""
        self.page: TestResponse

    def open(self, path: str) -> TestResponse:
        return self._show(self.client.get(path, follow_redirects=True))

    def submit(self, path: str = "", **fields: str) -> TestResponse:
        """Post the page's form, to its own address unless another is given, and follow where it leads."""
        data = {"csrf_token": self.token(), **fields}
        return self._show(self.client.post(path or self.path, data=data, follow_redirects=True))

    def post(self, path: str, **fields: str) -> TestResponse:
        """Post without following."""
        return self.client.post(path, data={"csrf_token": self.token(), **fields})

    def token(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.page.text)
        assert found, f"no form on {self.path} ({self.page.status_code})"
        return found[1]

    def wants(self, wanted: Wanted) -> TestResponse:
        """Begin a sign-in as an application would, and open its first page."""
        return self.open(self.begins(wanted))

    def begins(self, wanted: Wanted) -> str:
        """Begin a sign-in in this browser; the address of its first page."""
        with self._request() as answered:
            url = begin(wanted)
            answered()
        return url

    def is_asked(self, wanted: Wanted, method: str, identifier: str = EMAIL) -> TestResponse:
        """See the question of a second factor as after `wants`, `gives_password` and `chooses`, by the verbs."""
        with self._request() as answered:
            there = password.judge(self._attempt(begin(wanted)), identifier, PASSWORD)
            verification.choose(self._attempt(there), method)
            answered()
        return self.open(there)

    def _attempt(self, address: str) -> SignIn:
        found = find(address.rpartition("t=")[2])
        assert found, address
        return found

    def enters(self, level: str = SFA, identifier: str = EMAIL) -> None:
        """Be signed in as after `signs_in`, by the verbs instead of the pages: for tests of what comes then."""
        with self._request() as answered:
            account = people.by_address(identifier)
            assert account, identifier
            two = Proof(MFA, ("pwd", "sms", "mfa"), methods=("sms",))
            session.start(account, two if level == MFA else Proof(level, ("pwd",)))
            known_browser.remember(account.uid)
            answered()

    def gives_password(self, identifier: str = EMAIL, password: str = PASSWORD) -> TestResponse:
        return self.submit(identifier=identifier, password=password)

    def chooses(self, method: str = "sms") -> TestResponse:
        return self.submit(method=method)

    def gives_code(self, code: str = "") -> TestResponse:
        return self.submit(code=code or newest_code(self.app))

    def options(self) -> dict:
        """What the page asks of a security key."""
        found = re.search(r'data-options="([^"]+)"', self.page.text)
        assert found, f"no question for a key on {self.path} ({self.page.status_code})"
        return json.loads(unescape(found[1]))

    def uses_key(self, key: SecurityKey, **wrong: object) -> TestResponse:
        """Answer with a security key what the page asks: to register it, or to sign."""
        options = self.options()
        return self.submit(
            credential=key.registers(options, **wrong) if "rp" in options else key.signs(options, **wrong)
        )

    def adds_key(self, key: SecurityKey, name: str = "Ward key") -> TestResponse:
        """Register a security key in My Account."""
        self.open("/account/security-keys")
        self.submit(device_name=name)
        return self.uses_key(key)

    def gains_key(self, key: SecurityKey, name: str = "Ward key") -> None:
        """Have a security key as after `adds_key`, by the verbs instead of the pages: for tests of what comes then."""
        with self._request() as answered:
            own = session.current()
            assert own, "somebody who is signed in"
            asking = Asking(own.account, Purpose.ENROL, f"key of {own.sid}")
            asked = enrolment.begin(asking, "security_key", {"device_name": name}).content["page"]["options"]
            proof = Proof(PHR, ("swk" if key.synced else "hwk", "user", "mfa"), False, ("security_key",))
            enrolment.confirm(
                challenges.current(asking.binding, Purpose.ENROL),
                {"credential": key.registers(asked)},
                first=not reaches(own.acr, MFA),
                then=lambda _: session.strengthen(own, proof),
            )
            answered()

    def signs_in(self, wanted: Wanted | None = None, identifier: str = EMAIL) -> TestResponse:
        """Go the whole way with the password and, if asked, a text message."""
        self.wants(wanted) if wanted else self.open("/login")
        self.gives_password(identifier)
        if self.path.startswith("/login/verify"):
            self.chooses()
            self.gives_code()
        return self.page

    def signed_in(self) -> UserSession | None:
        """The session that this browser is in."""
        with self._request():
            found = session.current()
            if found:
                assert found.account.addresses, "read while the database can still be asked"
            return found

    def words(self) -> str:
        """The visible text of the page's main part."""
        main = re.search(r"<main.*?</main>", self.page.text, re.DOTALL)
        assert main, self.page.text
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", main[0])).split())

    def heading(self) -> str:
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.page.text, re.DOTALL)
        assert found, self.page.text
        return unescape(found[1])

    def _cookies(self):
        return list(self.client._cookies.values())

    @contextmanager
    def _request(self) -> Iterator[Callable[[], None]]:
        """Stand inside a request of this browser; the function given takes over the cookies of its answer."""
        cookies = "; ".join(f"{c.key}={c.value}" for c in self._cookies())

        def answered() -> None:
            answer = self.app.process_response(self.app.make_response(""))
            for cookie in answer.headers.getlist("Set-Cookie"):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.client.set_cookie(name, value)

        with self.app.test_request_context(headers={"Cookie": cookies}, environ_base=self.client.environ_base):
            yield answered

    def _show(self, page: TestResponse) -> TestResponse:
        self.page = page
        query = page.request.query_string.decode()
        self.path = f"{page.request.path}?{query}" if query else page.request.path
        return page


def texts(app: Flask) -> list[tuple[str, str, str]]:
    """Every text message queued, oldest first: number, text, code."""
    return [(to, content.text, content.code) for to, content in _messages(app, Channel.SMS)]


def mails(app: Flask) -> list[tuple[str, str]]:
    """Every mail queued, oldest first: address and subject."""
    return [(to, content.subject) for to, content in _messages(app, Channel.MAIL)]


def newest_code(app: Flask, number: str = "") -> str:
    """The code in the newest text message, or in the newest to one number; empty if there is none."""
    newest = select(Message).where(Message.channel == Channel.SMS).order_by(Message.id.desc()).limit(1)
    with app.app_context():
        found = db.session.scalar(newest.where(Message.recipient == number) if number else newest)
        return content_of(found).code if found else ""


def wrong_code(app: Flask) -> str:
    return f"{(int(newest_code(app)) + 1) % 10**6:06d}"


def _messages(app: Flask, channel: Channel):
    with app.app_context():
        found = db.session.scalars(select(Message).where(Message.channel == channel).order_by(Message.id))
        return [(message.recipient, content_of(message)) for message in found]

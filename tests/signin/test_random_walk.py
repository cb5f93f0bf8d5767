"""A random walk over every address of signing in reaches no session that the rules do not allow."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.core.db import db
from idp.core.levels import MFA, SFA
from idp.mfa import challenges, enrolment
from idp.signin.attempt import Wanted
from tests.signin.browser import EMAIL, OTHER_PHONE, PASSWORD, PHONE, Browser, newest_code, person
from tests.support.identity_server import configured

NEWCOMER = "nils.varga@hospital.example"
PHONES = {EMAIL: PHONE, NEWCOMER: OTHER_PHONE}
# The walk guesses more often than anybody may, so that it is the states that stop it and not the counters.
UNBOUNDED = {
    f"ERN_{name}": "100000"
    for name in (
        *("LIMITS__PASSWORD_PER_ACCOUNT", "LIMITS__PASSWORD_PER_BROWSER", "LIMITS__PASSWORD_PER_SOURCE"),
        *("LIMITS__PASSWORD_GLOBAL", "LIMITS__CHALLENGE_FAILURES_PER_DAY", "SMS__PER_MINUTE", "SMS__PER_TEN_MINUTES"),
        *("SMS__PER_DAY", "SMS__PER_SOURCE_PER_DAY", "SMS__TOTAL_PER_DAY"),
    )
}
WANTED = (
    Wanted(SFA),
    Wanted(MFA, application="CPMS"),
    Wanted(MFA, force=True, cancel_to="/support"),
    Wanted(SFA, max_age=0),
    Wanted(MFA, within=0, reason="change_factors"),
    Wanted(MFA, methods=["security_key"]),
)
PATHS = (
    "/login",
    "/login/verify",
    "/login/verify/add",
    "/login/verify/lost",
    "/login/cancel",
    "/logout",
    "/logout/done",
    "/account/second-factor",
    "/account/phones",
    "/account/authenticator-apps",
    "/account/phones/confirm",
    "/account/phones/1/remove",
)
PEOPLE = st.sampled_from((EMAIL, NEWCOMER))
FIELDS = st.one_of(
    st.builds(
        lambda who, right: {"identifier": who, "password": PASSWORD if right else "wrong"}, PEOPLE, st.booleans()
    ),
    st.builds(lambda who: {"code_of": who}, PEOPLE),
    st.sampled_from(({"code": "000000"}, {"method": "sms"}, {"method": "sms:2"}, {"again": "1"}, {})),
    st.builds(lambda who: {"phone_number": PHONES[who]}, PEOPLE),
)
STEPS = st.one_of(
    st.tuples(st.just("begin"), st.integers(0, len(WANTED) - 1), st.just({})),
    st.tuples(st.just("here"), st.just(0), FIELDS),
    st.tuples(st.just("here"), st.just(0), FIELDS),
    st.tuples(st.sampled_from(PATHS), st.integers(0, 3), FIELDS),
    st.tuples(st.sampled_from(PATHS), st.integers(0, 3), st.none()),
)


@dataclass
class Walk:
    """One browser's walk, and what was typed rightly in it: whose password, the code of which number."""

    browser: Browser
    passwords: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    attempts: list[str] = field(default_factory=list)
    here: str = ""
    seen: object = None

    def __post_init__(self) -> None:
        self.browser.open("/login")
        self.token = self.browser.token()

    def step(self, where: str, which: int, fields: dict[str, str] | None) -> None:
        if where == "begin" or not self.attempts:
            self.here = self.browser.begins(WANTED[which])
            self.attempts.append(self.here.partition("t=")[2])
            return
        path = self.here if where == "here" else f"{where}?t={self.attempts[which % len(self.attempts)]}"
        if fields is None:
            answer = self.browser.client.get(path)
        else:
            data = {"csrf_token": self.token, **self.typed(fields)}
            answer = self.browser.client.post(path, data=data)
        assert answer.status_code < 500
        if answer.status_code == 303 and answer.location.startswith("/login"):
            self.here = answer.location

    def typed(self, fields: dict[str, str]) -> dict[str, str]:
        if fields.get("password") == PASSWORD:
            self.passwords.add(fields["identifier"])
        if "code_of" not in fields:
            return fields
        code = newest_code(self.browser.app, PHONES[fields["code_of"]])
        if code:
            self.codes.add(PHONES[fields["code_of"]])
        return {"code": code or "111111"}

    def check(self) -> bool:
        """Judge the session whenever the browser got another; say whether it is one with two factors."""
        cookie = self.browser.client.get_cookie("ern_session")
        if cookie == self.seen:
            return False
        self.seen = cookie
        session = self.browser.signed_in()
        if session is None:
            return False
        assert session.account.email in self.passwords
        assert session.acr == SFA or self.numbers(session.account_id) & self.codes
        return session.acr == MFA

    def numbers(self, account_id: int) -> set[str]:
        """The numbers that are the person's: a newcomer may have added either of the two on this walk or before."""
        with self.browser.app.app_context():
            return {challenges.secret_of(found)["number"] for found in enrolment.authenticators(account_id)}


@pytest.fixture(scope="module")
def walked(sqlite_template: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    path = tmp_path_factory.mktemp("walk") / "idp.sqlite3"
    path.write_bytes(Path(sqlite_template.removeprefix("sqlite:///")).read_bytes())
    app = configured(f"sqlite:///{path}", **UNBOUNDED)
    person(app, EMAIL, PHONE)
    person(app, NEWCOMER)
    yield app
    with app.app_context():
        db.engine.dispose()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(steps=st.lists(STEPS, min_size=25, max_size=60))
def test_no_walk_gets_in_without_password_and_factor(walked: Flask, steps: list[tuple]) -> None:
    walk = Walk(Browser(walked))
    for step in steps:
        walk.step(*step)
        walk.check()


def test_the_walk_can_get_in(walked: Flask) -> None:
    """Else the walk above would prove nothing."""
    walk = Walk(Browser(walked))
    walk.step("begin", 1, {})
    for fields in (
        {"identifier": EMAIL, "password": PASSWORD},
        {"method": "sms"},
        {"code_of": EMAIL},
    ):
        walk.step("here", 0, None)
        walk.step("here", 0, fields)
    assert walk.check()

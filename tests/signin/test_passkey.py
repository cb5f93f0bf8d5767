"""Signing in with a passkey: no name, no password, both factors in one; nothing is told about who has an account."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from idp.accounts.models import Account, AccountState, UserSession
from idp.core.audit import AuditEvent
from idp.core.db import db, transaction
from idp.core.levels import MFA, PHR, SFA
from idp.mfa.models import Authenticator
from idp.signin.attempt import Wanted
from idp.signin.models import Attempt
from tests.signin.browser import EMAIL, PASSWORD, PHONE, Browser, allows, mails, person
from tests.support.security_key import SecurityKey

# Hours after anything that a test makes before it travels: accounts and passwords are of now.
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)
CPMS = Wanted(PHR, application="CPMS", return_to="/account/details")
NOT_ACCEPTED = "This passkey is not accepted here."


@pytest.fixture
def key(app: Flask) -> SecurityKey:
    """The key of somebody who registered it in another browser."""
    return registered(app)


def registered(app: Flask, email: str = EMAIL, *phones: str, **flags: bool) -> SecurityKey:
    person(app, email, *phones, **flags)
    other, key = Browser(app, "203.0.113.99"), SecurityKey()
    other.enters(MFA if phones else SFA, email)
    other.gains_key(key)
    return key


def question(browser: Browser) -> dict:
    """What the page's script asks the server for."""
    path = browser.path.replace("/login?", "/login/passkey/options?").replace("/passkey?", "/passkey/options?")
    answer = browser.client.post(path, headers={"X-CSRFToken": browser.token()})
    assert answer.status_code == 200, answer.location
    return answer.json["options"]


def gives(browser: Browser, credential: str) -> None:
    browser.submit(browser.path.replace("/login?", "/login/passkey?"), credential=credential)


def uses(browser: Browser, key: SecurityKey, **wrong: object) -> None:
    gives(browser, key.signs(question(browser), **wrong))


def test_a_passkey_alone_says_who_it_is_and_proves_both_factors(app: Flask, browser: Browser, key: SecurityKey) -> None:
    browser.wants(CPMS)
    options = question(browser)
    assert (options["allowCredentials"], options["userVerification"]) == ([], "required")
    gives(browser, key.signs(options))
    assert browser.path == "/account/details"
    session = browser.signed_in()
    assert (session.account.email, session.acr, session.amr) == (EMAIL, PHR, ["hwk", "user", "mfa"])


def test_the_page_offers_it_to_browsers_that_can(browser: Browser) -> None:
    page = browser.wants(Wanted()).text
    assert 'autocomplete="username webauthn"' in page
    assert '<div class="flow" hidden data-passkey>' in page
    assert "Sign in with a passkey" in page


def test_an_application_that_accepts_no_keys_is_not_offered_any(browser: Browser, key: SecurityKey) -> None:
    browser.wants(Wanted(methods=["sms"]))
    assert "passkey" not in browser.page.text
    uses(browser, key)
    assert not browser.signed_in()


def test_the_next_sign_in_with_the_same_passkey_works_too(app: Flask, browser: Browser, key: SecurityKey) -> None:
    for _ in range(2):
        browser.wants(Wanted(force=True, return_to="/account/details"))
        uses(browser, key)
        assert browser.path == "/account/details"
    with app.app_context():
        assert db.session.scalars(select(Authenticator)).one().last_used_at


def test_a_passkey_counts_as_fresh_when_all_is_to_be_proved_anew(browser: Browser, key: SecurityKey) -> None:
    browser.wants(CPMS)
    uses(browser, key)
    with time_machine.travel(LATER, tick=False):
        browser.wants(Wanted(PHR, max_age=0, return_to="/account/details"))
        assert browser.heading() == "Sign in"
        uses(browser, key)
        assert browser.path == "/account/details"
        assert browser.signed_in().auth_time == LATER


@pytest.mark.parametrize(
    "wrong",
    [{"origin": "https://evil.example"}, {"challenge": "YW5vdGhlcg"}, {"type": "webauthn.create"}, {"origin": None}],
)
def test_a_wrong_answer_signs_nobody_in_and_the_password_still_does(
    app: Flask, browser: Browser, key: SecurityKey, wrong: dict
) -> None:
    browser.wants(CPMS)
    uses(browser, key, **wrong)
    assert browser.page.status_code == 400
    assert NOT_ACCEPTED in browser.words()
    assert not browser.signed_in()
    browser.submit(browser.path.replace("/login/passkey?", "/login?"), identifier=EMAIL, password=PASSWORD)
    assert browser.heading() == "Choose your verification method"


def removes(app: Flask, key: SecurityKey) -> None:
    with app.app_context(), transaction():
        db.session.delete(db.session.scalars(select(Authenticator)).one())


def suspends(app: Flask, key: SecurityKey) -> None:
    with app.app_context(), transaction():
        db.session.execute(update(Authenticator).values(suspended_at=LATER))


def freezes(app: Flask, key: SecurityKey) -> None:
    with app.app_context(), transaction():
        db.session.execute(update(Account).values(state=AccountState.FROZEN))


def closes(app: Flask, key: SecurityKey) -> None:
    with app.app_context(), transaction():
        db.session.execute(update(Account).values(state=AccountState.CLOSED))


def is_not_verified(app: Flask, key: SecurityKey) -> None:
    key.verifies = False


def tells_no_user(app: Flask, key: SecurityKey) -> None:
    key.user = None


def is_unknown(app: Flask, key: SecurityKey) -> None:
    key.id = b"never registered here"


REFUSED = (removes, suspends, freezes, closes, is_not_verified, tells_no_user, is_unknown)


@pytest.mark.parametrize("change", REFUSED, ids=lambda change: change.__name__)
def test_whatever_is_wrong_the_answer_is_the_same(app: Flask, browser: Browser, key: SecurityKey, change) -> None:
    change(app, key)
    browser.wants(CPMS)
    uses(browser, key)
    assert (browser.page.status_code, browser.heading()) == (400, "Sign in")
    assert browser.words().count(NOT_ACCEPTED) == 1
    assert not browser.signed_in()


@pytest.mark.parametrize("typed", ["", "{", "[]", "{}", '{"id": [], "response": {}}', "[" * 9000, "\ufffd" * 50])
def test_garbage_is_an_answer_like_any_other(browser: Browser, typed: str) -> None:
    browser.wants(CPMS)
    question(browser)
    gives(browser, typed)
    assert browser.page.status_code == 400
    assert NOT_ACCEPTED in browser.words()


def test_an_answer_without_a_question_or_too_late_is_told(browser: Browser, key: SecurityKey) -> None:
    browser.wants(CPMS)
    gives(browser, key.signs({"challenge": "bm8gcXVlc3Rpb24"}))
    assert "The passkey was used too late" in browser.words()
    with time_machine.travel(LATER, tick=False) as clock:
        browser.wants(CPMS)
        answer = key.signs(question(browser))
        clock.shift(timedelta(minutes=5))
        gives(browser, answer)
        assert "The passkey was used too late" in browser.words()


def test_an_answer_for_one_attempt_or_browser_opens_no_other(app: Flask, browser: Browser, key: SecurityKey) -> None:
    browser.wants(CPMS)
    answer = key.signs(question(browser))
    thief = Browser(app)
    thief.wants(CPMS)
    question(thief)
    gives(thief, answer)
    assert not thief.signed_in()
    stolen = browser.path.replace("/login?", "/login/passkey?")
    assert thief.client.post(stolen, data={"csrf_token": thief.token(), "credential": answer}).status_code == 303
    assert not thief.signed_in()
    gives(browser, answer)
    assert browser.signed_in()
    browser.wants(Wanted(force=True))
    question(browser)
    gives(browser, answer)
    assert NOT_ACCEPTED in browser.words()


def test_a_copy_of_a_passkey_is_found_out(app: Flask, browser: Browser) -> None:
    key = registered(app)
    browser.wants(CPMS)
    uses(browser, key)
    key.count -= 1
    other = Browser(app)
    other.wants(CPMS)
    uses(other, key)
    assert NOT_ACCEPTED in other.words()
    assert mails(app)[-1] == (EMAIL, "A verification method of your account is suspended")
    key.count += 9
    uses(other, key)
    assert not other.signed_in()


def test_always_two_factors_are_met(app: Flask, browser: Browser) -> None:
    key = registered(app, EMAIL, PHONE, always_mfa=True)
    browser.open("/account")
    uses(browser, key)
    assert browser.path == "/account"


def test_tries_are_counted_for_a_source(app: Flask, browser: Browser) -> None:
    allows(app, password_per_source=3)
    for _ in range(3):
        browser.wants(CPMS)
        question(browser)
        gives(browser, "{}")
    question(browser)
    gives(browser, "{}")
    assert browser.page.status_code == 429
    assert "Try again in about" in browser.words()
    other = Browser(app, "198.51.100.4")
    other.wants(CPMS)
    question(other)
    gives(other, "{}")
    assert other.page.status_code == 400


def test_asking_writes_nothing_about_anybody(app: Flask, browser: Browser) -> None:
    browser.wants(CPMS)
    question(browser)
    gives(browser, json.dumps({"id": "x", "response": {}}))
    with app.app_context():
        events = db.session.execute(select(AuditEvent.act, AuditEvent.subject)).all()
    assert [tuple(event) for event in events] == [("mfa.challenge.fail", None)]


def test_answers_at_once_begin_one_session(each_app: Flask) -> None:
    key = registered(each_app)
    browser = Browser(each_app)
    browser.wants(CPMS)
    data = {"csrf_token": browser.token(), "credential": key.signs(question(browser))}
    path = browser.path.replace("/login?", "/login/passkey?")

    def twin(_: int) -> int:
        client = each_app.test_client()
        client._cookies = dict(browser.client._cookies)
        return client.post(path, data=data, environ_base={"REMOTE_ADDR": "203.0.113.7"}).status_code

    with ThreadPoolExecutor(8) as pool:
        told = Counter(pool.map(twin, range(20)))
    assert not {status for status in told if status >= 500}
    with each_app.app_context():
        mine = select(UserSession).where(UserSession.source == "203.0.113.7")
        assert len(db.session.scalars(mine).all()) == 1
        assert db.session.scalars(select(Attempt).where(Attempt.application == "CPMS")).one().state.value == "done"

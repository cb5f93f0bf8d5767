"""Guesses are counted before they are judged, strangers learn nothing, and owners stay able to sign in."""

import re
from datetime import UTC, datetime, timedelta

import argon2
import pytest
import time_machine
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from idp.accounts.models import Account, AccountState
from idp.core.db import db, transaction
from tests.signin.browser import EMAIL, PASSWORD, WRONG, Browser, allows, person

NOBODY = "nobody.there@hospital.example"
# Hours after anything that a test makes before it travels: accounts and passwords are of now.
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)


def put_into(app: Flask, uid: str, state: AccountState) -> None:
    with app.app_context(), transaction():
        db.session.execute(update(Account).where(Account.uid == uid).values(state=state))


def without_tokens(page: TestResponse) -> tuple[int, str, list[tuple[str, str]]]:
    """What a stranger can compare: status, body and headers, apart from random tokens and what was typed."""
    body = re.sub(r'(csrf_token" value="|[?&;]t=|id="login-identifier" [^>]*value=")[^"&]*', r"\1", page.text)
    headers = [(name, value) for name, value in page.headers if name not in ("Set-Cookie", "Date", "Content-Length")]
    names = [("Set-Cookie", cookie.partition("=")[0]) for cookie in page.headers.getlist("Set-Cookie")]
    return page.status_code, body, sorted(headers + names)


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password that Argon2 was run for."""
    run: list[str] = []
    verify = argon2.PasswordHasher.verify

    def counted(self: argon2.PasswordHasher, stored: str, given: str) -> bool:
        run.append(given)
        return verify(self, stored, given)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    return run


def test_unknown_wrong_frozen_and_closed_are_one_answer(app: Flask, hashes: list[str]) -> None:
    person(app)
    frozen, closed = person(app, "frozen@hospital.example"), person(app, "closed@hospital.example")
    put_into(app, frozen, AccountState.FROZEN)
    put_into(app, closed, AccountState.CLOSED)
    answers = []
    guesses = [
        (EMAIL, "wrong-password"),
        (NOBODY, PASSWORD),
        ("nzzzzzzz", PASSWORD),
        ("frozen@hospital.example", PASSWORD),
        (closed, PASSWORD),
    ]
    for identifier, password in guesses:
        browser = Browser(app)
        browser.open("/login")
        before = len(hashes)
        browser.gives_password(identifier, password)
        assert len(hashes) - before == 1
        assert not browser.signed_in()
        answers.append(without_tokens(browser.page))
    assert all(answer == answers[0] for answer in answers)
    assert WRONG in answers[0][1]


def test_a_password_beyond_measure_is_not_hashed_for_anybody(app: Flask, hashes: list[str]) -> None:
    person(app)
    for identifier in (EMAIL, NOBODY):
        browser = Browser(app)
        browser.open("/login")
        browser.gives_password(identifier, "x" * 129)
        assert WRONG in browser.words()
    assert hashes == []


def test_the_numbers_of_guesses_unless_an_operator_sets_others(app: Flask) -> None:
    limits = app.extensions["ern_settings"].limits
    told = (limits.password_per_account, limits.password_per_browser, limits.password_per_source)
    assert told == (10, 10, 50)


@pytest.mark.parametrize("identifier", [EMAIL, NOBODY])
def test_a_source_that_guesses_too_often_waits(app: Flask, identifier: str) -> None:
    person(app)
    allows(app, password_per_source=3)
    with time_machine.travel(LATER, tick=False) as clock:
        browser = Browser(app)
        browser.open("/login")
        for guess in range(3):
            assert browser.gives_password(f"{guess}{identifier}", "wrong").status_code == 400
        page = browser.gives_password(identifier)
        assert (page.status_code, page.headers["Retry-After"]) == (429, "900")
        assert "Try again in about 15 minutes" in browser.words()
        clock.shift(timedelta(minutes=16))
        browser.gives_password()
        assert browser.signed_in()


def test_a_guessed_at_account_looks_like_a_wrong_password(app: Flask) -> None:
    person(app)
    allows(app, password_per_account=3)
    for number in range(3):
        stranger = Browser(app, f"198.51.100.{number}")
        stranger.open("/login")
        stranger.gives_password(password="wrong")
    late = Browser(app, "198.51.100.200")
    late.open("/login")
    assert late.gives_password().status_code == 400
    assert WRONG in late.words()
    assert not late.signed_in()


def test_a_stranger_cannot_lock_the_owner_out_of_a_known_browser(app: Flask) -> None:
    person(app)
    allows(app, password_per_account=3)
    own = Browser(app)
    own.signs_in()
    own.open("/logout")
    own.submit()
    for number in range(4):
        stranger = Browser(app, f"198.51.100.{number}")
        stranger.open("/login")
        stranger.gives_password(password="wrong")
    own.open("/login")
    own.gives_password()
    assert own.signed_in()


def test_a_known_browser_has_a_limit_of_its_own(app: Flask) -> None:
    person(app)
    allows(app, password_per_browser=3)
    own = Browser(app)
    own.signs_in()
    own.open("/logout")
    own.submit()
    own.open("/login")
    for _ in range(3):
        assert own.gives_password(password="wrong").status_code == 400
    assert own.gives_password().status_code == 429
    assert not own.signed_in()


def test_a_known_browser_is_known_for_its_people_only(app: Flask) -> None:
    person(app)
    allows(app, password_per_account=3)
    person(app, "other@hospital.example")
    own = Browser(app)
    own.signs_in(identifier="other@hospital.example")
    own.open("/logout")
    own.submit()
    for number in range(3):
        stranger = Browser(app, f"198.51.100.{number}")
        stranger.open("/login")
        stranger.gives_password(password="wrong")
    own.open("/login")
    own.gives_password()
    assert not own.signed_in()


def test_the_cookie_of_a_known_browser_names_nobody(app: Flask, browser: Browser) -> None:
    uid = person(app)
    browser.signs_in()
    kept = browser.client.get_cookie("browser").value
    assert uid not in kept
    assert EMAIL not in kept
    browser.client.set_cookie("browser", kept[:-2] + "xx")
    browser.open("/login")
    assert browser.client.get_cookie("browser").value != kept


def test_success_gives_the_guesses_back(app: Flask) -> None:
    person(app)
    allows(app, password_per_account=3, password_per_browser=3)
    for _ in range(3):
        browser = Browser(app)
        browser.open("/login")
        for _ in range(2):
            browser.gives_password(password="wrong")
        browser.gives_password()
        assert browser.signed_in()
        browser.open("/logout")
        browser.submit()

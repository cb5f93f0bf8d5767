"""A mailed link freezes an account without a sign-in, once, and only when a person presses the button."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from idp.accounts import freezing, links, people, profile, session
from idp.accounts.links import Purpose
from idp.accounts.models import AccountState, MailedLink
from idp.core.audit import AuditEvent
from idp.core.db import db, transaction
from tests.accounts.browser import ADA, PASSWORD, Browser, at_work, mails, person, sessions, sign_in, token_of, words

WRONG = "E-mail address, identifier or password is not right."


@pytest.fixture
def browser(app: Flask) -> Browser:
    person(app)
    browser = Browser(app)
    sign_in(browser)
    return browser


def alarming(app: Flask) -> str:
    """The link "This was not me" in a mail that tells of a new password."""
    with app.test_request_context("/", base_url="http://localhost:8000"), transaction():
        account = people.by_address(ADA["email"])
        assert account
        profile.tell(account, "password", always=True, at=datetime.now(UTC))
    [link] = [one for one in mails(app)[-1]["links"] if "not-me" in one]
    return link


def state(app: Flask) -> AccountState:
    with app.app_context():
        account = people.by_address(ADA["email"])
        assert account
        return account.state


def trail(app: Flask) -> Counter[str]:
    with app.app_context():
        return Counter(event.act for event in db.session.query(AuditEvent))


def tries_to_sign_in(app: Flask) -> str:
    stranger = Browser(app)
    page = stranger.client.get("/login", follow_redirects=True)
    there = f"{page.request.path}?{page.request.query_string.decode()}"
    answer = stranger.post(there, token_of(page), identifier=ADA["email"], password=PASSWORD)
    return "" if answer.status_code == 303 else words(answer)


def test_a_mail_scanner_that_opens_the_link_changes_nothing(app: Flask, browser: Browser) -> None:
    link = alarming(app)
    for method in ("GET", "HEAD", "GET"):
        assert Browser(app).client.open(link, method=method).status_code == 200
    assert state(app) is AccountState.ACTIVE
    assert browser.has_session()


def test_the_link_freezes_without_a_sign_in_ends_the_sessions_and_tells_the_mailbox(
    app: Flask, browser: Browser
) -> None:
    link = alarming(app)
    assert Browser(app, address="198.51.100.9").submit(link).location == "/account/frozen"
    assert state(app) is AccountState.FROZEN
    assert not browser.has_session()
    assert [one.end_reason for one in sessions(app)] == ["frozen"]
    told = mails(app)[-1]
    assert (told["to"], told["subject"]) == (ADA["email"], "Your ERN Login account is frozen")
    assert trail(app)["account.freeze"] == 1
    assert "support" in words(Browser(app).get("/account/frozen"))


def test_the_link_works_once_and_no_other_one_freezes_again(app: Flask, browser: Browser) -> None:
    link, other = alarming(app), alarming(app)
    Browser(app).submit(link)
    with app.test_request_context("/", base_url="http://localhost:8000"):
        assert freezing.unfreeze(1, "support")
    for used in (link, other):
        gone = Browser(app).get(used)
        assert gone.status_code == 410
        assert "used already" in words(gone)
    assert state(app) is AccountState.ACTIVE


def test_a_link_lives_a_week(app: Flask, browser: Browser) -> None:
    link = alarming(app)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=6, hours=23)):
        assert Browser(app).get(link).status_code == 200
    with time_machine.travel(datetime.now(UTC) + timedelta(days=7, minutes=1)):
        assert Browser(app).get(link).status_code == 410
    assert Browser(app).get("/account/not-me/made-up").status_code == 410


def test_the_button_pressed_often_at_once_freezes_once(each_app: Flask) -> None:
    person(each_app)
    link = alarming(each_app)
    before = len(mails(each_app))
    browsers = [Browser(each_app, address=f"203.0.113.{number}") for number in range(8)]
    tokens = [token_of(browser.get(link)) for browser in browsers]
    answers: list[int] = []
    at_work(
        *(
            lambda browser=browser, token=token: answers.append(browser.post(link, token).status_code)
            for browser, token in zip(browsers, tokens, strict=True)
        )
    )
    assert answers == [303] * 8
    assert len(mails(each_app)) == before + 1
    assert trail(each_app)["account.freeze"] == 1


def test_a_press_that_comes_while_another_is_judged_succeeds_too(
    each_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    person(each_app)
    link = alarming(each_app)
    second = Browser(each_app)
    token = token_of(second.get(link))
    looked, find = [], links.find

    def find_and_be_overtaken(purpose: Purpose, text: str) -> MailedLink:
        found = find(purpose, text)
        if not looked:
            looked.append(text)
            at_work(lambda: Browser(each_app).submit(link))
        return found

    monkeypatch.setattr(links, "find", find_and_be_overtaken)
    assert second.post(link, token).status_code == 303
    assert trail(each_app)["account.freeze"] == 1


def test_the_door_says_nothing_of_the_frost_and_the_mailbox_is_told_once_a_day(app: Flask) -> None:
    person(app)
    with app.test_request_context("/", base_url="http://localhost:8000"):
        freezing.freeze(1, "support")
    before = len(mails(app))
    assert WRONG in tries_to_sign_in(app)
    assert WRONG in tries_to_sign_in(app)
    assert [mail["subject"] for mail in mails(app)[before:]] == ["Your ERN Login account is frozen"]


def test_a_frozen_account_opens_by_no_link_for_a_password_and_after_the_thaw_by_its_password(app: Flask) -> None:
    person(app)
    forgets = Browser(app)
    forgets.submit("/password/forgot", identifier=ADA["email"])
    reset = mails(app)[-1]["links"][0]
    with app.test_request_context("/", base_url="http://localhost:8000"):
        freezing.freeze(1, "support")
        assert not freezing.freeze(1, "support")
    assert forgets.get(reset).status_code == 410
    with app.test_request_context("/", base_url="http://localhost:8000"):
        assert freezing.unfreeze(1, "support")
        assert not freezing.unfreeze(1, "support")
    assert re.search("This was not me", mails(app)[-1]["text"])
    assert WRONG not in tries_to_sign_in(app)
    with app.app_context():
        assert session.open_sessions(1, datetime.now(UTC))

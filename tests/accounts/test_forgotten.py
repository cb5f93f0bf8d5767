"""A forgotten password: the same answer to everybody, a link to the owner, no way around the second factor."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from flask import Flask

from idp.accounts import passwords, people
from idp.accounts.models import Account, AccountState
from idp.core import clock
from idp.core.db import db, transaction
from tests.accounts.browser import (
    ADA,
    PASSWORD,
    PASSWORDS,
    Browser,
    accounts,
    at_work,
    link,
    mails,
    person,
    sessions,
    sign_in,
    token_of,
    words,
)

NEW = "amber-river-seventeen"
NEWS = {"new_password": NEW, "confirm_password": NEW}


def asks(browser: Browser, identifier: str = ADA["email"]) -> None:
    answer = browser.submit("/password/forgot", identifier=identifier)
    assert (answer.status_code, answer.location) == (303, "/password/forgot/sent")


def opens(app: Flask, password: str) -> bool:
    with app.app_context():
        return passwords.matches(people.by_address(ADA["email"]), password)


def test_the_mailed_link_changes_the_password_and_leads_to_the_sign_in(app: Flask, browser: Browser) -> None:
    uid = person(app)
    asks(browser)
    [asked] = mails(app)
    assert asked["to"] == ADA["email"]
    assert uid in words(browser.get(link(app)))
    done = browser.submit(link(app), **NEWS)
    assert (done.status_code, done.location) == (303, "/login")
    assert opens(app, NEW)
    assert not opens(app, PASSWORD)


def test_a_new_password_signs_nobody_in_and_ends_every_session(app: Flask, browser: Browser) -> None:
    person(app)
    other = Browser(app)
    sign_in(browser)
    sign_in(other)
    asks(browser)
    browser.submit(link(app), **NEWS)
    assert not browser.has_session()
    assert not other.has_session()
    assert {each.end_reason for each in sessions(app)} == {"password"}


def test_the_change_is_told_to_the_mailbox_even_without_notifications(app: Flask, browser: Browser) -> None:
    person(app, notify_by_mail=False)
    asks(browser)
    browser.submit(link(app), **NEWS)
    notice = mails(app)[-1]
    assert (notice["to"], notice["subject"]) == (ADA["email"], "Your ERN Login password was changed")


def test_everybody_gets_the_same_answer_and_no_password_is_hashed(
    app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = person(app)
    monkeypatch.setattr("argon2.PasswordHasher.hash", lambda *_: pytest.fail("hashed"))
    monkeypatch.setattr("argon2.PasswordHasher.verify", lambda *_: pytest.fail("hashed"))
    pages = []
    for identifier in (ADA["email"], uid, "nobody@hospital.example", "n0000000", "?", "x" * 3000, "@"):
        answer = browser.submit("/password/forgot", identifier=identifier)
        pages.append((answer.status_code, answer.location, words(browser.get(answer.location))))
    assert len(set(pages)) == 1
    assert [(mail["to"], mail["subject"]) for mail in mails(app)] == [
        (ADA["email"], "Choose a new password for ERN Login"),
        (ADA["email"], "Choose a new password for ERN Login"),
        ("nobody@hospital.example", "There is no ERN Login account for this address"),
    ]


@pytest.mark.parametrize("state", [AccountState.FROZEN, AccountState.CLOSED])
def test_an_account_that_is_shut_gets_no_link_and_an_older_link_is_dead(
    app: Flask, browser: Browser, state: AccountState
) -> None:
    person(app)
    asks(browser)
    with app.app_context(), transaction():
        db.session.get_one(Account, 1).state = state
    assert browser.get(link(app)).status_code == 410
    asks(browser)
    assert len(mails(app)) == 1


def test_an_empty_field_is_explained(browser: Browser) -> None:
    page = browser.submit("/password/forgot", identifier=" ")
    assert page.status_code == 400
    assert "Enter your e-mail address or your identifier." in words(page)


def test_too_many_mails_are_refused_alike_for_known_and_unknown(app: Flask, browser: Browser) -> None:
    person(app)
    refusals = []
    for identifier in (ADA["email"], "nobody@hospital.example"):
        for _ in range(5):
            asks(browser, identifier)
        page = browser.submit("/password/forgot", identifier=identifier)
        assert identifier in page.text
        refusals.append((page.status_code, words(page)))
    assert refusals[0] == refusals[1]
    assert refusals[0][0] == 429


def test_one_change_voids_all_other_links(app: Flask, browser: Browser) -> None:
    person(app)
    asks(browser)
    asks(browser)
    older, newer = (mail["links"][0] for mail in mails(app))
    browser.submit(newer, **NEWS)
    assert browser.get(older).status_code == 410
    assert "Ask for a new link" in words(browser.get("/password/new/x"))


def test_a_double_click_lands_at_the_sign_in(app: Flask, browser: Browser) -> None:
    person(app)
    asks(browser)
    used = link(app)
    csrf = token_of(browser.get(used))
    answers = [browser.post(used, csrf, **NEWS) for _ in range(2)]
    assert [(answer.status_code, answer.location) for answer in answers] == [(303, "/login")] * 2
    assert browser.post(used, csrf, **PASSWORDS).status_code == 410
    assert opens(app, NEW)


def test_parallel_uses_of_one_link_change_the_password_once(each_app: Flask) -> None:
    person(each_app)
    asks(Browser(each_app))
    used = link(each_app)
    browsers = [Browser(each_app) for _ in range(4)]
    tokens = [token_of(each.get(used)) for each in browsers]
    choices = [f"amber-river-seventeen-{number}" for number in range(4)]
    done: list[str] = []

    def use(each: Browser, csrf: str, password: str) -> None:
        if each.post(used, csrf, new_password=password, confirm_password=password).status_code == 303:
            done.append(password)

    at_work(*(partial(use, *job) for job in zip(browsers, tokens, choices, strict=True)))
    assert len(done) == 1
    assert opens(each_app, done[0])
    assert [mail["subject"] for mail in mails(each_app)].count("Your ERN Login password was changed") == 1


def test_an_expired_link_leads_to_a_new_one(app: Flask, browser: Browser) -> None:
    person(app)
    asks(browser)
    with time_machine.travel(clock.now() + timedelta(hours=25)):
        page = browser.get(link(app))
    assert page.status_code == 410
    assert 'href="/password/forgot"' in page.text


def test_a_link_for_a_password_is_none_for_registration(app: Flask, browser: Browser) -> None:
    person(app)
    asks(browser)
    assert browser.get(link(app).replace("/password/new/", "/register/confirm/")).status_code == 410


def test_an_unfit_password_is_explained_and_changes_nothing(app: Flask, browser: Browser) -> None:
    person(app)
    asks(browser)
    page = browser.submit(link(app), new_password="ada-ferran-9", confirm_password="ada-ferran-9")
    assert page.status_code == 400
    assert "This password is made of your name" in words(page)
    assert opens(app, PASSWORD)
    assert len(accounts(app)) == 1


def test_password_programs_find_the_page_to_change_the_password(browser: Browser) -> None:
    assert browser.get("/.well-known/change-password").location == "/account/settings"

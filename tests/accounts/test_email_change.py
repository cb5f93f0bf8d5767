"""Another e-mail address: who may, what the new mailbox and the old one get, and what a link alone cannot do."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from idp.accounts import freezing, people
from idp.core import clock
from idp.core.levels import MFA
from tests.accounts.browser import ADA, PASSWORD, Browser, accounts, at_work, mails, person, sign_in, token_of, words

NEW = "ada.ferran@clinic.example"
WISH = {"email": NEW, "confirm_email": NEW}
CHANGED = "The e-mail address of your ERN Login account was changed"


@pytest.fixture
def ada(app: Flask, no_factor: None) -> Browser:
    person(app)
    browser = Browser(app)
    sign_in(browser)
    return browser


def link_of(app: Flask, to: str = NEW) -> str:
    path: str = next(mail for mail in mails(app)[::-1] if mail["to"] == to)["links"][0]
    return path


def asks(browser: Browser, **changes: str) -> str:
    """Ask for the new address and return the link in its mailbox."""
    answer = browser.submit("/account/email", **{**WISH, **changes})
    assert answer.status_code == 200, words(answer)
    assert "Look into your mailbox" in words(answer)
    return link_of(browser.app)


def address(app: Flask) -> list[str]:
    return [known.address for account in accounts(app)[:1] for known in account.addresses]


def test_the_address_changes_once_the_new_mailbox_confirms_and_both_are_told(app: Flask, ada: Browser) -> None:
    link = asks(ada)
    assert address(app) == [ADA["email"]]
    assert NEW in words(ada.get(link))
    assert address(app) == [ADA["email"]]
    done = ada.submit(link)
    assert (done.status_code, done.location) == (303, "/account/details")
    assert address(app) == [NEW]
    told = {mail["to"]: mail for mail in mails(app)[-2:]}
    assert told[ADA["email"]]["subject"] == CHANGED
    assert NEW in told[ADA["email"]]["text"]
    assert "address of your ERN Login account" in told[NEW]["subject"]
    with app.app_context():
        assert people.by_address(ADA["email"]) is None
        assert people.by_address(NEW)


def test_the_old_address_is_told_when_from_where_and_what_to_do(app: Flask, ada: Browser) -> None:
    ada.submit(asks(ada))
    text = next(mail for mail in mails(app) if mail["subject"] == CHANGED)["text"]
    for part in ("When: ", "Place: address 203.0.113.*", "If it was not you"):
        assert part in text


def test_a_link_alone_changes_nothing(app: Flask, ada: Browser) -> None:
    link = asks(ada)
    stranger = Browser(app)
    assert stranger.get(link).location.startswith("/login")
    person(app, "bo@hospital.example")
    sign_in(stranger, email="bo@hospital.example")
    csrf = token_of(stranger.get("/account/details"))
    assert stranger.get(link).status_code == 404
    assert stranger.post(link, csrf).status_code == 404
    assert address(app) == [ADA["email"]]


def test_a_fresh_proof_is_needed(app: Flask, ada: Browser) -> None:
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        assert ada.get("/account/email").location.startswith("/login")


def test_with_a_second_factor_the_password_is_not_enough(app: Flask, has_factor: None) -> None:
    person(app)
    browser = Browser(app)
    sign_in(browser)
    assert browser.get("/account/email").location.startswith("/login")
    sign_in(browser, MFA, "pwd", "sms")
    assert browser.get("/account/email").status_code == 200


def test_an_address_of_somebody_else_looks_the_same_and_is_told_there(app: Flask, ada: Browser) -> None:
    person(app, NEW, language="fr")
    asks(ada)
    assert [(mail["to"], mail["language"]) for mail in mails(app)] == [(NEW, "fr")]
    assert address(app) == [ADA["email"]]


def test_an_address_that_was_taken_meanwhile_is_refused(app: Flask, ada: Browser) -> None:
    link = asks(ada)
    csrf = token_of(ada.get(link))
    person(app, NEW)
    assert ada.post(link, csrf).status_code == 409
    assert address(app) == [ADA["email"]]


def test_a_newer_wish_makes_the_older_link_void(app: Flask, ada: Browser) -> None:
    older = asks(ada)
    other = "ada@elsewhere.example"
    ada.submit("/account/email", email=other, confirm_email=other)
    assert ada.get(older).status_code == 410
    ada.submit(link_of(app, other))
    assert address(app) == [other]


def test_a_link_is_used_once_and_a_second_click_does_no_harm(app: Flask, ada: Browser) -> None:
    link = asks(ada)
    csrf = token_of(ada.get(link))
    assert [ada.post(link, csrf).status_code for _ in range(2)] == [303, 303]
    assert [mail["subject"] for mail in mails(app)].count(CHANGED) == 1
    assert ada.get(link).status_code == 410


def test_an_old_link_is_refused(app: Flask, ada: Browser) -> None:
    link = asks(ada)
    with time_machine.travel(clock.now() + timedelta(hours=25)):
        sign_in(ada)
        page = ada.get(link)
    assert page.status_code == 410
    assert "/account/email" in page.text


def test_a_password_link_in_the_old_mailbox_dies_with_the_change(app: Flask, ada: Browser) -> None:
    Browser(app).submit("/password/forgot", identifier=ADA["email"])
    reset = link_of(app, ADA["email"])
    ada.submit(asks(ada))
    assert Browser(app).get(reset).status_code == 410


def test_an_address_that_was_asked_for_before_the_frost_is_not_taken_after_it(app: Flask, ada: Browser) -> None:
    link = asks(ada)
    with app.app_context():
        freezing.freeze(1, "support")
        freezing.unfreeze(1, "support")
    sign_in(ada)
    assert ada.get(link).status_code == 410
    assert address(app) == [ADA["email"]]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": "nobody"}, "Enter an e-mail address in the form"),
        ({"confirm_email": "other@clinic.example"}, "The two e-mail addresses are not the same."),
        ({"email": "ADA.ferran@hospital.example", "confirm_email": ADA["email"]}, "This is your address already."),
        ({"email": ""}, "Enter your new e-mail address."),
    ],
)
def test_what_cannot_be_an_address_is_explained(
    app: Flask, ada: Browser, fields: dict[str, str], sentence: str
) -> None:
    page = ada.submit("/account/email", **{**WISH, **fields})
    assert page.status_code == 400
    assert sentence in words(page)
    assert mails(app) == []


def test_of_two_confirmations_at_the_same_moment_one_changes(each_app: Flask, no_factor: None) -> None:
    person(each_app)
    browsers = [Browser(each_app) for _ in range(4)]
    for browser in browsers:
        sign_in(browser)
    link = asks(browsers[0])
    tokens = [token_of(browser.get(link)) for browser in browsers]
    at_work(*[lambda b=b, t=t: b.post(link, t) for b, t in zip(browsers, tokens, strict=True)])
    assert address(each_app) == [NEW]
    assert [mail["subject"] for mail in mails(each_app)].count(CHANGED) == 1


def test_the_new_address_signs_in(app: Flask, ada: Browser) -> None:
    ada.submit(asks(ada))
    browser = Browser(app)
    page = browser.client.get("/login", follow_redirects=True)
    path = f"{page.request.path}?{page.request.query_string.decode()}"
    done = browser.post(path, token_of(page), identifier=NEW, password=PASSWORD)
    assert done.status_code == 303
    assert browser.has_session()

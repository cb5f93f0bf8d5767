"""People who want to be warned are asked each time before an application learns who they are."""

import re

import pytest
from flask import Flask
from sqlalchemy import update

from idp.accounts.models import Account
from idp.core.db import db, transaction
from tests.oidc.relying_party import RelyingParty, answer, asks, register
from tests.signin.browser import EMAIL, PHONE, Browser, person


@pytest.fixture
def registry(app: Flask) -> RelyingParty:
    return register(app)


@pytest.fixture
def mira(app: Flask) -> Browser:
    """Somebody who is signed in and wants to be warned."""
    person(app, EMAIL, PHONE)
    with app.app_context(), transaction() as session:
        session.execute(update(Account).values(warn_applications=True))
    browser = Browser(app)
    browser.signs_in()
    return browser


def test_the_person_is_asked_and_goes_on(registry: RelyingParty, mira: Browser) -> None:
    asks(mira, registry.request())
    assert mira.heading() == "Rare Registry asks who you are"
    assert "rp.example" in mira.words()
    assert "form-action 'self' https://rp.example" in mira.page.headers["Content-Security-Policy"]
    token = _agrees(mira)
    assert answer(token)["state"] == registry.sent["state"]
    assert registry.redeem(answer(token)["code"]).status_code == 200


def test_nothing_is_remembered(registry: RelyingParty, mira: Browser) -> None:
    for _ in range(2):
        asks(mira, registry.request())
        assert mira.heading() == "Rare Registry asks who you are"
        assert "code" in answer(_agrees(mira))


def test_who_does_not_go_on_gives_nothing_away(registry: RelyingParty, mira: Browser) -> None:
    asks(mira, registry.request())
    path = f"{mira.path}/cancel" if mira.path.startswith("/oauth2/authorize/") else _handle(mira, "cancel")
    assert answer(mira.client.get(path))["error"] == "access_denied"


def test_a_silent_request_is_told_that_the_person_has_to_be_asked(registry: RelyingParty, mira: Browser) -> None:
    back = mira.client.get(registry.request(prompt="none"))
    assert answer(back)["error"] == "interaction_required"


def test_agreeing_needs_our_own_form_and_counts_for_the_person_who_was_asked(
    app: Flask, registry: RelyingParty, mira: Browser
) -> None:
    asks(mira, registry.request())
    address = _handle(mira, "go")
    assert mira.client.post(address, data={"person": _uid(app)}).status_code == 403
    assert mira.post(address, person="n0000000").status_code == 200, "asked again"
    assert mira.client.get(address).status_code == 405


def test_who_did_not_ask_for_it_is_not_warned(app: Flask, registry: RelyingParty, mira: Browser) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Account).values(warn_applications=False))
    assert "code" in answer(mira.client.get(registry.request()))


def test_the_setting_is_made_in_my_account(app: Flask, mira: Browser) -> None:
    mira.open("/account/settings")
    mira.submit(language="en", notify_by_mail="y")
    with app.app_context():
        assert not db.session.get_one(Account, 1).warn_applications


def _agrees(browser: Browser):  # type: ignore[no-untyped-def]
    return browser.post(_handle(browser, "go"), person=_uid(browser.app))


def _handle(browser: Browser, act: str) -> str:
    """The address on the page that goes on, or back."""
    pattern = r"/warning/[\w-]+" if act == "go" else r"/oauth2/authorize/[\w-]+/cancel"
    found = re.search(pattern, browser.page.text)
    assert found, browser.page.text
    return found[0]


def _uid(app: Flask) -> str:
    with app.app_context():
        return db.session.get_one(Account, 1).uid

"""What the tests of the protocol share: a relying party, and a person who is signed in."""

import pytest
from flask import Flask

from tests.oidc.relying_party import RelyingParty, register
from tests.signin.browser import EMAIL, PHONE, Browser, person


@pytest.fixture
def relying_party(app: Flask) -> RelyingParty:
    return register(app)


@pytest.fixture
def uid(app: Flask) -> str:
    return person(app, EMAIL, PHONE)


@pytest.fixture
def browser(app: Flask, uid: str) -> Browser:
    return Browser(app)


@pytest.fixture
def signed_in(browser: Browser) -> Browser:
    browser.enters()
    return browser

"""Whoever is signed in reads every page in the language of the account, until another one is chosen from the menu."""

import pytest
from flask import Flask
from sqlalchemy import update

from idp.accounts.models import Account
from idp.core.db import db, transaction
from idp.core.levels import MFA
from tests.signin.browser import Browser, person

ENGLISH = {"Accept-Language": "en-GB"}


@pytest.fixture
def browser(app: Flask) -> Browser:
    """An English browser with somebody whose account says French."""
    person(app)
    with app.app_context(), transaction():
        db.session.execute(update(Account).values(language="fr"))
    browser = Browser(app)
    browser.enters(MFA)
    return browser


def pages(app: Flask) -> list[str]:
    return [rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]


def language(browser: Browser, path: str) -> str:
    return browser.client.get(path, headers=ENGLISH).text.partition('<html lang="')[2][:2]


def test_every_page_speaks_it(app: Flask, browser: Browser) -> None:
    others = {
        path: spoken for path in [*pages(app), "/nowhere"] if (spoken := language(browser, path)) not in ("", "fr")
    }
    assert others == {}


def test_what_was_chosen_from_the_menu_counts_more(browser: Browser) -> None:
    browser.open("/device?lang=en")
    assert language(browser, "/device") == "en"
    assert language(browser, "/account") == "en"

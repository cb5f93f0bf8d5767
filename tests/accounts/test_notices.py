"""Every change of an account is told to every verified address: what, when, from where, and what to do."""

from collections.abc import Callable

import pytest
from flask import Flask

from idp.accounts import people
from idp.accounts.models import EmailAddress
from idp.core import clock
from idp.core.db import db, transaction
from idp.core.levels import MFA
from idp.mfa import enrolment
from tests.accounts.browser import ADA, PASSWORD, Browser, mails, person, sign_in, token_of

SECOND = "ada@clinic.example"
NEW = "amber-river-seventeen"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:146.0) Gecko/20100101 Firefox/146.0"


@pytest.fixture
def ada(app: Flask) -> Browser:
    """Somebody with a phone and two verified addresses."""
    person(app, language="fr")
    with app.app_context():
        account = people.by_address(ADA["email"])
        assert account
        enrolment.add_confirmed_phone(account, "+491713920017")
        with transaction() as session:
            now = clock.now()
            session.add(
                EmailAddress(account_id=1, address=SECOND, normalized=SECOND, is_primary=False, verified_at=now)
            )
    browser = Browser(app, HTTP_USER_AGENT=FIREFOX)
    sign_in(browser, MFA, "pwd", "sms", "mfa")
    return browser


def _renames_factor(browser: Browser) -> None:
    with browser.app.test_request_context("/", environ_base=browser.client.environ_base):
        account = people.by_address(ADA["email"])
        assert account
        enrolment.rename(account, enrolment.authenticators(account.id)[0].id, "Mobile")


def _changes_password(browser: Browser) -> None:
    csrf = token_of(browser.get("/account/settings"))
    fields = {"current_password": PASSWORD, "new_password": NEW, "confirm_password": NEW}
    browser.post("/account/settings/password", csrf, **fields)


ACTS: dict[str, Callable[[Browser], object]] = {
    "name": lambda b: b.submit("/account/details", first_name="Adele", last_name="Ferran"),
    "settings": lambda b: b.submit("/account/settings", language="fr", notify_by_mail="y", warn_applications="y"),
    "password": _changes_password,
    "factor removed": lambda b: b.submit("/account/phones/1/remove"),
    "factor renamed": _renames_factor,
    "data": lambda b: b.post("/account/export", token_of(b.get("/account/details"))),
}


@pytest.mark.parametrize("act", ACTS)
def test_each_mailbox_is_told_when_from_where_and_how_to_stop_it(app: Flask, ada: Browser, act: str) -> None:
    ACTS[act](ada)
    told = mails(app)
    assert sorted(mail["to"] for mail in told) == sorted([ADA["email"], SECOND])
    for mail in told:
        for part in ("Quand\u00a0: ", "Navigateur\u00a0: Firefox", "Lieu\u00a0: adresse 203.0.113.*", "pas moi"):
            assert part in mail["text"]
        assert mail["links"][-1].startswith("/account/not-me/")
    assert len({mail["links"][-1] for mail in told}) == 2, "each mailbox has a link of its own"


def test_without_notifications_a_grave_change_is_told_all_the_same(app: Flask, ada: Browser) -> None:
    with app.app_context(), transaction():
        account = people.by_address(ADA["email"])
        assert account
        account.notify_by_mail = False
        db.session.flush()
    for act in ("password", "factor removed", "data"):
        before = len(mails(app))
        ACTS[act](ada)
        assert len(mails(app)) == before + 2, act

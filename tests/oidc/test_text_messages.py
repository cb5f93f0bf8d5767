"""An application that accepts no codes by text message gets none, whatever the browser showed elsewhere."""

import pytest
from flask import Flask

from idp.accounts.models import Account
from idp.core.db import db, transaction
from idp.core.levels import MFA
from idp.mfa import enrolment
from idp.mfa.challenges import Asking
from idp.mfa.factor import Prompt
from idp.mfa.models import Purpose
from idp.saas.catalogue_models import Application
from idp.signin.attempt import Wanted
from tests.mfa.holders import AuthenticatorApp
from tests.oidc.relying_party import RelyingParty, asks, register
from tests.signin.browser import Browser


@pytest.fixture
def strict(app: Flask) -> RelyingParty:
    """An application that needs two factors, and no text message for the second."""
    names = {"name": "Registry", "short_name": "Registry", "position": 1}
    flags = {"takes_requests": False, "takes_guests": False, "locked_after_panic": False, "trusted_browsers": False}
    with app.app_context(), transaction():
        db.session.add(Application(id=9001, level=MFA, text_messages=False, **names, **flags))
    return register(app, application_id=9001)


@pytest.fixture
def tablet(app: Flask, uid: str) -> AuthenticatorApp:
    """The same person's authenticator app."""
    tablet = AuthenticatorApp()
    with app.test_request_context():
        account = db.session.query(Account).one()
        begun = enrolment.begin(Asking(account, Purpose.ENROL, "attempt:x"), "totp", {"device_name": "Tablet"})
        tablet.reads(Prompt(begun.page, {}))
        enrolment.confirm(begun, {"code": tablet.code(-30)}, first=False)
    return tablet


def test_text_messages_are_not_offered(browser: Browser, strict: RelyingParty, tablet: AuthenticatorApp) -> None:
    asks(browser, strict.request())
    browser.gives_password()
    assert "Authenticator app" in browser.words()
    assert "Mobile Phone + SMS" not in browser.words()
    assert browser.submit(method="sms").status_code == 404


def test_who_has_only_a_phone_reads_why_it_does_not_go_on(browser: Browser, strict: RelyingParty) -> None:
    asks(browser, strict.request())
    browser.gives_password()
    assert browser.heading() == "You have no method that fits"


def test_a_text_message_typed_elsewhere_does_not_count(
    browser: Browser, strict: RelyingParty, tablet: AuthenticatorApp
) -> None:
    browser.signs_in(Wanted(MFA))
    assert "sms" in browser.signed_in().amr
    asks(browser, strict.request())
    assert browser.path.startswith("/login/verify")
    browser.chooses("totp")
    browser.gives_code(tablet.code())
    assert "/oauth2/authorize" in browser.path
    assert browser.client.get(strict.request()).status_code == 200, "the page of the missing access, no question"

"""Platform administrators act with a security key only: where the operator wants it, and once they have one."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from idp.accounts import people
from idp.core import clock
from idp.core.errors import SignInRequired
from idp.core.levels import MFA, PHR
from idp.mfa import panic
from idp.saas.authority import acting_authority
from idp.saas.policy import Approver
from tests.oidc.relying_party import RelyingParty, register
from tests.signin.browser import EMAIL, PHONE, Browser, person
from tests.support.identity_server import reconfigured
from tests.support.security_key import SecurityKey


@pytest.fixture
def strict(app: Flask) -> Flask:
    """A server as in production: its administrators need a key."""
    return reconfigured(app, ERN_SECURITY__ADMINISTRATORS_NEED="phr")


@pytest.fixture
def textless(app: Flask) -> Flask:
    """A server whose administrators need a second factor; text messages are none for them."""
    return reconfigured(app, ERN_SECURITY__ADMINISTRATORS_NEED="mfa")


@pytest.fixture
def browser(strict: Flask) -> Browser:
    return Browser(strict)


def signs_in(browser: Browser) -> None:
    """With password and, if it is offered, the phone."""
    browser.open("/login")
    browser.gives_password()
    if 'value="sms"' in browser.page.text:
        browser.chooses()
        browser.gives_code()


def test_an_administrator_without_a_key_comes_in_only_to_add_one(strict: Flask, browser: Browser) -> None:
    person(strict, EMAIL, PHONE, is_administrator=True)
    signs_in(browser)
    assert browser.heading() == "You need a security key"
    assert "Platform administrators prove who they are with a security key" in browser.words()
    for path in ("/account", "/account/phones", "/admin/", "/saas/approvals", "/account/sessions"):
        browser.open(path)
        assert browser.heading() == "You need a security key", path
    browser.open("/admin/")
    way = browser.page.text.split('ecl-link--primary" href="/account/security-keys')[1].split('"')[0]
    browser.open(f"/account/security-keys{way.replace('&amp;', '&')}")
    browser.submit(device_name="Blue key")
    browser.uses_key(SecurityKey())
    assert browser.path == "/admin/"
    assert browser.signed_in().acr == PHR


def test_a_first_factor_of_an_administrator_is_a_key(strict: Flask, browser: Browser) -> None:
    person(strict, is_administrator=True)
    signs_in(browser)
    assert "Register a security key or this device" in browser.heading()
    assert "Platform administrators prove who they are with a security key" in browser.words()
    browser.submit(browser.path + "&method=sms", phone_number=PHONE)
    assert browser.heading() != "Enter the code from the text message"


@pytest.mark.parametrize("need", ["phr", "any"])
def test_with_a_key_nothing_else_opens_anything(app: Flask, need: str) -> None:
    """Also where the operator asks for two factors only: who can resist phishing has to."""
    server = reconfigured(app, ERN_SECURITY__ADMINISTRATORS_NEED=need)
    person(server, EMAIL, PHONE, is_administrator=True)
    browser, key = Browser(server), SecurityKey()
    browser.enters(MFA)
    browser.gains_key(key)
    other = Browser(server)
    other.open("/login")
    other.gives_password()
    assert 'value="security_key"' in other.page.text
    assert 'value="sms"' not in other.page.text
    other.chooses("security_key")
    other.uses_key(key)
    assert other.open("/admin/").status_code == 200
    assert other.heading() != "You need a security key"


def test_an_administrator_with_a_phone_works_where_the_operator_allows_it(app: Flask) -> None:
    person(app, EMAIL, PHONE, is_administrator=True)
    browser = Browser(app)
    signs_in(browser)
    browser.open("/admin/")
    assert browser.path == "/admin/"


def test_with_text_messages_alone_an_administrator_comes_in_only_to_add_something_better(textless: Flask) -> None:
    person(textless, EMAIL, PHONE, is_administrator=True)
    browser = Browser(textless)
    signs_in(browser)
    for path in ("/admin/", "/saas/approvals"):
        browser.open(path)
        assert browser.heading() == "You need a security key", path
        assert "Platform administrators" in browser.words()
        assert 'value="sms"' not in browser.page.text
    # The text message proves enough to add a key, and no more than that.
    assert browser.signed_in().methods == ["sms"]
    browser.adds_key(SecurityKey())
    browser.open("/admin/")
    assert browser.path == "/admin/"


def test_an_administrator_who_lost_the_only_key_comes_back_and_another_one_gives_the_right_again(
    strict: Flask, browser: Browser
) -> None:
    person(strict, is_administrator=True)
    signs_in(browser)
    browser.open(f"{browser.path}&method=security_key")
    browser.submit(device_name="Only key")
    browser.uses_key(SecurityKey())
    assert browser.signed_in().acr == PHR
    lost = Browser(strict)
    lost.open("/admin/")
    lost.gives_password()
    lost.open(lost.path.replace("/login/verify?", "/login/verify/panic?"))
    lost.submit()
    assert browser.signed_in() is None, "the key that is gone opens nothing any more"
    with time_machine.travel(clock.now() + timedelta(minutes=5)):
        lost.open("/account/security-keys")
        lost.gives_password()
        lost.submit(device_name="New key")
        lost.uses_key(SecurityKey())
        assert lost.signed_in().acr == PHR
        # The password alone brought the new key, so it decides about nobody until somebody recognised the person.
        assert lost.open("/admin/").status_code == 404
        with strict.app_context():
            panic.recognise(1)  # as another administrator does with *Confirm identity*
        assert lost.open("/admin/").status_code == 200


def test_others_are_asked_for_nothing_more(strict: Flask, browser: Browser) -> None:
    person(strict, EMAIL, PHONE)
    signs_in(browser)
    assert browser.path == "/account"


def test_a_stolen_phone_adds_no_key_beside_the_administrators_own(strict: Flask, browser: Browser) -> None:
    person(strict, EMAIL, PHONE, is_administrator=True)
    signs_in(browser)
    browser.adds_key(SecurityKey())
    with strict.test_request_context():
        account = people.by_address(EMAIL)
        assert account
    thief = Browser(strict)
    thief.open("/account/security-keys")
    thief.gives_password()
    assert 'value="sms"' not in thief.page.text
    assert not thief.signed_in()


@pytest.mark.parametrize(("acr", "may"), [(MFA, False), (PHR, True)])
def test_an_administrators_act_itself_asks_for_the_key(strict: Flask, acr: str, may: bool) -> None:
    person(strict, EMAIL, PHONE, is_administrator=True)
    with strict.test_request_context():
        approver = Approver(1, acr, clock.now() - timedelta(minutes=1))
        if may:
            assert acting_authority(approver)[1].is_administrator
            return
        with pytest.raises(SignInRequired) as needed:
            acting_authority(approver)
        assert needed.value.level == PHR


def test_applications_get_no_code_for_an_administrator_without_a_key(strict: Flask, browser: Browser) -> None:
    person(strict, EMAIL, PHONE, is_administrator=True)
    signs_in(browser)
    relying_party: RelyingParty = register(strict)
    browser.open(relying_party.request())
    assert browser.heading() == "You need a security key"

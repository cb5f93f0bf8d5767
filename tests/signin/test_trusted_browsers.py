"""Browsers that are trusted: what they spare a person, what they never do, and what ends them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, select, update

from idp.accounts import freezing, profile
from idp.accounts.models import Account
from idp.core import audit
from idp.core.db import db, transaction
from idp.core.levels import MFA, SFA
from idp.mfa import enrolment
from idp.mfa.models import Authenticator
from idp.saas.catalogue_models import Application
from idp.signin import trusted_browsers
from idp.signin.attempt import Wanted
from idp.signin.models import TrustedBrowser
from tests.accounts.browser import at_work
from tests.oidc.relying_party import asks, register
from tests.signin.browser import EMAIL, OTHER_PHONE, PHONE, Browser, mails, person, texts

LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)
PAGE = "/account/trusted-browsers"
BOX = 'name="trust_browser"'
REGISTRY = Application(
    id=9001,
    name="Registry",
    short_name="Registry",
    position=1,
    takes_requests=False,
    takes_guests=False,
    level=MFA,
    locked_after_panic=False,
    trusted_browsers=True,
    text_messages=True,
)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


def leaves(browser: Browser) -> None:
    if browser.signed_in():
        browser.open("/logout")
        browser.submit()


def signs_in_trusting(browser: Browser) -> None:
    """Sign in to My Account, which this person always opens with two factors, and tick the box."""
    browser.open("/account")
    browser.gives_password()
    browser.chooses()
    browser.submit(code=browser_code(browser), trust_browser="y")
    assert browser.path == "/account"
    assert browser.signed_in().acr == MFA


def browser_code(browser: Browser) -> str:
    return texts(browser.app)[-1][2]


def asked_again(browser: Browser) -> bool:
    """Say whether My Account asks for the second factor after the password."""
    leaves(browser)
    browser.open("/account")
    browser.gives_password()
    return browser.heading() == "Choose your verification method"


def acts(app: Flask, beginning: str) -> list[str]:
    with app.app_context():
        found = select(audit.AuditEvent.act).order_by(audit.AuditEvent.id)
        return [act for act in db.session.scalars(found) if act.startswith(beginning)]


@pytest.fixture
def trusting(app: Flask, browser: Browser) -> Browser:
    """A browser that a person trusts who always wants two factors."""
    person(app, EMAIL, PHONE, always_mfa=True)
    signs_in_trusting(browser)
    return browser


def test_a_trusted_browser_asks_for_the_password_only_and_says_so(app: Flask, trusting: Browser) -> None:
    assert not asked_again(trusting)
    assert trusting.path == "/account"
    assert (trusting.signed_in().acr, trusting.signed_in().amr) == (SFA, ["pwd"])
    assert len(texts(app)) == 1
    assert mails(app) == [(EMAIL, "A browser no longer asks for your second factor")]
    assert acts(app, "signin.browser") == ["signin.browser.trust", "signin.browser.use"]


def test_without_the_tick_nothing_is_trusted(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE, always_mfa=True)
    browser.open("/account")
    browser.gives_password()
    browser.chooses()
    assert "Do not ask for the second factor on this browser for 30 days." in browser.words()
    browser.gives_code()
    assert asked_again(browser)
    assert mails(app) == []


def test_a_wrong_code_trusts_nothing_and_keeps_the_tick(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE, always_mfa=True)
    browser.open("/account")
    browser.gives_password()
    browser.chooses()
    browser.submit(code="x", trust_browser="y")
    assert f'{BOX} value="y" checked' in browser.page.text
    with app.app_context():
        assert not db.session.scalars(select(TrustedBrowser)).all()


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(MFA, application="CPMS"),
        Wanted(MFA, application="Registry", trusting=True, force=True),
        Wanted(MFA, application="Registry", trusting=True, max_age=60),
        Wanted(MFA, trusting=True, within=600, reason="change_factors"),
    ],
    ids=["an application that does not accept it", "force", "max_age", "a step-up"],
)
def test_the_box_is_not_offered_and_a_forged_tick_counts_nothing(app: Flask, browser: Browser, wanted: Wanted) -> None:
    person(app, EMAIL, PHONE)
    browser.wants(wanted)
    browser.gives_password()
    browser.chooses()
    assert BOX not in browser.page.text
    browser.submit(code=browser_code(browser), trust_browser="y")
    assert browser.signed_in().acr == MFA
    with app.app_context():
        assert not db.session.scalars(select(TrustedBrowser)).all()


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(MFA, application="CPMS"),
        Wanted("phr", application="CPMS", trusting=True),
        Wanted(MFA, application="Registry", trusting=True, within=0),
    ],
    ids=["does not accept it", "phishing-resistant", "fresh"],
)
def test_a_trusted_browser_gives_no_second_factor(trusting: Browser, wanted: Wanted) -> None:
    leaves(trusting)
    trusting.wants(wanted)
    trusting.gives_password()
    assert trusting.path.startswith("/login/verify")
    assert not trusting.signed_in() or trusting.signed_in().acr == SFA


def test_administrators_trust_no_browser(app: Flask, browser: Browser) -> None:
    person(app, EMAIL, PHONE, always_mfa=True, is_administrator=True)
    browser.open("/account")
    browser.gives_password()
    browser.chooses()
    assert BOX not in browser.page.text
    browser.submit(code=browser_code(browser), trust_browser="y")
    assert asked_again(browser)
    browser.chooses()
    browser.gives_code()
    assert "Your rights do not allow it" in (browser.open(PAGE) and browser.words())


def test_who_becomes_an_administrator_is_asked_again(app: Flask, trusting: Browser) -> None:
    with app.app_context(), transaction():
        db.session.execute(update(Account).values(is_administrator=True))
    assert asked_again(trusting)


def test_grave_acts_ask_in_a_trusted_browser_too(trusting: Browser) -> None:
    assert not asked_again(trusting)
    trusting.open("/account/phones/1/remove")
    assert trusting.heading() == "One more proof, please"


def removed_factor(account: Account) -> None:
    enrolment.remove(account, 1)


def new_password(account: Account) -> None:
    profile.set_password(account, account.password_hash, how="reset")


def frozen_for_a_while(account: Account) -> None:
    freezing.freeze(account.id, "support")
    freezing.unfreeze(account.id, "support")


def all_factors_gone(account: Account) -> None:
    with transaction():
        db.session.execute(delete(Authenticator))
    enrolment.add_confirmed_phone(account, PHONE)


@pytest.mark.parametrize("happens", [removed_factor, new_password, frozen_for_a_while, all_factors_gone])
def test_it_ends_with_the_factor_with_the_password_and_with_the_frost(
    app: Flask, trusting: Browser, happens: Callable[[Account], None]
) -> None:
    leaves(trusting)
    with app.app_context():
        enrolment.add_confirmed_phone(db.session.scalars(select(Account)).one(), OTHER_PHONE)
    with app.app_context():
        happens(db.session.scalars(select(Account)).one())
    assert asked_again(trusting)


def test_it_ends_after_its_days(app: Flask, trusting: Browser) -> None:
    with time_machine.travel(LATER + timedelta(days=29), tick=False) as clock:
        assert not asked_again(trusting)
        clock.shift(timedelta(days=1))
        assert asked_again(trusting)


def test_another_browser_and_another_person_are_asked(app: Flask, trusting: Browser) -> None:
    person(app, "nils.varga@hospital.example", OTHER_PHONE, always_mfa=True)
    leaves(trusting)
    trusting.open("/account")
    trusting.gives_password("nils.varga@hospital.example")
    assert trusting.heading() == "Choose your verification method"
    other = Browser(app, "203.0.113.9")
    other.open("/account")
    other.gives_password()
    assert other.heading() == "Choose your verification method"


def test_the_owner_sees_it_and_ends_it(app: Flask, trusting: Browser) -> None:
    trusting.open(PAGE)
    assert "Trust no longer" in trusting.words()
    trusting.submit(forget="1")
    assert "The browser is no longer trusted." in trusting.words()
    assert "You trust no browser" in trusting.words()
    assert asked_again(trusting)
    assert "signin.browser.forget" in acts(app, "signin.browser")


def test_nobody_ends_what_is_not_his(app: Flask, trusting: Browser) -> None:
    person(app, "nils.varga@hospital.example")
    other = Browser(app, "203.0.113.9")
    other.open("/account")
    other.gives_password("nils.varga@hospital.example")
    other.open(PAGE)
    for number in ("1", "x", "", "99999999999999"):
        assert other.post(PAGE, forget=number, csrf_token=_token(other)).status_code == 404
    assert not asked_again(trusting)


def _token(browser: Browser) -> str:
    browser.open("/account/details")
    return browser.token()


def test_an_application_that_accepts_it_gets_one_factor_and_is_told_so(app: Flask, browser: Browser) -> None:
    with app.app_context(), transaction():
        db.session.merge(REGISTRY)
    relying_party = register(app, application_id=9001)
    person(app, EMAIL, PHONE)
    asks(browser, relying_party.request())
    browser.gives_password()
    browser.chooses()
    browser.submit(code=browser_code(browser), trust_browser="y")
    leaves(browser)
    asks(browser, relying_party.request())
    browser.gives_password()
    assert "/oauth2/authorize" in browser.path
    assert (browser.signed_in().acr, browser.signed_in().amr) == (SFA, ["pwd"])
    asks(browser, relying_party.request(acr_values=MFA))
    assert browser.path.startswith("/login/verify")


def test_two_ticks_at_once_trust_the_browser_once(each_app: Flask) -> None:
    """Two windows of one browser that sign in at the same moment."""
    person(each_app, EMAIL, PHONE, always_mfa=True)
    browser = Browser(each_app)
    browser.open("/account")
    cookies = {"Cookie": "; ".join(f"{one.key}={one.value}" for one in browser._cookies())}

    def ticks() -> None:
        with each_app.test_request_context(headers=cookies):
            account = db.session.scalars(select(Account)).one()
            trusted_browsers.trust(account, enrolment.authenticators(account.id)[0].id)

    at_work(*[ticks] * 6)
    with each_app.app_context():
        assert len(db.session.scalars(select(TrustedBrowser)).all()) == 1


def test_what_is_over_is_swept(app: Flask, trusting: Browser) -> None:
    with time_machine.travel(LATER + timedelta(days=31), tick=False), app.app_context():
        trusted_browsers.sweep()
        assert not db.session.scalars(select(TrustedBrowser)).all()

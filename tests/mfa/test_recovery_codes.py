"""Ten codes on paper: shown once, each good once, and a new set voids the old one."""

import re
from collections import Counter
from html import unescape
from urllib.parse import unquote

import pytest
from flask import Flask
from sqlalchemy import select

from idp.accounts import people
from idp.core.db import db
from idp.core.errors import Refusal
from idp.core.levels import MFA
from idp.mfa import challenges, enrolment
from idp.mfa.challenges import Asking
from idp.mfa.models import Authenticator, Challenge, Purpose
from idp.mfa.recovery_codes import normalize
from idp.signin.attempt import Wanted
from tests.signin.browser import EMAIL, PHONE, Browser, mails, person

PAGE = "/account/recovery-codes"
USED = "A recovery code of your ERN Login account was used"


def makes(browser: Browser) -> list[str]:
    """Make a set and type one back; the ten codes."""
    browser.open(PAGE)
    browser.submit()
    found = re.findall(r"<li>([0-9A-Z]{5}-[0-9A-Z]{5})</li>", browser.page.text)
    browser.submit(code=found[3].lower().replace("-", " "))
    assert browser.path == PAGE, browser.words()
    return found


def signs_in_with(app: Flask, code: str) -> Browser:
    other = Browser(app)
    other.is_asked(Wanted(MFA), "recovery_code")
    other.submit(code=code)
    return other


def asked(app: Flask, binding: str) -> str:
    with app.test_request_context():
        own = people.by_address(EMAIL)
        assert own
        [held] = enrolment.authenticators(own.id, "recovery_code")
        return challenges.ask(Asking(own, Purpose.SIGN_IN, binding), held).handle


def answered(app: Flask, handle: str, code: str) -> str:
    with app.test_request_context("/", base_url="http://localhost:8000"):
        challenge = db.session.scalars(select(Challenge).where(Challenge.handle == handle)).one()
        try:
            challenges.answer(challenge, {"code": code}, lambda *_: None)
        except Refusal as refusal:
            return refusal.key
        return "passed"


@pytest.fixture
def browser(app: Flask) -> Browser:
    person(app, EMAIL, PHONE)
    browser = Browser(app)
    browser.enters(MFA)
    return browser


def test_ten_codes_are_shown_once_and_kept_as_hashes(app: Flask, browser: Browser) -> None:
    codes = makes(browser)
    assert len(set(codes)) == 10
    for path in (PAGE, f"{PAGE}/confirm"):
        browser.open(path)
        assert not [code for code in codes if code in browser.page.text]
    with app.app_context():
        kept = db.session.scalars(select(Authenticator).where(Authenticator.kind == "recovery_code")).one()
        secret = str(kept.secret)
    assert not [code for code in codes if code in secret or normalize(code) in secret]


def test_they_can_be_saved_as_a_file_without_script(app: Flask, browser: Browser) -> None:
    browser.open(PAGE)
    browser.submit()
    link = re.search(r'download="ern-login-recovery-codes.txt" href="data:([^"]+)"', browser.page.text)
    assert link
    text = unquote(unescape(link[1]))
    assert len(re.findall(r"[0-9A-Z]{5}-[0-9A-Z]{5}\r\n", text)) == 10


def test_a_code_signs_in_once_is_told_and_counted(app: Flask, browser: Browser) -> None:
    codes = makes(browser)
    session = signs_in_with(app, codes[0].lower()).signed_in()
    assert session is not None and session.acr == MFA
    assert mails(app)[-1] == (EMAIL, USED)
    assert signs_in_with(app, codes[0]).signed_in() is None
    assert signs_in_with(app, f" {codes[1].replace('-', '')} ").signed_in() is not None
    browser.open(PAGE)
    assert re.search(r"\b8\b", browser.words())


@pytest.mark.parametrize("typed", ["abcde-fgh1k", "ABCDE FGHIK", "abcdefghlk", "ABCDE\N{EN DASH}FGHIK"])
def test_typing_is_forgiven(typed: str) -> None:
    assert normalize(typed) == "ABCDEFGH1K"
    assert normalize("o0u") == "00V"


def test_a_new_set_voids_the_old_one_only_once_it_is_confirmed(app: Flask, browser: Browser) -> None:
    old = makes(browser)
    browser.open(PAGE)
    browser.submit()
    assert answered(app, asked(app, "attempt:one"), old[0]) == "passed", "the new set is not confirmed"
    new = makes(browser)
    assert signs_in_with(app, old[1]).signed_in() is None
    assert answered(app, asked(app, "attempt:two"), new[0]) == "passed"


def test_nobody_begins_with_them(app: Flask) -> None:
    person(app)
    newcomer = Browser(app)
    newcomer.enters()
    newcomer.open(PAGE)
    newcomer.submit()
    assert newcomer.page.status_code == 403
    assert "Add a device first" in newcomer.words()
    newcomer.wants(Wanted(MFA))
    assert "Recovery code" not in newcomer.words()
    newcomer.open(f"{newcomer.path}&method=recovery_code")
    assert "Recovery code" not in newcomer.words()


def test_making_them_needs_a_fresh_proof(app: Flask, browser: Browser) -> None:
    with_password = Browser(app)
    with_password.signs_in()
    with_password.open(PAGE)
    with_password.submit()
    assert with_password.path.startswith("/login/verify")


def test_the_last_one_used_leaves_no_method_that_answers_nothing(app: Flask, browser: Browser) -> None:
    *codes, last = makes(browser)
    for number, code in enumerate(codes):
        assert answered(app, asked(app, f"attempt:{number}"), code) == "passed"
    assert signs_in_with(app, last).signed_in() is not None
    other = Browser(app)
    other.wants(Wanted(MFA))
    other.gives_password()
    assert "Recovery code" not in other.words()
    assert Counter(mails(app))[EMAIL, USED] == 10


def test_they_stand_last_and_say_how_many_are_left(app: Flask, browser: Browser) -> None:
    makes(browser)
    other = Browser(app)
    other.wants(Wanted(MFA))
    other.gives_password()
    assert other.words().index("Mobile Phone + SMS") < other.words().index("Recovery code")
    assert "You have 10 codes left." in other.words()

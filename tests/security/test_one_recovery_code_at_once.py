"""A recovery code counts once, at however many challenges it is typed at the same moment."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy import select

from idp.accounts import people
from idp.core.db import db
from idp.core.errors import Refusal
from idp.core.levels import MFA
from idp.mfa import challenges, enrolment
from idp.mfa.challenges import Asking
from idp.mfa.models import Challenge, Purpose
from tests.mfa.test_recovery_codes import USED, makes
from tests.signin.browser import EMAIL, PHONE, Browser, mails, person


def test_one_code_at_a_hundred_challenges_at_once_counts_once(each_app: Flask) -> None:
    person(each_app, EMAIL, PHONE)
    browser = Browser(each_app)
    browser.enters(MFA)
    [code, *_] = makes(browser)
    handles = [asked(each_app, f"attempt:{number}") for number in range(100)]
    with ThreadPoolExecutor(8) as pool:
        told = Counter(pool.map(lambda handle: answered(each_app, handle, code, lambda *_: None), handles))
    assert told["passed"] == 1
    assert Counter(mails(each_app))[EMAIL, USED] == 1


def asked(app: Flask, binding: str) -> str:
    with app.test_request_context():
        own = people.by_address(EMAIL)
        assert own
        [held] = enrolment.authenticators(own.id, "recovery_code")
        return challenges.ask(Asking(own, Purpose.SIGN_IN, binding), held).handle


def answered(app: Flask, handle: str, code: str, then: Callable[..., None]) -> str:
    with app.test_request_context("/", base_url="http://localhost:8000"):
        challenge = db.session.scalars(select(Challenge).where(Challenge.handle == handle)).one()
        try:
            challenges.answer(challenge, {"code": code}, then)
        except Refusal as refusal:
            return refusal.key
        return "passed"

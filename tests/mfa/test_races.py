"""Many guesses at once: exactly the allowed number is judged, and a right answer counts once."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy import select

from idp.accounts.models import Account
from idp.core.db import db
from idp.core.errors import Refusal
from idp.mfa import challenges, enrolment
from idp.mfa.challenges import Asking
from idp.mfa.factor import Prompt
from idp.mfa.models import Authenticator, Challenge, Purpose
from tests.mfa.holders import AuthenticatorApp
from tests.signin.browser import EMAIL, OTHER_PHONE, PHONE, newest_code, person, wrong_code

BINDING = "attempt:one"
AT_ONCE = 12


def account(app: Flask) -> Account:
    return db.session.scalars(select(Account)).one()


def ask(app: Flask) -> None:
    person(app, EMAIL, PHONE)
    with app.test_request_context():
        own = account(app)
        challenges.ask(Asking(own, Purpose.SIGN_IN, BINDING), enrolment.authenticators(own.id)[0])


def outcome(app: Flask, act: Callable[[Challenge], object]) -> str:
    with app.test_request_context():
        challenge = db.session.scalars(select(Challenge).order_by(Challenge.id.desc())).first()
        try:
            act(challenge)
        except Refusal as refusal:
            return refusal.key
        return "passed"


def outcomes(app: Flask, times: int, act: Callable[[Challenge], object]) -> Counter[str]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(lambda _: outcome(app, act), range(times)))


def test_a_hundred_guesses_at_once_get_three_judgements(each_app: Flask) -> None:
    ask(each_app)
    guess = {"code": wrong_code(each_app)}
    told = outcomes(each_app, 100, lambda challenge: challenges.answer(challenge, guess, lambda *_: None))
    assert told == {"code_wrong": 3, "challenge_over": 97}


def test_right_answers_at_once_count_once(each_app: Flask) -> None:
    ask(each_app)
    right = {"code": newest_code(each_app)}
    done: list[str] = []
    told = outcomes(
        each_app, 20, lambda challenge: challenges.answer(challenge, right, lambda used, _: done.append(used.handle))
    )
    assert told == {"passed": 1, "challenge_over": 19}
    assert len(done) == 1


def test_a_confirmation_sent_twice_adds_one_number(each_app: Flask) -> None:
    person(each_app)
    with each_app.test_request_context():
        enrolment.begin(Asking(account(each_app), Purpose.ENROL, BINDING), "sms", {"phone_number": OTHER_PHONE})
    right = {"code": newest_code(each_app)}
    told = outcomes(each_app, 8, lambda challenge: enrolment.confirm(challenge, right, first=True))
    assert told["passed"] == 1
    with each_app.app_context():
        assert len(db.session.scalars(select(Authenticator)).all()) == 1


def test_two_first_factors_at_once_become_one(each_app: Flask) -> None:
    person(each_app)
    handles = []
    for number, binding in ((PHONE, "attempt:a"), (OTHER_PHONE, "attempt:b")):
        with each_app.test_request_context():
            enrolment.challenges.deliveries.answered(account(each_app).id, number)
            begun = enrolment.begin(Asking(account(each_app), Purpose.ENROL, binding), "sms", {"phone_number": number})
            handles.append((begun.handle, newest_code(each_app)))

    def confirm(one: tuple[str, str]) -> str:
        with each_app.test_request_context():
            challenge = db.session.scalars(select(Challenge).where(Challenge.handle == one[0])).one()
            try:
                enrolment.confirm(challenge, {"code": one[1]}, first=True)
            except Refusal as refusal:
                return refusal.key
            return "passed"

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(confirm, handles))
    assert sorted(told) == ["factor_exists", "passed"]


def test_one_code_of_an_app_signs_in_one_of_two_who_type_it_at_once(each_app: Flask) -> None:
    person(each_app)
    tablet = AuthenticatorApp()
    with each_app.test_request_context():
        own = account(each_app)
        enrolling = enrolment.begin(Asking(own, Purpose.ENROL, BINDING), "totp", {"device_name": "Tablet"})
        tablet.reads(Prompt(enrolling.page, {}))
        enrolment.confirm(enrolling, {"code": tablet.code(-30)}, first=True)
        added = enrolment.authenticators(own.id)[0]
        handles = [challenges.ask(Asking(own, Purpose.SIGN_IN, f"attempt:{n}"), added).handle for n in range(4)]
    code = tablet.code()

    def types(handle: str) -> str:
        with each_app.test_request_context():
            challenge = db.session.scalars(select(Challenge).where(Challenge.handle == handle)).one()
            try:
                challenges.answer(challenge, {"code": code}, lambda *_: None)
            except Refusal as refusal:
                return refusal.key
            return "passed"

    with ThreadPoolExecutor(4) as pool:
        told = Counter(pool.map(types, handles))
    assert told["passed"] == 1
    assert set(told) <= {"passed", "factor_used", "code_used"}


def test_a_failed_act_after_the_code_leaves_the_code_usable(app: Flask) -> None:
    """What follows from a right answer stands or falls with it."""
    ask(app)
    right = {"code": newest_code(app)}

    def fails(*_: object) -> None:
        raise Refusal("something_else")

    assert outcome(app, lambda challenge: challenges.answer(challenge, right, fails)) == "something_else"
    assert outcome(app, lambda challenge: challenges.answer(challenge, right, lambda *_: None)) == "passed"


def test_twenty_wrong_codes_a_day_are_the_end_of_it(app: Flask) -> None:
    person(app, EMAIL, PHONE)
    told: Counter[str] = Counter()
    for number in range(8):
        with app.test_request_context():
            own = account(app)
            challenges.deliveries.answered(own.id, PHONE)
            challenges.ask(Asking(own, Purpose.SIGN_IN, f"attempt:{number}"), enrolment.authenticators(own.id)[0])
        guess = {"code": wrong_code(app)}
        for _ in range(3):
            told[outcome(app, lambda challenge, guess=guess: challenges.answer(challenge, guess, lambda *_: None))] += 1
    assert told == {"code_wrong": 20, "challenge.failures": 4}

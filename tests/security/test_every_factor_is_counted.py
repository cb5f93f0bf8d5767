"""For every factor, through the database: the holder passes once; everything else is refused, and counted exactly."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from idp.accounts import people
from idp.core.db import db
from idp.core.errors import Refusal
from idp.core.outbox import Channel, Message, content_of
from idp.mfa import app_keys, challenges, enrolment, factors, signatures
from idp.mfa.challenges import Asking
from idp.mfa.factor import AnyOf, Factor, Prompt, Text
from idp.mfa.models import Authenticator, Challenge, Purpose
from tests.mfa.holders import HOLDERS, UNBOUND, AppHolder, Holder
from tests.signin.browser import EMAIL, OTHER_PHONE, PHONE, person
from tests.support.identity_server import closed, configured

OTHER = "nils.varga@hospital.example"
OVER = {"challenge_over"}
EVERY = pytest.mark.parametrize("factor", factors.FACTORS, ids=lambda factor: factor.name)

# The codes of the others name no question; each counts once (test_factor_contract.py).
BOUND = pytest.mark.parametrize(
    "factor", [one for one in factors.FACTORS if one.name not in UNBOUND], ids=lambda factor: factor.name
)


class Owner:
    """Somebody with a phone and one more factor."""

    def __init__(self, app: Flask, factor: Factor, email: str = EMAIL, *phones: str) -> None:
        self.app, self.factor, self.email = app, factor, email
        person(app, email, *phones)
        self.holder: Holder = type(HOLDERS[factor.name])()
        # An hour ago, for a code that was typed to enrol does not count again.
        with time_machine.travel(datetime.now(UTC) - timedelta(hours=1), tick=False), app.test_request_context():
            self._enrols()

    def is_asked(self, binding: str) -> int:
        """Ask for the factor; the number of the question."""
        with self.app.test_request_context():
            held = self._held()
            asking = Asking(people.by_address(self.email), Purpose.SIGN_IN, binding)
            if isinstance(self.factor, AnyOf):
                return challenges.ask_any(asking, self.factor.name, held).id
            return challenges.ask(asking, held[0], self.factor.name).id

    def answer(self, question: int, *, right: bool = True) -> dict[str, str]:
        """What the holder answers, or what somebody guesses."""
        with self.app.test_request_context():
            prompt = self._prompt(db.session.get_one(Challenge, question))
            return self.holder.answers(prompt) if right else self.holder.guesses(prompt)

    def _enrols(self) -> None:
        asking = Asking(people.by_address(self.email), Purpose.ENROL, "session:enrols")
        challenge = enrolment.begin(asking, factors.kept_as(self.factor), self.holder.fields())
        answer = self.holder.answers(self._prompt(challenge))
        if isinstance(self.holder, AppHolder):
            key = app_keys.current()
            self.holder.app.server_keys = {key.kid: signatures.public(key.key)}
            challenges.approve(challenge, answer)
        enrolment.confirm(challenge, answer, first=False)

    def _held(self) -> list[Authenticator]:
        account = people.by_address(self.email)
        assert account
        newest = enrolment.authenticators(account.id, factors.kept_as(self.factor))
        return [max(newest, key=lambda one: one.id)]

    def _prompt(self, challenge: Challenge) -> Prompt:
        text = None
        if challenge.kind == "sms":
            newest = select(Message).where(Message.channel == Channel.SMS).order_by(Message.id.desc()).limit(1)
            content = content_of(db.session.scalars(newest).one())
            assert content
            text = Text("", content.text, content.code or "")
        return Prompt(challenge.page, challenge.content["memo"], text)


def outcome(app: Flask, question: int, given: dict[str, str]) -> str:
    """How an answer is taken, from a browser or, where it answers, from the device."""
    with app.test_request_context():
        challenge = db.session.get_one(Challenge, question)
        try:
            if factors.named(challenge.kind).answered:
                challenges.answer(challenge, given, lambda *_: None)
            else:
                challenges.approve(challenge, given)
        except Refusal as refusal:
            return refusal.key
        return "passed"


@EVERY
def test_a_hundred_guesses_at_once_get_exactly_the_tries(each_app: Flask, factor: Factor) -> None:
    owner = Owner(each_app, factor, EMAIL, PHONE)
    question = owner.is_asked("attempt:one")
    guess, right = owner.answer(question, right=False), owner.answer(question)
    with ThreadPoolExecutor(12) as pool:
        told = Counter(pool.map(lambda _: outcome(each_app, question, guess), range(100)))
    with each_app.app_context():
        tries = factor.tries
    assert sum(times for key, times in told.items() if key not in OVER) == tries, told
    assert "passed" not in told
    assert outcome(each_app, question, right) in OVER


@EVERY
def test_a_second_process_and_a_restart_give_no_further_tries(each_app: Flask, factor: Factor) -> None:
    owner = Owner(each_app, factor, EMAIL, PHONE)
    question = owner.is_asked("attempt:one")
    guess = owner.answer(question, right=False)
    beside, after = (configured(each_app.config["SQLALCHEMY_DATABASE_URI"]) for _ in range(2))
    told = [outcome(app, question, guess) for app in (each_app, beside, each_app, beside, after, after, after)]
    for app in (beside, after):
        closed(app)
    with each_app.app_context():
        assert [key in OVER for key in told] == [number >= factor.tries for number in range(len(told))], told


@EVERY
def test_the_holder_passes_once(app: Flask, factor: Factor) -> None:
    owner = Owner(app, factor, EMAIL, PHONE)
    question = owner.is_asked("attempt:one")
    answer = owner.answer(question)
    assert outcome(app, question, answer) == "passed"
    assert outcome(app, question, answer) in OVER


@EVERY
def test_a_late_answer_is_none(app: Flask, factor: Factor) -> None:
    owner = Owner(app, factor, EMAIL, PHONE)
    question = owner.is_asked("attempt:one")
    answer = owner.answer(question)
    with app.app_context():
        late = db.session.get_one(Challenge, question).expires_at
    with time_machine.travel(late, tick=False):
        assert outcome(app, question, answer) in OVER


@BOUND
def test_an_answer_to_another_question_is_none(app: Flask, factor: Factor) -> None:
    owner = Owner(app, factor, EMAIL, PHONE)
    first = owner.is_asked("attempt:one")
    answer = owner.answer(first)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2), tick=False):
        second = owner.is_asked("attempt:two")
        assert outcome(app, second, answer) not in {"passed", *OVER}


@EVERY
def test_somebody_elses_answer_is_none(app: Flask, factor: Factor) -> None:
    owner = Owner(app, factor, EMAIL, PHONE)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2), tick=False):
        stranger = Owner(app, factor, OTHER, OTHER_PHONE)
        theirs = stranger.is_asked("attempt:theirs")
        answer = stranger.answer(theirs)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=4), tick=False):
        question = owner.is_asked("attempt:one")
        assert outcome(app, question, answer) not in {"passed", *OVER}

"""What every factor keeps, whatever it is made of."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from idp.accounts.models import Account
from idp.core.levels import MFA, reaches
from idp.mfa import factors
from idp.mfa.factor import Context, Factor, Given, Prompt, Rejected, Secret
from tests.mfa.holders import HOLDERS, RENEWED, SIGNER, UNBOUND, Holder

CONTEXT = Context(application="CPMS", language="en", host="login.example", signer=lambda: SIGNER)
ACCOUNT = Account(uid="n00axup3", first_name="Ada", last_name="Ferran", language="en")


@pytest.fixture(params=factors.FACTORS, ids=lambda factor: factor.name)
def factor(request: pytest.FixtureRequest, app: Flask) -> Iterator[Factor]:
    """Each factor in a bare request, without an open database."""
    with app.test_request_context():
        yield request.param


@pytest.fixture
def holder(factor: Factor) -> Holder:
    return HOLDERS[factor.name]


@pytest.fixture
def secret(factor: Factor, holder: Holder) -> Secret:
    """What was enrolled an hour ago."""
    with hours_later(-1):
        prompt = factor.offer(ACCOUNT, Given(holder.fields()), CONTEXT)
        return stored(factor.enrol(stored(prompt.memo), holder.answers(prompt)))


def hours_later(hours: float) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(hours=hours), tick=False)


def stored(value: dict) -> dict:
    """The value as it comes back from the database."""
    return json.loads(json.dumps(value))


def shown(holder: Holder) -> tuple[str, ...]:
    """What the browser has to be told, by its name in the secret or the memo; nothing for most."""
    return getattr(holder, "shows", ())


def asked(factor: Factor, secret: Secret) -> Prompt:
    return factor.ask(stored(secret), CONTEXT)


def test_the_holder_passes_and_the_secret_can_be_kept(factor: Factor, holder: Holder, secret: Secret) -> None:
    for hour in range(2):
        with hours_later(hour):
            prompt = asked(factor, secret)
            secret = stored(factor.judge(stored(secret), stored(prompt.memo), holder.answers(prompt)))


def test_a_guess_is_rejected_with_a_sentence_at_a_field(factor: Factor, holder: Holder, secret: Secret) -> None:
    prompt = asked(factor, secret)
    with pytest.raises(Rejected) as wrong:
        factor.judge(secret, stored(prompt.memo), holder.guesses(prompt))
    assert str(factor.sentences[wrong.value.key])
    assert not factor.answered or wrong.value.details["field"] in {field.name for field in factor.answered}


def test_a_guess_enrols_nothing(factor: Factor, holder: Holder) -> None:
    prompt = factor.offer(ACCOUNT, Given(holder.fields()), CONTEXT)
    with pytest.raises(Rejected):
        factor.enrol(stored(prompt.memo), holder.guesses(prompt))


def test_an_answer_counts_once(factor: Factor, holder: Holder, secret: Secret) -> None:
    first, second = asked(factor, secret), asked(factor, secret)
    answer = holder.answers(first)
    kept = stored(factor.judge(secret, stored(first.memo), answer))
    with pytest.raises(Rejected):
        factor.judge(kept, stored(second.memo), answer)


def test_an_answer_to_one_challenge_is_none_to_another(factor: Factor, holder: Holder, secret: Secret) -> None:
    if factor.name in UNBOUND:
        return
    first, second = asked(factor, secret), asked(factor, secret)
    if holder.answers(first) == holder.answers(second):
        second = asked(factor, secret)
    with pytest.raises(Rejected):
        factor.judge(secret, stored(second.memo), holder.answers(first))


def test_what_the_browser_sees_holds_no_secret_and_no_answer(factor: Factor, holder: Holder, secret: Secret) -> None:
    prompt = asked(factor, secret)
    page = json.dumps(prompt.page)
    kept = [value for name, value in (*secret.items(), *prompt.memo.items()) if name not in shown(holder)]
    hidden = (*kept, *holder.answers(prompt).values())
    assert not [value for value in hidden if isinstance(value, str) and value and value in page]


def test_the_memo_holds_no_answer_in_plain(factor: Factor, holder: Holder, secret: Secret) -> None:
    prompt = asked(factor, secret)
    assert not set(holder.answers(prompt).values()) & set(map(str, prompt.memo.values()))


def test_the_same_thing_is_not_enrolled_twice(factor: Factor, holder: Holder, secret: Secret) -> None:
    if factor.name in RENEWED:
        return
    with pytest.raises(Rejected) as refused:
        prompt = factor.offer(ACCOUNT, Given(holder.fields(), [secret]), CONTEXT)
        factor.enrol(stored(prompt.memo), holder.answers(prompt))
    assert refused.value.key in factor.sentences


def test_what_people_type_passes_the_forms_patterns(factor: Factor, holder: Holder, secret: Secret) -> None:
    answer = holder.answers(asked(factor, secret))
    assert all(field.pattern.fullmatch(holder.fields()[field.name]) for field in factor.offered)
    assert all(field.pattern.fullmatch(answer[field.name]) for field in factor.answered)


def test_it_says_who_it_is_and_what_it_proves(factor: Factor, secret: Secret, app: Flask) -> None:
    assert all((str(factor.title), str(factor.invitation), factor.icon, factor.amr, factor.hint(secret)))
    assert factor.page in app.view_functions
    assert factor.tries > 0
    assert factor.seconds > 0
    assert reaches(factor.level, MFA)
    assert factors.named(factor.name) is factor
    app.jinja_env.get_template(f"mfa/{factor.name}_ask.html")
    app.jinja_env.get_template(f"mfa/{factors.kept_as(factor)}_enrol.html")

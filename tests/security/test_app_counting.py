"""Wrong PINs are counted before they are judged: at once, by two servers, and over a restart."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from idp.core.errors import Refusal
from idp.mfa import challenges
from idp.mfa.models import Challenge, ChallengeState
from tests.mfa.mobile import devices, has_the_app, link, number
from tests.mfa.test_app_sign_in import WRONG_PIN, arrives
from tests.signin.browser import mails, person
from tests.support.companion_app import CompanionApp, Refused, over
from tests.support.identity_server import configured

AT_ONCE = 8


def open_challenges() -> list[Challenge]:
    return list(challenges.db.session.query(Challenge).filter_by(state=ChallengeState.OPEN))


def outcomes(times: int, act: Callable[[int], str]) -> Counter[str]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(act, range(times)))


def test_a_hundred_guesses_at_once_get_five_judgements_and_then_nothing(each_app: Flask) -> None:
    """Two methods, two browsers: together they get what one device allows."""
    person(each_app)
    phone = has_the_app(each_app)
    pages = [arrives(each_app, "app_qr") for _ in range(20)]
    wrong = [phone.reads(link(page), WRONG_PIN) for page in pages]
    with each_app.app_context():
        asked = {one.page["link"]: one.id for one in open_challenges()}
    numbers = [asked[link(page)] for page in pages]

    def guess(turn: int) -> str:
        with each_app.test_request_context():
            challenge = challenges.db.session.get(Challenge, numbers[turn % 20])
            try:
                challenges.answer(challenge, {"code": wrong[turn % 20]}, lambda *_: None)
            except Refusal as refusal:
                return refusal.key
            return "passed"

    told = outcomes(100, guess)
    assert told["code_wrong"] == 5
    assert set(told) <= {"code_wrong", "suspended", "challenge_over", "challenge.failures"}
    assert devices(each_app) == [("Pixel of Mira", 5, True)]
    assert [subject for _, subject in mails(each_app)].count("A mobile device of your account is suspended") == 1


def test_right_answers_at_once_sign_in_once(each_app: Flask) -> None:
    person(each_app)
    phone = has_the_app(each_app)
    browser = arrives(each_app)
    [request] = phone.requests()
    answer = phone.approval(request, number(browser))

    def approve(_turn: int) -> str:
        one = CompanionApp(over(each_app.test_client()), key=phone.key, issuer=phone.issuer, device=phone.device)
        try:
            one.sends("POST", f"/app/api/requests/{request['id']}/answer", answer)
        except Refused as refused:
            return refused.error
        return "approved"

    told = outcomes(12, approve)
    assert told["approved"] == 1
    browser.submit()
    assert browser.signed_in()


def test_two_servers_on_one_database_count_together_and_over_a_restart(each_app: Flask) -> None:
    person(each_app)
    phone = has_the_app(each_app)
    other = configured(each_app.config["SQLALCHEMY_DATABASE_URI"])
    for turn, server in enumerate((each_app, other, each_app, other)):
        browser = arrives(server, "app_qr")
        browser.gives_code(phone.reads(link(browser), WRONG_PIN))
        assert devices(each_app) == [("Pixel of Mira", turn + 1, False)]
    restarted = configured(each_app.config["SQLALCHEMY_DATABASE_URI"])
    browser = arrives(restarted, "app_qr")
    right = phone.reads(link(browser))
    browser.gives_code(phone.reads(link(browser), WRONG_PIN))
    assert devices(restarted)[0][2]
    browser.gives_code(right)
    assert not browser.signed_in()
    for server in (other, restarted):
        with server.app_context():
            challenges.db.engine.dispose()

"""The sessions a person sees and ends, and the rules of the session itself."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask, g
from sqlalchemy import event, func, select

from idp.accounts import people, questions, session
from idp.accounts.models import Account, AccountState, UserSession
from idp.accounts.session import Proof
from idp.core import clock, signals, signed
from idp.core.db import db, transaction
from idp.core.errors import SignInRequired
from idp.core.levels import MFA, SFA
from tests.accounts.browser import ADA, Browser, link, mails, person, sessions, sign_in, token_of, words
from tests.support.identity_server import configured

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:146.0) Gecko/20100101 Firefox/146.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1"


@pytest.fixture
def desk(app: Flask) -> Browser:
    person(app)
    browser = Browser(app, "203.0.113.7", HTTP_USER_AGENT=FIREFOX)
    sign_in(browser, MFA, "pwd", "sms")
    return browser


@pytest.fixture
def phone(app: Flask, desk: Browser) -> Browser:
    browser = Browser(app, "198.51.100.4", HTTP_USER_AGENT=SAFARI)
    sign_in(browser)
    return browser


def ends(browser: Browser, **fields: str) -> None:
    answer = browser.post("/account/sessions", token_of(browser.get("/account/sessions")), **fields)
    assert (answer.status_code, answer.location) == (303, "/account/sessions")


def test_each_session_is_shown_with_browser_place_methods_and_applications(
    app: Flask, desk: Browser, phone: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "VISITS", [lambda ids: {ids[-1]: ["CPMS"]}, lambda ids: {ids[-1]: ["ECP"]}])
    told = words(desk.get("/account/sessions"))
    assert told.index("Firefox on Windows This session") < told.index("Safari on iPhone")
    for part in ("203.0.113.*", "198.51.100.*", "Password, Mobile Phone + SMS", "CPMS, ECP", "My Account only"):
        assert part in told
    assert "203.0.113.7" not in told


def test_one_session_is_ended_and_its_end_is_signalled(app: Flask, desk: Browser, phone: Browser) -> None:
    heard: list[tuple[int, int]] = []

    def hear(sender: int, account_id: int) -> None:
        heard.append((sender, account_id))

    with signals.session_ended.connected_to(hear):
        ends(desk, end=sessions(app)[1].sid)
    assert not phone.has_session()
    assert desk.has_session()
    assert heard == [(sessions(app)[1].id, sessions(app)[1].account_id)]


def test_ending_a_session_twice_is_no_error(app: Flask, desk: Browser, phone: Browser) -> None:
    for _ in range(2):
        ends(desk, end=sessions(app)[1].sid)
    assert "The session is ended." in words(desk.get("/account/sessions"))


def test_all_others_end_and_this_one_stays(app: Flask, desk: Browser, phone: Browser) -> None:
    third = Browser(app)
    sign_in(third)
    ends(desk, others="all")
    assert desk.has_session()
    assert not phone.has_session()
    assert not third.has_session()


def test_who_ends_the_session_one_is_in_loses_its_cookie(app: Flask, desk: Browser) -> None:
    ends(desk, end=sessions(app)[0].sid)
    assert desk.client.get_cookie("ern_session") is None
    assert not desk.has_session()


def test_an_ended_session_keeps_when_and_why_it_ended(app: Flask, desk: Browser, phone: Browser) -> None:
    with app.app_context():
        found = session.open_sessions(1, clock.now())
        session.end(found, "first")
        session.end(found, "second")
    assert {each.end_reason for each in sessions(app)} == {"first"}


def test_nobody_ends_the_session_of_somebody_else(app: Flask, desk: Browser) -> None:
    person(app, "bo@hospital.example")
    stranger = Browser(app)
    sign_in(stranger, email="bo@hospital.example")
    ends(stranger, end=sessions(app)[0].sid)
    ends(stranger, others="all")
    assert desk.has_session()


def test_the_page_costs_a_fixed_number_of_queries(app: Flask, desk: Browser) -> None:
    def cost() -> int:
        counted: list[str] = []

        def count(*arguments: object) -> None:
            counted.append(str(arguments[2]))

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", count)
        desk.get("/account/sessions")
        event.remove(engine, "before_cursor_execute", count)
        return len(counted)

    few = cost()
    for _ in range(20):
        sign_in(Browser(app))
    assert cost() == few
    assert few <= 6


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(app: Flask, browser: Browser) -> None:
    browser.registers()
    answer = browser.submit(link(app), new_password="violet-harbour-eleven", confirm_password="violet-harbour-eleven")
    [cookie] = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("ern_session=")]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert answer.headers["Cache-Control"] == "no-store"
    with app.app_context():
        token = cookie.split("=", 1)[1].split(";")[0]
        assert db.session.get_one(UserSession, 1).digest == signed.digest(token)


def test_behind_https_the_cookie_is_bound_to_the_host(sqlite_template: str) -> None:
    app = configured(sqlite_template, ERN_SERVER__ISSUER="https://login.example")
    with app.test_request_context("/", base_url="https://login.example"):
        g.session_token = "token"
        answer = app.process_response(app.make_response(""))
    [cookie] = [line for line in answer.headers.getlist("Set-Cookie") if "session=token" in line]
    assert cookie.startswith("__Host-ern_session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_a_session_ends_when_it_is_idle(desk: Browser) -> None:
    for minutes in (59, 118):
        with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=False):
            assert desk.has_session()
    with time_machine.travel(clock.now() + timedelta(minutes=118 + 61), tick=False):
        assert not desk.has_session()


def test_a_session_ends_after_its_longest_time_however_busy(desk: Browser) -> None:
    begun = clock.now()
    for hour in range(1, 24):
        with time_machine.travel(begun + timedelta(minutes=30 * hour), tick=False):
            assert desk.has_session()
    with time_machine.travel(begun + timedelta(hours=12, seconds=1), tick=False):
        assert not desk.has_session()


@pytest.mark.parametrize("state", [AccountState.FROZEN, AccountState.CLOSED])
def test_a_session_of_a_shut_account_opens_nothing(app: Flask, desk: Browser, state: AccountState) -> None:
    with app.app_context(), transaction():
        db.session.get_one(Account, 1).state = state
    assert not desk.has_session()


def test_a_made_up_cookie_opens_nothing(app: Flask) -> None:
    browser = Browser(app)
    for value in ("x", "", "a" * 3000, "\u00e9", "%00"):
        browser.client.set_cookie("ern_session", value)
        assert not browser.has_session()


def test_a_weaker_proof_renews_the_token_but_never_makes_an_old_factor_look_fresh(app: Flask, desk: Browser) -> None:
    cookie = desk.client.get_cookie("ern_session")
    assert cookie
    with app.test_request_context("/", headers={"Cookie": f"ern_session={cookie.value}"}):
        own = session.current()
        assert own
        before, proved, given = bytes(own.digest), own.proved_at, own.auth_time
        session.strengthen(own, Proof(SFA, ("pwd",)))
        assert (own.acr, own.amr) == (MFA, ["pwd", "sms"])
        assert (own.proved_at, own.auth_time) == (proved, given)
        assert bytes(own.digest) != before
        session.strengthen(own, Proof(MFA, ("hwk",), with_password=False))
        assert (own.amr, own.auth_time) == (["pwd", "sms", "hwk"], given)
        assert own.proved_at > proved
        newest = own.proved_at
        session.strengthen(own, Proof(MFA, ("pwd", "sms"), at=given - timedelta(minutes=1)))
        assert (own.proved_at, own.auth_time) == (newest, given), "an older proof makes nothing older"
    assert not desk.has_session()


def test_a_page_that_wants_more_than_the_session_proves_asks_for_it(app: Flask, desk: Browser) -> None:
    cookie = desk.client.get_cookie("ern_session")
    assert cookie
    headers = {"Cookie": f"ern_session={cookie.value}"}
    with app.test_request_context("/"), pytest.raises(SignInRequired):
        session.require()
    with app.test_request_context("/", headers=headers):
        assert session.require(MFA, within=60).account_id
        with pytest.raises(SignInRequired) as refusal:
            session.require("phr", reason="phishing")
        assert (refusal.value.level, refusal.value.reason) == ("phr", "phishing")
    late = time_machine.travel(clock.now() + timedelta(seconds=61))
    with late, app.test_request_context("/", headers=headers), pytest.raises(SignInRequired):
        session.require(MFA, within=60)
    with app.app_context():
        assert session.current() is None


def test_an_ended_session_is_listed_no_more_and_tells_nobody(app: Flask, desk: Browser, phone: Browser) -> None:
    ends(desk, others="all")
    assert "Safari" not in words(desk.get("/account/sessions"))
    assert mails(app) == []
    with app.app_context():
        account = people.by_address(ADA["email"])
        assert account
        assert len(session.open_sessions(account.id, clock.now())) == 1


def test_a_session_is_forgotten_ninety_days_after_its_end(app: Flask, desk: Browser) -> None:
    for days, left in ((89, 1), (92, 0)):
        with time_machine.travel(clock.now() + timedelta(days=days)), app.app_context():
            session.sweep()
            assert db.session.scalar(select(func.count()).select_from(UserSession)) == left

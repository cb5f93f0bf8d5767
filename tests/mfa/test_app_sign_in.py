"""Signing in with the mobile app: a request with a number, a QR code without network, and "It was not me"."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from idp.core.audit import AuditEvent
from idp.core.db import db
from idp.core.levels import MFA
from idp.core.outbox import Channel, Message, content_of
from idp.mfa import app_keys
from idp.signin.attempt import Wanted
from tests.mfa.mobile import DEVICES, another, devices, has_the_app, link, new_app, number, pairs
from tests.signin.browser import EMAIL, PHONE, Browser, mails, person
from tests.support.companion_app import CompanionApp, Foreign, Refused, scanned

LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)
CPMS = Wanted(MFA, "CPMS", return_to="/account/details")
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:144.0) Gecko/20100101 Firefox/144.0"
WRONG_PIN = "7319"


@pytest.fixture
def phone(app: Flask) -> CompanionApp:
    """The app of a person who has nothing else."""
    person(app)
    return has_the_app(app)


def arrives(app: Flask, method: str = "app_pin", identifier: str = EMAIL) -> Browser:
    """Somebody who gave the password in a new browser, and chose a method."""
    browser = Browser(app)
    browser.client.environ_base |= {"HTTP_USER_AGENT": FIREFOX}
    browser.is_asked(CPMS, method, identifier)
    return browser


def chooses(app: Flask) -> Browser:
    """The same by the pages, for what they say when nothing is sent."""
    browser = Browser(app)
    browser.wants(CPMS)
    browser.gives_password()
    browser.chooses("app_pin")
    return browser


def goes_on(browser: Browser) -> None:
    """Press the button that a script would press."""
    browser.submit()


# Online


def test_the_phone_shows_who_asks_and_the_browser_goes_on(app: Flask, phone: CompanionApp) -> None:
    browser = arrives(app)
    assert browser.heading() == "Type this number in your app"
    [request] = phone.requests()
    assert (request["application"], request["browser"]) == ("CPMS", "Firefox on Windows")
    assert (request["source"], request["country"], request["tries_left"]) == ("203.0.113.*", None, 3)
    assert request["expires_at"] - request["asked_at"] == 120
    assert phone.approves(number(browser))["result"] == "approved"
    assert phone.requests() == []
    goes_on(browser)
    assert browser.path == "/account/details"
    assert browser.signed_in().acr == MFA
    assert {"pwd", "swk", "pin"} <= set(browser.signed_in().amr)


def test_the_browser_waits_and_hears_of_it(app: Flask, phone: CompanionApp) -> None:
    browser = arrives(app)
    waits = browser.page.text.split('data-waiting="')[1].split('"')[0]
    told = browser.client.get(waits).get_json()
    assert told["state"] == "waiting"
    assert 0 < told["seconds"] <= 120
    goes_on(browser)
    assert "Your phone has not answered yet" in browser.words()
    assert not browser.signed_in()
    phone.approves(number(browser))
    assert browser.client.get(waits).get_json() == {"state": "go"}
    assert app.test_client().get(waits).get_json() == {"state": "go"}, "a stranger's browser learns nothing"


def test_an_approval_signs_in_the_browser_that_asked_and_no_other(app: Flask, phone: CompanionApp) -> None:
    asked, stranger = arrives(app), Browser(app)
    phone.approves(number(asked))
    stranger.open("/login")
    stranger.open(asked.path)
    assert stranger.path.startswith("/login?")
    goes_on(asked)
    assert asked.signed_in()
    assert not stranger.signed_in()


def test_an_approval_counts_once(app: Flask, phone: CompanionApp) -> None:
    browser = arrives(app)
    [request] = phone.requests()
    answer = phone.approval(request, number(browser))
    path = f"/app/api/requests/{request['id']}/answer"
    phone.sends("POST", path, answer)
    with pytest.raises(Refused) as again:
        phone.sends("POST", path, answer)
    assert (again.value.status, again.value.told["state"]) == (410, "approved")
    goes_on(browser)
    with pytest.raises(Refused, match="approved"):
        phone.sends("POST", path, answer)


def test_a_wrong_number_is_told_and_three_end_it(app: Flask, phone: CompanionApp) -> None:
    browser = arrives(app)
    [request] = phone.requests()
    wrong = another(number(browser))
    left = []
    for _ in range(3):
        with pytest.raises(Refused, match="number_wrong") as refused:
            phone.approves(wrong, request=request)
        left.append(refused.value.told["tries_left"])
    assert left == [2, 1, 0]
    with pytest.raises(Refused, match="request_over"):
        phone.approves(number(browser), request=request)
    goes_on(browser)
    assert "no longer valid" in browser.words()
    assert devices(app) == [("Pixel of Mira", 0, False)], "a number is no PIN"


def test_with_a_wrong_number_the_pin_is_not_looked_at(app: Flask, phone: CompanionApp) -> None:
    browser = arrives(app)
    for pin in (phone.pin, WRONG_PIN):
        with pytest.raises(Refused, match="number_wrong"):
            phone.approves(another(number(browser)), pin)


def test_a_wrong_pin_is_told_and_counted(app: Flask, phone: CompanionApp) -> None:
    browser = arrives(app)
    with pytest.raises(Refused, match="code_wrong") as refused:
        phone.approves(number(browser), WRONG_PIN)
    assert (refused.value.told["tries_left"], refused.value.told["device_tries_left"]) == (2, 4)
    assert devices(app) == [("Pixel of Mira", 1, False)]
    phone.approves(number(browser))
    assert devices(app) == [("Pixel of Mira", 0, False)]


def test_an_answer_is_for_its_own_request(app: Flask, phone: CompanionApp) -> None:
    first = arrives(app)
    [old] = phone.requests()
    old_answer = phone.approval(old, number(first))
    second = arrives(app)
    new = phone.requests()[0]
    with pytest.raises(Refused):
        phone.sends("POST", f"/app/api/requests/{new['id']}/answer", old_answer)
    assert not second.signed_in()


def test_a_request_is_over_after_two_minutes(app: Flask) -> None:
    with time_machine.travel(LATER, tick=False) as clock:
        person(app)
        phone = has_the_app(app)
        browser = arrives(app)
        [request] = phone.requests()
        clock.shift(timedelta(seconds=121))
        assert phone.requests() == []
        with pytest.raises(Refused, match="request_over"):
            phone.approves(number(browser), request=request)
        goes_on(browser)
        assert "no longer valid" in browser.words()


def test_a_newer_request_of_the_same_browser_replaces_the_older(app: Flask, phone: CompanionApp) -> None:
    browser = arrives(app)
    [old] = phone.requests()
    browser.open(f"{browser.path}&choose=1")
    browser.chooses("app_pin")
    assert [one["id"] for one in phone.requests()] != [old["id"]]
    with pytest.raises(Refused, match="ended"):
        phone.approves(number(browser), request=old)


def test_somebody_elses_device_sees_and_answers_nothing(app: Flask, phone: CompanionApp) -> None:
    person(app, "other@hospital.example")
    stranger = new_app(app)
    other = Browser(app)
    other.enters(identifier="other@hospital.example")
    pairs(other, stranger)
    browser = arrives(app)
    assert stranger.requests() == []
    with pytest.raises(Refused, match="request_over"):
        stranger.approves(number(browser), request=phone.requests()[0])
    with pytest.raises(Refused, match="request_over"):
        stranger.denies(phone.requests()[0])
    assert len(phone.requests()) == 1


def test_every_device_shows_it_and_the_first_answer_counts(app: Flask) -> None:
    person(app, EMAIL, PHONE)
    owner = Browser(app)
    owner.enters(MFA)
    one, other = pairs(owner, new_app(app)), pairs(owner, new_app(app), "Tablet")
    browser = arrives(app)
    [request] = other.requests()
    assert [request] == one.requests()
    other.approves(number(browser))
    assert one.requests() == []
    with pytest.raises(Refused, match="approved"):
        one.approves(number(browser), request=request)
    goes_on(browser)
    assert browser.signed_in()
    browser = Browser(app)
    browser.wants(CPMS)
    browser.gives_password()
    assert "Confirm on Tablet, Pixel of Mira with your PIN" in browser.words()
    assert browser.words().count("You used this last time") == 1


def test_three_requests_in_ten_minutes_and_a_success_gives_them_back(app: Flask) -> None:
    with time_machine.travel(LATER, tick=False) as clock:
        person(app)
        phone = has_the_app(app)
        browsers = [arrives(app) for _ in range(3)]
        assert "No request was sent: too many" in chooses(app).words()
        assert len(phone.requests()) == 3
        phone.approves(number(browsers[2]))
        assert arrives(app).heading() == "Type this number in your app"
        clock.shift(timedelta(minutes=11))
        assert arrives(app).heading() == "Type this number in your app"


def test_no_request_goes_out_without_the_password(app: Flask, phone: CompanionApp) -> None:
    browser = Browser(app)
    browser.wants(CPMS)
    browser.gives_password(password="not the password")
    browser.open(browser.path.replace("/login?", "/login/verify?"))
    assert browser.path.startswith("/login?")
    assert phone.requests() == []


# It was not me


def test_it_was_not_me_ends_the_sign_in_and_warns(app: Flask, phone: CompanionApp) -> None:
    browser = arrives(app)
    assert phone.denies()["result"] == "denied"
    goes_on(browser)
    assert browser.page.status_code == 403
    assert browser.heading() == "This sign-in was refused"
    assert not browser.signed_in()
    assert mails(app)[-1] == (EMAIL, "A sign-in to your account was refused on your phone")
    with app.app_context():
        newest = select(Message).where(Message.channel == Channel.MAIL).order_by(Message.id.desc()).limit(1)
        text = content_of(db.session.scalar(newest)).text
    assert "CPMS" in text
    assert "Firefox on Windows" in text
    assert "203.0.113.*" in text


def test_whoever_was_denied_cannot_go_on_with_another_method(app: Flask) -> None:
    person(app, EMAIL, PHONE)
    owner = Browser(app)
    owner.enters(MFA)
    phone = pairs(owner, new_app(app))
    browser = arrives(app)
    phone.denies()
    browser.submit(method="sms")
    assert browser.heading() == "This sign-in was refused"
    browser.open(browser.path)
    assert not browser.signed_in()


def test_after_it_requests_pause_for_a_quarter_of_an_hour_and_qr_codes_work(app: Flask) -> None:
    with time_machine.travel(LATER, tick=False) as clock:
        person(app)
        phone = has_the_app(app)
        arrives(app)
        phone.denies()
        paused = phone.sends("GET", "/app/api/requests")["paused_until"]
        assert paused == int((LATER + timedelta(minutes=15)).timestamp())
        browser = chooses(app)
        assert "somebody said on your phone that the last one was not you" in browser.words()
        browser.chooses("app_qr")
        browser.gives_code(phone.reads(scanned(browser.page.text)))
        assert browser.signed_in()
        clock.shift(timedelta(minutes=15, seconds=1))
        assert arrives(app).heading() == "Type this number in your app"
        assert phone.sends("GET", "/app/api/requests")["paused_until"] is None


def test_a_denial_needs_the_devices_signature_over_it(app: Flask, phone: CompanionApp) -> None:
    browser = arrives(app)
    [request] = phone.requests()
    approval = phone.approval(request, number(browser))
    path = f"/app/api/requests/{request['id']}/answer"
    with pytest.raises(Refused, match="malformed"):
        phone.sends("POST", path, {"verdict": "deny", "signature": approval["signature"]})
    denial = {**approval, "signature": phone.signs(phone._verdict(request, "", "deny"))}
    with pytest.raises(Refused, match="malformed"):
        phone.sends("POST", path, denial)
    phone.denies(request)
    with pytest.raises(Refused, match="denied"):
        phone.approves(number(browser), request=request)


# Offline


def test_a_scanned_code_signs_in_without_network(app: Flask, phone: CompanionApp) -> None:
    browser = arrives(app, "app_qr")
    read = scanned(browser.page.text)
    assert read == link(browser)
    parts, _ = phone.checks(read)
    assert parts[4:6] == ["CPMS", "Firefox on Windows"]
    phone.call = None
    code = phone.reads(read)
    browser.gives_code(f"{code[:4]} {code[4:]}")
    assert browser.path == "/account/details"
    assert browser.signed_in().acr == MFA
    assert {"pwd", "otp", "pin"} <= set(browser.signed_in().amr)


def test_a_code_is_for_its_own_page_and_once(app: Flask, phone: CompanionApp) -> None:
    one, other = arrives(app, "app_qr"), arrives(app, "app_qr")
    code = phone.reads(link(one))
    other.gives_code(code)
    assert "This code is not right" in other.words()
    one.gives_code(code)
    assert one.signed_in()
    other.gives_code(phone.reads(link(other)))
    assert other.signed_in()


def test_three_wrong_codes_end_a_page(app: Flask, phone: CompanionApp) -> None:
    browser = arrives(app, "app_qr")
    right, wrong = phone.reads(link(browser)), phone.reads(link(browser), WRONG_PIN)
    for _ in range(3):
        browser.gives_code(wrong)
    assert "no longer valid" in browser.words()
    browser.submit(code=right)
    assert not browser.signed_in()


def test_a_code_is_over_after_three_minutes(app: Flask) -> None:
    with time_machine.travel(LATER, tick=False) as clock:
        person(app)
        phone = has_the_app(app)
        browser = arrives(app, "app_qr")
        code = phone.reads(link(browser))
        clock.shift(timedelta(seconds=181))
        with pytest.raises(Foreign, match="too old"):
            phone.reads(link(browser))
        browser.gives_code(code)
        assert "no longer valid" in browser.words()
        assert not browser.signed_in()


def test_each_device_has_its_own_qr_code(app: Flask) -> None:
    person(app, EMAIL, PHONE)
    owner = Browser(app)
    owner.enters(MFA)
    one, other = pairs(owner, new_app(app)), pairs(owner, new_app(app), "Tablet")
    browser = arrives(app, "app_qr")
    with pytest.raises(Foreign, match="not for an account on this phone"):
        other.reads(link(browser))
    browser.gives_code(one.reads(link(browser)))
    assert browser.signed_in()
    browser = Browser(app)
    browser.wants(CPMS)
    browser.gives_password()
    assert "Scan a code with Tablet" in browser.words()


def test_forged_and_foreign_codes_are_refused_by_the_app(app: Flask, phone: CompanionApp) -> None:
    real = link(arrives(app, "app_qr"))
    head, _, signature = real.rpartition(".")
    other = link(arrives(app, "app_qr"))
    with pytest.raises(Foreign, match="does not come from ERN Login"):
        phone.reads(f"{other.rpartition('.')[0]}.{signature}")
    with pytest.raises(Foreign, match="not for an account"):
        phone.reads(real.replace(phone.issuer, "https://login.evil.example"))
    phone.server_keys = {}
    with pytest.raises(Foreign, match="once with a network"):
        phone.reads(f"{head}.{signature}")


def test_a_new_server_key_is_told_a_week_before_it_signs(app: Flask) -> None:
    with time_machine.travel(LATER, tick=False) as clock:
        person(app)
        phone = has_the_app(app)
        with app.app_context():
            new = app_keys.make()
        assert phone.checks(link(arrives(app, "app_qr")))[0][1] != new
        clock.shift(timedelta(days=8))
        read = link(arrives(app, "app_qr"))
        with pytest.raises(Foreign, match="once with a network"):
            phone.reads(read)
        phone.refreshes()
        assert phone.checks(read)[0][1] == new


# Both


def test_five_wrong_pins_in_a_row_suspend_whichever_method_they_came_by(app: Flask, phone: CompanionApp) -> None:
    browser = arrives(app)
    for _ in range(2):
        with pytest.raises(Refused, match="code_wrong"):
            phone.approves(number(browser), WRONG_PIN)
    offline = arrives(app, "app_qr")
    for _ in range(2):
        offline.gives_code(phone.reads(link(offline), WRONG_PIN))
    assert devices(app) == [("Pixel of Mira", 4, False)]
    with pytest.raises(Refused, match="code_wrong") as last:
        phone.approves(number(browser), WRONG_PIN)
    assert last.value.told["device_tries_left"] == 0
    assert devices(app) == [("Pixel of Mira", 5, True)]
    assert mails(app)[-1] == (EMAIL, "A mobile device of your account is suspended")
    with app.app_context():
        assert db.session.scalars(select(AuditEvent.act).where(AuditEvent.act == "mfa.device.suspend")).all()
    assert phone.refreshes()["status"] == "suspended"
    with pytest.raises(Refused, match="device_suspended"):
        phone.requests()
    right = phone.reads(link(offline))
    offline.gives_code(right)
    assert not offline.signed_in()


def test_a_suspended_device_is_no_method_and_opens_no_door(app: Flask, phone: CompanionApp) -> None:
    """A password alone must not add a new factor because the only one is suspended."""
    for tries in (3, 2):
        browser = arrives(app, "app_qr")
        wrong = phone.reads(link(browser), WRONG_PIN)
        for _ in range(tries):
            browser.gives_code(wrong)
    assert devices(app)[0][2]
    fresh = Browser(app)
    fresh.wants(CPMS)
    fresh.gives_password()
    assert fresh.heading() == "You have no method that fits"
    fresh.open(fresh.path.replace("/login/verify", "/login/verify/add"))
    assert fresh.heading() == "You have no method that fits"


def test_a_right_pin_clears_the_count_of_both(app: Flask, phone: CompanionApp) -> None:
    offline = arrives(app, "app_qr")
    for _ in range(2):
        offline.gives_code(phone.reads(link(offline), WRONG_PIN))
    phone.approves(number(arrives(app)))
    assert devices(app) == [("Pixel of Mira", 0, False)]


def test_a_changed_pin_is_the_phones_own_affair(app: Flask, phone: CompanionApp) -> None:
    old = phone.pin
    phone.changes_pin("2750")
    browser = arrives(app)
    with pytest.raises(Refused, match="code_wrong"):
        phone.approves(number(browser), old)
    assert phone.approves(number(browser))["result"] == "approved"


def marked(browser: Browser) -> str:
    """The one method that the page marks as used last time."""
    tiles = re.findall(r'<button[^>]*value="([\w:]+)".*?</button>', browser.page.text, re.DOTALL)
    said = re.findall(r"<button[^>]*value=.*?</button>", browser.page.text, re.DOTALL)
    [found] = [name for name, tile in zip(tiles, said, strict=True) if "You used this last time" in tile]
    return str(found)


def choices(app: Flask) -> Browser:
    browser = Browser(app)
    browser.wants(CPMS)
    browser.gives_password()
    return browser


def test_the_method_that_was_used_last_is_marked_though_one_device_serves_both(app: Flask, phone: CompanionApp) -> None:
    browser = arrives(app, "app_qr")
    browser.submit(code=phone.reads(link(browser)))
    assert browser.signed_in()
    assert marked(choices(app)) == "app_qr"
    browser = arrives(app)
    phone.approves(number(browser))
    goes_on(browser)
    assert marked(choices(app)) == "app_pin"


def test_a_removed_device_answers_nothing(app: Flask) -> None:
    person(app, EMAIL, PHONE)
    owner = Browser(app)
    owner.enters(MFA)
    phone = pairs(owner, new_app(app))
    browser = arrives(app, "app_qr")
    code = phone.reads(link(browser))
    owner.open(f"{DEVICES}/2/remove")
    owner.submit()
    with pytest.raises(Refused, match="device_unknown"):
        phone.requests()
    browser.gives_code(code)
    assert not browser.signed_in()

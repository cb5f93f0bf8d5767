"""The mobile app in Chromium against the real server: paired by camera or link, online, and with the network cut."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.app_people import DEVICE, PIN, WRONG_PIN, Desk, Phone, a_person
from tests.support import camera
from tests.support.chromium import FLAGS
from tests.support.edge import serving
from tests.support.identity_server import configured

# Chromium without its maker's push service cannot subscribe: the addresses and keys of RFC 8291, section 5.
SUBSCRIBED = """PushManager.prototype.subscribe = async ({ applicationServerKey, userVisibleOnly }) => ({
  toJSON: () => ({
    endpoint: `http://localhost:9/${applicationServerKey.length}/${userVisibleOnly}`, expirationTime: null,
    keys: { auth: "BTBZMqHH6r4Tts7J_aSIgg", p256dh:
      "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4" } }) })"""
PHONE_SIZE = {"width": 390, "height": 844}


@pytest.fixture
def issuer(sqlite_template: str, tmp_path: Path) -> Iterator[str]:
    """The identity server with one person in it."""
    path = tmp_path / "idp.sqlite3"
    path.write_bytes(Path(sqlite_template.removeprefix("sqlite:///")).read_bytes())

    def building(**environ: str) -> Flask:
        app = configured(f"sqlite:///{path}", ERN_PUSH__ENABLED="true", **environ)
        a_person(app)
        return app

    with serving(building) as address:
        yield address


@pytest.fixture
def desk(engine: Browser, issuer: str) -> Iterator[Desk]:
    desk = Desk(engine, issuer)
    yield desk
    desk.leaves()


@pytest.fixture
def context(engine: Browser) -> Iterator[BrowserContext]:
    context = engine.new_context(viewport=PHONE_SIZE, locale="en-GB", color_scheme="dark")
    yield context
    context.close()


def test_a_phone_pairs_by_camera_answers_a_request_and_works_with_the_network_cut(
    engine: Browser, needs_chromium: str, desk: Desk, issuer: str, tmp_path: Path
) -> None:
    film = tmp_path / "film.y4m"
    desk.asks_for_a_device()
    camera.points_at(film, desk.drawing())
    seeing = engine.browser_type.launch(executable_path=needs_chromium, args=[*FLAGS, *camera.flags(film)])
    try:
        phone = Phone(seeing.new_context(viewport=PHONE_SIZE, locale="en-GB", permissions=["camera"]), issuer)
        pairs_by_camera(desk, phone)
        answers_with_a_wrong_and_a_right_pin(desk, phone)
        signs_in_with_the_network_cut(desk, phone, film)
        refuses_a_foreign_code(phone, film)
        assert phone.troubles == []
    finally:
        seeing.close()


def pairs_by_camera(desk: Desk, phone: Phone) -> None:
    phone.opens()
    phone.sees("Welcome")
    phone.presses("Add an account")
    phone.sees("Add an account")
    phone.says(desk.issuer.removeprefix("http://"))
    phone.presses("Go on")
    phone.sees("Choose a PIN")
    phone.chooses_a_pin("1234")
    phone.says("Anybody would try this PIN first. Choose another one.")
    phone.chooses_a_pin()
    phone.sees("Go on in your browser")
    expect(desk.window.get_by_role("heading", level=1)).to_have_text("Add this device?")
    expect(desk.window.get_by_text(DEVICE)).to_be_visible()
    desk.presses("Add this device")
    expect(desk.window.get_by_text(f"{DEVICE} is added.")).to_be_visible()
    phone.sees("Account added")
    phone.presses("Done")
    phone.sees("Your accounts")
    stored = phone.stored()
    assert (stored["local"], stored["cookies"], stored["address"]) == (0, "", f"{desk.issuer}/app/")
    assert PIN not in stored["written"]
    assert "private key:false" in stored["written"]
    assert "private key:true" not in stored["written"]
    desk.context.clear_cookies()


def answers_with_a_wrong_and_a_right_pin(desk: Desk, phone: Phone) -> None:
    desk.chooses("ERN Login Mobile App PIN Code")
    expect(desk.window.locator("p.num")).to_be_visible()
    phone.sees("Is this you?")
    for fact in ("My Account", "Chrome on Linux", "127.0.0.", "Mira Osten"):
        phone.says(fact)
    phone.taps(desk.number() + WRONG_PIN)
    phone.presses("Confirm")
    phone.says("The server refused: the PIN is not right. 4 tries left before this phone is suspended.")
    expect(phone.window.get_by_label("Your PIN")).to_be_focused()
    phone.taps(PIN)
    phone.presses("Confirm")
    phone.sees("Confirmed")
    desk.is_signed_in()
    phone.presses("Done")
    desk.context.clear_cookies()


def signs_in_with_the_network_cut(desk: Desk, phone: Phone, film: Path) -> None:
    desk.chooses("ERN Login Mobile App QR Code")
    camera.points_at(film, desk.drawing())
    phone.context.set_offline(True)
    phone.window.reload()
    phone.sees("Your accounts")
    phone.says("No network. The QR code method works without one.")
    phone.presses("Scan a QR code")
    phone.sees("Is this you?")
    phone.says("My Account")
    phone.taps(PIN)
    phone.presses("Show the code")
    phone.sees("Code for My Account")
    code = phone.window.locator(".m__code").inner_text()
    assert len(code) == 9
    desk.window.fill("[name=code]", code)
    desk.presses("Sign in")
    desk.is_signed_in()


def refuses_a_foreign_code(phone: Phone, film: Path) -> None:
    camera.points_nowhere(film)
    phone.presses("Scan again")
    phone.sees("Scan a QR code")
    phone.presses("Without the camera")
    phone.sees("Without the camera")
    phone.window.get_by_label("Link").fill("https://evil.example/app/#login=abc")
    phone.presses("Open the link")
    phone.says("This is not a code of ERN Login. Do not use it.")


def test_a_phone_pairs_by_its_own_link_stops_a_stranger_and_forgets_the_account(
    desk: Desk, context: BrowserContext, issuer: str
) -> None:
    context.grant_permissions(["notifications"], origin=issuer)
    context.add_init_script(SUBSCRIBED)
    phone = Phone(context, issuer)
    desk.asks_for_a_device()
    phone.opens(desk.link())
    phone.sees("Add an account")
    assert phone.window.url == f"{issuer}/app/", "the secret has left the address"
    phone.presses("Go on")
    phone.sees("Choose a PIN")
    phone.chooses_a_pin()
    with phone.window.expect_response("**/app/api/push") as answer:
        desk.presses("Add this device")
        phone.sees("Account added")
    assert answer.value.json()["push"] is True
    assert answer.value.request.post_data_json["endpoint"] == "http://localhost:9/65/true"
    phone.presses("Done")
    phone.sees("Your accounts")
    stops_a_stranger(desk, phone)
    refuses_a_forged_code(desk, phone)
    looks_after_the_account(phone)
    assert phone.troubles == []


def stops_a_stranger(desk: Desk, phone: Phone) -> None:
    desk.context.clear_cookies()
    desk.chooses("ERN Login Mobile App PIN Code")
    phone.sees("Is this you?")
    phone.presses("Decide later")
    phone.sees("Your accounts")
    expect(phone.window.get_by_text("No sign-in is waiting")).to_be_hidden()
    phone.presses("Sign-in to My Account")
    phone.sees("Is this you?")
    phone.presses("It was not me")
    phone.sees("Stop this sign-in?")
    phone.presses("It was not me, stop it")
    phone.sees("Sign-in stopped")
    phone.presses("Done")
    phone.sees("Your accounts")
    assert not phone.window.get_by_role("button", name="Sign-in to My Account").count(), (
        "what is stopped waits no longer"
    )
    phone.says("Requests are paused until")


def refuses_a_forged_code(desk: Desk, phone: Phone) -> None:
    desk.context.clear_cookies()
    desk.chooses("ERN Login Mobile App QR Code")
    link = desk.link()
    phone.opens(link[:-4] + ("AAAA" if not link.endswith("AAAA") else "BBBB"))
    phone.sees("Code refused")
    phone.says("This code does not come from ERN Login. Do not sign in.")
    phone.presses("Done")


def looks_after_the_account(phone: Phone) -> None:
    phone.sees("Your accounts")
    phone.window.get_by_role("button", name="Mira Osten").click()
    phone.sees("Mira Osten")
    phone.presses("Rename")
    phone.sees("Rename")
    phone.window.get_by_label("Name on this phone").fill("Clinic")
    phone.presses("Save")
    phone.sees("Clinic")
    phone.presses("Change the PIN")
    phone.sees("Change the PIN")
    phone.types("Present PIN", PIN)
    phone.types("New PIN", "6172")
    phone.types("PIN again", "6172")
    phone.presses("Change the PIN")
    phone.sees("Clinic")
    phone.presses("Remove from this phone")
    phone.sees("Remove this account?")
    with phone.window.expect_response("**/app/api/device/unlink") as told:
        phone.presses("Remove from this phone")
    assert told.value.json()["status"] == "suspended"
    phone.sees("Welcome")
    assert phone.stored()["written"] == "[]"

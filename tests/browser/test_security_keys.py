"""Security keys and passkeys in a real browser, with Chromium's virtual authenticators (Chrome DevTools Protocol)."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser as Engine
from playwright.sync_api import BrowserContext, CDPSession, Page, expect
from werkzeug.serving import make_server

from idp.core.db import db
from tests.signin.browser import EMAIL, PASSWORD, person
from tests.support.identity_server import configured

# No test waits for a person: a virtual key answers, or refuses, at once.
MOST_MILLISECONDS = 30_000
KEY = {"transport": "usb", "hasResidentKey": True, "isUserVerified": True}
DEVICE = {"transport": "internal", "hasResidentKey": True, "isUserVerified": True}


@dataclass
class Login:
    """A running identity server with one person, who always wants two factors."""

    app: Flask
    address: str


@pytest.fixture
def login(sqlite_template: str, tmp_path: Path) -> Iterator[Login]:
    path = tmp_path / "idp.sqlite3"
    path.write_bytes(Path(sqlite_template.removeprefix("sqlite:///")).read_bytes())
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    issuer = f"http://localhost:{server.server_port}"
    server.app = configured(f"sqlite:///{path}", ERN_SERVER__ISSUER=issuer, ERN_SESSION__TRUSTED_BROWSER_DAYS="0")
    person(server.app, EMAIL, always_mfa=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Login(server.app, issuer)
    server.shutdown()
    thread.join(10)
    server.server_close()
    with server.app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def context(engine: Engine) -> Iterator[BrowserContext]:
    context = engine.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(MOST_MILLISECONDS)
    yield context
    context.close()


def plugs_in(page: Page, options: dict) -> tuple[CDPSession, str]:
    """Give the window an authenticator; its answers need no hand."""
    protocol = page.context.new_cdp_session(page)
    protocol.send("WebAuthn.enable", {"enableUI": False})
    virtual = {"protocol": "ctap2", "hasUserVerification": True, "automaticPresenceSimulation": True, **options}
    return protocol, protocol.send("WebAuthn.addVirtualAuthenticator", {"options": virtual})["authenticatorId"]


def looks_good(page: Page) -> None:
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} is too wide"


def gives_password(page: Page) -> None:
    page.get_by_label("E-mail address or identifier").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def registers(page: Page, login: Login, name: str) -> None:
    page.goto(f"{login.address}/account/security-keys")
    if page.get_by_label("Password", exact=True).count():
        gives_password(page)
    page.get_by_label("Name of the key or device").fill(name)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="Register your security key or device")).to_be_visible()
    page.get_by_role("button", name="Register it now").click()


def registered(page: Page, name: str) -> None:
    expect(page.get_by_role("status")).to_contain_text(f"{name} is registered.")


def signs_out(page: Page, login: Login) -> None:
    page.goto(f"{login.address}/logout")
    page.get_by_role("main").get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()


def test_a_usb_key_is_registered_used_renamed_and_removed(login: Login, context: BrowserContext) -> None:
    said: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text) if "Content Security" in message.text else None)
    protocol, authenticator = plugs_in(page, KEY)
    registers(page, login, "Blue key")
    registered(page, "Blue key")
    looks_good(page)
    [credential] = protocol.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
    assert credential["isResidentCredential"]
    assert credential["rpId"] == "localhost"

    registers(page, login, "The same again")
    expect(page.get_by_role("alert")).to_contain_text("This key is in your account already.")
    looks_good(page)

    signs_out(page, login)
    page.goto(f"{login.address}/login?next=/account")
    gives_password(page)
    page.get_by_role("button", name="Security key or trusted platform").click()
    expect(page.get_by_role("heading", name="My Account")).to_be_visible()

    page.goto(f"{login.address}/account/security-keys")
    page.get_by_role("link", name="Rename Blue key").click()
    page.get_by_label("Name of the key or device").fill("Green key")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("It is called Green key from now on.")
    assert not said


# A browser of before 2025, that also shows no passkeys at the field.
OLD = """delete PublicKeyCredential.parseCreationOptionsFromJSON;
  delete PublicKeyCredential.parseRequestOptionsFromJSON; delete PublicKeyCredential.prototype.toJSON;
  PublicKeyCredential.isConditionalMediationAvailable = undefined"""


@pytest.mark.parametrize("browser", ["lists passkeys", "old"])
def test_a_passkey_signs_in_without_name_and_password(login: Login, context: BrowserContext, browser: str) -> None:
    if browser == "old":
        context.add_init_script(OLD)
    page = context.new_page()
    plugs_in(page, DEVICE)
    registers(page, login, "Laptop")
    registered(page, "Laptop")
    signs_out(page, login)
    page.goto(f"{login.address}/login?next=/account/sessions")
    if browser == "old":  # Chromium's virtual device chooses from the list by itself
        expect(page.get_by_role("alert")).to_be_hidden()
        looks_good(page)
        page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Display my sessions")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Security key or trusted platform")


def test_a_removed_passkey_says_so_and_the_password_still_works(login: Login, context: BrowserContext) -> None:
    context.add_init_script(OLD)
    page = context.new_page()
    protocol, authenticator = plugs_in(page, DEVICE)
    registers(page, login, "Laptop")
    registered(page, "Laptop")
    [gone] = protocol.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
    protocol.send("WebAuthn.clearCredentials", {"authenticatorId": authenticator})
    registers(page, login, "Tablet")
    registered(page, "Tablet")
    page.get_by_role("link", name="Remove Laptop").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status")).to_contain_text("Laptop is removed.")
    signs_out(page, login)
    protocol.send("WebAuthn.clearCredentials", {"authenticatorId": authenticator})
    protocol.send("WebAuthn.addCredential", {"authenticatorId": authenticator, "credential": gone})
    page.goto(f"{login.address}/login")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert").first).to_contain_text("This passkey is not accepted here.")
    looks_good(page)
    gives_password(page)
    expect(page.get_by_role("heading", name="Choose your verification method")).to_be_visible()


def test_a_key_that_stores_no_passkey_is_a_second_factor_only(login: Login, context: BrowserContext) -> None:
    context.add_init_script(OLD)
    page = context.new_page()
    plugs_in(page, {**KEY, "hasResidentKey": False})
    registers(page, login, "Old key")
    registered(page, "Old key")
    signs_out(page, login)
    page.goto(f"{login.address}/login")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing happened")
    looks_good(page)
    gives_password(page)
    page.get_by_role("button", name="Security key or trusted platform").click()
    expect(page.get_by_role("heading", name="My Account")).to_be_visible()


def test_a_key_that_does_not_know_its_owner_says_what_to_do(login: Login, context: BrowserContext) -> None:
    page = context.new_page()
    protocol, authenticator = plugs_in(page, KEY)
    registers(page, login, "Blue key")
    registered(page, "Blue key")
    signs_out(page, login)
    protocol.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    page.goto(f"{login.address}/login?next=/account")
    gives_password(page)
    page.get_by_role("button", name="Security key or trusted platform").click()
    expect(page.get_by_role("alert")).to_contain_text("Try again when you are ready.")
    looks_good(page)
    protocol.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": True})
    page.get_by_role("button", name="Use my security key").click()
    expect(page.get_by_role("heading", name="My Account")).to_be_visible()


def test_without_webauthn_or_script_the_pages_say_what_is_needed(login: Login, engine: Engine) -> None:
    bare = engine.new_context()
    bare.add_init_script("delete window.PublicKeyCredential")
    page = bare.new_page()
    page.goto(f"{login.address}/login")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    registers(page, login, "Blue key")
    expect(page.get_by_role("alert")).to_contain_text("This browser knows no security keys.")
    bare.close()
    plain = engine.new_context(java_script_enabled=False)
    page = plain.new_page()
    page.goto(f"{login.address}/login")
    assert "<noscript>" in page.content(), (
        "Chromium renders it only where its user forbids scripts, not where a test does"
    )
    registers(page, login, "Blue key")
    expect(page.get_by_role("alert").first).to_contain_text("Your key did not answer.")
    plain.close()

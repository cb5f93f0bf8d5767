"""A person with a desk and a phone: the pages of ERN Login in one window, the mobile app in another."""

from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.signin.browser import EMAIL, PASSWORD, person

PATIENCE_MS = 20_000
PIN, WRONG_PIN = "8305", "7294"
DEVICE = "Pixel of Mira"


def a_person(app: Flask) -> None:
    """Make somebody who always needs two factors and has none yet."""
    person(app, EMAIL, always_mfa=True)


class Desk:
    """A browser on a desk, in front of the identity server's pages."""

    def __init__(self, engine: Browser, issuer: str) -> None:
        self.context = engine.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
        self.context.set_default_timeout(PATIENCE_MS)
        self.window = self.context.new_page()
        self.issuer = issuer

    def gives_password(self) -> None:
        self.window.goto(f"{self.issuer}/account")
        self.window.fill("[name=identifier]", EMAIL)
        self.window.fill("[name=password]", PASSWORD)
        self.presses("Sign in")

    def asks_for_a_device(self) -> None:
        """Sign in for the first time, up to the QR code."""
        self.chooses("ERN Login Mobile App")
        self.window.fill("[name=device_name]", DEVICE)
        self.presses("Show me the QR code")
        expect(self.window.locator("svg.qr")).to_be_visible()

    def chooses(self, method: str) -> None:
        self.gives_password()
        self.window.locator(".tile", has_text=method).first.click()

    def presses(self, words: str) -> None:
        self.window.get_by_role("button", name=words).first.click()

    def drawing(self) -> str:
        """The QR code that the page shows."""
        return str(self.window.locator("svg.qr").evaluate("code => code.outerHTML"))

    def link(self) -> str:
        """The link beside the QR code, for a browser on the phone."""
        return str(self.window.get_by_role("link", name="Open the app on this phone").get_attribute("href"))

    def number(self) -> str:
        return self.window.locator("p.num").inner_text().strip()

    def is_signed_in(self) -> None:
        expect(self.window.get_by_role("heading", level=1)).to_have_text("My Account", timeout=PATIENCE_MS)

    def leaves(self) -> None:
        self.context.close()


@dataclass
class Phone:
    """The mobile app in the hands of a person; every screen is looked at once."""

    context: BrowserContext
    issuer: str
    window: Page = field(default=None)  # type: ignore[assignment]  # a new one, unless one is open already
    looked_at: set[str] = field(default_factory=set)
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(PATIENCE_MS)
        self.window = self.window or self.context.new_page()
        self.window.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.window.on("console", self._said)

    def opens(self, link: str = "") -> None:
        self.window.goto(link or f"{self.issuer}/app/")

    def presses(self, words: str) -> None:
        self.window.get_by_role("button", name=words, exact=True).click()

    def sees(self, heading: str) -> None:
        """Wait for a screen by its heading, which has the focus, and look at it."""
        expect(self.window.get_by_role("heading", level=1)).to_have_text(heading, timeout=PATIENCE_MS)
        expect(self.window.get_by_role("heading", level=1)).to_be_focused()
        if heading not in self.looked_at:
            self.looked_at.add(heading)
            found = Axe().run(self.window)
            assert found.violations_count == 0, f"{heading}: {found.generate_report()}"
            assert self.window.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{heading} is too wide"

    def says(self, words: str) -> None:
        expect(self.window.get_by_text(words)).to_be_visible(timeout=PATIENCE_MS)

    def types(self, label: str, digits: str) -> None:
        self.window.get_by_label(label, exact=True).fill(digits)

    def chooses_a_pin(self, pin: str = PIN) -> None:
        self.types("PIN", pin)
        self.types("PIN again", pin)
        self.presses("Save the PIN")

    def taps(self, digits: str) -> None:
        """Use the pad instead of a keyboard."""
        for digit in digits:
            self.window.locator(".pad").get_by_role("button", name=digit, exact=True).click()

    def stored(self) -> dict[str, Any]:
        """All that the phone keeps and that a script can read."""
        return dict(self.window.evaluate(STORED))

    def _said(self, message: Any) -> None:
        if "Failed to load resource" not in message.text:
            self.troubles.append(message.text)


STORED = """async () => {
  const opened = await new Promise((done) => (indexedDB.open("ern-login").onsuccess = (e) => done(e.target.result)));
  const all = (name) => new Promise((done) => {
    opened.transaction(name).objectStore(name).getAll().onsuccess = (e) => done(e.target.result);
  });
  const written = JSON.stringify(await all("accounts"), (_, value) =>
    value instanceof Uint8Array ? `bytes:${Array.from(value)}`
      : value instanceof CryptoKey ? `${value.type} key:${value.extractable}` : value);
  const local = localStorage.length + sessionStorage.length;
  return { written, local, cookies: document.cookie, address: location.href };
}"""

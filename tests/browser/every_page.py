"""People in a server of this process, and one look at a page: axe, width, headings and where the focus shows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from idp.accounts import session
from idp.accounts.models import Account
from idp.accounts.session import Proof
from idp.core.db import db
from idp.core.levels import MFA, SFA
from idp.core.settings import Eid
from idp.mfa import challenges, enrolment, factors
from idp.mfa.challenges import Asking
from idp.mfa.factor import Prompt, Text
from idp.mfa.models import Purpose
from idp.signin import known_browser, trusted_browsers
from tests.mfa.holders import AppHolder, AuthenticatorApp, Holder, KeyHolder, SheetHolder
from tests.support.edge import serving
from tests.support.identity_server import configured

DESK, TELEPHONE = 1280, 390
# Where the focus is: on the thing itself, or on the drawn box of a checkbox or radio button.
INVISIBLE = """() => {
  const shows = (e) => { const s = getComputedStyle(e);
    return (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none' };
  return [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
    .filter(e => e.tabIndex >= 0 && !e.disabled && e.type !== 'hidden' && e.checkVisibility())
    .filter(e => { e.focus(); const box = e.nextElementSibling?.querySelector('[class*="__box"]');
      return document.activeElement !== e || !(shows(e) || (box && shows(box))) })
    .map(e => e.outerHTML.slice(0, 120)) }"""
BEYOND = """[...document.querySelectorAll('body *')].filter(e => e.checkVisibility()
  && !e.closest('.sr, .ecl-skip-link') && e.getBoundingClientRect().right > window.innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))"""


@dataclass
class Walk:
    """One window on its way through all pages; what is wrong is kept and told at the end, all at once."""

    page: Page
    base: str
    language: str
    seen: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Open an address and look at the page."""
        self.page.goto(f"{self.base}{path}")
        self.look()

    def sends(self, path: str, **fields: str) -> None:
        """Fill in the first form of a page, send it and look at what comes."""
        self.page.goto(f"{self.base}{path}")
        self.fills(**fields)

    def fills(self, **fields: str) -> None:
        for name, value in fields.items():
            place = self.page.locator(f'main form [name="{name}"]').first
            if place.get_attribute("type") in ("checkbox", "radio"):
                self.page.locator(f'main label[for="{place.get_attribute("id")}"]').first.click(
                    position={"x": 8, "y": 8}
                )
            else:
                place.fill(value)
        self.presses("main form button")

    def presses(self, button: str) -> None:
        with self.page.expect_navigation():
            self.page.locator(button).first.click()
        self.look()

    def look(self) -> None:
        """Judge the page that is open on a desk and on a telephone."""
        here = f"{self.language} {self.page.url.removeprefix(self.base)} ({self.page.title()})"
        self.seen.append(self.page.url.removeprefix(self.base).partition("?")[0])
        expect(self.page.locator("html")).to_have_attribute("lang", self.language)
        for width in (DESK, TELEPHONE):
            self.page.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(self.page)
            self.wrong += [f"{here} at {width}: {found.generate_report()}"] * (found.violations_count > 0)
            self.wrong += [f"{here} at {width} is wider: {one}" for one in self.page.evaluate(BEYOND)]
        headings = self.page.locator("h1").count()
        self.wrong += [f"{here} has {headings} headings"] * (headings != 1)
        self.page.keyboard.press("Tab")
        self.wrong += [f"{here} shows no focus on {one}" for one in self.page.evaluate(INVISIBLE)]


@contextmanager
def server(template: str, folder: Path) -> Iterator[tuple[Flask, str]]:
    """An identity server with the catalogue, that offers an eID; the application and its address."""
    path = folder / "pages.sqlite3"
    path.write_bytes(Path(template.removeprefix("sqlite:///")).read_bytes())
    made: list[Flask] = []

    def building(**environ: str) -> Flask:
        made.append(configured(f"sqlite:///{path}", ERN_PUSH__ENABLED="true", **environ))
        return made[0]

    with serving(building) as address:
        yield made[0], address


def holds(account: Account, address: str, *kinds: str) -> None:
    """Give an account one factor of each of these kinds; without any, one of each that there is, a phone apart."""
    keys = KeyHolder()
    keys.key.origin = address
    held: dict[str, Holder] = {"totp": AuthenticatorApp(), "security_key": keys, "app_pin": AppHolder()}
    for kind, holder in {**held, "recovery_code": SheetHolder()}.items():
        if kinds and kind not in kinds:
            continue
        begun = enrolment.begin(Asking(account, Purpose.ENROL, kind), kind, holder.fields())
        answer = holder.answers(Prompt(page=begun.page, memo=begun.content["memo"], device=Text("", "", "")))
        if not factors.named(kind).answered:
            challenges.approve(begun, answer)
        enrolment.confirm(challenges.current(kind, Purpose.ENROL), answer, first=False)


def signed_in(app: Flask, address: str, account_id: int, level: str = MFA, *, trusting: bool = False) -> dict[str, str]:
    """Begin a session as sign-in does; return its cookies."""
    with app.test_request_context("/", base_url=address):
        account = db.session.get_one(Account, account_id)
        session.start(account, Proof(level, ("pwd", "sms", "mfa") if level != SFA else ("pwd",)))
        if trusting:
            known_browser.remember(account.uid)
            trusted_browsers.trust(account, enrolment.authenticators(account.id)[0].id)
        answer = app.process_response(app.make_response(""))
    cookies = [cookie.partition(";")[0].partition("=") for cookie in answer.headers.getlist("Set-Cookie")]
    return {name: value for name, _, value in cookies}


def dressed(context: BrowserContext, address: str, cookies: dict[str, str]) -> None:
    """Give a context these cookies and no others."""
    context.clear_cookies()
    context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])


def offers_eid(app: Flask) -> None:
    """Let the server name a provider of eIDs that nobody calls."""
    known = app.extensions["ern_settings"]
    own = Eid("test", "Test eID", "http://localhost:9", "ern-login", "eid-client-secret")
    app.extensions["ern_settings"] = replace(known, eid=(own,))

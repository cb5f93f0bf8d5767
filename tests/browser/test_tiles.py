"""One walk through My Account in a real browser: every tile and link, on a desk and a telephone, in both languages."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask, g
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from idp.accounts import people, session, tiles
from idp.accounts.session import Proof
from idp.core.levels import MFA
from idp.mfa import enrolment
from tests.accounts.browser import ADA, PASSWORD
from tests.support.identity_server import configured
from tests.support.servers.process import free_port


@pytest.fixture
def address(sqlite_template: str, tmp_path: Path) -> Iterator[str]:
    """A server in which Ada has a phone; its address."""
    path = tmp_path / "walk.sqlite3"
    path.write_bytes(Path(sqlite_template.removeprefix("sqlite:///")).read_bytes())
    address = f"http://localhost:{free_port()}"
    app = configured(f"sqlite:///{path}", ERN_SERVER__ISSUER=address)
    with app.app_context():
        account = people.create("Ada", "Ferran", ADA["email"], PASSWORD, "en")
        enrolment.add_confirmed_phone(account, "+491713920017")
    with served(app, int(address.rpartition(":")[2])):
        yield f"{address}?{signed_in(app, address)}"


@contextmanager
def served(app: Flask, port: int) -> Iterator[None]:
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield
    server.shutdown()
    thread.join(5)
    server.server_close()


def signed_in(app: Flask, address: str) -> str:
    """Begin a session as sign-in does, and return its token."""
    with app.test_request_context("/", base_url=address):
        account = people.by_address(ADA["email"])
        assert account
        session.start(account, Proof(MFA, ("pwd", "sms", "mfa"), methods=("sms",)))
        return str(g.session_token)


@pytest.mark.parametrize(("width", "language"), [(1280, "en"), (390, "fr")])
def test_every_tile_leads_to_a_page_that_all_can_use(engine: Browser, address: str, width: int, language: str) -> None:
    base, _, token = address.partition("?")
    context = engine.new_context(viewport={"width": width, "height": 900})
    context.add_cookies([{"name": name, "value": value, "url": base} for name, value in _cookies(token, language)])
    page = context.new_page()
    page.goto(f"{base}/account")
    _look(page)
    leads = page.locator("a.tile, nav .links a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert len(leads) >= len(tiles.TILES)
    for lead in leads:
        page.goto(f"{base}/account")
        page.locator(f'main a[href="{lead}"]').focus()
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{base}{lead}")
        expect(page.locator("h1")).to_be_visible()
        _look(page)
    context.close()


def _cookies(token: str, language: str) -> tuple[tuple[str, str], ...]:
    return ("ern_session", token), ("lang", language)


def _look(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} is too wide"

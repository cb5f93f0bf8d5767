"""ECP in a real browser on a real server: look, accessibility, keyboard, policy, and without script."""

import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from ecp_client import clock
from tests.ecp import issuer as issuers
from tests.ecp.conftest import prepare
from tests.ecp.issuer import Issuer, access, person
from tests.support.servers import process

ROOT = Path(__file__).resolve().parents[2]
PATHS = (
    "/",
    "/membership",
    "/privacy",
    "/support",
    "/accessibility",
    "/nowhere",
    "/spaces",
    "/spaces/ERN-RND",
    "/spaces/ERN-RND/members",
    "/spaces/ERN-RND/members?q=nobody",
    "/spaces/ERN-RND/posts/new",
    "/spaces/ERN-RND/posts/1/edit",
    "/spaces/ERN-RND/posts/1/delete",
    "/spaces/ERN-RND/meetings",
    "/spaces/ERN-RND/meetings/new",
    "/spaces/ERN-RND/meetings/1/delete",
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
SMALL = """[...document.querySelectorAll('main .acts a, main button, .top summary, .foot a')]
  .filter(e => e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML)"""


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuers.running() as running:
        yield running


@pytest.fixture
def address(issuer: Issuer, tmp_path: Path) -> Iterator[str]:
    """The address of ECP on the server of production."""
    port = process.free_port()
    base = f"http://localhost:{port}"
    issuer.callback = f"{base}/sign-in/callback"
    url = prepare(f"sqlite:///{tmp_path}/browser.sqlite3")
    given = {"ERN_ECP_CONFIG": "test", "ECP_BASE_URL": base, "ECP_ISSUER": issuer.url, "ECP_DATABASE_URL": url}
    command = ["granian", "--interface", "wsgi", "ecp_client.app:create_app", "--factory", "--host", "127.0.0.1"]
    programs = Path(sys.executable).parent
    server = process.start(
        [programs / command[0], *command[1:], "--port", str(port)], tmp_path / "log", env=given, cwd=ROOT
    )
    server.wait_until(lambda: process.http_answers(f"http://127.0.0.1:{port}/readyz"))
    yield base
    server.stop()


def signed_in(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    page.get_by_role("link", name="Login via ERN Login").click()
    expect(page).to_have_url(re.compile(f"{address}/spaces"))
    return page


def write_post(page: Page, title: str, text: str) -> None:
    page.get_by_role("link", name="Write a post").click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Text").fill(text)
    page.get_by_role("button", name="Publish").click()


def announce_meeting(page: Page) -> None:
    page.get_by_role("link", name="Announce a meeting").click()
    page.get_by_label("Title").fill("Annual meeting")
    page.get_by_label("Day").fill(f"{clock.now() + timedelta(days=30):%Y-%m-%d}")
    page.get_by_label("Time").fill("17:00")
    page.get_by_label("Place or link").fill("https://meet.example/a-rather-long-address/of-the-annual-meeting-2026")
    page.get_by_role("button", name="Announce").click()
    expect(page.get_by_role("status")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_every_page_is_accessible_fits_and_keeps_the_policy(
    engine: Browser, address: str, issuer: Issuer, width: int
) -> None:
    issuer.who = person("n00axup3", "Lena Hartwig", access("ERN-RND"), access("ITHACA", "FR07", "FR"))
    with engine.new_context(viewport={"width": width, "height": 900}, locale="en-GB") as context:
        page = signed_in(context, address)
        page.get_by_role("link", name="ERN-RND").click()
        write_post(page, "Webinar: ataxias in adolescence", "24 November 2026, 17:00")
        page.get_by_role("link", name="Meetings").click()
        announce_meeting(page)
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        for path in PATHS:
            page.goto(address + path)
            for menu in page.locator("details.pop > summary").all():
                menu.click()
            found = Axe().run(page)
            assert not found.response["violations"], f"{path}: {found.generate_report()}"
            assert not page.evaluate(TOO_WIDE), path
            assert not page.evaluate(SMALL), path
            assert page.locator("h1").count() == page.locator("main").count() == 1
        assert [text for text in said if "404" not in text] == []


def test_a_member_posts_edits_and_signs_out_by_keyboard_without_script(
    engine: Browser, address: str, issuer: Issuer
) -> None:
    with engine.new_context(java_script_enabled=False, locale="en-GB") as context:
        page = signed_in(context, address)
        expect(page).to_have_url(f"{address}/spaces/ERN-RND")
        page.get_by_role("link", name="Write a post").press("Enter")
        page.get_by_role("button", name="Publish").press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_label("Title").fill("Guideline")
        page.get_by_label("Text").fill("Open for comments")
        page.get_by_role("button", name="Publish").press("Enter")
        expect(page.get_by_role("status")).to_have_text("Your post is on the notice board.")
        page.locator("summary", has_text="Lena Hartwig").press("Enter")
        page.get_by_role("button", name="Log out").press("Enter")
        expect(page.get_by_role("status")).to_contain_text("You are signed out of ECP.")
        assert "/oauth2/logout" in issuer.asked


def test_script_closes_menus_and_brings_the_focus_to_an_error(engine: Browser, address: str) -> None:
    with engine.new_context(locale="en-GB") as context:
        page = signed_in(context, address)
        menu = page.locator("details.pop").last
        menu.locator("summary").click()
        page.keyboard.press("Escape")
        expect(menu).not_to_have_attribute("open", "")
        menu.locator("summary").click()
        page.get_by_role("heading", level=1).click()
        expect(menu).not_to_have_attribute("open", "")
        page.get_by_role("link", name="Write a post").click()
        page.get_by_role("button", name="Publish").click()
        expect(page.get_by_role("alert")).to_be_focused()


def test_the_language_menu_is_remembered(engine: Browser, address: str) -> None:
    with engine.new_context(locale="en-GB") as context:
        page = context.new_page()
        page.goto(address)
        page.locator("details.pop summary").click()
        page.get_by_role("link", name="Français").click()
        page.get_by_role("link", name="Accessibilité").click()
        expect(page.locator("html")).to_have_attribute("lang", "fr")


def test_a_post_of_ten_megabytes_is_answered_by_the_real_server(address: str) -> None:

    answer = requests.post(f"{address}/sign-out", data={"x": "y" * 10_000_000}, timeout=20)
    assert answer.status_code == 413
    assert "too large" in answer.text
    unannounced = requests.post(f"{address}/sign-out", data=iter([b"x=" + b"y" * 10_000_000]), headers=FORM, timeout=20)
    assert unannounced.status_code == 413

"""The look in a real browser: nothing that axe finds, nothing beyond the window, nothing that the policy blocks."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.support import edge

PAGES = ("/form", "/privacy", "/support", "/accessibility", "/no-such-page", "/crash", "/refuse?kind=TooMany")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with edge.serving() as address:
        yield address


@pytest.fixture(params=[1280, 390])
def page(engine: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = engine.new_context(viewport={"width": request.param, "height": 900})
    yield context.new_page()
    context.close()


def _check(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    _fits(page)


def _fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} is too wide"


def test_every_page_is_accessible_and_fits_with_its_menus_open(page: Page, address: str) -> None:
    blocked: list[str] = []
    page.on("console", lambda message: blocked.append(message.text) if "Content Security" in message.text else None)
    for path in PAGES:
        page.goto(address + path)
        _check(page)
    page.goto(f"{address}/form")
    page.locator("details.more").evaluate_all("all => all.forEach(one => one.open = true)")
    for menu in page.locator("details.pop").all():
        menu.evaluate("menu => menu.open = true")
        _check(page)
        menu.evaluate("menu => menu.open = false")
    assert not blocked


def test_no_page_is_wider_than_a_window_enlarged_to_400_percent(engine: Browser, address: str) -> None:
    page = engine.new_page(viewport={"width": 320, "height": 640})
    for path in PAGES:
        page.goto(address + path)
        _fits(page)
    page.context.close()


def test_a_refused_form_takes_the_reader_to_its_errors(page: Page, address: str) -> None:
    page.goto(f"{address}/form")
    page.fill("#email", "ada@")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator("#email")).to_have_value("ada@")
    page.get_by_role("link", name="Choose").click()
    expect(page.locator("#decision-0")).to_be_focused()
    _check(page)


def test_a_stale_form_comes_back_with_what_was_typed(page: Page, address: str) -> None:
    page.goto(f"{address}/form")
    page.fill("#comment", "one\n two")
    page.fill("#password", "hush-hush-hush")
    page.context.clear_cookies()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Send again")).to_be_visible()
    _check(page)
    assert "hush-hush-hush" not in page.content()
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("button", name="Save")).to_be_visible()
    expect(page.locator("#comment")).to_have_value("one\n two")


def test_a_menu_closes_on_escape_and_on_a_click_elsewhere(page: Page, address: str) -> None:
    page.goto(f"{address}/privacy")
    menu = page.locator("details.pop").last
    menu.locator("summary").click()
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    menu.locator("summary").click()
    page.mouse.click(5, page.viewport_size["height"] - 5)
    expect(menu).not_to_have_attribute("open", "")


def test_the_language_changes_with_the_menu_and_stays(page: Page, address: str) -> None:
    page.goto(f"{address}/form?node=DE")
    page.locator("details.pop").last.locator("summary").click()
    page.get_by_role("link", name="Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page).to_have_url(f"{address}/form?node=DE")
    page.goto(f"{address}/privacy")
    expect(page.locator("html")).to_have_attribute("lang", "fr")

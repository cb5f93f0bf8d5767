"""A real Chromium, started once, and what was found in it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Engine
from playwright.sync_api import sync_playwright

from tests.browser.chromium import FLAGS, Findings


@pytest.fixture(scope="session")
def engine(needs_chromium: str) -> Iterator[Engine]:
    """The browser's program; each test opens windows of its own in it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs_chromium, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def findings(engine: Engine) -> Iterator[Findings]:
    """What the windows of a test find; anything fails the test, at its end, all at once."""
    found = Findings()
    yield found
    for context in engine.contexts:
        context.close()
    assert not found.troubles, "\n\n".join(found.troubles)

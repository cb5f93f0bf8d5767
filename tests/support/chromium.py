"""One Chromium for each test process, however many tests want windows in it (Playwright allows one driver a thread)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

# Chromium 156 from Debian, as root, on a machine without graphics and without the internet.
MOST_MILLISECONDS = 20_000  # that `expect` waits for what a click leads to; a busy machine takes its time
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="session")
def engine(needs_chromium: str) -> Iterator[Browser]:
    """The browser's program; each test opens windows of its own in it."""
    expect.set_options(timeout=MOST_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs_chromium, headless=True, args=FLAGS)
        yield browser
        browser.close()

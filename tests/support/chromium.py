"""One Chromium for each test process, however many tests want windows in it (Playwright allows one driver a thread)."""

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# By name: each test process loads this module, few open a window.
PLAYWRIGHT = "playwright.sync_api"

# Chromium 156 from Debian, as root, on a machine without graphics and without the internet.
MOST_MILLISECONDS = 20_000  # that `expect` waits for what a click leads to; a busy machine takes its time
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="session")
def engine(needs_chromium: str) -> "Iterator[Browser]":
    """The browser's program; each test opens windows of its own in it."""
    windows = importlib.import_module(PLAYWRIGHT)
    windows.expect.set_options(timeout=MOST_MILLISECONDS)
    with windows.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs_chromium, headless=True, args=FLAGS)
        yield browser
        browser.close()

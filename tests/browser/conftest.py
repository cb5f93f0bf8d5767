"""What was found in the windows of Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Engine

from tests.browser.chromium import Findings
from tests.saas.conftest import sqlite_catalogue

__all__ = ["findings", "sqlite_catalogue"]


@pytest.fixture
def findings(engine: Engine) -> Iterator[Findings]:
    """What the windows of a test find; anything fails the test, at its end, all at once."""
    found = Findings()
    others = set(engine.contexts)  # tests that ran before share a window for good
    yield found
    for context in set(engine.contexts) - others:
        context.close()
    assert not found.troubles, "\n\n".join(found.troubles)

"""What the tests of accounts share."""

from collections.abc import Iterator

import pytest
from flask import Flask

from idp.accounts import questions
from tests.accounts.browser import Browser


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def has_factor() -> Iterator[None]:
    """Everybody has a second factor."""
    kept = questions.FACTORS[:]
    questions.FACTORS[:] = [lambda account_id: ["Mobile Phone + SMS"]]
    yield
    questions.FACTORS[:] = kept


@pytest.fixture
def no_factor() -> Iterator[None]:
    """Nobody has a second factor."""
    kept = questions.FACTORS[:]
    questions.FACTORS[:] = []
    yield
    questions.FACTORS[:] = kept

"""What the tests of the access-request portal share: the catalogue, people, and browsers in their hands."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from idp.saas import catalogue
from tests.saas.people import Person, Town


@pytest.fixture
def town(app: Flask) -> Town:
    """The catalogue and nobody yet."""
    return _loaded(app)


@pytest.fixture
def each_town(each_app: Flask) -> Town:
    """The same, once on SQLite and once on PostgreSQL."""
    return _loaded(each_app)


def _loaded(app: Flask) -> Town:
    with app.app_context():
        catalogue.load_reference()
    return Town(app)

"""What the tests of signing in share."""

import pytest
from flask import Flask

from tests.signin.browser import Browser


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)

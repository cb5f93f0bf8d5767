"""What the tests of the protocol share: a person whose session is simply there, and clients of every kind."""

import pytest
from flask import Flask

from tests.protocol.sites import site
from tests.protocol.stage import Stage, staged

__all__ = ["site"]


@pytest.fixture
def stage(app: Flask) -> Stage:
    """The server with one signed-in person, on SQLite."""
    return staged(app)


@pytest.fixture
def each_stage(each_app: Flask) -> Stage:
    """The same, once on SQLite and once on PostgreSQL."""
    return staged(each_app)

"""The portal's people are met here too."""

from tests.saas.conftest import sqlite_catalogue, town

__all__ = ["sqlite_catalogue", "town"]

"""Connections to the database that somebody holds."""

from typing import Any

from flask import Flask

from idp.core import driver


def held(app: Flask) -> int:
    """How many connections are in the hands of requests and commands now."""
    pool: Any = app.extensions[driver.ENGINE].pool
    return pool.checkedout() - len(app.extensions[driver.FREE])

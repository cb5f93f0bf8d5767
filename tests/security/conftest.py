"""The portal's people are met here too, and all programs."""

from tests.saas.conftest import sqlite_catalogue, town
from tests.security.programs import lend_program, programs

__all__ = ["lend_program", "programs", "sqlite_catalogue", "town"]

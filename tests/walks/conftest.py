"""The catalogue of the portal and the programs are needed here too; at the end it is told how far the walks came."""

from collections import Counter

import pytest

from tests.saas.conftest import sqlite_catalogue
from tests.security.programs import lend_program, programs

__all__ = ["lend_program", "programs", "sqlite_catalogue"]
# The property of a test that holds what it counted.
COUNTED = "counted"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counted: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", []):
        for name, counts in report.user_properties:
            counted.update(counts if name == COUNTED else {})
    if counted:
        terminalreporter.section("how far it came")
    for what, times in counted.items():
        terminalreporter.write_line(f"{times:9} {what}")

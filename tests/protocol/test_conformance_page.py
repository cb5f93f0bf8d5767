"""The results of the conformance suite (docs/conformance.md): each row has a test of ours that repeats it."""

import importlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "conformance.md").read_text()
PREFIXES = ("oidcc-", "fapi2-security-profile-final-")
RESULTS = ["PASSED", "REVIEW", "WARNING", "SKIPPED", "FAILED", "INTERRUPTED"]


@dataclass(frozen=True)
class Row:
    """A module of a plan, as the page tells it."""

    plan: str
    module: str
    response_type: str
    result: str

    @property
    def ways(self) -> set[str]:
        """What a test of ours has to run with, so that it repeats this row and not only another like it."""
        family, _, way = self.plan.partition(": ")
        named = {way.replace("`", "")} if family.startswith("FAPI") else set()
        return named | ({"form_post"} if family.startswith("Form Post") else set()) | ({self.response_type} - {""})


def rows() -> Iterator[Row]:
    """Read the tables of the results."""
    for section in PAGE.partition("\n## Results\n")[2].split("\n### ")[1:]:
        title = section.partition("\n")[0]
        prefix = PREFIXES["FAPI" in title]
        for module, response_type, result in re.findall(r"\n\| (\S+)(?: \(([a-z_ ]+)\))? \| ([A-Z ]+) \|", section):
            yield Row(title, prefix + module, response_type, result)


def ours() -> dict[str, list[str]]:
    """Read the tables of our own tests: which of them repeat a module."""
    part = PAGE.partition("\n## Our own tests\n")[2].partition("\n## ")[0]
    named: dict[str, list[str]] = {}
    for prefix in PREFIXES:
        table = part.partition(f"| `{prefix}` |")[2].partition("\n\n")[0]
        for module, tests in re.findall(r"\n\| (\S+) \| (`.+`) \|", table):
            named[prefix + module] = re.findall(r"`([^`]+)`", tests)
    return named


def function(name: str) -> Any:
    """Find a test by its name, from this folder."""
    path, _, test = name.partition("::")
    file = (Path(__file__).parent / path).resolve().relative_to(ROOT).with_suffix("")
    return getattr(importlib.import_module(".".join(file.parts)), test, None) if test.startswith("test_") else None


def values(found: object) -> Iterator[str]:
    """Every text among the parameters that a test runs with."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, (list, tuple, set, dict)):
        for one in found:
            yield from values(one)


def runs_with(name: str) -> set[str]:
    marks = getattr(function(name), "pytestmark", [])
    return {text for mark in marks if mark.name == "parametrize" for text in values(mark.args[1])}


def test_each_module_has_a_test_and_each_test_exists() -> None:
    assert {row.module for row in rows()} == set(ours())
    assert [name for names in ours().values() for name in names if not callable(function(name))] == []


def test_each_row_is_repeated_in_its_own_way() -> None:
    """One of the named tests runs with all of it: the response type, the form, how the client proves and binds."""
    tests = ours()
    known = {name: runs_with(name) for names in tests.values() for name in names}
    assert [row for row in rows() if not any(row.ways <= known[name] for name in tests[row.module])] == []


def test_the_summary_counts_the_rows_and_none_failed() -> None:
    counted: dict[str, Counter[str]] = {}
    for row in rows():
        counted.setdefault(row.plan, Counter())[row.result] += 1
    told = re.findall(r"\n\| \[([^\]]+)\]\([^)]+\) \| (\d+) \| ([\d |]+) \|", PAGE)
    assert [title for title, _, _ in told] == list(counted)
    for title, total, numbers in told:
        assert [int(number) for number in numbers.split(" | ")] == [counted[title][result] for result in RESULTS], title
        assert int(total) == counted[title].total() and not counted[title]["FAILED"] + counted[title]["INTERRUPTED"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_page_is_read_at_all(prefix: str) -> None:
    assert len([row for row in rows() if row.module.startswith(prefix)]) > 100

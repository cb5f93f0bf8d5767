"""The lock files install the same on every machine: pinned, hashed, and naming no host and no path."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
RUN, TEST, BUILD = (ROOT / f"requirements{which}.lock" for which in ("", "-test", "-build"))
PIN = re.compile(r"[a-z0-9._-]+(\[[a-z,]+\])?==[0-9][0-9a-z.+]*( ; [a-z_ <>=!'.0-9()A-Z]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def pins(lock: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in lock.read_text().splitlines():
        if PIN.fullmatch(line):
            name, version = re.split(r"==|[ ;\\]", line)[:2]
            found.setdefault(canonicalize_name(name), set()).add(version)
    return found


@pytest.mark.parametrize("lock", [RUN, TEST, BUILD], ids=lambda lock: lock.name)
def test_a_lock_file_holds_pins_and_hashes_and_nothing_else(lock: Path) -> None:
    strange = [line for line in lock.read_text().splitlines() if not PIN.fullmatch(line) and not HASH.fullmatch(line)]
    assert strange == []


@pytest.mark.parametrize("lock", [RUN, TEST, BUILD], ids=lambda lock: lock.name)
def test_every_pin_has_a_hash(lock: Path) -> None:
    assert not re.search(r"\\\n[a-z]", lock.read_text())


def test_tests_run_on_the_versions_that_servers_run_on() -> None:
    tested = pins(TEST)
    assert {name: versions for name, versions in pins(RUN).items() if tested.get(name) != versions} == {}


def test_the_locks_fulfil_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"].values()
    wanted = [*project["project"]["dependencies"], *(one for extra in extras for one in extra)]
    unmet = [one for one in wanted if not _met(Requirement(one), pins(RUN))]
    for lock, group in ((TEST, "test"), (BUILD, "build")):
        unmet += [one for one in project["dependency-groups"][group] if not _met(Requirement(one), pins(lock))]
    assert unmet == [], "run make lock"


def _met(requirement: Requirement, locked: dict[str, set[str]]) -> bool:
    return any(
        requirement.specifier.contains(version) for version in locked.get(canonicalize_name(requirement.name), ())
    )

"""Files brought in from npm packages are those that were fetched, with their licence."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / ".ci" / "vendor.py"
ENTRIES = json.loads(VENDOR.with_name("vendor.json").read_text(encoding="utf-8"))
FOLDERS = [folder for entry in ENTRIES for folder in entry["into"]]


def test_vendored_files_match_their_sums() -> None:
    done = subprocess.run([sys.executable, VENDOR, "--check"], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_vendored_folder_carries_its_licence(folder: str) -> None:
    assert [path.name for path in (ROOT / folder).glob("LICENSE*")]


def test_a_changed_a_missing_and_an_unknown_file_are_named(tmp_path: Path) -> None:
    entry = {"package": "thing@1", "into": ["thing"], "files": {}}
    folder = tmp_path / "thing"
    folder.mkdir()
    (folder / "SHA256SUMS").write_text("00  changed.js\n00  missing.js\n")
    (folder / "changed.js").write_text("other")
    (folder / "unknown.js").write_text("new")
    differences = runpy.run_path(str(VENDOR))["differences"]
    found = [line.rsplit(" ", 1)[1] for line in differences([entry], tmp_path)]
    assert found == ["(changed)", "(missing)", "(unknown)"]


def test_every_vendored_folder_is_listed() -> None:
    tops = ("idp", "cpms_client", "ecp_client", "tests")
    on_disk = {path.parent.relative_to(ROOT).as_posix() for top in tops for path in (ROOT / top).rglob("SHA256SUMS")}
    assert on_disk == set(FOLDERS)

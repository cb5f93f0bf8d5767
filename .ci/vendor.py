"""Bring files of npm packages into the tree, so that neither users nor tests need npm or a build.

    python .ci/vendor.py           fetch what vendor.json names (needs npm and a registry)
    python .ci/vendor.py --check   compare the tree with each folder's SHA256SUMS (offline; a test runs it)

vendor.json is a list of packages: `package` (name@version), `into` (folders that each get a copy) and `files`
(path in the package -> path in the folder; a pattern keeps the paths that it matches).
"""

import argparse
import fnmatch
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).with_name("vendor.json")
SUMS = "SHA256SUMS"
SOURCE_MAP = re.compile(rb"\n?(//|/\*)# sourceMappingURL=[^\n]*")


def main() -> int:
    """Fetch, or check with `--check`; the exit code is 1 when the tree differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only, offline")
    entries = json.loads(LIST.read_text(encoding="utf-8"))
    if not parser.parse_args().check:
        for entry in entries:
            fetch(entry)
    found = list(differences(entries, ROOT))
    sys.stderr.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


def fetch(entry: dict) -> None:
    """Take the package's tarball and replace each target folder by the wanted files and their sums."""
    wanted = {}
    for name, data in _pack(entry["package"]):
        if target := _target(entry["files"], name):
            # A source map would point at a file that we do not carry.
            wanted[target] = SOURCE_MAP.sub(b"", data)
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(wanted.items()))
    for into in entry["into"]:
        _replace(ROOT / into, wanted | {SUMS: sums.encode()})


def differences(entries: list[dict], root: Path) -> Iterator[str]:
    """Yield a sentence for each vendored file below `root` that is missing, changed or unknown."""
    for into in (into for entry in entries for into in entry["into"]):
        noted, found = _noted(root / into / SUMS), _digests(root / into)
        for name in sorted(name for name in noted.keys() | found.keys() if noted.get(name) != found.get(name)):
            yield f"{into}/{name}: differs from {SUMS} ({_kind(name, noted, found)})"


def _pack(package: str) -> Iterator[tuple[str, bytes]]:
    # npm pack takes one tarball alone: dependencies are neither resolved nor installed.
    command = ["npm", "pack", "--silent", package]
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
        tarball = (Path(folder) / packed.stdout.split()[-1]).read_bytes()
    with tarfile.open(fileobj=io.BytesIO(tarball)) as tar:
        for member in filter(tarfile.TarInfo.isfile, tar.getmembers()):
            yield member.name.removeprefix("package/"), tar.extractfile(member).read()


def _target(files: dict[str, str], name: str) -> str | None:
    for pattern, target in files.items():
        if fnmatch.fnmatchcase(name, pattern):
            return name if "*" in target else target
    return None


def _replace(folder: Path, content: dict[str, bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def _noted(sums: Path) -> dict[str, str]:
    lines = sums.read_text(encoding="utf-8").splitlines() if sums.is_file() else [f"  {SUMS}"]
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def _digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _kind(name: str, noted: dict[str, str], found: dict[str, str]) -> str:
    if name not in found:
        return "missing"
    return "changed" if name in noted else "unknown"


if __name__ == "__main__":
    sys.exit(main())

"""Make `.venv` and install the locked packages into it; when nothing changed this costs a tenth of a second.

    python3 .ci/environment.py          what the servers need (requirements.lock)
    python3 .ci/environment.py --test   and what the tests need (requirements-test.lock)

Runs under the system's Python, with nothing but the standard library; an old Python gets one sentence.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
RUN_LOCK = ROOT / "requirements.lock"
TEST_LOCK = ROOT / "requirements-test.lock"
NEEDED = (3, 11)


def main():
    """Bring the environment up to date; return 1 after one sentence when that is impossible."""
    if sys.version_info < NEEDED:
        return _refuse(
            "Python 3.11 or newer is needed, and this is {}.{}; name another one: make PYTHON=python3.12 run".format(
                *sys.version_info[:2]
            )
        )
    # The locks are compiled together, so what the tests need contains what the servers need.
    locks = [TEST_LOCK, RUN_LOCK] if "--test" in sys.argv else [RUN_LOCK]
    if all(map(_installed, locks)):
        return 0
    return _make_venv() or _install(locks)


def _installed(lock):
    return PYTHON.exists() and _stamp(lock).exists() and _stamp(lock).read_text() == _digest(lock)


def _stamp(lock):
    return VENV / (".installed-" + lock.name)


def _digest(lock):
    # A new minor version of Python needs other wheels.
    return "{} {}.{}\n".format(hashlib.sha256(lock.read_bytes()).hexdigest(), *sys.version_info[:2])


def _make_venv():
    if PYTHON.exists() and _done(str(PYTHON), "-m", "pip", "--version", "--quiet"):
        return 0
    if importlib.util.find_spec("ensurepip") is None:
        _install_venv_package()
    if importlib.util.find_spec("ensurepip") is None:
        return _refuse(
            "Python cannot make virtual environments here; on Debian and Ubuntu: sudo apt-get install python3-venv"
        )
    print("Making the environment in .venv ...", flush=True)
    return 0 if _done(sys.executable, "-m", "venv", "--clear", str(VENV)) else 1


def _install_venv_package():
    # Debian keeps ensurepip in a package of its own.
    if not shutil.which("apt-get"):
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not sudo or shutil.which("sudo"):
        _done(*sudo, "apt-get", "-qq", "update")
        _done(*sudo, "apt-get", "-qq", "install", "--yes", "--no-install-recommends", "python3-venv")
        importlib.invalidate_caches()


def _install(locks):
    print(f"Installing the packages of {locks[0].name} ...", flush=True)
    # What is never imported needs no bytecode: compiling everything takes longer than the download.
    options = ["-qq", "--disable-pip-version-check", "--no-input", "--no-compile", "--no-deps", "--require-hashes"]
    if not _done(str(PYTHON), "-m", "pip", "install", *options, "-r", str(locks[0])):
        return _refuse("The packages could not be installed; the lines above say why")
    for lock in locks:
        _stamp(lock).write_text(_digest(lock))
    return 0


def _done(*command):
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode == 0


def _refuse(sentence):
    sys.stderr.write(sentence + ".\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())

"""Make `.venv` and install the locked packages into it; when nothing changed this costs a tenth of a second.

    python3 .ci/environment.py          what the servers need (requirements.lock)
    python3 .ci/environment.py --test   and what the tests need (requirements-test.lock)

Runs under the system's Python, with nothing but the standard library; an old Python gets one sentence.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TERSE = ROOT / ".ci" / "terse.py"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
RUN_LOCK = ROOT / "requirements.lock"
TEST_LOCK = ROOT / "requirements-test.lock"
BUILD_LOCK = ROOT / "requirements-build.lock"
NEEDED = (3, 11)
# `_bytecode` compiles what was installed, with all cores.
PIP_INSTALL = (
    "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input", "--no-compile", "--no-deps",
    "--require-hashes",
)  # fmt: skip
HASHES_PASSWORDS = "argon2-cffi-bindings"
# More than half of the docstrings that a server loads; nothing reads them there.
TALKATIVE = ("sqlalchemy", "werkzeug", "babel", "jinja2")
# Intel's processors have AVX2 since 2013, AMD's since 2015; `_can_compile` looks for it, and nothing else is asked.
PROCESSOR = "-O3 -mavx2"


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
    # A new minor version of Python needs other wheels, and another recipe may install them differently.
    recipe = Path(__file__).read_bytes() + TERSE.read_bytes()
    packages = hashlib.sha256(lock.read_bytes() + BUILD_LOCK.read_bytes() + recipe).hexdigest()
    return "{} {}.{}\n".format(packages, *sys.version_info[:2])


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
    if not _done(str(PYTHON), *PIP_INSTALL, "-r", str(locks[0])):
        return _refuse("The packages could not be installed; the lines above say why")
    # Where the servers ran already, what was compiled for them is there.
    if _can_compile() and not _installed(RUN_LOCK):
        _compile()
    _bytecode()
    for lock in locks:
        _stamp(lock).write_text(_digest(lock))
    return 0


def _can_compile():
    processors = Path("/proc/cpuinfo")
    headers = Path(sysconfig.get_path("include"), "Python.h")
    fast = processors.exists() and re.search(r"^flags.*\bavx2\b", processors.read_text(), re.MULTILINE)
    return bool(fast) and bool(shutil.which("cc")) and headers.exists()


def _compile():
    """Compile what hashes passwords for this processor: it takes half the time of the wheel, which suits any processor.

    Where that fails, the wheel stays.
    """
    print("Compiling Argon2 for this processor ...", flush=True)
    pinned = re.search(rf"^{HASHES_PASSWORDS}==.*(?:\n .*)*", RUN_LOCK.read_text(), re.MULTILINE).group()
    tools = VENV / "build"
    search = {"PYTHONPATH": str(tools), "PATH": f"{tools / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    # A wheel that was kept may be for another processor, and nobody else shall get ours.
    compiled = ("--force-reinstall", "--no-cache-dir", "--no-build-isolation", "--no-binary", HASHES_PASSWORDS)
    done = _done(str(PYTHON), *PIP_INSTALL, "--target", str(tools), "-r", str(BUILD_LOCK)) and _done(
        str(PYTHON), *PIP_INSTALL, *compiled, "-r", "/dev/stdin", given=pinned, CFLAGS=PROCESSOR, **search
    )
    shutil.rmtree(tools, ignore_errors=True)
    if not done:
        print("That failed, so passwords take twice as long; nothing else differs.", flush=True)


def _bytecode():
    """Compile the libraries, for users who may not write here: else each start of theirs would.

    Without the columns that tracebacks underline a server holds half a MiB less, and without the docstrings of some
    libraries nearly three more. What cannot be compiled is no module.
    """
    python = (str(PYTHON), "-X", "no_debug_ranges")
    _done(*python, "-m", "compileall", "-f", "-qq", "-j", "0", str(VENV / "lib"))
    for packages in VENV.glob("lib/*/site-packages"):
        _done(*python, str(TERSE), *(str(packages / name) for name in TALKATIVE))


def _done(*command, given=None, **variables):
    environ = {**os.environ, **variables}
    ran = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, input=given, text=True, env=environ)
    return ran.returncode == 0


def _refuse(sentence):
    sys.stderr.write(sentence + ".\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())

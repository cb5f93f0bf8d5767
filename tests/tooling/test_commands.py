"""The small programs behind the Makefile: environment, system packages, translations."""

import importlib.util
import marshal
import os
import runpy
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import CodeType
from typing import Any

import flask.app
import jinja2
import pytest
import sqlalchemy
from babel.dates import format_date
from werkzeug.routing import Rule

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".ci"
LIBRARY = '''"""What it is for."""

from __future__ import annotations

class Thing:
    """A thing."""

    def method(self, text: Unknown):
        """Return the text."""
        assert text
        return text

    async def nothing(self):
        """Do nothing."""
'''


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, Any]:
    loaded = runpy.run_path(str(TOOLS / "environment.py"))["main"].__globals__
    loaded["VENV"] = tmp_path / ".venv"
    loaded["PYTHON"] = tmp_path / ".venv" / "bin" / "python"
    return loaded


def test_an_old_python_gets_one_sentence(
    environment: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert environment["main"]() == 1
    sentence = "Python 3.11 or newer is needed, and this is 3.9; name another one: make PYTHON=python3.12 run.\n"
    assert capsys.readouterr().err == sentence


def test_the_environment_is_left_alone_until_a_lock_changes(environment: dict[str, Any], tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("one==1\n")
    environment["PYTHON"].parent.mkdir(parents=True)
    environment["PYTHON"].touch()
    assert not environment["_installed"](lock)
    environment["_stamp"](lock).write_text(environment["_digest"](lock))
    assert environment["_installed"](lock)
    lock.write_text("one==2\n")
    assert not environment["_installed"](lock)


@pytest.mark.parametrize("servers_ran", [True, False])
def test_what_was_compiled_for_the_servers_stays_for_the_tests(
    environment: dict[str, Any], monkeypatch: pytest.MonkeyPatch, servers_ran: bool
) -> None:
    compiled: list[bool] = []
    monkeypatch.setitem(environment, "_done", lambda *_command, **_given: True)
    monkeypatch.setitem(environment, "_can_compile", lambda: True)
    monkeypatch.setitem(environment, "_compile", lambda: compiled.append(True))
    environment["PYTHON"].parent.mkdir(parents=True)
    environment["PYTHON"].touch()
    if servers_ran:
        environment["_install"]([environment["RUN_LOCK"]])
        compiled.clear()
    environment["_install"]([environment["TEST_LOCK"], environment["RUN_LOCK"]])
    assert bool(compiled) is not servers_ran
    assert all(environment["_installed"](environment[lock]) for lock in ("TEST_LOCK", "RUN_LOCK"))


def test_libraries_are_compiled_without_the_columns_of_tracebacks() -> None:
    kept = Path(importlib.util.cache_from_source(flask.app.__file__))
    code = next(one for one in marshal.loads(kept.read_bytes()[16:]).co_consts if isinstance(one, CodeType))
    assert {column for *_, column in code.co_positions()} == {None}, "make clean, and make the environment again"


def test_what_servers_load_most_of_is_compiled_without_docstrings(environment: dict[str, Any]) -> None:
    documented = (sqlalchemy.select, Rule, format_date, jinja2.Environment)
    assert {one.__module__.partition(".")[0] for one in documented} == set(environment["TALKATIVE"])
    assert {one.__doc__ for one in documented} == {None}, "make clean, and make the environment again"


def test_docstrings_go_and_assertions_stay(tmp_path: Path) -> None:
    source = tmp_path / "library.py"
    source.write_text(LIBRARY)
    (tmp_path / "template.py").write_text("{{ no Python }}")
    command = (sys.executable, TOOLS / "terse.py", tmp_path)
    environ = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(command, env=environ, check=True, timeout=20)
    known: dict[str, Any] = {}
    exec(marshal.loads(Path(importlib.util.cache_from_source(str(source))).read_bytes()[16:]), known)
    documented = known["Thing"], known["Thing"].method, known["Thing"].nothing
    assert "__doc__" not in known
    assert [one.__doc__ for one in documented] == [None, None, None]
    assert known["Thing"]().method("kept") == "kept"
    with pytest.raises(AssertionError):
        known["Thing"]().method("")


def test_passwords_are_hashed_by_what_was_compiled_for_this_processor(environment: dict[str, Any]) -> None:
    """Where it could be, on Linux; a wheel from elsewhere names the many systems that it suits, or another one."""
    wheel = metadata.distribution(environment["HASHES_PASSWORDS"]).read_text("WHEEL") or ""
    compiled = "-linux_x86_64\n" in wheel
    assert compiled is environment["_can_compile"](), "make clean, and make the environment again"


@pytest.mark.parametrize("able", [True, False])
def test_what_hashes_passwords_is_compiled_as_it_is_locked_or_the_wheel_stays(
    environment: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], able: bool
) -> None:
    asked: list[tuple[tuple[str, ...], dict[str, str]]] = []

    def done(*command: str, **given: str) -> bool:
        asked.append((command, given))
        return able

    monkeypatch.setitem(environment, "_done", done)
    environment["_compile"]()
    tools, *compiled = asked
    assert str(environment["BUILD_LOCK"]) in tools[0]
    for command, given in compiled:
        name, *hashes = given["given"].split(" \\\n")
        assert "--require-hashes" in command
        assert name == f"argon2-cffi-bindings=={metadata.version('argon2-cffi-bindings')}"
        assert hashes and all(one.strip().startswith("--hash=sha256:") for one in hashes)
    assert bool(compiled) is able
    assert ("passwords take twice as long" in capsys.readouterr().out) is not able


def test_python_without_venv_gets_one_sentence(
    environment: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(environment, "_install_venv_package", lambda: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert environment["_make_venv"]() == 1
    assert "sudo apt-get install python3-venv" in capsys.readouterr().err


@pytest.mark.parametrize("able", [True, False])
def test_the_systems_own_python_is_taken_where_it_will_do(tmp_path: Path, able: bool) -> None:
    ours = tmp_path / "python3"
    _program(ours, "exit 0" if able else "exit 1")
    script = tmp_path / "python"
    script.write_text((TOOLS / "python").read_text().replace("/usr/bin/python3", str(ours)))
    named = subprocess.run(["sh", script], capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    assert named == (str(ours) if able else "python3")


def test_missing_system_packages_are_installed_one_by_one_and_failures_told(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    _program(tmp_path / "apt-get", f'echo "$*" >> {calls}\ncase "$*" in *apache2) exit 1;; esac')
    _program(tmp_path / "id", "echo 0")
    script = (TOOLS / "system-packages").read_text()
    for path in ("/usr/sbin/apache2", "/usr/bin/redis-server"):
        script = script.replace(path, "/nonexistent")
    (tmp_path / "system-packages").write_text(script)
    search = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", tmp_path / "system-packages"],
        env=os.environ | {"PATH": search},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (done.returncode, done.stderr) == (0, "")
    installed = [line.rpartition(" ")[2] for line in calls.read_text().splitlines() if "install" in line]
    assert {"apache2", "redis-server"} <= set(installed)
    assert done.stdout.rstrip().endswith("so their tests skip (in CI they fail): apache2")


def test_catalogues_are_compiled_when_they_are_older_than_their_text(tmp_path: Path) -> None:
    translations = runpy.run_path(str(TOOLS / "translations.py"))["compile_all"].__globals__
    translations["ROOT"] = tmp_path
    source = tmp_path / "idp" / "translations" / "fr" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.write_text('msgid "Hello"\nmsgstr "Bonjour"\n')
    translations["compile_all"]()
    compiled = source.with_suffix(".mo")
    assert b"Bonjour" in compiled.read_bytes()
    before = compiled.stat().st_mtime_ns
    translations["compile_all"]()
    assert compiled.stat().st_mtime_ns == before
    source.write_text('msgid "Hello"\nmsgstr "Salut"\n')
    os.utime(source, (compiled.stat().st_mtime + 5,) * 2)
    translations["compile_all"]()
    assert b"Salut" in compiled.read_bytes()


def test_new_texts_reach_the_translations_and_unused_ones_go(tmp_path: Path) -> None:
    translations = runpy.run_path(str(TOOLS / "translations.py"))["update"].__globals__
    translations["ROOT"] = tmp_path
    translations["PROGRAMS"] = ("idp",)
    (tmp_path / "idp" / "templates").mkdir(parents=True)
    (tmp_path / "idp" / "templates" / "page.html").write_text('<h1>{{ _("Sign in") }}</h1>')
    (tmp_path / "idp" / "code.py").write_text('WORDS = _l("Sign out")\n')
    translations["update"]()
    assert {one.id for one in translations["translation"]("idp", "fr") if one.id} == {"Sign in", "Sign out"}
    (tmp_path / "idp" / "code.py").write_text("")
    translations["update"]()
    assert {one.id for one in translations["translation"]("idp", "fr") if one.id} == {"Sign in"}


def _program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)

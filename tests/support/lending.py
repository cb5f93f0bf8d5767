"""Applications that the tests of one process use one after the other: building one takes longer than most tests.

A test may change `app.config` and `app.extensions`; both are put back. Anything else that it leaves behind, such as a
hook, a route, a place for templates or a listener on the database, fails it: it needs an application of its own.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from sqlalchemy import Engine, event

# The application itself changes these: when the first requests come, and when a template is loaded.
OWN_BUSINESS = frozenset({"config", "extensions", "_got_first_request", "_ways", "cache", "compiled"})
State = dict[str, Any]


class CompiledTemplates(BytecodeCache):
    """Compile each template once for the whole run instead of once for each application."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        language = getattr(environment, "language", "")  # each has its texts inside
        return super().get_bucket(environment, f"{name}.{language}", filename, source)

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.known:
            bucket.bytecode_from_string(self.known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[bucket.key] = bucket.bytecode_to_string()


TEMPLATES = CompiledTemplates()


class LeftBehind(AssertionError):
    """A test changed an application for those after it."""


class Lent:
    """An application for one test at a time, made when first needed, and again when a test has spoilt it."""

    def __init__(self, make: Callable[[], Flask], further_state: Callable[[Flask], State]) -> None:
        self.make, self.further_state = make, further_state
        self.app: Flask | None = None
        self.left_as: State | None = None
        self.free = True

    @contextmanager
    def to_a_test(self) -> Iterator[Flask]:
        """Give the application; afterwards put back what may be changed, and fail if something else was."""
        assert self.free, "this application is in use: a test has one of `app`, `each_app`, `town` and `each_town`"
        app = self.app = self.app or self.make()
        config, extensions = dict(app.config), dict(app.extensions)
        # Nobody changes it between two tests, so that its state before one is that after the last one.
        before, self.left_as = self.left_as or self._state(app), None
        self.free = False
        try:
            yield app
        finally:
            self.free = True
            for ours, kept in ((app.config, config), (app.extensions, extensions)):
                ours.clear()
                ours.update(kept)
        after = self._state(app)
        left = [name for name in before | after if before.get(name) != after.get(name)]
        if left:
            self.app = None
            raise LeftBehind(f"{left} changed: give the test an application of its own (`configured`)")
        self.left_as = after

    def _state(self, app: Flask) -> State:
        _ = app.logger, app.name, app.jinja_loader  # made when first asked for
        edge = {f"app.{name}": value for name, value in _copied(vars(app)).items()}
        pages = {f"jinja_env.{name}": value for name, value in _copied(vars(app.jinja_env)).items()}
        places = {"routes": list(app.url_map.iter_rules()), "templates": list(app.jinja_loader.searchpath)}
        return edge | pages | places | self.further_state(app)


def listeners(engine: Engine) -> State:
    """Return who listens to an engine and its pool."""
    heard = {"engine": engine.dispatch, "pool": engine.pool.dispatch}
    return {
        f"{place}.{name}": list(getattr(dispatch, name))
        for place, dispatch in heard.items()
        for name in sorted(dispatch._event_names)
    }


def remove(file: Path) -> None:
    """Remove an SQLite database; who still has it open keeps it."""
    for ending in ("", "-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)


def renew(file: Path, template: str) -> None:
    """Put a copy of an SQLite database (a URL) where another one lay."""
    remove(file)
    shutil.copyfile(template.removeprefix("sqlite:///"), file)


def hurry(engine: Engine) -> None:
    """Let SQLite not wait for the disk: no power cut comes between two tests."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))


def _copied(value: Any) -> Any:
    """Copy what grows, all the way down; everything else stands for itself (Flask makes empty places by asking)."""
    if isinstance(value, dict):
        copies = {key: _copied(one) for key, one in value.items() if key not in OWN_BUSINESS}
        return {key: one for key, one in copies.items() if one not in ({}, [])}
    if isinstance(value, list | tuple | set):
        return [_copied(one) for one in value]
    return value

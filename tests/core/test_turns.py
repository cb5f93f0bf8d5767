"""Writers of SQLite queue: the threads of a process, and the processes; nobody keeps a turn that is over."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from idp.core import driver, limits, turns
from idp.core.db import db, transaction
from idp.core.limits import Budget
from idp.core.turns import Turns

# Takes the turn at the file that it is told of, says so, and keeps it until it is killed or told to go on.
OTHER = """
import sys
from idp.core.turns import Turns
turns = Turns(sys.argv[1])
with turns.mine():
    print("mine", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def another_process(database: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process, whose turn it is."""
    line = [sys.executable, "-c", OTHER, str(database)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout and other.stdout.readline() == "mine\n"
        try:
            yield other
        finally:
            other.kill()


def at_once(taken: Turns) -> bool:
    """Whether it is the turn of another thread now."""
    free: list[bool] = []

    def ask() -> None:
        free.append(taken.threads.acquire(blocking=False))
        if free[-1]:
            taken.threads.release()

    other = threading.Thread(target=ask)
    other.start()
    other.join(timeout=10)
    return free[-1]


def test_acts_and_counters_take_turns_and_an_act_that_fails_gives_its_own_on(app: Flask) -> None:
    taken = app.extensions[driver.TURNS]
    with app.app_context():
        with pytest.raises(ZeroDivisionError), transaction():
            assert not at_once(taken)
            raise ZeroDivisionError
        assert at_once(taken)
        with driver.begun():
            assert not at_once(taken)
        limits.spend(Budget("guess", "ada", 1, 60))
        assert at_once(taken)


def test_a_turn_comes_when_the_other_process_gives_it_on(tmp_path: Path) -> None:
    with another_process(tmp_path / "x") as other:
        came = threading.Event()

        def wait() -> None:
            with Turns(str(tmp_path / "x")).mine():
                came.set()

        thread = threading.Thread(target=wait)
        thread.start()
        assert not came.wait(0.05)
        other.communicate("\n", timeout=30)
        assert came.wait(30)
        thread.join(30)


def test_the_turn_of_a_process_that_is_killed_goes_on(tmp_path: Path) -> None:
    with another_process(tmp_path / "x") as other:
        other.send_signal(signal.SIGKILL)
        other.wait(30)
        mine = Turns(str(tmp_path / "x"))
        assert mine.before_processes()


def test_nobody_waits_for_ever(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite itself decides then: whoever kept the turn may have stopped before or after its act."""
    monkeypatch.setattr(turns, "BUSY_SECONDS", 0.02)
    with app.app_context(), another_process(Path(db.engine.url.database or "")):
        limits.spend(Budget("guess", "ada", 1, 60))
        with transaction():
            limits.forgive(Budget("guess", "ada", 1, 60))


@pytest.mark.parametrize("database", [None, "", ":memory:", "file:x?mode=memory", "/nowhere/idp.sqlite3"])
def test_where_no_file_can_be_the_threads_queue_alone(database: str | None) -> None:
    mine = Turns(database)
    with mine.mine():
        assert not at_once(mine)
    assert at_once(mine)

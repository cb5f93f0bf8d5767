"""Start programs, wait until they answer, keep them running, and stop all of them within a deadline.

A program that dies is started again, at most RESTARTS times; after that everything stops and the exit code is 1.
Each program leads its own process group, so that a server's workers never outlive it.
"""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

STOP_SECONDS = 5.0
READY_SECONDS = 120.0
# A proxy of the host knows nothing of our own loopback addresses.
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
RESTARTS = 3
# Lines come at once; and bytecode is kept, since a start that compiles everything anew takes seconds.
ALWAYS = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": ""}
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Failed(Exception):
    """The programs cannot run; the message says in one sentence which and why."""


@dataclass(frozen=True, eq=False)
class Program:
    """A program: its name in messages, command and environment, and the address that answers 200 once it is ready."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    ready_url: str = ""


@dataclass(frozen=True, eq=False)
class Group:
    """What has to end well first (None if nothing has to), what to do then, and the programs that run afterwards."""

    prepare: Program | None
    programs: tuple[Program, ...]
    prepared: Callable[[], None] = lambda: None


class Supervisor:
    """The programs under way; `stopping` ends everything, and is set by a signal or by a failure."""

    def __init__(self) -> None:
        """Begin with no program."""
        self.stopping = threading.Event()
        self._failure: Failed | None = None
        self._children: dict[Program, subprocess.Popen[str]] = {}
        self._lock = threading.Lock()
        self._restarts: Counter[Program] = Counter()

    def run(self, groups: Sequence[Group], announce: Callable[[], None]) -> int:
        """Prepare and start all groups side by side, announce when all answer, then watch; return the exit code."""
        for number in SIGNALS:
            signal.signal(number, lambda *_: self.stopping.set())
        try:
            for group in groups:
                threading.Thread(target=self._prepare_and_start, args=(group,), daemon=True).start()
            self._wait_until_ready([program for group in groups for program in group.programs])
            if not self.stopping.is_set():
                announce()
            while not self.stopping.wait(0.2):
                self._revive()
        except Failed as failure:
            self._failure = failure
        finally:
            self.stop()
        if self._failure:
            say(str(self._failure))
        return 1 if self._failure else 0

    def stop(self) -> None:
        """Ask every program to end, and kill what is left after STOP_SECONDS."""
        self.stopping.set()
        with self._lock:
            children = list(self._children.values())
        for child in children:
            child.terminate()
        ends = time.monotonic() + STOP_SECONDS
        for child in children:
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, ends - time.monotonic()))
            _kill_group(child)

    def _prepare_and_start(self, group: Group) -> None:
        if group.prepare and self._prepare(group.prepare):
            group.prepared()
        for program in group.programs:
            self._start(program)

    def _prepare(self, program: Program) -> bool:
        child = self._start(program)
        code = child.wait() if child else 1
        with self._lock:
            self._children.pop(program, None)
        if code and not self.stopping.is_set():
            self._failure = Failed(f"{program.name} could not be prepared ({_reason(code)}); see its lines above.")
            self.stopping.set()
        return code == 0

    def _start(self, program: Program) -> subprocess.Popen[str] | None:
        with self._lock:
            if self.stopping.is_set():
                return None
            self._children[program] = child = subprocess.Popen(
                program.command,
                env={**os.environ, **program.env, **ALWAYS},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        threading.Thread(target=_copy_lines, args=(program.name, child.stdout), daemon=True).start()
        return child

    def _wait_until_ready(self, programs: Sequence[Program]) -> None:
        ends = time.monotonic() + READY_SECONDS
        waiting = list(programs)
        while waiting and not self.stopping.wait(0.05):
            self._revive()
            waiting = [program for program in waiting if not self._ready(program)]
            if waiting and time.monotonic() > ends:
                raise Failed(f"{waiting[0].name} was not ready after {READY_SECONDS:.0f} seconds.")

    def _ready(self, program: Program) -> bool:
        return program in self._children and (not program.ready_url or answers(program.ready_url))

    def _revive(self) -> None:
        with self._lock:
            dead = [(program, child) for program, child in self._children.items() if child.poll() is not None]
        for program, child in dead:
            _kill_group(child)
            if self._restarts[program] == RESTARTS:
                raise Failed(f"{program.name} stopped {RESTARTS + 1} times, so everything stops; see its lines above.")
            self._restarts[program] += 1
            say(f"{program.name} stopped unexpectedly ({_reason(child.returncode)}); starting it again.")
            self._start(program)


def answers(url: str) -> bool:
    """Say whether `url` answers 200 within a second."""
    try:
        with DIRECTLY.open(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def say(text: str) -> None:
    """Print at once, in one piece; a closed terminal is no error."""
    with suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def _copy_lines(name: str, lines: IO[str]) -> None:
    with lines:
        for line in lines:
            say(f"{name:14} | {line.rstrip()}")


def _kill_group(child: subprocess.Popen[str]) -> None:
    # Also when the leader ended in time: a worker that missed the signal must not stay behind.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _reason(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"

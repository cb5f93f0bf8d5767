"""Programs that tests start: free ports, readiness with a deadline, and an end that is certain.

Each program runs in its own process group. A small reaper process reads the groups' numbers from a pipe: when pytest
ends, however it ends (Ctrl-C and SIGKILL included), the pipe closes and the reaper stops what is left.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

REAPER = """
import os, shutil, signal, sys, time
groups, folders = set(), set()
for line in sys.stdin:
    act, value = line.rstrip("\\n").split(" ", 1)
    kind = folders if act[1:] == "folder" else groups
    (kind.add if act[0] == "+" else kind.discard)(value)
for number in (signal.SIGTERM, signal.SIGKILL):
    for group in groups:
        try:
            os.killpg(int(group), number)
        except OSError:
            pass
    time.sleep(1 if groups else 0)
for folder in folders:
    shutil.rmtree(folder, ignore_errors=True)
"""


class NotReady(AssertionError):
    """A program ended or did not answer in time; the text carries the end of its output."""


@dataclass(frozen=True)
class Process:
    """A running program, the leader of its own process group, and the file with what it says."""

    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """The process id, which is the id of the group too."""
        return self.popen.pid

    @property
    def running(self) -> bool:
        """Whether the program itself has not ended."""
        return self.popen.poll() is None

    def output(self) -> str:
        """Everything that the program printed until now."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def send(self, number: int) -> None:
        """Send a signal to the whole group; a group that is gone is no error."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def stop(self, number: int = signal.SIGTERM, deadline: float = 5.0) -> int:
        """Ask the program to end, SIGKILL its group after `deadline` seconds, and return its exit code."""
        if self.running:
            with suppress(ProcessLookupError):
                self.popen.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            self.popen.wait(deadline)
        self.send(signal.SIGKILL)
        code = self.popen.wait(deadline)
        tell_reaper("-group", str(self.pid))
        return code

    def wait_until(self, ready: Callable[[], bool], deadline: float = 20.0) -> None:
        """Wait until `ready()`; stop the program and raise NotReady when it ends or the deadline (seconds) passes."""
        if wait_until(lambda: ready() or not self.running, deadline) and self.running:
            return
        reason = "was not ready in time" if self.running else f"ended with code {self.popen.returncode}"
        self.stop()
        raise NotReady(f"{self.popen.args} {reason}:\n{self.output()[-4000:]}")


def start(
    command: Sequence[str | Path],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: str | None = None,
) -> Process:
    """Start a program in its own process group, with its output in `log`; as another user only where we are root."""
    identity = {"user": user, "group": user, "extra_groups": []} if user else {}
    environment = None if env is None else {**os.environ, **env}
    with log.open("ab") as out:
        popen = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=environment,
            start_new_session=True,
            **identity,
        )
    tell_reaper("+group", str(popen.pid))
    return Process(popen, log)


def wait_until(true: Callable[[], bool], deadline: float) -> bool:
    """Poll until `true()`; return whether it became so within `deadline` seconds."""
    ends = time.monotonic() + deadline
    while not true():
        if time.monotonic() > ends:
            return False
        time.sleep(0.02)
    return True


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def free_ports(count: int) -> int:
    """Return the first of `count` neighbouring free ports, below the range that the system hands out."""
    for first in range(20000 + os.getpid() % 1000 * 10, 32000, count):
        if all(_bindable(first + offset) for offset in range(count)):
            return first
    raise RuntimeError(f"no {count} neighbouring ports are free")


def port_answers(port: int) -> bool:
    """Say whether somebody accepts connections on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def http_answers(url: str) -> bool:
    """Say whether `url` answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def tell_reaper(act: str, value: str) -> None:
    """Note (`+group`, `+folder`) or forget (`-group`, `-folder`) what must not outlive this process."""
    with _LOCK:
        pipe = _reaper().stdin
        pipe.write(f"{act} {value}\n".encode())
        pipe.flush()


_LOCK = threading.Lock()


@cache
def _reaper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-IS", "-c", REAPER], stdin=subprocess.PIPE, start_new_session=True)


def _bindable(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0

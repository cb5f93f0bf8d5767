"""The server as a process: how long until its first answer, what CPU that takes, and how much memory it holds idle."""

import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from idp.launch import SERVED, served
from idp.supervisor import ALWAYS
from tests.support.servers.process import free_port

PROC = Path("/proc")
READY_SECONDS = 60.0


@dataclass(frozen=True)
class Start:
    """Seconds until the first 200; and, where /proc tells, CPU milliseconds and PSS (MiB) of its processes."""

    seconds: float
    cpu: tuple[float, ...] = ()
    pss: tuple[float, ...] = ()


def measure(environ: dict[str, str]) -> Start:
    """Start the server, wait for its first answer, let it idle for a second, and stop it."""
    port = free_port()
    begun = time.perf_counter()
    with running(environ, port) as server:
        wait(port)
        took = time.perf_counter() - begun
        if not PROC.is_dir():
            return Start(took)
        processes = tree(server)
        cpu = tuple(milliseconds(pid) for pid in processes)
        time.sleep(1)
        return Start(took, cpu, tuple(_pss(pid) for pid in processes))


@contextmanager
def running(environ: dict[str, str], port: int, workers: int = 1) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server for as long as the block lasts."""
    command = served(SERVED["idp"], port, workers)
    server = subprocess.Popen(command, env={**environ, **ALWAYS, "ERN_SERVER__ISSUER": f"http://localhost:{port}"})
    try:
        yield server
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()


def wait(port: int) -> None:
    """Wait for the first answer."""
    ends = time.monotonic() + READY_SECONDS
    while time.monotonic() < ends:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
            return
        time.sleep(0.01)
    raise TimeoutError("the server did not answer")


def tree(server: subprocess.Popen[bytes]) -> tuple[int, ...]:
    """Return the server's processes: itself, and its workers if it has several."""
    return server.pid, *_children(server.pid)


def _children(pid: int) -> list[int]:
    tasks = (PROC / str(pid) / "task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def milliseconds(pid: int) -> float:
    """Return the CPU time that a process took until now."""
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")  # utime and stime, proc(5)


def _pss(pid: int) -> float:
    lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))

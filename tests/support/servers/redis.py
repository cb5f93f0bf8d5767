"""A throw-away Redis on a free loopback port, in memory only."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers import process


@dataclass(frozen=True)
class Redis:
    """A running Redis; `server` lets a test kill or stop it."""

    url: str
    server: process.Process


def program() -> str | None:
    """Return the path of redis-server; None where it is not installed."""
    return shutil.which("redis-server") or shutil.which("valkey-server")


@contextmanager
def running(folder: Path) -> Iterator[Redis]:
    """Start Redis with `folder` for its log; stop it at the end."""
    port = process.free_port()
    command = [program(), "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", folder]
    server = process.start([str(part) for part in command], folder / "redis.log", cwd=folder)
    server.wait_until(lambda: process.port_answers(port))
    try:
        yield Redis(f"redis://127.0.0.1:{port}/0", server)
    finally:
        server.stop()

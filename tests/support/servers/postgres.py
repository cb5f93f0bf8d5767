"""A throw-away PostgreSQL cluster on a unix socket, and fresh databases in it."""

import getpass
import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.support.servers import process

PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)
# The cluster lives for one test run: durability would only cost time.
OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300", "shared_buffers=32MB")


@dataclass(frozen=True)
class Cluster:
    """A running cluster whose unix socket lies in `folder`; `server` lets a test kill or stop it."""

    folder: Path
    server: process.Process

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def create(self, template: str = "") -> str:
        """Make a fresh database, a copy of the one behind a URL, or an empty one, and return its name."""
        name = f"t{uuid.uuid4().hex}"
        self._run(_creation(name, template))
        return name

    def renew(self, database: str, template: str) -> None:
        """Put a copy of the database behind a URL in the place of a database; whoever is connected is thrown out."""
        self._run(_removal(database), _creation(database, template))

    def drop(self, database: str) -> None:
        """Remove a database and whoever is still connected to it."""
        self._run(_removal(database))

    def _run(self, *statements: str) -> None:
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


def _creation(name: str, template: str) -> str:
    return f"CREATE DATABASE {name} TEMPLATE {template.partition('?')[0].rpartition('/')[2] or 'template0'}"


def _removal(name: str) -> str:
    return f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"


def programs() -> Path | None:
    """Return the folder with initdb and postgres, the newest version first; None where PostgreSQL is not installed."""
    found = [path for place in PLACES for path in Path("/").glob(place.lstrip("/")) if (path / "initdb").exists()]
    if found:
        return max(found)
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


@contextmanager
def running(options: tuple[str, ...] = OPTIONS) -> Iterator[Cluster]:
    """Make and start a cluster; stop it and remove it at the end."""
    bin_folder = programs()
    folder = Path(tempfile.mkdtemp(prefix="ern-pg-"))
    process.tell_reaper("+folder", str(folder))
    try:
        # initdb and postgres refuse to run as root; Debian's package brings a user for them.
        user = "postgres" if os.geteuid() == 0 else None
        if user:
            shutil.chown(folder, user, user)
        _initdb(bin_folder, folder, user)
        with _started(bin_folder, folder, user, options) as server:
            yield Cluster(folder, server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        process.tell_reaper("-folder", str(folder))


@contextmanager
def _started(bin_folder: Path, folder: Path, user: str | None, options: tuple[str, ...]) -> Iterator[process.Process]:
    settings = [part for option in options for part in ("-c", option)]
    command = [bin_folder / "postgres", "-D", folder / "data", "-k", folder, "-c", "listen_addresses=", *settings]
    server = process.start(command, folder / "log", cwd=folder, user=user)
    server.wait_until(lambda: _accepts(folder))
    try:
        yield server
    finally:
        server.stop(signal.SIGINT)  # "fast": do not wait for clients


def _initdb(bin_folder: Path, folder: Path, user: str | None) -> None:
    identity = {"user": user, "group": user, "extra_groups": []} if user else {}
    command = [bin_folder / "initdb", "-D", folder / "data", "-U", "postgres", "--auth=trust", "--no-sync"]
    environment = {**os.environ, "HOME": str(folder), "USER": user or getpass.getuser()}
    done = subprocess.run(
        [*map(str, command), "--encoding=UTF8", "--locale=C", "--no-instructions"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **identity,
    )
    if done.returncode:
        raise process.NotReady(f"initdb failed:\n{done.stdout}{done.stderr}")


def _accepts(folder: Path) -> bool:
    try:
        psycopg.connect(host=str(folder), user="postgres", dbname="postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True

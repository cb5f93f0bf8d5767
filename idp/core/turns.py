"""Turns to write to SQLite, which lets one write at a time: whoever is not that one sleeps, and ever longer.

So the threads of a process queue at a lock, and one thread of each process at a file beside the database, where it
looks again soon. The threads of a process refresh a fifth more tokens for it; two processes do nearly twice as many
code flows, and the slowest of a hundred waits a fifth as long.
"""

import fcntl
import os
import threading
import time
import weakref
from functools import cached_property

# How long a writer waits for the one before. In vain, SQLite itself refuses.
BUSY_SECONDS = 30
# An act takes some 200 us, and Linux adds 50 to each pause: with 200 for a pause two processes do a quarter less.
PAUSE_SECONDS = 0.000001
# Whoever waits for longer than acts take, for a whole import say, does not look all the time.
PATIENT_AFTER_SECONDS = 0.02
PATIENT_PAUSE_SECONDS = 0.001


class Turns:
    """The turns at one database."""

    def __init__(self, database: str | None) -> None:
        """Keep the path of the database; in memory it is this process's alone."""
        self.threads = threading.RLock()
        self._path = f"{database}-turn" if database and not database.startswith((":", "file:")) else None

    def mine(self) -> "Turn":
        """Return a turn: `with` it, whoever comes waits."""
        return Turn(self)

    def before_processes(self) -> bool:
        """Wait until it is this process's turn, and say whether it is; in vain, or without a file, it is not."""
        begun = now = time.monotonic()
        while self._path and now < begun + BUSY_SECONDS:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(PAUSE_SECONDS if now < begun + PATIENT_AFTER_SECONDS else PATIENT_PAUSE_SECONDS)
                now = time.monotonic()
            except OSError:  # the folder is somebody else's, say
                return False
            else:
                return True
        return False

    def give_on(self) -> None:
        """Let another process have its turn."""
        fcntl.flock(self._file, fcntl.LOCK_UN)

    @cached_property
    def _file(self) -> int:
        number = os.open(self._path or "", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        weakref.finalize(self, os.close, number)
        return number


class Turn:
    """`with` it, it is one's turn; the kernel gives on that of a process that dies."""

    def __init__(self, turns: Turns) -> None:
        """Wait for nothing yet."""
        self._turns = turns

    def __enter__(self) -> None:
        """Wait for it."""
        turns = self._turns
        self._threads = turns.threads.acquire(timeout=BUSY_SECONDS)
        self._processes = self._threads and turns.before_processes()

    def __exit__(self, *_error: object) -> None:
        """Give it on."""
        if self._processes:
            self._turns.give_on()
        if self._threads:
            self._turns.threads.release()

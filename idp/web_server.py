"""`python -m idp.web_server TARGET`: serve an application with granian; a single worker serves in this very process.

granian's own command keeps a process that only waits beside its workers': with one worker that is 10 MiB and 30 ms of
a start for nothing, since whoever started the command sees the worker's end as well as it does.
"""

import argparse
import gc
import importlib
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

# What is still being answered when the server is told to stop gets as long; then the process ends all the same.
STOP_SECONDS = 2
LOOK_SECONDS = 0.01
QUIET_LOOKS = 3
HOST = "GRANIAN_HOST"  # as in granian's own command
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Several(MPServer):
    """granian with a process for each worker."""

    def _stop_workers(self) -> None:
        for worker in self.wrks:
            worker.terminate()  # type: ignore[no-untyped-call]
        # Each worker is waited for by a thread, too. While only that one knows of the end, granian takes a worker for
        # alive and says that it kills it.
        over = time.monotonic() + STOP_SECONDS
        while any(worker.inner.is_alive() for worker in self.wrks) and time.monotonic() < over:
            time.sleep(LOOK_SECONDS)
        self.workers_kill_timeout = LOOK_SECONDS  # type: ignore[assignment]
        super()._stop_workers()  # type: ignore[no-untyped-call]


class OneProcess(MPServer):
    """granian with one worker, and that here instead of in a process of its own."""

    def _spawn_workers(self, spawn_target: Any, target_loader: Any) -> None:
        # A signal simply ends a process that still loads; the worker listens for signals once it serves.
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        _end_in_time()
        ours = _busy()
        self._spawn_worker(0, spawn_target, target_loader).inner.run()
        _wait_for_views(ours)
        self.interrupt_signal = True
        self.main_loop_interrupt.set()


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    given = _arguments()
    _work_in_batches()
    os.environ[HOST] = given.host  # for applications that refuse to be reached from elsewhere, like CPMS training
    (OneProcess if given.workers == 1 else Several)(
        given.target,
        address=given.host,
        port=given.port,
        interface=Interfaces.WSGI,
        workers=given.workers,
        # A fourth takes a twentieth of the code flow on one core and a tenth with two workers. With a single one,
        # whoever waits for a client's keys would hold up everybody.
        blocking_threads=3,
        http=HTTPModes.http1,
        websockets=False,
        backlog=256,
        log_level=LogLevels.warning,
        # A worker that is asked to stop while it still starts does not hear it, and its parent would wait for ever.
        workers_kill_timeout=STOP_SECONDS,
        factory=True,
    ).serve(target_loader=load)


def _work_in_batches() -> None:
    """Ask Linux not to interrupt a thread of this server for another one that just woke up (sched(7), SCHED_BATCH).

    Else a view is interrupted each time when an answer can be written or the interpreter is let go of, as it is at each
    statement of SQLite. On one core under load UserInfo takes an eighth less, introspection and a refresh a fifth.
    """
    if hasattr(os, "SCHED_BATCH"):
        with suppress(OSError):  # a sandbox may forbid it
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def load(target: str) -> Any:
    """Make the application, with the garbage collector at rest until it stands.

    What is loaded now stays for ever: looking through it again and again took a sixth of the start, and later a part
    of each request.
    """
    gc.disable()
    module, _, name = target.partition(":")
    application = getattr(importlib.import_module(module), name)()
    gc.freeze()
    gc.enable()
    return application


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m idp.web_server", description="Serve an application with granian.")
    parser.add_argument("target", help="what makes the application, like idp.app:create_app")
    parser.add_argument("--host", default=os.environ.get(HOST, "127.0.0.1"))
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1, help="processes: one for each core")
    return parser.parse_args()


def _busy() -> set[int]:
    """Return the threads that run Python now; those of granian are not among the threads that Python knows."""
    return set(sys._current_frames())  # noqa: SLF001


def _wait_for_views(ours: set[int]) -> None:
    """Wait until no view runs: granian leaves those alone whose visitor hung up, and it panics where Python ends first.

    A thread may be seen between two views, so they are looked for several times. `_end_after` limits it.
    """
    quiet = 0
    while quiet < QUIET_LOOKS:
        time.sleep(LOOK_SECONDS)
        quiet = quiet + 1 if _busy() <= ours else 0


def _end_in_time() -> None:
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell)  # the worker's own listening for signals leaves this alone
    threading.Thread(target=_end_after, args=(told,), daemon=True).start()


def _end_after(told: int) -> None:
    os.read(told, 1)
    time.sleep(STOP_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    main()

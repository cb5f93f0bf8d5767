"""`python -m idp.worker`: deliver mails and text messages, and clear away what is over, until stopped.

A program of its own rather than a verb of the command line: that one loads the migrations, 8.5 MiB and 170 ms.
"""

import signal
import sys
import threading

from idp.accounts import links, session
from idp.app import create_app
from idp.core import audit, jobs, limits, outbox
from idp.core.audit import Actor
from idp.mfa import challenges, push_delivery  # noqa: F401 - registers who delivers pushes
from idp.oidc import authorization, device_authorization, keys, pushed_requests, registration, single_use
from idp.saas import upkeep
from idp.signin import attempt, eid_visits, trusted_browsers

# What is cleared away now and then: what is over is never used again, swept or not.
SWEEPS = (
    limits.sweep,
    outbox.sweep,
    session.sweep,
    links.sweep,
    attempt.sweep,
    eid_visits.sweep,
    trusted_browsers.sweep,
    challenges.sweep,
    authorization.sweep,
    device_authorization.sweep,
    keys.sweep,
    pushed_requests.sweep,
    registration.sweep,
    single_use.sweep,
    upkeep.sweep,
)


def main() -> int:
    """Work until SIGINT or SIGTERM; return the exit code."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with create_app().app_context():
        audit.acting(Actor("worker"))
        jobs.work(stop, SWEEPS)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The protocol over HTTP, as it is served: granian with one or two workers, and as many visitors as there are cores.

The CPU time is that of the server's processes. The visitors are Python too and share the cores, so operations a second
are what this machine does with them: compare them with runs of the same kind only.
"""

import http.client
import multiprocessing
import os
import time
from dataclasses import dataclass, replace
from multiprocessing.synchronize import Barrier
from typing import Any
from urllib.parse import urlencode, urlsplit

from bench import server
from bench.operations import protocol
from bench.population import Population
from bench.visitor import Answer, Visitor
from idp.app import create_app
from idp.core import configuration
from idp.core.db import db
from tests.support.servers.process import free_port

PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Rate:
    """How often something was done in a second, and what it took of the server (microseconds; None without /proc)."""

    per_second: float
    cpu: float | None


@dataclass
class Remote(Visitor):
    """A browser that comes over HTTP and keeps its connection."""

    connection: http.client.HTTPConnection | None = None

    def _call(self, method: str, address: str, body: bytes, headers: dict[str, str]) -> Answer:
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.app.config["SERVER_NAME"], timeout=30)
        sent = {"Content-Type": "application/x-www-form-urlencoded", **headers} if body else dict(headers)
        if self.cookies and "authorization" not in headers:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        parts = urlsplit(address)
        self.connection.request(method, parts._replace(scheme="", netloc="").geturl(), body or None, sent)
        answer = self.connection.getresponse()
        content, given = answer.read(), answer.getheaders()
        self._keep_cookies([(name.title(), value) for name, value in given])
        return Answer(answer.status, [(name.title(), value) for name, value in given], content, address)

    def post(self, address: str, fields: dict[str, str], **headers: str) -> Answer:
        """Send a form."""
        return self._call("POST", address, urlencode(fields).encode(), headers)


def measure(place: Population, workers: int, seconds: float) -> dict[str, Rate]:
    """Serve the population and do each operation for `seconds`."""
    port = free_port()
    visitors = os.cpu_count() or 1
    here = replace(place, environ={**place.environ, "ERN_SERVER__ISSUER": f"http://localhost:{port}"})
    fresh = multiprocessing.get_context("spawn")
    start, counts = fresh.Barrier(visitors + 1, timeout=PATIENCE_SECONDS), fresh.Queue()
    with server.running(here.environ, port, workers) as running:
        server.wait(port)
        share = replace(here, app=None)  # type: ignore[arg-type]
        clients = [
            fresh.Process(target=_visit, args=(share, (number, visitors), seconds, start, counts), daemon=True)
            for number in range(visitors)
        ]
        for client in clients:
            client.start()
        names = counts.get(timeout=PATIENCE_SECONDS)
        rates = {name: _rate(server.tree(running), start, counts, visitors) for name in names}
        for client in clients:
            client.join(PATIENCE_SECONDS)
    return rates


def _rate(pids: tuple[int, ...], start: Barrier, counts: Any, visitors: int) -> Rate:
    start.wait()
    before, begun = _cpu(pids), time.perf_counter()
    done = sum(counts.get(timeout=PATIENCE_SECONDS) for _ in range(visitors))
    took, after = time.perf_counter() - begun, _cpu(pids)
    return Rate(done / took, (after - before) * 1000 / done if server.PROC.is_dir() else None)


def _cpu(pids: tuple[int, ...]) -> float:
    return sum(server.milliseconds(pid) for pid in pids) if server.PROC.is_dir() else 0.0


def _visit(place: Population, which: tuple[int, int], seconds: float, start: Barrier, counts: Any) -> None:
    """Do each operation for a while, together with the other visitors; tell how often."""
    number, visitors = which
    app = create_app(configuration.load(place.environ))
    mine = replace(place, app=app, emails=place.emails[number::visitors] or place.emails)
    operations = protocol(mine, Remote(app))
    with app.app_context():
        db.engine.dispose()
    if number == 0:
        counts.put(list(operations))
    for call in operations.values():
        call()
        start.wait()
        done, ends = 0, time.monotonic() + seconds
        while not done or time.monotonic() < ends:
            call()
            done += 1
        counts.put(done)

"""What serves the applications: one process for one worker, an end that answers what was asked, and that comes."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from idp.launch import SERVED, served
from tests.support.servers import process

ROOT = Path(__file__).parents[2]
STAND_IN = "tests.tooling.stand_in:create_app"

Serve = Callable[..., tuple[process.Process, str]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    started = []

    def run(workers: int = 1, target: str = STAND_IN, **env: str) -> tuple[process.Process, str]:
        port = process.free_port()
        started.append(process.start(served(target, port, workers), tmp_path / "log", env=env, cwd=ROOT))
        return started[-1], f"http://127.0.0.1:{port}"

    yield run
    for one in started:
        one.stop(deadline=10)


def ready(server: process.Process, address: str) -> None:
    server.wait_until(lambda: process.http_answers(f"{address}/"))


def answering(address: str) -> int:
    return int(requests.get(f"{address}/", timeout=5).text)


def test_a_single_worker_is_the_process_that_was_started(serve: Serve) -> None:
    server, address = serve()
    ready(server, address)
    assert answering(address) == server.pid


def test_several_workers_are_processes_of_their_own(serve: Serve) -> None:
    server, address = serve(workers=2)
    ready(server, address)
    assert answering(address) != server.pid
    assert server.stop(deadline=8) == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_no_thread_interrupts_another_one_of_the_server(serve: Serve, workers: int) -> None:
    server, address = serve(workers)
    ready(server, address)
    threads = [int(one.name) for one in Path(f"/proc/{answering(address)}/task").iterdir()]
    assert len(threads) > 2
    assert {os.sched_getscheduler(one) for one in threads} == {os.SCHED_BATCH}


@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_asked_before_the_stop_is_answered(serve: Serve, workers: int) -> None:
    server, address = serve(workers)
    ready(server, address)
    with ThreadPoolExecutor(1) as visitor:
        answer = visitor.submit(requests.get, f"{address}/slow", timeout=5)
        time.sleep(0.4)
        assert server.stop(deadline=8) == 0
        assert answer.result().status_code == 200


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stop_while_many_are_answered_who_hung_up_says_nothing_alarming(serve: Serve, workers: int) -> None:
    server, address = serve(workers)
    ready(server, address)
    place = ("127.0.0.1", int(address.rpartition(":")[2]))
    with ExitStack() as visitors:
        for _ in range(60):
            visitor = visitors.enter_context(socket.create_connection(place))
            visitor.sendall(b"GET /nap HTTP/1.1\r\nHost: x\r\n\r\n")
    assert server.stop(deadline=8) == 0
    assert server.output() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_that_never_ends_does_not_keep_the_server(serve: Serve, number: int) -> None:
    server, address = serve()
    ready(server, address)
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as visitor:
        visitor.sendall(b"GET / HTTP/1.1\r\nHo")
        time.sleep(0.2)
        began = time.monotonic()
        assert server.stop(number, deadline=8) == 0
        assert 1.5 < time.monotonic() - began < 5


def test_a_stop_while_the_application_loads_ends_it_at_once(serve: Serve) -> None:
    server, _ = serve(SLOW_START="20")
    time.sleep(1)
    began = time.monotonic()
    assert server.stop(deadline=8) == -signal.SIGTERM
    assert time.monotonic() - began < 3


def test_an_unusable_configuration_is_told_in_one_sentence(serve: Serve) -> None:
    server, _ = serve(target=SERVED["idp"], ERN_CONFIG="production", ERN_VAULT__KEYS="")
    assert process.wait_until(lambda: not server.running, 20)
    assert server.stop() == 2
    assert "Traceback" not in server.output()


def test_an_application_hears_on_which_address_it_listens(serve: Serve) -> None:
    server, address = serve()
    ready(server, address)
    assert requests.get(f"{address}/host", timeout=5).text == "127.0.0.1"


def test_a_killed_server_leaves_no_process_behind(serve: Serve) -> None:
    server, address = serve()
    ready(server, address)
    os.kill(server.pid, signal.SIGKILL)
    assert process.wait_until(lambda: not process.http_answers(f"{address}/"), 5)

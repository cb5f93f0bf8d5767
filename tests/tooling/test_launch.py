"""What `make run` starts, as one program: the four servers, their addresses, a second start, and an end."""

import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.support.servers import process

ROOT = Path(__file__).parents[2]
LAUNCH = [sys.executable, "-m", "idp.launch"]
PORTS = 4

Launch = Callable[..., process.Process]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    started = []

    def start(port_base: object, **env: str) -> process.Process:
        environment = {"PORT_BASE": str(port_base), "DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": "", **env}
        log = tmp_path / f"launch-{len(started)}.log"
        started.append(process.start(LAUNCH, log, env=environment, cwd=ROOT))
        return started[-1]

    yield start
    for one in started:
        one.stop(deadline=10)


def ready(run: process.Process) -> bool:
    return "Ready." in run.output()


def test_everything_starts_twice_and_stops_within_its_deadline(launch: Launch) -> None:
    base = process.free_ports(PORTS)
    first = launch(base)
    first.wait_until(lambda: ready(first), 120)
    for offset in range(PORTS):
        assert f"http://localhost:{base + offset}\n" in first.output()
        assert requests.get(f"http://localhost:{base + offset}/healthz", timeout=5).status_code == 200
    assert "hp.rnd@demo.example" in first.output()
    issuer = requests.get(f"http://localhost:{base}/.well-known/openid-configuration", timeout=5).json()["issuer"]
    assert issuer == f"http://localhost:{base}"
    began = time.monotonic()
    assert first.stop(signal.SIGINT, deadline=10) == 0
    assert time.monotonic() - began < 7
    assert not any(process.port_answers(base + offset) for offset in range(PORTS))

    second = launch(base)
    second.wait_until(lambda: ready(second), 30)
    assert second.stop(deadline=10) == 0
    assert "Traceback" not in first.output() + second.output()


def test_a_used_port_is_told_in_one_sentence(launch: Launch) -> None:
    base = process.free_ports(PORTS)
    with socket.create_server(("127.0.0.1", base + 2)):
        run = launch(base)
        assert process.wait_until(lambda: not run.running, 20)
    assert run.stop() == 2
    assert run.output() == (
        f"Port {base + 2} is in use: stop the program that listens on it, or choose four other ports, "
        f"for example PORT_BASE={base + 1000} make run.\n"
    )


def test_a_port_of_ipv6_counts_too(launch: Launch) -> None:
    base = process.free_ports(PORTS)
    try:
        other = socket.create_server(("::1", base), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 on the loopback interface")
    with other:
        run = launch(base)
        assert process.wait_until(lambda: not run.running, 20)
    assert run.output().startswith(f"Port {base} is in use")


def test_an_unusable_setting_is_told_in_one_sentence(launch: Launch) -> None:
    run = launch(process.free_ports(PORTS), ERN_SERVER__COLOUR="blue")
    assert process.wait_until(lambda: not run.running, 20)
    assert (run.stop(), run.output().count("\n")) == (2, 1)
    assert "colour" in run.output()

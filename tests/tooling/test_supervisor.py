"""The supervisor behind `make run`: ready, restart, giving up, and an end that leaves nothing behind."""

import json
import os
import signal
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from idp.launch import read_place, served
from idp.supervisor import Failed
from tests.support.servers import process

ROOT = Path(__file__).parents[2]
STAND_IN = "tests.tooling.stand_in:create_app"
FINE = [sys.executable, "-c", "print('prepared')"]
SLEEPER = [sys.executable, "-c", "import time; print('sleeping'); time.sleep(60)"]

SCRIPT = """
import json, sys
from idp.supervisor import Group, Program, Supervisor, say
groups = []
for prepare, *programs in json.loads(sys.argv[1]):
    made = [Program(f"Thing {n}", tuple(command), env, url) for n, (command, env, url) in enumerate(programs)]
    groups.append(Group(Program("Preparation", tuple(prepare), {}), tuple(made)))
sys.exit(Supervisor().run(groups, lambda: say("READY")))
"""

Run = Callable[..., process.Process]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Run]:
    started = []

    def run(*groups: list[object]) -> process.Process:
        command = [sys.executable, "-c", textwrap.dedent(SCRIPT), json.dumps(groups)]
        started.append(process.start(command, tmp_path / "log", cwd=ROOT))
        return started[-1]

    yield run
    for one in started:
        one.stop(deadline=10)


def serving(port: int, **env: str) -> list[object]:
    return [[*served(STAND_IN, port)], env, f"http://localhost:{port}/readyz"]


def said(run: process.Process, text: str) -> bool:
    return process.wait_until(lambda: text in run.output() or not run.running, 20) and text in run.output()


def test_programs_start_after_their_preparation_and_are_announced_when_they_answer(supervise: Run) -> None:
    port = process.free_port()
    run = supervise([FINE, serving(port), [SLEEPER, {}, ""]])
    assert said(run, "READY")
    assert "Preparation    | prepared" in run.output()
    assert "Thing 1        | sleeping" in run.output()
    assert process.http_answers(f"http://localhost:{port}/")


def test_the_proxy_of_the_host_is_not_asked_whether_a_program_is_ready(
    supervise: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert said(supervise([FINE, serving(process.free_port())]), "READY")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_in_time(supervise: Run, number: int) -> None:
    port = process.free_port()
    run = supervise([FINE, serving(port)])
    assert said(run, "READY")
    began = time.monotonic()
    assert run.stop(number, deadline=8) == 0
    assert time.monotonic() - began < 6
    assert not process.port_answers(port)


@pytest.mark.parametrize("delay", [0.0, 0.3, 0.6, 0.9])
def test_a_stop_while_servers_start_leaves_nothing_behind(supervise: Run, delay: float) -> None:
    port = process.free_port()
    run = supervise([FINE, serving(port, SLOW_START="1")])
    assert said(run, "prepared")
    time.sleep(delay)
    assert run.stop(deadline=8) == 0
    assert not process.wait_until(lambda: process.port_answers(port), 1.5)


def test_a_program_that_ignores_sigterm_is_killed(supervise: Run) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf'); time.sleep(60)"
    run = supervise([FINE, [[sys.executable, "-c", deaf], {}, ""]])
    assert said(run, "| deaf")
    assert run.stop(deadline=8) == 0


def test_a_program_that_dies_is_started_again(supervise: Run) -> None:
    port = process.free_port()
    run = supervise([FINE, serving(port)])
    assert said(run, "READY")
    first = int(requests.get(f"http://localhost:{port}/", timeout=5).text)
    os.kill(first, signal.SIGKILL)
    assert said(run, "Thing 0 stopped unexpectedly")
    assert process.wait_until(lambda: process.http_answers(f"http://localhost:{port}/"), 10)
    assert int(requests.get(f"http://localhost:{port}/", timeout=5).text) != first


def test_a_program_that_keeps_dying_stops_everything(supervise: Run) -> None:
    port = process.free_port()
    run = supervise([FINE, serving(port)], [FINE, [[sys.executable, "-c", "raise SystemExit('out of paper')"], {}, ""]])
    assert process.wait_until(lambda: not run.running, 20)
    assert run.stop() == 1
    assert run.output().count("| out of paper") == 4
    assert run.output().endswith("Thing 0 stopped 4 times, so everything stops; see its lines above.\n")
    assert not process.port_answers(port)


def test_a_failed_preparation_stops_everything_and_shows_its_words(supervise: Run) -> None:
    port = process.free_port()
    run = supervise([FINE, serving(port)], [[sys.executable, "-c", "raise SystemExit('no such table')"]])
    assert process.wait_until(lambda: not run.running, 20)
    assert run.stop() == 1
    assert "| no such table" in run.output()
    assert run.output().endswith("Preparation could not be prepared (exit code 1); see its lines above.\n")
    assert not process.port_answers(port)


@pytest.mark.parametrize("port_base", ["none", "0", "70000", "-1", "65533"])
def test_an_unusable_port_base_is_told_in_one_sentence(port_base: str) -> None:
    with pytest.raises(Failed, match="PORT_BASE must be a number from 1 to 65532"):
        read_place({"PORT_BASE": port_base})


def test_an_unusable_data_folder_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Failed, match=r"DATA_DIR .* cannot be used"):
        read_place({"DATA_DIR": str(tmp_path / "file" / "var")})

"""The benchmark runs; how fast anything is, no test can say on a shared machine."""

import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from bench import __main__ as bench

ROOT = Path(__file__).parents[2]


def test_the_benchmark_measures_operations_pages_and_a_start() -> None:
    few = ("--accounts", "3", "--seconds", "0", "--starts", "1", "--database", "sqlite", "--workers", "1")
    command = [sys.executable, "-m", "bench", *few]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    for name in (
        "discovery",
        "client credentials",
        "code flow",
        "refresh",
        "introspection",
        "login flow",
        "over HTTP, 1 worker(s)",
        "wizard, step 2",
        "/saas/approvals",
        "start to the first 200",
    ):
        assert name in done.stdout


@pytest.mark.parametrize("workers", ["", "0", "1,", "two", "1.5"])
def test_what_is_no_number_of_workers_is_said_in_a_sentence(workers: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), patch.object(sys, "argv", ["bench", "--workers", workers]):
        bench.main()
    assert capsys.readouterr().err.endswith(
        "--workers: give whole numbers from 1 on with commas between them, as 1,2\n"
    )

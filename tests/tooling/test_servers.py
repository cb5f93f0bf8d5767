"""The servers that tests start: they answer, they misbehave on request, and they leave nothing behind."""

import os
import signal
import smtplib
import subprocess
import sys
import textwrap
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest
import requests
import sqlalchemy as sa
from redis import Redis as RedisClient

from tests.support.servers import apache, postgres, process, redis, smtp

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_program_stops_when_asked(tmp_path: Path) -> None:
    sleeper = process.start(SLEEPER, tmp_path / "log")
    sleeper.wait_until(lambda: "up" in sleeper.output())
    assert sleeper.stop() == -signal.SIGTERM
    assert not alive(sleeper.pid)


def test_a_program_that_ignores_sigterm_is_killed_after_the_deadline(tmp_path: Path) -> None:
    deaf = process.start(DEAF, tmp_path / "log")
    deaf.wait_until(lambda: "up" in deaf.output())
    assert deaf.stop(deadline=0.3) == -signal.SIGKILL


def test_a_program_that_ends_early_is_reported_with_its_output(tmp_path: Path) -> None:
    broken = process.start([sys.executable, "-c", "raise SystemExit('no such table')"], tmp_path / "log")
    with pytest.raises(process.NotReady, match="ended with code 1:\nno such table"):
        broken.wait_until(lambda: False)


def test_nothing_outlives_a_killed_test_run(tmp_path: Path) -> None:
    script = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from tests.support.servers import process
        folder = Path({str(tmp_path)!r}) / "scratch"
        folder.mkdir()
        process.tell_reaper("+folder", str(folder))
        print(process.start({SLEEPER!r}, Path({str(tmp_path)!r}) / "log").pid, flush=True)
        time.sleep(60)
    """)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as run:
        child = int(run.stdout.readline())
        run.kill()
    assert process.wait_until(lambda: not (tmp_path / "scratch").exists(), 10)
    assert process.wait_until(lambda: not alive(child) or _zombie(child), 5)


def _zombie(pid: int) -> bool:
    # In a container without an init process nobody reaps orphans.
    return subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.startswith("Z")


def test_databases_are_fresh_and_copies_carry_the_rows(new_database: Callable[[str], str]) -> None:
    original = new_database("")
    _run(original, "CREATE TABLE thing (name TEXT)")
    _run(original, "INSERT INTO thing VALUES ('kept')")
    copy = new_database(original)
    _run(copy, "INSERT INTO thing VALUES ('only here')")
    assert _run(original, "SELECT name FROM thing") == [("kept",)]
    assert len(_run(copy, "SELECT name FROM thing")) == 2


def test_a_database_url_is_an_empty_database(database_url: str, database_kind: str) -> None:
    assert database_url.startswith(database_kind)
    engine = sa.create_engine(database_url)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_postgres_listens_on_its_socket_only_and_ends_with_its_folder(needs_postgres: None) -> None:
    with postgres.running() as cluster:
        with psycopg.connect(host=str(cluster.folder), user="postgres", dbname="postgres") as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        pid = cluster.server.pid
    assert not cluster.folder.exists()
    assert not alive(pid)


def test_redis_answers(redis_server: redis.Redis) -> None:
    client = RedisClient.from_url(redis_server.url)
    assert client.incr("seen") == 1
    client.close()


def test_the_mailbox_keeps_what_arrives(mailbox: smtp.Mailbox) -> None:
    send(mailbox)
    assert [one["Subject"] for one in mailbox.to("ada@demo.example")] == ["Hello"]


def test_the_mailbox_refuses_a_recipient(mailbox: smtp.Mailbox) -> None:
    mailbox.refuse = "550 no such user"
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(mailbox)
    assert (mailbox.received, mailbox.attempts) == ([], 1)


def test_the_mailbox_is_slow(mailbox: smtp.Mailbox) -> None:
    mailbox.slow_seconds = 1.0
    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        send(mailbox, timeout=0.3)


def test_the_mailbox_hangs_up_after_it_got_the_message(mailbox: smtp.Mailbox) -> None:
    mailbox.drop_after_data = True
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(mailbox)
    assert len(mailbox.received) == 1


def send(mailbox: smtp.Mailbox, timeout: float = 5) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "login@demo.example", "ada@demo.example", "Hello"
    message.set_content("A letter.")
    with smtplib.SMTP(mailbox.host, mailbox.port, timeout=timeout) as client:
        client.send_message(message)


def test_apache_serves_and_guards_its_private_page(needs_apache: None) -> None:
    port = process.free_port()
    # Nobody answers at this issuer: the sign-in itself is tested with the identity server.
    registration = apache.Registration(f"http://localhost:{process.free_port()}", "apache", "a-secret-for-apache")
    with apache.running(registration, port) as site:
        assert requests.get(site.base_url, timeout=5).text == "signed out\n"
        assert requests.get(site.private_url, timeout=5).status_code == 500
        assert "oidc" in site.errors()


def test_free_ports_are_neighbours_that_nobody_uses() -> None:
    first = process.free_ports(4)
    assert not any(process.port_answers(first + offset) for offset in range(4))


def _run(url: str, statement: str) -> list[tuple[str, ...]]:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        result = connection.execute(sa.text(statement))
        rows = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return rows

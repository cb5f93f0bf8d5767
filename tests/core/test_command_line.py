"""The operator's commands, run as commands on a database of their own."""

import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
import time_machine
from flask import Flask

from idp import cli
from idp.accounts import people
from idp.core import clock, configuration, outbox
from idp.core.audit import AuditEvent
from idp.core.db import db
from idp.core.levels import MFA
from idp.core.outbox import content_of
from idp.signin.attempt import Wanted
from tests.signin.browser import EMAIL, PHONE, Browser, newest_code, person
from tests.support.security_key import SecurityKey

Command = Callable[..., "Done"]


@dataclass
class Done:
    """What a command printed, and its exit status."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def command(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command in this process: the program takes a second to start."""
    monkeypatch.setenv("ERN_CONFIG", "test")
    monkeypatch.setenv("DATABASE_URL", app.config["SQLALCHEMY_DATABASE_URI"])

    def run(*arguments: str) -> Done:
        out, said = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(said), pytest.raises(SystemExit) as end:
            cli.main(list(arguments))
        code = end.value.code
        sentence = f"{code}\n" if isinstance(code, str) else ""
        return Done(1 if sentence else int(code or 0), out.getvalue(), said.getvalue() + sentence)

    return run


def test_an_operator_makes_an_administrator_and_the_trail_says_so(app: Flask, command: Command) -> None:
    uid = person(app)
    assert command("administrator", "nobody@demo.example").returncode == 1
    done = command("administrator", EMAIL)
    assert done.returncode == 0 and uid in done.stdout
    with app.app_context():
        account = people.by_uid(uid)
        assert account and account.is_administrator and account.always_mfa
        [event] = db.session.query(AuditEvent).filter_by(act="account.administrator").all()
        assert (event.subject, event.actor) == (uid, "command line")


def test_an_operator_registers_shows_lists_and_removes_a_client(command: Command) -> None:
    wrong = command("client", "add", "--name", "Mine", "--redirect-uri", "http://rp.example/cb")
    assert wrong.returncode == 1 and "not https: http://rp.example/cb" in wrong.stderr
    added = command("client", "add", "--name", "Mine", "--redirect-uri", "https://rp.example/cb")
    told = dict(line.split(": ", 1) for line in added.stdout.splitlines())
    assert told["issuer"] == "http://localhost:8000" and len(told["client_secret"]) >= 43
    shown = command("client", "show", told["client_id"]).stdout
    assert "https://rp.example/cb" in shown and told["client_secret"] not in shown
    assert told["client_id"] in command("client", "list").stdout
    assert command("client", "remove", told["client_id"]).returncode == 0
    assert command("client", "show", told["client_id"]).returncode == 1
    assert command("client", "remove", told["client_id"]).returncode == 1


def test_an_operator_reads_that_a_logo_did_not_answer(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "metadata.json"
    file.write_text('{"logo_uri": "http://127.0.0.1:9/logo.png"}', "utf-8")
    options = ("--name", "Mine", "--redirect-uri", "https://rp.example/cb")
    made = command("client", "add", *options, "--metadata", str(file))
    assert made.returncode == 0 and "client_id: " in made.stdout
    assert made.stderr.startswith("The logo is missing: http://127.0.0.1:9/logo.png did not answer.")
    assert command("client", "add", *options).stderr == ""


def test_an_operator_keeps_the_clients_of_a_file(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "clients.toml"
    one = '[[client]]\nclient_id = "mine"\nclient_name = "Mine"\ntoken_endpoint_auth_method = "none"\n'
    file.write_text(one + 'redirect_uris = ["https://rp.example/cb"]\n', "utf-8")
    assert "mine is kept" in command("client", "keep", str(file)).stdout
    assert "https://rp.example/cb" in command("client", "show", "mine").stdout
    file.write_text(one, "utf-8")
    assert "redirect_uris" in command("client", "keep", str(file)).stderr
    file.write_text("[[client", "utf-8")
    assert "is no TOML" in command("client", "keep", str(file)).stderr


def test_the_only_administrator_comes_back_without_the_key(app: Flask, command: Command) -> None:
    chosen = app.extensions["ern_settings"]
    app.extensions["ern_settings"] = replace(chosen, security=replace(chosen.security, administrators_need="phr"))
    uid = person(app, is_administrator=True)
    browser = Browser(app)
    browser.enters()
    browser.adds_key(SecurityKey())
    assert browser.open("/admin/").status_code == 200
    assert "Nothing of this account waits" in command("recognise", EMAIL).stderr
    assert "deleted" in command("panic", EMAIL).stdout
    assert "no device yet" in command("recognise", EMAIL, "--yes").stderr
    with time_machine.travel(clock.now() + timedelta(minutes=5)):
        back = Browser(app)
        back.enters()
        back.adds_key(SecurityKey(), "New key")
        assert back.open("/admin/").status_code == 404, "the password alone brought this key"
        with patch("sys.stdin", io.StringIO("n\n")):
            assert command("recognise", EMAIL).returncode == 1
        assert back.open("/admin/").status_code == 404
        with patch("sys.stdin", io.StringIO("y\n")):
            asked = command("recognise", EMAIL)
        assert "New key" in asked.stdout and uid in asked.stdout
        assert back.open("/admin/").status_code == 200
        assert "Our support recognised you" in back.open("/account/security-events").text
    with app.app_context():
        [event] = db.session.query(AuditEvent).filter_by(act="saas.identity.vouch").all()
        assert (event.subject, event.actor) == (uid, "command line")
        told = [content_of(message) for message in db.session.query(outbox.Message) if message.recipient == EMAIL]
    [mail] = [one for one in told if one.subject == "Our support confirmed that it is you"]
    assert "New key" in mail.text and "/not-me/" in mail.text


def test_the_audit_trail_is_proved(app: Flask, command: Command) -> None:
    person(app)
    assert "whole" in command("verify-audit").stdout
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_event SET act = 'x' WHERE id = 1")
    broken = command("verify-audit")
    assert broken.returncode == 1 and "event 1" in broken.stderr


def test_a_restored_backup_revives_nothing(app: Flask, command: Command) -> None:
    person(app, EMAIL, PHONE)
    browser = Browser(app)
    browser.signs_in()
    browser.client.get("/password/forgot")
    browser.wants(Wanted(level=MFA))
    browser.chooses()
    code, waiting_at = newest_code(app), browser.path
    done = command("after-restore")
    assert done.returncode == 0 and "sessions: 1 ended" in done.stdout and "codes: 1 ended" in done.stdout
    assert browser.signed_in() is None
    browser.client.post(waiting_at, data={"csrf_token": browser.token(), "code": code})
    assert browser.signed_in() is None
    with app.app_context():
        assert outbox.claim() is None, "a text that may have been sent is not sent again"


def test_a_development_server_answers_on_its_own_machine_only(app: Flask) -> None:
    app.extensions["ern_settings"] = configuration.load({"ERN_CONFIG": "development"})
    client = app.test_client()
    assert client.get("/dev/outbox.json").status_code == 200
    assert client.get("/dev/outbox.json", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 403


def test_the_metadata_is_under_the_issuer_whatever_the_request_says(app: Flask) -> None:
    told = app.test_client().get("/.well-known/openid-configuration", base_url="https://localhost:8000").json
    assert all(told[name].startswith("http://localhost:8000/") for name in told if name.endswith("_endpoint"))

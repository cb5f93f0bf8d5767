"""The programs in processes of their own, as operators start them: each alone, with few settings, with clear words."""

import subprocess
import sys
from pathlib import Path

from flask import Flask

from idp.core.db import db
from tests.signin.browser import person
from tests.support import fake_issuer

ROOT = Path(__file__).parents[2]
CPMS_ALONE = """
import sys
for name in ("idp", "ecp_client"):
    sys.modules[name] = None
from cpms_client import cli
cli.main(["prepare"])
from cpms_client.app import create_app
browser = create_app().test_client()
answer = browser.get("/sign-in", base_url="http://localhost:8001")
print(answer.status_code, answer.location)
"""
ECP_ALONE = """
import sys
for name in ("idp", "cpms_client"):
    sys.modules[name] = None
from ecp_client import cli
assert cli.main(["prepare"]) == 0
from ecp_client.app import create_app
client = create_app().test_client()
assert client.get("/", base_url="http://localhost:8002").status_code == 200
assert client.get("/readyz").status_code == 200
"""


def runs(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run Python with nothing in its environment but this."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120)


def test_a_command_without_its_settings_ends_with_the_sentence_and_no_trace() -> None:
    done = runs("-m", "idp.cli", "migrate", ERN_CONFIG="default")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "[mail] host is missing (the mail relay that sends links and notices)." in done.stderr


def test_a_spoilt_audit_trail_ends_the_command_with_status_1(app: Flask) -> None:
    person(app)
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_event SET act = 'x' WHERE id = 1")
    settings = {"ERN_CONFIG": "test", "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"]}
    broken = runs("-m", "idp.cli", "verify-audit", **settings)
    assert broken.returncode == 1 and "event 1" in broken.stderr


def test_cpms_runs_alone_with_issuer_client_id_and_secret(tmp_path: Path) -> None:
    with fake_issuer.running() as issuer:
        given = {
            "CPMS_ISSUER": issuer.issuer,
            "CPMS_CLIENT_ID": "lonely",
            "CPMS_CLIENT_SECRET": "lonely-secret",
            "CPMS_DATABASE_URL": f"sqlite:///{tmp_path}/alone.sqlite",
        }
        done = runs("-c", CPMS_ALONE, **given)
    assert done.returncode == 0, done.stderr
    assert f"302 {issuer.issuer}/oauth2/authorize?response_type=code&client_id=lonely&" in done.stdout


def test_ecp_runs_alone_with_issuer_client_id_and_secret(tmp_path: Path) -> None:
    given = {
        "ECP_ISSUER": "http://127.0.0.1:9",
        "ECP_CLIENT_ID": "ecp",
        "ECP_CLIENT_SECRET": "a-secret",
        "ECP_DATABASE_URL": f"sqlite:///{tmp_path}/alone.sqlite3",
    }
    done = runs("-c", ECP_ALONE, **given)
    assert done.returncode == 0, done.stderr

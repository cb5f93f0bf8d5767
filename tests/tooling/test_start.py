"""What a server's process loads before its first answer: each library would cost every start, and memory for good."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What is needed at times only, each 5 to 450 ms and up to 15 MiB.
OPTIONAL = (
    "alembic", "email_validator", "fido2", "limits", "phonenumbers", "pyotp", "pywebpush", "qrcode", "redis",
    "requests", "rich", "sqlalchemy.dialects.postgresql", "structlog", "twilio", "webauthn", "zxcvbn",
)  # fmt: skip


def test_a_server_loads_no_library_that_it_does_not_need() -> None:
    assert told(f"[name for name in {OPTIONAL} if name in sys.modules]") == "[]"


def test_the_garbage_collector_passes_over_what_stays_for_ever() -> None:
    assert told("(gc.isenabled(), gc.get_freeze_count() > 100_000)") == "(True, True)"


def test_the_tables_are_related_to_each_other_with_the_first_query() -> None:
    classes = "__import__('idp.core.db').core.db.Model.registry.mappers"
    assert told(f"any(one.configured for one in {classes})") == "False"


def told(wanted: str) -> str:
    """Build the server in a process of its own and return what an expression is there."""
    code = (
        f"import gc, sys, idp.web_server; idp.web_server.load('idp.app:create_app'); sys.stdout.write(repr({wanted}))"
    )
    environ = {"ERN_CONFIG": "test", "ERN_DATABASE__URL": "sqlite://"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout

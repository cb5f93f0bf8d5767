"""`python -m bench.target`: describe this server, as JSON, to a harness that measures identity servers side by side.

The population is made now, in var/bench; each start copies it into the folder of its run, so that what is measured is
the start of a server whose database is there. The harness fills in `{port}`, `{workers}` and `{run}`.
"""

import json
import shlex
from importlib.metadata import version
from typing import Any

from bench.population import CALLBACK, OWN_SCOPE, PASSWORD, PROGRAM, SCOPE, Population, populated, unhurried
from idp.launch import ROOT, SERVED, served
from idp.supervisor import ALWAYS

ACCOUNTS = 1000
SESSIONS = 4  # so many people take part
FOLDER = ROOT / "var" / "bench"
FILE = FOLDER / "idp.sqlite"


def main() -> None:
    """Make the population and print the description."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for ending in ("", "-wal", "-shm"):
        FILE.with_name(FILE.name + ending).unlink(missing_ok=True)
    with populated("sqlite", FOLDER, ACCOUNTS) as place:
        told = described(place)
    print(json.dumps(told, indent=1))


def described(place: Population) -> dict[str, Any]:
    """Say how the server is started, who signs in, and which clients there are."""
    issuer = "http://localhost:{port}"
    return {
        "name": "ERN Login, SQLite",
        "issuer": issuer,
        "client_id": place.client_id,
        "client_secret": place.client_secret,
        "auth_method": "client_secret_basic",
        "cc_client_id": PROGRAM,
        "cc_client_secret": place.client_secret,
        "cc_scope": OWN_SCOPE,
        "redirect_uri": CALLBACK,
        "scope": SCOPE,
        "users": [{"username": email, "password": PASSWORD} for email in place.with_password_alone[:SESSIONS]],
        "login": {"kind": "forms", "username_fields": ["identifier"], "password_fields": ["password"]},
        "start": ["sh", "-c", start()],
        "cwd": str(ROOT),
        "env": {**unhurried(), **ALWAYS, "DATABASE_URL": "sqlite:///{run}/idp.sqlite", "ERN_SERVER__ISSUER": issuer},
        "about": {name: version(name) for name in ("flask", "granian", "sqlalchemy", "joserfc")},
    }


def start() -> str:
    """Return the shell's line that copies the population and becomes the server."""
    command = served(SERVED["idp"], "{port}", "{workers}")
    return f'cp {shlex.quote(str(FILE))} "{{run}}/idp.sqlite" && exec {" ".join(map(shlex.quote, command))}'


if __name__ == "__main__":
    main()

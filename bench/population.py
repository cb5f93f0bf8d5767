"""What the measurements find: a fresh database with the reference data, the demonstration, accounts and a client."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from idp import demo
from idp.accounts import passwords, people
from idp.accounts.people import Person
from idp.app import create_app
from idp.core import configuration
from idp.core.db import Model, db
from idp.mfa import enrolment
from idp.oidc import clients, keys
from idp.oidc.clients import Registration
from idp.saas import catalogue
from tests.support.servers import postgres

PASSWORD = "violet-harbour-eleven"
SCOPE = "openid profile email offline_access"
PROGRAM = "benchmark-program"
OWN_SCOPE = "reports"  # what a program may do for itself
WITHOUT_PHONE = 50  # so many sign in with the password alone
CALLBACK = "http://localhost:8009/callback"
FIRST_PHONE = 4917139200  # and two digits: a hundred numbers that are reserved for fiction

# One visitor does in a minute what people do in a day.
UNHURRIED = (
    "LIMITS__PASSWORD_PER_SOURCE", "LIMITS__PASSWORD_GLOBAL", "LIMITS__PASSWORD_PER_ACCOUNT", "SMS__PER_MINUTE",
    "SMS__PER_TEN_MINUTES", "SMS__PER_DAY", "SMS__PER_SOURCE_PER_DAY", "SMS__TOTAL_PER_DAY",
)  # fmt: skip


@dataclass(frozen=True)
class Population:
    """The server with its people: the addresses of the accounts, and the client with its secret."""

    app: Flask
    environ: dict[str, str]
    emails: list[str]
    client_id: str
    client_secret: str

    @property
    def with_password_alone(self) -> list[str]:
        """Those who have no second factor."""
        return self.emails[:WITHOUT_PHONE]

    @property
    def with_phone(self) -> list[str]:
        """Those who are asked for a code."""
        return self.emails[WITHOUT_PHONE:] or self.emails[-1:]


@contextmanager
def populated(kind: str, folder: Path, accounts: int) -> Iterator[Population]:
    """Make the database of a kind (`sqlite` or `postgresql`) in `folder` and fill it."""
    with ExitStack() as ends:
        environ = {**os.environ, **unhurried()}
        environ["DATABASE_URL"] = f"sqlite:///{folder}/idp.sqlite"
        if kind == "postgresql":
            cluster = ends.enter_context(postgres.running(("shared_buffers=64MB",)))
            environ["DATABASE_URL"] = cluster.url(cluster.create())
        app = create_app(configuration.load(environ))
        with app.app_context():
            place = _filled(app, environ, accounts)
        yield place  # outside the context: requests would share it
        with app.app_context():
            db.engine.dispose()


def unhurried() -> dict[str, str]:
    """Return the settings under which one visitor may do what the measurements do."""
    return {f"ERN_{name}": "10000000" for name in UNHURRIED}


def _filled(app: Flask, environ: dict[str, str], accounts: int) -> Population:
    Model.metadata.create_all(db.engine)
    catalogue.load_reference()
    keys.ensure()
    demo.load()
    hashed = passwords.hash_of(PASSWORD)  # one hash for all: a thousand would take most of a minute
    emails = [f"person{number}@bench.example" for number in range(accounts)]
    for number, email in enumerate(emails):
        account = people.add(Person("Mira", f"Osten {number}", email, "en", people.new_uid()), hashed)
        if number >= min(WITHOUT_PHONE, accounts - 1):
            enrolment.add_confirmed_phone(account, f"+{FIRST_PHONE}{number % 100:02d}")
        db.session.remove()
    client, secret = clients.register(Registration("Benchmark", (CALLBACK,), scope=SCOPE))
    own = {"grant_types": ["client_credentials"]}
    clients.register(Registration("Benchmark program", (), scope=OWN_SCOPE, further=own), PROGRAM, secret)
    return Population(app, environ, emails, client.client_id, secret or "")

"""A system of its own for tests that kill its programs, with a real mail relay and a provider of text messages."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.saas.conftest import each_town, postgres_catalogue, sqlite_catalogue
from tests.support import people, sms_provider
from tests.support.people import Person
from tests.support.post import RealPost
from tests.support.servers import system
from tests.support.servers.smtp import Mailbox
from tests.support.servers.system import CPMS, LOGIN, System
from tests.support.sms_provider import ACCOUNT, Provider

__all__ = ["each_town", "postgres_catalogue", "sqlite_catalogue", "town"]

# Long enough for a delivery, short enough to wait for what a killed worker held in its hands.
LEASE_SECONDS = "2"


@dataclass
class Town:
    """The system, what it sends through, and people who read their post there."""

    system: System
    mailbox: Mailbox
    provider: Provider

    def newcomer(self, first_name: str, number: str) -> Person:
        """A person without an account."""
        return self._reading(
            Person(self.system, first_name, "Ferran", f"{first_name.lower()}@hospital.example", number)
        )

    def demo(self, name: str) -> Person:
        """A person of the demonstration."""
        return self._reading(people.demo(self.system, name))

    def _reading(self, person: Person) -> Person:
        person.post = RealPost(self.mailbox, self.provider)
        return person


@pytest.fixture
def town(database_kind: str, tmp_path: Path, mailbox: Mailbox, request: pytest.FixtureRequest) -> Iterator[Town]:
    """The identity server, its worker and CPMS, once on SQLite and once on PostgreSQL."""
    urls = system.fresh_databases(database_kind, lambda: request.getfixturevalue("postgres_cluster"))
    with sms_provider.running() as provider:
        sending = {
            **urls,
            "ERN_MAIL__TRANSPORT": "smtp",
            "ERN_MAIL__HOST": mailbox.host,
            "ERN_MAIL__PORT": str(mailbox.port),
            "ERN_MAIL__SECURITY": "none",
            "ERN_SMS__TRANSPORT": "twilio",
            "ERN_SMS__ACCOUNT_SID": ACCOUNT,
            "ERN_SMS__AUTH_TOKEN": "token",
            "ERN_SMS__API_BASE": provider.address,
            "ERN_SMS__SENDER": "+447700900999",
            "ERN_OUTBOX__LEASE_SECONDS": LEASE_SECONDS,
        }
        with system.running(tmp_path / "system", sending, LOGIN, CPMS) as running:
            yield Town(running, mailbox, provider)

"""A real SMTP receiver that keeps what it gets and can refuse, be slow, or hang up after it got a message."""

import asyncio
import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.servers import process


@dataclass(frozen=True)
class Received:
    """A message that arrived: the envelope's sender and recipients, and the message itself."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage


@dataclass
class Mailbox:
    """The receiver's address, what arrived, and how it behaves: tests set the last three."""

    host: str
    port: int
    received: list[Received] = field(default_factory=list)
    attempts: int = 0
    refuse: str = ""  # an SMTP reply such as "451 try later" or "550 no such user"
    slow_seconds: float = 0.0
    drop_after_data: bool = False  # the message is kept, but the sender gets no answer

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take or refuse a recipient (the name is aiosmtpd's)."""
        self.attempts += 1
        await asyncio.sleep(self.slow_seconds)
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message (the name is aiosmtpd's)."""
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.received.append(Received(envelope.mail_from, tuple(envelope.rcpt_tos), message))
        if self.drop_after_data:
            server.transport.abort()
        return "250 Message accepted for delivery"

    def to(self, address: str) -> list[EmailMessage]:
        """Return the messages for one recipient, oldest first."""
        return [one.message for one in self.received if address in one.recipients]


@contextmanager
def running() -> Iterator[Mailbox]:
    """Receive mail on a free loopback port until the end."""
    # aiosmtpd dials the port that it was given, so 0 does not work: find a free one first.
    mailbox = Mailbox("127.0.0.1", process.free_port())
    controller = Controller(mailbox, hostname=mailbox.host, port=mailbox.port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()

"""Where people read what the system sends them: the outbox page of a demonstration, or a real mailbox and telephone."""

import re
from dataclasses import dataclass
from typing import Any, Protocol

import requests

from tests.support.servers.smtp import Mailbox
from tests.support.sms_provider import Provider

LINK = re.compile(r"https?://[^\s<>\"]+")
CODE = re.compile(r"\b\d{6}\b")

Letter = dict[str, Any]  # to, subject, text, links


class Post(Protocol):
    """What a person looks into."""

    def mails(self, address: str) -> list[Letter]:
        """Return the mails to one address, oldest first."""

    def codes(self, number: str) -> list[str]:
        """Return the codes texted to one number, oldest first."""


@dataclass(frozen=True)
class OutboxPage:
    """What a visitor of a demonstration reads: /dev/outbox.json."""

    login: str

    def mails(self, address: str) -> list[Letter]:
        """Return the mails to one address, oldest first."""
        return [one for one in self._all() if one["channel"] == "mail" and one["to"] == address]

    def codes(self, number: str) -> list[str]:
        """Return the codes texted to one number, oldest first."""
        return [one["code"] for one in self._all() if one["channel"] == "sms" and one["to"] == number]

    def _all(self) -> list[Letter]:
        messages: list[Letter] = requests.get(f"{self.login}/dev/outbox.json", timeout=10).json()
        return messages[::-1]


@dataclass(frozen=True)
class RealPost:
    """What a mail relay and the provider of text messages took over."""

    mailbox: Mailbox
    provider: Provider

    def mails(self, address: str) -> list[Letter]:
        """Return the mails to one address, oldest first."""
        return [_read(str(one["Subject"]), one, address) for one in self.mailbox.to(address)]

    def codes(self, number: str) -> list[str]:
        """Return the codes texted to one number, oldest first."""
        return [found[0] for text in self.provider.to(number) if (found := CODE.findall(text))]


def _read(subject: str, message: Any, address: str) -> Letter:
    text = message.get_body(("plain",)).get_content()
    return {"to": address, "subject": subject, "text": text, "links": LINK.findall(text)}

"""Text messages through Twilio's Messages resource; the worker loads this at the first text, the library is large."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from twilio.base import values
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from idp.core.mail import Undeliverable
from idp.core.outbox import Content, Message
from idp.core.settings import Sms
from idp.core.sms_reports import report_address

FINAL = {400, 404}  # bad or unreachable number: trying again changes nothing


class _OtherHost(TwilioHttpClient):
    """The library has no setting for the base address, so requests are led to the operator's address here."""

    def __init__(self, base: str, timeout: int) -> None:
        super().__init__(timeout=timeout)
        self._base = urlsplit(base)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        if self._base.netloc:
            url = urlunsplit(urlsplit(url)._replace(scheme=self._base.scheme, netloc=self._base.netloc))
        return super().request(method, url, *args, **kwargs)


def send(message: Message, content: Content, account: Sms) -> str:
    """Send the text by the message's route and return the provider's id of it.

    A message that was tried before without an answer is looked up first, so that nobody gets it twice.
    Raises Undeliverable if the provider refuses the number, OSError if a retry may help.
    """
    route = account.routes[message.route]
    http = _OtherHost(account.api_base, account.timeout_seconds)
    client = Client(route.account_sid, route.auth_token, http_client=http)
    reports = report_address() if account.status_callback else values.unset
    try:
        known = _accepted(client, message, content) if message.attempts > 1 else None
        return known or _create(client, message, from_=route.sender, body=content.text, status_callback=reports)
    except TwilioException as error:
        raise ConnectionError(f"{type(error).__name__}: {error}") from error


def _create(client: Client, message: Message, **text: Any) -> str:
    try:
        created = client.messages.create(to=message.recipient, **text)
    except TwilioRestException as error:
        if error.status in FINAL:
            raise Undeliverable(f"{error.status} {error.code}") from None
        raise
    return str(created.sid)


def _accepted(client: Client, message: Message, content: Content) -> str | None:
    """Return the id of the same text to the same number, if the provider took it at an earlier try."""
    sent = client.messages.list(to=message.recipient, date_sent_after=message.created_at, limit=20)
    return next((str(found.sid) for found in sent if found.body == content.text), None)

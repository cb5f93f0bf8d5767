"""Texts and spoken codes through Twilio's Messages and Calls; loaded with the first one, for the library is large."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from twilio.base import values
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse

from idp.core.mail import Undeliverable
from idp.core.outbox import Channel, Content, Message
from idp.core.settings import Sms
from idp.core.sms_reports import report_address

# How the provider names the voice of each of our languages.
VOICES = {"en": "en-GB", "fr": "fr-FR"}
TIMES = 2
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
    """Send the text, or make the call, by the message's route and return the provider's id of it.

    A message that was tried before without an answer is looked up first, so that nobody gets it twice.
    Raises Undeliverable if the provider refuses the number, OSError if a retry may help.
    """
    route = account.routes[message.route]
    http = _OtherHost(account.api_base, account.timeout_seconds)
    client = Client(route.account_sid, route.auth_token, http_client=http)
    reports = report_address() if account.status_callback else values.unset
    accepted, told, by = _accepted, {"body": content.text}, client.messages
    if message.channel is Channel.VOICE:
        accepted, told, by = _called, {"twiml": spoken(content, message.language)}, client.calls
    try:
        known = accepted(client, message, content) if message.attempts > 1 else None
        return known or _create(by, message, from_=route.sender, status_callback=reports, **told)
    except TwilioException as error:
        raise ConnectionError(f"{type(error).__name__}: {error}") from error


def spoken(content: Content, language: str) -> str:
    """Return what the voice says (TwiML): the text and the code sign by sign, then all once more."""
    voice, said = VOICES.get(language, VOICES["en"]), VoiceResponse()
    for _ in range(TIMES):
        said.pause(length=1)
        said.say(content.text, language=voice)
        for sign in content.code or "":
            said.pause(length=1)
            said.say(sign, language=voice)
    return str(said)


def _create(by: Any, message: Message, **what: Any) -> str:
    try:
        created = by.create(to=message.recipient, **what)
    except TwilioRestException as error:
        if error.status in FINAL:
            raise Undeliverable(f"{error.status} {error.code}") from None
        raise
    return str(created.sid)


def _accepted(client: Client, message: Message, content: Content) -> str | None:
    """Return the id of the same text to the same number, if the provider took it at an earlier try."""
    sent = client.messages.list(to=message.recipient, date_sent_after=message.created_at, limit=20)
    return next((str(found.sid) for found in sent if found.body == content.text), None)


def _called(client: Client, message: Message, content: Content) -> str | None:
    """Return the id of a call to the same number since this one was asked for, if the provider made it already."""
    made = client.calls.list(to=message.recipient, start_time_after=message.created_at, limit=1)
    return str(made[0].sid) if made else None

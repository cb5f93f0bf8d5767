"""The worker: delivers the outbox, sweeps what is over. Several may run; each message is in one worker's hands."""

import importlib
import random
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta

from sqlalchemy.exc import OperationalError

from idp.core import clock, logs, mail, outbox, settings
from idp.core.db import db
from idp.core.mail import Undeliverable
from idp.core.outbox import Channel, Message

SWEEP_EVERY = timedelta(minutes=10)
# By the name of the transport; loaded at the first text, since a provider's library takes 80 ms and 13 MiB.
SMS_TRANSPORTS = {"twilio": "idp.core.sms"}

# What an area tells other programs, by kind; it registers how a call is made from the address and the details.
CALLS: dict[str, Callable[[str, str], None]] = {}

log = logs.get(__name__)


def work(stop: threading.Event, sweeps: Iterable[Callable[[], object]] = ()) -> None:
    """Deliver due messages until `stop` is set, and run the areas' `sweeps` now and then.

    The caller holds an application context. A database that is away for a while ends nothing.
    """
    pause = settings.current().outbox.poll_seconds
    next_sweep = clock.now()
    while not stop.is_set():
        due = clock.now() >= next_sweep
        if due:
            next_sweep = clock.now() + SWEEP_EVERY
        try:
            _sweep(sweeps if due else ())
            _deliver_all(stop)
        except OperationalError as error:
            log.error("database_unavailable", kind=type(error).__name__)
            db.session.remove()
        stop.wait(pause * random.uniform(0.8, 1.2))  # noqa: S311 - spreads several workers, decides nothing


def _deliver_all(stop: threading.Event) -> None:
    while not stop.is_set() and deliver_next():
        pass


def _sweep(sweeps: Iterable[Callable[[], object]]) -> None:
    for sweep in sweeps:
        sweep()


def deliver_next() -> bool:
    """Try the next due message once; say whether there was one."""
    message = outbox.claim()
    if message is None:
        db.session.rollback()
        return False
    message_id, channel, later = message.id, message.channel, outbox.kept_for_next_sender(message)
    try:
        provider_id = _deliver(message)
    except Undeliverable as error:
        log.error("message refused", message=message_id, channel=channel, reason=str(error))
        outbox.postpone(message_id, str(error), final=True)
    except OSError as error:  # SMTPException is one
        log.warning("message delayed", message=message_id, channel=channel, reason=type(error).__name__)
        outbox.postpone(message_id, f"{type(error).__name__}: {error}")
    except (LookupError, TypeError, ValueError) as error:
        # Another release wrote it, say. It must not keep all others: it would come first again for ever.
        log.exception("message not understood", message=message_id, channel=channel)
        outbox.postpone(message_id, type(error).__name__)
    else:
        outbox.delivered(message_id, provider_id, keep=provider_id is None or later)
    return True


def _deliver(message: Message) -> str | None:
    """Hand the message over; None means that it only stays in the development outbox."""
    configuration = settings.current()
    content = outbox.content_of(message)
    if content is None:
        raise Undeliverable("the content is gone")
    if message.channel is Channel.CALL:
        CALLS[content.subject](message.recipient, content.text)
        return f"call {message.id}"
    if message.channel is Channel.MAIL:
        if configuration.mail.transport == "outbox":
            return None
        return mail.send(mail.compose(message, content, configuration.mail), configuration.mail)
    if configuration.sms.transport == "outbox":
        return None
    transport = importlib.import_module(SMS_TRANSPORTS[configuration.sms.transport])
    provider_id: str = transport.send(message, content, configuration.sms)
    return provider_id

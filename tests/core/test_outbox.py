"""A message is written with its act and delivered once, whatever the relay, the provider or the worker does."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from idp.core import clock, jobs, outbox
from idp.core.db import db, transaction
from idp.core.outbox import Message, MessageState
from tests.support import sms_provider
from tests.support.identity_server import reconfigured
from tests.support.servers.smtp import Mailbox
from tests.support.sms_provider import ACCOUNT, Provider

ADA = "ada@demo.example"
PHONE = "+447700900100"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with sms_provider.running() as running:
        yield running


@pytest.fixture
def sending(each_app: Flask, mailbox: Mailbox, provider: Provider) -> Iterator[Flask]:
    """The identity server with a real relay and a provider that speaks the provider's API, on each database."""
    app = reconfigured(
        each_app,
        ERN_MAIL__TRANSPORT="smtp", ERN_MAIL__HOST=mailbox.host, ERN_MAIL__PORT=str(mailbox.port),
        ERN_MAIL__SECURITY="none", ERN_SMS__TRANSPORT="twilio", ERN_SMS__ACCOUNT_SID=ACCOUNT,
        ERN_SMS__AUTH_TOKEN="token", ERN_SMS__API_BASE=provider.address, ERN_SMS__SENDER="+447700900999",
    )  # fmt: skip
    places: list[str] = app.jinja_loader.searchpath  # type: ignore[union-attr]
    places.append(str(Path(__file__).parent / "mails"))
    with app.app_context():
        yield app
    places.pop()


def write_mail(key: str | None = None, language: str = "en") -> None:
    with transaction():
        outbox.post_mail(
            ADA, "greeting", language, key=key, name="Ada <b>", link="http://localhost:8000/x?y=1", uid="n1"
        )


def text(key: str | None = None) -> None:
    with transaction():
        outbox.post_sms(PHONE, "Your code is 123456", code="123456", key=key)


def deliver_all() -> int:
    count = 0
    while jobs.deliver_next():
        count += 1
    return count


def states() -> list[MessageState]:
    db.session.rollback()
    return list(db.session.scalars(select(Message.state).order_by(Message.id)))


def test_a_mail_says_the_same_as_text_and_as_html_and_is_wiped_afterwards(sending: Flask, mailbox: Mailbox) -> None:
    write_mail()
    assert deliver_all() == 1
    (mail,) = mailbox.to(ADA)
    plain = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert mail["Subject"] == "Good morning"
    assert "Ada <b>" in plain and "Ada &lt;b&gt;" in html
    assert "http://localhost:8000/x?y=1" in plain and 'href="http://localhost:8000/x?y=1"' in html
    assert "n1" in plain and "n1" in html and "never asks" in plain and "never asks" in html
    assert db.session.scalars(select(Message)).one().sealed is None


def test_a_rolled_back_act_sends_nothing(sending: Flask, mailbox: Mailbox) -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        outbox.post_mail(ADA, "greeting", "en", name="Ada", link="http://localhost/")
        raise ZeroDivisionError
    assert deliver_all() == 0 and mailbox.received == []


def test_the_same_key_is_one_message(sending: Flask, mailbox: Mailbox, provider: Provider) -> None:
    for _ in range(2):
        write_mail(key="same")
        text(key="same text")
    assert deliver_all() == 2
    assert len(mailbox.to(ADA)) == 1 and provider.to(PHONE) == ["Your code is 123456"]


def test_a_message_outside_an_act_is_a_mistake_of_ours(sending: Flask) -> None:
    with pytest.raises(RuntimeError):
        outbox.post_sms(PHONE, "hello")


def test_a_relay_that_is_down_delays_the_mail_and_loses_nothing(sending: Flask, mailbox: Mailbox) -> None:
    mailbox.refuse = "451 try later"
    write_mail()
    assert deliver_all() == 1 and states() == [MessageState.QUEUED]
    assert deliver_all() == 0, "the next try waits"
    mailbox.refuse = ""
    with time_machine.travel(clock.now() + timedelta(seconds=16)):
        assert deliver_all() == 1
    assert len(mailbox.to(ADA)) == 1 and states() == [MessageState.SENT]


def test_a_refused_recipient_is_not_tried_for_ever(sending: Flask, mailbox: Mailbox) -> None:
    mailbox.refuse = "550 no such user"
    write_mail()
    deliver_all()
    assert states() == [MessageState.FAILED] and mailbox.attempts == 1


def test_a_mail_without_an_answer_comes_again_under_the_same_name(sending: Flask, mailbox: Mailbox) -> None:
    mailbox.drop_after_data = True
    write_mail()
    deliver_all()
    mailbox.drop_after_data = False
    with time_machine.travel(clock.now() + timedelta(minutes=1)):
        deliver_all()
    assert len({mail["Message-ID"] for mail in mailbox.to(ADA)}) == 1, "mail systems recognise the copy"


def test_a_text_that_the_provider_took_without_an_answer_is_not_sent_twice(sending: Flask, provider: Provider) -> None:
    provider.hang_up = True
    text()
    deliver_all()
    provider.hang_up = False
    with time_machine.travel(clock.now() + timedelta(minutes=1)):
        deliver_all()
    assert provider.to(PHONE) == ["Your code is 123456"] and states() == [MessageState.SENT]


@pytest.mark.parametrize(
    ("status", "state"), [(400, MessageState.FAILED), (500, MessageState.QUEUED), (429, MessageState.QUEUED)]
)
def test_a_provider_that_refuses_for_good_is_told_from_one_that_is_unwell(
    sending: Flask, provider: Provider, status: int, state: MessageState
) -> None:
    provider.answer_with = status
    text()
    deliver_all()
    assert states() == [state]


def test_a_message_of_a_worker_that_died_comes_back_when_its_lease_is_over(sending: Flask, mailbox: Mailbox) -> None:
    write_mail()
    assert outbox.claim() is not None
    assert deliver_all() == 0
    with time_machine.travel(clock.now() + timedelta(minutes=3)):
        assert deliver_all() == 1
    assert len(mailbox.to(ADA)) == 1


def test_a_message_that_nobody_understands_keeps_no_other(
    sending: Flask, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def understood(address: str, details: str) -> None:
        raise KeyError(details)

    monkeypatch.setitem(jobs.CALLS, "greeting", understood)
    with transaction():
        outbox.post_call("https://rp.example/", "greeting", "from an older release")
    write_mail()
    assert deliver_all() == 2
    assert states() == [MessageState.QUEUED, MessageState.SENT]
    assert deliver_all() == 0, "the next try waits"


def test_a_message_is_given_up_after_the_last_try(sending: Flask, mailbox: Mailbox) -> None:
    mailbox.refuse = "451 try later"
    write_mail()
    now = clock.now()
    for hour in range(1, 15):
        with time_machine.travel(now + timedelta(hours=2 * hour)):
            deliver_all()
    assert states() == [MessageState.FAILED] and mailbox.attempts == 12


def test_several_workers_deliver_each_message_once(sending: Flask, mailbox: Mailbox) -> None:
    for number in range(12):
        write_mail(key=f"mail {number}")

    def work() -> None:
        with sending.app_context():
            deliver_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(mailbox.to(ADA)) == 12 and set(states()) == {MessageState.SENT}


def test_the_worker_stops_when_it_is_told(sending: Flask, mailbox: Mailbox) -> None:
    stop = threading.Event()

    def work() -> None:
        with sending.app_context():
            jobs.work(stop)

    worker = threading.Thread(target=work)
    worker.start()
    write_mail()
    deadline = threading.Event()
    for _ in range(100):
        if mailbox.received:
            break
        deadline.wait(0.1)
    stop.set()
    worker.join(10)
    assert not worker.is_alive() and len(mailbox.to(ADA)) == 1


def test_the_development_outbox_shows_what_was_sent(app: Flask) -> None:
    with app.app_context():
        text()
        deliver_all()
        db.session.remove()
    client = app.test_client()
    (shown,) = client.get("/dev/outbox.json").json
    assert (shown["to"], shown["code"], shown["channel"]) == (PHONE, "123456", "sms")
    assert "123456" in client.get("/dev/outbox").text


def test_the_development_outbox_tells_a_phone_call_from_a_text_message(app: Flask) -> None:
    with app.app_context(), transaction():
        outbox.post_spoken(PHONE, "Your code is:", "en", code="123456")
    client = app.test_client()
    page = client.get("/dev/outbox").text
    assert "Phone call</h2>" in page and "Text message" not in page
    (shown,) = client.get("/dev/outbox.json").json
    assert (shown["code"], shown["channel"]) == ("123456", "sms"), "what reads the JSON knows mails and texts"


def test_the_worker_sweeps_and_outlives_a_database_that_is_away(app: Flask) -> None:
    stop = threading.Event()
    swept: list[str] = []

    def away() -> None:
        swept.append("tried")
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    def clear() -> None:
        swept.append("cleared")
        stop.set()

    with app.app_context():
        worker_sweeps = iter([[away], [clear]])
        with time_machine.travel(clock.now(), tick=False) as time:

            def later() -> None:
                time.shift(timedelta(minutes=11))

            jobs.work(stop, [lambda: (later(), next(worker_sweeps)[0]())])
    assert swept == ["tried", "cleared"]

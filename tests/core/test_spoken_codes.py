"""A code that a voice says on the phone: made once, said twice, reported under the provider's signature."""

from collections.abc import Iterator
from datetime import timedelta
from xml.etree import ElementTree

import pytest
import time_machine
from flask import Flask

from idp.core import clock, jobs, outbox
from idp.core.db import db, transaction
from idp.core.outbox import Message, MessageState
from tests.support import sms_provider
from tests.support.identity_server import reconfigured
from tests.support.sms_provider import ACCOUNT, Provider, signature

PHONE, SENDER = "+491713920017", "+447700900998"
ADDRESS = "http://localhost:8000/sms/status"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with sms_provider.running() as running:
        yield running


@pytest.fixture
def calling(app: Flask, provider: Provider) -> Iterator[Flask]:
    reconfigured(
        app, ERN_SMS__TRANSPORT="twilio", ERN_SMS__ACCOUNT_SID=ACCOUNT, ERN_SMS__AUTH_TOKEN="token",
        ERN_SMS__API_BASE=provider.address, ERN_SMS__SENDER=SENDER, ERN_SMS__VOICE_CALLS="true",
    )  # fmt: skip
    with app.app_context():
        yield app


def call(language: str = "en") -> None:
    with transaction():
        outbox.post_spoken(PHONE, "Your code is:", language, code="123456", key="challenge.x")


def message() -> Message:
    db.session.rollback()
    return db.session.query(Message).one()


@pytest.mark.parametrize(("language", "voice"), [("en", "en-GB"), ("fr", "fr-FR")])
def test_a_voice_says_the_digits_one_by_one_and_twice(
    calling: Flask, provider: Provider, language: str, voice: str
) -> None:
    call(language)
    assert jobs.deliver_next()
    [made] = provider.calls
    assert (made["to"], made["from"], made["reports_to"]) == (PHONE, SENDER, ADDRESS)
    said = ElementTree.fromstring(made["says"])
    assert [one.text for one in said.iter("Say")] == ["Your code is:", *"123456"] * 2
    assert {one.attrib["language"] for one in said.iter("Say")} == {voice}
    assert len(list(said.iter("Pause"))) == 14
    assert provider.taken == []
    assert message().sealed is None, "the code is not kept once it was said"


def test_a_call_whose_answer_was_lost_is_not_made_twice(calling: Flask, provider: Provider) -> None:
    call()
    provider.hang_up = True
    assert jobs.deliver_next()
    assert message().state is MessageState.QUEUED
    provider.hang_up = False
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        assert jobs.deliver_next()
    assert len(provider.calls) == 1
    assert message().state is MessageState.SENT


@pytest.mark.parametrize(("status", "state"), [("no-answer", MessageState.FAILED), ("completed", MessageState.SENT)])
@pytest.mark.parametrize("token", ["token", "forged"])
def test_what_became_of_a_call_counts_under_the_providers_signature(
    calling: Flask, status: str, state: MessageState, token: str
) -> None:
    call()
    assert jobs.deliver_next()
    form = {"AccountSid": ACCOUNT, "CallSid": message().provider_id or "", "CallStatus": status, "To": PHONE}
    headers = {"X-Twilio-Signature": signature(ADDRESS, form, token)}
    answer = calling.test_client().post("/sms/status", data=form, headers=headers)
    assert answer.status_code == (204 if token == "token" else 403)
    assert message().state is (state if token == "token" else MessageState.SENT)
    assert outbox.undelivered("challenge.x") is (message().state is MessageState.FAILED)

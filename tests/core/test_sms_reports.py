"""What the provider reports about a text, who may report it, and the second sender."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.core import clock, jobs, outbox
from idp.core.db import db, transaction
from idp.core.outbox import Message, MessageState
from tests.support import sms_provider
from tests.support.identity_server import reconfigured
from tests.support.sms_provider import ACCOUNT, Provider, signature

PHONE = "+447700900100"
FIRST, SECOND = "+447700900998", "+447700900999"
ADDRESS = "http://localhost:8000/sms/status"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with sms_provider.running() as running:
        yield running


@pytest.fixture(params=[SECOND])
def sending(each_app: Flask, provider: Provider, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The identity server with two senders at a provider that speaks the provider's API."""
    app = reconfigured(
        each_app,
        ERN_SMS__TRANSPORT="twilio", ERN_SMS__ACCOUNT_SID=ACCOUNT, ERN_SMS__AUTH_TOKEN="token",
        ERN_SMS__API_BASE=provider.address, ERN_SMS__SENDER=FIRST, ERN_SMS__SECOND_SENDER=request.param,
    )  # fmt: skip
    with app.app_context():
        yield app


only_one_sender = pytest.mark.parametrize("sending", [""], indirect=True)


def text() -> None:
    with transaction():
        outbox.post_sms(PHONE, "Your code is 123456", code="123456", key="challenge.x")
    assert jobs.deliver_next()


def report(app: Flask, status: str, sid: str, **changes: str) -> TestResponse:
    """Post a report as the provider does."""
    form = {"AccountSid": ACCOUNT, "MessageSid": sid, "MessageStatus": status, "To": PHONE}
    signed = signature(changes.get("address", ADDRESS), form, changes.get("token", "token"))
    headers = {"X-Twilio-Signature": signed, "Host": changes.get("host", "localhost:8000")}
    answer = app.test_client().post("/sms/status", data=form | changes.get("also", {}), headers=headers)  # type: ignore[operator]
    db.session.rollback()
    db.session.expire_all()
    return answer


def message() -> Message:
    db.session.rollback()
    return db.session.scalars(select(Message)).one()


def test_the_provider_is_told_where_to_report(sending: Flask, provider: Provider) -> None:
    text()
    assert [one["reports_to"] for one in provider.taken] == [ADDRESS]


def test_a_signed_report_is_kept_and_wipes_what_arrived(sending: Flask, provider: Provider) -> None:
    text()
    assert message().sealed is not None, "another sender may need it"
    for status in ("sent", "delivered"):
        assert report(sending, status, provider.taken[0]["sid"]).status_code == 204
    assert (message().status, message().state, message().sealed) == ("delivered", MessageState.SENT, None)


@pytest.mark.parametrize(
    "changes",
    [{"token": "other"}, {"address": "http://evil.example/sms/status"}, {"also": {"To": "+447700900101"}}],
    ids=["another secret", "another address", "a changed form"],
)
def test_a_report_that_is_not_signed_for_us_is_refused(sending: Flask, provider: Provider, changes: dict) -> None:
    text()
    assert report(sending, "failed", provider.taken[0]["sid"], **changes).status_code == 403
    assert message().status is None


def test_a_report_without_account_or_signature_is_refused(sending: Flask, provider: Provider) -> None:
    text()
    for form in ({}, {"AccountSid": ""}, {"AccountSid": ACCOUNT, "MessageSid": provider.taken[0]["sid"]}):
        assert sending.test_client().post("/sms/status", data=form).status_code == 403


def test_a_report_about_nothing_of_ours_changes_nothing(sending: Flask) -> None:
    assert report(sending, "failed", "SMunknown").status_code == 204


def test_a_text_that_failed_goes_out_by_the_second_sender(sending: Flask, provider: Provider) -> None:
    text()
    report(sending, "undelivered", provider.taken[0]["sid"])
    assert jobs.deliver_next()
    assert [one["from"] for one in provider.taken] == [FIRST, SECOND]
    assert provider.to(PHONE) == ["Your code is 123456"] * 2
    assert not outbox.undelivered("challenge.x")


def test_a_text_that_both_senders_failed_to_deliver_is_given_up(sending: Flask, provider: Provider) -> None:
    text()
    report(sending, "undelivered", provider.taken[0]["sid"])
    jobs.deliver_next()
    report(sending, "failed", provider.taken[1]["sid"])
    assert message().state is MessageState.FAILED and message().sealed is None
    assert outbox.undelivered("challenge.x")
    assert not jobs.deliver_next()


def test_a_sender_that_the_provider_refuses_is_followed_by_the_other_at_once(
    sending: Flask, provider: Provider
) -> None:
    provider.refused_senders = {FIRST}
    text()
    assert jobs.deliver_next()
    assert [one["from"] for one in provider.taken] == [SECOND]


def test_reports_come_late_and_twice(sending: Flask, provider: Provider) -> None:
    text()
    sid = provider.taken[0]["sid"]
    for status in ("delivered", "sent", "failed", "failed"):
        report(sending, status, sid)
    assert message().status == "delivered"
    assert not jobs.deliver_next()


@only_one_sender
def test_with_one_sender_nothing_is_kept_and_a_failure_is_told(sending: Flask, provider: Provider) -> None:
    text()
    assert message().sealed is None
    report(sending, "undelivered", provider.taken[0]["sid"])
    assert outbox.undelivered("challenge.x")


def test_what_nobody_reports_about_is_wiped_when_its_code_is_over(sending: Flask) -> None:
    text()
    outbox.sweep()
    assert message().sealed is not None
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        outbox.sweep()
        assert message().sealed is None

"""Pushes to the mobile app: encrypted for the device, signed by us, sent by the worker, dropped when nobody listens."""

import base64
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import http_ece
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import select

from idp.core import jobs
from idp.core.db import db
from idp.core.outbox import Channel, Message, MessageState
from idp.mfa import push_delivery
from idp.mfa.models import PushSubscription
from tests.mfa.mobile import DEVICES, has_the_app
from tests.mfa.test_app_sign_in import arrives
from tests.signin.browser import Browser, person
from tests.support.companion_app import CompanionApp, Refused, b64, unb64
from tests.support.identity_server import reconfigured

LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)


@dataclass
class PushService:
    """A push service on this machine, and the browser's keys for it; `answers` is the status that it gives."""

    answers: int = 201
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    address: str = ""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    def subscription(self) -> dict:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "endpoint": f"{self.address}/send/1",
            "expirationTime": None,
            "keys": {"p256dh": b64(point), "auth": b64(self.auth)},
        }

    def reads(self, body: bytes) -> dict:
        """What the browser's worker is told."""
        return json.loads(http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"))


@pytest.fixture
def service() -> Iterator[PushService]:
    push = PushService()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            push.got.append((dict(self.headers.items()), body))
            self.send_response(push.answers)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    push.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield push
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def pushing(app: Flask) -> Flask:
    """The same server, with pushes on."""
    return reconfigured(app, ERN_PUSH__ENABLED="true")


def subscribed(app: Flask, service: PushService) -> CompanionApp:
    person(app)
    phone = has_the_app(app)
    assert phone.sends("POST", "/app/api/push", service.subscription())["push"] is True
    return phone


def works(app: Flask) -> None:
    """Let the worker deliver what is due, mails aside."""
    with app.app_context():
        while jobs.deliver_next():
            pass


def calls(app: Flask) -> list[MessageState]:
    with app.app_context():
        return list(db.session.scalars(select(Message.state).where(Message.channel == Channel.CALL)))


def subscriptions(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(PushSubscription.authenticator_id)).all())


def test_a_request_calls_the_phone_and_says_nothing_else(pushing: Flask, service: PushService) -> None:
    phone = subscribed(pushing, service)
    arrives(pushing)
    works(pushing)
    [(headers, body)] = service.got
    assert service.reads(body) == {"type": "request", "device": phone.device}
    assert (headers["Content-Encoding"], headers["TTL"], headers["Urgency"]) == ("aes128gcm", "120", "high")
    scheme, _, rest = headers["Authorization"].partition(" ")
    signed = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid"
    assert signed["k"] == phone.refreshes()["push_key"]
    point = unb64(signed["k"])
    key = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])})
    claims = jwt.decode(signed["t"], key, algorithms=["ES256"]).claims
    assert (claims["aud"], claims["sub"]) == (service.address, "mailto:helpdesk@ern-login.example")
    works(pushing)
    assert len(service.got) == 1
    assert calls(pushing) == [MessageState.SENT]


def test_a_service_that_is_busy_is_tried_again_while_the_request_waits(pushing: Flask, service: PushService) -> None:
    with time_machine.travel(LATER, tick=False) as clock:
        subscribed(pushing, service)
        arrives(pushing)
        service.answers = 503
        works(pushing)
        assert calls(pushing) == [MessageState.QUEUED]
        clock.shift(timedelta(seconds=31))
        service.answers = 201
        works(pushing)
        assert calls(pushing) == [MessageState.SENT]
        arrives(pushing)
        clock.shift(timedelta(seconds=121))
        works(pushing)
        assert len(service.got) == 2
        assert calls(pushing) == [MessageState.SENT, MessageState.FAILED]


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_is_gone_is_forgotten(pushing: Flask, service: PushService, status: int) -> None:
    subscribed(pushing, service)
    arrives(pushing)
    service.answers = status
    works(pushing)
    assert calls(pushing) == [MessageState.FAILED]
    assert subscriptions(pushing) == 0
    arrives(pushing)
    works(pushing)
    assert len(service.got) == 1


def test_a_newer_subscription_replaces_the_older_and_can_be_taken_off(pushing: Flask, service: PushService) -> None:
    phone = subscribed(pushing, service)
    phone.sends("POST", "/app/api/push", service.subscription())
    assert subscriptions(pushing) == 1
    assert phone.sends("POST", "/app/api/push/remove", {})["push"] is False
    assert subscriptions(pushing) == 0


def test_a_removed_device_takes_its_subscription_along(pushing: Flask, service: PushService) -> None:
    subscribed(pushing, service)
    with pushing.app_context():
        row = db.session.scalars(select(PushSubscription)).one()
        assert service.address.encode() not in row.sealed
    owner = Browser(pushing)
    owner.enters()
    with pushing.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM authenticator")
    assert subscriptions(pushing) == 0
    assert owner.open(DEVICES).status_code == 200


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"endpoint": "ftp://push.example/1"}, "push_endpoint"),
        ({"endpoint": "https://user:word@push.example/1"}, "push_endpoint"),
        ({"endpoint": 7}, "malformed"),
        ({"endpoint": "https://push.example/" + "x" * 2100}, "malformed"),
        ({"keys": {}}, "malformed"),
        ({"keys": {"p256dh": base64.b64encode(bytes(65)).decode(), "auth": "AAAA"}}, "malformed"),
    ],
)
def test_what_is_no_subscription_is_refused(pushing: Flask, service: PushService, changed: dict, told: str) -> None:
    person(pushing)
    phone = has_the_app(pushing)
    with pytest.raises(Refused) as refused:
        phone.sends("POST", "/app/api/push", {**service.subscription(), **changed})
    assert (refused.value.status, refused.value.error) == (400, told)
    assert subscriptions(pushing) == 0


def test_our_own_network_is_never_called(pushing: Flask, service: PushService) -> None:
    phone = subscribed(pushing, service)
    phone.sends("POST", "/app/api/push", {**service.subscription(), "endpoint": "https://10.0.0.1/send"})
    arrives(pushing)
    works(pushing)
    assert calls(pushing) == [MessageState.FAILED]


def test_without_pushes_nothing_is_told_and_nothing_is_sent(app: Flask, service: PushService) -> None:
    phone = subscribed(app, service)
    assert phone.refreshes()["push_key"] is None
    arrives(app)
    works(app)
    assert (service.got, calls(app)) == ([], [])
    assert push_delivery.KIND in jobs.CALLS

"""Applications hear that a session is over (OpenID Connect Back-Channel Logout 1.0)."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from idp.accounts import people, session
from idp.core import jobs, outbox, signals
from idp.core.db import db, transaction
from idp.core.errors import Invalid
from idp.core.outbox import Channel, Message, MessageState
from tests.oidc.relying_party import ISSUER, register
from tests.protocol.stage import Client, Stage
from tests.signin.browser import EMAIL

EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Listener:
    """An application that hears of logouts, or does not listen."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.status = 200
        self.address = ""


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            found.heard += parse_qs(body)["logout_token"]
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    found.address = f"http://127.0.0.1:{server.server_address[1]}/logout"
    yield found
    server.shutdown()
    server.server_close()
    thread.join(5)


def listening(stage: Stage, address: str, **wanted: Any) -> Client:
    return stage.client(further={"backchannel_logout_uri": address}, **wanted)


def deliver(stage: Stage) -> None:
    with stage.app.app_context():
        while jobs.deliver_next():
            pass


def queued(stage: Stage) -> list[Message]:
    with stage.app.app_context():
        return db.session.query(Message).filter_by(channel=Channel.CALL).order_by(Message.id).all()


def end_session(stage: Stage) -> None:
    with stage.app.app_context():
        account = people.by_address(EMAIL)
        assert account
        session.end_all(account.id, "signed_out")


def opened(stage: Stage, text: str) -> jwt.Token:
    keys = KeySet.import_key_set(stage.app.test_client().get("/oauth2/jwks").json)
    return jwt.decode(text, keys, algorithms=["ES256"])


def test_each_application_of_the_session_hears_of_its_end(stage: Stage, listener: Listener) -> None:
    """Sections 2.4 and 2.5: one token for each, signed, explicitly typed, without a nonce."""
    clients = [listening(stage, listener.address) for _ in range(2)]
    tokens = [stage.tokens(client) for client in clients]
    stage.tokens(clients[0])
    stage.tokens(stage.client())
    end_session(stage)
    deliver(stage)
    heard = [opened(stage, text) for text in listener.heard]
    assert {one.claims["aud"] for one in heard} == {client.client_id for client in clients} and len(heard) == 2
    sid = clients[0].verified(tokens[0]["id_token"])["sid"]
    for one in heard:
        assert one.header["typ"] == "logout+jwt" and one.header["kid"]
        assert one.claims["iss"] == ISSUER and one.claims["sub"] == stage.uid and one.claims["sid"] == sid
        assert one.claims["events"] == {EVENT: {}} and "nonce" not in one.claims and one.claims["jti"]
        assert 0 < one.claims["exp"] - one.claims["iat"] <= 120
    assert clients[0].userinfo(listener.heard[0]).status_code == 401, "and is nothing else"
    hinted = stage.app.test_client().get("/oauth2/logout", query_string={"id_token_hint": listener.heard[0]})
    assert hinted.status_code == 400


def test_nothing_is_said_before_the_end_and_nothing_when_it_is_rolled_back(stage: Stage, listener: Listener) -> None:
    stage.tokens(listening(stage, listener.address))
    with pytest.raises(RuntimeError), stage.app.app_context(), transaction():
        account = people.by_address(EMAIL)
        assert account
        session.end_all(account.id, "signed_out")
        raise RuntimeError
    assert queued(stage) == []


def test_an_application_that_does_not_answer_is_called_again_with_a_new_token(stage: Stage, listener: Listener) -> None:
    stage.tokens(listening(stage, listener.address))
    listener.status = 500
    end_session(stage)
    deliver(stage)
    assert [message.state for message in queued(stage)] == [MessageState.QUEUED]
    listener.status = 204
    with stage.app.app_context(), transaction():
        db.session.query(Message).update({"due_at": Message.created_at})
    deliver(stage)
    assert [message.state for message in queued(stage)] == [MessageState.SENT]
    first, second = (opened(stage, text).claims["jti"] for text in listener.heard)
    assert first != second


def access_taken(stage: Stage) -> None:
    with stage.app.app_context(), transaction():
        account = people.by_address(EMAIL)
        assert account
        signals.accesses_changed.send(account.id)
        signals.accesses_changed.send(account.id)


@pytest.mark.parametrize(("application", "count"), [(741, 1), (None, 0)])
def test_a_changed_right_ends_the_session_where_rights_are_read(
    stage: Stage, listener: Listener, application: int | None, count: int
) -> None:
    """Once for each act, and only at applications that read accesses."""
    client = listening(stage, listener.address)
    stage.tokens(client)
    with stage.app.app_context(), transaction():
        from idp.oidc.models import RegisteredClient

        db.session.get_one(RegisteredClient, client.client_id).application_id = application
    access_taken(stage)
    assert len(queued(stage)) == count


def test_people_do_not_see_the_calls_of_programs(stage: Stage, listener: Listener) -> None:
    stage.tokens(listening(stage, listener.address))
    end_session(stage)
    with stage.app.app_context():
        assert all(message.channel is not Channel.CALL for message in outbox.latest(50))


@pytest.mark.parametrize("address", ["", "x", 5, "https://rp.example/#part", "https://rp.example/" + "x" * 300])
def test_an_address_that_cannot_be_called_is_not_registered(stage: Stage, address: object) -> None:
    with pytest.raises(Invalid):
        register(stage.app, further={"backchannel_logout_uri": address})


def test_discovery_tells_of_it(stage: Stage) -> None:
    told: Callable[[str], Any] = stage.app.test_client().get("/.well-known/openid-configuration").json.get
    assert told("backchannel_logout_supported") is True and told("backchannel_logout_session_supported") is True

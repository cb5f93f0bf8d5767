"""Registering clients: what is refused, what is kept, and the command line."""

import pytest
from flask import Flask

from idp.core.db import db
from idp.core.errors import Conflict, Invalid, NotFound
from idp.oidc import clients, demo
from idp.oidc.clients import Registration
from idp.oidc.models import RegisteredClient
from tests.oidc.relying_party import CALLBACK


@pytest.mark.parametrize(
    "uri",
    [
        "http://rp.example/callback", "https://rp.example/callback#part", "https://*.example/", "/callback",
        "https://user@rp.example/", "javascript:alert(1)", "https://rp.example/a b", "https://rp.example\\x", "ftp://x/",
        "https://[bad/", "data:text/html,x", "http://localhost.evil.example/", "https://",
    ],
)  # fmt: skip
def test_an_address_that_could_lead_a_code_astray_is_refused(app: Flask, uri: str) -> None:
    """RFC 6749, 3.1.2; RFC 9700, 2.1."""
    with app.app_context(), pytest.raises(Invalid):
        clients.register(Registration("X", [uri]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uris": []},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"id_token_signed_response_alg": "none"},
        {"post_logout_redirect_uris": ["http://rp.example/"]},
    ],
)
def test_a_registration_that_we_could_not_keep_is_refused(app: Flask, wrong: dict[str, object]) -> None:
    with app.app_context(), pytest.raises(Invalid):
        clients.register(Registration("X", **{"redirect_uris": [CALLBACK], **wrong}))  # type: ignore[arg-type]


def test_loopback_may_be_plain_http_outside_production(app: Flask) -> None:
    with app.app_context():
        made, _ = clients.register(Registration("X", ["http://127.0.0.1:9/cb", "http://localhost/cb"]))
        assert clients.find(made.client_id) == made


def test_the_secret_is_shown_once_and_kept_as_a_hash(app: Flask) -> None:
    with app.app_context():
        made, secret = clients.register(Registration("X", [CALLBACK]))
        row = db.session.get_one(RegisteredClient, made.client_id)
        assert secret and secret.encode() not in (row.secret_digest or b"")
        assert made.check_client_secret(secret) and not made.check_client_secret(secret + "x")


def test_an_identifier_is_taken_once_and_a_client_can_be_removed(app: Flask) -> None:
    with app.app_context():
        clients.register(Registration("X", [CALLBACK]), "mine")
        with pytest.raises(Conflict):
            clients.register(Registration("X", [CALLBACK]), "mine")
        clients.remove("mine")
        assert clients.find("mine") is None
        with pytest.raises(NotFound):
            clients.remove("mine")


def test_the_demonstration_clients_follow_the_settings_at_each_start(app: Flask) -> None:
    with app.app_context():
        demo.load()
        before = clients.find("cpms")
        demo.load()
        assert clients.find("cpms") == before and len(clients.registered()) == 3
        assert before and before.redirect_uris == ("http://localhost:8001/sign-in/callback",)
        clients.keep(Registration("CPMS", ["http://localhost:9001/cb"]), "cpms", "other")
        changed = clients.find("cpms")
        assert (
            changed and changed.redirect_uris == ("http://localhost:9001/cb",) and changed.check_client_secret("other")
        )

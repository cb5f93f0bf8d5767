"""Tokens for a program itself (RFC 6749, 4.4; RFC 9068)."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import event
from werkzeug.test import TestResponse

from idp.core import clock
from idp.core.db import db
from idp.core.errors import Invalid
from idp.oidc import clients
from idp.oidc.clients import Registration
from tests.oidc.relying_party import ISSUER, answer
from tests.protocol.stage import Client, Stage
from tests.protocol.test_dpop import TOKEN, posts, proof

SCOPE = "openid registry.read registry.write"


def program(stage: Stage, method: str = "client_secret_basic", **further: Any) -> Client:
    """A client that may act for itself and signs nobody in."""
    wanted = {"grant_types": ["client_credentials"], **further}
    return stage.client(token_endpoint_auth_method=method, scope=SCOPE, redirect_uris=[], further=wanted)


def asks(client: Client, **changes: str | None) -> TestResponse:
    return client.posts("/oauth2/token", **{"grant_type": "client_credentials", **changes})


@pytest.mark.parametrize(
    "method", ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"]
)
def test_a_program_gets_a_token_of_its_own(stage: Stage, method: str) -> None:
    """RFC 6749, 4.4.3: no refresh token; RFC 9068, 2.1 and 2.2."""
    client = program(stage, method)
    got = asks(client)
    assert got.status_code == 200 and got.headers["Cache-Control"] == "no-store"
    assert set(got.json) == {"access_token", "token_type", "expires_in", "scope"}
    assert got.json["token_type"] == "Bearer" and got.json["scope"] == "registry.read registry.write"
    keys = KeySet.import_key_set(stage.app.test_client().get("/oauth2/jwks").json)
    signed = jwt.decode(got.json["access_token"], keys, algorithms=["ES256"])
    assert signed.header["typ"] == "at+jwt" and "nonce" not in signed.claims
    claims = signed.claims
    assert claims["iss"] == claims["aud"] == ISSUER and claims["sub"] == claims["client_id"] == client.client_id
    assert claims["exp"] - claims["iat"] == got.json["expires_in"] and claims["jti"]
    assert not {"sid", "grant", "auth_time", "acr"} & set(claims), "nobody signed in"


@pytest.mark.parametrize(("scope", "error"), [
    ("registry.read", None),
    ("", None),
    ("registry.admin", "invalid_scope"),  # RFC 6749, 3.3
    ("registry.read registry.admin", "invalid_scope"),
    ("openid", "invalid_scope"),  # OpenID Connect Core, 3: there is no person
    ("offline_access", "invalid_scope"),  # RFC 6749, 4.4.3
])  # fmt: skip
def test_it_has_the_scopes_of_its_registration_and_none_about_people(
    stage: Stage, scope: str, error: str | None
) -> None:
    got = asks(program(stage), scope=scope)
    assert got.json.get("error") == error
    if error is None:
        assert got.json["scope"] == (scope or "registry.read registry.write")


def test_only_who_was_allowed_to_may_ask(stage: Stage) -> None:
    """RFC 6749, 5.2: unauthorized_client; and a program signs nobody in."""
    assert asks(stage.client()).json["error"] == "unauthorized_client"
    client = program(stage)
    refused = client.posts("/oauth2/token", grant_type="authorization_code", code="x", redirect_uri=client.redirect_uri)
    assert refused.json["error"] == "unauthorized_client"
    page = stage.browser.get(client.request())
    assert page.status_code == 400 and "Location" not in page.headers
    both = stage.client(further={"grant_types": ["client_credentials"]})
    assert answer(stage.browser.get(both.request()))["error"] == "unauthorized_client"
    everything = stage.client(further={"grant_types": ["client_credentials", "authorization_code"]})
    assert asks(everything).status_code == 200 and stage.tokens(everything)["id_token"]


def test_a_program_proves_who_it_is(stage: Stage) -> None:
    """RFC 6749, 4.4: confidential clients only."""
    client = program(stage)
    form = {"grant_type": "client_credentials", "client_id": client.client_id}
    refused = stage.app.test_client().post("/oauth2/token", data=form)
    assert (refused.status_code, refused.json["error"]) == (401, "invalid_client")
    client.secret = "wrong"
    assert asks(client).status_code == 401
    with pytest.raises(Invalid):
        program(stage, "none")


@pytest.mark.parametrize("wrong", [["implicit"], ["password"], [], "client_credentials", ["refresh_token"], [1]])
def test_grants_that_do_not_exist_are_not_registered(stage: Stage, wrong: object) -> None:
    with stage.app.app_context(), pytest.raises(Invalid):
        clients.register(Registration("X", ["https://rp.example/"], further={"grant_types": wrong}))


def test_its_token_opens_nothing_about_people(stage: Stage) -> None:
    """OpenID Connect Core, 5.3."""
    client = program(stage)
    assert client.userinfo(asks(client).json["access_token"]).status_code == 401


def test_it_is_described_to_its_client_until_it_is_given_back(each_stage: Stage) -> None:
    """RFC 7662, 2.2; RFC 7009, 2.1."""
    client, other = program(each_stage), program(each_stage)
    token, kept = (asks(client).json["access_token"] for _ in range(2))
    told = client.introspect(token).json
    assert told["active"] is True and told["sub"] == told["client_id"] == client.client_id
    assert told["scope"] == "registry.read registry.write" and told["token_type"] == "Bearer"
    assert other.introspect(token).json == {"active": False}
    assert other.revoke(token).json["error"] == "invalid_grant"
    for _ in range(2):
        assert client.revoke(token).status_code == 200
    assert client.introspect(token).json == {"active": False}
    assert client.introspect(kept).json["active"] is True
    with time_machine.travel(clock.now() + timedelta(seconds=3700)):
        assert client.introspect(kept).json == {"active": False}


def test_it_can_be_bound_to_a_key(stage: Stage) -> None:
    """RFC 9449, 5; FAPI 2.0 Security Profile, 5.3.2.1-4: a client held to it gets no other."""
    client = program(stage)
    bound = posts(client, "/oauth2/token", proof("POST", TOKEN), grant_type="client_credentials").json
    assert bound["token_type"] == "DPoP" and client.introspect(bound["access_token"]).json["cnf"]["jkt"]
    held = program(stage, "private_key_jwt", profile="fapi2")
    assert asks(held).json["error"] == "invalid_request"
    assert posts(held, "/oauth2/token", proof("POST", TOKEN), grant_type="client_credentials").status_code == 200


def test_nothing_is_written_and_no_lock_is_taken(stage: Stage) -> None:
    client = program(stage)
    assert asks(client).status_code == 200, "keys are made with the first token"
    written: list[str] = []
    with stage.app.app_context():
        engine = db.engine

    def note(*args: object) -> None:
        if not str(args[2]).startswith(("SELECT", "BEGIN DEFERRED")):
            written.append(str(args[2]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert asks(client).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert written == []


def test_discovery_tells_of_it(stage: Stage) -> None:
    assert "client_credentials" in stage.browser.get("/.well-known/openid-configuration").json["grant_types_supported"]


def test_the_operator_allows_it_on_the_command_line(stage: Stage) -> None:
    from idp.client_commands import client as group

    options = ["add", "--name", "Robot", "--grant", "client_credentials", "--scope", "registry.read"]
    with stage.app.app_context():
        made = CliRunner().invoke(group, options)
        assert made.exit_code == 0, made.output
        found = clients.find(made.output.split("client_id: ")[1].split()[0])
        assert found and found.grant_types == ("client_credentials",) and found.redirect_uris == ()
        refused = CliRunner().invoke(group, [*options, "--auth-method", "none"])
        assert refused.exit_code == 1

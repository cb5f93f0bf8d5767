"""What a token is worth, told to its own client only (RFC 7662, RFC 9701), and tokens given back (RFC 7009)."""

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import event

from idp.accounts import people, session
from idp.core.db import db
from tests.oidc.relying_party import ISSUER
from tests.protocol.stage import Stage
from tests.signin.browser import EMAIL

API, ELSEWHERE = "https://registry.example/api", "https://elsewhere.example/api"
JWT_ANSWER = "application/token-introspection+jwt"


def test_an_access_token_is_described_to_its_client(stage: Stage) -> None:
    """RFC 7662, 2.2; RFC 9470, 6.2."""
    client = stage.client()
    tokens = stage.tokens(client)
    told = client.introspect(tokens["access_token"]).json
    assert told["active"] is True and told["iss"] == told["aud"] == ISSUER and told["token_type"] == "Bearer"
    assert told["sub"] == stage.uid and told["client_id"] == client.client_id and told["scope"] == tokens["scope"]
    assert told["exp"] - told["iat"] == tokens["expires_in"] and told["jti"] and told["acr"] and told["auth_time"]


def test_a_refresh_token_is_described_while_it_can_be_used(stage: Stage) -> None:
    client = stage.client()
    first = stage.tokens(client)["refresh_token"]
    assert client.introspect(first, token_type_hint="access_token").json["active"] is True, "a hint may be wrong (2.1)"
    assert "token_type" not in client.introspect(first).json
    second = client.refresh(first).json["refresh_token"]
    client.refresh(second)
    assert client.introspect(first).json == {"active": False}
    assert client.introspect(second).json["active"] is True


@pytest.mark.parametrize("kind", ["access_token", "refresh_token", "id_token", "code", "nonsense", "forged"])
def test_what_is_foreign_or_no_token_is_just_not_active(stage: Stage, kind: str) -> None:
    """RFC 7662, 2.2 and 4: nothing is told about it, not even that it exists."""
    owner, other = stage.client(), stage.client()
    tokens = stage.tokens(owner) | {"code": stage.code(owner), "nonsense": "x.y.z", "forged": "1.0." + "A" * 43}
    asking = owner if kind in {"id_token", "code"} else other
    assert asking.introspect(tokens[kind]).json == {"active": False}


def test_whoever_protects_a_resource_learns_of_the_tokens_for_it(stage: Stage) -> None:
    """RFC 7662, 2.1 and 4; the identifier of the person stays the one that the token's client knows (Core, 8.1)."""
    owner = stage.client(further={"resources": [API, ELSEWHERE], "subject_type": "pairwise"})
    guard = stage.client(further={"protects": [API]})
    tokens = stage.tokens(owner, resource=API)
    told = guard.introspect(tokens["access_token"]).json
    assert told == owner.introspect(tokens["access_token"]).json
    assert told["active"] is True and told["aud"] == API and told["sub"] not in (stage.uid, None)
    for foreign in (
        tokens["refresh_token"],
        tokens["id_token"],
        stage.tokens(owner, resource=ELSEWHERE)["access_token"],
    ):
        assert guard.introspect(foreign).json == {"active": False}
    owner.revoke(tokens["access_token"])
    assert guard.introspect(tokens["access_token"]).json == {"active": False}


def test_a_token_of_an_ended_session_is_not_active(stage: Stage) -> None:
    client = stage.client()
    token = stage.tokens(client, scope="openid")["access_token"]
    with stage.app.app_context():
        account = people.by_address(EMAIL)
        session.end_all(account.id, "signed_out")
    assert client.introspect(token).json == {"active": False}


@pytest.mark.parametrize("method", ["none", "client_secret_basic"])
def test_nobody_asks_without_proving_who_it_is(stage: Stage, method: str) -> None:
    """RFC 7662, 2.1: else tokens could be scanned for."""
    client = stage.client(token_endpoint_auth_method=method)
    token = stage.tokens(client)["access_token"]
    refused = stage.app.test_client().post("/oauth2/introspect", data={"token": token, "client_id": client.client_id})
    assert refused.status_code == 401 and refused.json["error"] == "invalid_client"


@pytest.mark.parametrize("endpoint", ["/oauth2/introspect", "/oauth2/revoke"])
def test_a_token_has_to_be_given_and_only_by_post(stage: Stage, endpoint: str) -> None:
    client = stage.client()
    assert client.posts(endpoint).json["error"] == "invalid_request"
    assert stage.app.test_client().get(endpoint).status_code == 405


def test_the_answer_can_be_a_signed_jwt(stage: Stage) -> None:
    """RFC 9701, 4 and 5."""
    client = stage.client()
    token = stage.tokens(client)["access_token"]
    got = stage.app.test_client().post(
        "/oauth2/introspect", data={"token": token}, headers={**client.credentials(), "Accept": JWT_ANSWER}
    )
    assert got.content_type == JWT_ANSWER
    keys = KeySet.import_key_set(stage.app.test_client().get("/oauth2/jwks").json)
    signed = jwt.decode(got.text, keys, algorithms=["ES256"])
    assert signed.header["typ"] == "token-introspection+jwt"
    assert signed.claims["aud"] == client.client_id and signed.claims["iss"] == ISSUER
    assert signed.claims["token_introspection"]["sub"] == stage.uid and "sub" not in signed.claims
    assert client.userinfo(got.text).status_code == 401, "and is no access token"


def test_asking_writes_nothing(stage: Stage) -> None:
    client = stage.client()
    tokens = stage.tokens(client)
    written: list[str] = []
    with stage.app.app_context():
        engine = db.engine

    def note(*args: object) -> None:
        if not str(args[2]).startswith(("SELECT", "BEGIN DEFERRED")):
            written.append(str(args[2]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        for kind in ("access_token", "refresh_token"):
            assert client.introspect(tokens[kind]).json["active"]
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert written == []


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
@pytest.mark.parametrize("method", ["client_secret_basic", "none"])
def test_giving_a_token_back_ends_what_came_from_the_same_sign_in(stage: Stage, kind: str, method: str) -> None:
    """RFC 7009, 2.1."""
    client = stage.client(token_endpoint_auth_method=method)
    tokens, others = stage.tokens(client), stage.tokens(client)
    assert client.revoke(tokens[kind]).status_code == 200
    assert client.userinfo(tokens["access_token"]).status_code == 401
    assert client.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert client.revoke(tokens[kind]).status_code == 200, "a second time is no error (2.2)"
    assert client.userinfo(others["access_token"]).status_code == 200, "another sign-in is not touched"


def test_a_token_of_another_client_is_not_taken_back(stage: Stage) -> None:
    """RFC 7009, 2.1."""
    owner, thief = stage.client(), stage.client()
    tokens = stage.tokens(owner)
    for kind in ("access_token", "refresh_token"):
        assert thief.revoke(tokens[kind]).json["error"] == "invalid_grant"
    assert thief.revoke("nonsense").status_code == 200
    assert owner.userinfo(tokens["access_token"]).status_code == 200
    assert owner.refresh(tokens["refresh_token"]).status_code == 200

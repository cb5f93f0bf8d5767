"""A token of one kind is refused in place of another, everywhere (RFC 8725, 3.11 and 3.12): a generated matrix."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from idp.oidc import backchannel_logout, clients, tokens
from idp.oidc import userinfo as userinfo_answer
from tests.oidc.relying_party import CALLBACK, answer
from tests.protocol.stage import ASSERTION_TYPE, Client, Stage

KINDS = (
    "access",
    "refresh",
    "id",
    "code",
    "jarm",
    "introspection",
    "userinfo",
    "logout",
    "assertion",
    "request_object",
    "nonsense",
)


def collected(stage: Stage, client: Client) -> dict[str, str]:
    """One good token of each kind, all of the same client and person."""
    got = stage.tokens(client)
    jarm = answer(stage.browser.get(client.request(response_mode="jwt")))["response"]
    with stage.app.app_context():
        value = clients.find(client.client_id)
        assert value
        claims = {"iss": "http://localhost:8000", "aud": client.client_id, "sub": stage.uid, "sid": "s", "exp": 2**40}
        logout = tokens.sign(claims, "ES256", backchannel_logout.TYPE)
        told = tokens.sign(claims, "ES256", userinfo_answer.JWT_TYPE)
        introspection = tokens.sign(claims, "ES256", "token-introspection+jwt")
    client.request()
    sent = {**client.sent, "sub": None}
    return {
        "access": got["access_token"], "refresh": got["refresh_token"], "id": got["id_token"], "jarm": jarm,
        "code": stage.code(client), "logout": logout, "introspection": introspection, "userinfo": told,
        "assertion": client.assertion(), "request_object": client.assertion(**sent), "nonsense": "x.y.z",
    }  # fmt: skip


def userinfo(stage: Stage, client: Client, token: str) -> TestResponse:
    return client.userinfo(token)


def refresh(stage: Stage, client: Client, token: str) -> TestResponse:
    return client.refresh(token)


def redeem(stage: Stage, client: Client, token: str) -> TestResponse:
    return client.redeem(token)


def authenticate(stage: Stage, client: Client, token: str) -> TestResponse:
    form = {"client_assertion": token, "client_assertion_type": ASSERTION_TYPE, "token": "x"}
    return stage.app.test_client().post("/oauth2/revoke", data=form)


def ask(stage: Stage, client: Client, token: str) -> TestResponse:
    query = {"client_id": client.client_id, "redirect_uri": CALLBACK, "request": token}
    return stage.browser.get("/oauth2/authorize", query_string=query)


def leave(stage: Stage, client: Client, token: str) -> TestResponse:
    return stage.app.test_client().get("/oauth2/logout", query_string={"id_token_hint": token})


Use = Callable[[Stage, Client, str], TestResponse]
PLACES: dict[str, tuple[Use, str]] = {
    "UserInfo": (userinfo, "access"),
    "refresh token": (refresh, "refresh"),
    "code": (redeem, "code"),
    "client assertion": (authenticate, "assertion"),
    "request object": (ask, "request_object"),
    "ID token hint": (leave, "id"),
}


def taken(response: TestResponse) -> bool:
    if response.status_code >= 400:
        return False
    return "error=" not in response.headers.get("Location", "")


@pytest.mark.parametrize("place", PLACES)
def test_each_place_takes_its_own_kind_and_no_other(stage: Stage, place: str) -> None:
    use, own = PLACES[place]
    client = stage.client(token_endpoint_auth_method="private_key_jwt")
    offered = collected(stage, client)
    wrong = [kind for kind in KINDS if kind != own and taken(use(stage, client, offered[kind]))]
    assert wrong == []
    assert taken(use(stage, client, collected(stage, client)[own]))


def test_introspection_knows_access_and_refresh_tokens_only(stage: Stage) -> None:
    client = stage.client(token_endpoint_auth_method="private_key_jwt")
    offered = collected(stage, client)
    told: dict[str, Any] = {kind: orjson.loads(client.introspect(offered[kind]).data)["active"] for kind in KINDS}
    assert [kind for kind, active in told.items() if active] == ["access", "refresh"]

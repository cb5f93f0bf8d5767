"""A token of one kind is refused in place of another, everywhere (RFC 8725, 3.11 and 3.12): a generated matrix."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from idp.oidc import backchannel_logout, clients, tokens
from idp.oidc import userinfo as userinfo_answer
from tests.oidc.relying_party import CALLBACK, answer
from tests.protocol.registrations import WANTED, invited, made
from tests.protocol.registrations import sends as registers
from tests.protocol.stage import ASSERTION_TYPE, OFFLINE, Client, Stage
from tests.protocol.test_client_credentials import asks as asks_for_itself
from tests.protocol.test_device_authorization import GRANT, PAGE, begins, connected, polls, sends
from tests.protocol.test_dpop import TOKEN, posts, proof

API = "https://registry.example/api"
KINDS = (
    "access",
    "access_elsewhere",
    "access_of_program",
    "refresh",
    "id",
    "code",
    "jarm",
    "introspection",
    "userinfo",
    "logout",
    "assertion",
    "request_object",
    "device_code",
    "user_code",
    "pushed_request",
    "proof",
    "invitation",
    "registration",
    "nonsense",
)


def versatile(stage: Stage) -> Client:
    """A client that may have everything."""
    further = {"grant_types": ["authorization_code", "client_credentials", GRANT], "resources": [API]}
    scope = f"{OFFLINE} registry.read"
    return stage.client(token_endpoint_auth_method="private_key_jwt", scope=scope, further=further)


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
    pushed = client.posts("/oauth2/par", **client.sent).json["request_uri"]
    client.request()
    elsewhere = client.redeem(stage.code(client, resource=API)).json["access_token"]
    return {
        "access_elsewhere": elsewhere, "access_of_program": asks_for_itself(client).json["access_token"],
        "device_code": connected(stage, client)["device_code"], "user_code": begins(client)["user_code"],
        "pushed_request": pushed, "proof": proof("POST", TOKEN), "invitation": invited(stage),
        "registration": made(stage)["registration_access_token"],
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


def poll(stage: Stage, client: Client, token: str) -> TestResponse:
    return polls(client, {"device_code": token})


def type_in(stage: Stage, client: Client, token: str) -> TestResponse:
    return sends(stage.browser, stage.browser.get(PAGE), PAGE, user_code=token)


def bring(stage: Stage, client: Client, token: str) -> TestResponse:
    query = {"client_id": client.client_id, "redirect_uri": CALLBACK, "request_uri": token}
    return stage.browser.get("/oauth2/authorize", query_string=query)


def prove(stage: Stage, client: Client, token: str) -> TestResponse:
    return posts(client, "/oauth2/token", token, grant_type="client_credentials")


def register(stage: Stage, client: Client, token: str) -> TestResponse:
    return registers(stage, token, WANTED)


def manage(stage: Stage, client: Client, token: str) -> TestResponse:
    """Of whichever client it is."""
    with stage.app.app_context():
        known = [one.client_id for one in clients.registered()]
    answers = [registers(stage, token, None, f"/oauth2/register/{one}", "GET") for one in known]
    return min(answers, key=lambda one: one.status_code)


Use = Callable[[Stage, Client, str], TestResponse]
PLACES: dict[str, tuple[Use, str]] = {
    "UserInfo": (userinfo, "access"),
    "refresh token": (refresh, "refresh"),
    "code": (redeem, "code"),
    "client assertion": (authenticate, "assertion"),
    "request object": (ask, "request_object"),
    "ID token hint": (leave, "id"),
    "device code": (poll, "device_code"),
    "code of a device": (type_in, "user_code"),
    "pushed request": (bring, "pushed_request"),
    "DPoP proof": (prove, "proof"),
    "registration": (register, "invitation"),
    "management of a registration": (manage, "registration"),
}


def taken(response: TestResponse) -> bool:
    if response.status_code >= 400:
        return False
    return "error=" not in response.headers.get("Location", "")


@pytest.mark.parametrize("place", PLACES)
def test_each_place_takes_its_own_kind_and_no_other(stage: Stage, place: str) -> None:
    use, own = PLACES[place]
    client = versatile(stage)
    offered = collected(stage, client)
    wrong = [kind for kind in KINDS if kind != own and taken(use(stage, client, offered[kind]))]
    assert wrong == []
    assert taken(use(stage, client, collected(stage, client)[own]))


def test_introspection_knows_access_and_refresh_tokens_only(stage: Stage) -> None:
    client = versatile(stage)
    offered = collected(stage, client)
    told: dict[str, Any] = {kind: orjson.loads(client.introspect(offered[kind]).data)["active"] for kind in KINDS}
    assert [kind for kind, active in told.items() if active] == [*KINDS[:3], "refresh"]

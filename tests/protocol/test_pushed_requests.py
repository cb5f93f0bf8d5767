"""Authorization requests that are sent ahead (RFC 9126; FAPI 2.0 Security Profile, 5.3.2.2)."""

from datetime import timedelta

import pytest
import time_machine
from werkzeug.test import TestResponse

from idp.core import clock
from tests.oidc.relying_party import answer
from tests.protocol.stage import Client, Stage


def pushes(client: Client, **changes: str | None) -> TestResponse:
    client.request(**changes)
    return client.posts("/oauth2/par", **client.sent)


def opens(stage: Stage, client: Client, request_uri: str, **more: str) -> TestResponse:
    query = {"client_id": client.client_id, "request_uri": request_uri, **more}
    return stage.browser.get("/oauth2/authorize", query_string=query)


@pytest.mark.parametrize("method", ["client_secret_basic", "private_key_jwt", "none"])
def test_a_pushed_request_leads_to_tokens(stage: Stage, method: str) -> None:
    """RFC 9126, 2.2: 201, a request_uri, and how long it waits."""
    client = stage.client(token_endpoint_auth_method=method)
    pushed = pushes(client)
    assert pushed.status_code == 201 and 5 <= pushed.json["expires_in"] <= 600
    assert pushed.headers["Cache-Control"] == "no-store"
    assert len(pushed.json["request_uri"]) > 60
    got = answer(opens(stage, client, pushed.json["request_uri"]))
    assert got["state"] == client.sent["state"]
    assert client.redeem(got["code"]).status_code == 200


def test_what_stands_outside_does_not_count(stage: Stage) -> None:
    """FAPI 2.0 conformance: different state and nonce inside and outside."""
    client = stage.client()
    uri = pushes(client, scope="openid").json["request_uri"]
    got = answer(opens(stage, client, uri, state="outside", nonce="outside", scope="openid email", prompt="login"))
    assert got["state"] == client.sent["state"]
    tokens = client.redeem(got["code"]).json
    assert tokens["scope"] == "openid" and client.verified(tokens["id_token"])["nonce"] == client.sent["nonce"]


def test_it_can_be_opened_again_until_it_is_answered_and_not_after(stage: Stage) -> None:
    """RFC 9126, 4; FAPI 2.0 conformance: reused prior to completion succeeds, reused afterwards fails."""
    client = stage.client()
    uri = pushes(client).json["request_uri"]
    elsewhere = stage.app.test_client()
    for _ in range(2):
        page = elsewhere.get("/oauth2/authorize", query_string={"client_id": client.client_id, "request_uri": uri})
        assert page.headers["Location"].startswith("/login")
    assert "code" in answer(opens(stage, client, uri))
    again = opens(stage, client, uri)
    assert again.status_code == 410 and "Location" not in again.headers


def test_it_belongs_to_its_client_and_to_its_time(stage: Stage) -> None:
    """RFC 9126, 7.1 and 2.2."""
    client, other = stage.client(), stage.client()
    uri = pushes(client).json["request_uri"]
    refused = opens(stage, other, uri)
    assert refused.status_code == 410 and "Location" not in refused.headers
    assert opens(stage, client, uri + "x").status_code == 410
    with time_machine.travel(clock.now() + timedelta(seconds=91)):
        assert opens(stage, client, uri).status_code == 410


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        # RFC 9126, 2.1: a request_uri may not be pushed; RFC 9126, 2.3: the errors of the authorization endpoint
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"redirect_uri": "https://rp.example/other"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"claims": "{"}, "invalid_request"),
    ],
)
def test_a_wrong_request_is_refused_when_it_is_pushed(stage: Stage, changes: dict[str, str | None], error: str) -> None:
    refused = pushes(stage.client(), **changes)
    assert (refused.status_code, refused.json["error"]) == (400, error)


def test_only_the_client_itself_pushes(stage: Stage) -> None:
    """RFC 9126, 2.1."""
    client = stage.client()
    client.request()
    refused = stage.app.test_client().post("/oauth2/par", data=client.sent)
    assert (refused.status_code, refused.json["error"]) == (401, "invalid_client")
    assert stage.app.test_client().get("/oauth2/par").status_code == 405


@pytest.mark.parametrize("further", [{"profile": "fapi2"}, {"require_pushed_authorization_requests": True}])
def test_who_has_to_push_gets_nothing_otherwise(stage: Stage, further: dict[str, object]) -> None:
    """FAPI 2.0 Security Profile, 5.3.2.2-1."""
    client = stage.client(token_endpoint_auth_method="private_key_jwt", further=further)
    assert answer(stage.browser.get(client.request()))["error"] == "invalid_request"
    assert "code" in answer(opens(stage, client, pushes(client).json["request_uri"]))

"""Signed authorization requests, by value and by reference (RFC 9101; OpenID Connect Core, 6)."""

import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from tests.oidc.relying_party import CALLBACK, ISSUER, answer
from tests.protocol.sites import Site
from tests.protocol.stage import KEYS, OTHER_KEY, Client, Stage

NOW = int(time.time())


def signed(client: Client, *, key: Any = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A request object for the client's next request; None takes a claim away."""
    client.request()
    now = int(time.time())
    claims = {"iss": client.client_id, "aud": ISSUER, "exp": now + 300, "nbf": now, **client.sent, **changes}
    head = {"alg": client.algorithm, "kid": "ec", "typ": "oauth-authz-req+jwt", **(header or {})}
    head = {name: value for name, value in head.items() if value is not None}
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(head, kept, key or client.key, algorithms=[head["alg"]], default_type=None)


def keyed(stage: Stage, **further: Any) -> Client:
    return stage.client(token_endpoint_auth_method="private_key_jwt", further=further)


def asks(stage: Stage, client: Client, request: str, **more: str) -> Any:
    query = {"client_id": client.client_id, "redirect_uri": CALLBACK, "request": request, **more}
    return stage.browser.get("/oauth2/authorize", query_string=query)


def test_a_signed_request_leads_to_a_code_and_only_what_is_inside_counts(stage: Stage) -> None:
    """RFC 9101, 6.3."""
    client = keyed(stage)
    request = signed(client, scope="openid email")
    got = answer(asks(stage, client, request, scope="openid profile", state="outside", nonce="outside"))
    assert got["state"] == client.sent["state"]
    tokens = client.redeem(got["code"]).json
    assert tokens["scope"] == "openid email"
    assert client.verified(tokens["id_token"])["nonce"] == client.sent["nonce"]


def test_numbers_and_objects_keep_their_meaning(stage: Stage) -> None:
    client = keyed(stage)
    wanted = {"userinfo": {"email": None}}
    got = answer(asks(stage, client, signed(client, scope="openid", max_age=600, claims=wanted)))
    assert "email" in client.userinfo(client.redeem(got["code"]).json["access_token"]).json


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("RFC 9101, 4: client_id", {"client_id": "somebody"}, "invalid_request_object"),
    ("RFC 9101, 4: client_id", {"client_id": None}, "invalid_request_object"),
    ("RFC 9101, 4: issuer", {"iss": "somebody"}, "invalid_request_object"),
    ("RFC 9101, 4: audience", {"aud": "https://elsewhere.example"}, "invalid_request_object"),
    ("RFC 9101, 4: expired", {"exp": NOW - 60}, "invalid_request_object"),
    ("FAPI 2.0 Message Signing, 5.3.1: an hour at most", {"exp": NOW + 90000}, "invalid_request_object"),
    ("FAPI 2.0 Message Signing, 5.3.1: an hour at most", {"nbf": NOW - 90000}, "invalid_request_object"),
    ("RFC 7519, 4.1.5", {"nbf": NOW + 3600}, "invalid_request_object"),
    ("RFC 9101, 4: no object in an object", {"request": "x"}, "invalid_request_object"),
    ("RFC 9101, 4: no object in an object", {"request_uri": "https://rp.example/x"}, "invalid_request_object"),
    ("a list is no parameter", {"scope": ["openid"]}, "invalid_request_object"),
    ("text that is none", {"state": "a\x00b"}, "invalid_request_object"),
    ("what is wrong inside", {"response_type": "token"}, "unsupported_response_type"),
    ("what is wrong inside", {"code_challenge": None}, "invalid_request"),
]


@pytest.mark.parametrize(("source", "claims", "error"), WRONG)
def test_an_object_that_says_something_wrong_is_refused(
    stage: Stage, source: str, claims: dict[str, Any], error: str
) -> None:
    client = keyed(stage)
    assert answer(asks(stage, client, signed(client, **claims)))["error"] == error


@pytest.mark.parametrize("missing", ["exp", "nbf", "aud", "iss"])
def test_a_fapi_client_has_to_say_it_all(stage: Stage, missing: str) -> None:
    """FAPI 2.0 Message Signing, 5.3.1."""
    client = keyed(stage, profile="fapi2")
    refused = client.posts("/oauth2/par", request=signed(client, **{missing: None}))
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_request_object")
    assert client.posts("/oauth2/par", request=signed(client, aud=[ISSUER, "https://x.example"])).status_code == 201


@pytest.mark.parametrize(("seconds", "status"), [(8, 201), (60, 400)])
def test_clocks_may_differ_a_little(stage: Stage, seconds: int, status: int) -> None:
    client = keyed(stage, profile="fapi2")
    assert client.posts("/oauth2/par", request=signed(client, nbf=int(time.time()) + seconds)).status_code == status


@pytest.mark.parametrize("kind", ["OautH-auThZ-REQ+jWt", "application/oauth-authz-req+jwt", "jwt"])
def test_the_type_is_a_media_type_however_it_is_written(stage: Stage, kind: str) -> None:
    """RFC 7515, 4.1.9; RFC 2045, 5.1."""
    client = keyed(stage, profile="fapi2")
    assert client.posts("/oauth2/par", request=signed(client, header={"typ": kind})).status_code == 201


def test_a_foreign_weak_or_missing_signature_is_refused(stage: Stage) -> None:
    client, fapi = keyed(stage), keyed(stage, profile="fapi2")
    shared = OctKey.import_key("x" * 40)
    wrong = [
        signed(client, key=OTHER_KEY),
        signed(client, key=shared, header={"alg": "HS256"}),
        signed(client, header={"typ": "at+jwt"}),
        signed(client, header={"typ": "text/oauth-authz-req+jwt"}),
        client.assertion(client_id=client.client_id),
        "x", "a.b.c",
    ]  # fmt: skip
    for request in wrong:
        assert answer(asks(stage, client, request))["error"] == "invalid_request_object"
    fapi.algorithm = "RS256"
    refused = signed(fapi, key=KEYS["RS256"], header={"alg": "RS256", "kid": "rsa"})
    fapi.algorithm = "ES256"
    assert fapi.posts("/oauth2/par", request=refused).json["error"] == "invalid_request_object"
    unsigned = "eyJhbGciOiJub25lIn0.e30."
    assert answer(asks(stage, client, unsigned))["error"] == "request_not_supported", "and not silently ignored"
    assert fapi.posts("/oauth2/par", request=unsigned).json["error"] == "invalid_request_object"


def test_without_a_right_address_outside_an_unreadable_object_redirects_nowhere(stage: Stage) -> None:
    """RFC 9700, 4.11."""
    client = keyed(stage)
    page = asks(stage, client, "x", redirect_uri="https://evil.example/")
    assert page.status_code == 400 and "Location" not in page.headers
    inside = asks(stage, client, signed(client, redirect_uri="https://evil.example/"))
    assert inside.status_code == 400 and "Location" not in inside.headers


def test_two_objects_at_once_are_refused(stage: Stage) -> None:
    """RFC 9101, 5."""
    client = keyed(stage)
    query = {"request_uri": "https://rp.example/x"}
    assert answer(asks(stage, client, signed(client), **query))["error"] == "invalid_request"


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_an_object_is_fetched_from_a_registered_address_only(stage: Stage, site: Site, algorithm: str) -> None:
    """RFC 9101, 5.2 and 10.4.1."""
    client = keyed(stage, request_uris=[f"{site.address}/object"])
    client.key, client.algorithm = KEYS[algorithm], algorithm
    site.body = signed(client, header={"kid": client.key.kid}).encode()
    query = {"client_id": client.client_id, "redirect_uri": CALLBACK}
    fetched = {**query, "request_uri": f"{site.address}/object#part"}
    assert "code" in answer(stage.browser.get("/oauth2/authorize", query_string=fetched))
    for other in (f"{site.address}/other", "https://rp.example/x", "file:///etc/passwd"):
        refused = stage.browser.get("/oauth2/authorize", query_string={**query, "request_uri": other})
        assert answer(refused)["error"] == "invalid_request_uri"
    assert site.visits == 1
    site.body = b"\xff"
    assert answer(stage.browser.get("/oauth2/authorize", query_string=fetched))["error"] == "invalid_request_uri"


def test_a_client_can_be_held_to_signed_requests(stage: Stage) -> None:
    """RFC 9101, 10.5."""
    client = keyed(stage, require_signed_request_object=True, require_pushed_authorization_requests=True)
    client.request()
    assert client.posts("/oauth2/par", **client.sent).json["error"] == "invalid_request"
    assert client.posts("/oauth2/par", request=signed(client)).status_code == 201

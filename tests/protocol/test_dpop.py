"""Tokens that count only with the key they were given for (RFC 9449; FAPI 2.0 Security Profile, 5.3)."""

import base64
import hashlib
import secrets
import threading
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from werkzeug.test import TestResponse

from tests.oidc.relying_party import ISSUER, answer
from tests.protocol.stage import KEYS, OTHER_KEY, Client, Stage

TOKEN, PAR, USERINFO = (f"{ISSUER}/oauth2/{name}" for name in ("token", "par", "userinfo"))
EC = KEYS["ES256"]


def proof(
    method: str, address: str, *, key: Any = EC, token: str = "", header: dict[str, Any] | None = None, **changes: Any
) -> str:
    """A proof; None takes a claim or a header away."""
    claims = {"jti": secrets.token_urlsafe(8), "htm": method, "htu": address, "iat": int(time.time())}
    if token:
        claims["ath"] = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
    head = {"alg": "ES256", "typ": "dpop+jwt", "jwk": key.as_dict(private=False), **(header or {})}
    kept = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    shown = {name: value for name, value in head.items() if value is not None}
    return jwt.encode(shown, kept, key, algorithms=[head["alg"]], default_type=None)


def posts(client: Client, path: str, given: str | None, **fields: str) -> TestResponse:
    shown = client.proof()
    headers = {**shown["headers"], **({"DPoP": given} if given else {})}
    return client.app.test_client().post(path, data={**shown["data"], **fields}, headers=headers)


def redeems(client: Client, code: str, given: str | None) -> TestResponse:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri}
    return posts(client, "/oauth2/token", given, **form, code_verifier=client.verifier)


def refreshes(client: Client, token: str, given: str | None) -> TestResponse:
    return posts(client, "/oauth2/token", given, grant_type="refresh_token", refresh_token=token)


def asks(stage: Stage, token: str, given: str | None, scheme: str = "DPoP") -> TestResponse:
    headers = {"Authorization": f"{scheme} {token}", **({"DPoP": given} if given else {})}
    return stage.app.test_client().get("/oauth2/userinfo", headers=headers)


def bound(stage: Stage, client: Client) -> dict[str, Any]:
    got = redeems(client, stage.code(client), proof("POST", TOKEN))
    assert got.status_code == 200, got.json
    return got.json


def test_a_bound_token_counts_with_its_key(stage: Stage) -> None:
    """RFC 9449, 5 and 7.1; RFC 7662 with 6.2."""
    client = stage.client()
    tokens = bound(stage, client)
    assert tokens["token_type"] == "DPoP"
    token = tokens["access_token"]
    assert asks(stage, token, proof("GET", USERINFO, token=token)).json["sub"] == stage.uid
    assert asks(stage, token, proof("GET", USERINFO, token=token), "dpop").status_code == 200, "RFC 9110, 11.1"
    for kind in ("DPoP+JWT", "application/dpop+jwt"):
        typed = proof("GET", USERINFO, token=token, header={"typ": kind})
        assert asks(stage, token, typed).status_code == 200, "RFC 7515, 4.1.9"
    told = client.introspect(token).json
    assert told["token_type"] == "DPoP" and told["cnf"] == {"jkt": EC.thumbprint()}


def test_a_bound_token_is_no_bearer_token_and_a_bearer_token_is_not_bound(stage: Stage) -> None:
    """RFC 9449, 7.2: no downgrade."""
    client = stage.client()
    token, plain = bound(stage, client)["access_token"], stage.tokens(client)["access_token"]
    assert asks(stage, token, None, "Bearer").status_code == 401
    assert asks(stage, token, proof("GET", USERINFO, token=token), "Bearer").status_code == 401
    assert stage.app.test_client().post("/oauth2/userinfo", data={"access_token": token}).status_code == 401
    assert asks(stage, plain, proof("GET", USERINFO, token=plain)).status_code == 401
    refused = asks(stage, token, None)
    assert refused.status_code == 401 and refused.headers["WWW-Authenticate"].startswith("DPoP")
    assert "ES256" in refused.headers["WWW-Authenticate"]


NOW = int(time.time())
HS = OctKey.import_key("x" * 40)
WRONG: list[dict[str, Any]] = [
    # RFC 9449, 4.2 and 4.3
    {"header": {"typ": None}}, {"header": {"typ": "JWT"}}, {"header": {"jwk": None}},
    {"header": {"jwk": EC.as_dict(private=True)}}, {"header": {"jwk": OTHER_KEY.as_dict(private=False)}},
    {"header": {"jwk": {"kty": "EC"}}}, {"header": {"jwk": {"kty": ["EC"]}}},
    {"key": HS, "header": {"alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}},
    {"key": KEYS["RS256"], "header": {"alg": "RS256"}},
    {"jti": None}, {"jti": 5}, {"jti": "x" * 201}, {"htm": None}, {"htm": "PUT"}, {"htu": None}, {"htu": TOKEN},
    {"htu": "https://elsewhere.example/oauth2/userinfo"}, {"htu": "http://[bad"}, {"htu": f"{USERINFO}/x"},
    {"iat": None}, {"iat": NOW - 3600}, {"iat": NOW + 3600}, {"iat": "now"}, {"iat": True},
    {"iat": 10**400}, {"exp": 10**400, "iat": None},
    {"exp": NOW - 3600}, {"nbf": NOW + 3600}, {"ath": None}, {"ath": "x"},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
def test_a_proof_that_says_something_wrong_is_refused(stage: Stage, wrong: dict[str, Any]) -> None:
    client = stage.client()
    token = bound(stage, client)["access_token"]
    refused = asks(stage, token, proof("GET", USERINFO, **{"token": token, **wrong}))
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("DPoP") and "error=" in refused.headers["WWW-Authenticate"]


def test_what_does_not_matter_in_a_proof(stage: Stage) -> None:
    """RFC 9449, 4.3: query, fragment, case of scheme and host, further claims, clocks that differ a little."""
    token = bound(stage, stage.client())["access_token"]
    now = int(time.time())
    for fine in (
        {"htu": f"{USERINFO}?x=1#y"}, {"htu": USERINFO.replace("http://localhost", "HTTP://LOCALHOST")},
        {"extra": 1}, {"iat": now - 10}, {"iat": now + 8}, {"exp": now + 60, "nbf": now},
    ):  # fmt: skip
        assert asks(stage, token, proof("GET", USERINFO, token=token, **fine)).status_code == 200, fine


@pytest.mark.parametrize("algorithm", ["PS256", "EdDSA"])
def test_other_kinds_of_keys_prove_too(stage: Stage, algorithm: str) -> None:
    client = stage.client()
    given = proof("POST", TOKEN, key=KEYS[algorithm], header={"alg": algorithm})
    assert redeems(client, stage.code(client), given).json["token_type"] == "DPoP"


def test_garbage_and_two_proofs_are_refused(stage: Stage) -> None:
    """RFC 9449, 4.3: not more than one header."""
    client = stage.client()
    token = bound(stage, client)["access_token"]
    one, other = (proof("GET", USERINFO, token=token) for _ in range(2))
    for given in ("x", "a.b.c", f"{one}, {other}", one[:-4] + "AAAA"):
        assert asks(stage, token, given).status_code == 401
    refused = redeems(client, stage.code(client), "x")
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_dpop_proof")


def test_a_proof_counts_once_even_under_races(each_stage: Stage) -> None:
    """RFC 9449, 11.1."""
    token = bound(each_stage, each_stage.client())["access_token"]
    given = proof("GET", USERINFO, token=token)
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(asks(each_stage, token, given).status_code)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(statuses) == [200] + [401] * 5


@pytest.mark.parametrize("other", [OTHER_KEY, None])
def test_a_code_can_be_bound_to_a_key(stage: Stage, other: Any) -> None:
    """RFC 9449, 10: by dpop_jkt."""
    client = stage.client()
    code = stage.code(client, dpop_jkt=EC.thumbprint())
    wrong = redeems(client, code, proof("POST", TOKEN, key=other) if other else None)
    assert wrong.json["error"] == "invalid_grant"
    code = stage.code(client, dpop_jkt=EC.thumbprint())
    assert redeems(client, code, proof("POST", TOKEN)).status_code == 200


def test_a_proof_with_a_pushed_request_binds_the_code(stage: Stage) -> None:
    """RFC 9449, 10.1."""
    client = stage.client()

    def code(**more: str) -> str:
        client.request(**more)
        pushed = posts(client, "/oauth2/par", proof("POST", PAR), **client.sent)
        assert pushed.status_code == 201, pushed.json
        query = {"client_id": client.client_id, "request_uri": pushed.json["request_uri"]}
        return answer(stage.browser.get("/oauth2/authorize", query_string=query))["code"]

    assert redeems(client, code(), proof("POST", TOKEN, key=OTHER_KEY)).json["error"] == "invalid_grant"
    assert redeems(client, code(dpop_jkt=EC.thumbprint()), proof("POST", TOKEN)).status_code == 200
    client.request(dpop_jkt=OTHER_KEY.thumbprint())
    mismatch = posts(client, "/oauth2/par", proof("POST", PAR), **client.sent)
    assert (mismatch.status_code, mismatch.json["error"]) == (400, "invalid_dpop_proof")


def test_a_thumbprint_that_is_none_is_refused(stage: Stage) -> None:
    got = answer(stage.browser.get(stage.client().request(dpop_jkt="x")))
    assert got["error"] == "invalid_request"


def test_a_public_client_refreshes_with_its_key_only(stage: Stage) -> None:
    """RFC 9449, 5."""
    client = stage.client(token_endpoint_auth_method="none")
    token = bound(stage, client)["refresh_token"]
    for wrong in (None, proof("POST", TOKEN, key=OTHER_KEY)):
        assert refreshes(client, token, wrong).json["error"] == "invalid_grant"
    assert refreshes(client, token, proof("POST", TOKEN)).json["token_type"] == "DPoP"


@pytest.mark.parametrize(
    ("further", "error"),
    [({"profile": "fapi2"}, "invalid_request"), ({"dpop_bound_access_tokens": True}, "invalid_dpop_proof")],
)
def test_a_client_that_has_to_bind_its_tokens_gets_no_others(stage: Stage, further: dict[str, Any], error: str) -> None:
    """RFC 9449, 5.2; FAPI 2.0 conformance: a confidential client may refresh with a new key."""
    client = stage.client(token_endpoint_auth_method="private_key_jwt", further=further)
    client.request(scope="openid offline_access")
    pushed = posts(client, "/oauth2/par", None, **client.sent).json["request_uri"]
    query = {"client_id": client.client_id, "request_uri": pushed}
    code = answer(stage.browser.get("/oauth2/authorize", query_string=query))["code"]
    assert redeems(client, code, None).json["error"] == error
    tokens = redeems(client, code, proof("POST", TOKEN)).json
    assert refreshes(client, tokens["refresh_token"], None).json["error"] == error
    again = refreshes(client, tokens["refresh_token"], proof("POST", TOKEN, key=OTHER_KEY))
    assert again.status_code == 200 and again.json["refresh_token"] == tokens["refresh_token"]

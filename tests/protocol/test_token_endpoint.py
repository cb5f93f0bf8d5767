"""The token endpoint itself: what it takes, in which order it judges, and how it answers (RFC 6749, 3.2 and 5)."""

import base64
import hashlib
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from idp.core import driver
from idp.core.db import db, transaction
from idp.oidc.models import RegisteredClient
from tests.protocol.stage import OFFLINE, Client, Stage
from tests.protocol.test_device_authorization import GRANT, device

CODE, REFRESH, OWN = "authorization_code", "refresh_token", "client_credentials"
NO_CHALLENGE: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}


def sends(client: Client, **form: str | None) -> TestResponse:
    return client.posts("/oauth2/token", **form)


def told(got: TestResponse) -> tuple[int, str]:
    return got.status_code, got.json["error"]


def never_stored(got: TestResponse) -> bool:
    """RFC 6749, 5.1 and 5.2."""
    headers = got.headers
    return (headers["Content-Type"], headers["Cache-Control"], headers["Pragma"]) == (
        "application/json", "no-store", "no-cache",
    )  # fmt: skip


def test_good_answers_and_refusals_are_json_that_nobody_keeps(stage: Stage) -> None:
    client = stage.client()
    first = client.redeem(stage.code(client))
    good = (first, client.refresh(first.json["refresh_token"]))
    bad = (client.redeem("x"), client.refresh("x"), sends(client, grant_type="bork"), sends(client, grant_type=OWN))
    assert all(got.status_code == 200 and never_stored(got) for got in good)
    assert all(got.status_code == 400 and never_stored(got) for got in bad)
    client.secret = "wrong"
    unknown = client.redeem("x")
    assert unknown.status_code == 401 and never_stored(unknown)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_it_is_posted_to_and_nothing_else(stage: Stage, method: str) -> None:
    """RFC 6749, 3.2."""
    client = stage.client()
    query = {"grant_type": CODE, "code": stage.code(client)}
    got = stage.app.test_client().open("/oauth2/token", method=method, query_string=query, headers=client.credentials())
    assert got.status_code == 405 and set(got.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_what_stands_in_the_address_was_not_sent(stage: Stage) -> None:
    """RFC 6749, 3.2: nothing secret in an address, where it would be written down on the way."""
    client = stage.client()
    form = {"code": stage.code(client), "redirect_uri": client.redirect_uri, "code_verifier": client.verifier}
    browser = stage.app.test_client()

    def posts(query: dict[str, str], body: dict[str, str]) -> tuple[int, str]:
        return told(browser.post("/oauth2/token", query_string=query, data=body, headers=client.credentials()))

    assert posts({"grant_type": CODE}, form) == (400, "unsupported_grant_type")
    assert posts({"code": form["code"]}, {**form, "grant_type": CODE, "code": ""}) == (400, "invalid_grant")
    assert posts(form, {"grant_type": CODE}) == (400, "invalid_request")
    narrow = browser.post(
        "/oauth2/token",
        query_string={"scope": "openid"},
        data={**form, "grant_type": CODE},
        headers=client.credentials(),
    )
    assert narrow.status_code == 200, "the code is as good as before"
    again = {"grant_type": REFRESH, "refresh_token": narrow.json["refresh_token"]}
    wide = browser.post("/oauth2/token", query_string={"scope": "openid"}, data=again, headers=client.credentials())
    assert wide.json["scope"] == OFFLINE


@pytest.mark.parametrize("kind", ["bork", "", " authorization_code", "AUTHORIZATION_CODE", "implicit", 'é"\\', None])
def test_a_grant_that_is_not_offered_is_said_to_be_none(stage: Stage, kind: str | None) -> None:
    """RFC 6749, 5.2; who asks is judged first, and nothing is used up."""
    client = stage.client()
    code = stage.code(client)
    got = client.redeem(code, grant_type=kind)
    assert told(got) == (400, "unsupported_grant_type") and never_stored(got)
    assert client.redeem(code).status_code == 200
    client.secret = "wrong"
    assert told(client.redeem("x", grant_type=kind)) == (401, "invalid_client")


def test_each_client_has_its_own_grants(stage: Stage) -> None:
    """RFC 6749, 5.2: unauthorized_client, said before anything else is looked at."""
    usual = stage.client(scope="openid")
    for kind in (REFRESH, OWN, GRANT):
        assert told(sends(usual, grant_type=kind)) == (400, "unauthorized_client"), kind
    on_a_device = device(stage)
    for kind in (CODE, OWN):
        assert told(sends(on_a_device, grant_type=kind)) == (400, "unauthorized_client"), kind


@pytest.mark.parametrize(("kind", "name"), [(CODE, "code"), (REFRESH, "refresh_token"), (GRANT, "device_code")])
def test_what_is_missing_is_a_malformed_request_and_what_is_wrong_is_no_grant(
    stage: Stage, kind: str, name: str
) -> None:
    """RFC 6749, 4.1.3, 5.2 and 6; RFC 8628, 3.4."""
    client = stage.client(further={"grant_types": [CODE, GRANT]})
    missing = sends(client, grant_type=kind)
    assert told(missing) == (400, "invalid_request") and name in missing.json["error_description"]
    empty = "invalid_request" if kind == GRANT else "invalid_grant"
    assert told(sends(client, grant_type=kind, **{name: ""})) == (400, empty)
    assert told(sends(client, grant_type=kind, **{name: "ä" * 5000})) == (400, "invalid_grant")


def test_a_code_is_good_for_its_own_grant_alone(stage: Stage) -> None:
    """RFC 6749, 10.10: who knows a grant's number, or another code, has no code of it, and uses none up."""
    client = stage.client()
    other = stage.code(client).partition(".")[0]
    code = stage.code(client)
    number, secret = code.split(".")
    for wrong in (
        f"{other}.{secret}",
        f"{number}.{secret[:-1]}",
        f"{number}.",
        secret,
        f"{'9' * 9}.{secret}",
        f"9{code}",
    ):
        assert told(client.redeem(wrong)) == (400, "invalid_grant"), wrong
    assert client.redeem(code).status_code == 200


def test_what_is_refused_before_it_is_used_takes_no_turn_to_write(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever sends rubbish holds up everybody: SQLite has one writer."""
    client, stranger = stage.client(), stage.client()
    token = stage.tokens(client)["refresh_token"]
    code = stage.code(client)

    def nobody() -> None:
        raise AssertionError("an act has begun")

    with monkeypatch.context() as patch:
        patch.setattr(driver, "begun", nobody)
        for got in (client.redeem("1.x"), stranger.redeem(code), client.refresh("x"), stranger.refresh(token)):
            assert told(got) == (400, "invalid_grant")
        assert told(client.refresh(token, scope="openid bork")) == (400, "invalid_scope")
    assert client.redeem(code).status_code == client.refresh(token).status_code == 200


@pytest.mark.parametrize("method", ["client_secret_basic", "none"])
def test_a_code_takes_one_turn_to_write(stage: Stage, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    client = stage.client(token_endpoint_auth_method=method)
    code, begun, turns = stage.code(client), driver.begun, []

    def counted() -> Any:
        turns.append(1)
        return begun()

    monkeypatch.setattr(driver, "begun", counted)
    assert client.redeem(code).status_code == 200
    assert len(turns) == 1


WRONG: list[tuple[dict[str, str | None], str]] = [
    # RFC 6749, 4.1.3: identical, not alike
    ({"redirect_uri": "https://rp.example/callback/"}, "invalid_grant"),
    ({"redirect_uri": "HTTPS://rp.example/callback"}, "invalid_grant"),
    ({"redirect_uri": ""}, "invalid_grant"),
    # RFC 7636, 4.1: 43 to 128 unreserved characters
    ({"code_verifier": "x" * 42}, "invalid_request"),
    ({"code_verifier": "x" * 129}, "invalid_request"),
    ({"code_verifier": "x" * 42 + " "}, "invalid_request"),
    ({"code_verifier": "ä" * 43}, "invalid_request"),
    # RFC 7636, 4.6
    ({"code_verifier": "x" * 128}, "invalid_grant"),
    ({"code_verifier": ""}, "invalid_grant"),
    ({"code_verifier": None}, "invalid_grant"),
    # RFC 8707, 2.2
    ({"resource": "https://elsewhere.example/"}, "invalid_target"),
]  # fmt: skip


@pytest.mark.parametrize("method", ["client_secret_basic", "none"])
@pytest.mark.parametrize(("changes", "error"), WRONG)
def test_a_code_that_was_shown_in_a_wrong_request_is_used(
    stage: Stage, method: str, changes: dict[str, str | None], error: str
) -> None:
    """RFC 6749, 10.5: whoever sent it may have stolen it; the second time is a replay (4.1.2)."""
    client = stage.client(token_endpoint_auth_method=method)
    code = stage.code(client)
    assert told(client.redeem(code, **changes)) == (400, error)
    assert told(client.redeem(code)) == (400, "invalid_grant")


def test_the_verifier_itself_and_the_challenge_are_no_verifier(stage: Stage) -> None:
    """RFC 7636, 4.6: S256 and nothing else."""
    client = stage.client()
    code = stage.code(client)
    assert told(client.redeem(code, code_verifier=client.sent["code_challenge"])) == (400, "invalid_grant")


def test_a_verifier_that_nobody_asked_for_and_a_client_that_became_public(stage: Stage) -> None:
    """RFC 9700, 4.8.2: without a challenge no verifier; RFC 9700, 2.1.1: without a secret no code without one."""
    client = stage.client(further={"profile": "legacy"})
    assert told(client.redeem(stage.code(client, **NO_CHALLENGE))) == (400, "invalid_request")
    code = stage.code(client, **NO_CHALLENGE)
    with stage.app.app_context():
        becomes_public(client)
    client.method = "none"
    assert told(client.redeem(code, code_verifier=None)) == (400, "invalid_request")


@pytest.mark.parametrize(("scope", "error"), [
    ("", None), ("openid", None), ("email openid", None), (OFFLINE, None), ("openid openid", None),
    (" ", "invalid_scope"), ("offline_access", "invalid_scope"), ("openid phone", "invalid_scope"),
    ("OPENID", "invalid_scope"), ("openid,email", "invalid_scope"),
])  # fmt: skip
def test_a_refreshed_token_has_the_scope_that_was_asked_for_or_all_of_it(
    stage: Stage, scope: str, error: str | None
) -> None:
    """RFC 6749, 6 and 3.3: what is refused leaves the token good."""
    client = stage.client()
    token = stage.tokens(client)["refresh_token"]
    got = client.refresh(token, scope=scope)
    assert got.json.get("error") == error
    if error is None:
        assert got.json["scope"] == (scope or OFFLINE)
        assert claims(stage, got.json["access_token"])["scope"] == got.json["scope"]
        assert set(got.json) == {"token_type", "access_token", "expires_in", "scope", "refresh_token", "id_token"}
    else:
        assert client.refresh(token).status_code == 200


def test_a_code_has_the_scope_that_the_person_gave_whatever_is_asked_for_then(stage: Stage) -> None:
    """RFC 6749, 4.1.3 knows no scope."""
    client = stage.client()
    assert client.redeem(stage.code(client, scope="openid email"), scope=OFFLINE).json["scope"] == "openid email"


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_the_id_token_says_whose_access_token_it_comes_with(stage: Stage, algorithm: str) -> None:
    """OpenID Connect Core, 3.1.3.6, 3.1.3.7 and 12.2."""
    client = stage.client(id_token_signed_response_alg=algorithm)
    first = stage.tokens(client)
    second = client.refresh(first["refresh_token"]).json
    for tokens in (first, second):
        half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
        signed = client.verified(tokens["id_token"], algorithm)
        assert signed["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
        assert ("nonce" in signed) == (tokens is first)
        header = jwt.decode(tokens["id_token"], keys(stage), algorithms=[algorithm]).header
        assert header["typ"] == "JWT" and header["alg"] == algorithm and set(header) == {"alg", "typ", "kid"}
    assert client.verified(first["id_token"], algorithm)["nonce"] == client.sent["nonce"]
    quiet = stage.tokens(client, nonce=None)
    assert "nonce" not in client.verified(quiet["id_token"], algorithm)


def becomes_public(client: Client) -> None:
    with transaction():
        row = db.session.get_one(RegisteredClient, client.client_id)
        row.token_endpoint_auth_method, row.secret_digest = "none", None


def keys(stage: Stage) -> KeySet:
    return KeySet.import_key_set(stage.app.test_client().get("/oauth2/jwks").json)


def claims(stage: Stage, token: str) -> dict[str, Any]:
    return jwt.decode(token, keys(stage), algorithms=["ES256"]).claims

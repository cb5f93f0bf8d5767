"""The certification plans of FAPI 2.0, module by module, for each way to prove, to bind, to ask and to be answered.

The name of the suite's module stands in brackets, without `fapi2-security-profile-final-`.
"""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
import time_machine
from flask import Flask

from idp.core import clock
from idp.oidc import mutual_tls
from tests.oidc.relying_party import ISSUER
from tests.protocol.certificates import AUTHORITY, written
from tests.protocol.fapi_parties import Party, each_plan, party
from tests.protocol.stage import OTHER_KEY, Stage, staged
from tests.protocol.test_mutual_tls import fronted
from tests.signin.browser import EMAIL


@pytest.fixture
def stage(app: Flask, tmp_path: Path) -> Iterator[Stage]:
    """The server behind a proxy that hands certificates on."""
    fronted(app, client_authorities=written(tmp_path, AUTHORITY))
    yield staged(app)
    mutual_tls._authorities.cache_clear()


@each_plan
def test_discovery_names_what_the_plan_needs(stage: Stage, plan: str) -> None:
    """[discovery-end-point-verification] FAPI 2.0 Security Profile, 5.3.2.1; RFC 9126, 5; RFC 9207, 3."""
    client = party(stage, plan).client
    told = stage.app.test_client().get("/.well-known/openid-configuration").json
    assert told["issuer"] == ISSUER and told["authorization_response_iss_parameter_supported"] is True
    assert client.method in told["token_endpoint_auth_methods_supported"]
    assert told["pushed_authorization_request_endpoint"] == f"{ISSUER}/oauth2/par"
    assert "ES256" in told["dpop_signing_alg_values_supported"] and told["code_challenge_methods_supported"] == ["S256"]
    assert told["tls_client_certificate_bound_access_tokens"] is True and "jwt" in told["response_modes_supported"]
    assert {"code"} <= set(told["response_types_supported"]) and told["claims_parameter_supported"] is True


FINE: list[dict[str, str | None]] = [
    {}, {"state": None, "nonce": "n" * 64}, {"nonce": None, "state": "s" * 384},
    {"nonce": "n" * 384, "scope": "offline_access email profile openid"},
]  # fmt: skip


@each_plan
def test_the_happy_flow(stage: Stage, plan: str) -> None:
    """Core, 3.1.2.1; RFC 9110, 11.1; RFC 9101, 5: client_id and request_uri are enough at the authorization endpoint.

    [happy-flow, ensure-authorization-request-without-state-success, -without-nonce-success,
    -with-64-char-nonce-success, -with-long-nonce, -with-long-state, ensure-other-scope-order-succeeds,
    access-token-type-header-case-sensitivity, par-without-duplicate-parameters]
    """
    one = party(stage, plan)
    for changes in FINE:
        got = one.answered(one.opens(one.pushes(**changes)))
        assert got.get("state") == one.client.sent.get("state") and got["iss"] == ISSUER
        tokens = one.redeems(str(got["code"])).json
        claims = one.client.verified(tokens["id_token"])
        assert claims.get("nonce") == one.client.sent.get("nonce") and claims["aud"] == one.client.client_id
        told = one.userinfo(tokens["access_token"], tokens["token_type"].swapcase())
        assert told.status_code == 200 and told.json["sub"] == claims["sub"] == stage.uid
        assert tokens["token_type"] == ("DPoP" if one.plan.dpop else "Bearer")


@each_plan
def test_claims_can_be_asked_for_by_name(stage: Stage, plan: str) -> None:
    """[test-claims-parameter-identity-claims] Core, 5.5."""
    one = party(stage, plan)
    wanted = {where: {"email": None, "given_name": {"essential": True}} for where in ("userinfo", "id_token")}
    tokens = one.tokens(scope="openid", claims=orjson.dumps(wanted).decode())
    told, claims = one.userinfo(tokens["access_token"]).json, one.client.verified(tokens["id_token"])
    assert told["email"] == claims["email"] == EMAIL and told["given_name"] == claims["given_name"]


@each_plan
def test_what_stands_outside_does_not_count(stage: Stage, plan: str) -> None:
    """RFC 9101, 6.3; RFC 9126, 4.

    [ensure-different-nonce-inside-and-outside-request-object,
    ensure-different-state-inside-and-outside-request-object, state-only-outside-request-object-not-used]
    """
    one = party(stage, plan)
    for state in ("inside", None):
        got = one.answered(one.opens(one.pushes(state=state), state="outside", nonce="outside"))
        assert got.get("state") == state
        claims = one.client.verified(one.redeems(str(got["code"])).json["id_token"])
        assert claims["nonce"] == one.client.sent["nonce"]


@each_plan
def test_the_person_says_no(stage: Stage, plan: str) -> None:
    """[user-rejects-authentication] RFC 6749, 4.1.2.1."""
    one = party(stage, plan)
    browser = stage.app.test_client()
    page = browser.get(one.opens(one.pushes(), browser).headers["Location"])
    back = page.text.partition('id="login-cancel"')[2].partition('href="')[2].partition('"')[0]
    left = browser.get(back.replace("&amp;", "&"))
    got = one.answered(browser.get(left.headers["Location"]))
    assert got["error"] == "access_denied" and got["state"] == one.client.sent["state"]


WRONG: list[tuple[dict[str, str | None], str]] = [
    ({"redirect_uri": None}, "invalid_request"),
    ({"redirect_uri": "https://rp.example/other"}, "invalid_request"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
]


@each_plan
def test_a_wrong_request_is_refused_where_it_is_pushed(stage: Stage, plan: str) -> None:
    """RFC 9126, 2.1 and 2.3; FAPI 2.0 Security Profile, 5.3.2.2.

    [ensure-request-object-without-redirect-uri-fails, ensure-redirect-uri-in-authorization-request,
    plain-fapi-tolerate-unregistered-redirect-uri, ensure-response-type-code-idtoken-fails,
    ensure-response-type-token-fails, par-ensure-pkce-required, par-plain-pkce-rejected,
    par-authorization-request-containing-request_uri-form-param, par-attempt-invalid-http-method,
    ensure-unsigned-authorization-request-without-using-par-fails]
    """
    one = party(stage, plan)
    for changes, error in WRONG:
        refused = one.pushes(**changes)
        assert (refused.status_code, refused.json["error"]) == (400, error), changes
    doubled = one.posts("/oauth2/par", None, one.asks(), request_uri="urn:ietf:params:oauth:request_uri:x")
    assert (doubled.status_code, doubled.json["error"]) == (400, "invalid_request")
    for method in ("GET", "PUT"):
        assert stage.app.test_client().open("/oauth2/par", method=method).status_code == 405
    assert one.answered(stage.browser.get(one.client.request(response_mode=one.plan.mode)))["error"] in {
        "invalid_request", "invalid_request_object",
    }  # fmt: skip


@each_plan
def test_a_pushed_request_has_its_client_its_time_and_one_answer(stage: Stage, plan: str) -> None:
    """RFC 9126, 2.2, 4 and 7.1.

    [par-ensure-reused-request-uri-prior-to-auth-completion-succeeds, par-attempt-reuse-request_uri,
    par-attempt-to-use-expired-request_uri, par-attempt-to-use-request_uri-for-different-client]
    """
    one, other = party(stage, plan), party(stage, plan)
    pushed = one.pushes()
    assert one.opens(pushed, stage.app.test_client()).headers["Location"].startswith("/login"), "and not signed in"
    assert other.opens(pushed).status_code == 410, "somebody else's"
    assert "code" in one.answered(one.opens(pushed))
    assert one.opens(pushed).status_code == 410, "again"
    pushed = one.pushes()
    with time_machine.travel(clock.now() + timedelta(seconds=pushed.json["expires_in"] + 1)):
        assert one.opens(pushed).status_code == 410, "late"


@each_plan
def test_a_code_is_for_its_client_its_verifier_its_time_and_once(stage: Stage, plan: str) -> None:
    """RFC 6749, 4.1.2 and 5.2; RFC 7636, 4.6.

    [ensure-client-id-in-token-endpoint, ensure-authorization-code-is-bound-to-client,
    ensure-pkce-code-verifier-required, incorrect-pkce-code-verifier-rejected,
    attempt-reuse-authorization-code-after-one-second, ensure-token-endpoint-fails-with-expired-auth-code]
    """
    one, other = party(stage, plan), party(stage, plan)
    foreign = one.redeems(one.code(), client_id=other.client.client_id)
    assert foreign.json["error"] in {"invalid_client", "invalid_grant"}
    code = one.code()
    other.client.verifier = one.client.verifier
    assert other.redeems(code).json["error"] == "invalid_grant"
    for verifier in (None, "x" * 43):
        assert one.redeems(one.code(), code_verifier=verifier).json["error"] == "invalid_grant"
    code = one.code()
    assert one.redeems(code).status_code == 200
    with time_machine.travel(time.time() + 2):
        assert one.redeems(code).json["error"] == "invalid_grant"
    code = one.code()
    with time_machine.travel(time.time() + 61):
        assert one.redeems(code).json["error"] == "invalid_grant"


def refused_bare(one: Party, status: int, error: str) -> bool:
    """FAPI 2.0 Security Profile, 5.3.2.1-4: what a client may hear that shows nothing its tokens would count with."""
    if one.client.method != "private_key_jwt" and not one.plan.dpop:
        return (status, error) == (401, "invalid_client")
    return status == 400 and error in {"invalid_request", "invalid_dpop_proof"}


@each_plan
def test_no_token_without_a_binding_and_no_refresh_for_others(stage: Stage, plan: str) -> None:
    """[ensure-holder-of-key-required, refresh-token] RFC 9449, 5; RFC 8705, 3; RFC 6749, 6."""
    one, other = party(stage, plan), party(stage, plan)
    refused = one.redeems(one.code(), bare=True)
    assert refused_bare(one, refused.status_code, refused.json["error"])
    token = one.tokens()["refresh_token"]
    refused = one.refreshes(token, bare=True)
    assert refused_bare(one, refused.status_code, refused.json["error"])
    assert other.refreshes(token).json["error"] == "invalid_grant"
    for key in ({}, {"key": OTHER_KEY}):
        renewed = one.refreshes(token, **key)
        assert renewed.status_code == 200 and renewed.json["refresh_token"] == token
    assert one.userinfo(one.refreshes(token).json["access_token"]).json["sub"] == stage.uid

"""The certification plans of FAPI 2.0: client assertions, DPoP proofs and request objects, module by module.

The name of the suite's module stands in brackets, without `fapi2-security-profile-final-`.
"""

import base64
import time
from typing import Any

import orjson
import pytest

from tests.oidc.relying_party import ISSUER
from tests.protocol.fapi_parties import Party, each_plan_with_assertions, each_plan_with_proofs, party
from tests.protocol.stage import ASSERTION_TYPE, KEYS, OTHER_KEY, Stage
from tests.protocol.test_dpop import EC, PAR, TOKEN, USERINFO, proof
from tests.protocol.test_fapi_plans import stage

__all__ = ["stage"]


def pushed_with(one: Party, **claims: Any) -> int:
    """Push a request with an assertion that says something else."""
    changes = {"client_assertion": one.client.assertion(**claims), "client_assertion_type": ASSERTION_TYPE}
    return one.posts("/oauth2/par", None, one.asks(), **changes).status_code


def unsigned(text: str) -> str:
    """The same JWT with `alg` none and no signature."""
    head = base64.urlsafe_b64encode(orjson.dumps({"alg": "none", "typ": "oauth-authz-req+jwt"})).rstrip(b"=").decode()
    return f"{head}.{text.split('.')[1]}."


@each_plan_with_assertions
def test_an_assertion_names_client_server_and_time(stage: Stage, plan: str) -> None:
    """RFC 7523, 3; FAPI 2.0 Security Profile, 5.3.2.1.

    [ensure-client-assertion-with-exp-is-5-minutes-in-past-fails, ensure-client-assertion-with-wrong-aud-fails,
    ensure-client-assertion-with-no-sub-fails, ensure-signed-client-assertion-with-RS256-fails,
    ensure-client-assertion-in-token-endpoint, par-test-array-as-audience-fails,
    par-test-par-endpoint-url-as-audience-fails, par-test-token-endpoint-url-as-audience-fails,
    par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted,
    par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails]
    """
    one, now = party(stage, plan), int(time.time())
    assert pushed_with(one, nbf=now + 8, iat=now + 8) == 201
    for wrong in (
        {"exp": now - 300}, {"aud": "https://elsewhere.example/"}, {"sub": None}, {"aud": [ISSUER]}, {"aud": PAR},
        {"aud": TOKEN}, {"nbf": now + 70, "iat": now + 70},
    ):  # fmt: skip
        assert pushed_with(one, **wrong) == 401, wrong
        asserted = one.client.assertion(**wrong)
        assert one.redeems(one.code(), client_assertion=asserted).json["error"] == "invalid_client"
    code = one.code()
    for missing in ({"client_assertion": None, "client_assertion_type": None}, {"client_assertion": "x"}):
        assert one.redeems(code, **missing).json["error"] in {"invalid_client", "invalid_request"}
    one.client.key, one.client.algorithm = KEYS["RS256"], "RS256"
    assert one.redeems(code).json["error"] == "invalid_client"


@each_plan_with_proofs
def test_a_proof_may_say_its_times_and_clocks_may_differ(stage: Stage, plan: str) -> None:
    """RFC 9449, 4.3 and 11.1.

    [check-dpop-proof-nbf-exp, ensure-dpopproof-with-iat-10seconds-before-succeeds,
    ensure-dpopproof-with-iat-10seconds-after-succeeds]
    """
    one, now = party(stage, plan), int(time.time())
    for times in ({"nbf": now, "exp": now + 300}, {"iat": now - 10}, {"iat": now + 8}):
        form = {"grant_type": "authorization_code", "redirect_uri": one.client.redirect_uri, "code": one.code()}
        form["code_verifier"] = one.client.verifier
        token = one.posts("/oauth2/token", proof("POST", TOKEN, **times), form).json["access_token"]
        told = one.userinfo(token, given=proof("GET", USERINFO, token=token, **times))
        assert told.status_code == 200, times


@each_plan_with_proofs
def test_a_code_is_bound_to_the_key_that_was_named_or_proved(stage: Stage, plan: str) -> None:
    """RFC 9449, 10 and 10.1.

    [ensure-mismatched-dpop-jkt-fails, ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt,
    ensure-token-endpoint-fails-with-mismatched-dpop-jkt, ensure-dpopproof-at-par-endpoint-binding-success,
    ensure-dpop-auth-code-binding-success]
    """
    one = party(stage, plan)
    refused = one.pushes(proof("POST", PAR), dpop_jkt=OTHER_KEY.thumbprint())
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_dpop_proof")
    for named in ({"dpop_jkt": EC.thumbprint()}, {}):
        for key, right in ((OTHER_KEY, False), (EC, True)):
            got = one.redeems(one.code(None if named else proof("POST", PAR), **named), key=key)
            assert got.json.get("error") == (None if right else "invalid_grant")


def wrong_proofs(token: str) -> dict[str, str]:
    """The proofs of the suite's module that have to be refused at the resource."""
    now = int(time.time())
    claims: dict[str, dict[str, Any]] = {
        **{f"no {name}": {name: None} for name in ("jti", "htm", "htu", "iat", "ath")},
        **{f"no {name}": {"header": {name: None}} for name in ("typ", "jwk")},
        "another typ": {"header": {"typ": "JWT"}}, "another method": {"htm": "PUT"}, "another address": {"htu": TOKEN},
        "an hour early": {"iat": now + 3600}, "an hour late": {"iat": now - 3600}, "another token": {"ath": "x"},
        "the private key": {"header": {"jwk": EC.as_dict(private=True)}},
        "RS256": {"key": KEYS["RS256"], "header": {"alg": "RS256"}}, "another key": {"key": OTHER_KEY},
    }  # fmt: skip
    made = {why: proof("GET", USERINFO, **{"token": token, **changes}) for why, changes in claims.items()}
    good = proof("GET", USERINFO, token=token)
    head, body, signature = good.split(".")
    return {
        **made, "two": f"{good}, {proof('GET', USERINFO, token=token)}", "no JWT": "not.a-proof",
        "no alg": f"{base64.urlsafe_b64encode(b'{}').decode()}.{body}.{signature}",
        "none": unsigned(good), "another signature": f"{head}.{body}.{'A' * len(signature)}",
    }  # fmt: skip


@each_plan_with_proofs
def test_no_proof_that_says_something_wrong_is_taken(stage: Stage, plan: str) -> None:
    """[dpop-negative-tests] RFC 9449, 4.3, 7.1 and 11.1."""
    one = party(stage, plan)
    token = one.tokens()["access_token"]
    taken = [why for why, given in wrong_proofs(token).items() if one.userinfo(token, given=given).status_code != 401]
    assert taken == []
    assert one.userinfo(token, "DPOP").status_code == 200, "however the scheme is written"
    assert one.userinfo(token, given=proof("GET", f"{USERINFO}?a=b#c", token=token)).status_code == 200
    given = proof("GET", USERINFO, token=token)
    assert [one.userinfo(token, given=given).status_code for _ in range(2)] == [200, 401]


OBJECTS: list[tuple[dict[str, Any], bool]] = [
    ({"aud": [ISSUER, "https://other.example/"]}, True),
    ({"nbf": 8}, True),
    ({"exp": None}, False), ({"nbf": None}, False), ({"exp": -60}, False),
    ({"aud": "https://other.example/"}, False), ({"exp": 70 * 60}, False), ({"nbf": -70 * 60}, False),
    ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, False), ({"redirect_uri": None}, False),
    ({"key": OTHER_KEY}, False),
    ({"key": KEYS["RS256"], "header": {"alg": "RS256", "kid": "rsa"}}, False),
]  # fmt: skip


@pytest.mark.parametrize("plan", ["signed requests"])
def test_a_request_object_says_all_and_not_for_long(stage: Stage, plan: str) -> None:
    """FAPI 2.0 Message Signing, 5.3.1; RFC 9101, 4 and 6; RFC 9126, 2.1 and 3.

    [ensure-request-object-with-multiple-aud-succeeds,
    ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted,
    ensure-request-object-without-exp-fails, ensure-request-object-without-nbf-fails,
    ensure-expired-request-object-fails,
    ensure-request-object-with-bad-aud-fails, ensure-request-object-with-exp-over-60-fails,
    ensure-request-object-with-nbf-over-60-fails, ensure-signed-request-object-with-RS256-fails,
    ensure-request-object-signature-algorithm-is-not-none, ensure-request-object-with-invalid-signature-fails,
    ensure-matching-key-in-authorization-request, ensure-unsigned-request-at-par-endpoint-fails,
    par-authorization-request-containing-request_uri]
    """
    one = party(stage, plan)
    one.asks()
    for changes, good in OBJECTS:
        times = {name: int(time.time()) + changes[name] for name in ("exp", "nbf") if changes.get(name) is not None}
        got = one.posts("/oauth2/par", None, {"request": one.object(**{**changes, **times})})
        assert got.status_code == (201 if good else 400), changes
    head, body, signature = one.object().split(".")
    for wrong in (f"{head}.{body}.{'A' * len(signature)}", unsigned(one.object())):
        assert one.posts("/oauth2/par", None, {"request": wrong}).json["error"] == "invalid_request_object"
    assert one.posts("/oauth2/par", None, one.client.sent).json["error"] == "invalid_request"

"""How clients prove who they are: one row per "must not" (RFC 6749, 2.3; RFC 7523, 3; FAPI 2.0, 5.3)."""

import threading
import time
from datetime import timedelta
from typing import Any

import orjson
import pytest
from joserfc.jwk import OctKey

from idp.core.db import db
from idp.core.errors import Invalid
from idp.oidc import client_keys
from idp.oidc.models import RegisteredClient
from tests.oidc.relying_party import CALLBACK, ISSUER, register
from tests.protocol.sites import Site
from tests.protocol.stage import ASSERTION_TYPE, KEYS, OTHER_KEY, Client, Stage, key_set

METHODS = ("client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none")
TOKEN = f"{ISSUER}/oauth2/token"


def gives(client: Client, assertion: str, **more: str) -> Any:
    """Revoke a token that is none: 200 says that the client was believed."""
    form = {"client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE, "token": "x", **more}
    return client.app.test_client().post("/oauth2/revoke", data=form)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_leads_to_tokens(stage: Stage, method: str) -> None:
    client = stage.client(token_endpoint_auth_method=method)
    assert stage.tokens(client)["access_token"]


@pytest.mark.parametrize("registered", METHODS)
@pytest.mark.parametrize("used", METHODS)
def test_only_the_registered_method_counts(stage: Stage, registered: str, used: str) -> None:
    """OpenID Connect Core, 9."""
    client = stage.client(token_endpoint_auth_method=registered)
    secret, client.secret = client.secret, client.secret or "none"
    client.method = used
    if used == "private_key_jwt":
        client.key, client.algorithm = KEYS["ES256"], "ES256"
    if used == "client_secret_jwt":
        client.key, client.algorithm = OctKey.import_key(secret or "s" * 43, {"kid": "shared"}), "HS256"
    assert client.revoke("x").status_code == (200 if used == registered else 401)


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "EdDSA", "RS256"])
@pytest.mark.parametrize("profile", ["standard", "fapi2"])
def test_keys_sign_with_what_the_profile_allows(stage: Stage, algorithm: str, profile: str) -> None:
    """FAPI 2.0 Security Profile, 5.4.1: no RS256."""
    client = stage.client(token_endpoint_auth_method="private_key_jwt", further={"profile": profile})
    client.key, client.algorithm = KEYS[algorithm], algorithm
    refused = profile == "fapi2" and algorithm == "RS256"
    assert gives(client, client.assertion()).status_code == (401 if refused else 200)


NOW = int(time.time())
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("RFC 7523, 3: issuer", {"iss": "somebody"}),
    ("RFC 7523, 3: issuer", {"iss": None}),
    ("RFC 7523, 3: subject", {"sub": None}),
    ("RFC 7523, 3: audience", {"aud": None}),
    ("RFC 7523, 3: audience", {"aud": "https://elsewhere.example"}),
    ("RFC 7523, 3: audience", {"aud": [ISSUER, "https://elsewhere.example"]}),
    ("RFC 7523, 3: audience", {"aud": []}),
    ("RFC 7523, 3: audience", {"aud": {"iss": ISSUER}}),
    ("RFC 7523, 3: expiry", {"exp": None}),
    ("RFC 7523, 3: expiry", {"exp": NOW - 60}),
    ("RFC 7523, 3: expiry", {"exp": "soon"}),
    ("RFC 7523, 3: expiry", {"exp": True}),
    ("RFC 7523, 3: unreasonably far in the future", {"exp": NOW + 90000}),
    ("RFC 7523, 3: not before", {"nbf": NOW + 3600}),
    ("RFC 7523, 3: issued later", {"iat": NOW + 3600}),
    ("OpenID Connect Core, 9: jti", {"jti": None}),
    ("OpenID Connect Core, 9: jti", {"jti": ""}),
    ("OpenID Connect Core, 9: jti", {"jti": 7}),
    ("kept until it is over", {"jti": "x" * 201}),
]


@pytest.mark.parametrize(("source", "claims"), WRONG, ids=lambda value: value if isinstance(value, str) else None)
def test_an_assertion_that_says_something_wrong_is_refused(stage: Stage, source: str, claims: dict[str, Any]) -> None:
    client = stage.client(token_endpoint_auth_method="private_key_jwt")
    refused = gives(client, client.assertion(**claims))
    assert refused.status_code == 401 and refused.json["error"] == "invalid_client"


@pytest.mark.parametrize(("audience", "standard", "fapi"), [
    (ISSUER, 200, 200), ([ISSUER], 200, 401), (TOKEN, 200, 401), ([TOKEN], 200, 401), (f"{ISSUER}/", 401, 401),
    (f"{ISSUER}/oauth2/par", 401, 401),
])  # fmt: skip
def test_the_audience_is_the_issuer(stage: Stage, audience: Any, standard: int, fapi: int) -> None:
    """FAPI 2.0 Security Profile, 5.3.2.1-8: as a text, not in a list."""
    for profile, status in (("standard", standard), ("fapi2", fapi)):
        client = stage.client(token_endpoint_auth_method="private_key_jwt", further={"profile": profile})
        assert gives(client, client.assertion(aud=audience)).status_code == status


@pytest.mark.parametrize(("seconds", "status"), [(8, 200), (60, 401)])
def test_clocks_may_differ_a_little(stage: Stage, seconds: int, status: int) -> None:
    """FAPI 2.0 Security Profile, 5.3.2.1-13: 10 seconds pass, 60 do not."""
    client = stage.client(token_endpoint_auth_method="private_key_jwt")
    now = int(time.time())
    for claims in ({"nbf": now + seconds}, {"iat": now + seconds}, {"exp": now - seconds}):
        assert gives(client, client.assertion(**claims)).status_code == status


def test_an_assertion_counts_once_even_under_races(each_stage: Stage) -> None:
    """RFC 7523, 3."""
    client = each_stage.client(token_endpoint_auth_method="private_key_jwt")
    other = each_stage.client(token_endpoint_auth_method="private_key_jwt")
    assertion = client.assertion(jti="the-same")
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(gives(client, assertion).status_code)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(statuses) == [200] + [401] * 7
    assert gives(other, other.assertion(jti="the-same")).status_code == 200, "names of others stay free"


def test_a_foreign_or_missing_signature_is_refused(stage: Stage) -> None:
    """RFC 8725, 3.1 and 3.2."""
    client = stage.client(token_endpoint_auth_method="private_key_jwt")
    good = client.assertion()
    head, body, _ = good.split(".")
    client.key = OTHER_KEY
    wrong = [client.assertion(), f"{head}.{body}.", f"{head}.{body}", "x", "a.b.c", "ä.ö.ü", ""]
    client.key, client.algorithm = OctKey.import_key(orjson.dumps(key_set())), "HS256"
    wrong.append(client.assertion(header={"kid": "ec"}))
    for assertion in wrong:
        assert gives(client, assertion).status_code == 401
    assert gives(client, good).status_code == 200


def test_a_registered_algorithm_is_the_only_one(stage: Stage) -> None:
    """OpenID Connect Registration, 2."""
    further = {"token_endpoint_auth_signing_alg": "EdDSA"}
    client = stage.client(token_endpoint_auth_method="private_key_jwt", further=further)
    assert gives(client, client.assertion()).status_code == 401
    client.key, client.algorithm = KEYS["EdDSA"], "EdDSA"
    assert gives(client, client.assertion()).status_code == 200


def test_two_proofs_at_once_are_refused(stage: Stage) -> None:
    """RFC 6749, 2.3: not more than one method in each request."""
    basic, keyed = stage.client(), stage.client(token_endpoint_auth_method="private_key_jwt")
    browser = stage.app.test_client()
    form = {"token": "x", "client_id": basic.client_id, "client_secret": basic.secret}
    twice = browser.post("/oauth2/revoke", data=form, headers=basic.credentials())
    assert (twice.status_code, twice.json["error"]) == (400, "invalid_request")
    assert gives(keyed, keyed.assertion(), client_secret="x").json["error"] == "invalid_request"


def test_the_identifier_must_be_the_one_that_is_proved(stage: Stage) -> None:
    """FAPI 2.0 conformance, ensure-client-id-in-token-endpoint."""
    client, other = stage.client(), stage.client()
    assert client.posts("/oauth2/revoke", token="x", client_id=other.client_id).status_code == 401
    assert client.posts("/oauth2/revoke", token="x", client_id=client.client_id).status_code == 200


@pytest.mark.parametrize("value", ["Basic", "Basic !", "Basic eA==", "Bearer x", "Basic w6Q6w7Y=", "Digest a=b", ""])
def test_a_header_that_is_no_proof_is_refused(stage: Stage, value: str) -> None:
    """RFC 6749, 5.2: 401 with the scheme."""
    form = {"token": "x"}
    refused = stage.app.test_client().post("/oauth2/revoke", data=form, headers={"Authorization": value})
    assert refused.status_code == 401 and refused.headers["WWW-Authenticate"].startswith("Basic")


def test_a_repeated_parameter_and_one_in_the_address_do_not_count(stage: Stage) -> None:
    """RFC 6749, 3.2 and 2.3.1."""
    client = stage.client()
    browser = stage.app.test_client()
    twice = browser.post("/oauth2/token", data={"grant_type": ["a", "b"]}, headers=client.credentials())
    assert twice.json["error"] == "invalid_request"
    address = f"/oauth2/token?client_id={client.client_id}&client_secret={client.secret}&grant_type=authorization_code"
    assert browser.post(address, data={"code": "x"}).status_code == 401


def test_keys_that_a_client_publishes_are_fetched_and_again_for_a_key_we_do_not_know(
    stage: Stage, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenID Connect Core, 10.1.1."""
    site.body = orjson.dumps(key_set())
    client = stage.client(token_endpoint_auth_method="private_key_jwt", further={"jwks_uri": f"{site.address}/jwks"})
    assert [gives(client, client.assertion()).status_code for _ in range(3)] == [200, 200, 200] and site.visits == 1
    client.key = type(OTHER_KEY).import_key({**OTHER_KEY.as_dict(private=True), "kid": "newer"})
    assert gives(client, client.assertion()).status_code == 401 and site.visits == 1, "not at each wrong signature"
    site.body = orjson.dumps(key_set(client.key))
    monkeypatch.setattr(client_keys, "AT_MOST_EACH", timedelta(0))
    assert gives(client, client.assertion()).status_code == 200 and site.visits == 2
    site.body = b"not a set"
    client.key = KEYS["ES256"]
    assert gives(client, client.assertion()).status_code == 401


@pytest.mark.parametrize("wrong", [
    {"jwks": {"keys": []}}, {"jwks": "x"}, {"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}},
    {"jwks": {"keys": [KEYS["ES256"].as_dict(private=True)]}}, {"jwks_uri": "nowhere"}, {"jwks_uri": 5},
    {"jwks": key_set(), "jwks_uri": "https://rp.example/jwks"}, {"profile": "best"}, {"unknown": 1},
    {"jwks": key_set(), "token_endpoint_auth_signing_alg": "none"}, {},
])  # fmt: skip
def test_keys_and_metadata_that_could_not_be_used_are_not_registered(stage: Stage, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        register(stage.app, token_endpoint_auth_method="private_key_jwt", further=wrong)


def test_a_fapi_client_proves_a_key(stage: Stage) -> None:
    with pytest.raises(Invalid):
        register(stage.app, redirect_uris=[CALLBACK], further={"profile": "fapi2"})


def test_a_secret_is_not_readable_in_the_database(stage: Stage) -> None:
    client = stage.client(token_endpoint_auth_method="client_secret_jwt")
    with stage.app.app_context():
        row = db.session.get_one(RegisteredClient, client.client_id)
        assert client.secret and client.secret not in str(row.further)

"""ID tokens, UserInfo, introspection and authorization answers, signed and encrypted as a client registered."""

from typing import Any

import orjson
import pytest
from joserfc import jwe
from joserfc.jwk import ECKey, OctKey, RSAKey
from werkzeug.test import TestResponse

from idp.core.errors import Invalid
from tests.oidc.relying_party import ISSUER, answer
from tests.protocol.sites import Site
from tests.protocol.stage import Client, Stage, key_set
from tests.protocol.test_registration import made

RSA = RSAKey.generate_key(2048, {"kid": "for-you", "use": "enc"})
EC = ECKey.generate_key("P-256", {"kid": "for-you-too", "use": "enc"})
ALGORITHMS = {"RSA-OAEP-256": RSA, "RSA-OAEP": RSA, "ECDH-ES": EC, "ECDH-ES+A128KW": EC, "ECDH-ES+A256KW": EC}
CONTENT = ["A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM"]
INTROSPECTION = "application/token-introspection+jwt"


def published() -> dict[str, Any]:
    """Keys to sign with come first, and one that no server of ours knows: they are not to be taken."""
    other = {"kty": "OKP", "crv": "X25519", "x": "A" * 43, "use": "enc"}
    return {"keys": [*key_set()["keys"], other, RSA.as_dict(private=False), EC.as_dict(private=False)]}


def encrypting(stage: Stage, answer: str, alg: str, enc: str | None = None, **further: Any) -> Client:
    wanted = {f"{answer}_encrypted_response_alg": alg, f"{answer}_encrypted_response_enc": enc, **further}
    known = {name: value for name, value in wanted.items() if value is not None}
    keys = {} if "jwks_uri" in known else {"jwks": published()}
    return stage.client(further={**keys, **known})


def opened(text: str, alg: str, enc: str = "A128CBC-HS256", *, nested: bool = True) -> str:
    """Decrypt as the client does, who accepts only what it registered."""
    found = jwe.decrypt_compact(text, ALGORITHMS[alg], algorithms=[alg, enc])
    assert found.headers()["kid"] == ALGORITHMS[alg].kid, "Core, 10.2: so that the client knows which of its keys"
    assert found.headers().get("cty") == ("JWT" if nested else None), "RFC 7519, 5.2"
    assert found.plaintext
    return found.plaintext.decode()


PAIRS = [(alg, None) for alg in ALGORITHMS] + [("RSA-OAEP-256", enc) for enc in CONTENT]


@pytest.mark.parametrize(("alg", "enc"), PAIRS)
def test_an_id_token_is_signed_and_then_encrypted(stage: Stage, alg: str, enc: str | None) -> None:
    """Core, 10.2 and 16.14; Registration, 2: A128CBC-HS256 unless the client says otherwise."""
    client = encrypting(stage, "id_token", alg, enc)
    tokens = stage.tokens(client)
    claims = client.verified(opened(tokens["id_token"], alg, enc or "A128CBC-HS256"))
    assert claims["sub"] == stage.uid and claims["nonce"] == client.sent["nonce"] and claims["at_hash"]
    assert client.userinfo(tokens["access_token"]).json["sub"] == stage.uid, "what was not registered stays as it is"


def test_a_refreshed_id_token_is_encrypted_too(stage: Stage) -> None:
    """Core, 12.2."""
    client = encrypting(stage, "id_token", "RSA-OAEP-256")
    got = client.refresh(stage.tokens(client)["refresh_token"]).json
    assert client.verified(opened(got["id_token"], "RSA-OAEP-256"))["sub"] == stage.uid


def test_what_the_client_decrypted_is_a_hint(stage: Stage) -> None:
    """Core, 3.1.2.1: the client sends the ID token that stood inside."""
    client = encrypting(stage, "id_token", "ECDH-ES")
    hint = opened(stage.tokens(client)["id_token"], "ECDH-ES")
    assert "code" in answer(stage.browser.get(client.request(prompt="none", id_token_hint=hint)))


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_userinfo_can_be_signed(stage: Stage, algorithm: str) -> None:
    """Core, 5.3.2: a JWT with iss and aud, and its own content type."""
    client = stage.client(further={"userinfo_signed_response_alg": algorithm})
    tokens = stage.tokens(client)
    got = client.userinfo(tokens["access_token"])
    assert got.status_code == 200 and got.content_type == "application/jwt"
    claims = client.verified(got.text, algorithm)
    assert claims["iss"] == ISSUER and claims["aud"] == client.client_id and claims["sub"] == stage.uid
    assert claims["email"] and claims["given_name"] == "Mira"
    assert client.userinfo(got.text).status_code == 401, "and is no access token"
    hinted = stage.browser.get("/oauth2/logout", query_string={"id_token_hint": got.text})
    assert hinted.status_code == 400, "and no ID token (RFC 8725, 3.11)"


def test_userinfo_can_be_encrypted_without_a_signature(stage: Stage) -> None:
    """Core, 5.3.2: the claims themselves are inside."""
    client = encrypting(stage, "userinfo", "RSA-OAEP-256", "A256GCM")
    got = client.userinfo(stage.tokens(client)["access_token"])
    assert got.content_type == "application/jwt"
    claims = orjson.loads(opened(got.text, "RSA-OAEP-256", "A256GCM", nested=False))
    assert claims["sub"] == stage.uid and claims["aud"] == client.client_id and claims["iss"] == ISSUER


def test_userinfo_can_be_signed_and_encrypted(stage: Stage) -> None:
    """Core, 5.3.2: signed, then encrypted."""
    client = encrypting(stage, "userinfo", "ECDH-ES+A128KW", userinfo_signed_response_alg="RS256")
    got = client.userinfo(stage.tokens(client)["access_token"])
    assert client.verified(opened(got.text, "ECDH-ES+A128KW"), "RS256")["sub"] == stage.uid


def asks_introspection(client: Client, token: str, accept: str) -> TestResponse:
    headers = {**client.credentials(), "Accept": accept}
    return client.app.test_client().post("/oauth2/introspect", data={"token": token}, headers=headers)


@pytest.mark.parametrize("encrypted", [True, False])
def test_introspection_is_signed_and_encrypted_as_registered(stage: Stage, encrypted: bool) -> None:
    """RFC 9701, 5 and 6."""
    signed = {"introspection_signed_response_alg": "RS256"}
    client = encrypting(stage, "introspection", "RSA-OAEP-256", **signed) if encrypted else stage.client(further=signed)
    got = asks_introspection(client, stage.tokens(client)["access_token"], INTROSPECTION)
    assert got.content_type == INTROSPECTION
    claims: Any = client.verified(opened(got.text, "RSA-OAEP-256") if encrypted else got.text, "RS256")
    assert claims["token_introspection"]["sub"] == stage.uid
    assert set(claims) == {"iss", "aud", "iat", "token_introspection"}, "no sub and no exp of its own (RFC 9701, 5)"


WISHES = [
    (INTROSPECTION, True),
    (f"{INTROSPECTION}, application/json;q=0.5", True),
    (f"application/json, {INTROSPECTION};q=0.5", False),
    (f"{INTROSPECTION};q=0, */*", False),
    ("*/*", False),
    ("application/json", False),
    ("text/html", False),
]


@pytest.mark.parametrize(("accept", "as_jwt"), WISHES)
def test_introspection_is_a_jwt_for_who_wants_it_most(stage: Stage, accept: str, as_jwt: bool) -> None:
    """RFC 9701, 4; RFC 9110, 12.5.1."""
    client = stage.client()
    got = asks_introspection(client, "x", accept)
    assert got.status_code == 200 and got.content_type == (INTROSPECTION if as_jwt else "application/json")


@pytest.mark.parametrize("error", [True, False])
def test_authorization_answers_can_be_encrypted(stage: Stage, error: bool) -> None:
    """JARM, 2.2: signed, then encrypted; errors as well."""
    client = encrypting(stage, "authorization", "RSA-OAEP-256", authorization_signed_response_alg="RS256")
    page = stage.browser.get(client.request(response_mode="jwt", **({"scope": "profile"} if error else {})))
    told = client.verified(opened(answer(page)["response"], "RSA-OAEP-256"), "RS256")
    assert told["iss"] == ISSUER and told["state"] == client.sent["state"]
    assert ("code" in told) is not error and ("error" in told) is error


def test_keys_can_be_published(stage: Stage, site: Site) -> None:
    """Core, 10.2.1: read from jwks_uri, once, and again when they do not fit."""
    site.body = orjson.dumps(key_set())
    client = encrypting(stage, "id_token", "RSA-OAEP-256", jwks_uri=site.address)
    code = stage.code(client)
    assert client.redeem(code).json["error"] == "invalid_request", "nothing unencrypted goes out"
    site.body = orjson.dumps(published())
    stage.app.extensions.pop("ern_client_keys")
    got = client.redeem(code)
    assert got.status_code == 200, "and the code was not used up"
    assert client.verified(opened(got.json["id_token"], "RSA-OAEP-256"))["sub"] == stage.uid
    visits = site.visits
    stage.tokens(client)
    assert site.visits == visits


@pytest.mark.parametrize("what", ["userinfo", "introspection", "authorization", "authorization error"])
def test_nothing_goes_out_unencrypted(stage: Stage, site: Site, what: str) -> None:
    site.body = b"{}"
    client = encrypting(stage, what.split(maxsplit=1)[0], "ECDH-ES", jwks_uri=site.address)
    token = stage.tokens(client)["access_token"]
    if what.startswith("authorization"):
        wrong = {"scope": "profile"} if what.endswith("error") else {}
        got = stage.browser.get(client.request(response_mode="jwt", **wrong))
        assert "shows no key for it" in got.text
    else:
        got = client.userinfo(token) if what == "userinfo" else asks_introspection(client, token, INTROSPECTION)
    assert got.status_code == 400 and stage.uid not in got.text and "Location" not in got.headers


REFUSED: list[dict[str, Any]] = [
    # RFC 8725, 3.2; CVE-2025-62706: what answers an oracle, what others make expensive, what is no encryption for us
    {"id_token_encrypted_response_alg": "RSA1_5"},
    {"id_token_encrypted_response_alg": "PBES2-HS256+A128KW"},
    {"id_token_encrypted_response_alg": "dir"},
    {"id_token_encrypted_response_alg": "A128KW"},
    {"id_token_encrypted_response_alg": "none"},
    {"id_token_encrypted_response_alg": ["RSA-OAEP"]},
    {"id_token_encrypted_response_alg": "RSA-OAEP", "id_token_encrypted_response_enc": "none"},
    {"id_token_encrypted_response_alg": "RSA-OAEP", "id_token_encrypted_response_enc": {"a": 1}},
    # Registration, 2: enc needs alg
    {"userinfo_encrypted_response_enc": "A128GCM"},
    {"introspection_encrypted_response_enc": "A128GCM"},
    # Core, 3.1.3.7 and Registration, 2: no answer is unsigned
    {"userinfo_signed_response_alg": "none"},
    {"userinfo_signed_response_alg": "HS256"},
    {"introspection_signed_response_alg": "none"},
    {"authorization_signed_response_alg": "none"},
]


@pytest.mark.parametrize("further", REFUSED)
def test_weak_and_unknown_protection_cannot_be_registered(stage: Stage, further: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        stage.client(further={"jwks": published(), **further})


@pytest.mark.parametrize("keys", [{}, {"jwks": key_set()}, {"jwks": {"keys": [EC.as_dict(private=False)]}}])
def test_encryption_needs_a_key_that_fits(stage: Stage, keys: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        stage.client(further={"id_token_encrypted_response_alg": "RSA-OAEP", **keys})


def test_a_private_key_and_a_shared_one_are_never_taken(stage: Stage) -> None:
    """RFC 7517, 9.3."""
    for key in (RSA.as_dict(private=True), OctKey.generate_key(256).as_dict(private=True)):
        with pytest.raises(Invalid):
            stage.client(further={"userinfo_encrypted_response_alg": "RSA-OAEP", "jwks": {"keys": [key]}})


def test_a_client_registers_all_of_it_by_itself(stage: Stage) -> None:
    """Registration, 2 and 3.2: what counts is told back."""
    wanted = {
        "jwks": published(),
        "id_token_encrypted_response_alg": "RSA-OAEP",
        "id_token_encrypted_response_enc": "A256GCM",
        "userinfo_signed_response_alg": "RS256",
    }
    told = made(stage, **wanted)
    assert {name: told[name] for name in wanted} == wanted


@pytest.mark.parametrize("what", ["id_token", "userinfo", "introspection", "authorization"])
def test_discovery_tells_what_works(stage: Stage, what: str) -> None:
    """Discovery, 3; RFC 9701, 7; JARM, 4."""
    metadata = stage.app.test_client().get("/.well-known/openid-configuration").json
    assert metadata[f"{what}_signing_alg_values_supported"] == ["ES256", "RS256"]
    assert metadata[f"{what}_encryption_alg_values_supported"] == list(ALGORITHMS)
    assert metadata[f"{what}_encryption_enc_values_supported"] == CONTENT

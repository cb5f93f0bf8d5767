"""Certificates of clients: who they are, and what their tokens count with (RFC 8705; FAPI 2.0, 5.3)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from idp.core.errors import Invalid
from idp.oidc import mutual_tls
from tests.oidc.relying_party import answer
from tests.protocol.certificates import AUTHORITY, GOOD, OTHER, OWN, SERVER_AUTH, SUBJECT, Held, issue, written
from tests.protocol.sites import Site
from tests.protocol.stage import Client, Stage, key_set, staged
from tests.protocol.test_client_credentials import asks as asks_for_itself
from tests.protocol.test_dpop import TOKEN, proof

TLS = "tls_client_auth"
SELF_SIGNED = "self_signed_tls_client_auth"
BOUND = {"tls_client_certificate_bound_access_tokens": True}


def fronted(app: Flask, **changes: Any) -> None:
    """Put a proxy in front that hands certificates on."""
    chosen = app.extensions["ern_settings"]
    server = replace(chosen.server, client_certificates=True, **changes)
    app.extensions["ern_settings"] = replace(chosen, server=server)
    app.extensions.pop("ern_metadata", None)


@pytest.fixture
def tls_stage(app: Flask, tmp_path: Path) -> Iterator[Stage]:
    fronted(app, client_authorities=written(tmp_path, AUTHORITY))
    yield staged(app)
    mutual_tls._authorities.cache_clear()


def certified(stage: Stage, shown: Held = GOOD, **further: Any) -> Client:
    """A client that an authority vouches for."""
    known = further if any(name.startswith("tls_client_auth") for name in further) else {**further, **DN}
    client = stage.client(token_endpoint_auth_method=TLS, further=known)
    client.certificate = shown.header
    return client


DN = {"tls_client_auth_subject_dn": SUBJECT}


def on_its_own(stage: Stage, shown: Held = OWN, **further: Any) -> Client:
    """A client that signed its certificate itself."""
    known = {"jwks": OWN.key_set(), **further}
    client = stage.client(token_endpoint_auth_method=SELF_SIGNED, further=known)
    client.certificate = shown.header
    return client


def asks(client: Client, token: str, certificate: str = "", *, source: str = "127.0.0.1") -> TestResponse:
    headers = {"Authorization": f"Bearer {token}", **({"X-Client-Certificate": certificate} if certificate else {})}
    browser = client.app.test_client()
    return browser.get("/oauth2/userinfo", headers=headers, environ_overrides={"REMOTE_ADDR": source})


@pytest.mark.parametrize("way", ["header", "escaped"])
@pytest.mark.parametrize("make", [certified, on_its_own])
def test_a_certificate_leads_to_tokens_and_is_taken_at_every_endpoint(tls_stage: Stage, make: Any, way: str) -> None:
    """RFC 8705, 2: as Apache and as nginx hand it on."""
    client = make(tls_stage)
    client.certificate = getattr(GOOD if make is certified else OWN, way)
    tokens = tls_stage.tokens(client)
    assert tokens["token_type"] == "Bearer" and "cnf" not in client.introspect(tokens["access_token"]).json
    assert client.refresh(tokens["refresh_token"]).json["refresh_token"] == tokens["refresh_token"], "it proves a key"
    client.request()
    assert client.posts("/oauth2/par", **client.sent).status_code == 201
    assert client.revoke(tokens["access_token"]).status_code == 200
    assert asks(client, tokens["access_token"]).status_code == 401


KINDS = {
    "tls_client_auth_subject_dn": (SUBJECT, "CN=registry.example,O=Somebody,C=FR"),
    "tls_client_auth_san_dns": ("Registry.example", "registry.example.evil.example"),
    "tls_client_auth_san_uri": ("urn:example:registry", "urn:example:registry2"),
    "tls_client_auth_san_ip": ("192.0.2.7", "192.0.2.70"),
    "tls_client_auth_san_email": ("robot@registry.example", "robot@evil.example"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_name_is_found_in_the_certificate_or_not(tls_stage: Stage, kind: str) -> None:
    """RFC 8705, 2.1.2."""
    right, wrong = KINDS[kind]
    assert certified(tls_stage, **{kind: right}).revoke("x").status_code == 200
    refused = certified(tls_stage, **{kind: wrong}).revoke("x")
    assert (refused.status_code, refused.json["error"]) == (401, "invalid_client")


def test_a_name_is_the_same_however_it_is_written(tls_stage: Stage) -> None:
    """RFC 4514, 2.4."""
    spelled = r"CN=registry\2eexample,O=Rare\20Registry,C=FR"
    assert certified(tls_stage, tls_client_auth_subject_dn=spelled).revoke("x").status_code == 200


def test_a_name_is_worth_nothing_without_the_authority(tls_stage: Stage) -> None:
    """RFC 8705, 2.1 and 7.3: a chain to a trusted authority, in time, for clients."""
    stranger = issue(authority=True, subject="CN=Authority of registries")
    no_authority = issue(AUTHORITY)
    wrong = {
        "self-signed": issue(),
        "of another authority with the same name": issue(stranger),
        "by a certificate that is no authority": issue(no_authority),
        "over": issue(AUTHORITY, days=-1),
        "for servers": issue(AUTHORITY, usage=SERVER_AUTH),
        "with another subject": issue(AUTHORITY, subject="CN=registry.example"),
    }
    taken = [why for why, shown in wrong.items() if certified(tls_stage, shown).revoke("x").status_code != 401]
    assert taken == []
    assert certified(tls_stage).revoke("x").status_code == 200


def test_a_self_signed_certificate_is_the_registered_one(tls_stage: Stage, site: Site) -> None:
    """RFC 8705, 2.2: the very certificate, not only its key or its name."""
    assert on_its_own(tls_stage, OTHER).revoke("x").status_code == 401
    assert on_its_own(tls_stage, jwks=key_set()).revoke("x").status_code == 401
    over = issue(days=-1)
    assert on_its_own(tls_stage, over, jwks=over.key_set()).revoke("x").status_code == 401
    site.body = orjson.dumps(OWN.key_set())
    published = tls_stage.client(token_endpoint_auth_method=SELF_SIGNED, further={"jwks_uri": f"{site.address}/jwks"})
    published.certificate = OWN.header
    assert published.revoke("x").status_code == 200 and site.visits == 1


@pytest.mark.parametrize("shown", ["", "x", "-----BEGIN CERTIFICATE-----", "AAAA", "%", "(null)", "A" * 20_000, "ä"])
def test_what_is_no_certificate_proves_nothing(tls_stage: Stage, shown: str) -> None:
    client = certified(tls_stage)
    client.certificate = shown
    assert client.revoke("x").status_code == 401


def test_only_a_trusted_proxy_can_show_a_certificate(app: Flask, tmp_path: Path) -> None:
    """A header that anybody could send would make anybody every client."""
    fronted(app, client_authorities=written(tmp_path, AUTHORITY), trusted_proxy_networks=("198.51.100.0/24",))
    client = certified(staged(app))
    for source, status in (("198.51.100.7", 200), ("127.0.0.1", 401), ("203.0.113.9", 401), ("", 401), ("x", 401)):
        got = app.test_client().post(
            "/oauth2/revoke",
            data={"token": "x", "client_id": client.client_id},
            headers={"X-Client-Certificate": GOOD.header},
            environ_overrides={"REMOTE_ADDR": source},
        )
        assert got.status_code == status, source
    mutual_tls._authorities.cache_clear()


def test_without_the_setting_no_certificate_counts_and_nothing_is_told_of_them(stage: Stage) -> None:
    for method, further in ((TLS, DN), (SELF_SIGNED, {"jwks": OWN.key_set()})):
        with pytest.raises(Invalid):
            stage.client(token_endpoint_auth_method=method, further=further)
    stage.app.extensions.pop("ern_metadata", None)
    told = stage.browser.get("/.well-known/openid-configuration").json
    assert told["tls_client_certificate_bound_access_tokens"] is False
    assert not {TLS, SELF_SIGNED} & set(told["token_endpoint_auth_methods_supported"])
    client = stage.client(further=BOUND)
    client.certificate = OWN.header
    assert client.redeem(stage.code(client)).json["error"] == "invalid_request"


def test_discovery_tells_what_counts(tls_stage: Stage) -> None:
    """RFC 8705, 3.3; without authorities nobody can be vouched for."""
    address = "/.well-known/openid-configuration"
    told = tls_stage.browser.get(address).json
    for endpoint in ("token", "revocation", "introspection"):
        assert {TLS, SELF_SIGNED} <= set(told[f"{endpoint}_endpoint_auth_methods_supported"])
    assert told["tls_client_certificate_bound_access_tokens"] is True
    fronted(tls_stage.app, client_authorities="")
    told = tls_stage.browser.get(address).json
    assert TLS not in told["token_endpoint_auth_methods_supported"]
    assert SELF_SIGNED in told["token_endpoint_auth_methods_supported"]


@pytest.mark.parametrize(("method", "further"), [
    (TLS, {}),
    (TLS, {**DN, "tls_client_auth_san_dns": "registry.example"}),
    (TLS, {"tls_client_auth_subject_dn": "no name"}),
    (TLS, {"tls_client_auth_subject_dn": ""}),
    (TLS, {"tls_client_auth_san_ip": "300.0.0.1"}),
    (TLS, {"tls_client_auth_san_dns": ["registry.example"]}),
    ("client_secret_basic", DN),
    (SELF_SIGNED, {}),
    (SELF_SIGNED, {**DN, "jwks": OWN.key_set()}),
])  # fmt: skip
def test_names_that_would_prove_nothing_are_not_registered(tls_stage: Stage, method: str, further: Any) -> None:
    """RFC 8705, 2.1.2: exactly one name."""
    with pytest.raises(Invalid):
        tls_stage.client(token_endpoint_auth_method=method, further=further)


@pytest.mark.parametrize("method", ["client_secret_basic", "private_key_jwt", "none", SELF_SIGNED, TLS])
def test_a_bound_token_counts_with_its_certificate_only(tls_stage: Stage, method: str) -> None:
    """RFC 8705, 3: whatever the client proves itself with."""
    more = {SELF_SIGNED: {"jwks": OWN.key_set()}, TLS: DN}.get(method, {})
    client = tls_stage.client(token_endpoint_auth_method=method, further={**BOUND, **more})
    shown = GOOD if method == TLS else OWN
    client.certificate = shown.header
    tokens = tls_stage.tokens(client)
    token = tokens["access_token"]
    told = client.introspect(token)
    assert method == "none" or told.json["cnf"] == {"x5t#S256": shown.thumbprint}
    assert tokens["token_type"] == "Bearer", "RFC 8705, 3: the type is still Bearer"
    assert asks(client, token, shown.header).json["sub"] == tls_stage.uid
    for wrong in ("", OTHER.header, "x"):
        refused = asks(client, token, wrong)
        assert refused.status_code == 401 and 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    assert asks(client, token, shown.header, source="203.0.113.9").status_code == 401, "sent by anybody"


def test_a_client_held_to_its_certificate_gets_no_token_without(tls_stage: Stage) -> None:
    """RFC 8705, 3.4."""
    client = tls_stage.client(further=BOUND)
    assert client.redeem(tls_stage.code(client)).json["error"] == "invalid_request"
    client.certificate = OWN.header
    assert client.redeem(tls_stage.code(client)).status_code == 200


def test_a_public_client_refreshes_with_its_certificate_only(tls_stage: Stage) -> None:
    """RFC 8705, 4; a confidential one may show another, as with DPoP keys."""
    client = tls_stage.client(token_endpoint_auth_method="none", further=BOUND)
    client.certificate = OWN.header
    token = tls_stage.tokens(client)["refresh_token"]
    client.certificate = OTHER.header
    assert client.refresh(token).json["error"] == "invalid_grant"
    client.certificate = ""
    assert client.refresh(token).json["error"] == "invalid_request"
    client.certificate = OWN.header
    assert client.refresh(token).status_code == 200
    confidential = tls_stage.client(further=BOUND)
    confidential.certificate = OWN.header
    token = tls_stage.tokens(confidential)["refresh_token"]
    confidential.certificate = OTHER.header
    renewed = confidential.refresh(token).json["access_token"]
    assert confidential.introspect(renewed).json["cnf"] == {"x5t#S256": OTHER.thumbprint}


@pytest.mark.parametrize("by", ["certificate", "key", "both", "nothing"])
@pytest.mark.parametrize("make", [certified, on_its_own, None])
def test_a_fapi_client_binds_by_key_or_by_certificate(tls_stage: Stage, make: Any, by: str) -> None:
    """FAPI 2.0 Security Profile, 5.3.2.1-4 and 5.3.2.1-6."""
    if make is None:
        client = tls_stage.client(token_endpoint_auth_method="private_key_jwt", further={"profile": "fapi2"})
        client.certificate = "" if by in {"key", "nothing"} else OWN.header
    else:
        client = make(tls_stage, profile="fapi2")
    client.request()
    pushed = client.posts("/oauth2/par", **client.sent).json["request_uri"]
    query = {"client_id": client.client_id, "request_uri": pushed}
    code = answer(tls_stage.browser.get("/oauth2/authorize", query_string=query))["code"]
    shown = client.proof()
    headers = {**shown["headers"], **({"DPoP": proof("POST", TOKEN)} if by in {"key", "both"} else {})}
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri}
    data = {**shown["data"], **form, "code_verifier": client.verifier}
    got = client.app.test_client().post("/oauth2/token", data=data, headers=headers)
    if by == "nothing" and make is None:
        assert got.json["error"] == "invalid_request", "it could have shown either"
        return
    bound = client.introspect(got.json["access_token"]).json["cnf"]
    assert set(bound) == ({"jkt"} if by in {"key", "both"} else {"x5t#S256"})


def test_a_program_binds_its_own_token(tls_stage: Stage) -> None:
    client = on_its_own(tls_stage, grant_types=["client_credentials"], **BOUND)
    token = asks_for_itself(client).json["access_token"]
    assert client.introspect(token).json["cnf"] == {"x5t#S256": OWN.thumbprint}

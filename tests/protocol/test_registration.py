"""Clients that register themselves by invitation (RFC 7591), and look after their registration (RFC 7592)."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner

from idp.client_commands import client as commands
from idp.core import clock
from idp.oidc import clients, registration
from idp.saas import catalogue
from tests.oidc.relying_party import CALLBACK
from tests.protocol.registrations import WANTED, invited, made, managed, sends
from tests.protocol.stage import KEYS, Client, Stage, key_set


def test_an_invited_client_registers_and_works(stage: Stage) -> None:
    """RFC 7591, 3.2.1: its identifier, its secret, what was understood, and where to look after it."""
    told = made(stage, scope="openid email", contacts=["x"], unknown=1, grant_types=["authorization_code"])
    assert told["client_secret"] and told["client_secret_expires_at"] == 0
    assert told["scope"] == "openid email" and told["grant_types"] == ["authorization_code"]
    assert told["id_token_signed_response_alg"] == "RS256" and "unknown" not in told and "asks_consent" not in told
    client = Client(stage.app, told["client_id"], told["client_secret"])
    assert client.revoke("x").status_code == 200
    with stage.app.app_context():
        found = clients.find(told["client_id"])
        assert found and found.application_id == 741 and found.asks_consent, "the operator does not vouch for it"


def test_refresh_tokens_come_with_their_scope(stage: Stage) -> None:
    told = made(stage, grant_types=["authorization_code", "refresh_token"])
    assert "offline_access" in told["scope"].split() and "refresh_token" in told["grant_types"]


def test_a_client_registers_its_keys(stage: Stage) -> None:
    told = made(stage, token_endpoint_auth_method="private_key_jwt", jwks=key_set())
    assert "client_secret" not in told and told["jwks"] == key_set()
    client = Client(stage.app, told["client_id"], None, method="private_key_jwt", key=KEYS["ES256"])
    assert client.revoke("x").status_code == 200


WRONG: list[tuple[dict[str, Any], str]] = [
    # RFC 7591, 3.2.2; OpenID Connect Registration, 2
    ({"redirect_uris": []}, "invalid_redirect_uri"),
    ({"redirect_uris": ["http://rp.example/callback"]}, "invalid_redirect_uri"),
    ({"redirect_uris": [f"{CALLBACK}#part"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["https://*.example/callback"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
    ({"post_logout_redirect_uris": ["http://rp.example/"]}, "invalid_redirect_uri"),
    ({"redirect_uris": CALLBACK}, "invalid_client_metadata"),
    ({"redirect_uris": [5]}, "invalid_client_metadata"),
    ({"client_name": None}, "invalid_client_metadata"),
    ({"client_name": "x" * 201}, "invalid_client_metadata"),
    ({"client_name": "a\u202eb"}, "invalid_client_metadata"),
    ({"grant_types": ["implicit"]}, "invalid_client_metadata"),
    ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
    ({"response_types": ["token"]}, "invalid_client_metadata"),
    ({"subject_type": "private"}, "invalid_client_metadata"),
    ({"application_type": "desktop"}, "invalid_client_metadata"),
    ({"token_endpoint_auth_method": "tls"}, "invalid_client_metadata"),
    ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
    ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
    ({"jwks": {"keys": []}}, "invalid_client_metadata"),
    ({"jwks": key_set(), "jwks_uri": "https://rp.example/jwks"}, "invalid_client_metadata"),
    ({"policy_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
    ({"tos_uri": "http://rp.example/"}, "invalid_client_metadata"),
    ({"backchannel_logout_uri": 5}, "invalid_client_metadata"),
]


@pytest.mark.parametrize(("metadata", "error"), WRONG)
def test_what_could_not_be_kept_is_refused_and_the_invitation_stays(
    stage: Stage, metadata: dict[str, Any], error: str
) -> None:
    token = invited(stage)
    refused = sends(stage, token, WANTED | metadata)
    assert (refused.status_code, refused.json["error"]) == (400, error)
    assert sends(stage, token, WANTED).status_code == 201


@pytest.mark.parametrize("metadata", [{"profile": "fapi2"}, {"asks_consent": False}, {"application_id": 742}])
def test_what_the_operator_decides_no_client_decides(stage: Stage, metadata: dict[str, Any]) -> None:
    told = made(stage, **metadata)
    with stage.app.app_context():
        found = clients.find(told["client_id"])
        assert found and found.asks_consent and not found.fapi and found.application_id == 741


def test_nobody_registers_without_an_invitation_and_each_counts_once(stage: Stage) -> None:
    """RFC 7591, 3."""
    browser = stage.app.test_client()
    assert browser.post("/oauth2/register", json=WANTED).status_code == 401
    assert sends(stage, "made-up", WANTED).status_code == 401
    token = invited(stage)
    assert sends(stage, token, WANTED).status_code == 201
    assert sends(stage, token, WANTED).status_code == 401
    late = invited(stage)
    with time_machine.travel(clock.now() + timedelta(days=8)):
        assert sends(stage, late, WANTED).status_code == 401


def test_under_races_an_invitation_makes_as_many_clients_as_it_says(each_stage: Stage) -> None:
    token = invited(each_stage, 2)
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(sends(each_stage, token, WANTED).status_code)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(statuses) == [201] * 2 + [401] * 4


def test_a_client_reads_replaces_and_removes_its_registration(stage: Stage) -> None:
    """RFC 7592, 2."""
    told = made(stage, policy_uri="https://rp.example/privacy")
    read = managed(stage, told).json
    assert read["client_name"] == "Rare Registry" and "client_secret" not in read
    again = {**WANTED, "client_id": told["client_id"], "client_name": "Rarer", "client_secret": told["client_secret"]}
    client = Client(stage.app, told["client_id"], told["client_secret"])
    changed = managed(stage, told, "PUT", again)
    assert changed.status_code == 200 and changed.json["client_name"] == "Rarer" and "policy_uri" not in changed.json
    told = changed.json
    assert client.revoke("x").status_code == 200, "its secret stays"
    with stage.app.app_context():
        found = clients.find(told["client_id"])
        assert found and found.asks_consent and found.application_id == 741
    assert managed(stage, told, "DELETE").status_code == 204
    assert client.revoke("x").status_code == 401 and managed(stage, told).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "another"}, {"client_id": None}, {"client_secret": "another"}, {"redirect_uris": ["x"]},
        {"token_endpoint_auth_method": "none"},
    ],
)  # fmt: skip
def test_a_wrong_replacement_changes_nothing(stage: Stage, changes: dict[str, Any]) -> None:
    told = made(stage)
    wanted = {**WANTED, "client_id": told["client_id"], "client_name": "Rarer", **changes}
    assert managed(stage, told, "PUT", wanted).status_code == 400
    assert managed(stage, told).json["client_name"] == "Rare Registry"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_token_opens_its_own_registration_only(stage: Stage, method: str) -> None:
    """RFC 7592, 2.1: neither that of another client, nor one that the operator made; nor does an invitation."""
    mine, other, house = made(stage), made(stage), stage.client()
    for client_id in (other["client_id"], house.client_id, "nobody"):
        for token in (mine["registration_access_token"], invited(stage), ""):
            refused = sends(stage, token, WANTED, f"/oauth2/register/{client_id}", method)
            assert refused.status_code == 401 and "Bearer" in refused.headers["WWW-Authenticate"]
    assert managed(stage, other).status_code == 200


def test_the_body_is_a_json_object(stage: Stage) -> None:
    token = invited(stage)
    for body in (b"", b"[]", b"{", b'"x"', b'{"client_name": "\\u0000"}'):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        assert stage.app.test_client().post("/oauth2/register", data=body, headers=headers).status_code == 400


def test_the_operator_invites_and_renews_secrets_on_the_command_line(stage: Stage) -> None:
    with stage.app.app_context():
        catalogue.load_reference()
        told = CliRunner().invoke(commands, ["invite", "--application", "741"]).output
        assert CliRunner().invoke(commands, ["invite", "--application", "9999"]).exit_code == 1
    token = told.rpartition("initial_access_token: ")[2].strip()
    assert sends(stage, token, WANTED).status_code == 201
    for method in ("client_secret_basic", "client_secret_jwt"):
        client = stage.client(token_endpoint_auth_method=method)
        with stage.app.app_context():
            output = CliRunner().invoke(commands, ["rotate-secret", client.client_id]).output
        assert client.revoke("x").status_code == 401
        client.secret = output.rpartition("client_secret: ")[2].strip()
        if method == "client_secret_jwt":
            client.key = type(client.key).import_key(client.secret, {"kid": "shared"})
        assert client.revoke("x").status_code == 200
    with stage.app.app_context():
        public = stage.client(token_endpoint_auth_method="none")
        assert CliRunner().invoke(commands, ["rotate-secret", public.client_id]).exit_code == 1


def test_what_the_operator_decides_with_an_invitation_counts_and_stays(stage: Stage) -> None:
    """RFC 7591, 3; RFC 7592, 2.2: the client changes what is its own."""
    with stage.app.app_context():
        token = registration.invite(None, 7, 1, {"profile": "legacy"})
    told = sends(stage, token, WANTED | {"profile": "fapi2"}).json
    for _ in range(2):
        with stage.app.app_context():
            client = clients.find(told["client_id"])
            assert client and client.application_id is None and client.asks_consent
            assert not client.must_challenge and not client.fapi
        changed = managed(stage, told, "PUT", {**WANTED, "client_id": told["client_id"], "client_name": "Renamed"})
        assert changed.status_code == 200
        told |= changed.json

"""Every standard claim of a person that has them all, each under its scope (OpenID Connect Core, 5.1 and 5.4)."""

from typing import Any

import orjson
import pytest

from idp.accounts import people, personal_details
from idp.accounts.personal_details import Workplace
from tests.protocol.stage import Client, Stage
from tests.signin.browser import EMAIL

FURTHER = {
    "middle_name": "Ada",
    "nickname": "Mi",
    "profile": "https://hospital.example/mira",
    "picture": "https://hospital.example/mira.png",
    "website": "https://hospital.example/",
    "gender": "female",
    "birthdate": "1980-02-29",
}
WORKPLACE = Workplace("Hoppe-Seyler-Straße 3", "72076", "Tübingen", "Germany", "Europe/Berlin")
# OpenID Connect Core, 5.4.
SCOPES = {
    "profile": {
        *("name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture"),
        *("website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"),
    },
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
}
TYPES = {"updated_at": int, "email_verified": bool, "phone_number_verified": bool, "address": dict}
ALL = f"openid {' '.join(SCOPES)}"


@pytest.fixture
def full(stage: Stage) -> Client:
    with stage.app.app_context():
        account = people.by_address(EMAIL)
        assert account
        personal_details.keep_workplace(account, WORKPLACE)
        personal_details.keep_further(account, FURTHER)
    return stage.client(scope=ALL)


@pytest.mark.parametrize("scope", [name for name in SCOPES if name != "phone"])
def test_a_scope_opens_all_of_its_claims_and_no_others(stage: Stage, full: Client, scope: str) -> None:
    """Core, 5.4: from UserInfo, not in the ID token of the code flow; with their JSON types (5.1)."""
    tokens = stage.tokens(full, scope=f"openid {scope}")
    told = full.userinfo(tokens["access_token"]).json
    assert set(told) == SCOPES[scope] | {"sub"}
    assert all(isinstance(told[name], TYPES.get(name, str)) and told[name] != "" for name in told)
    assert not SCOPES[scope] & set(full.verified(tokens["id_token"]))


def test_an_address_has_its_members(stage: Stage, full: Client) -> None:
    """Core, 5.1.1: lines of `formatted` end with a line feed."""
    told = full.userinfo(stage.tokens(full, scope=ALL)["access_token"]).json["address"]
    assert told == {
        "formatted": "Hoppe-Seyler-Straße 3\n72076 Tübingen\nGermany",
        "street_address": "Hoppe-Seyler-Straße 3", "postal_code": "72076", "locality": "Tübingen", "country": "Germany",
    }  # fmt: skip


def test_what_nobody_told_is_left_out(stage: Stage) -> None:
    """Core, 5.3.2: rather than null or an empty text."""
    client = stage.client(scope=ALL)
    told = client.userinfo(stage.tokens(client, scope=ALL)["access_token"]).json
    assert not {"address", "zoneinfo", "nickname", "phone_number"} & set(told)
    assert None not in told.values() and "" not in told.values()
    with stage.app.app_context():
        account = people.by_address(EMAIL)
        assert account
        personal_details.keep_workplace(account, Workplace(locality="Tübingen"))
    told = client.userinfo(stage.tokens(client, scope=ALL)["access_token"]).json
    assert told["address"] == {"formatted": "Tübingen", "locality": "Tübingen"}


@pytest.mark.parametrize("name", sorted(SCOPES["profile"] | SCOPES["address"]))
def test_each_can_be_asked_for_by_name(stage: Stage, full: Client, name: str) -> None:
    """Core, 5.5."""
    claims = orjson.dumps({"userinfo": {name: {"essential": True}}, "id_token": {name: None}}).decode()
    tokens = stage.tokens(full, scope="openid", claims=claims)
    assert set(full.userinfo(tokens["access_token"]).json) == {"sub", name}
    assert name in full.verified(tokens["id_token"])


def test_a_change_is_told_by_updated_at(stage: Stage, full: Client) -> None:
    """Core, 5.1: a number."""
    told: dict[str, Any] = full.userinfo(stage.tokens(full, scope=ALL)["access_token"]).json
    with stage.app.app_context():
        account = people.by_address(EMAIL)
        assert account and int(account.updated_at.timestamp()) == told["updated_at"]


def test_a_client_without_the_scope_learns_nothing_of_it(stage: Stage, full: Client) -> None:
    other = stage.client(scope="openid email")
    claims = orjson.dumps({"userinfo": {"address": None, "zoneinfo": None}}).decode()
    assert set(other.userinfo(stage.tokens(other, scope=ALL, claims=claims)["access_token"]).json) == {
        "sub", "email", "email_verified",
    }  # fmt: skip


def test_discovery_names_every_claim_and_scope(stage: Stage) -> None:
    """Discovery, 3."""
    metadata = stage.app.test_client().get("/.well-known/openid-configuration").json
    assert set(metadata["scopes_supported"]) >= {"openid", *SCOPES}
    assert set(metadata["claims_supported"]) >= set().union(*SCOPES.values()) | {"sub", "iss", "auth_time", "acr"}

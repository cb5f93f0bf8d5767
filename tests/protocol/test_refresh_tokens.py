"""Refresh tokens: who may use which, how often, and when they end (RFC 6749, 6; RFC 9700, 4.14; FAPI 2.0)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

from idp.accounts import freezing, people, session
from idp.accounts.models import Account
from idp.core import clock, signals
from idp.core.audit import AuditEvent
from idp.core.db import db, transaction
from idp.core.levels import MFA
from idp.saas import catalogue
from idp.saas.direct_grants import Gift, grant_directly
from idp.saas.models import Access, AccessState
from tests.protocol.stage import OFFLINE, Stage
from tests.signin.browser import EMAIL


def account(app: Flask) -> Account:
    found = people.by_address(EMAIL)
    assert found
    return found


def events(app: Flask, act: str) -> int:
    with app.app_context():
        return db.session.query(AuditEvent).filter_by(act=act).count()


def test_a_refresh_token_gives_new_tokens_for_the_same_sign_in(stage: Stage) -> None:
    """OpenID Connect Core, 12.2: iss, sub, aud, auth_time stay; the nonce belongs to the first one."""
    client = stage.client()
    first = stage.tokens(client)
    second = client.refresh(first["refresh_token"])
    assert second.status_code == 200 and second.headers["Cache-Control"] == "no-store"
    before, after = (client.verified(tokens["id_token"]) for tokens in (first, second.json))
    same = ("iss", "sub", "aud", "auth_time", "acr", "sid")
    assert {name: before[name] for name in same} == {name: after[name] for name in same}
    assert "nonce" in before and "nonce" not in after
    assert second.json["access_token"] != first["access_token"]
    assert client.userinfo(second.json["access_token"]).json["sub"] == stage.uid


@pytest.mark.parametrize(("asked", "allowed"), [("openid profile", OFFLINE), (OFFLINE, "openid profile")])
def test_without_offline_access_there_is_none(stage: Stage, asked: str, allowed: str) -> None:
    """OpenID Connect Core, 11: asked for, and allowed to this client."""
    client = stage.client(scope=allowed)
    assert "refresh_token" not in stage.tokens(client, scope=asked)


def test_each_use_replaces_the_token_and_the_last_one_works_a_little_longer(stage: Stage) -> None:
    """FAPI 2.0 Security Profile, 5.3.2.1-9: a lost answer is asked for again and leads to the same successor."""
    client = stage.client()
    first = stage.tokens(client)["refresh_token"]
    second = client.refresh(first).json["refresh_token"]
    assert second != first
    with time_machine.travel(clock.now() + timedelta(seconds=45)):
        again = client.refresh(first)
        assert again.status_code == 200 and again.json["refresh_token"] == second
    assert client.refresh(second).status_code == 200


def test_an_old_token_ends_everything_that_came_from_the_sign_in(stage: Stage) -> None:
    """RFC 9700, 4.14.2: the authorization server cannot tell who is the thief."""
    client = stage.client()
    first = stage.tokens(client)
    second = client.refresh(first["refresh_token"]).json
    with time_machine.travel(clock.now() + timedelta(seconds=90)):
        assert client.refresh(first["refresh_token"]).json["error"] == "invalid_grant"
        assert client.refresh(second["refresh_token"]).json["error"] == "invalid_grant"
        assert client.userinfo(second["access_token"]).status_code == 401
    assert events(stage.app, "oidc.refresh_token.replayed") == 1


def test_the_one_before_the_last_is_old_at_once(stage: Stage) -> None:
    client = stage.client()
    tokens = [stage.tokens(client)["refresh_token"]]
    for _ in range(2):
        tokens.append(client.refresh(tokens[-1]).json["refresh_token"])
    assert client.refresh(tokens[0]).json["error"] == "invalid_grant"
    assert client.refresh(tokens[2]).json["error"] == "invalid_grant"


def test_a_client_that_proves_a_key_keeps_its_token(stage: Stage) -> None:
    """FAPI 2.0 Security Profile, 5.3.2.1-9: no rotation where nobody else could use the token."""
    client = stage.client(token_endpoint_auth_method="private_key_jwt")
    first = stage.tokens(client)["refresh_token"]
    for _ in range(3):
        assert client.refresh(first).json["refresh_token"] == first


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        # RFC 6749, 6: never more than was given
        ({"scope": "openid profile phone"}, "invalid_scope"),
        ({"scope": "profile"}, "invalid_scope"),
        # RFC 6749, 5.2
        ({"refresh_token": None}, "invalid_request"),
        ({"refresh_token": "x"}, "invalid_grant"),
        ({"refresh_token": "1.0." + "A" * 43}, "invalid_grant"),
        ({"refresh_token": "999999999.0." + "A" * 43}, "invalid_grant"),
        ({"refresh_token": "ä.0.x"}, "invalid_grant"),
    ],
)
def test_what_is_refused_leaves_the_token_good(stage: Stage, changes: dict[str, str | None], error: str) -> None:
    client = stage.client()
    token = stage.tokens(client)["refresh_token"]
    refused = client.refresh(token, **changes)
    assert refused.status_code == 400 and refused.json["error"] == error
    assert client.refresh(token).status_code == 200


def test_a_narrower_scope_counts_for_that_access_token_only(stage: Stage) -> None:
    """RFC 6749, 6."""
    client = stage.client()
    narrow = client.refresh(stage.tokens(client)["refresh_token"], scope="openid email").json
    assert narrow["scope"] == "openid email"
    assert "name" not in client.userinfo(narrow["access_token"]).json
    wide = client.refresh(narrow["refresh_token"]).json
    assert "name" in client.userinfo(wide["access_token"]).json


def test_a_token_belongs_to_its_client(stage: Stage) -> None:
    """RFC 6749, 10.4: another client gets nothing, and ends nothing."""
    owner, other = stage.client(), stage.client()
    token = stage.tokens(owner)["refresh_token"]
    assert other.refresh(token).json["error"] == "invalid_grant"
    assert owner.refresh(token).status_code == 200


def test_a_public_client_may_refresh_and_is_rotated(stage: Stage) -> None:
    """RFC 9700, 2.2.2."""
    client = stage.client(token_endpoint_auth_method="none")
    first = stage.tokens(client)["refresh_token"]
    assert client.refresh(first).json["refresh_token"] != first


@pytest.mark.parametrize("days", [15, 61])
def test_it_ends_when_nobody_used_it_for_long_and_after_its_time(stage: Stage, days: int) -> None:
    client = stage.client()
    token = stage.tokens(client)["refresh_token"]
    start = clock.now()
    for passed in range(13, days, 13):
        with time_machine.travel(start + timedelta(days=passed)):
            if days > 60:
                token = client.refresh(token).json["refresh_token"]
    with time_machine.travel(start + timedelta(days=days)):
        assert client.refresh(token).json["error"] == "invalid_grant"


def signed_out(app: Flask) -> None:
    session.end_all(account(app).id, "signed_out")


def panic(app: Flask) -> None:
    with transaction():
        signals.factors_wiped.send(account(app).id)


def closed(app: Flask) -> None:
    with transaction():
        signals.account_closed.send(account(app).id)


def frozen(app: Flask) -> None:
    freezing.freeze(account(app).id, "support")


def new_password(app: Flask) -> None:
    with transaction():
        account(app).password_changed_at = clock.now()


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (signed_out, 200),  # OpenID Connect Back-Channel Logout 1.0, 2.7: offline access is made to outlive it
        (panic, 400),
        (closed, 400),
        (frozen, 400),
        (new_password, 400),  # whoever gave it may not have been the owner
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_offline_access_outlives_the_session_and_nothing_worse(
    stage: Stage, event: Callable[[Flask], None], status: int
) -> None:
    client = stage.client()
    tokens = stage.tokens(client)
    with stage.app.app_context():
        event(stage.app)
    assert client.refresh(tokens["refresh_token"]).status_code == status
    if event in {panic, closed, frozen}:
        assert client.userinfo(tokens["access_token"]).status_code == 401


def test_what_a_freeze_ended_does_not_live_again_when_the_account_is_opened(stage: Stage) -> None:
    client = stage.client()
    tokens = stage.tokens(client)
    with stage.app.app_context():
        frozen(stage.app)
        assert freezing.unfreeze(account(stage.app).id, "support")
    assert client.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert client.userinfo(tokens["access_token"]).status_code == 401


def test_without_the_access_to_its_application_a_client_gets_no_more_tokens(stage: Stage) -> None:
    stage.proves(MFA)
    with stage.app.app_context():
        catalogue.load_reference()
        grant_directly(account(stage.app), Gift(741, "ERN-RND/DE/DE22", ("HP",), "demo"))
    client = stage.client(application_id=741)
    token = stage.tokens(client)["refresh_token"]
    with stage.app.app_context(), transaction():
        db.session.execute(update(Access).values(state=AccessState.REVOKED))
    assert client.refresh(token).json["error"] == "invalid_grant"


def test_a_client_alone_is_not_enough(stage: Stage) -> None:
    """RFC 6749, 6: a confidential client authenticates."""
    client = stage.client()
    token = stage.tokens(client)["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": client.client_id}
    assert stage.app.test_client().post("/oauth2/token", data=form).status_code == 401

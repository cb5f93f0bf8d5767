"""Signing keys are replaced without anybody noticing (OpenID Connect Core, 10.1.1)."""

import threading
from datetime import timedelta

import time_machine
from flask import Flask

from idp.core import clock
from idp.oidc import keys
from tests.protocol.stage import Stage

ROLES = {"waits": 1, "signs": 1}


def roles(app: Flask, algorithm: str = "ES256") -> dict[str, int]:
    with app.app_context():
        does = [does for _, kind, does, _ in keys.described() if kind == algorithm]
    return {name: does.count(name) for name in set(does)}


def published(stage: Stage) -> set[str]:
    return {key["kid"] for key in stage.app.test_client().get("/oauth2/jwks").json["keys"]}


def signing(stage: Stage) -> str:
    with stage.app.app_context():
        return next(kid for kid, kind, does, _ in keys.described() if (kind, does) == ("ES256", "signs"))


def rotate(stage: Stage) -> None:
    with stage.app.app_context():
        keys.rotate()


def test_the_next_key_is_published_before_it_signs(stage: Stage) -> None:
    client = stage.client()
    before, old = published(stage), signing(stage)
    assert roles(stage.app) == ROLES and roles(stage.app, "RS256") == ROLES
    token = stage.tokens(client)["access_token"]
    rotate(stage)
    assert signing(stage) != old and signing(stage) in before, "every client has had the time to read it"
    assert roles(stage.app) == {**ROLES, "verifies": 1}
    assert before < published(stage)
    assert client.userinfo(token).status_code == 200, "what the old key signed still counts"
    assert client.verified(stage.tokens(client)["id_token"])["sub"] == stage.uid


def test_a_process_that_has_not_heard_of_a_rotation_reads_the_keys_again(stage: Stage) -> None:
    client = stage.client()
    stage.tokens(client)
    stale = stage.app.extensions["ern_keys"]
    for _ in range(2):
        rotate(stage)
    token = stage.tokens(client)["access_token"]
    stage.app.extensions["ern_keys"] = keys.Ring(stale.signing, stale.all, stale.public, stale.read_at - 2)
    assert client.userinfo(token).status_code == 200


def test_a_process_that_has_not_heard_of_rotations_publishes_the_keys_of_now(stage: Stage) -> None:
    """Else a client that meets a new key would not find it where it looks (OpenID Connect Core, 10.1.1)."""
    published(stage)
    stale = stage.app.extensions["ern_keys"]
    for _ in range(2):
        rotate(stage)
    stage.app.extensions["ern_keys"] = keys.Ring(stale.signing, stale.all, stale.public, stale.read_at - 2)
    assert signing(stage) in published(stage)


def test_a_key_is_parsed_once_however_often_the_keys_are_read(stage: Stage) -> None:
    """An RSA key costs 30 ms each time, and under load every thread would pay them once a second."""
    published(stage)
    before = stage.app.extensions["ern_keys"]
    stage.app.extensions["ern_keys"] = keys.Ring(before.signing, before.all, before.public, before.read_at - 2)
    published(stage)
    after = stage.app.extensions["ern_keys"]
    assert after.read_at > before.read_at, "they were read again"
    assert {id(key) for key in after.all} == {id(key) for key in before.all}
    assert all(after.signing[name] is key for name, key in before.signing.items())


def test_keys_rotate_by_themselves_and_are_forgotten_after_their_last_token(each_stage: Stage) -> None:
    app, old = each_stage.app, signing(each_stage)
    with app.app_context():
        keys.sweep()
        assert signing(each_stage) == old, "not before their time"
    with time_machine.travel(clock.now() + timedelta(days=91)), app.app_context():
        keys.sweep()
        keys.sweep()
    assert roles(app) == {**ROLES, "verifies": 1}
    with time_machine.travel(clock.now() + timedelta(days=91, hours=26)), app.app_context():
        keys.sweep()
    assert roles(app) == ROLES


def test_rotations_at_the_same_moment_leave_one_key_of_each_kind(each_stage: Stage) -> None:
    threads = [threading.Thread(target=rotate, args=(each_stage,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = roles(each_stage.app)
    assert (found["waits"], found["signs"]) == (1, 1)

"""Garbage instead of what a device says is refused and breaks nothing: from a security key, and signed by an app."""

import base64
import json

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.mfa.factor import Rejected
from tests.mfa.mobile import has_the_app, new_app
from tests.mfa.test_device_api import REQUESTS
from tests.mfa.test_security_key import FACTOR, answer, asked, enrolled, offered, react
from tests.signin.browser import person
from tests.support.companion_app import CompanionApp, Refused, b64
from tests.support.security_key import SecurityKey

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PARTS = ("id", "rawId", "type", "response", "authenticatorAttachment")
INNER = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle", "transports")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), registering=st.booleans())
def test_garbage_of_a_key_is_refused_and_breaks_nothing(app: Flask, data: st.DataObject, registering: bool) -> None:
    with app.test_request_context():
        _takes_garbage(data, registering)


def _takes_garbage(data: st.DataObject, registering: bool) -> None:
    key = SecurityKey()
    secret = enrolled(key)
    prompt = offered() if registering else asked(secret)
    text = react(key, prompt)
    broken = json.loads(text)
    where, name = data.draw(
        st.sampled_from([(broken, part) for part in PARTS] + [(broken["response"], part) for part in INNER])
    )
    before = where.get(name)
    bits = st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
    where[name] = data.draw(JSON | bits)
    typed = data.draw(st.sampled_from([json.dumps(broken), json.dumps(broken)[:-9], f"{'[' * 9000}", text[1:], "{}"]))
    try:
        FACTOR.handle_in(answer(typed))
        if registering:
            FACTOR.enrol(prompt.memo, answer(typed))
        else:
            FACTOR.judge(secret, prompt.memo, answer(typed))
    except Rejected:
        return
    unsigned = {"authenticatorAttachment", "transports", "attestationObject", "authenticatorData", "signature"}
    assert where[name] == before or name in unsigned | {"userHandle"}, f"{name} was replaced by {where[name]!r}"


@pytest.fixture
def phone(app: Flask) -> CompanionApp:
    person(app)
    return has_the_app(app)


def outcome(phone: CompanionApp, path: str, body: dict) -> int:
    try:
        phone.sends("POST", path, body)
    except Refused as refused:
        return refused.status
    return 200


WEIRD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["verdict", "number", "code", "signature", "endpoint", "keys", "token", "key"]), WEIRD
    )
)
def test_signed_garbage_never_breaks_anything(app: Flask, phone: CompanionApp, body: dict) -> None:
    phone.call = new_app(app).call
    paths = (f"{REQUESTS}/{b64(bytes(16))}/answer", "/app/api/push", "/app/api/pair")
    for path in paths:
        assert outcome(phone, path, body) in (200, 400, 401, 410, 429)

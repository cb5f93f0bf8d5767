"""What every route of the three programs owes, read from their route tables: a new route is judged at once."""

import re

import pytest
from flask import Flask
from werkzeug.routing import IntegerConverter
from werkzeug.test import TestResponse

from tests.security.programs import BASE, NAMES, Programs, path_of, rules, stranger

# What others may post to, and why.
OPEN_TO_OTHERS = {
    "back_channel_logout": "the identity server, by its signature (Back-Channel Logout 1.0, 2.6)",
    "device_api.answer": "the mobile app, which signs each call with its key",
    "device_api.nothing": "the same: it only says that there is no such call",
    "device_api.pair": "a new mobile app with the secret of its QR code",
    "device_api.unlink": "the mobile app",
    "device_api.subscribe": "the mobile app",
    "device_api.unsubscribe": "the mobile app",
    "oidc.authorize": "a relying party's form (OpenID Connect Core, 3.1.2.1)",
    "oidc.device_authorization": "a program on a device",
    "oidc.introspect": "a program with its secret",
    "oidc.logout": "a relying party's form (RP-Initiated Logout 1.0, 2); it ends a session only with its ID token",
    "oidc.par": "a program with its secret",
    "oidc.register": "a program with an initial access token (RFC 7591)",
    "oidc.revoke": "a program with its secret",
    "oidc.token": "a program with its secret",
    "oidc.userinfo": "a program with an access token",
    "sms_reports.status": "the text message provider, which signs what it reports",
}
LARGEST_ID = 2**31 - 1
UNSAFE = re.compile(r"unsafe-|\*|data:|blob:|(?<![\w-])https?:(?!//)")


@pytest.fixture(params=NAMES)
def program(request: pytest.FixtureRequest, programs: Programs) -> tuple[str, Flask]:
    return request.param, programs(request.param)


# The mobile app speaks to the identity servers of all its accounts.
OPEN_PATHS = {"/app/"}


def judged(answer: TestResponse) -> list[str]:
    """What an answer lacks of what every answer owes."""
    policy = answer.headers.get("Content-Security-Policy", "")
    if answer.request.path in OPEN_PATHS:
        policy = policy.replace("connect-src 'self' https:", "connect-src 'self'")
    wanted = ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'")
    lacks = [part for part in wanted if part not in policy]
    lacks += ["a strict policy"] * bool(UNSAFE.search(policy))
    lacks += ["nosniff"] * (answer.headers.get("X-Content-Type-Options") != "nosniff")
    kept = answer.headers.get("Cache-Control", "")
    lacks += ["no-store"] * (kept != "no-store" and not kept.startswith(("public, max-age", "no-cache")))
    return lacks


def test_no_form_is_taken_without_its_token(program: tuple[str, Flask]) -> None:
    name, app = program
    browser, wrong = stranger(app, name), {}
    for rule in rules(app, "POST"):
        if rule.endpoint in OPEN_TO_OTHERS:
            continue
        for data in ({}, {"csrf_token": "made.up.token"}):
            answer = browser.post(path_of(app, rule), base_url=BASE[name], data=data)
            if answer.status_code not in (400, 403) or not re.search("form|page was open", answer.text):
                wrong[rule.rule] = answer.status
    assert wrong == {}


def test_only_posts_change_anything(program: tuple[str, Flask]) -> None:
    _, app = program
    known = {"GET", "HEAD", "OPTIONS", "POST"}
    by_programs = {"/oauth2/register/<client_id>"}  # RFC 7592, 2: PUT and DELETE, with a token of its own
    found = {rule.rule for rule in app.url_map.iter_rules() if set(rule.methods or ()) - known}
    assert found <= by_programs


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_every_answer_carries_the_protecting_headers(program: tuple[str, Flask], method: str) -> None:
    name, app = program
    browser, lacking = stranger(app, name), {}
    paths = [path_of(app, rule) for rule in app.url_map.iter_rules()]
    for path in [*paths, "/nowhere", "/static/nothing", "/%00", "/%ff"]:
        answer = browser.open(path, method=method, base_url=BASE[name])
        if lacks := judged(answer):
            lacking[path] = (answer.status, lacks)
    assert lacking == {}


def test_a_foreign_host_gets_nothing_but_a_refusal(program: tuple[str, Flask]) -> None:
    _, app = program
    probes = ("healthz", "readyz", "metrics", "alive", "ready")
    for rule in rules(app, "GET"):
        if not rule.endpoint.endswith(probes):
            answer = app.test_client().get(path_of(app, rule), base_url="https://evil.example")
            assert answer.status_code == 400, rule
            assert "evil.example" not in str(answer.headers), rule


def test_no_number_in_an_address_is_too_large_for_the_databases(program: tuple[str, Flask]) -> None:
    _, app = program
    unbounded = [
        rule.rule
        for rule in app.url_map.iter_rules()
        for converter in rule._converters.values()
        if isinstance(converter, IntegerConverter) and (converter.max is None or converter.max > LARGEST_ID)
    ]
    assert unbounded == []


def test_the_programs_of_one_machine_keep_their_cookies_apart(programs: Programs) -> None:
    # Ports share cookies: a cookie of the same name would be read, and overwritten, by the neighbour.
    names: list[str] = []
    for name in NAMES:
        app = programs(name)
        seen = set()
        for path in ("/", "/login", "/register", "/sign-in", "/training", "/?lang=fr"):
            cookies = app.test_client().get(path, base_url=BASE[name]).headers.getlist("Set-Cookie")
            seen |= {cookie.partition("=")[0] for cookie in cookies}
        assert seen, name
        names += seen
    assert sorted(names) == sorted(set(names))

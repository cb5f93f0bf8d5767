"""Applications learn in the browser that its session changed (OpenID Connect Session Management 1.0)."""

import hashlib
from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from idp.accounts import people, session
from idp.core.levels import SFA
from idp.mfa import panic
from tests.oidc.relying_party import CALLBACK, ISSUER, answer
from tests.protocol.stage import Client, Stage, staged
from tests.signin.browser import EMAIL

COOKIE = "ern_browser_state"


@pytest.fixture
def stage(app: Flask) -> Stage:
    """A server whose operator switched it on."""
    told = app.extensions["ern_settings"]
    app.extensions["ern_settings"] = replace(told, oidc=replace(told.oidc, session_management=True))
    app.extensions.pop("ern_metadata", None)
    return staged(app)


def state_of(stage: Stage) -> str:
    found = stage.browser.get_cookie(COOKIE)
    return found.value if found else ""


def computed(client: Client, state: str, salt: str, origin: str = "https://rp.example") -> str:
    """Section 4.2, as the frame does it."""
    return f"{hashlib.sha256(f'{client.client_id} {origin} {state} {salt}'.encode()).hexdigest()}.{salt}"


def holds(stage: Stage, client: Client, got: str) -> bool:
    return got == computed(client, state_of(stage), got.partition(".")[2])


def asks(stage: Stage, client: Client, **parameters: str) -> str:
    """Let the client ask in the browser and return the session_state of the answer."""
    return answer(stage.browser.get(client.request(**parameters)), client.redirect_uri)["session_state"]


def test_the_state_of_an_answer_holds_until_the_session_ends(stage: Stage) -> None:
    """Sections 2 and 3.2: `session-management-rp-initiated-logout`."""
    client = stage.client()
    first = asks(stage, client)
    assert holds(stage, client, first) and holds(stage, client, asks(stage, client, prompt="none"))
    assert asks(stage, client) != first and holds(stage, client, first), "each answer has a salt of its own"
    hint = stage.tokens(client)["id_token"]
    stage.browser.get("/oauth2/logout", query_string={"id_token_hint": hint})
    assert state_of(stage) == "" and not holds(stage, client, first)
    after = asks(stage, client, prompt="none")
    assert holds(stage, client, after), "an error tells the state too"
    stage.proves(SFA)
    asks(stage, client)
    assert not holds(stage, client, first) and not holds(stage, client, after)


def end_elsewhere(stage: Stage) -> None:
    with stage.app.app_context():
        account = people.by_address(EMAIL)
        assert account
        session.end_all(account.id, "signed_out")


def press_panic(stage: Stage) -> None:
    with stage.app.app_context():
        account = people.by_address(EMAIL)
        assert account
        panic.press(account.id, "support")
        session.end_all(account.id, "panic")


@pytest.mark.parametrize("end", [end_elsewhere, press_panic])
def test_an_end_from_elsewhere_is_seen_with_the_next_visit(stage: Stage, end: object) -> None:
    client = stage.client()
    first = asks(stage, client)
    end(stage)  # type: ignore[operator]
    stage.browser.get("/login", follow_redirects=True)
    assert state_of(stage) == "" and not holds(stage, client, first)


def test_the_cookie_is_for_scripts_and_opens_nothing(stage: Stage) -> None:
    page = stage.browser.get(stage.client().request())
    [cookie] = [one for one in page.headers.getlist("Set-Cookie") if one.startswith(f"{COOKIE}=")]
    assert "HttpOnly" not in cookie and "Path=/" in cookie
    thief = stage.app.test_client()
    thief.set_cookie("ern_session", state_of(stage))
    assert "/login" in thief.get("/account").headers["Location"]
    sid = str(stage.client().verified(stage.tokens(stage.client())["id_token"])["sid"])
    assert sid not in state_of(stage) and state_of(stage) not in page.text


def test_a_visit_without_the_sessions_cookie_changes_nothing(stage: Stage) -> None:
    """A frame and a form of another site do not bring it (SameSite=Lax), though the session goes on."""
    asks(stage, stage.client())
    frame = stage.app.test_client()
    frame.set_cookie(COOKIE, state_of(stage))
    for path in ("/oauth2/session", "/login"):
        answers = frame.get(path, follow_redirects=True).headers.getlist("Set-Cookie")
        assert not any(one.startswith(COOKIE) for one in answers)


def test_the_frame_and_no_other_page_may_be_framed(stage: Stage) -> None:
    """Section 3.2."""
    told = stage.app.test_client().get("/.well-known/openid-configuration").json
    page = stage.app.test_client().get(told["check_session_iframe"].removeprefix(ISSUER))
    assert page.status_code == 200 and "X-Frame-Options" not in page.headers
    policy = page.headers["Content-Security-Policy"]
    assert (
        "frame-ancestors https: http:;" in policy and "default-src 'none'" in policy and "script-src 'self'" in policy
    )
    for path in ("/login", "/logout/done", "/oauth2/session/x"):
        other: TestResponse = stage.app.test_client().get(path, follow_redirects=True)
        assert other.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in other.headers["Content-Security-Policy"]


ORIGINS = [
    ("https://rp.example/callback", "https://rp.example"),
    ("https://RP.example:443/callback", "https://rp.example"),
    ("https://rp.example:8443/callback?x=1", "https://rp.example:8443"),
    ("http://[::1]:9/callback", "http://[::1]:9"),
]


@pytest.mark.parametrize(("redirect_uri", "origin"), ORIGINS)
def test_the_state_is_for_the_origin_of_the_answer(stage: Stage, redirect_uri: str, origin: str) -> None:
    client = stage.client(redirect_uris=[redirect_uri, CALLBACK])
    page = stage.browser.get(client.request(redirect_uri=redirect_uri))
    got = page.headers["Location"].partition("session_state=")[2].partition("&")[0]
    assert got == computed(client, state_of(stage), got.partition(".")[2], origin)


def test_an_application_on_a_device_gets_none(stage: Stage) -> None:
    native = {"application_type": "native"}
    client = stage.client(redirect_uris=["com.example.app:/callback"], further=native)
    page = stage.browser.get(client.request(redirect_uri="com.example.app:/callback"))
    assert "code=" in page.headers["Location"] and "session_state" not in page.headers["Location"]


def test_nothing_of_it_is_there_unless_the_operator_wants_it(app: Flask) -> None:
    """It needs a cookie in foreign frames."""
    stage = staged(app)
    told = app.test_client().get("/.well-known/openid-configuration").json
    assert "check_session_iframe" not in told and app.test_client().get("/oauth2/session").status_code == 404
    page = stage.browser.get(stage.client().request())
    assert "session_state" not in page.headers["Location"] and not stage.browser.get_cookie(COOKIE)

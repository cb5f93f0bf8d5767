"""Applications end their sessions in frames of our last page (OpenID Connect Front-Channel Logout 1.0)."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from idp.core.errors import Invalid
from tests.oidc.relying_party import AFTER_LOGOUT, ISSUER, register
from tests.protocol.stage import Client, Stage

FRAME = "https://rp.example/front?x=1"
OTHER = "https://other.example/front"


def framed(stage: Stage, address: str = FRAME, **wanted: Any) -> Client:
    return stage.client(further={"frontchannel_logout_uri": address}, **wanted)


def leaves(stage: Stage, hint: str, **parameters: str) -> TestResponse:
    """Follow an application's sign-out to the page where it ends, or to the application."""
    page = stage.browser.get("/oauth2/logout", query_string={"id_token_hint": hint, **parameters})
    while page.status_code == 303 and page.headers["Location"].startswith("/"):
        page = stage.browser.get(page.headers["Location"])
    return page


def frames(page: TestResponse) -> list[str]:
    return [unescape(address) for address in re.findall(r'<iframe [^>]*src="([^"]+)"', page.text)]


def test_the_last_page_loads_each_application_and_leads_on(stage: Stage) -> None:
    """Sections 2 and 3: `frontchannel-rp-initiated-logout`; the frame hears issuer and session."""
    client = framed(stage)
    other = framed(stage, OTHER, redirect_uris=["https://other.example/callback"])
    other.redirect_uri = "https://other.example/callback"
    stage.tokens(other)
    hint = stage.tokens(client)["id_token"]
    stage.tokens(stage.client())
    page = leaves(stage, hint, post_logout_redirect_uri=AFTER_LOGOUT, state="s1")
    loaded = {address.partition("?")[0]: parse_qs(urlsplit(address).query) for address in frames(page)}
    sid = [str(client.verified(hint)["sid"])]
    assert loaded == {
        "https://rp.example/front": {"x": ["1"], "iss": [ISSUER], "sid": sid},
        OTHER: {"iss": [ISSUER], "sid": sid},
    }
    assert f'href="{AFTER_LOGOUT}?state=s1"' in page.text, "a link for who has no script"
    assert page.headers["Refresh"] == f"5; url={AFTER_LOGOUT}?state=s1"
    policy = page.headers["Content-Security-Policy"]
    assert policy.endswith("; frame-src https://other.example https://rp.example") and "default-src 'none'" in policy
    assert "login_required" in stage.browser.get(client.request(prompt="none")).headers["Location"]


def test_without_an_address_to_go_to_the_page_stays(stage: Stage) -> None:
    page = leaves(stage, stage.tokens(framed(stage))["id_token"], post_logout_redirect_uri="https://evil.example/")
    assert len(frames(page)) == 1 and "Refresh" not in page.headers and "evil.example" not in page.text
    assert "You are signed out" in page.text


def test_it_happens_at_our_own_sign_out_too(stage: Stage) -> None:
    stage.tokens(framed(stage))
    form = stage.browser.get("/logout").text.partition("<main")[2]
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token
    page = stage.browser.post("/logout", data={"csrf_token": token[1]}, follow_redirects=True)
    assert len(frames(page)) == 1 and "You are signed out" in page.text


@pytest.mark.parametrize("visited", [False, True])
def test_who_does_not_want_it_is_gone_at_once(stage: Stage, visited: bool) -> None:
    """Without frames there is no page in between; an application whose code was not redeemed has no session."""
    client = stage.client()
    hint = stage.tokens(client)["id_token"]
    if visited:
        stage.code(framed(stage))
    page = leaves(stage, hint, post_logout_redirect_uri=AFTER_LOGOUT)
    assert page.headers["Location"] == AFTER_LOGOUT


def test_the_page_leads_nowhere_that_we_did_not_write(stage: Stage) -> None:
    """No open redirect, and no frames while the session goes on."""
    stage.tokens(framed(stage))
    with stage.app.test_request_context():
        from idp.core.signed import sign

        going_on = sign("front-channel logout", [1, "https://evil.example/"])
        foreign = sign("another purpose", [1, "https://evil.example/"])
    for text in (going_on, foreign, "", "x", f"{going_on}x"):
        page = stage.browser.get("/oauth2/logout/done", query_string={"t": text, "location": "https://evil.example/"})
        assert page.headers["Location"] == "/logout/done" and "Refresh" not in page.headers


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/front", "https://rp.example:444/front", "http://rp.example/front", "javascript:alert(1)",
        "https://rp.example/front#x", "x", 5, "https://rp.example;script-src https://evil.example/",
    ],
)  # fmt: skip
def test_a_frame_is_where_the_codes_go(stage: Stage, address: object) -> None:
    """Section 2: scheme, host and port of a registered redirect URI."""
    with pytest.raises(Invalid):
        register(stage.app, further={"frontchannel_logout_uri": address})


def test_discovery_tells_of_it(stage: Stage) -> None:
    """Section 3.1: `frontchannel-rp-initiated-logout discovery`; and a session has a name (`sid`)."""
    told = stage.app.test_client().get("/.well-known/openid-configuration").json
    assert told["frontchannel_logout_supported"] is True and told["frontchannel_logout_session_supported"] is True
    assert stage.client().verified(stage.tokens(stage.client())["id_token"])["sid"]

"""The plans for sign-out, module by module (RP-Initiated, Back-Channel and Front-Channel Logout 1.0)."""

import base64
import json
import re
from collections.abc import Callable

import pytest
from joserfc import jwt
from werkzeug.test import TestResponse

from tests.oidc.relying_party import AFTER_LOGOUT, answer
from tests.protocol.stage import OTHER_KEY, Client, Stage

Hint = Callable[[str], str]


def modified(hint: str) -> str:
    """The same claims with alg none and no signature."""
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    return f"{head}.{hint.split('.')[1]}."


def foreign(hint: str) -> str:
    """The same claims, signed by somebody else."""
    body = hint.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return jwt.encode({"alg": "ES256", "typ": "JWT", "kid": "ec"}, claims, OTHER_KEY)


def altered(hint: str) -> str:
    """The right signature under other claims."""
    head, _, signature = hint.split(".")
    body = base64.urlsafe_b64encode(b'{"sub": "somebody"}').rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


def whole(hint: str) -> str:
    return hint


GOOD = {"post_logout_redirect_uri": AFTER_LOGOUT, "state": "s 1&2"}
# module, what is sent, what becomes of the hint (None: not sent), where the browser goes (None: a page of ours)
MODULES: list[tuple[str, dict[str, str], Hint | None, str | None]] = [
    # RP-Initiated Logout 1.0, 2 and 3
    ("rp-initiated-logout", GOOD, whole, f"{AFTER_LOGOUT}?state=s+1%262"),
    ("no-state", {"post_logout_redirect_uri": AFTER_LOGOUT}, whole, AFTER_LOGOUT),
    # Section 3: only to an address that was registered before, letter for letter
    ("bad-post-logout-redirect-uri", {**GOOD, "post_logout_redirect_uri": "https://evil.example/"}, whole, None),
    ("query-added-to-post-logout-redirect-uri", {"post_logout_redirect_uri": f"{AFTER_LOGOUT}?f=b"}, whole, None),
    # Section 4: an ID token that is not ours proves nothing
    ("modified-id-token-hint", GOOD, modified, None),
    ("bad-id-token-hint", GOOD, foreign, None),
    ("altered-id-token-hint", GOOD, altered, None),
    # Section 6: without a hint nobody is sent anywhere before he was asked
    ("no-id-token-hint", GOOD, None, None),
    ("no-params", {}, None, None),
    ("no-post-logout-redirect-uri", {"state": "s"}, whole, None),
    ("only-state", {"state": "s"}, None, None),
]  # fmt: skip


def follows(stage: Stage, page: TestResponse) -> TestResponse:
    while page.status_code in (302, 303) and page.headers["Location"].startswith("/"):
        page = stage.browser.get(page.headers["Location"])
    return page


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("parameters", "hint", "goes"), [row[1:] for row in MODULES], ids=[row[0] for row in MODULES])
def test_each_module(
    stage: Stage, parameters: dict[str, str], hint: Hint | None, goes: str | None, method: str
) -> None:
    """Section 2: GET and POST are both understood."""
    client = stage.client()
    token = stage.tokens(client)["id_token"]
    sent = {**parameters, **({"id_token_hint": hint(token)} if hint else {})}
    data = {"query_string": sent} if method == "GET" else {"data": sent}
    page = follows(stage, stage.browser.open("/oauth2/logout", method=method, **data))  # type: ignore[arg-type]
    if goes is not None:
        assert page.headers["Location"] == goes
    else:
        assert "Location" not in page.headers and "Refresh" not in page.headers and "evil.example" not in page.text
    ended = hint is whole
    assert signed_in(stage, client) is not ended
    if ended and goes is None:
        assert "You are signed out" in page.text
    if not ended and hint is None:
        assert "You are signed out" in confirms(stage, page).text and not signed_in(stage, client)


def signed_in(stage: Stage, client: Client) -> bool:
    """OpenID Connect Core, 3.1.2.1: prompt=none tells without a page."""
    got = answer(stage.browser.get(client.request(prompt="none")))
    assert got.get("error") in (None, "login_required")
    return "code" in got


def confirms(stage: Stage, page: TestResponse) -> TestResponse:
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text.partition("<main")[2])
    assert token, page.text
    return stage.browser.post("/logout", data={"csrf_token": token[1]}, follow_redirects=True)


def test_a_token_of_another_client_is_no_hint_for_this_one(stage: Stage) -> None:
    """Section 2: client_id and the audience of the hint must be the same."""
    client, other = stage.client(), stage.client()
    token = stage.tokens(client)["id_token"]
    page = stage.browser.get(
        "/oauth2/logout", query_string={**GOOD, "id_token_hint": token, "client_id": other.client_id}
    )
    assert page.status_code == 400 and "Location" not in page.headers and signed_in(stage, client)


def test_discovery_names_the_ways_to_end_a_session(stage: Stage) -> None:
    """RP-Initiated Logout 1.0, 2.1; Back-Channel Logout 1.0, 2.1; Front-Channel Logout 1.0, 3.1."""
    told = stage.app.test_client().get("/.well-known/openid-configuration").json
    assert told["end_session_endpoint"].endswith("/oauth2/logout")
    for name in ("backchannel", "frontchannel"):
        assert told[f"{name}_logout_supported"] is True and told[f"{name}_logout_session_supported"] is True

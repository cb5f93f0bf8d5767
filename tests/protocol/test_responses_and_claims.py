"""How answers travel (Form Post Response Mode, JARM, RFC 9207), and claims asked for by name (Core, 5.5)."""

import re
from html import unescape

import orjson
import pytest
from werkzeug.test import TestResponse

from tests.oidc.relying_party import CALLBACK, ISSUER, answer
from tests.protocol.stage import Client, Stage


def posted(page: TestResponse) -> dict[str, str]:
    """The fields of the page's form."""
    assert page.status_code == 200 and f'action="{CALLBACK}"' in page.text
    form = page.text.partition('<form id="answer"')[2].partition("</form>")[0]
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return {name: unescape(value) for name, value in fields}


def opened(client: Client, response: str) -> dict[str, object]:
    claims = client.verified(response)
    assert claims["aud"] == client.client_id and claims["iss"] == ISSUER and claims["exp"]
    return claims


def test_an_answer_can_be_a_form(stage: Stage) -> None:
    """OAuth 2.0 Form Post Response Mode, 2: nothing in the address; RFC 9207: the issuer too."""
    client = stage.client()
    odd = "\"><script>alert(1)</script>&'"
    page = stage.browser.get(client.request(response_mode="form_post", state=odd))
    fields = posted(page)
    assert fields["state"] == odd and fields["iss"] == ISSUER and "<script>alert" not in page.text
    assert client.redeem(fields["code"]).status_code == 200
    policy = page.headers["Content-Security-Policy"]
    assert policy.endswith("form-action 'self' https://rp.example") and "unsafe-inline" not in policy
    assert page.headers["Cache-Control"] == "no-store" and '<button class="' in page.text


@pytest.mark.parametrize("mode", ["query.jwt", "jwt", "form_post.jwt"])
def test_an_answer_can_be_signed(stage: Stage, mode: str) -> None:
    """JARM, 2.1 and 2.3."""
    client = stage.client()
    page = stage.browser.get(client.request(response_mode=mode))
    fields = posted(page) if mode.startswith("form") else answer(page)
    assert set(fields) == {"response"}
    told = opened(client, fields["response"])
    assert told["state"] == client.sent["state"]
    assert client.redeem(str(told["code"])).status_code == 200
    assert client.userinfo(fields["response"]).status_code == 401
    hinted = stage.browser.get("/oauth2/logout", query_string={"id_token_hint": fields["response"]})
    assert hinted.status_code == 400, "and is no ID token"


@pytest.mark.parametrize("mode", ["query", "form_post", "query.jwt", "form_post.jwt"])
def test_errors_travel_in_the_same_way(stage: Stage, mode: str) -> None:
    client = stage.client()
    page = stage.browser.get(client.request(response_mode=mode, scope="profile"))
    fields: dict[str, object] = dict(posted(page) if mode.startswith("form") else answer(page))
    if mode.endswith("jwt"):
        fields = opened(client, str(fields["response"]))
    assert fields["error"] == "invalid_scope" and fields["iss"] == ISSUER and fields["state"] == client.sent["state"]


def asking(userinfo: object = None, id_token: object = None) -> str:
    return orjson.dumps({"userinfo": userinfo, "id_token": id_token}).decode()


def test_claims_can_be_asked_for_by_name(stage: Stage) -> None:
    """OpenID Connect Core, 5.5."""
    client = stage.client()
    wanted = asking({"email": {"essential": True}, "nickname": None, "ern": None}, {"given_name": None, "sid": None})
    tokens = stage.tokens(client, scope="openid", claims=wanted)
    told = client.userinfo(tokens["access_token"]).json
    assert set(told) == {"sub", "email"}
    assert client.verified(tokens["id_token"])["given_name"] == "Mira"
    assert "email" not in client.verified(tokens["id_token"])


def test_a_name_opens_nothing_that_the_client_may_not_have(stage: Stage) -> None:
    client = stage.client(scope="openid profile")
    tokens = stage.tokens(client, scope="openid", claims=asking({"email": None, "name": None}, {"email": None}))
    assert set(client.userinfo(tokens["access_token"]).json) == {"sub", "name"}
    assert "email" not in client.verified(tokens["id_token"])


def test_no_asked_claim_replaces_one_of_ours(stage: Stage) -> None:
    client = stage.client()
    names = {name: {"value": "x"} for name in ("iss", "aud", "exp", "acr", "amr", "sid", "nonce")}
    claims = client.verified(stage.tokens(client, claims=asking(None, names))["id_token"])
    assert claims["iss"] == ISSUER and claims["aud"] == client.client_id and claims["nonce"] == client.sent["nonce"]


@pytest.mark.parametrize("own", [True, False])
def test_a_client_can_accept_one_person_only(stage: Stage, own: bool) -> None:
    """OpenID Connect Core, 5.5.1: the value of sub."""
    client = stage.client()
    sub = stage.uid if own else "n00other"
    got = answer(stage.browser.get(client.request(prompt="none", claims=asking(None, {"sub": {"value": sub}}))))
    assert ("code" in got) is own and got.get("error") == (None if own else "login_required")


@pytest.mark.parametrize(
    "claims", ['{"userinfo": []}', '{"userinfo": 1}', '{"id_token": {"sub": {"value": 5}}}', "[1]"]
)
def test_claims_that_are_none_are_refused(stage: Stage, claims: str) -> None:
    got = answer(stage.browser.get(stage.client().request(claims=claims)))
    assert got.get("error") in {"invalid_request", None} and ("code" in got) is (claims == '{"userinfo": []}')

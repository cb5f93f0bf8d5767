"""What the authorization endpoint gives at once (Multiple Response Types; OpenID Connect Core, 3.2 and 3.3)."""

import base64
import hashlib
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.test import TestResponse

from idp.accounts import people, session
from idp.core import jobs
from idp.core.errors import Invalid
from tests.oidc.relying_party import CALLBACK, ISSUER, answer, asks
from tests.protocol.sites import Site
from tests.protocol.stage import OFFLINE, Client, Stage
from tests.protocol.test_registration import WANTED, invited, sends
from tests.protocol.test_responses_and_claims import posted
from tests.signin.browser import EMAIL, Browser

IMPLICIT = ["id_token", "id_token token"]
HYBRID = ["code id_token", "code token", "code id_token token"]
LEGACY = [*IMPLICIT, *HYBRID]
WITH_TOKEN = [one for one in LEGACY if "token" in one.split()]
WITH_ID_TOKEN = [one for one in LEGACY if "id_token" in one]
NAMES = {"code": {"code"}, "id_token": {"id_token"}, "token": {"access_token", "token_type", "expires_in", "scope"}}


def switched_on(stage: Stage) -> None:
    chosen = stage.app.extensions["ern_settings"]
    oidc = replace(chosen.oidc, legacy_response_types=True)
    stage.app.extensions["ern_settings"] = replace(chosen, oidc=oidc)


def legacy(stage: Stage, **further: Any) -> Client:
    """A client that may use all of them, on a server that offers them."""
    switched_on(stage)
    return stage.client(further={"profile": "legacy", "response_types": ["code", *LEGACY], **further})


def fragment(page: TestResponse) -> dict[str, str]:
    """What came back behind the address, and only there."""
    location = page.headers.get("Location", "")
    assert page.status_code == 303 and location.startswith(f"{CALLBACK}#"), (page.status_code, location, page.text)
    assert not urlsplit(location).query and page.headers["Cache-Control"] == "no-store"
    return dict(parse_qsl(urlsplit(location).fragment, keep_blank_values=True))


def given(stage: Stage, client: Client, response_type: str, **changes: str | None) -> dict[str, str]:
    return fragment(stage.browser.get(client.request(response_type=response_type, **changes)))


def half_hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).rstrip(b"=").decode()


@pytest.mark.parametrize("response_type", LEGACY)
def test_each_type_gives_what_it_names_in_the_fragment(stage: Stage, response_type: str) -> None:
    """Multiple Response Types, 5; Core, 3.2.2.5 and 3.3.2.5; RFC 9207, 2: and the issuer."""
    client = legacy(stage)
    got = given(stage, client, response_type)
    named = set().union(*(NAMES[one] for one in response_type.split()))
    assert set(got) == named | {"state", "iss"} and got["iss"] == ISSUER and got["state"] == client.sent["state"]
    if "access_token" in got:
        assert got["token_type"] == "Bearer" and int(got["expires_in"]) > 0
        assert client.userinfo(got["access_token"]).json["email"] == EMAIL
    if "code" in got:
        assert client.redeem(got["code"]).status_code == 200


@pytest.mark.parametrize("response_type", WITH_ID_TOKEN)
def test_an_id_token_binds_what_travels_beside_it(stage: Stage, response_type: str) -> None:
    """Core, 3.2.2.10, 3.3.2.11: nonce always, at_hash with a token, c_hash with a code."""
    client = legacy(stage)
    got = given(stage, client, response_type)
    claims = client.verified(got["id_token"])
    assert claims["nonce"] == client.sent["nonce"] and claims["aud"] == client.client_id and claims["iss"] == ISSUER
    assert claims["sub"] == stage.uid and claims["auth_time"] and claims["sid"] and claims["acr"]
    assert claims.get("at_hash") == (half_hash(got["access_token"]) if "access_token" in got else None)
    assert claims.get("c_hash") == (half_hash(got["code"]) if "code" in got else None)
    assert ("email" in claims) is (response_type == "id_token"), "Core, 5.4: only where no access token tells it"


@pytest.mark.parametrize("response_type", ["code id_token", "code id_token token"])
def test_both_id_tokens_are_about_the_same_person(stage: Stage, response_type: str) -> None:
    """Core, 3.3.3.6."""
    client = legacy(stage)
    got = given(stage, client, response_type)
    first, second = client.verified(got["id_token"]), client.verified(client.redeem(got["code"]).json["id_token"])
    assert all(first[name] == second[name] for name in ("iss", "sub", "aud", "nonce", "auth_time", "sid"))


@pytest.mark.parametrize(
    ("asked", "meant"), [("token id_token", "id_token token"), ("token id_token code", "code id_token token")]
)
def test_the_order_does_not_count(stage: Stage, asked: str, meant: str) -> None:
    """RFC 6749, 3.1.1."""
    assert set(given(stage, legacy(stage), asked)) >= set().union(*(NAMES[one] for one in meant.split()))


@pytest.mark.parametrize("response_type", LEGACY)
@pytest.mark.parametrize("mode", ["form_post", "fragment.jwt", "form_post.jwt", "jwt"])
def test_an_answer_can_travel_otherwise(stage: Stage, response_type: str, mode: str) -> None:
    """Form Post Response Mode, 2; JARM, 2.3: jwt means fragment.jwt here (2.3.4)."""
    client = legacy(stage)
    page = stage.browser.get(client.request(response_type=response_type, response_mode=mode))
    fields: dict[str, Any] = dict(posted(page) if mode.startswith("form") else fragment(page))
    if mode.endswith("jwt"):
        assert set(fields) == {"response"}
        fields = client.verified(fields["response"])
        assert fields["aud"] == client.client_id
    assert fields["state"] == client.sent["state"] and fields["iss"] == ISSUER
    assert all(name in fields for one in response_type.split() for name in NAMES[one])


@pytest.mark.parametrize("response_type", LEGACY)
@pytest.mark.parametrize("mode", ["query", "query.jwt", "nonsense", ""])
def test_tokens_never_travel_in_the_query(stage: Stage, response_type: str, mode: str) -> None:
    """Multiple Response Types, 5; JARM, 2.3.1; the error is in the fragment itself."""
    got = given(stage, legacy(stage), response_type, response_mode=mode)
    assert got["error"] == "invalid_request" and got["iss"] == ISSUER and got["state"]


@pytest.mark.parametrize("mode", ["fragment", "fragment.jwt"])
def test_a_code_alone_does_not_travel_in_the_fragment(stage: Stage, mode: str) -> None:
    client = legacy(stage)
    assert answer(stage.browser.get(client.request(response_mode=mode)))["error"] == "invalid_request"


@pytest.mark.parametrize("nonce", [None, ""])
@pytest.mark.parametrize("response_type", WITH_ID_TOKEN)
def test_an_id_token_from_here_needs_a_nonce(stage: Stage, response_type: str, nonce: str | None) -> None:
    """Core, 3.2.2.1 and 3.3.2.1: nothing else ties it to the browser that asked."""
    assert given(stage, legacy(stage), response_type, nonce=nonce)["error"] == "invalid_request"


@pytest.mark.parametrize("response_type", ["code", "code token"])
def test_other_types_do_without(stage: Stage, response_type: str) -> None:
    """Core, 3.1.2.1: in the code flow nonce is optional; so it is where no ID token leaves from here."""
    client = legacy(stage)
    page = stage.browser.get(client.request(response_type=response_type, nonce=None))
    got = answer(page) if response_type == "code" else fragment(page)
    assert "nonce" not in client.verified(client.redeem(got["code"]).json["id_token"])


ERRORS: list[tuple[dict[str, str | None], str]] = [
    ({"scope": "profile"}, "invalid_scope"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"max_age": "x"}, "invalid_request"),
    ({"prompt": "none", "max_age": "0"}, "login_required"),
    ({"request": "x"}, "invalid_request_object"),
    ({"registration": "{}"}, "registration_not_supported"),
]


@pytest.mark.parametrize("response_type", ["id_token", "code token"])
@pytest.mark.parametrize(("changes", "error"), ERRORS)
def test_errors_are_where_the_answer_would_be(
    stage: Stage, response_type: str, changes: dict[str, str | None], error: str
) -> None:
    """Core, 3.2.2.6 and 3.3.2.6; RFC 9207, 2: and the issuer in errors too."""
    client = legacy(stage)
    got = given(stage, client, response_type, **changes)
    assert got["error"] == error and got["iss"] == ISSUER and got["state"] == client.sent["state"]
    page = stage.browser.get(client.request(response_type=response_type, response_mode="form_post", **changes))
    assert posted(page)["error"] == error


@pytest.mark.parametrize("response_type", [*LEGACY, "none", "token"])
def test_a_foreign_address_gets_nothing(stage: Stage, response_type: str) -> None:
    """RFC 6749, 4.2.2.1; RFC 9700, 4.11: an error page, whatever the response type."""
    page = stage.browser.get(legacy(stage).request(response_type=response_type, redirect_uri="https://evil.example/"))
    assert page.status_code == 400 and "Location" not in page.headers and "evil.example" not in page.text


@pytest.mark.parametrize(
    "response_type", ["token", "code code", "id_token id_token", "id_token none", "code none", "x"]
)
def test_what_is_no_response_type_of_connect_is_refused(stage: Stage, response_type: str) -> None:
    """Core, 3: a token alone signs nobody in (RFC 9700, 2.1.2)."""
    got = answer(stage.browser.get(legacy(stage).request(response_type=response_type)))
    assert got["error"] == "unsupported_response_type"


@pytest.mark.parametrize("response_type", LEGACY)
def test_nobody_gets_them_while_the_server_does_not_offer_them(stage: Stage, response_type: str) -> None:
    """RFC 9700, 2.1.2: off unless the operator says so, also for a client that once had them."""
    client = stage.client(further={"profile": "legacy", "response_types": ["code", *LEGACY]})
    got = answer(stage.browser.get(client.request(response_type=response_type)))
    assert got["error"] == "unsupported_response_type" and set(got) == {"error", "error_description", "state", "iss"}
    metadata = stage.app.test_client().get("/.well-known/openid-configuration").json
    assert (
        metadata["response_types_supported"] == ["code", "none"] and "implicit" not in metadata["grant_types_supported"]
    )
    assert not any(mode.startswith("fragment") for mode in metadata["response_modes_supported"])


@pytest.mark.parametrize("response_type", LEGACY)
def test_nobody_gets_them_whom_the_operator_did_not_choose(stage: Stage, response_type: str) -> None:
    """RFC 6749, 4.2.2.1."""
    switched_on(stage)
    others = [one for one in LEGACY if one != response_type]
    for client in (stage.client(), stage.client(further={"profile": "legacy", "response_types": others})):
        assert given(stage, client, response_type)["error"] == "unauthorized_client"


def test_a_client_without_codes_gets_none(stage: Stage) -> None:
    switched_on(stage)
    client = stage.client(further={"profile": "legacy", "response_types": ["id_token"]})
    assert answer(stage.browser.get(client.request()))["error"] == "unauthorized_client"


def test_only_the_operator_chooses_them(stage: Stage) -> None:
    """RFC 7591, 3.2.2; a client of another profile cannot have them, nor one whose tokens need its key."""
    switched_on(stage)
    for wanted in ({"response_types": ["id_token"]}, {"profile": "legacy"}, {"grant_types": ["implicit"]}):
        told = sends(stage, invited(stage), WANTED | wanted)
        assert told.status_code == 400 or told.json["response_types"] == ["code"]
    for further in (
        {"response_types": ["id_token"]},
        {"response_types": ["id_token"], "profile": "standard"},
        {"response_types": ["code token"], "profile": "legacy", "dpop_bound_access_tokens": True},
        {"response_types": [], "profile": "legacy"},
        {"response_types": ["token"], "profile": "legacy"},
        {"response_types": "code", "profile": "legacy"},
    ):
        with pytest.raises(Invalid):
            stage.client(further=further)


@pytest.mark.parametrize("response_type", WITH_TOKEN)
def test_a_token_from_here_is_never_asked_for_with_a_key(stage: Stage, response_type: str) -> None:
    """RFC 9449, 10: nobody can prove a key here, so the code would be bound and the token beside it would not."""
    assert given(stage, legacy(stage), response_type, dpop_jkt="A" * 43)["error"] == "invalid_request"


@pytest.mark.parametrize("response_type", LEGACY)
def test_refresh_tokens_come_for_codes_only(stage: Stage, response_type: str) -> None:
    """RFC 6749, 4.2.2; Core, 11: and never through the browser."""
    client = legacy(stage)
    got = given(stage, client, response_type, scope=OFFLINE)
    assert "refresh_token" not in got
    if "code" in got:
        assert client.redeem(got["code"]).json["refresh_token"]
    if response_type == "id_token token":
        assert "offline_access" not in got["scope"].split()


@pytest.mark.parametrize("response_type", ["code token", "code id_token token"])
def test_a_replayed_code_ends_the_token_beside_it(stage: Stage, response_type: str) -> None:
    """RFC 6749, 4.1.2."""
    client = legacy(stage)
    got = given(stage, client, response_type)
    assert client.redeem(got["code"]).status_code == 200 and client.userinfo(got["access_token"]).status_code == 200
    assert client.redeem(got["code"]).json["error"] == "invalid_grant"
    assert client.userinfo(got["access_token"]).status_code == 401


def test_all_of_it_ends_with_the_session(stage: Stage, site: Site) -> None:
    """Back-Channel Logout 1.0, 2.5: who got only an ID token hears of it too."""
    client = legacy(stage, backchannel_logout_uri=f"{site.address}/logout")
    sid = client.verified(given(stage, client, "id_token")["id_token"])["sid"]
    token = given(stage, client, "id_token token")["access_token"]
    with stage.app.app_context():
        session.end_all(people.by_address(EMAIL).id, "signed_out")  # type: ignore[union-attr]
        assert jobs.deliver_next()
    assert client.userinfo(token).status_code == 401
    assert client.verified(site.forms[0]["logout_token"])["sid"] == sid


@pytest.mark.parametrize("response_type", LEGACY)
def test_a_pushed_request_is_judged_alike(stage: Stage, response_type: str) -> None:
    """RFC 9126, 2.1 and 2.3."""
    client = legacy(stage)
    client.request(response_type=response_type)
    pushed = client.posts("/oauth2/par", **client.sent).json
    query = {"client_id": client.client_id, "request_uri": pushed["request_uri"]}
    got = fragment(stage.browser.get("/oauth2/authorize", query_string=query))
    assert all(set(got) >= NAMES[one] for one in response_type.split())
    if "id_token" in response_type:
        assert client.posts("/oauth2/par", **{**client.sent, "nonce": None}).json["error"] == "invalid_request"


def test_a_request_keeps_its_kind_while_the_person_signs_in(stage: Stage) -> None:
    """Core, 3.2.2.3."""
    client = legacy(stage)
    browser = Browser(stage.app)
    page = asks(browser, client.request(response_type="code id_token", response_mode="form_post"))
    assert page.status_code == 200
    browser.gives_password()
    assert client.verified(posted(browser.page)["id_token"])["c_hash"]


@pytest.mark.parametrize("on", [True, False])
def test_none_says_only_whether_it_could_be(stage: Stage, on: bool) -> None:
    """Multiple Response Types, 4: no code, no token; for every client, without nonce and PKCE."""
    if on:
        switched_on(stage)
    client = stage.client()
    nothing = {"nonce": None, "code_challenge": None, "code_challenge_method": None}
    path = client.request(response_type="none", prompt="none", **nothing)
    got = answer(stage.browser.get(path))
    assert set(got) == {"state", "iss"}
    assert answer(stage.app.test_client().get(path))["error"] == "login_required"


def test_discovery_tells_of_what_is_switched_on(stage: Stage) -> None:
    """Discovery, 3; RFC 8414, 2."""
    switched_on(stage)
    metadata = stage.app.test_client().get("/.well-known/openid-configuration").json
    assert metadata["response_types_supported"] == ["code", "none", *LEGACY]
    assert {"fragment", "fragment.jwt", "query", "form_post"} <= set(metadata["response_modes_supported"])
    assert "implicit" in metadata["grant_types_supported"]

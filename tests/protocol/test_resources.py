"""What an access token is for (RFC 8707): named by the client, allowed by the operator, told in `aud`."""

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.datastructures import MultiDict

from idp.core.errors import Invalid
from idp.oidc import clients
from idp.oidc.clients import Registration
from tests.oidc.relying_party import ISSUER, answer
from tests.protocol.stage import OFFLINE, Client, Stage
from tests.protocol.test_request_objects import signed

API, ARCHIVE, FOREIGN = "https://registry.example/api", "urn:example:archive", "https://elsewhere.example/"
OURS = [API, ARCHIVE]


def owner(stage: Stage, method: str = "client_secret_basic", **further: Any) -> Client:
    return stage.client(token_endpoint_auth_method=method, further={"resources": OURS, **further})


def audience(stage: Stage, token: str) -> Any:
    keys = KeySet.import_key_set(stage.app.test_client().get("/oauth2/jwks").json)
    return jwt.decode(token, keys, algorithms=["ES256"]).claims["aud"]


def code(stage: Stage, client: Client, *wanted: str, **changes: str) -> dict[str, str]:
    client.request(scope=OFFLINE, **changes)
    query = MultiDict([*client.sent.items(), *(("resource", one) for one in wanted)])
    return answer(stage.browser.get("/oauth2/authorize", query_string=query))


def posts(client: Client, *wanted: str, **form: str) -> Any:
    shown = client.proof()
    data = {**shown["data"], **form, "resource": list(wanted)}
    return client.app.test_client().post("/oauth2/token", data=data, headers=shown["headers"])


def redeems(client: Client, code: str, *wanted: str) -> Any:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri}
    return posts(client, *wanted, **form, code_verifier=client.verifier)


def refreshes(client: Client, token: str, *wanted: str) -> Any:
    return posts(client, *wanted, grant_type="refresh_token", refresh_token=token)


@pytest.mark.parametrize(("wanted", "told"), [
    ([], ISSUER), ([API], API), ([API, ARCHIVE], OURS), ([ISSUER], ISSUER), ([API, ISSUER], [API, ISSUER]),
    ([API, API], API),
])  # fmt: skip
def test_the_audience_is_what_was_named(stage: Stage, wanted: list[str], told: Any) -> None:
    """RFC 8707, 2; RFC 9068, 3."""
    client = owner(stage)
    token = redeems(client, code(stage, client, *wanted)["code"]).json["access_token"]
    assert audience(stage, token) == told
    shown = client.introspect(token).json
    assert shown["active"] is True and shown["aud"] == told
    assert client.userinfo(token).status_code == (
        200 if ISSUER in (told if isinstance(told, list) else [told]) else 401
    )
    assert client.revoke(token).status_code == 200 and client.introspect(token).json == {"active": False}


WRONG = [
    [FOREIGN],
    [API, FOREIGN],
    [""],
    ["/api"],
    [API + "#part"],
    [API + "/"],
    [API.upper()],
    ["\u00e4"],
    ["https://[bad/"],
]


@pytest.mark.parametrize("wanted", WRONG, ids=str)
def test_a_resource_that_is_not_the_client_s_is_no_target(stage: Stage, wanted: list[str]) -> None:
    """RFC 8707, 2: invalid_target, at every endpoint that takes it."""
    client = owner(stage)
    assert code(stage, client, *wanted)["error"] == "invalid_target"
    client.request()
    shown = client.proof()
    data = {**client.sent, "resource": wanted}
    pushed = stage.app.test_client().post("/oauth2/par", data=data, headers=shown["headers"])
    assert (pushed.status_code, pushed.json["error"]) == (400, "invalid_target")
    refused = redeems(client, code(stage, client)["code"], *wanted)
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_target")
    program = owner(stage, grant_types=["client_credentials"])
    assert posts(program, *wanted, grant_type="client_credentials").json["error"] == "invalid_target"


def test_a_client_without_resources_has_ours_alone(stage: Stage) -> None:
    client = stage.client()
    assert code(stage, client, API)["error"] == "invalid_target"
    assert "code" in code(stage, client, ISSUER)


def test_a_token_may_be_for_less_than_was_given_and_not_for_more(stage: Stage) -> None:
    """RFC 8707, 2.2: at the code and at each refresh; what is refused leaves the refresh token good."""
    client = owner(stage)
    narrow = redeems(client, code(stage, client, *OURS)["code"], API).json
    assert audience(stage, narrow["access_token"]) == API
    other = refreshes(client, narrow["refresh_token"], ARCHIVE).json
    assert audience(stage, other["access_token"]) == ARCHIVE
    for more in (ISSUER, FOREIGN):
        assert refreshes(client, other["refresh_token"], more).json["error"] == "invalid_target"
    whole = refreshes(client, other["refresh_token"]).json
    assert audience(stage, whole["access_token"]) == OURS, "a narrow token narrows nothing else"
    assert redeems(client, code(stage, client, API)["code"], ARCHIVE).json["error"] == "invalid_target"
    assert redeems(client, code(stage, client)["code"], API).json["error"] == "invalid_target", "it was never asked for"


def test_they_can_be_pushed_and_signed(stage: Stage) -> None:
    """RFC 9126, 2.1; RFC 9101, 4."""
    client = owner(stage, "private_key_jwt")
    client.request()
    shown = client.proof()
    pushed = stage.app.test_client().post("/oauth2/par", data={**shown["data"], **client.sent, "resource": OURS})
    assert pushed.status_code == 201, pushed.json
    query = {"client_id": client.client_id, "request_uri": pushed.json["request_uri"]}
    got = answer(stage.browser.get("/oauth2/authorize", query_string=query))
    assert audience(stage, redeems(client, got["code"]).json["access_token"]) == OURS
    for wanted in (API, OURS):
        query = {"client_id": client.client_id, "redirect_uri": client.redirect_uri}
        request = signed(client, resource=wanted)
        got = answer(stage.browser.get("/oauth2/authorize", query_string={**query, "request": request}))
        assert audience(stage, redeems(client, got["code"]).json["access_token"]) == wanted
    request = signed(client, resource=[API, {"a": 1}, 5])
    refused = answer(stage.browser.get("/oauth2/authorize", query_string={**query, "request": request}))
    assert refused["error"] in {"invalid_target", "invalid_request_object"}


def test_a_program_s_token_is_for_its_resources(stage: Stage) -> None:
    program = owner(stage, grant_types=["client_credentials"])
    assert audience(stage, posts(program, grant_type="client_credentials").json["access_token"]) == OURS
    assert audience(stage, posts(program, API, grant_type="client_credentials").json["access_token"]) == API


@pytest.mark.parametrize("wrong", [["/api"], ["https://x.example/#a"], [5], "https://x.example/", [""], ["x" * 501]])
def test_what_is_no_resource_is_not_registered(stage: Stage, wrong: object) -> None:
    """RFC 8707, 2: an absolute URI without a fragment."""
    with stage.app.app_context(), pytest.raises(Invalid):
        clients.register(Registration("X", ["https://rp.example/"], further={"resources": wrong}))


def test_only_this_parameter_may_be_repeated(stage: Stage) -> None:
    """RFC 6749, 3.1 and 3.2."""
    client = owner(stage)
    client.request()
    for name in ("scope", "state", "nonce"):
        query = MultiDict([*client.sent.items(), (name, "openid")])
        assert answer(stage.browser.get("/oauth2/authorize", query_string=query))["error"] == "invalid_request"

"""What counts once, counts once when it comes a hundred times at the same moment, on each database."""

import threading
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.oidc.relying_party import answer
from tests.protocol.stage import ASSERTION_TYPE, Client, Stage
from tests.protocol.test_device_authorization import connected, device, polls
from tests.protocol.test_dpop import TOKEN, posts, proof

THREADS, EACH = 10, 10
# Returns the call that a hundred make at once, and what says that one of them was the one.
Once = Callable[[Stage], Callable[[], bool]]


def a_hundred(call: Callable[[], bool]) -> list[bool]:
    """Make a hundred calls at once and return what came of each."""
    outcomes: list[bool] = []
    ready = threading.Barrier(THREADS)

    def make() -> None:
        ready.wait(60)
        outcomes.extend(call() for _ in range(EACH))

    threads = [threading.Thread(target=make) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return outcomes


def tokens_came(got: TestResponse) -> bool:
    return got.status_code == 200 and "access_token" in got.json


def a_code(stage: Stage) -> Callable[[], bool]:
    """RFC 6749, 4.1.2."""
    client = stage.client()
    code = stage.code(client)
    return lambda: tokens_came(client.redeem(code))


def a_device_code(stage: Stage) -> Callable[[], bool]:
    """RFC 8628, 3.4."""
    client = device(stage)
    begun = connected(stage, client)
    return lambda: tokens_came(polls(client, begun))


def a_pushed_request(stage: Stage) -> Callable[[], bool]:
    """RFC 9126, 4."""
    client = stage.client()
    client.request()
    pushed = client.posts("/oauth2/par", **client.sent).json["request_uri"]
    query = {"client_id": client.client_id, "request_uri": pushed}
    cookie = stage.browser.get_cookie("ern_session")
    assert cookie

    def opens() -> bool:
        browser = stage.app.test_client()
        browser.set_cookie("ern_session", cookie.value)
        page = browser.get("/oauth2/authorize", query_string=query)
        return page.status_code == 303 and "code" in answer(page)

    return opens


def a_client_assertion(stage: Stage) -> Callable[[], bool]:
    """RFC 7523, 3: its `jti`."""
    client = stage.client(token_endpoint_auth_method="private_key_jwt")
    form = {"client_assertion": client.assertion(), "client_assertion_type": ASSERTION_TYPE, "token": "x"}
    return lambda: stage.app.test_client().post("/oauth2/revoke", data=form).status_code == 200


def a_proof(stage: Stage) -> Callable[[], bool]:
    """RFC 9449, 11.1: its `jti`."""
    program = stage.client(scope="registry.read", further={"grant_types": ["client_credentials"]})
    given = proof("POST", TOKEN)
    return lambda: tokens_came(posts(program, "/oauth2/token", given, grant_type="client_credentials"))


@pytest.mark.parametrize("once", [a_code, a_device_code, a_pushed_request, a_client_assertion, a_proof])
def test_one_of_a_hundred_succeeds(each_stage: Stage, once: Once) -> None:
    outcomes = a_hundred(once(each_stage))
    assert len(outcomes) == THREADS * EACH and outcomes.count(True) == 1


def test_a_hundred_uses_of_a_refresh_token_lead_to_one_successor(each_stage: Stage) -> None:
    """FAPI 2.0 Security Profile, 5.3.2.1-9: the last one works for some seconds more, and numbers nothing twice."""
    client: Client = each_stage.client()
    token = each_stage.tokens(client)["refresh_token"]
    successors: set[str] = set()

    def use() -> bool:
        got = client.refresh(token)
        successors.add(got.json.get("refresh_token", ""))
        return tokens_came(got)

    outcomes = a_hundred(use)
    assert len(outcomes) == THREADS * EACH and all(outcomes) and len(successors) == 1
    assert client.refresh(successors.pop()).status_code == 200

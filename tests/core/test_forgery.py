"""Forms from elsewhere are refused; one's own stale form loses nothing but its secrets."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient

from tests.support.edge import ISSUER, build

TYPED = {
    "first_name": "Ada",
    "email": "ada@hospital.example",
    "comment": "one\n <b>two</b>",
    "password": "hush-hush-hush",
    "code": "123456",
}


@pytest.fixture
def client() -> FlaskClient:
    return build().test_client()


def _token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/form").text)
    assert found
    return found[1]


def test_a_form_with_its_token_goes_through(client: FlaskClient) -> None:
    answer = client.post("/echo", data={"text": "yes", "csrf_token": _token(client)}, headers={"Origin": ISSUER})
    assert (answer.status_code, answer.text) == (200, "yes")


def test_an_answer_without_a_form_leaves_the_browsers_forms_alone(client: FlaskClient) -> None:
    token = _token(client)
    answer = client.get("/oauth2/authorize")
    assert "Set-Cookie" not in answer.headers and "Vary" not in answer.headers
    assert client.post("/echo", data={"text": "yes", "csrf_token": token}).text == "yes"


def test_a_page_left_open_for_hours_still_sends(client: FlaskClient) -> None:
    token = _token(client)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=3)):
        assert client.post("/echo", data={"text": "yes", "csrf_token": token}).text == "yes"


def test_a_script_sends_the_token_in_a_header(client: FlaskClient) -> None:
    answer = client.post("/echo", data={"text": "yes"}, headers={"X-CSRFToken": _token(client)})
    assert answer.text == "yes"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:8001", "http://localhost:8000.evil.example"]
)
def test_a_form_from_another_site_is_refused_even_with_a_token(client: FlaskClient, origin: str) -> None:
    data = {"text": "no", "csrf_token": _token(client)}
    answer = client.post("/echo", data=data, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "another website" in answer.text


def test_a_form_without_token_and_origin_is_refused_and_never_offered_again(client: FlaskClient) -> None:
    answer = client.post("/echo", data={"text": "typed by nobody"})
    assert answer.status_code == 403
    assert "typed by nobody" not in answer.text


def test_the_token_of_another_browser_is_refused(client: FlaskClient) -> None:
    foreign = _token(build().test_client())
    _token(client)
    assert client.post("/echo", data={"text": "no", "csrf_token": foreign}).status_code == 403


def test_ones_own_stale_form_is_offered_again_with_everything_but_the_secrets(client: FlaskClient) -> None:
    answer = client.post("/form", data={**TYPED, "csrf_token": "stale"}, headers={"Origin": ISSUER})
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.text
    assert "Ada" in answer.text
    assert "one\n &lt;b&gt;two&lt;/b&gt;" in answer.text
    for secret in ("hush-hush-hush", "123456", "stale"):
        assert f">{secret}" not in answer.text
        assert f"\n{secret}" not in answer.text


def test_the_offered_form_can_be_sent(client: FlaskClient) -> None:
    offered = client.post("/echo", data={"text": "kept"}, headers={"Origin": ISSUER}).text
    found = re.search(r'class="flow" method="post".*?name="csrf_token" value="([^"]+)"', offered, re.DOTALL)
    assert found
    assert client.post("/echo", data={"text": "kept", "csrf_token": found[1]}).text == "kept"


def test_a_protocol_endpoint_needs_no_token_and_sets_no_cookie(client: FlaskClient) -> None:
    answer = client.post("/oauth2/token", data={"client_id": "cpms"}, headers={"Origin": "https://spa.example"})
    assert answer.json == {"client": "cpms"}
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers


def test_an_authorization_request_may_be_posted_from_elsewhere(client: FlaskClient) -> None:
    assert client.post("/oauth2/authorize", headers={"Origin": "https://rp.example"}).text == "authorized"

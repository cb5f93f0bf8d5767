"""Headers of every answer, and the one address that a sign-in may go on to."""

import pytest
from flask.testing import FlaskClient

from tests.support.edge import build


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return build().test_client()


@pytest.mark.parametrize(
    "address", ["/privacy", "/oauth2/token", "/no-such-page", "/crash", "/healthz", "/static/any/app.css"]
)
def test_every_answer_carries_the_protecting_headers(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert policy.endswith("form-action 'self'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Permissions-Policy" in answer.headers


@pytest.mark.parametrize("address", ["/privacy", "/oauth2/token", "/no-such-page", "/crash", "/form"])
def test_nothing_personal_is_stored(client: FlaskClient, address: str) -> None:
    assert client.get(address).headers["Cache-Control"] == "no-store"


def test_only_an_https_server_asks_for_strict_transport(client: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/privacy").headers
    secure = build(ERN_SERVER__ISSUER="https://login.example").test_client()
    assert secure.get("/privacy").headers["Strict-Transport-Security"].startswith("max-age=63072000")


def test_cookies_of_an_https_server_are_bound_to_the_host() -> None:
    cookie = build(ERN_SERVER__ISSUER="https://login.example").test_client().get("/form").headers["Set-Cookie"]
    assert cookie.startswith("__Host-form=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://rp.example:8443/callback?a=1", "https://rp.example:8443"),
        ("http://localhost:8001/sign-in/callback", "http://localhost:8001"),
        ("http://[::1]:9000/cb", "http://[::1]:9000"),
        ("org.example.app:/callback", "org.example.app:"),
    ],
)
def test_a_sign_in_page_may_let_its_form_end_at_one_other_address(
    client: FlaskClient, address: str, target: str
) -> None:
    policy = client.get("/oauth2/authorize", query_string={"to": address}).headers["Content-Security-Policy"]
    assert policy.endswith(f"form-action 'self' {target}")


@pytest.mark.parametrize(
    "address", ["https://a.example; script-src *", "https://", "//evil.example", "https://a b/", ""]
)
def test_an_address_cannot_smuggle_a_policy(client: FlaskClient, address: str) -> None:
    answer = client.get("/oauth2/authorize", query_string={"to": address})
    assert answer.status_code == 500
    assert answer.headers["Content-Security-Policy"].endswith("form-action 'self'")

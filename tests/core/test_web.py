"""The edge: hosts, sizes, malformed text, refusals and crashes, as people and as programs meet them."""

import re
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.edge import build

MULTIPART = "multipart/form-data; boundary=x"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return build().test_client()


def test_a_foreign_host_is_told_where_the_server_answers(client: FlaskClient) -> None:
    answer = client.get("/privacy", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert answer.mimetype == "text/plain"
    assert answer.text == "This server answers at localhost:8000 only.\n"


def test_a_foreign_host_cannot_reach_a_protocol_endpoint_either(client: FlaskClient) -> None:
    assert client.post("/oauth2/token", headers={"Host": "evil.example"}).status_code == 400


def test_links_to_ourselves_never_take_the_host_from_the_request() -> None:
    app = build(ERN_SERVER__ISSUER="https://login.example")
    answer = app.test_client().get("/privacy?lang=fr", headers={"X-Forwarded-Host": "evil.example"})
    assert answer.headers["Location"] == "https://login.example/privacy"


def test_ten_megabytes_are_refused_and_said_so(client: FlaskClient) -> None:
    for address in ("/form", "/oauth2/token"):
        answer = client.post(address, data={"text": "x" * 10_000_000})
        assert answer.status_code == 413
    assert "larger than we accept" in client.post("/form", data={"text": "x" * 10_000_000}).text


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/json", MULTIPART])
def test_ten_megabytes_without_a_length_are_refused_too(client: FlaskClient, content_type: str) -> None:
    for size, status in ((10_000_000, 413), (1000, 200)):
        chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
        body = BytesIO(b"text=" + b"x" * size)
        answer = client.post("/oauth2/token", input_stream=body, content_type=content_type, environ_overrides=chunked)
        assert answer.status_code == status


@pytest.mark.parametrize("address", ["/echo", "/oauth2/token", "/no-such-page"])
@pytest.mark.parametrize("raw", ["%FF", "%C3", "%00", "a%00b", "%ED%A0%80", "%F5%80%80%80"])
def test_text_that_is_no_text_is_refused_in_a_query(client: FlaskClient, address: str, raw: str) -> None:
    assert client.get(f"{address}?text={raw}").status_code == 400


@pytest.mark.parametrize("address", ["/login", "/oauth2/authorize", "/oauth2/token", "/no-such-page"])
@pytest.mark.parametrize("raw", ["a=\xff", "lang=\xff", "a=\x80&lang=fr", "\xc3("])
def test_bytes_that_are_no_text_are_refused_in_a_query_with_a_page(app: Flask, address: str, raw: str) -> None:
    """Not every server encodes or refuses them before we see them; the page that says so is written with care."""
    for method in ("GET", "POST"):
        answer = app.test_client().open(address, method=method, environ_overrides={"QUERY_STRING": raw})
        assert answer.status_code == 400


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"text=%FF"),
        ("application/x-www-form-urlencoded", b"text=\xff"),
        ("application/x-www-form-urlencoded", b"te%00xt=a"),
        ("application/x-www-form-urlencoded", b"te\x00xt=a"),
        (MULTIPART, b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\r\n--x--\r\n'),
        (MULTIPART, b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\na\x00b\r\n--x--\r\n'),
        ("application/json", b'{"text": "\xff"}'),
        ("application/json", b'{"text": "\\u0000"}'),
        ("application/json", b'{"text": "\\uD800"}'),
        ("application/json", b'{"text": "\\uDC00 alone"}'),
    ],
)
def test_text_that_is_no_text_is_refused_in_a_body(client: FlaskClient, content_type: str, body: bytes) -> None:
    for address in ("/echo", "/oauth2/token"):
        answer = client.post(address, data=body, content_type=content_type)
        assert answer.status_code == 400, address


@pytest.mark.parametrize(
    "body", [b'{"text": "\\ud83d\\ude00"}', '{"text": "Tübingen"}'.encode(), b'{"text": "\\u00fc"}']
)
def test_every_character_of_every_language_is_welcome_in_json(client: FlaskClient, body: bytes) -> None:
    assert client.post("/oauth2/token", data=body, content_type="application/json").status_code == 200


def test_every_character_of_every_language_is_welcome_in_a_form(client: FlaskClient) -> None:
    answer = client.post("/oauth2/token", data={"client_id": "Ελληνικά 😀 +&="})
    assert answer.json == {"client": "Ελληνικά 😀 +&="}


@pytest.mark.parametrize("address", ["/%00", "/%FF", "/privacy%00", "/static/%00/app.css"])
def test_text_that_is_no_text_is_refused_in_a_path(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 400


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("Invalid", 400),
        ("NotAllowed", 403),
        ("NotFound", 404),
        ("Conflict", 409),
        ("Expired", 410),
        ("TooMany", 429),
        ("Busy", 503),
    ],
)
def test_every_refusal_is_a_page_with_a_reference(client: FlaskClient, kind: str, status: int) -> None:
    answer = client.get(f"/refuse?kind={kind}")
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert answer.text.count("<h1") == 1
    assert re.search(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", answer.text)
    assert "unheard_of" not in answer.text


def test_a_limit_says_when_to_try_again(client: FlaskClient) -> None:
    answer = client.get("/refuse?kind=TooMany")
    assert answer.headers["Retry-After"] == "90"
    assert "Try again in 90 seconds." in answer.text


def test_programs_get_refusals_as_json(client: FlaskClient) -> None:
    answer = client.get("/refuse?kind=Expired&key=link_used", headers={"Accept": "application/json"})
    assert answer.status_code == 410
    assert answer.json is not None
    assert answer.json["error"] == "link_used"
    assert answer.json["reference"]


def test_a_protocol_endpoint_answers_in_the_protocols_words_to_programs_and_with_a_page_to_browsers(
    client: FlaskClient,
) -> None:
    program = client.get("/oauth2/nothing", headers={"Accept": "*/*"})
    assert (program.status_code, program.json and program.json["error"]) == (404, "invalid_request")
    assert client.get("/oauth2/nothing", headers={"Accept": "text/html,*/*"}).mimetype == "text/html"


def test_a_wrong_method_says_which_ones_are_right(client: FlaskClient) -> None:
    answer = client.get("/only-post")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_crash_shows_a_reference_and_no_detail(client: FlaskClient, capsys: pytest.CaptureFixture[str]) -> None:
    answer = client.get("/crash")
    assert answer.status_code == 500
    assert "nothing was lost" in answer.text
    assert "secret of the house" not in answer.text
    assert "Traceback" not in answer.text


def test_a_crash_that_breaks_its_own_page_still_gets_an_answer(client: FlaskClient) -> None:
    answer = client.get("/crash?menu=1")
    assert answer.status_code == 500
    assert "Reference: " in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_database_that_is_away_is_said_to_be_busy(client: FlaskClient) -> None:
    answer = client.get("/database-away")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_input_nested_without_end_is_bad_input(client: FlaskClient) -> None:
    assert client.get("/too-deep").status_code == 400


def test_a_forwarded_address_counts_only_behind_the_trusted_number_of_proxies() -> None:
    sent = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Forwarded-Proto": "https"}
    for hops, expected in (("0", "127.0.0.1"), ("1", "198.51.100.7"), ("2", "203.0.113.9")):
        app = build(ERN_SERVER__TRUSTED_PROXIES=hops)
        app.add_url_rule("/who", view_func=_who)
        assert app.test_client().get("/who", headers=sent).text == expected


def _who() -> str:
    from flask import request

    return request.remote_addr or ""


@pytest.mark.parametrize("address", ["/privacy", "/support", "/accessibility"])
def test_the_links_of_the_foot_lead_to_pages(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.text.count("<h1") == answer.text.count("<main") == 1
    assert "helpdesk@ern-login.example" in answer.text


def test_the_start_page_leads_to_the_own_account(client: FlaskClient) -> None:
    assert client.get("/").headers["Location"] == "/account"


def test_a_redirect_of_the_router_goes_through(client: FlaskClient) -> None:
    answer = client.get("/static//app.css")
    assert answer.status_code == 308
    assert answer.headers["Location"] == "http://localhost:8000/static/app.css"


def test_a_limit_of_the_protocol_is_told_to_programs_in_its_words(client: FlaskClient) -> None:
    answer = client.get("/oauth2/refuse?kind=TooMany&key=client_tries")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "90")
    assert answer.json is not None
    assert answer.json["error"] == "temporarily_unavailable"
    assert answer.json["error_description"] == "To protect your account we pause for a moment. Nothing was changed."

"""What every request must look like, what every answer carries."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from ecp_client.assets import NAMES, asset_url
from ecp_client.settings import Mode
from tests.ecp.conftest import BASE, Browser
from tests.ecp.issuer import Issuer

PUBLIC = ("/", "/membership", "/privacy", "/support", "/accessibility")


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_need_nobody_and_no_issuer(visitor: Browser, issuer: Issuer, path: str) -> None:
    issuer.down = True
    page = visitor.opens(path)
    assert page.status_code == 200
    assert page.text.count("<h1>") == page.text.count("<main ") == 1


def test_home_says_what_it_is_and_offers_both_ways_in(visitor: Browser, issuer: Issuer) -> None:
    page = visitor.opens("/").text
    assert "Login via ERN Login" in page
    assert f'href="{issuer.url}/saas/requestAccess/application/742/create.html"' in page
    assert f'href="{issuer.url}/register"' in page


def test_home_greets_who_is_signed_in(member: Browser) -> None:
    page = member.opens("/").text
    assert "Open my networks" in page
    assert "Lena Hartwig" in page


@pytest.mark.parametrize("path", [*PUBLIC, "/spaces", "/spaces/ERN-RND", "/spaces/ERN-RND/members", "/nowhere"])
def test_every_link_of_a_page_leads_somewhere(member: Browser, path: str) -> None:
    page = member.opens(path, follow_redirects=True).text
    for there in set(re.findall(r'(?:href|action|src)="(/[^"#]*)', page)) - {"/sign-in", "/sign-out"}:
        assert member.opens(there.replace("&amp;", "&"), follow_redirects=True).status_code == 200, there


def test_every_answer_carries_the_security_headers(member: Browser, issuer: Issuer) -> None:
    for path in ("/", "/spaces/ERN-RND", "/nowhere", "/healthz"):
        headers = member.opens(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert f"form-action 'self' {issuer.url}" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in headers


def test_production_ties_cookies_to_https_and_this_host(start: Callable[..., Flask], ecp_database: str) -> None:
    app = start(ecp_database, mode=Mode.PRODUCTION, base_url="https://ecp.example")
    page = app.test_client().get("/sign-in?lang=fr", base_url="https://ecp.example")
    assert page.status_code == 503, "an issuer without https is not trusted"
    assert "max-age=" in page.headers["Strict-Transport-Security"]
    cookies = page.headers.getlist("Set-Cookie")
    assert {cookie.split("=")[0] for cookie in cookies} == {"__Host-ecp_form", "ecp_language"}
    assert all("Secure" in cookie and "Domain" not in cookie and "Path=/" in cookie for cookie in cookies)
    assert app.extensions["ecp"].cookie == "__Host-ecp_session"


def test_a_foreign_host_is_refused(visitor: Browser) -> None:
    for host in ("http://evil.example", "http://localhost:9999", "http://localhost"):
        page = visitor.client.get("/", base_url=host)
        assert page.status_code == 400
        assert "evil" not in page.text


@pytest.mark.parametrize("sent", [{"PATH_INFO": "/\xff"}, {"PATH_INFO": "/a\0"}, {"QUERY_STRING": "q=%ff"}])
def test_text_that_is_not_utf8_is_refused(member: Browser, sent: dict[str, str]) -> None:
    assert member.opens("/spaces/ERN-RND/members", environ_overrides=sent).status_code == 400


@pytest.mark.parametrize("body", [b"title=%ff&text=x", b"title=\xff", b"title=a%00"])
def test_a_form_that_is_not_utf8_is_refused(member: Browser, body: bytes) -> None:
    kind = "application/x-www-form-urlencoded"
    answer = member.client.post("/spaces/ERN-RND/posts/new", data=body, content_type=kind, base_url=BASE)
    assert answer.status_code == 400
    assert "cannot read" in answer.text


def test_a_body_that_is_no_form_is_refused(member: Browser) -> None:
    answer = member.client.post("/spaces/ERN-RND/posts/new", json={"title": "x"}, base_url=BASE)
    assert answer.status_code == 400


def test_a_post_of_ten_megabytes_is_refused(member: Browser) -> None:
    answer = member.posts("/spaces/ERN-RND/posts/new", title="x", text="x" * 10_000_000)
    assert answer.status_code == 413
    assert "too large" in answer.text


def test_an_error_page_has_a_reference_that_the_log_knows(visitor: Browser, caplog: pytest.LogCaptureFixture) -> None:
    page = visitor.opens("/nowhere")
    assert page.status_code == 404
    reference = re.search(r'num--ref">([2-9A-Z]{4}-[2-9A-Z]{4})<', page.text)
    assert reference
    assert reference[1] in caplog.text


def test_a_fault_of_ours_becomes_a_page_without_details(
    start: Callable[..., Flask], ecp_database: str, issuer: Issuer
) -> None:
    app = start(ecp_database)
    app.view_functions["public.home"] = lambda: 1 / 0
    page = Browser(app.test_client(), issuer).opens("/")
    assert page.status_code == 500
    assert "Something went wrong on our side" in page.text
    assert "ZeroDivision" not in page.text


def test_a_database_without_tables_is_not_ready_and_breaks_no_error_page(
    start: Callable[..., Flask], issuer: Issuer, tmp_path: Path
) -> None:
    visitor = Browser(start(f"sqlite:///{tmp_path}/empty.sqlite3").test_client(), issuer)
    visitor.client.set_cookie("ecp_session", "x", domain="localhost")
    assert visitor.opens("/readyz").status_code == 503
    assert visitor.opens("/healthz").status_code == 200
    assert visitor.opens("/").status_code == 500


def test_a_wrong_method_is_explained(visitor: Browser) -> None:
    answer = visitor.opens("/sign-out")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert 'href="/?lang=fr"' in answer.text


def test_health_is_answered_under_any_host(visitor: Browser) -> None:
    for path in ("/healthz", "/readyz"):
        assert visitor.client.get(path, base_url="http://10.0.0.1").status_code == 200


def test_metrics_are_for_this_machine_or_the_token(start: Callable[..., Flask], ecp_database: str) -> None:
    client = start(ecp_database, metrics_token="t" * 20).test_client()
    far = {"base_url": BASE, "environ_base": {"REMOTE_ADDR": "192.0.2.7"}}
    client.get("/nowhere/else", base_url=BASE)
    assert (
        'ecp_requests_total{endpoint="unknown",method="GET",status="404"} 1.0'
        in client.get("/metrics", base_url=BASE).text
    )
    assert client.get("/metrics", **far).status_code == 404
    assert client.get("/metrics", base_url=BASE, headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 404
    assert client.get("/metrics", **far, headers={"Authorization": "Bearer wrong"}).status_code == 404
    assert client.get("/metrics", **far, headers={"Authorization": "Bearer " + "t" * 20}).status_code == 200
    assert client.get("/metrics", base_url=BASE, environ_base={"REMOTE_ADDR": "socket"}).status_code == 404


def test_static_files_are_kept_for_ever_under_their_hash(ecp: Flask, visitor: Browser) -> None:
    with ecp.test_request_context(base_url=BASE):
        addresses = {name: asset_url(name) for name in NAMES}
    for name, address in addresses.items():
        answer = visitor.opens(address, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200, name
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Encoding"] == "gzip"
    assert len(visitor.opens(addresses["app.css"]).data) > 5000
    assert visitor.opens("/static/app.css").status_code == 404
    assert visitor.opens("/static/../settings.py").status_code == 404


def test_the_language_is_chosen_by_menu_remembered_and_else_the_browsers(visitor: Browser) -> None:
    assert '<html lang="fr">' in visitor.opens("/", headers={"Accept-Language": "fr-BE"}).text
    assert '<html lang="en">' in visitor.opens("/", headers={"Accept-Language": "bg"}).text
    assert '<html lang="fr">' in visitor.opens("/?lang=fr").text
    assert '<html lang="fr">' in visitor.opens("/support", headers={"Accept-Language": "en"}).text
    assert '<html lang="fr">' in visitor.opens("/?lang=xx").text
    assert '<html lang="en">' in visitor.opens("/?lang=en").text

"""The pages that everybody may read, and the edge: headers, hosts, forms, languages, old browsers, errors."""

import re
from dataclasses import replace

import pytest
import zxingcpp

from cpms_client.app import assemble
from tests.support.cpms_browser import csrf, lent, sign_in

PUBLIC = ["/", "/help", "/help/consent-forms", "/help/documentation", "/privacy", "/accessibility", "/status"]
INTERNET_EXPLORER = "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko"


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_public_page_has_one_heading_one_main_and_no_dead_link(client, path, language):
    page = client.get(path + "?lang=" + language).text
    assert f'<html lang="{language}">' in page
    assert page.count("<h1") == page.count("<main") == 1
    for link in set(re.findall(r'(?:href|src)="(/[^"#]*)"', page)):
        if not link.startswith("/sign-in"):
            assert client.get(link).status_code == 200, link
    assert not re.search(r'href="#(?!main")', page)


def test_the_home_page_says_what_the_documents_say(client, issuer):
    page = client.get("/").text
    for words in ("Supported Browsers", "Secure Login", "Login via ERN Login", "Help & Support", "Create an account"):
        assert words in page
    assert f'href="{issuer.issuer}/register"' in page
    assert f'href="{issuer.issuer}/saas/requestAccess/application/741/create.html"' in page
    assert "click here (test only)" not in page


def test_the_qr_code_holds_the_deep_link(client, issuer):
    picture = client.get("/request-access.svg")
    assert picture.content_type == "image/svg+xml"
    assert decoded(picture.text) == f"{issuer.issuer}/saas/requestAccess/application/741/create.html"


def decoded(svg):
    """Paint the squares of the SVG path, eight points each, and read the code from them."""
    size = int(float(re.search(r'viewBox="0 0 (\d+)', svg).group(1)))
    dark = {(int(x), int(y)) for x, y in re.findall(r"M(\d+),(\d+)H", svg)}
    points = bytes(0 if (x // 8, y // 8) in dark else 255 for y in range(size * 8) for x in range(size * 8))
    return zxingcpp.read_barcode(memoryview(points).cast("B", (size * 8, size * 8))).text


def test_internet_explorer_gets_a_plain_page_that_says_so(client):
    for path in ("/", "/start", "/patients", "/nope"):
        page = client.get(path, headers={"User-Agent": INTERNET_EXPLORER}).text
        assert "This browser is not supported" in page
        assert "Chrome, Firefox, Safari or Microsoft Edge" in page
    assert client.get("/healthz", headers={"User-Agent": INTERNET_EXPLORER}).text == "ok\n"


def test_the_language_is_remembered_and_an_unknown_one_ignored(client):
    assert '<html lang="fr">' in client.get("/help?lang=fr").text
    assert '<html lang="fr">' in client.get("/help").text
    assert '<html lang="fr">' in client.get("/help?lang=xx").text
    assert '<html lang="en">' in client.get("/help?lang=en").text


def test_the_browsers_wish_decides_when_nothing_was_chosen(client):
    assert '<html lang="fr">' in client.get("/", headers={"Accept-Language": "fr-BE,fr;q=0.9,en;q=0.5"}).text
    assert '<html lang="en">' in client.get("/", headers={"Accept-Language": "ja"}).text


def test_the_language_menu_keeps_the_page_one_is_on_and_its_question(client):
    assert 'href="/help?page=2&amp;lang=fr"' in client.get("/help?page=2").text
    assert 'href="/?lang=fr"' in client.get("/sign-in/callback?state=x&code=y").text


@pytest.mark.parametrize("path", ["/", "/nope", "/healthz", "/sign-in/callback"])
def test_every_answer_carries_the_headers_of_safety(client, issuer, path):
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert f"form-action 'self' {issuer.issuer}" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


def test_production_binds_cookies_to_the_host_and_demands_tls(settings, issuer):
    public = replace(settings, environment="production", base_url="https://cpms.example")
    with lent(public) as app:
        browser = app.test_client()
        answer = browser.get("/?lang=fr", base_url="https://cpms.example")
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")
        cookies = answer.headers.getlist("Set-Cookie")
        kept = next(cookie for cookie in cookies if cookie.startswith("__Host-cpms_language=fr;"))
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(kept.split("; "))
        assert app.config["SESSION_COOKIE_NAME"] == "__Host-cpms_form"
        assert app.config["SESSION_COOKIE_SECURE"] is True
        assert public.cookie("session") == "__Host-cpms_session"


def test_pages_hold_no_inline_script_or_style(client, issuer):
    sign_in(client)
    for path in [*PUBLIC, "/nope", "/dashboard"]:
        page = client.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page), path


@pytest.mark.parametrize("host", ["evil.example", "localhost:9", "localhost.evil.example", ""])
def test_a_foreign_host_is_refused(client, host):
    answer = client.get("/", headers={"Host": host} if host else {"Host": " "})
    assert answer.status_code == 400
    assert "evil.example" not in answer.text


def test_a_post_of_ten_megabytes_is_refused_with_a_page(client, issuer):
    sign_in(client)
    answer = client.post("/test-note", data={"csrf_token": csrf(client), "text": "x" * 10_000_000})
    assert answer.status_code == 413
    assert "too much at once" in answer.text


@pytest.mark.parametrize("query", ["a=%ff", "a=%c3", "%fe=1", "a=%00"])
def test_an_address_that_is_not_utf_8_is_refused_with_a_page(client, query):
    answer = client.get("/?" + query)
    assert answer.status_code == 400
    assert "cannot be read" in answer.text


@pytest.mark.parametrize("text", [b"%ff%fe", b"a%00b", b"\xff\xfe"])
def test_a_form_that_is_not_utf_8_is_refused_with_a_page(client, issuer, text):
    sign_in(client)
    form = b"csrf_token=" + csrf(client).encode() + b"&text=" + text
    answer = client.post("/test-note", data=form, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400
    assert "cannot be read" in answer.text


def test_a_path_that_is_not_utf_8_is_no_crash(client):
    assert client.get("/patients/%ff%fe").status_code in {400, 404}


def test_a_form_without_its_token_is_refused(client, issuer):
    sign_in(client)
    for token in (None, "", "x", csrf(client) + "x"):
        answer = client.post("/test-note", data={"text": "a"} | ({"csrf_token": token} if token is not None else {}))
        assert answer.status_code == 400
        assert "not accepted" in answer.text


def test_a_crash_shows_a_reference_that_the_log_knows_and_no_detail(client, caplog):
    answer = client.get("/test-crash")
    assert answer.status_code == 500
    reference = re.search(r"num--ref\">([2-9A-Z]{4}-[2-9A-Z]{4})<", answer.text).group(1)
    assert reference in caplog.text
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text


def test_wrong_addresses_and_methods_get_pages_with_a_way_on(client):
    for answer in (client.get("/nope"), client.get("/sign-out"), client.put("/")):
        assert answer.status_code in {404, 405, 400}
        assert 'href="/"' in answer.text
        assert "num--ref" in answer.text


def test_static_files_are_kept_by_browsers_and_compressed(client):
    page = client.get("/").text
    style = re.search(r'href="(/static/[0-9a-f]{12}/app\.css)"', page).group(1)
    packed = client.get(style, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "immutable" in packed.headers["Cache-Control"]
    plain = client.get(style)
    assert plain.content_type.startswith("text/css")
    assert len(plain.data) > len(packed.data)
    assert client.get(style.replace("app.css", "../settings.py")).status_code == 404
    assert client.get("/static/000000000000/app.css").headers["Cache-Control"] == "no-cache"


def test_the_machines_of_the_operator_get_their_answers(client, app):
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").status_code == 200
    counted = ("cpms_requests_total", {"endpoint": "home.help_and_support", "status": "200"})
    before = app.extensions["cpms_metrics"].get_sample_value(*counted) or 0.0
    client.get("/help")
    line = f'cpms_requests_total{{endpoint="home.help_and_support",status="200"}} {before + 1}'
    assert line in client.get("/metrics").text.splitlines()
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 404
    behind_a_proxy = {"X-Forwarded-For": "192.0.2.1"}
    assert client.get("/metrics", headers=behind_a_proxy).status_code == 404


def test_figures_are_shown_to_the_holder_of_the_token(settings):
    with lent(replace(settings, metrics_token="a-long-token")) as app:
        far = {"environ_base": {"REMOTE_ADDR": "192.0.2.1"}}
        assert (
            app.test_client().get("/metrics", headers={"Authorization": "Bearer a-long-token"}, **far).status_code
            == 200
        )
        assert app.test_client().get("/metrics", headers={"Authorization": "Bearer x"}, **far).status_code == 404


def test_without_its_database_the_server_says_so_and_does_not_crash(settings):
    app = assemble(replace(settings, database_url="sqlite:////nowhere/at/all.sqlite"))
    browser = app.test_client()
    assert browser.get("/readyz").status_code == 503
    assert "does not answer" in browser.get("/status").text
    assert browser.get("/healthz").status_code == 200


def test_the_status_page_says_that_the_identity_server_is_gone(client, issuer):
    issuer.failing = {"openid-configuration"}
    assert "does not answer" in client.get("/status").text
    issuer.failing = set()
    assert "does not answer" not in client.get("/status").text

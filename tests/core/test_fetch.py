"""The guarded fetcher reads public addresses only, briefly and a little."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask

from idp.core import fetch
from idp.core.fetch import FetchRefused


@dataclass
class Site:
    address: str
    visits: int = 0


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.visits += 1
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", "/fine")
                self.end_headers()
                return
            body = b"x" * (70_000 if self.path == "/large" else 10)
            self.send_response(200 if self.path != "/gone" else 404)
            self.send_header("Content-Type", "Application/JSON; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.path == "/slow":
                threading.Event().wait(5)
            try:
                for byte in body if self.path == "/drip" else [body]:
                    self.wfile.write(bytes([byte]) if isinstance(byte, int) else byte)
                    if self.path == "/drip":
                        threading.Event().wait(1)
            except OSError:
                pass

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield found
    server.shutdown()
    server.server_close()
    thread.join(5)


def in_production(app: Flask) -> None:
    settings = app.extensions["ern_settings"]
    app.extensions["ern_settings"] = replace(settings, server=replace(settings.server, environment="production"))


def test_a_small_answer_is_read(app: Flask, site: Site) -> None:
    with app.app_context():
        got = fetch.get(f"{site.address}/fine?x=1")
    assert (got.content_type, got.body) == ("application/json", b"x" * 10)


@pytest.mark.parametrize("path", ["/moved", "/gone", "/large", "/slow", "/drip"])
def test_redirects_errors_and_large_or_slow_answers_are_refused(app: Flask, site: Site, path: str) -> None:
    with app.app_context(), pytest.raises(FetchRefused):
        fetch.get(site.address + path)
    assert site.visits == 1


def test_in_production_loopback_is_never_called(app: Flask, site: Site) -> None:
    in_production(app)
    with app.app_context():
        for address in (site.address, site.address.replace("http:", "https:"), "https://localhost/"):
            with pytest.raises(FetchRefused):
                fetch.get(f"{address}/fine")
    assert site.visits == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/", "https://10.0.0.1/", "https://169.254.169.254/latest/meta-data", "https://[fe80::1]/",
        "https://[::ffff:10.0.0.1]/", "https://0.0.0.0/", "https://224.0.0.1/", "ftp://example.org/", "https:///x",
        "https://user@127.0.0.1/", "https://127.0.0.1/#f", "https://127.0.0.1:99999/", "https://exa mple.org/",
        "https://[bad/", "file:///etc/passwd", "",
    ],
)  # fmt: skip
def test_what_is_not_a_public_https_address_is_refused(app: Flask, url: str) -> None:
    with app.app_context(), pytest.raises(FetchRefused):
        fetch.get(url)

"""The guarded fetcher reads public addresses only, briefly and a little."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from flask import Flask

from idp.core import clock, fetch
from idp.core.fetch import FetchRefused

untrusting = ssl.create_default_context()
SIZES = {"/large": 70_000, "/drip": 60}


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "TIMEOUT_SECONDS", 0.5)


@dataclass
class Site:
    address: str
    visits: int = 0
    server: ThreadingHTTPServer | None = None


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
            body = b"x" * SIZES.get(self.path, 10)
            self.send_response(200 if self.path != "/gone" else 404)
            self.send_header("Content-Type", "Application/JSON; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.path == "/slow":
                threading.Event().wait(4)
            try:
                for byte in body if self.path == "/drip" else [body]:
                    self.wfile.write(bytes([byte]) if isinstance(byte, int) else byte)
                    if self.path == "/drip":
                        threading.Event().wait(0.1)
            except OSError:
                pass

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    found.server = server
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


def test_a_form_goes_through_the_same_door(app: Flask, site: Site) -> None:
    in_production(app)
    with app.app_context(), pytest.raises(FetchRefused):
        fetch.post(f"{site.address}/fine", {"a": "b"}, {})
    assert site.visits == 0


@pytest.mark.parametrize("path", ["/slow", "/drip"])
def test_no_answer_holds_a_visit_longer_than_its_deadline(app: Flask, site: Site, path: str) -> None:
    """`/drip` sends a byte each tenth of a second, for six seconds."""
    begun = time.monotonic()
    with app.app_context(), pytest.raises(FetchRefused):
        fetch.get(site.address + path)
    assert time.monotonic() - begun < 2.5


def test_nobody_there_is_a_refusal(app: Flask) -> None:
    with app.app_context(), pytest.raises(FetchRefused, match="cannot be read"):
        fetch.get("http://127.0.0.1:1/")


@pytest.mark.parametrize("path", ["/moved", "/gone", "/large"])
def test_redirects_errors_and_large_answers_are_refused(app: Flask, site: Site, path: str) -> None:
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


@pytest.fixture
def secure(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Give the site a certificate for an address, which we trust; returns the address."""

    def serve(name: str) -> str:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        begins, ends = clock.now() - timedelta(days=1), clock.now() + timedelta(days=1)
        unsigned = x509.CertificateBuilder(subject, subject, key.public_key(), 1, begins, ends)
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))])
        certificate = unsigned.add_extension(names, critical=False).sign(key, hashes.SHA256())
        written = tmp_path / "site.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        written.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(written)
        site.server.socket = context.wrap_socket(site.server.socket, server_side=True)
        trusting = ssl.create_default_context(cafile=written)
        monkeypatch.setattr(fetch.ssl, "create_default_context", lambda: trusting)
        return site.address.replace("http:", "https:")

    return serve


def test_a_site_with_the_right_certificate_is_read(app: Flask, secure: Callable[[str], str]) -> None:
    with app.app_context():
        assert fetch.get(secure("127.0.0.1")).body == b"x" * 10


def test_a_certificate_for_another_host_is_refused(app: Flask, site: Site, secure: Callable[[str], str]) -> None:
    with app.app_context(), pytest.raises(FetchRefused, match="SSLCertVerificationError"):
        fetch.get(secure("127.0.0.2"))
    assert site.visits == 0


def test_a_certificate_of_nobody_we_trust_is_refused(
    app: Flask, site: Site, secure: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = secure("127.0.0.1")
    monkeypatch.setattr(fetch.ssl, "create_default_context", lambda: untrusting)
    with app.app_context(), pytest.raises(FetchRefused, match="SSLCertVerificationError"):
        fetch.get(address)
    assert site.visits == 0


def test_a_server_that_never_answers_the_greeting_is_left_in_time(app: Flask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        with app.app_context(), pytest.raises(FetchRefused):
            fetch.get(f"https://127.0.0.1:{silent.getsockname()[1]}/")
        assert time.monotonic() - begun < 2.5

"""`make run-tls`: the servers behind Apache with certificates of an own authority, piece by piece and as a whole."""

import signal
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from idp import tls_front
from tests.support.servers import process

ROOT = Path(__file__).parents[2]
PORTS = 4


class _Echo(BaseHTTPRequestHandler):
    """Tell which headers arrived."""

    def do_GET(self) -> None:
        body = "\n".join(f"{name}: {value}" for name, value in self.headers.items()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def front(needs_apache: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a front before a program that tells the headers it got, and the file of trusted certificates."""
    data = tmp_path_factory.mktemp("front")
    data.chmod(0o755)  # its workers run as another user when we are root
    behind = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    trusted = tls_front.certify(data)
    port = process.free_port()
    program = tls_front.front(data, [(port, behind.server_port)])
    server = process.start(list(program.command), data / "log", cwd=data)
    server.wait_until(lambda: process.port_answers(port))
    yield f"localhost:{port}", trusted
    server.stop()
    behind.shutdown()
    behind.server_close()


def handshake(place: str, trusted: Path, version: ssl.TLSVersion, ciphers: str = "") -> str:
    """Shake hands with one version of TLS and return the cipher."""
    context = ssl.create_default_context(cafile=str(trusted))
    context.minimum_version = context.maximum_version = version
    if ciphers:
        context.set_ciphers(ciphers)
    host, port = place.split(":")
    plain = socket.create_connection((host, int(port)), 5)
    with plain, context.wrap_socket(plain, server_hostname=host) as secured:
        cipher = secured.cipher()
        return cipher[0] if cipher else ""


def test_tls_1_3_and_the_four_suites_of_tls_1_2_are_spoken(front: tuple[str, Path]) -> None:
    assert handshake(*front, ssl.TLSVersion.TLSv1_3).startswith("TLS_")
    # The certificate's key is on a curve, so of the four suites the two for ECDSA can be had.
    for suite in tls_front.SUITES[:2]:
        assert handshake(*front, ssl.TLSVersion.TLSv1_2, suite) == suite


@pytest.mark.parametrize(
    "ciphers", ["ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-CCM"]
)
def test_no_other_suite_of_tls_1_2_is_spoken(front: tuple[str, Path], ciphers: str) -> None:
    with pytest.raises(OSError, match=r"(?i)handshake|alert|eof"):
        handshake(*front, ssl.TLSVersion.TLSv1_2, ciphers)


def test_a_stranger_s_certificate_reaches_the_server_and_a_header_of_that_name_does_not(
    front: tuple[str, Path], tmp_path: Path
) -> None:
    place, trusted = front
    spellings = ("X-Client-Certificate", "x_client_certificate", "X-Client_Certificate", "X_Client-Certificate")
    spellings += ("X_Forwarded_For", "X-Forwarded_For", "x_forwarded_proto")
    forged = dict.fromkeys(spellings, "forged")
    without = requests.get(f"https://{place}/", headers=forged, verify=str(trusted), timeout=5).text
    assert "forged" not in without, "programs behind take _ and - for the same"
    assert "X-Forwarded-Proto: https" in without
    pem = own_certificate(tmp_path)
    shown = requests.get(f"https://{place}/", headers=forged, verify=str(trusted), cert=str(pem), timeout=5).text
    [line] = [line for line in shown.splitlines() if line.startswith("X-Client-Certificate: ")]
    body = "".join(pem.read_text("ascii").split("-----BEGIN CERTIFICATE-----")[1].split("-----END")[0].split())
    assert "".join(line.partition("-----BEGIN CERTIFICATE-----")[2].split("-----END")[0].split()) == body


def own_certificate(folder: Path) -> Path:
    """Make a self-signed certificate with its key, as a client of RFC 8705, 2.2 has one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registry")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "client.pem"
    path.write_bytes(certificate.public_bytes(pem) + secret)
    return path


def test_certificates_are_made_once_and_anew_when_they_run_out(tmp_path: Path) -> None:
    trusted = tls_front.certify(tmp_path)
    first = (tmp_path / "tls" / "localhost.pem").read_bytes()
    assert tls_front.certify(tmp_path) == trusted
    assert (tmp_path / "tls" / "localhost.pem").read_bytes() == first
    assert (tmp_path / "tls" / "authority.key").stat().st_mode & 0o077 == 0
    with time_machine.travel(datetime.now(UTC) + timedelta(days=364, hours=12), tick=True):
        tls_front.certify(tmp_path)
    assert (tmp_path / "tls" / "localhost.pem").read_bytes() != first


def test_the_four_servers_answer_on_https_and_two_of_them_sign_a_person_in(needs_apache: None, tmp_path: Path) -> None:
    base = process.free_ports(PORTS)
    environment = {"PORT_BASE": str(base), "DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": ""}
    tmp_path.chmod(0o755)
    run = process.start([sys.executable, "-m", "idp.launch", "--tls"], tmp_path / "log", env=environment, cwd=ROOT)
    try:
        run.wait_until(lambda: "Ready." in run.output(), 120)
        trusted = str(tmp_path / "data" / "tls" / "trusted.pem")
        for offset in range(PORTS):
            url = f"https://localhost:{base + offset}"
            assert f"{url}\n" in run.output()
            assert requests.get(f"{url}/healthz", verify=trusted, timeout=5).status_code == 200
        asked = requests.get(f"https://localhost:{base + 1}/sign-in", verify=trusted, timeout=5)
        assert asked.url.startswith(f"https://localhost:{base}/login")
        assert all(cookie.secure for cookie in asked.cookies)
        assert requests.get(f"http://localhost:{base + 100}/healthz", timeout=5).status_code == 200
    finally:
        assert run.stop(signal.SIGTERM, deadline=10) == 0

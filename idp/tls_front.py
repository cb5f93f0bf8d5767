"""What `make run-tls` puts before the four servers: a self-made authority, a certificate for localhost, and Apache.

TLS 1.3, and TLS 1.2 with the four ECDHE-AES-GCM suites alone (FAPI 2.0 Security Profile, 5.2.1; RFC 9325, 4.2).
A client's certificate goes on to the server in `X-Client-Certificate`; what a client sends under that name is dropped.
"""

import os
import shutil
import ssl
from collections.abc import Iterable
from datetime import timedelta
from itertools import product, zip_longest
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from idp.core import clock
from idp.supervisor import Failed, Program

MODULES = (Path("/usr/lib/apache2/modules"), Path("/usr/lib64/httpd/modules"), Path("/opt/homebrew/lib/httpd/modules"))
LOADED = ("mpm_event", "authz_core", "socache_shmcb", "ssl", "headers", "proxy", "proxy_http")
SUITES = (
    *("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"),
    *("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"),
)
# What only we say; the servers behind cannot tell X_Forwarded_For from X-Forwarded-For (RFC 3875, 4.1.18).
OURS = ("X-Client-Certificate", "X-Forwarded-For", "X-Forwarded-Proto")
LIFE = timedelta(days=365)
FOLDER = "tls"

CONFIGURATION = """
ServerRoot {folder}
PidFile {folder}/apache.pid
ServerName localhost
{identity}
Mutex pthread
{modules}
ErrorLog /dev/stderr
LogLevel warn
StartServers 1
ServerLimit 1
ThreadsPerChild 64
MaxRequestWorkers 64
MaxSpareThreads 64
SSLSessionCache shmcb:{folder}/sessions
SSLProtocol -all +TLSv1.2 +TLSv1.3
SSLCipherSuite {suites}
SSLHonorCipherOrder on
SSLCertificateFile {folder}/localhost.pem
SSLCertificateKeyFile {folder}/localhost.key
# Whoever holds a key for mutual TLS shows its certificate, self-signed or not; the server judges it (RFC 8705).
SSLVerifyClient optional_no_ca
SSLOptions +ExportCertData
ProxyPreserveHost On
{unset}
RequestHeader set X-Forwarded-Proto https
RequestHeader set X-Client-Certificate "%{{SSL_CLIENT_CERT}}s" "expr=-n %{{SSL_CLIENT_CERT}}"
{hosts}
"""
HOST = """
Listen 127.0.0.1:{outside}
<VirtualHost 127.0.0.1:{outside}>
SSLEngine on
ProxyPass / http://127.0.0.1:{inside}/
</VirtualHost>
"""


def certify(data: Path) -> Path:
    """Make authority and certificate in `data`/tls unless they are there and good for another day.

    Return the file of trusted certificates (this machine's and ours), for `SSL_CERT_FILE` and `REQUESTS_CA_BUNDLE`.
    """
    folder = data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    trusted = folder / "trusted.pem"
    if not (trusted.is_file() and _good(folder / "localhost.pem")):
        authority, key = _authority(folder)
        _leaf(folder, authority, key)
        ours = (folder / "authority.pem").read_text("ascii")
        trusted.write_text(_trusted_here() + ours, "ascii")
    return trusted


def front(data: Path, ports: Iterable[tuple[int, int]]) -> Program:
    """Return Apache, ready to be started, for pairs of an outside port and the port of the server behind it.

    Raise Failed where Apache with mod_ssl is not installed.
    """
    program = _program()
    modules = next((found for found in MODULES if (found / "mod_ssl.so").exists()), None)
    if program is None or modules is None:
        raise Failed("make run-tls needs Apache with mod_ssl; on Debian and Ubuntu: sudo apt-get install apache2")
    configuration = data / FOLDER / "apache.conf"
    configuration.write_text(
        CONFIGURATION.format(
            folder=data / FOLDER,
            identity="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
            modules="\n".join(f"LoadModule {name}_module {modules}/mod_{name}.so" for name in LOADED),
            suites=":".join(SUITES),
            unset="\n".join(f"RequestHeader unset {name}" for header in OURS for name in _spellings(header)),
            hosts="".join(HOST.format(outside=outside, inside=inside) for outside, inside in ports),
        ),
        "utf-8",
    )
    return Program("TLS", (program, "-f", str(configuration), "-DFOREGROUND"), {})


def _spellings(header: str) -> list[str]:
    """Return every way to write a header that a program behind takes for the same."""
    marks = product("-_", repeat=header.count("-"))
    return ["".join(part + mark for part, mark in zip_longest(header.split("-"), by, fillvalue="")) for by in marks]


def _program() -> str | None:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    return shutil.which("apache2", path=path) or shutil.which("httpd", path=path)


def _good(certificate: Path) -> bool:
    if not certificate.is_file():
        return False
    until = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    return until > clock.now() + timedelta(days=1)


def _authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("ERN Login, development authority")
    usage = _usage(key_cert_sign=True, crl_sign=True)
    builder = _builder(name, name, key.public_key()).add_extension(x509.BasicConstraints(True, 0), critical=True)
    certificate = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    _keep(folder / "authority", certificate, key)
    return certificate, key


def _leaf(folder: Path, authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(_name("localhost"), authority.subject, key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(False, None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    _keep(folder / "localhost", builder.sign(authority_key, hashes.SHA256()), key)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = clock.now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFE)
    )


def _keep(path: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    secret = path.with_suffix(".key")
    secret.touch(mode=0o600)
    pem = serialization.Encoding.PEM
    secret.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    path.with_suffix(".pem").write_bytes(certificate.public_bytes(pem))


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(**allowed: bool) -> x509.KeyUsage:
    every = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    rest = ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: allowed.get(name, False) for name in (*every, *rest)})


def _trusted_here() -> str:
    known = ssl.get_default_verify_paths().cafile
    return Path(known).read_text("utf-8") if known else ""

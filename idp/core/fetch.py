"""The one door through which the server calls an address that somebody named (jwks_uri, logo_uri, a push service).

Nobody must be able to make us call into our own network, follow him elsewhere, wait long or read much
(RFC 9700, 4.9 and the server-side request forgery class of attacks in general).
"""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlencode, urlsplit

from idp.core import settings
from idp.core.values import frozen

TIMEOUT_SECONDS = 3
MAX_BYTES = 64 * 1024
ANYTHING = {"Accept": "*/*"}


class FetchRefused(Exception):
    """The address may not be fetched, or its answer not be used; the message tells the client's developer why."""


class Unreachable(FetchRefused):
    """Nothing is wrong with the address, but it did not answer: later it may."""


@frozen
class Fetched:
    """What came back from a good answer: the content type without parameters, the body."""

    content_type: str
    body: bytes


def get(url: str) -> Fetched:
    """Fetch `url`; raise FetchRefused unless it answers 200, at most 64 KiB, from a public address, in 3 s."""
    return _good(_visit(url, "GET", b"", ANYTHING), 200)


def post(url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Fetched:
    """Send a form to `url`, which answers 200 or 204; raise FetchRefused otherwise, as `get` does."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return _good(_visit(url, "POST", urlencode(form).encode(), {**ANYTHING, **kind, **(headers or {})}), 200, 204)


def send(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Post to `url` and return the status of the answer; raise FetchRefused as `get` does, whatever the status."""
    return _visit(url, "POST", body, headers)[0]


def check(url: str) -> None:
    """Raise FetchRefused for an address that would never be called, without asking the network."""
    _checked(url)


def _visit(url: str, method: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Fetched]:
    parts = _checked(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    address = _address(parts)
    try:
        with closing(_connected(parts, address)) as connection:
            status, fetched = _read(connection, lambda: connection.request(method, target, body or None, dict(headers)))
    except (OSError, HTTPException) as error:
        raise Unreachable(f"the address cannot be read ({type(error).__name__})") from None
    if len(fetched.body) > MAX_BYTES:
        raise FetchRefused("the answer is larger than 64 KiB")
    return status, fetched


def _good(visited: tuple[int, Fetched], *good: int) -> Fetched:
    status, fetched = visited
    if status not in good:
        raise FetchRefused(f"the address answered {status}")
    return fetched


def _read(connection: HTTPConnection, ask: Callable[[], None]) -> tuple[int, Fetched]:
    # The socket's own timeout starts anew with each byte; this one ends the whole visit. The connection lets go of
    # its socket once the answer has begun, so it is noted here.
    overdue = threading.Event()
    deadline = threading.Timer(TIMEOUT_SECONDS, _cut, (connection.sock, overdue))
    deadline.start()
    try:
        if isinstance(connection.sock, ssl.SSLSocket):
            connection.sock.do_handshake()
        ask()
        with connection.getresponse() as answer:
            body = answer.read(MAX_BYTES + 1)
    finally:
        deadline.cancel()
    if overdue.is_set():
        raise Unreachable("the address took too long")
    kind = (answer.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    return answer.status, Fetched(kind, body)


def _cut(connected: socket.socket, overdue: threading.Event) -> None:
    overdue.set()
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise FetchRefused("the address is malformed") from None
    allowed = ("https", "http") if _loopback_allowed() else ("https",)
    if parts.scheme not in allowed or not parts.hostname or parts.username is not None or parts.fragment:
        raise FetchRefused("the address must be https, without user name and fragment")
    if port == 0 or not url.isascii() or any(c.isspace() for c in url):
        raise FetchRefused("the address is malformed")
    return parts


def _loopback_allowed() -> bool:
    return not settings.current().in_production


def _address(parts: SplitResult) -> str:
    """Resolve once and return the address that is then connected to, so that a second answer cannot differ."""
    try:
        found = socket.getaddrinfo(parts.hostname, _port(parts), type=socket.SOCK_STREAM)
    except OSError:
        raise Unreachable("the host is unknown") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(_permitted(address, parts.scheme) for address in addresses):
        raise FetchRefused("the host is not public")
    return addresses[0]


def _permitted(address: str, scheme: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if ip.is_loopback:
        return _loopback_allowed()
    return scheme == "https" and ip.is_global and not ip.is_multicast


def _connected(parts: SplitResult, address: str) -> HTTPConnection:
    """Connect to the address that was checked; TLS verifies the certificate for the host that was named."""
    host, port = parts.hostname or "", _port(parts)
    connection = HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    if parts.scheme == "https":
        connection = HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS)
    connection.sock = socket.create_connection((address, port), TIMEOUT_SECONDS)
    if parts.scheme == "https":
        # The handshake waits until the clock runs.
        context = ssl.create_default_context()
        connection.sock = context.wrap_socket(connection.sock, server_hostname=host, do_handshake_on_connect=False)
    return connection


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)

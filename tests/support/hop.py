"""One hop of a browser to a server of a test, without what a library for it does each time (proxies, sessions)."""

from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

SECONDS = 5


def led_to(address: str) -> str:
    """Open an address and give where it leads, without going there."""
    parts = urlsplit(address)
    with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)) as connection:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        assert answer.status in (302, 303), answer.read()
        return answer.headers["Location"]

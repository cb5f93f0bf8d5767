"""A browser inside the process: calls the WSGI application and counts what that costs, and nothing else."""

import io
import re
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from flask import Flask

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Unexpected(Exception):
    """The server answered something else than the operation needs."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    path: str

    @property
    def location(self) -> str:
        """Where a redirect leads; empty without one."""
        return next((value for name, value in self.headers if name == "Location"), "")

    @property
    def token(self) -> str:
        """The token of the page's form."""
        found = TOKEN.search(self.body.decode())
        if not found:
            raise Unexpected(f"no form on {self.path} ({self.status})")
        return found[1]


@dataclass
class Visitor:
    """A browser with cookies, or a program without; `cpu` and `wall` are the server's seconds until now."""

    app: Flask
    cookies: dict[str, str] = field(default_factory=dict)
    cpu: float = 0.0
    wall: float = 0.0

    def get(self, address: str, **headers: str) -> Answer:
        """Open an address."""
        return self._call("GET", address, b"", headers)

    def post(self, address: str, fields: dict[str, str], **headers: str) -> Answer:
        """Send a form; header names with underscores."""
        return self._call("POST", address, urlencode(fields).encode(), headers)

    def follow(self, answer: Answer) -> Answer:
        """Follow redirects on this server until there is a page, or a redirect that leads elsewhere."""
        home = self.app.config["SERVER_NAME"]
        while answer.location and urlsplit(answer.location).netloc in ("", home):
            answer = self.get(answer.location)
        return answer

    def send(self, page: Answer, **fields: str) -> Answer:
        """Send the form of a page to the page's own address, and follow."""
        return self.follow(self.post(page.path, {"csrf_token": page.token, **fields}))

    def _call(self, method: str, address: str, body: bytes, headers: dict[str, str]) -> Answer:
        environ = self._environ(method, address, body, headers)
        status: list[str] = []
        given: list[tuple[str, str]] = []

        def start(line: str, pairs: list[tuple[str, str]], _exc_info: object = None) -> None:
            status.append(line)
            given.extend(pairs)

        wall, cpu = time.perf_counter(), time.process_time()
        chunks = self.app.wsgi_app(environ, start)  # type: ignore[arg-type]
        content = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        self.cpu += time.process_time() - cpu
        self.wall += time.perf_counter() - wall
        self._keep_cookies(given)
        return Answer(int(status[0][:3]), given, content, address)

    def _environ(self, method: str, address: str, body: bytes, headers: dict[str, str]) -> dict[str, object]:
        parts = urlsplit(address)
        host, _, port = self.app.config["SERVER_NAME"].partition(":")
        environ = {
            "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": parts.path, "QUERY_STRING": parts.query,
            "SERVER_NAME": host, "SERVER_PORT": port or "80", "HTTP_HOST": self.app.config["SERVER_NAME"],
            "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http",
            "wsgi.version": (1, 0), "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
        }  # fmt: skip
        if body:
            environ |= {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(body))}
        if self.cookies and "authorization" not in headers:  # a program has none
            environ["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return environ | {f"HTTP_{name.upper()}": value for name, value in headers.items()}

    def _keep_cookies(self, headers: list[tuple[str, str]]) -> None:
        for cookie in (value for name, value in headers if name == "Set-Cookie"):
            name, _, content = cookie.partition(";")[0].partition("=")
            self.cookies[name] = content
            if "Max-Age=0" in cookie:
                del self.cookies[name]

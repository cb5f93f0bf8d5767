"""A stand-in for the text message provider: it speaks the Messages and Calls resources of its HTTP API on loopback."""

import base64
import hashlib
import hmac
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ACCOUNT = "AC00000000000000000000000000000000"


@dataclass
class Provider:
    """Its address, the texts it took, and how it behaves: tests set the last two."""

    address: str = ""
    taken: list[dict[str, str]] = field(default_factory=list)
    calls: list[dict[str, str]] = field(default_factory=list)
    requests: int = 0
    answer_with: int = 201
    hang_up: bool = False  # the text is taken, but the sender gets no answer
    refused_senders: set[str] = field(default_factory=set)

    def to(self, number: str) -> list[str]:
        """Return the texts that one number got, oldest first."""
        return [text["body"] for text in self.taken if text["to"] == number]


def signature(address: str, form: dict[str, str], token: str) -> str:
    """Sign a report as the provider documents it: address, then names and values in the order of the names."""
    signed = address + "".join(f"{name}{form[name]}" for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


@contextmanager
def running() -> Iterator[Provider]:
    """Serve on a free loopback port until the end."""
    provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    server.daemon_threads = True
    provider.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _refusal(provider: Provider, form: dict[str, list[str]]) -> tuple[int, dict[str, object]] | None:
    if form["From"][0] in provider.refused_senders:
        return 400, {"code": 21606, "message": "not your number", "status": 400}
    if provider.answer_with != 201:
        return provider.answer_with, {"code": 21211, "message": "refused", "status": provider.answer_with}
    return None


def _take(provider: Provider, form: dict[str, list[str]], *, call: bool) -> dict[str, str]:
    made = {
        "sid": f"{'CA' if call else 'SM'}{uuid.uuid4().hex}",
        "to": form["To"][0],
        "from": form["From"][0],
        "says" if call else "body": form["Twiml" if call else "Body"][0],
        "reports_to": form.get("StatusCallback", [""])[0],
    }
    (provider.calls if call else provider.taken).append(made)
    return made


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            provider.requests += 1
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            if refusal := _refusal(provider, form):
                self._say(*refusal)
                return
            made = _take(provider, form, call="/Calls" in self.path)
            if provider.hang_up:
                self.connection.close()
                return
            self._say(201, {**made, "status": "queued"})

        def do_GET(self) -> None:
            wanted = parse_qs(urlsplit(self.path).query).get("To", [""])[0]
            name, made = ("calls", provider.calls) if "/Calls" in self.path else ("messages", provider.taken)
            self._say(200, {name: [one for one in made if one["to"] == wanted], "page": 0})

        def _say(self, status: int, answer: object) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    return Handler

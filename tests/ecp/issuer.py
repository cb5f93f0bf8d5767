"""A small real issuer over loopback HTTP: strict about what it receives, and wrong in any way that a test asks for."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

CLIENT = ("ecp", "test-only-ecp-client-secret")
CALLBACK = "http://localhost:8002/sign-in/callback"
SFA = "https://refeds.org/profile/sfa"


def access(ern: str, hcp: str = "DE22", country: str = "DE", **more: Any) -> dict[str, Any]:
    """One entry of `ern_access`."""
    entry = {"ern": ern, "country": country, "hcp": hcp, "hcp_name": f"Hospital {hcp}", "profiles": ["Member"]}
    return entry | {"guest": None, "ecp_member": True} | more


def person(subject: str = "n00axup3", name: str = "Lena Hartwig", *accesses: dict[str, Any]) -> dict[str, Any]:
    """The claims of somebody, by default a member of ERN-RND in DE22."""
    return {
        "sub": subject,
        "preferred_username": subject,
        "name": name,
        "email": f"{subject}@demo.example",
        "ern_access": list(accesses) or [access("ERN-RND")],
        "ern_access_version": 1,
    }


@dataclass
class Issuer:
    """What the server knows and how it misbehaves; `down` closes its door."""

    port: int = 0
    callback: str = CALLBACK
    who: dict[str, Any] = field(default_factory=person)
    error: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    id_token: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    token_error: str | None = None
    expires_in: int = 3600
    iss: str | None = ""
    down: bool = False
    asked: list[str] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    key: ECKey = field(default_factory=lambda: new_key("first"))
    signing_key: ECKey | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def discovery(self) -> dict[str, Any]:
        names = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "userinfo_endpoint": "userinfo",
            "jwks_uri": "jwks",
            "end_session_endpoint": "logout",
        }
        document: dict[str, Any] = {name: f"{self.url}/oauth2/{path}" for name, path in names.items()}
        document |= {"issuer": self.url, "authorization_response_iss_parameter_supported": True}
        return document | self.metadata

    def rotate(self, kid: str) -> None:
        """Sign with a new key from now on."""
        self.key = new_key(kid)

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser goes after the person said yes (or the error of the test)."""
        self.requests.append(asked)
        assert asked["client_id"] == CLIENT[0]
        assert asked["redirect_uri"] == self.callback
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        answer = {"state": asked["state"]}
        if self.iss is not None:
            answer["iss"] = self.iss or self.url
        if self.error:
            return f"{self.callback}?{urlencode(answer | {'error': self.error})}"
        code = secrets.token_urlsafe(24)
        self.codes[code] = asked | {"who": self.who}
        return f"{self.callback}?{urlencode(answer | {'code': code})}"

    def redeem(self, sent: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The tokens for a code, once, with the right secret and the right verifier."""
        if self.token_error:
            return 400, {"error": self.token_error}
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
        if tuple(map(unquote, given)) != CLIENT:
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(sent.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent["code_verifier"].encode()).digest()).rstrip(b"=")
        if asked is None or asked["code_challenge"] != challenge.decode() or sent["redirect_uri"] != self.callback:
            return 400, {"error": "invalid_grant"}
        return 200, self.gives(asked)

    def gives(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The tokens for somebody (`who`) who signs in with this `nonce`."""
        token = secrets.token_urlsafe(24)
        self.tokens[token] = asked["who"]
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": self.expires_in}
        return answer | {"id_token": self._id_token(asked, token)}

    def _id_token(self, asked: dict[str, Any], token: str) -> str:
        now = int(time.time())
        half = hashlib.sha256(token.encode()).digest()[:16]
        claims = {
            "iss": self.url,
            "sub": asked["who"]["sub"],
            "aud": CLIENT[0],
            "exp": now + 300,
            "iat": now,
            "auth_time": now,
            "nonce": asked["nonce"],
            "acr": SFA,
            "amr": ["pwd"],
            "sid": "sid-1",
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        } | self.id_token
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.signing_key or self.key
        header = {"alg": "ES256", "kid": self.key.kid} | self.header
        if header["alg"] == "none":
            return _unsigned(header, claims)
        return jwt.encode(header, claims, key, algorithms=["ES256", "HS256"])

    def about(self, authorization: str) -> tuple[int, dict[str, Any]]:
        """Userinfo."""
        who = self.tokens.get(authorization.removeprefix("Bearer "))
        return (200, who | self.userinfo) if who else (401, {"error": "invalid_token"})


def new_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})


@contextmanager
def running() -> Iterator[Issuer]:
    """An issuer that serves until the end of the block."""
    issuer = Issuer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _pages(issuer))
    server.daemon_threads = True
    issuer.port = server.server_port
    thread = threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _pages(issuer: Issuer) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - one page after the other
    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
            issuer.asked.append(path)
            if issuer.down:
                self._send(500, b"")
            elif path == "/oauth2/authorize":
                self._send(303, b"", Location=issuer.authorize(query))
            elif path == "/oauth2/userinfo":
                self._json(*issuer.about(self.headers["Authorization"] or ""))
            elif path == "/oauth2/jwks":
                self._json(200, KeySet([issuer.key]).as_dict(private=False))
            elif path == "/oauth2/logout":
                self._send(303, b"", Location=query["post_logout_redirect_uri"])
            elif path == "/.well-known/openid-configuration":
                self._json(200, issuer.discovery())
            else:
                self._send(200, b"<!doctype html><title>ERN Login</title><h1>ERN Login</h1>")

        def do_POST(self) -> None:
            issuer.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if issuer.down:
                self._send(500, b"")
            else:
                sent = {name: values[0] for name, values in parse_qs(body).items()}
                self._json(*issuer.redeem(sent, self.headers["Authorization"] or ""))

        def _json(self, status: int, answer: dict[str, Any]) -> None:
            self._send(status, json.dumps(answer).encode(), Content_Type="application/json")

        def _send(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in ({"Content-Type": "text/html"} | headers).items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Pages


def _unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return f"{parts[0]}.{parts[1]}."

"""A small real OpenID provider for tests of relying parties: own keys, own port, and able to misbehave."""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from time import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

MFA = "https://refeds.org/profile/mfa"
ACCESS = {
    "ern": "ERN-RND",
    "country": "DE",
    "hcp": "DE22",
    "hcp_name": "University Hospital Tübingen",
    "profiles": ["HP"],
    "guest": None,
    "ecp_member": True,
}


@cache
def rsa_key(kid: str) -> RSAKey:
    """Make the RSA key of this name once for the whole run: it takes a while."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@cache
def ec_key(kid: str) -> ECKey:
    """Make the elliptic key of this name once for the whole run."""
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})


def access(**changes: Any) -> dict[str, Any]:
    """Describe an access as the claim `ern_access` does: HP at DE22 for ERN-RND, unless told otherwise."""
    return ACCESS | changes


@dataclass
class Person:
    """Who signs in next, and what the claims say."""

    sub: str = "n00axup3"
    name: str = "Lena Hartwig"
    email: str = "lena.hartwig@hospital.example"
    accesses: list[dict[str, Any]] = field(default_factory=lambda: [access()])
    acr: str | None = MFA


def leave(_value: dict[str, Any]) -> None:
    """Change nothing."""


class FakeIssuer:
    """An identity server that signs `person` in at once; change its fields to make it lie, fail or forget."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.person = Person()
        self.key: RSAKey | ECKey = rsa_key("one")
        self.published: list[RSAKey | ECKey] = [rsa_key("one"), ec_key("elliptic")]
        self.asked: list[str] = []
        self.wishes: dict[str, str] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, Person] = {}
        self.failing: set[str] = set()
        self.authorization_error = ""
        self.twist_claims: Callable[[dict[str, Any]], None] = leave
        self.twist_person: Callable[[dict[str, Any]], None] = leave
        self.twist_callback: Callable[[dict[str, str]], None] = leave
        self.twist_metadata: Callable[[dict[str, Any]], None] = leave
        self.make_id_token: Callable[[dict[str, Any]], str] = self.signed
        self.auth_age = 5
        self.lock = threading.Lock()

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        """Sign claims with the current key."""
        algorithm = "RS256" if self.key.key_type == "RSA" else "ES256"
        return jwt.encode({"alg": algorithm, "kid": self.key.kid} | header, claims, self.key)

    def forget_tokens(self) -> None:
        """Revoke every access token, as a password change or PANIC would."""
        self.tokens.clear()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        name = request.path.rsplit("/", 1)[-1]
        endpoints = {
            "openid-configuration": self._metadata,
            "authorize": self._authorize,
            "token": self._token,
            "userinfo": self._userinfo,
            "jwks": self._jwks,
        }
        with self.lock:
            self.asked.append(name)
            if name in self.failing:
                response = Response("busy", 503)
            else:
                response = endpoints.get(name, lambda _request: Response("not here", 404))(request)
        return response(environ, start_response)

    def _metadata(self, _request: Request) -> Response:
        paths = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "userinfo_endpoint": "userinfo",
            "jwks_uri": "jwks",
            "end_session_endpoint": "logout",
        }
        metadata: dict[str, Any] = {key: f"{self.issuer}/oauth2/{path}" for key, path in paths.items()}
        metadata |= {"issuer": self.issuer, "authorization_response_iss_parameter_supported": True}
        self.twist_metadata(metadata)
        return _json(metadata)

    def _authorize(self, request: Request) -> Response:
        wishes = self.wishes = request.args.to_dict()
        answer = {"state": wishes["state"], "iss": self.issuer}
        if self.authorization_error:
            answer["error"] = self.authorization_error
        else:
            answer["code"] = secrets.token_urlsafe(16)
            self.codes[answer["code"]] = wishes
        self.twist_callback(answer)
        return Response(status=302, headers={"Location": f"{wishes['redirect_uri']}?{urlencode(answer)}"})

    def _token(self, request: Request) -> Response:
        wishes = self.codes.pop(request.form.get("code", ""), None)
        digest = hashlib.sha256(request.form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        client = request.authorization
        proved = client is not None and client.type == "basic" and bool(client.password)
        if not (wishes and proved and challenge == wishes["code_challenge"]):
            return _json({"error": "invalid_grant"}, 400)
        token = secrets.token_urlsafe(16)
        self.tokens[token] = self.person
        return _json({"access_token": token, "token_type": "Bearer", "id_token": self._id_token(wishes)})

    def _id_token(self, wishes: dict[str, str]) -> str:
        now = int(time())
        claims: dict[str, Any] = {"iss": self.issuer, "aud": wishes["client_id"], "sub": self.person.sub}
        claims |= {"iat": now, "exp": now + 300, "auth_time": now - self.auth_age, "nonce": wishes["nonce"]}
        claims |= {"sid": "session-1", "acr": self.person.acr} if self.person.acr else {}
        self.twist_claims(claims)
        return self.make_id_token(claims)

    def _userinfo(self, request: Request) -> Response:
        person = self.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if person is None:
            return _json({"error": "invalid_token"}, 401)
        claims = {"sub": person.sub, "name": person.name, "email": person.email, "ern_access": person.accesses}
        self.twist_person(claims)
        return _json(claims)

    def _jwks(self, _request: Request) -> Response:
        return _json(KeySet(list(self.published)).as_dict(private=False))


def _json(value: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")


@contextmanager
def running() -> Iterator[FakeIssuer]:
    """Serve a fake issuer on a free loopback port."""
    issuer = FakeIssuer("")
    server = make_server("127.0.0.1", 0, issuer, threaded=True)
    issuer.issuer = f"http://localhost:{server.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def path_of(url: str) -> str:
    """Give the path and query of an address, for a test client that knows only one host."""
    parts = urlsplit(url)
    return parts.path + ("?" + parts.query if parts.query else "")

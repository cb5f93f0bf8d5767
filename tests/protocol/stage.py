"""A server with a signed-in person, and relying parties that can prove themselves in every way."""

import secrets
import time
from dataclasses import dataclass
from typing import Any

from flask import Flask, g
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from werkzeug.test import TestResponse

from idp.accounts import people, session
from idp.accounts.session import Proof
from idp.core.levels import SFA
from tests.oidc.relying_party import ISSUER, RelyingParty, answer
from tests.oidc.relying_party import register as registered
from tests.signin.browser import EMAIL, person

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
OFFLINE = "openid profile email offline_access"
Key = RSAKey | ECKey | OKPKey
# Making a key takes longer than a test: one of each kind for all of them.
KEYS: dict[str, Key] = {
    "ES256": ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig"}),
    "PS256": RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"}),
}
KEYS["RS256"] = KEYS["PS256"]
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})


def key_set(*keys: Key) -> dict[str, Any]:
    """The public half of keys, as a client registers or publishes it."""
    return {"keys": [key.as_dict(private=False) for key in keys or (KEYS["ES256"], KEYS["EdDSA"], KEYS["PS256"])]}


@dataclass
class Client(RelyingParty):
    """A relying party that authenticates as it registered."""

    method: str = "client_secret_basic"
    certificate: str = ""
    key: Any = None
    algorithm: str = "ES256"

    def assertion(self, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A client assertion; None takes a claim away."""
        now = int(time.time())
        claims = {
            "iss": self.client_id, "sub": self.client_id, "aud": ISSUER, "iat": now, "exp": now + 60,
            "jti": secrets.token_urlsafe(8), **changes,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        head = {"alg": self.algorithm, "kid": self.key.kid, **(header or {})}
        return jwt.encode({k: v for k, v in head.items() if v is not None}, claims, self.key, algorithms=[head["alg"]])

    def proof(self) -> dict[str, dict[str, str]]:
        """What the client adds to a request to show who it is."""
        shown = {"X-Client-Certificate": self.certificate} if self.certificate else {}
        if self.method == "client_secret_basic":
            return {"headers": {**self.credentials(), **shown}, "data": {}}
        fields = {"client_id": self.client_id}
        if self.method == "client_secret_post":
            fields["client_secret"] = self.secret or ""
        if self.method in {"private_key_jwt", "client_secret_jwt"}:
            fields |= {"client_assertion": self.assertion(), "client_assertion_type": ASSERTION_TYPE}
        return {"headers": shown, "data": fields}

    def posts(self, path: str, **fields: str | None) -> TestResponse:
        """Send a form to an endpoint for programs, with the client's proof; None takes a field away."""
        proof = self.proof()
        data = {name: value for name, value in {**proof["data"], **fields}.items() if value is not None}
        return self.app.test_client().post(path, data=data, headers=proof["headers"])

    def redeem(self, code: str, **changes: str | None) -> TestResponse:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri}
        return self.posts("/oauth2/token", **{**form, "code_verifier": self.verifier, **changes})

    def refresh(self, token: str, **changes: str | None) -> TestResponse:
        """Ask for new tokens."""
        return self.posts("/oauth2/token", **{"grant_type": "refresh_token", "refresh_token": token, **changes})

    def introspect(self, token: str, **changes: str | None) -> TestResponse:
        """Ask what a token is worth."""
        return self.posts("/oauth2/introspect", **{"token": token, **changes})

    def revoke(self, token: str, **changes: str | None) -> TestResponse:
        """Give a token back."""
        return self.posts("/oauth2/revoke", **{"token": token, **changes})


@dataclass
class Stage:
    """The server, the person's uid, and the browser that the person is signed in with."""

    app: Flask
    uid: str
    browser: FlaskClient

    def client(self, **wanted: Any) -> Client:
        """Register a client; `further` as in RFC 7591, `algorithm` is what it signs with."""
        algorithm = wanted.pop("algorithm", "ES256")
        method = wanted.setdefault("token_endpoint_auth_method", "client_secret_basic")
        if method == "private_key_jwt":
            wanted["further"] = {"jwks": key_set(), **wanted.get("further", {})}
            if "jwks_uri" in wanted["further"]:
                del wanted["further"]["jwks"]
        made = registered(self.app, **{"scope": OFFLINE, **wanted})
        key: Any = KEYS.get(algorithm)
        if method == "client_secret_jwt":
            key, algorithm = OctKey.import_key(made.secret or "", {"kid": "shared"}), "HS256"
        return Client(self.app, made.client_id, made.secret, method=method, key=key, algorithm=algorithm)

    def proves(self, level: str, address: str = EMAIL) -> None:
        """Sign the person, or another one, in at a level, without the pages."""
        with self.app.test_request_context("/", base_url=ISSUER):
            account = people.by_address(address)
            assert account
            session.start(
                account,
                Proof(level, ("pwd",) if level == SFA else ("pwd", "sms"), methods=() if level == SFA else ("sms",)),
            )
            self.browser.set_cookie("ern_session", g.session_token)

    def code(self, client: Client, **changes: str | None) -> str:
        """Let the client ask and the person's browser bring back a code."""
        path = client.request(**{"scope": OFFLINE, **changes})
        return answer(self.browser.get(path), client.redirect_uri)["code"]

    def tokens(self, client: Client, **changes: str | None) -> dict[str, Any]:
        """Go the whole way to tokens."""
        got = client.redeem(self.code(client, **changes))
        assert got.status_code == 200, got.json
        return got.json


def staged(app: Flask) -> Stage:
    """Make the person, and the session without its pages."""
    stage = Stage(app, person(app, EMAIL), app.test_client())
    stage.proves(SFA)
    return stage

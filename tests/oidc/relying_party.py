"""A relying party as a test needs it: honest by default, able to send anything."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from idp.oidc import clients
from idp.oidc.clients import Registration
from tests.signin.browser import Browser

CALLBACK = "https://rp.example/callback"
AFTER_LOGOUT = "https://rp.example/"
ISSUER = "http://localhost:8000"


@dataclass
class RelyingParty:
    """A registered client with its secret, and the last request it made."""

    app: Flask
    client_id: str
    secret: str | None
    redirect_uri: str = CALLBACK
    verifier: str = ""
    sent: dict[str, str] = field(default_factory=dict)

    def request(self, **changes: str | None) -> str:
        """Return the path of a fresh authorization request; None removes a parameter."""
        self.verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        self.sent = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid profile email",
            "state": secrets.token_urlsafe(8),
            "nonce": secrets.token_urlsafe(8),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        wanted = {**self.sent, **changes}
        self.sent = {name: value for name, value in wanted.items() if value is not None}
        return f"/oauth2/authorize?{urlencode(self.sent)}"

    def redeem(self, code: str, **changes: str | None) -> TestResponse:
        """Exchange a code at the token endpoint; None removes a parameter."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        data = {name: value for name, value in {**form, **changes}.items() if value is not None}
        return self.app.test_client().post("/oauth2/token", data=data, headers=self.credentials())

    def credentials(self) -> dict[str, str]:
        """The client's own Authorization header (client_secret_basic)."""
        pair = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}

    def userinfo(self, token: str) -> TestResponse:
        """Ask whose token it is."""
        return self.app.test_client().get("/oauth2/userinfo", headers={"Authorization": f"Bearer {token}"})

    def verified(self, id_token: str, algorithm: str = "ES256") -> dict[str, object]:
        """Verify an ID token with the published keys, as a client does, and return its claims."""
        keys = KeySet.import_key_set(self.app.test_client().get("/oauth2/jwks").json)
        return jwt.decode(id_token, keys, algorithms=[algorithm]).claims


def register(app: Flask, **registration: object) -> RelyingParty:
    """Register a client on the server."""
    wanted = {"redirect_uris": [CALLBACK], "post_logout_redirect_uris": [AFTER_LOGOUT], **registration}
    with app.app_context():
        client, secret = clients.register(Registration(client_name="Rare Registry", **wanted))  # type: ignore[arg-type]
    return RelyingParty(app, client.client_id, secret)


def answer(page: TestResponse, redirect_uri: str = CALLBACK) -> dict[str, str]:
    """Return the parameters that came back to the client; fail if the answer went elsewhere."""
    location = page.headers.get("Location", "")
    assert location.startswith(f"{redirect_uri}?"), (page.status_code, location, page.text[:300])
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query, keep_blank_values=True).items()}


def asks(browser: Browser, path: str) -> TestResponse:
    """Open an address and follow redirects until a page is shown or the client is reached."""
    page = browser.client.get(path)
    while page.status_code in (302, 303) and urlsplit(page.headers["Location"]).netloc in ("", "localhost:8000"):
        page = browser.client.get(page.headers["Location"])
    browser._show(page)
    return page

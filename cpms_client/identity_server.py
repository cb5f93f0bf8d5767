"""The one place that speaks to the identity server: discovery, keys, tokens, claims about the person."""

import os
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests import RequestException, Response
from requests.utils import get_environ_proxies, select_proxy

from cpms_client import clock
from cpms_client.errors import IdentityNotTrusted, IdentityUnreachable, TokenRefused
from cpms_client.settings import Settings

LARGEST_ANSWER = 256 * 1024
METADATA_LIFE = timedelta(hours=1)
KEYS_REST = timedelta(seconds=10)
NEEDED = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
SCOPE = "openid profile email ern"
# What CPMS keeps of a person's claims; the rest is none of its business.
KEPT = ("name", "email", "preferred_username", "ern_access", "ern_access_version")


class IdentityServer:
    """The issuer as one program sees it; caches its metadata and keys, safe for threads."""

    def __init__(self, settings: Settings) -> None:
        """Remember whom to ask; nothing is fetched before the first sign-in."""
        self.settings = settings
        self._lock = Lock()
        self._metadata: tuple[datetime, dict[str, Any]] | None = None
        self._keys: tuple[datetime, KeySet] | None = None

    def metadata(self) -> dict[str, Any]:
        """Give the discovery document (OpenID Connect Discovery 1.0, 4), at most an hour old."""
        with self._lock:
            if self._metadata is None or clock.now() - self._metadata[0] > METADATA_LIFE:
                self._metadata = (clock.now(), self._discover())
            return self._metadata[1]

    def authorization_url(self, verifier: str, **parameters: str) -> str:
        """Address the sign-in page for a code with PKCE S256 (RFC 7636, 4.3); `parameters`: state, nonce, wishes."""
        url, _state = self._session().create_authorization_url(
            self.metadata()["authorization_endpoint"], code_verifier=verifier, **parameters
        )
        return str(url)

    def redeem(self, code: str, verifier: str) -> dict[str, Any]:
        """Change a code into tokens; raises IdentityNotTrusted when the server refuses it, IdentityUnreachable."""
        endpoint = self.metadata()["token_endpoint"]
        proof = {"code": code, "code_verifier": verifier, "redirect_uri": self.callback_url}
        try:
            with self._session() as session:
                tokens = session.fetch_token(endpoint, grant_type="authorization_code", allow_redirects=False, **proof)
        except OAuthError as refusal:
            raise IdentityNotTrusted(f"token endpoint: {refusal.error}") from refusal
        except (RequestException, ValueError) as trouble:
            raise IdentityUnreachable("token endpoint") from trouble
        if not all(isinstance(tokens.get(name), str) for name in ("access_token", "id_token")):
            raise IdentityNotTrusted("token endpoint: a token is missing")
        return dict(tokens)

    def person(self, access_token: str, sub: str) -> dict[str, Any]:
        """Fetch the person's claims (OpenID Connect Core, 5.3); raises TokenRefused, IdentityUnreachable or
        IdentityNotTrusted when the answer is about somebody else."""
        token = {"access_token": access_token, "token_type": "Bearer"}
        claims = self._get(self.metadata()["userinfo_endpoint"], token)
        if claims.get("sub") != sub:
            raise IdentityNotTrusted("userinfo: sub does not match the ID token")
        return {name: claims[name] for name in KEPT if name in claims}

    def keys(self, kid: str | None) -> KeySet:
        """Give the signing keys; an unknown `kid` fetches them anew, at most every ten seconds (Core, 10.1.1)."""
        with self._lock:
            known = self._keys
        if known and (any(key.kid == kid for key in known[1].keys) or clock.now() - known[0] < KEYS_REST):
            return known[1]
        answer = self._get(self.metadata()["jwks_uri"])
        try:
            keys = KeySet.import_key_set(answer)  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError) as mistake:
            raise IdentityNotTrusted("the key set cannot be read") from mistake
        with self._lock:
            self._keys = (clock.now(), keys)
        return keys

    def logout_url(self, id_token: str, state: str) -> str | None:
        """Address the issuer's logout with the way back (RP-Initiated Logout 1.0, 2); None if it has none."""
        endpoint = self.metadata().get("end_session_endpoint")
        if not endpoint:
            return None
        home = self.settings.base_url + "/"
        wishes = {"id_token_hint": id_token, "client_id": self.settings.client_id}
        return f"{endpoint}?{urlencode(wishes | {'post_logout_redirect_uri': home, 'state': state})}"

    @property
    def callback_url(self) -> str:
        """Where the issuer sends the person back to; registered there, letter for letter."""
        return self.settings.base_url + "/sign-in/callback"

    def _session(self, token: dict[str, str] | None = None) -> OAuth2Session:
        session = OAuth2Session(
            self.settings.client_id,
            self.settings.client_secret,
            scope=SCOPE,
            redirect_uri=self.callback_url,
            code_challenge_method="S256",
            token=token,
            default_timeout=self.settings.fetch_seconds,
        )
        # The host's .netrc must not decide who we are. Its proxy carries https alone, and sees nothing of the secret.
        session.trust_env = False
        proxy = select_proxy(self.settings.issuer, get_environ_proxies(self.settings.issuer))
        session.proxies = {"https": proxy} if proxy else {}
        session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        return session

    def _discover(self) -> dict[str, Any]:
        metadata = self._get(self.settings.at_issuer("/.well-known/openid-configuration"))
        if metadata.get("issuer") != self.settings.issuer:
            raise IdentityNotTrusted("discovery: another issuer answers")
        schemes = ("https://",) if self.settings.public else ("https://", "http://")
        if not all(str(metadata.get(name, "")).startswith(schemes) for name in NEEDED):
            raise IdentityNotTrusted("discovery: an endpoint is missing")
        return metadata

    def _get(self, url: str, token: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            with self._session(token) as session:
                answer = session.get(url, withhold_token=token is None, allow_redirects=False, stream=True)
                return _json(answer, by_token=token is not None)
        except (RequestException, ValueError) as trouble:
            raise IdentityUnreachable(url) from trouble


def _json(answer: Response, by_token: bool) -> dict[str, Any]:
    if by_token and answer.status_code in (401, 403):
        raise TokenRefused(answer.headers.get("WWW-Authenticate", ""))
    if answer.status_code != 200:
        raise ValueError(f"status {answer.status_code}")
    answer._content = answer.raw.read(LARGEST_ANSWER, decode_content=True)  # noqa: SLF001 - a bounded read
    value = answer.json()
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value

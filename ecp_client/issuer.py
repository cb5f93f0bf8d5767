"""Talking to ERN Login: discovery, keys, the code for tokens, the claims of a person."""

import os
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests import RequestException, Session
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy

from ecp_client.errors import IssuerSilent, SignInRefused
from ecp_client.settings import Settings

SCOPE = "openid profile email ern"
NEEDED = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
METADATA_SECONDS = 3600
KEYS_APART_SECONDS = 5


class TokenRefused(Exception):
    """Userinfo does not take the access token any more: expired, or the session was ended."""


@dataclass
class Remembered:
    """A document of the issuer and when it was read."""

    value: Any = None
    read_at: float = field(default=-1e9)

    def younger(self, seconds: float) -> bool:
        """True while the document may be used without asking again."""
        return self.value is not None and monotonic() - self.read_at < seconds

    def keep(self, value: Any) -> Any:
        """Remember the value as read now."""
        self.value, self.read_at = value, monotonic()
        return value


class Issuer:
    """One identity server, its metadata and keys cached, connections reused."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is fetched before the first use: this program starts without its issuer."""
        self._settings = settings
        self._metadata = Remembered()
        self._keys = Remembered()
        self._connections = HTTPAdapter(pool_maxsize=16)

    @property
    def name(self) -> str:
        """The issuer identifier that every answer must carry."""
        return self._settings.issuer

    def metadata(self) -> dict[str, Any]:
        """The discovery document (OpenID Connect Discovery 1.0, 4.3); raises IssuerSilent."""
        if self._metadata.younger(METADATA_SECONDS):
            return dict(self._metadata.value)
        found = self._get_json(f"{self.name}/.well-known/openid-configuration")
        if found.get("issuer") != self.name:
            raise IssuerSilent(detail=f"discovery names another issuer: {found.get('issuer')!r}")
        for endpoint in NEEDED:
            self._judge_endpoint(endpoint, found.get(endpoint))
        return dict(self._metadata.keep(found))

    def keys(self, *, again: bool = False) -> KeySet:
        """The signing keys; `again` reads them anew, at most every few seconds."""
        if self._keys.younger(KEYS_APART_SECONDS if again else METADATA_SECONDS):
            return self._keys.value  # type: ignore[no-any-return]
        found = self._get_json(self.metadata()["jwks_uri"])
        try:
            return self._keys.keep(KeySet.import_key_set(found))  # type: ignore[no-any-return, arg-type]
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise IssuerSilent(detail=f"the keys cannot be read: {error}") from error

    def authorize_url(self, state: str, nonce: str, verifier: str, language: str) -> str:
        """Where the browser goes to sign in (OpenID Connect Core 3.1.2.1, RFC 7636 4.3)."""
        address, _ = self._client().create_authorization_url(
            self.metadata()["authorization_endpoint"],
            state=state,
            nonce=nonce,
            code_verifier=verifier,
            ui_locales=language,
        )
        return str(address)

    def tokens(self, code: str, verifier: str) -> dict[str, Any]:
        """The tokens for a code (RFC 6749 4.1.3); raises SignInRefused, IssuerSilent."""
        try:
            found = self._client().fetch_token(
                self.metadata()["token_endpoint"], code=code, code_verifier=verifier, allow_redirects=False
            )
        except OAuthError as error:
            key = "code_refused" if error.error == "invalid_grant" else "not_set_up"
            raise SignInRefused(key, detail=f"token endpoint: {error.error}") from error
        except (RequestException, ValueError) as error:
            raise IssuerSilent(detail=f"token endpoint: {error}") from error
        if not all(isinstance(found.get(name), str) for name in ("access_token", "id_token")):
            raise SignInRefused("answer_refused", detail="token endpoint: a token is missing")
        return dict(found)

    def userinfo(self, access_token: str) -> dict[str, Any]:
        """What ERN Login says about the person now; raises TokenRefused, IssuerSilent."""
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        return self._get_json(self.metadata()["userinfo_endpoint"], headers)

    def sign_out_url(self, id_token: str | None) -> str | None:
        """Where the browser goes to sign out everywhere (OpenID Connect RP-Initiated Logout 1.0, 2)."""
        endpoint = self.metadata().get("end_session_endpoint")
        if not isinstance(endpoint, str):
            return None
        wanted = {"client_id": self._settings.client_id, "post_logout_redirect_uri": f"{self._settings.base_url}/"}
        if id_token:
            wanted["id_token_hint"] = id_token
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(wanted)}"

    def _client(self) -> OAuth2Session:
        client = OAuth2Session(
            self._settings.client_id,
            self._settings.client_secret,
            token_endpoint_auth_method="client_secret_basic",  # noqa: S106 - a method's name (RFC 6749 2.3.1)
            scope=SCOPE,
            redirect_uri=self._settings.callback_url,
            code_challenge_method="S256",
            default_timeout=self._settings.issuer_timeout_seconds,
        )
        return self._prepared(client)

    def _prepared(self, session: Any) -> Any:
        # The host's .netrc must not decide who we are. Its proxy carries https alone, and sees nothing of the secret.
        session.trust_env = False
        proxy = select_proxy(self.name, get_environ_proxies(self.name))
        session.proxies = {"https": proxy} if proxy else {}
        session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        session.mount("http://", self._connections)
        session.mount("https://", self._connections)
        return session

    def _get_json(self, address: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        session: Session = self._prepared(Session())
        timeout = self._settings.issuer_timeout_seconds
        try:
            answer = session.get(address, headers=headers, timeout=timeout, allow_redirects=False)
            if headers and answer.status_code in (401, 403):
                raise TokenRefused
            if answer.status_code != 200:
                raise IssuerSilent(detail=f"{address} answered {answer.status_code}")
            found = answer.json()
        except (RequestException, ValueError) as error:
            raise IssuerSilent(detail=f"{address}: {error}") from error
        if not isinstance(found, dict):
            raise IssuerSilent(detail=f"{address} gave no object")
        return found

    def _judge_endpoint(self, name: str, address: object) -> None:
        scheme = urlsplit(address).scheme if isinstance(address, str) else ""
        if scheme != "https" and (self._settings.secure or scheme != "http"):
            raise IssuerSilent(detail=f"discovery has no usable {name}")
